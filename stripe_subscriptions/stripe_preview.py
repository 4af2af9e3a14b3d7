"""Stripe's preview of an invoice in major units: what wizards and the portal show. Without ORM."""

from decimal import Decimal

from odoo.addons.stripe_subscriptions import utils

# Seconds by which the time of a preview that is charged at once may differ from ours.
AT_ONCE = 3600


def parse(obj, now):
    """Return what people want to know of a preview.

    Amounts are exact decimal texts in major units, so that the whole can be kept as JSON; times are unix
    seconds. `total` is what the invoice will say, `due` what is left of it after the customer's balance.

    :param dict obj: Answer of https://docs.stripe.com/api/invoices/create_preview.
    :param int now: The time at Stripe.
    :rtype: dict
    """
    currency = obj["currency"]

    def major(amount):
        return str(utils.to_major_decimal(amount or 0, currency))

    lines = [_parse_line(line, major) for line in obj["lines"]["data"]]
    discount = sum(row["amount"] for row in obj.get("total_discount_amounts") or [])
    taxes = obj.get("total_taxes") or []
    at = obj.get("next_payment_attempt") or obj.get("created") or now
    at_once = (obj.get("created") or now) <= now + AT_ONCE
    return {
        "currency": currency.upper(),
        "lines": lines,
        # A preview comes with its first lines and has no id by which the others could be read.
        "more": obj["lines"]["has_more"],
        "subtotal": major(obj["subtotal"]),
        "discount": major(discount),
        "tax": major(sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")),
        "tax_included": major(
            sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
        ),
        "total": major(obj["total"]),
        "due": major(obj["amount_due"]),
        "at_once": at_once,
        "at": now if at_once else at,
        "made_at": now,
    }


def _parse_line(line, major):
    """Return a line of a preview; see `parse`.

    :param dict line: The line.
    :param Callable[[int], str] major: Converts minor units.
    :rtype: dict
    """
    details = utils.path(line, "parent.subscription_item_details") or {}
    item = utils.path(line, "parent.invoice_item_details") or {}
    taxes = line.get("taxes") or []
    discount = sum(row["amount"] for row in line.get("discount_amounts") or [])
    added = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    return {
        "description": line.get("description") or "",
        "quantity": line.get("quantity") or 0,
        "amount": major(line["amount"]),
        "discount": major(discount),
        "tax": major(added),
        "total": major(line["amount"] - discount + added),
        "period_start": utils.path(line, "period.start"),
        "period_end": utils.path(line, "period.end"),
        "proration": bool(details.get("proration") or item.get("proration")),
        # An invoice item, not the regular period of a plan.
        "waiting": bool(item or details.get("invoice_item")),
    }


def of_waiting(preview):
    """Return the part of a preview that is billed when an invoice is made now: what waits for one.

    :param dict preview: See `parse`.
    :rtype: dict
    """
    lines = [line for line in preview["lines"] if line["waiting"]]

    def add(name):
        return sum((Decimal(line[name]) for line in lines), Decimal(0))

    total = add("total")
    return {
        **preview,
        "lines": lines,
        "subtotal": str(add("amount")),
        "discount": str(add("discount")),
        "tax": str(add("tax")),
        "tax_included": "0",
        "total": str(total),
        "due": str(max(total, Decimal(0))),
        "at_once": True,
        "at": preview["made_at"],
    }


def unused(preview):
    """Return what the proration lines give back, with taxes: 0 when they cost something.

    :param dict preview: See `parse`.
    :rtype: Decimal
    """
    lines = (line for line in preview["lines"] if line["proration"])
    total = sum((Decimal(line["total"]) for line in lines), Decimal(0))
    return max(-total, Decimal(0))


def differs(before, after):
    """Return whether two previews of the same change say something else.

    Where Stripe prorates to the second, the second preview may differ by what the time between the two
    is worth. https://docs.stripe.com/billing/subscriptions/prorations

    :param dict before: See `parse`.
    :param dict after: See `parse`; made later.
    :rtype: bool
    """
    if len(before["lines"]) != len(after["lines"]) or before["currency"] != after["currency"]:
        return True
    allowed = Decimal(0)
    for old, new in zip(before["lines"], after["lines"], strict=True):
        drift = _drift(old, new)
        if any(old[name] != new[name] for name in ("quantity", "proration", "waiting")):
            return True
        if abs(Decimal(new["amount"]) - Decimal(old["amount"])) > drift:
            return True
        # With taxes and discounts.
        allowed += 2 * drift
    return abs(Decimal(after["total"]) - Decimal(before["total"])) > allowed


def _drift(old, new):
    """Return by how much the amounts of two lines may differ because of the time that has passed."""
    start, end = old["period_start"], old["period_end"]
    passed = abs((new["period_start"] or 0) - (start or 0))
    if not (old["proration"] and passed and end and end > start):
        return Decimal(0)
    unit = Decimal(1).scaleb(Decimal(old["amount"]).as_tuple().exponent)
    return abs(Decimal(old["amount"])) * passed / (end - start) + unit
