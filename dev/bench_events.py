"""Figures of the inbox: events from stored to done, beside bare fetches of the same objects.

The sandbox makes real events: subscriptions that start a new period, with an invoice that is paid at once.
"""

import datetime
from collections.abc import Sequence
from typing import Any

from dev import catalogue
from dev.bench_figures import Pair, row
from dev.bench_odoo import Shell

CUSTOMERS = 100
# By the number of lanes: rounds, and events of a round. A lane claims 50 at a time.
ROUNDS, SIZES = {1: 3, 2: 2}, {1: 50, 2: 100}
WARM_UP = 5
KINDS = (
    ("customer.subscription.updated", "subscription", "subscription updates"),
    ("invoice.paid", "invoice", "paid invoices"),
)


def lanes(database: str, sandbox_url: str) -> list[dict]:
    """One lane, then two at a time, in processes of their own."""
    v1 = catalogue.client(sandbox_url).v1
    subscriptions = _make_subscriptions(v1)
    with (
        Shell(database, sandbox_url, "lane1") as first,
        Shell(database, sandbox_url, "lane2") as second,
    ):
        later = datetime.date.today() + datetime.timedelta(days=40)
        first.call("run_job", "import", {"book_from": later}, 0)
        first.call("book_from", False)
        rows = [
            _rounds(v1, subscriptions, shells, *kind)
            for kind in KINDS
            for shells in ([first], [first, second])
        ]
        found = first.call("states")
    assert set(found) == {"done"}, found
    return rows


def _make_subscriptions(v1: Any) -> list[str]:
    """Customers with a card and an active subscription each; returns the subscriptions' ids."""
    prices = v1.prices.list({"limit": 100, "currency": "usd"}).data
    price = next(p for p in prices if p.unit_amount == 2000)
    ids = []
    for number in range(CUSTOMERS):
        customer = v1.customers.create(
            {
                "name": f"Customer {number}",
                "email": f"customer{number}@bench.example",
                "payment_method": "pm_card_visa",
                "invoice_settings": {"default_payment_method": "pm_card_visa"},
            }
        )
        items = [{"price": price.id, "quantity": 2}]
        ids.append(v1.subscriptions.create({"customer": customer.id, "items": items}).id)
    return ids


def _make_events(v1: Any, ids: Sequence[str], event_type: str) -> list[dict]:
    """Start a new period of subscriptions; returns the events of a type."""
    [before] = v1.events.list({"limit": 1}).data
    for subscription_id in ids:
        params = {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "none"}
        v1.subscriptions.update(subscription_id, params)
    filters = {"limit": 100, "type": event_type, "ending_before": before.id}
    events = [event.to_dict(for_json=True) for event in v1.events.list(filters).auto_paging_iter()]
    assert len(events) == len(ids), (len(events), len(ids))
    return events


def _rounds(
    v1: Any,
    subscriptions: Sequence[str],
    shells: Sequence[Shell],
    event_type: str,
    kind: str,
    title: str,
) -> dict:
    """Lanes and bare fetches in turns."""
    for shell in shells:
        _round(v1, subscriptions[:WARM_UP], [shell], event_type, kind)
    count = len(shells)
    pairs = [
        _round(v1, subscriptions[: SIZES[count]], shells, event_type, kind)
        for _ in range(ROUNDS[count])
    ]
    rates = tuple(len(pairs) / sum(side) for side in zip(*pairs, strict=True))
    name = f"events: {title}, {'one lane' if count == 1 else 'two lanes'} (beside bare fetches)"
    return row(name, "ms", pairs, per_second=rates)


def _round(
    v1: Any, ids: Sequence[str], shells: Sequence[Shell], event_type: str, kind: str
) -> Pair:
    """Seconds of one event from stored to done, and of one bare fetch."""
    events = _make_events(v1, ids, event_type)
    shells[0].call("store", events)
    for shell in shells:
        shell.begin("process")
    spans = [shell.end() for shell in shells]
    seconds = max(end for _start, end in spans) - min(start for start, _end in spans)
    requests = [(kind, event["data"]["object"]["id"]) for event in events]
    return seconds / len(ids), shells[0].call("fetch", requests) / len(ids)
