"""What Checkout's summary says: what is sold, what is due today, and what comes later."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from stripe_sandbox.pages import rendering
from stripe_sandbox.payments import quote

Wire = dict[str, Any]
DAY = 86_400


def summary(ctx: Any, session: Wire) -> Wire:
    """The texts of the summary of a session in mode subscription."""
    currency = session["currency"]
    invoice = quote.first_invoice(ctx, session)
    due = rendering.amount(invoice["amount_due"], currency)
    credit = invoice["amount_due"] - invoice["total"]
    return {
        "lines": [_line(ctx, line, currency) for line in session["_lines_shown"]],
        "subtotal": rendering.amount(invoice["subtotal"], currency),
        "discount": rendering.discount(invoice),
        "taxes": rendering.taxes(ctx, invoice),
        "tax_unknown": session["automatic_tax"]["status"] == "requires_location_inputs",
        "credit": rendering.amount(credit, currency) if credit else "",
        "due": due,
        **_headline(ctx, session, invoice["amount_due"], due),
    }


def _line(ctx: Any, line: Wire, currency: str) -> Wire:
    price = ctx.store.get("price", line["price"]["id"])
    return {
        "name": line["description"],
        "quantity": line["quantity"] if (line["quantity"] or 0) > 1 else None,
        "price": _unit(price),
        "amount": rendering.amount(line["amount_subtotal"], currency),
    }


def _unit(price: Mapping[str, Any]) -> str:
    """The price of one, such as "$15.00 per month"."""
    every = rendering.period(price["recurring"])
    if price["billing_scheme"] == "tiered":
        words = "Priced by quantity"
    else:
        unit = rendering.amount(Decimal(price["unit_amount_decimal"]), price["currency"])
        words = f"{unit} each" if price["recurring"]["usage_type"] == "metered" else unit
    if price["recurring"]["usage_type"] == "metered":
        return f"{words}, charged by use every {every}"
    return f"{words} per {every}"


def _headline(ctx: Any, session: Wire, due_amount: int, due: str) -> Wire:
    """The large text, what stands beside it, and the sentence below."""
    prices = [ctx.store.get("price", line["price"]) for line in session["_line_items"]]
    periods = {rendering.period(price["recurring"]) for price in prices}
    start, trial_days = _start(ctx, session)
    from_day = f", starting {rendering.day(start)}" if start else ""
    if len(periods) > 1:
        text = f"Each plan is charged at its own pace{from_day}, until you cancel."
        return {"headline": due, "every": "due today", "then": text}
    every = f"per {periods.pop()}"
    regular_amount = quote.regular_invoice(ctx, session)["total"]
    regular = rendering.amount(regular_amount, session["currency"])
    if regular_amount == 0 and due_amount <= 0 and _by_use(prices):
        text = f"You pay at the end of each period for what you used{from_day}."
        return {"headline": "Charged by use", "every": every, "then": text}
    if trial_days:
        words = f"{trial_days} day{'s' if trial_days > 1 else ''} free"
        return {"headline": words, "every": "", "then": f"Then {regular} {every}{from_day}."}
    if start and due_amount <= 0:
        text = f"First charge on {rendering.day(start)}. Nothing is charged today."
        return {"headline": regular, "every": every, "then": text}
    if not start and due_amount == regular_amount:
        return {"headline": due, "every": every, "then": ""}
    return {"headline": due, "every": "due today", "then": f"Then {regular} {every}{from_day}."}


def _by_use(prices: list[Wire]) -> bool:
    return any(price["recurring"]["usage_type"] == "metered" for price in prices)


def _start(ctx: Any, session: Wire) -> tuple[int | None, int]:
    """When regular charges start (unix seconds, None for now), and the days of trial until then."""
    data = session["_subscription_data"]
    end = data.get("trial_end")
    if "trial_period_days" in data:
        end = ctx.now + data["trial_period_days"] * DAY
    if end:
        return end, max(math.ceil((end - ctx.now) / DAY), 1)
    return data.get("billing_cycle_anchor"), 0
