"""Stripe's objects as plain dictionaries, in the shape of the API version that the addon is pinned to."""

import itertools
import time

numbers = itertools.count(1)
NOW = int(time.time())


def new_id(prefix):
    """A fresh id."""
    return f"{prefix}_test{next(numbers)}"


def price(**values):
    """A recurring price of 20.00 USD a month."""
    return {
        "id": new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "currency": "usd",
        "livemode": False,
        "nickname": None,
        "product": {"id": new_id("prod"), "object": "product", "name": "Team", "active": True},
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "unit_amount": 2000,
        "unit_amount_decimal": "2000",
        **values,
    }


def tax_rate(percentage, inclusive=False, **values):
    """A tax rate."""
    return {
        "id": new_id("txr"),
        "object": "tax_rate",
        "active": True,
        "display_name": "Tax",
        "inclusive": inclusive,
        "livemode": False,
        "percentage": percentage,
        **values,
    }


def subscription(customer, items, **values):
    """An active subscription; items are pairs of price and quantity."""
    key = new_id("sub")
    return {
        "id": key,
        "object": "subscription",
        "billing_cycle_anchor": NOW,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "currency": "usd",
        "customer": customer,
        "default_tax_rates": [],
        "discounts": [],
        "items": {
            "object": "list",
            "data": [
                {
                    "id": new_id("si"),
                    "object": "subscription_item",
                    "current_period_start": NOW,
                    "current_period_end": NOW + 30 * 86400,
                    "price": one,
                    "quantity": quantity,
                }
                for one, quantity in items
            ],
        },
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "start_date": NOW,
        "status": "active",
        "trial_end": None,
        **values,
    }


def tax(rate, amount, taxable, inclusive=False):
    """A tax on a line, in minor units."""
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": rate},
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }


def line(amount, quantity=1, taxes=(), discounts=(), **values):
    """A line of an invoice; amounts in minor units, before discounts."""
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "description": "Plan",
        "discount_amounts": [{"amount": part, "discount": "di_1"} for part in discounts],
        "quantity": quantity,
        "taxes": list(taxes),
        **values,
    }


def invoice(customer, lines, *, paid=True, **values):
    """A finalized invoice whose totals follow from its lines, paid by card unless told otherwise."""
    taxes = [part for row in lines for part in row["taxes"]]
    total = sum(
        row["amount"] - sum(part["amount"] for part in row["discount_amounts"]) for row in lines
    ) + sum(part["amount"] for part in taxes if part["tax_behavior"] == "exclusive")
    key = new_id("in")
    currency = values.get("currency", "usd")
    payment = {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": total,
        "created": NOW,
        "currency": currency,
        "invoice": key,
        "payment": {"type": "payment_intent", "payment_intent": new_id("pi")},
        "status": "paid",
        "status_transitions": {"paid_at": NOW},
    }
    return {
        "id": key,
        "object": "invoice",
        "created": NOW,
        "currency": currency,
        "customer": customer,
        "lines": {"object": "list", "data": lines, "has_more": False},
        "livemode": False,
        "number": f"TEST-{next(numbers):04d}",
        "parent": None,
        "payments": {"object": "list", "data": [payment] if paid and total > 0 else []},
        "status": "paid" if paid else "open",
        "status_transitions": {"finalized_at": NOW},
        "total": total,
        "total_taxes": taxes,
        **values,
    }


def event(kind, obj, **values):
    """An event about an object."""
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": NOW,
        "data": {"object": obj},
        "livemode": False,
        "type": kind,
        **values,
    }
