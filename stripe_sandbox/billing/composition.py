"""A subscription as its create parameters describe it, checked but not stored.

Shared by creation and preview: nothing here writes except the hidden price of a ``price_data``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox.billing import (
    automatic_tax,
    catalog,
    discounting,
    invoice_items,
    lines,
    terms,
)
from stripe_sandbox.core import errors, ids

Wire = dict[str, Any]

MAX_ITEMS = 20


@dataclass
class Composition:
    """Unsaved wire dicts: the subscription, its items with prices, new discounts, the first
    lines.
    """

    customer: Wire
    sub: Wire
    items: list[Wire]
    prices: dict[str, Wire]
    terms: terms.Terms
    discounts: list[Wire] = field(default_factory=list)
    item_discounts: list[Wire] = field(default_factory=list)
    extras: list[Wire] = field(default_factory=list)
    prorate: bool = True

    def unsaved_discounts(self) -> dict[str, Wire]:
        return {d["id"]: d for d in (*self.discounts, *self.item_discounts)}


def compose(ctx: Any, params: Mapping[str, Any], customer: Wire) -> Composition:
    """Read and check the parameters of POST /v1/subscriptions for ``customer``."""
    rows = params.get("items") or []
    if not rows:
        raise errors.missing("items")
    if len(rows) > MAX_ITEMS:
        raise errors.invalid(f"A subscription takes up to {MAX_ITEMS} items.", "items")
    key = ids.new("sub")
    prices, items, item_discounts = [], [], []
    currency = params.get("currency")
    for index, row in enumerate(rows):
        where = f"items[{index}]"
        price = catalog.price_for(ctx, row, where, recurring=True, currency=currency)
        currency = price["currency"]
        if price["id"] in {p["id"] for p in prices}:
            raise errors.invalid(
                f"Cannot add multiple subscription items with the same plan: {price['id']}", where
            )
        prices.append(price)
        item = new_item(ctx, row, price, key, where)
        found = discounting.prepare(
            ctx,
            row.get("discounts"),
            param=f"{where}[discounts]",
            currency=currency,
            customer=customer["id"],
            subscription_item=item["id"],
        )
        item["discounts"] = [d["id"] for d in found]
        item_discounts += found
        items.append(item)
    _check_intervals(params, prices)
    if customer["currency"] not in (None, currency):
        catalog.customer_currency(ctx, customer, currency)
    when = terms.read(params, prices, ctx.now)
    for item, price in zip(items, prices, strict=True):
        start, end = when.first_period(price["recurring"])
        item |= {"current_period_start": start, "current_period_end": end}
    subtotal = sum(
        row["amount"]
        for item, price in zip(items, prices, strict=True)
        for row in lines.for_item(item, price, "", (0, 0), quantity=item["quantity"] or 0)
    )
    discounts = discounting.prepare(
        ctx,
        params.get("discounts"),
        param="discounts",
        currency=currency,
        customer=customer["id"],
        subtotal=subtotal,
        subscription=key,
    )
    sub = new_subscription(ctx, params, customer, currency, when, key)
    sub["discounts"] = [d["id"] for d in discounts]
    priced = list(zip(items, prices, strict=True))
    automatic_tax.check_subscription(ctx, customer, sub, priced, newly=True)
    extras = read_extras(ctx, params, customer, currency, sub)
    for extra in extras if sub["automatic_tax"]["enabled"] else ():
        automatic_tax.check_invoice_item(ctx, customer["id"], sub, extra)
    return Composition(
        customer,
        sub,
        items,
        {p["id"]: p for p in prices},
        when,
        discounts,
        item_discounts,
        extras,
        params.get("proration_behavior", "create_prorations") != "none",
    )


def _check_intervals(params: Mapping[str, Any], prices: list[Wire]) -> None:
    """Classic subscriptions have one interval; flexible ones may mix them."""
    mode = (params.get("billing_mode") or {}).get("type", "flexible")
    intervals = {(p["recurring"]["interval"], p["recurring"]["interval_count"]) for p in prices}
    if mode == "classic" and len(intervals) > 1:
        raise errors.invalid(
            "Currently, all items on a subscription must have the same billing interval.", "items"
        )


def new_item(ctx: Any, row: Mapping[str, Any], price: Wire, sub: str, param: str) -> Wire:
    """An unsaved subscription item without period and discounts."""
    return {
        "id": ids.new("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": ctx.now,
        "current_period_start": None,
        "current_period_end": None,
        "discounts": [],
        "metadata": catalog.merged_metadata({}, row.get("metadata")),
        "price": price["id"],
        "quantity": catalog.quantity_for(row, price, param),
        "subscription": sub,
        "_tax_rates": catalog.tax_rate_ids(ctx, row.get("tax_rates"), f"{param}[tax_rates]"),
    }


def new_subscription(
    ctx: Any,
    params: Mapping[str, Any],
    customer: Wire,
    currency: str,
    when: terms.Terms,
    key: str,
) -> Wire:
    """The unsaved subscription; status is set when it is stored."""
    method = params.get("collection_method", "charge_automatically")
    check_days_until_due(method, params.get("days_until_due"))
    default_method = params.get("default_payment_method")
    if default_method:
        catalog.payment_method_of(ctx, default_method, customer["id"], "default_payment_method")
    mode = params.get("billing_mode") or {"type": "flexible"}
    behavior = (params.get("trial_settings") or {}).get("end_behavior") or {}
    return {
        "id": key,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": automatic_tax.switch(automatic_tax.wanted(params)),
        "billing_cycle_anchor": when.anchor,
        "billing_cycle_anchor_config": anchor_config(params.get("billing_cycle_anchor_config")),
        "billing_mode": {"type": mode["type"], "flexible": flexible(mode), "updated_at": None},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {
            "comment": None,
            "feedback": None,
            "feedback_option": None,
            "reason": None,
        },
        "collection_method": method,
        "created": ctx.now,
        "currency": currency,
        "customer": customer["id"],
        "customer_account": None,
        "days_until_due": params.get("days_until_due"),
        "default_payment_method": default_method,
        "default_source": None,
        "description": params.get("description"),
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": (params.get("invoice_settings") or {}).get("description"),
            "footer": (params.get("invoice_settings") or {}).get("footer"),
            "issuer": {"type": "self", "account": None},
        },
        "latest_invoice": None,
        "livemode": False,
        "metadata": catalog.merged_metadata({}, params.get("metadata")),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": payment_settings({}, params.get("payment_settings")),
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": when.start,
        "status": "incomplete",
        "status_details": None,
        "test_clock": customer["test_clock"],
        "transfer_data": None,
        "trial_end": when.trial_end,
        "trial_settings": {
            "end_behavior": {
                "billing_cycle_anchor": None,
                "missing_payment_method": behavior.get("missing_payment_method", "create_invoice"),
            }
        },
        "trial_start": when.start if when.trial_end else None,
        "_default_tax_rates": catalog.tax_rate_ids(
            ctx, params.get("default_tax_rates"), "default_tax_rates"
        ),
        "_renews_at": None,
    }


def flexible(mode: Mapping[str, Any]) -> Wire | None:
    """``billing_mode.flexible``: Stripe shows prorations with discounts included unless asked
    otherwise.
    """
    if mode["type"] != "flexible":
        return None
    asked = (mode.get("flexible") or {}).get("proration_discounts", "included")
    if asked != "included":
        raise errors.not_implemented(
            "billing_mode[flexible][proration_discounts]=itemized",
            "billing_mode[flexible][proration_discounts]",
        )
    return {"proration_discounts": "included"}


def anchor_config(given: Mapping[str, int] | None) -> Wire | None:
    if not given:
        return None
    return dict.fromkeys(("hour", "minute", "month", "second")) | dict(given)


def payment_settings(current: Mapping[str, Any], given: Mapping[str, Any] | None) -> Wire:
    """``payment_settings`` after an update."""
    base = {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    }
    settings = base | dict(current) | dict(given or {})
    settings["payment_method_types"] = settings["payment_method_types"] or None
    return settings


def check_days_until_due(collection_method: str, days: int | None) -> None:
    if collection_method == "send_invoice" and days is None:
        raise errors.invalid(
            "You must pass `days_until_due` when `collection_method` is `send_invoice`.",
            "days_until_due",
        )
    if collection_method == "charge_automatically" and days is not None:
        raise errors.invalid(
            "You can only pass `days_until_due` when `collection_method` is `send_invoice`.",
            "days_until_due",
        )


def read_extras(
    ctx: Any,
    params: Mapping[str, Any],
    customer: Wire,
    currency: str,
    sub: Wire,
) -> list[Wire]:
    """Unsaved one-time invoice items of ``add_invoice_items``."""
    rows = params.get("add_invoice_items") or []
    if len(rows) > MAX_ITEMS:
        raise errors.invalid(f"You may pass up to {MAX_ITEMS} items.", "add_invoice_items")
    result = []
    for index, row in enumerate(rows):
        where = f"add_invoice_items[{index}]"
        price = catalog.price_for(ctx, row, where, recurring=False, currency=currency)
        result.append(
            invoice_items.from_price(
                ctx,
                customer,
                price,
                row.get("quantity", 1),
                subscription=sub["id"],
                discountable=row.get("discountable", True),
                metadata=row.get("metadata"),
                tax_rates=catalog.tax_rate_ids(ctx, row.get("tax_rates"), f"{where}[tax_rates]"),
            )
        )
    return result


def first_lines(ctx: Any, made: Composition) -> list[Wire]:
    """Lines of the first invoice: items billed ahead, then one-time extras. Usage comes later."""
    result: list[Wire] = []
    skipped = made.terms.first_end is not None and not made.prorate
    for item in made.items:
        price = made.prices[item["price"]]
        if item["quantity"] is None or skipped:
            continue
        result += lines.for_item(
            item,
            price,
            catalog.product_name(ctx, price),
            (item["current_period_start"], item["current_period_end"]),
            quantity=item["quantity"],
            share=made.terms.first_share(price["recurring"]),
            trial=made.terms.trial_end is not None,
        )
    return result + [lines.for_invoice_item(extra) for extra in made.extras]
