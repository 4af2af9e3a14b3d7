"""Metered usage of a period, billed when the period is over."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from stripe_sandbox.billing import catalog, lines, money

Wire = dict[str, Any]


def lines_for(ctx: Any, sub: Wire, items: Sequence[Wire]) -> list[Wire]:
    """Lines that bill the usage of metered ``items`` in their current periods.

    Flexible billing mode makes no line without usage; classic mode makes one of zero.
    """
    result: list[Wire] = []
    for item in items:
        if item["quantity"] is not None:
            continue
        price = ctx.store.get("price", item["price"])
        period = (item["current_period_start"], item["current_period_end"])
        used = quantity(ctx, sub["customer"], price, period)
        if used or sub["billing_mode"]["type"] == "classic":
            name = catalog.product_name(ctx, price)
            result += lines.for_item(item, price, name, period, quantity=used)
    return result


def quantity(ctx: Any, customer: str, price: Wire, period: tuple[int, int]) -> int:
    """Usage the price's meter counted for the customer in ``period``, rounded to whole units."""
    meter = ctx.store.get("billing.meter", price["recurring"]["meter"])
    start, end = period
    values = [
        Decimal(event["payload"][meter["value_settings"]["event_payload_key"]])
        for event in ctx.store.select("billing.meter_event", customer=customer)
        if event["event_name"] == meter["event_name"] and start <= event["timestamp"] < end
    ]
    formula = meter["default_aggregation"]["formula"]
    if formula == "count":
        return len(values)
    if formula == "last":
        return money.half_up(values[0]) if values else 0
    return money.half_up(sum(values, Decimal(0)))
