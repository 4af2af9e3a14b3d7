"""Figures of the customer's pages, each beside a page that Odoo itself has, in turns."""

import json
import re
import statistics
import time

import requests

from dev import databases, paths
from dev.bench_figures import row
from dev.bench_odoo import FOLDER

LOGIN = "bench_customer"
# How many subscriptions the one customer has.
FEW, MANY = 10, 5_000
ROUNDS = 15
# Times the page of Odoo's own.
TARGET = 1.2
# Times the page of whoever has few; the list has twice the rows then.
FLAT = 1.5


def fill(database: str, number: int) -> dict:
    """Give the one customer as many subscriptions, and invoices; ids of one of each."""
    output = paths.STATE / "portal.json"
    script = f"OUTPUT = {str(output)!r}\nNUMBER = {number}\n{(FOLDER / 'portal.py').read_text()}"
    databases.odoo("shell", "-d", database, "--no-http", log="bench-portal", stdin=script)
    return json.loads(output.read_text())


class Visitor:
    """A signed-in customer."""

    def __init__(self, url: str):
        self.url = url
        self.session = requests.Session()
        page = self.session.get(f"{url}/web/login").text
        token = re.search(r'name="csrf_token"\s+value="([^"]+)"', page)[1]
        form = {"login": LOGIN, "password": LOGIN, "csrf_token": token}
        self.session.post(f"{url}/web/login", form).raise_for_status()

    def open(self, path: str, must_say: str) -> float:
        """Seconds that a page takes; what it must say proves that it is the right one."""
        started = time.perf_counter()
        answer = self.session.get(f"{self.url}{path}")
        seconds = time.perf_counter() - started
        assert answer.status_code == 200 and must_say in answer.text, (path, answer.status_code)
        return seconds


def measure(url: str, found: dict, number: int) -> tuple[list[dict], dict[str, float]]:
    """List and detail beside Odoo's list of invoices and an invoice; also the medians in seconds."""
    visitor = Visitor(url)
    pages = {
        "list": ("/my/subscriptions", "Bench plan"),
        "invoices": ("/my/invoices", "INV"),
        "detail": (f"/my/subscriptions/{found['subscription']}", "Bench plan"),
        "invoice": (f"/my/invoices/{found['move']}", "INV"),
    }
    for page in pages.values():
        visitor.open(*page)
        visitor.open(*page)
    seconds: dict[str, list[float]] = {name: [] for name in pages}
    for _round in range(ROUNDS):
        for name, page in pages.items():
            seconds[name].append(visitor.open(*page))
    rows = [
        row(
            f"portal: {ours} with {number:,} subscriptions (beside {title})",
            "ms",
            list(zip(seconds[ours], seconds[other], strict=True)),
            target=TARGET,
        )
        for ours, other, title in (
            ("list", "invoices", "Odoo's list of invoices"),
            ("detail", "invoice", "Odoo's page of an invoice"),
        )
    ]
    return rows, {name: statistics.median(values) for name, values in seconds.items()}


def growth(few: dict[str, float], many: dict[str, float]) -> list[dict]:
    """Pages with many subscriptions beside the same with few; a page of the list has up to 20 of them."""
    return [
        row(
            f"portal: {ours} with {MANY:,} subscriptions (beside {FEW})",
            "ms",
            [(many[ours], few[ours])],
            target=FLAT,
        )
        for ours in ("list", "detail")
    ]
