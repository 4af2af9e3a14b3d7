"""Figures of the stand-in for Stripe, and a big account in it."""

import json
import subprocess
import time

import requests
import stripe

from dev import catalogue, paths
from dev.bench_figures import row, timed
from dev.processes import answers, free_port

BARE_SERVER = (
    "import sys, stripe, werkzeug\n"
    "from http.server import BaseHTTPRequestHandler as B, HTTPServer as S\n"
    "B.do_GET = lambda self: (self.send_response(200), self.end_headers())\n"
    "B.log_message = lambda *a: None\n"
    "S(('127.0.0.1', int(sys.argv[1])), B).serve_forever()\n"
)
# Kinds of objects that a big account consists of; it has no invoices.
COPIED = ("customer", "tax_id", "subscription", "subscription_item", "discount")
CATALOGUE = ("product", "price", "tax_rate", "coupon", "billing.meter", "webhook_endpoint")
# Seconds between the creation of one customer and the next: 10,000 in about ten weeks.
APART = 600
COUNTRIES = (("DE", "eu_vat", "DE{:09}"), ("GB", "gb_vat", "GB{:09}"), ("US", None, None))


def start_up(rounds: int = 5) -> dict:
    """The stand-in's first answer after its process starts, beside a bare server with the same imports."""

    def first_answer(command: list[str], port: int, path: str) -> None:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not answers(f"http://127.0.0.1:{port}{path}"):
                time.sleep(0.01)
        finally:
            process.terminate()
            process.wait()

    def ours() -> None:
        port = free_port()
        command = [str(paths.PYTHON), "-m", "stripe_sandbox", "--port", str(port)]
        first_answer(command, port, "/v1/account")

    def bare() -> None:
        port = free_port()
        first_answer([str(paths.PYTHON), "-c", BARE_SERVER, str(port)], port, "/")

    return row(
        "sandbox: process start to first answer (beside a bare server)",
        "ms",
        [(timed(ours), timed(bare)) for _ in range(rounds)],
    )


def long_list(url: str, ids: list[str], rounds: int = 9) -> dict:
    """The last page of a big account's subscriptions beside the first one; ``ids`` are in order of creation."""
    v1 = catalogue.client(url).v1
    size = 100
    assert [s.id for s in v1.subscriptions.list({"limit": size})] == ids[: -size - 1 : -1]

    def last() -> None:
        page = v1.subscriptions.list({"limit": size, "starting_after": ids[size]})
        assert page.data[-1].id == ids[0] and not page.has_more

    def top() -> None:
        v1.subscriptions.list({"limit": size})

    pairs = [(timed(last), timed(top)) for _ in range(rounds)]
    return row(f"sandbox: last page of {len(ids):,} subscriptions (beside the first)", "ms", pairs)


def fill(url: str, count: int) -> list[str]:
    """Give an empty account a catalogue and customers with one subscription each; returns their ids.

    Some are made through the API; the rest are copies of them with ids, names and times of their own.
    """
    catalogue.create(url)
    v1 = catalogue.client(url).v1
    groups = [_make_one(v1, number) for number in range(12)]
    state = requests.get(f"{url}/_sandbox/state", timeout=60).json()
    [account] = state["accounts"]
    originals = [_belonging(account["objects"], group) for group in groups]
    objects = [obj for obj in account["objects"] if obj["object"] in CATALOGUE]
    start = int(time.time()) - count * APART
    for number in range(count):
        objects += _copies(originals[number % len(originals)], number, start + number * APART)
    account |= {"objects": objects, "schedule": []}
    requests.put(f"{url}/_sandbox/state", json=state, timeout=300).raise_for_status()
    return [obj["id"] for obj in objects if obj["object"] == "subscription"]


def _make_one(v1: stripe.V1Services, number: int) -> tuple[str, str]:
    """A customer and a subscription of one of several shapes; returns their ids."""
    prices = v1.prices.list({"limit": 100, "recurring": {"usage_type": "licensed"}}).data
    price = [p for p in prices if p.billing_scheme == "per_unit"][number % 8]
    country, kind, pattern = COUNTRIES[number % len(COUNTRIES)]
    customer = v1.customers.create(
        {
            "name": f"Customer #{number}#",
            "email": f"customer#{number}#@bench.example",
            "address": {"line1": "1 Long Street", "city": "Springfield", "country": country},
            **({"tax_id_data": [{"type": kind, "value": pattern.format(number)}]} if kind else {}),
        }
    )
    rates = v1.tax_rates.list().data
    subscription = v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id, "quantity": number + 1}],
            "trial_period_days": 30,
            **({"default_tax_rates": [rates[number % 3].id]} if number % 2 else {}),
            **({"discounts": [{"coupon": "PARTNER25"}]} if number % 4 == 0 else {}),
        }
    )
    return customer.id, subscription.id


def _belonging(objects: list[dict], ids: tuple[str, str]) -> list[dict]:
    """What belongs to a customer and its subscription, both included."""
    found = []
    for obj in objects:
        owners = obj["id"], obj.get("customer"), obj.get("subscription")
        if obj["object"] in COPIED and set(ids) & set(owners):
            found.append({**obj, "latest_invoice": None} if "latest_invoice" in obj else obj)
    return found


def _copies(group: list[dict], number: int, created: int) -> list[dict]:
    """A customer with all that belongs to it once more, under other ids."""
    text = json.dumps(group)
    for obj in group:
        text = text.replace(obj["id"], f"{obj['id']}x{number}")
        if obj["object"] == "customer":
            mark = obj["name"].split()[1]
            text = text.replace(mark, str(number))
        elif obj["object"] == "tax_id":
            digits = f"{number + 100_000_000}"
            text = text.replace(obj["value"], obj["value"][:2] + digits)
    copies = json.loads(text)
    for obj in copies:
        if "created" in obj:
            obj["created"] = created
    return copies
