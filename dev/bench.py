"""``make bench``: performance figures, each beside a baseline that was measured in the same run.

``ARGS="--only import audit"`` chooses among the groups of figures. Measurements are in turns (ours, baseline,
ours, ...). Written to ``bench.json`` too.
"""

import argparse
import json
import sys
from collections.abc import Callable

from dev import (
    bench_desk,
    bench_events,
    bench_jobs,
    bench_odoo,
    bench_portal,
    bench_sandbox,
    bench_webhook,
    catalogue,
    databases,
    paths,
    postgres,
)
from dev.bench_figures import row, table
from dev.console import say, step
from dev.processes import Group, free_port

RESULT = paths.ROOT / "bench.json"
SUBSCRIPTIONS = 10_000
# Of the time that Odoo's own methods take for a paid invoice.
BOOKING_TARGET = 0.5
AIM = ("paid invoice", 100, "payments")


def sandbox() -> list[dict]:
    """The stand-in for Stripe."""
    with step("sandbox: start-up"):
        rows = [bench_sandbox.start_up()]
    with Group() as group, step(f"sandbox: {SUBSCRIPTIONS:,} subscriptions"):
        url = group.sandbox(free_port())
        rows.append(bench_sandbox.long_list(url, bench_sandbox.fill(url, SUBSCRIPTIONS)))
    return rows


def webhook() -> list[dict]:
    """Acknowledging events."""
    port = free_port()
    source = bench_odoo.prepare(port)
    with Group() as group, bench_odoo.Database(source, "webhook") as database:
        url = bench_odoo.serve(group, database, port)
        key = postgres.query(
            "SELECT stripe_billing_webhook_key FROM payment_provider "
            f"WHERE stripe_billing_webhook_secret = '{bench_odoo.SECRET}'",
            database,
        )
        rows = []
        for clients in bench_webhook.BLOCKS:
            with step(f"webhook: {clients} at a time"):
                rows += bench_webhook.acknowledge(url, key, clients)
        rows.append(bench_webhook.wake(url, key, database))
    return rows


def booking() -> list[dict]:
    """An invoice with a tax and its payment: from the fetched object to posted and reconciled.

    In batches of 1, 20 and 100, beside the cheapest correct ways that Odoo has itself, in batches of 100: with a
    payment, and with a bare entry instead of it.
    """
    output = paths.STATE / "booking.json"
    script = f"OUTPUT = {str(output)!r}\n{(bench_odoo.FOLDER / 'booking.py').read_text()}"
    source = bench_odoo.prepare(free_port())
    with bench_odoo.Database(source, "booking") as database, step("booking"):
        databases.odoo("shell", "-d", database, "--no-http", log="bench-booking", stdin=script)
    rounds = json.loads(output.read_text())

    rows = []
    for what, index, unit in (
        ("paid invoice", 0, "ms"),
        ("its processor time in Odoo", 1, "ms"),
        ("its queries", 2, "queries"),
    ):
        for size, other in ((1, "payments"), (20, "payments"), (100, "payments"), (100, "entries")):
            pairs = [(one[f"ours {size}"][index], one[other][index]) for one in rounds]
            name = f"booking: {what}, {size} at a time (beside Odoo's with {other}, 100 at a time)"
            target = BOOKING_TARGET if (what, size, other) == AIM else None
            rows.append(row(name, unit, pairs, 1000 if unit == "ms" else 1, target=target))
    return rows


def events() -> list[dict]:
    """The inbox, from stored to done."""
    source = bench_odoo.prepare(free_port())
    with Group() as group, bench_odoo.Database(source, "events") as database, step("events"):
        url = group.sandbox(free_port())
        catalogue.create(url)
        return bench_events.lanes(database, url)


def jobs() -> list[dict]:
    """Import, then audit of what was imported."""
    source = bench_odoo.prepare(free_port())
    with Group() as group, bench_odoo.Database(source, "jobs") as database:
        url = group.sandbox(free_port())
        bench_sandbox.fill(url, SUBSCRIPTIONS)
        rows = []
        for kind in bench_jobs.KINDS:
            with step(f"{kind} of {SUBSCRIPTIONS:,} subscriptions"):
                rows += bench_jobs.measure(database, url, kind)
    return rows


def desk() -> list[dict]:
    """What staff open all day."""
    source = bench_odoo.prepare(free_port())
    with bench_odoo.Database(source, "desk") as database, step("desk: 100,000 subscriptions"):
        return bench_desk.measure(database)


def portal() -> list[dict]:
    """The customer's pages, with few and with many subscriptions."""
    port = free_port()
    source = bench_odoo.prepare(port)
    rows, medians = [], []
    with Group() as group, bench_odoo.Database(source, "portal") as database:
        url = bench_odoo.serve(group, database, port)
        for number in (bench_portal.FEW, bench_portal.MANY):
            with step(f"portal: {number:,} subscriptions"):
                found = bench_portal.fill(database, number)
                more, seconds = bench_portal.measure(url, found, number)
            rows += more
            medians.append(seconds)
    return rows + bench_portal.growth(*medians)


# What can be chosen, and what measures it: an audit needs the import before it.
GROUPS: dict[str, Callable[[], list[dict]]] = {
    "sandbox": sandbox,
    "webhook": webhook,
    "booking": booking,
    "events": events,
    "import": jobs,
    "audit": jobs,
    "desk": desk,
    "portal": portal,
}


def main() -> int:
    """Measure, print the table, write the file."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS), metavar="GROUP")
    chosen = parser.parse_args().only
    rows = []
    for measure in dict.fromkeys(GROUPS[name] for name in chosen):
        rows += measure()
    rows = [r for r in rows if r["name"].split(":")[0] in chosen]
    RESULT.write_text(json.dumps(rows, indent=2) + "\n")
    say(f"\n{table(rows)}\n\nAlso in {RESULT.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
