"""Invoice lines in Stripe's current wire shape, before they are stored.

A line carries private ``_tax_rates`` (ids) and those of Stripe Tax (``_automatic``, pairs of id and reason)
beside its public fields; ``totals`` turns them, together with the discounts, into ``taxes`` and ``discount_amounts``. ``amount`` and ``subtotal``
are before discounts and exclusive taxes, minor units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import money, tiers

Wire = dict[str, Any]


def line(
    *,
    amount: int,
    currency: str,
    description: str | None,
    period: tuple[int, int],
    parent: Wire | None,
    pricing: Wire | None = None,
    quantity: int | None = 1,
    discountable: bool = True,
    discounts: Sequence[str] = (),
    tax_rates: Sequence[str] = (),
    metadata: Mapping[str, str] | None = None,
    subscription: str | None = None,
) -> Wire:
    """A line item without id and invoice."""
    return {
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": discountable,
        "discounts": list(discounts),
        "livemode": False,
        "metadata": dict(metadata or {}),
        "parent": parent,
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": pricing,
        "quantity": quantity,
        "quantity_decimal": None if quantity is None else str(quantity),
        "subscription": subscription,
        "subtotal": amount,
        "taxes": [],
        "_automatic": [],
        "_tax_rates": list(tax_rates),
    }


def price_details(price: Wire, unit_amount: Fraction) -> Wire:
    """The ``pricing`` hash of lines and invoice items."""
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": money.plain(unit_amount),
    }


def item_parent(
    subscription: str | None, item: str, *, proration: bool = False, details: Wire | None = None
) -> Wire:
    """Parent of a line that a subscription item made."""
    return {
        "type": "subscription_item_details",
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": proration,
            "proration_details": details or {"credited_items": None},
            "subscription": subscription,
            "subscription_item": item,
        },
    }


def every(recurring: Mapping[str, Any]) -> str:
    """``/ month`` or ``every 3 months``."""
    if recurring["interval_count"] == 1:
        return f"/ {recurring['interval']}"
    return f"every {recurring['interval_count']} {recurring['interval']}s"


def describe(part: tiers.Component, price: Wire, product_name: str) -> str:
    """Line text in Stripe's pattern, such as ``2 × Gold (at $20.00 / month)``."""
    label = "at" if part.tier is None else f"Tier {part.tier} at"
    if part.flat:
        label = "Flat fee at" if part.tier is None else f"Tier {part.tier} flat fee at"
    unit = money.display(part.unit_amount, price["currency"])
    transform = price.get("transform_quantity")
    if transform and not part.flat:
        unit += f" per {transform['divide_by']}"
    recurring = f" {every(price['recurring'])}" if price.get("recurring") else ""
    return f"{part.quantity} × {product_name} ({label} {unit}{recurring})"


def for_item(
    item: Wire,
    price: Wire,
    product_name: str,
    period: tuple[int, int],
    *,
    quantity: int,
    share: Fraction = Fraction(1),
    trial: bool = False,
) -> list[Wire]:
    """Lines that bill ``quantity`` of a subscription item for ``period``.

    ``share`` below 1 bills a first, shortened period; ``trial`` bills nothing and says so.
    """
    common = {
        "currency": price["currency"],
        "period": period,
        "discounts": item["discounts"],
        "tax_rates": item["_tax_rates"],
        "metadata": item["metadata"],
        "subscription": item["subscription"],
    }
    if trial:
        return [
            line(
                amount=0,
                description=f"Trial period for {product_name}",
                parent=item_parent(item["subscription"], item["id"]),
                pricing=price_details(price, Fraction(0)),
                quantity=quantity,
                **common,
            )
        ]
    return [
        line(
            amount=money.in_currency(part.exact_amount * share, price["currency"]),
            description=describe(part, price, product_name),
            parent=item_parent(item["subscription"], item["id"], proration=share != 1),
            pricing=price_details(price, part.unit_amount),
            quantity=part.quantity,
            **common,
        )
        for part in tiers.components(price, quantity)
    ]


def for_invoice_item(invoice_item: Wire) -> Wire:
    """The line that shows an invoice item; the line's discounts and taxes are the item's own."""
    details = None
    if invoice_item["proration"]:
        credited = (invoice_item["proration_details"] or {}).get("credited_items") or {}
        details = {"credited_items": credited.get("invoice_line_item_details")}
    of_subscription = (invoice_item["parent"] or {}).get("subscription_details") or {}
    subscription = of_subscription.get("subscription")
    subscription_item = of_subscription.get("subscription_item")
    if subscription_item:
        parent = item_parent(subscription, subscription_item, proration=True, details=details)
        parent["subscription_item_details"]["invoice_item"] = invoice_item["id"]
    else:
        parent = {
            "type": "invoice_item_details",
            "subscription_item_details": None,
            "invoice_item_details": {
                "invoice_item": invoice_item["id"],
                "proration": invoice_item["proration"],
                "proration_details": details or {"credited_items": None},
                "subscription": subscription,
            },
        }
    return line(
        amount=invoice_item["amount"],
        currency=invoice_item["currency"],
        description=invoice_item["description"],
        period=(invoice_item["period"]["start"], invoice_item["period"]["end"]),
        parent=parent,
        pricing=invoice_item["pricing"],
        quantity=invoice_item["quantity"],
        discountable=invoice_item["discountable"],
        discounts=invoice_item["discounts"] or (),
        tax_rates=invoice_item["_tax_rates"],
        metadata=invoice_item["metadata"] or {},
        subscription=subscription,
    )
