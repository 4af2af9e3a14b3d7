"""``make bench``: performance figures, each beside a baseline that was measured in the same run.

Measurements are interleaved (ours, baseline, ours, ...). A row has the medians, their ratio, and the spread
of the ratio over the rounds. Written to ``bench.json``.
"""

import copy
import http.client
import json
import pathlib
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable

import requests
import stripe

from dev import catalogue, databases, paths, postgres
from dev.console import say, step
from dev.processes import Group, answers, free_port

BENCH = paths.ROOT / "tests" / "bench"
RESULT = paths.ROOT / "bench.json"
SUBSCRIPTIONS = 10_000
BARE_SERVER = (
    "import sys, stripe, werkzeug\n"
    "from http.server import BaseHTTPRequestHandler as B, HTTPServer as S\n"
    "B.do_GET = lambda self: (self.send_response(200), self.end_headers())\n"
    "B.log_message = lambda *a: None\n"
    "S(('127.0.0.1', int(sys.argv[1])), B).serve_forever()\n"
)
SECRET = "whsec_bench"


def row(name: str, unit: str, rounds: list[tuple[float, float]], factor: float = 1000) -> dict:
    """A figure from pairs of ours and baseline in seconds; the unit is seconds times ``factor``."""
    ratios = [ours / baseline for ours, baseline in rounds]
    value = statistics.median(ours for ours, _baseline in rounds)
    baseline = statistics.median(baseline for _ours, baseline in rounds)
    return {
        "name": name,
        "value": round(value * factor, 3),
        "unit": unit,
        "baseline": round(baseline * factor, 3),
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
    }


def timed(work: Callable[[], object]) -> float:
    """Seconds that work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


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


def long_list(url: str, rounds: int = 9) -> dict:
    """The last page of 10,000 subscriptions beside the first one."""
    v1 = catalogue.client(url).v1
    product = v1.products.create({"name": "Bench"})
    price = v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 1000,
            "recurring": {"interval": "month"},
        }
    )
    customer = v1.customers.create({"email": "bench@example.com"})
    v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}], "trial_period_days": 30}
    )
    _multiply(url)
    first = v1.subscriptions.list({"limit": 100})
    page, cursor = first, None
    count = len(page.data)
    while page.has_more:
        cursor = page.data[-1].id
        page = v1.subscriptions.list({"limit": 100, "starting_after": cursor})
        count += len(page.data)
    assert count == SUBSCRIPTIONS, count

    def last() -> None:
        v1.subscriptions.list({"limit": 100, "starting_after": cursor})

    def top() -> None:
        v1.subscriptions.list({"limit": 100})

    pairs = [(timed(last), timed(top)) for _ in range(rounds)]
    return row(
        f"sandbox: last page of {SUBSCRIPTIONS:,} subscriptions (beside the first)", "ms", pairs
    )


def _multiply(url: str) -> None:
    """Copy the one subscription with its item until there are enough of both."""
    state = requests.get(f"{url}/_sandbox/state", timeout=60).json()
    objects = state["accounts"][0]["objects"]
    [subscription] = [o for o in objects if o["object"] == "subscription"]
    [item] = [o for o in objects if o["object"] == "subscription_item"]
    for number in range(1, SUBSCRIPTIONS):
        one, other = copy.deepcopy(subscription), copy.deepcopy(item)
        one["id"], other["id"] = f"sub_bench{number}", f"si_bench{number}"
        other["subscription"] = one["id"]
        objects += [one, other]
    requests.put(f"{url}/_sandbox/state", json=state, timeout=120).raise_for_status()


def acknowledge(url: str, key: str, rounds: int = 40) -> dict:
    """Taking in an event, with signature, row and waking a lane, beside a route that does nothing."""
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)

    def post(path: str, body: str, headers: dict[str, str]) -> None:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status

    def ours() -> float:
        event = {
            "id": f"evt_{uuid.uuid4().hex}",
            "object": "event",
            "type": "customer.updated",
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {"id": "cus_bench", "object": "customer", "email": "a" * 2000}},
        }
        body = json.dumps(event)
        header = stripe.WebhookSignature.generate_signature_header(body, SECRET)
        headers = {"Content-Type": "application/json", "Stripe-Signature": header}
        return timed(lambda: post(f"/stripe_subscriptions/webhook/{key}", body, headers))

    def bare() -> float:
        body = json.dumps({"email": "a" * 2200})
        headers = {"Content-Type": "application/json"}
        return timed(lambda: post("/stripe_subscriptions_bench/bare", body, headers))

    for _ in range(5):
        ours()
        bare()
    pairs = [(ours(), bare()) for _ in range(rounds)]
    return row("webhook: acknowledge an event (beside a bare POST route)", "ms", pairs)


def booking(database: str) -> dict:
    """An invoice with its payment, posted and reconciled, in batches of 20."""
    output = paths.STATE / "booking.json"
    script = f"OUTPUT = {str(output)!r}\n{(BENCH / 'booking.py').read_text()}"
    databases.odoo("shell", "-d", database, "--no-http", log="bench-booking", stdin=script)
    pairs = [tuple(pair) for pair in json.loads(output.read_text())]
    return row(
        "booking: Stripe invoice to posted and paid (beside Odoo's own methods)", "ms", pairs
    )


def prepare(port: int) -> tuple[str, str]:
    """A database with the addon and the bare route; returns its name and the webhook key."""
    postgres.start()
    addons = [*databases.odoo_source.addons_path(), paths.ROOT, BENCH / "addons"]
    databases.configure(
        port=port, name="bench", addons_path=",".join(map(str, addons)), max_cron_threads=0
    )
    name = f"{databases.PREFIX}_bench"
    with step("database of the bench"):
        databases.copy(databases.template(), name)
        install = ["-d", name, "-i", "stripe_subscriptions_bench", "--skip-auto-install"]
        databases.odoo(*install, "--stop-after-init", "--no-http", log="bench-install")
    postgres.query(
        f"UPDATE payment_provider SET stripe_billing_webhook_secret = '{SECRET}', state = 'test' "
        "WHERE code = 'stripe'",
        name,
    )
    key = postgres.query(
        "SELECT stripe_billing_webhook_key FROM payment_provider WHERE code = 'stripe' LIMIT 1",
        name,
    )
    return name, key


def main() -> int:
    """Measure, print the table, write the file."""
    rows = []
    with step("sandbox start-up"):
        rows.append(start_up())
    with Group() as group, step(f"sandbox with {SUBSCRIPTIONS:,} subscriptions"):
        rows.append(long_list(group.sandbox(free_port())))
    port = free_port()
    database, key = prepare(port)
    with Group() as group:
        url = group.odoo(database, port)
        with step("webhook"):
            rows.append(acknowledge(url, key))
    with step("booking"):
        rows.append(booking(database))
    databases.drop(database)
    RESULT.write_text(json.dumps(rows, indent=2) + "\n")
    say(_table(rows, RESULT))
    return 0


def _table(rows: list[dict], file: pathlib.Path) -> str:
    lines = [f"\n{'figure':<72} {'value':>10} {'baseline':>10} {'ratio':>7}   spread of ratio"]
    for r in rows:
        spread = f"{r['spread'][0]:.2f} to {r['spread'][1]:.2f}"
        value, baseline = (f"{r[k]:.1f} {r['unit']}" for k in ("value", "baseline"))
        lines.append(f"{r['name']:<72} {value:>10} {baseline:>10} {r['ratio']:>7.2f}   {spread}")
    return "\n".join([*lines, f"\nAlso in {file.name}."])


if __name__ == "__main__":
    sys.exit(main())
