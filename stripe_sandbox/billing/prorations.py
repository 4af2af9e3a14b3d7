"""Credits and debits for a change in the middle of a period.

In flexible billing mode a credit gives back what was really billed for the time that is left: it
is taken from the newest debit of the item, a line or an invoice item that still waits, with its
discounts
(docs.stripe.com/billing/subscriptions/billing-mode). Prorations are net of discounts and not
discountable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import (
    catalog,
    discounting,
    discounts,
    invoice_items,
    money,
    proration,
    tiers,
)

Wire = dict[str, Any]


@dataclass(frozen=True)
class Debit:
    """Something billed for an item: ``net`` minor units for ``start..end``, and where it is
    written.
    """

    net: int
    start: int
    end: int
    invoice: str | None = None
    line: str | None = None
    invoice_item: str | None = None


def credit(ctx: Any, sub: Wire, item: Wire, at: int) -> list[Wire]:
    """The unsaved invoice item that gives back the time of ``item`` after ``at``; empty when
    nothing was billed.
    """
    debits = _newest_debits(ctx, sub, item)
    amount = sum(
        (d.net * proration.remaining_share(d.start, d.end, at) for d in debits), Fraction(0)
    )
    rounded = -money.in_currency(amount, sub["currency"])
    if not rounded:
        return []
    price = ctx.store.get("price", item["price"])
    text = f"Unused time on {_label(ctx, item, price)} after {_day(at)}"
    return [_item(ctx, sub, item, price, rounded, text, at, _credited(debits))]


def debit(ctx: Any, sub: Wire, item: Wire, price: Wire, net: int, at: int) -> list[Wire]:
    """The unsaved invoice item that bills ``item``, at ``net`` a whole period, from ``at`` to its
    period's end.
    """
    recurring = price["recurring"]
    start, end = proration.period_at(
        sub["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"], at
    )
    share = Fraction(item["current_period_end"] - at, end - start)
    amount = money.in_currency(net * share, sub["currency"])
    if not amount:
        return []
    text = f"Remaining time on {_label(ctx, item, price)} after {_day(at)}"
    return [_item(ctx, sub, item, price, amount, text, at, None)]


def net_amounts(
    ctx: Any,
    sub: Wire,
    priced: Sequence[tuple[Wire, Wire]],
    at: int,
    unsaved: Mapping[str, Wire] | None = None,
) -> dict[str, int]:
    """What each licensed item (with its price) costs a whole period, after the discounts that work
    at ``at``. ``unsaved`` are discounts of a change that is not stored yet.
    """
    keys = [*sub["discounts"], *(key for item, _ in priced for key in item["discounts"])]
    working = discounting.active(ctx, dict.fromkeys(keys), at)
    known = discounting.for_computation(ctx, working, sub["currency"], unsaved)
    rows = {
        item["id"]: discounts.Line(
            tiers.total(price, item["quantity"]),
            sub["currency"],
            price["product"],
            discounts=[known[key] for key in item["discounts"] if key in known],
        )
        for item, price in priced
        if item["quantity"] is not None
    }
    parts = list(rows.values())
    discounts.apply_own(parts)
    discounts.apply(parts, [known[key] for key in sub["discounts"] if key in known])
    return {key: part.left for key, part in rows.items()}


def _newest_debits(ctx: Any, sub: Wire, item: Wire) -> list[Debit]:
    """The latest charges for the item's current period that no credit has given back yet."""
    waiting = list(
        ctx.store.select("invoiceitem", customer=sub["customer"], _subscription=sub["id"])
    )
    given_back = _given_back(waiting)
    end = item["current_period_end"]
    found = []
    for line in ctx.store.select("line_item", subscription=item["subscription"]):
        details = (line["parent"] or {}).get("subscription_item_details") or {}
        if details.get("subscription_item") != item["id"] or line["period"]["end"] != end:
            continue
        if line["amount"] < 0 or {line["id"], details["invoice_item"]} & given_back:
            continue
        if ctx.store.get("invoice", line["invoice"])["status"] != "void":
            net = line["amount"] - sum(row["amount"] for row in line["discount_amounts"])
            start = line["period"]["start"]
            found.append(Debit(net, start, end, line["invoice"], line["id"]))
    for row in waiting:
        of = row["parent"]["subscription_details"]["subscription_item"]
        same = of == item["id"] and row["period"]["end"] == end
        open_debit = row["invoice"] is None and row["amount"] >= 0 and row["id"] not in given_back
        if same and open_debit:
            start = row["period"]["start"]
            found.append(Debit(row["amount"], start, end, invoice_item=row["id"]))
    latest = max((d.start for d in found), default=0)
    newest = [d for d in found if d.start == latest]
    still_waiting = [d for d in newest if d.invoice_item]
    return still_waiting[:1] or [d for d in newest if d.invoice == newest[0].invoice]


def _given_back(rows: Sequence[Wire]) -> set[str]:
    """Ids of the lines and invoice items that existing credits name."""
    result = set()
    for row in rows:
        credited = (row["proration_details"] or {}).get("credited_items") or {}
        result.update(
            (credited.get("invoice_line_item_details") or {}).get("invoice_line_items", ())
        )
        result.add(credited.get("invoice_item"))
    return result - {None}


def _credited(debits: Sequence[Debit]) -> Wire:
    first = debits[0]
    if first.invoice_item:
        return {
            "type": "invoice_item",
            "invoice_item": first.invoice_item,
            "invoice_line_item_details": None,
        }
    return {
        "type": "invoice_line_items",
        "invoice_item": None,
        "invoice_line_item_details": {
            "invoice": first.invoice,
            "invoice_line_items": [d.line for d in debits],
        },
    }


def _item(
    ctx: Any,
    sub: Wire,
    item: Wire,
    price: Wire,
    amount: int,
    description: str,
    at: int,
    credited: Wire | None,
) -> Wire:
    return invoice_items.build(
        ctx,
        ctx.store.get("customer", sub["customer"]),
        amount=amount,
        currency=sub["currency"],
        description=description,
        period=(at, item["current_period_end"]),
        quantity=item["quantity"],
        unit_amount=tiers.unit_amount(price),
        price=price,
        tax_rates=item["_tax_rates"],
        subscription=sub["id"],
        subscription_item=item["id"],
        proration={"credited_items": credited, "discount_amounts": []},
    )


def _label(ctx: Any, item: Wire, price: Wire) -> str:
    name = catalog.product_name(ctx, price)
    return name if item["quantity"] == 1 else f"{item['quantity']} × {name}"


def _day(at: int) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day} {moment:%b %Y}"
