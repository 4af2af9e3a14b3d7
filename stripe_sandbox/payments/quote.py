"""What a Checkout Session sells and costs: amounts for its page and for the API, minor units."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import automatic_tax, preview
from stripe_sandbox.core import errors, ids

Wire = dict[str, Any]


def subscription_params(session: Wire) -> Wire:
    """Parameters of the subscription that a session sells."""
    params = {
        **session["_subscription_data"],
        "items": [
            {k: v for k, v in line.items() if k in ("price", "quantity", "tax_rates")}
            for line in session["_line_items"]
        ],
        "payment_settings": {"save_default_payment_method": "on_subscription"},
    }
    customer = customer_id(session)
    if customer:
        params["customer"] = customer
    if session["_discounts"]:
        params["discounts"] = session["_discounts"]
    if session["automatic_tax"]["status"] == "complete":
        params["automatic_tax"] = {"enabled": True}
    return params


def tax_status(ctx: Any, session: Wire) -> str | None:
    """Whether the taxes of a session can be found out: by the address that was entered, or the
    customer's.
    """
    if not session["automatic_tax"]["enabled"]:
        return None
    customer = ctx.store.find("customer", customer_id(session)) or {}
    address = session.get("_address") or customer.get("address")
    found = automatic_tax.locate(address, customer.get("shipping"))
    return "complete" if found else "requires_location_inputs"


def asks_address(session: Wire) -> bool:
    """Whether Checkout asks for more than the country."""
    needed = session["automatic_tax"]["enabled"] and keeps_address(session)
    return session["billing_address_collection"] == "required" or needed


def keeps_address(session: Wire) -> bool:
    """Whether the address that is entered becomes the customer's, and so decides about the taxes."""
    return not session["customer"] or session["_customer_update"].get("address") == "auto"


def _details(session: Wire) -> Wire:
    """The address that was entered, as details of the customer in a preview."""
    address = session.get("_address")
    return {"address": address} if address else {}


def customer_id(session: Wire) -> str | None:
    """The customer that was named, or that this Checkout made."""
    return session["customer"] or session.get("_customer")


def first_invoice(ctx: Any, session: Wire) -> Wire:
    """The invoice that is due on subscribing now; nothing is stored."""
    return preview.preview_new(ctx, subscription_params(session), _details(session))


def regular_invoice(ctx: Any, session: Wire) -> Wire:
    """The invoice of a whole period, without the customer's balance and discounts that end at once."""
    params = subscription_params(session)
    coupon = _coupon(ctx, session)
    if coupon and coupon["duration"] == "once":
        params.pop("discounts")
    return preview.preview_new(ctx, params, _details(session), recurring=True)


def needs_card(ctx: Any, session: Wire) -> bool:
    """Whether a card is asked for: always, unless nothing is due and the session says so."""
    if session["mode"] == "setup" or session["payment_method_collection"] == "always":
        return True
    return first_invoice(ctx, session)["amount_due"] > 0


def price(ctx: Any, session: Wire) -> Wire:
    """The properties of a session that say what it costs, and its lines."""
    status = tax_status(ctx, session)
    automatic = session["automatic_tax"] | {"status": status}
    invoice = first_invoice(ctx, {**session, "automatic_tax": automatic})
    return {
        "automatic_tax": automatic,
        "amount_subtotal": invoice["subtotal"],
        "amount_total": max(invoice["total"], 0),
        "total_details": {
            "amount_discount": _sum(invoice["total_discount_amounts"]),
            "amount_shipping": 0,
            "amount_tax": _sum(invoice["total_taxes"]),
        },
        "discounts": [
            {"coupon": row.get("coupon"), "promotion_code": row.get("promotion_code")}
            for row in session["_discounts"]
        ],
        "_lines_shown": [_line(ctx, session, line, invoice) for line in session["_line_items"]],
    }


def apply_code(ctx: Any, session: Wire, text: str) -> None:
    """Give the session the discount of a promotion code; raise when there is no such code for it."""
    customer = customer_id(session)
    for promotion in ctx.store.select("promotion_code", active=True):
        mine = promotion["customer"] in (None, customer)
        if mine and promotion["code"].lower() == text.strip().lower():
            break
    else:
        raise errors.invalid("This code is invalid.", "promotion_code")
    ctx.store.update(session, _discounts=[{"promotion_code": promotion["id"]}])
    ctx.store.update(session, **price(ctx, session))


def remove_code(ctx: Any, session: Wire) -> None:
    """Take the discount of a promotion code away again."""
    ctx.store.update(session, _discounts=[])
    ctx.store.update(session, **price(ctx, session))


def code_of(ctx: Any, session: Wire) -> str | None:
    """The promotion code that the customer has entered."""
    for row in session["_discounts"]:
        if row.get("promotion_code"):
            return ctx.store.get("promotion_code", row["promotion_code"])["code"]
    return None


def _coupon(ctx: Any, session: Wire) -> Wire | None:
    for row in session["_discounts"]:
        key = row.get("coupon")
        if row.get("promotion_code"):
            promotion = ctx.store.get("promotion_code", row["promotion_code"])
            key = promotion["promotion"]["coupon"]
        return ctx.store.find("coupon", key)
    return None


def _line(ctx: Any, session: Wire, line: Wire, invoice: Wire) -> Wire:
    """A line of the session, from the lines that its price has on the first invoice."""
    found = [
        row
        for row in invoice["_lines"]
        if row["pricing"]["price_details"]["price"] == line["price"]
    ]
    subtotal = _sum(found)
    off = sum(_sum(row["discount_amounts"]) for row in found)
    taxes = [part for row in found for part in row["taxes"] or []]
    added = _sum(part for part in taxes if part["tax_behavior"] == "exclusive")
    stored = ctx.store.get("price", line["price"])
    return {
        "id": f"li_1{ids.secret(23)}",
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": off,
        "amount_subtotal": subtotal,
        "amount_tax": _sum(taxes),
        "amount_total": subtotal - off + added,
        "currency": session["currency"],
        "description": ctx.store.get("product", stored["product"])["name"],
        "metadata": {},
        "price": ctx.account.render(stored),
        "quantity": line.get("quantity"),
    }


def _sum(rows: Any) -> int:
    return sum(row["amount"] for row in rows or ())
