"""Discounts, taxes and totals of an invoice and its lines (docs/api/invoices/object).

Works on plain dicts and stores nothing, so that drafts, previews and changes of a draft share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import discounts as off
from stripe_sandbox.billing import money, tax

Wire = dict[str, Any]


def compute(
    invoice: Wire,
    lines: Sequence[Wire],
    rates: Mapping[str, tax.Rate],
    discounts: Mapping[str, off.Discount],
) -> None:
    """Set ``discount_amounts`` and ``taxes`` of every line and all sums of ``invoice``.

    ``rates`` and ``discounts`` hold what the ids on lines and invoice stand for. A line without
    own tax rates takes the invoice's ``_default_tax_rates``; with automatic tax its ``_automatic`` ones
    count. Balance and amounts due follow in
    ``settle``.
    """
    parts = [_part(line, discounts) for line in lines]
    off.apply_own(parts)
    after_item_discounts = [part.left for part in parts]
    before_invoice_discounts = [
        _taxes(amount, line, invoice, rates)
        for amount, line in zip(after_item_discounts, lines, strict=True)
    ]
    off.apply(parts, [discounts[key] for key in invoice["discounts"]])
    for part, line in zip(parts, lines, strict=True):
        line["discount_amounts"] = [{"amount": amount, "discount": key} for key, amount in part.off]
        line["pretax_credit_amounts"] = as_credits(line["discount_amounts"])
        line["taxes"] = [wire_tax(row) for row in _taxes(part.left, line, invoice, rates)]
    invoice["subtotal"] = sum(after_item_discounts)
    invoice["subtotal_excluding_tax"] = invoice["subtotal"] - sum(
        row.amount for rows in before_invoice_discounts for row in rows if row.rate.inclusive
    )
    _sum_up(invoice, lines, sum(part.left for part in parts))


def _part(line: Wire, discounts: Mapping[str, off.Discount]) -> off.Line:
    details = (line["pricing"] or {}).get("price_details") or {}
    return off.Line(
        line["amount"],
        line["currency"],
        details.get("product"),
        line["discountable"],
        [discounts[key] for key in line["discounts"]],
    )


def _taxes(amount: int, line: Wire, invoice: Wire, rates: Mapping[str, tax.Rate]) -> list[tax.Tax]:
    if (invoice.get("automatic_tax") or {}).get("enabled"):
        picked = [replace(rates[key], reason=reason) for key, reason in line["_automatic"]]
        return tax.line_taxes(amount, picked, line["currency"])
    keys = line["_tax_rates"] or invoice["_default_tax_rates"]
    exempt = invoice["customer_tax_exempt"] or "none"
    return tax.line_taxes(amount, [rates[key] for key in keys], line["currency"], exempt)


def wire_tax(row: tax.Tax) -> Wire:
    """A tax of a line as it goes over the wire."""
    return {
        "amount": row.amount,
        "tax_behavior": "inclusive" if row.rate.inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": row.rate.id},
        "taxability_reason": row.reason,
        "taxable_amount": row.taxable_amount,
        "type": "tax_rate_details",
    }


def as_credits(amounts: Iterable[Wire]) -> list[Wire]:
    """Discount amounts as amounts that count before tax."""
    return [{**row, "type": "discount", "credit_balance_transaction": None} for row in amounts]


def by_discount(lines: Iterable[Wire]) -> list[Wire]:
    """What each discount takes off all lines."""
    found: dict[str, int] = {}
    for line in lines:
        for row in line["discount_amounts"]:
            found[row["discount"]] = found.get(row["discount"], 0) + row["amount"]
    return [{"amount": amount, "discount": key} for key, amount in found.items()]


def by_rate(lines: Iterable[Wire]) -> list[Wire]:
    """The taxes of all lines, added up by rate."""
    found: dict[tuple[str, str, str], Wire] = {}
    for line in lines:
        for row in line["taxes"]:
            key = (
                row["tax_rate_details"]["tax_rate"],
                row["tax_behavior"],
                row["taxability_reason"],
            )
            if key in found:
                found[key]["amount"] += row["amount"]
                found[key]["taxable_amount"] += row["taxable_amount"]
            else:
                found[key] = dict(row)
    return list(found.values())


def _sum_up(invoice: Wire, lines: Sequence[Wire], net: int) -> None:
    invoice["total_discount_amounts"] = by_discount(lines)
    invoice["total_pretax_credit_amounts"] = as_credits(invoice["total_discount_amounts"])
    taxes = invoice["total_taxes"] = by_rate(lines)
    invoice["total"] = net + sum(t["amount"] for t in taxes if t["tax_behavior"] == "exclusive")
    invoice["total_excluding_tax"] = invoice["total"] - sum(t["amount"] for t in taxes)


def settle(invoice: Wire, balance: int) -> int:
    """Set starting balance and amounts of a draft against the customer's ``balance``; returns the
    ending one.

    Positive balances are owed by the customer, negative ones are credit. A total below the
    smallest charge rolls over; a total that is no whole unit of ISK or UGX leaves its rest on the
    balance.
    """
    due = invoice["total"] + balance
    currency = invoice["currency"]
    charge = 0
    if invoice["total"] >= 0 and due > 0:
        charge = money.half_up(due, money.step(currency)) if money.step(currency) > 1 else due
        if charge < money.minimum_charge(currency):
            charge = 0
    invoice["starting_balance"] = balance
    invoice["amount_due"] = charge
    invoice["amount_remaining"] = charge
    return due - charge


def pure_rate(wire: Wire) -> tax.Rate:
    """The tax rate object as the computation needs it."""
    return tax.Rate(wire["id"], Fraction(str(wire["percentage"])), wire["inclusive"])
