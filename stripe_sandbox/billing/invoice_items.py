"""Invoice items: one-time charges, credits and prorations that wait for an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import catalog, lines, money, tiers
from stripe_sandbox.core import ids

Wire = dict[str, Any]


def build(
    ctx: Any,
    customer: Wire,
    *,
    amount: int,
    currency: str,
    description: str | None,
    period: tuple[int, int] | None = None,
    quantity: int = 1,
    unit_amount: Fraction | None = None,
    price: Wire | None = None,
    discountable: bool = True,
    metadata: Any = None,
    tax_rates: Sequence[str] = (),
    subscription: str | None = None,
    subscription_item: str | None = None,
    proration: Wire | None = None,
) -> Wire:
    """An unsaved invoice item; ``proration`` is the ``proration_details`` hash of a proration."""
    start, end = period or (ctx.now, ctx.now)
    unit = Fraction(amount) if unit_amount is None else unit_amount
    pricing = (
        lines.price_details(price, unit)
        if price
        else {
            "type": "price_details",
            "price_details": None,
            "unit_amount_decimal": money.plain(unit),
        }
    )
    return {
        "id": ids.new("ii"),
        "object": "invoiceitem",
        "amount": amount,
        "currency": currency,
        "customer": customer["id"],
        "customer_account": None,
        "date": ctx.now,
        "description": description,
        "discountable": discountable and proration is None,
        "discounts": [],
        "frozen_fields": [],
        "invoice": None,
        "invoicing_rules": [],
        "livemode": False,
        "metadata": catalog.merged_metadata({}, metadata),
        "net_amount": None if discountable and proration is None else amount,
        "parent": subscription
        and {
            "type": "subscription_details",
            "subscription_details": {
                "subscription": subscription,
                "subscription_item": subscription_item,
            },
        },
        "period": {"start": start, "end": end},
        "pricing": pricing,
        "proration": proration is not None,
        "proration_details": proration,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "test_clock": customer["test_clock"],
        "_subscription": subscription,
        "_tax_rates": list(tax_rates),
    }


def from_price(ctx: Any, customer: Wire, price: Wire, quantity: int, **more: Any) -> Wire:
    """An unsaved invoice item that charges ``quantity`` of a one-time price."""
    more.setdefault("description", catalog.product_name(ctx, price))
    return build(
        ctx,
        customer,
        amount=tiers.total(price, quantity),
        currency=price["currency"],
        quantity=quantity,
        unit_amount=tiers.unit_amount(price),
        price=price,
        **more,
    )


def save(ctx: Any, items: Sequence[Wire], invoice: Mapping[str, Any] | None = None) -> None:
    """Store invoice items, put them on ``invoice`` when it is given, and say so."""
    for item in items:
        ctx.store.insert(item | {"invoice": invoice and invoice["id"]})
        ctx.emit("invoiceitem.created", ctx.store.get("invoiceitem", item["id"]))
