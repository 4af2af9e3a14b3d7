"""Lines of a credit note and the sums that follow from them (docs.stripe.com/api/credit_notes/line_item).

A line that credits a part of an invoice line takes the same part of its discounts and taxes. Assumed: each
share is rounded so that the parts of a line, once all of it is credited, come to exactly what was billed.
Stores nothing, so that previews share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import catalog, money, tax, totals
from stripe_sandbox.core import errors

Wire = dict[str, Any]


def build(ctx: Any, invoice: Wire, params: Mapping[str, Any]) -> list[Wire]:
    """Lines without ids: those that were asked for, or one of the plain amount."""
    if "lines" not in params:
        if "amount" not in params:
            raise errors.invalid(
                "You must pass one of `amount` or `lines` to create a credit note.", "lines"
            )
        return [_line(invoice, params["amount"], "Credit", quantity=1, unit=params["amount"])]
    makers = {"invoice_line_item": _of_invoice_line, "custom_line_item": _custom}
    made: list[Wire] = []
    for index, given in enumerate(params["lines"]):
        made.append(makers[given["type"]](ctx, invoice, given, f"lines[{index}]", made))
    return made


def _line(
    invoice: Wire,
    amount: int,
    description: str | None,
    *,
    quantity: int | None = None,
    unit: Fraction | int | None = None,
    **values: Any,
) -> Wire:
    whole = unit is not None and Fraction(unit).denominator == 1
    return {
        "object": "credit_note_line_item",
        "amount": amount,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": None,
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": quantity,
        "taxes": [],
        "type": "custom_line_item",
        "unit_amount": int(unit) if unit is not None and whole else None,
        "unit_amount_decimal": None if unit is None else money.plain(unit),
        "_tax_rates": [],
        "_own_discount": 0,
        "_currency": invoice["currency"],
        **values,
    }


def _refuse(given: Wire, path: str, *names: str) -> None:
    for name in names:
        if name in given:
            raise errors.invalid(
                f"This parameter is not valid for a line of type {given['type']}.",
                f"{path}[{name}]",
            )


def _custom(ctx: Any, invoice: Wire, given: Wire, path: str, _made: Sequence[Wire]) -> Wire:
    """A line of its own: a text, a price and tax rates."""
    _refuse(given, path, "amount", "invoice_line_item")
    if "description" not in given:
        raise errors.missing(f"{path}[description]")
    prices = [name for name in ("unit_amount", "unit_amount_decimal") if name in given]
    if len(prices) != 1:
        raise errors.invalid(
            "You must pass one of unit_amount and unit_amount_decimal.", f"{path}[unit_amount]"
        )
    unit, quantity = Fraction(str(given[prices[0]])), given.get("quantity", 1)
    if unit < 0 or quantity < 1:
        raise errors.invalid("Credit note lines are positive.", f"{path}[{prices[0]}]")
    amount = money.in_currency(unit * quantity, invoice["currency"])
    keys = catalog.tax_rate_ids(ctx, given.get("tax_rates"), f"{path}[tax_rates]")
    rates = [totals.pure_rate(ctx.store.get("tax_rate", key)) for key in keys]
    exempt = invoice["customer_tax_exempt"] or "none"
    return _line(
        invoice,
        amount,
        given["description"],
        quantity=quantity,
        unit=unit,
        metadata=dict(given.get("metadata") or {}),
        taxes=[
            totals.wire_tax(row)
            for row in tax.line_taxes(amount, rates, invoice["currency"], exempt)
        ],
        _tax_rates=keys,
    )


def _of_invoice_line(ctx: Any, invoice: Wire, given: Wire, path: str, made: Sequence[Wire]) -> Wire:
    """A line that credits a quantity or an amount of an invoice line."""
    _refuse(given, path, "description", "unit_amount", "unit_amount_decimal", "tax_rates")
    if "invoice_line_item" not in given:
        raise errors.missing(f"{path}[invoice_line_item]")
    billed = ctx.store.get("line_item", given["invoice_line_item"], f"{path}[invoice_line_item]")
    if billed["invoice"] != invoice["id"]:
        raise errors.missing_resource("line_item", billed["id"], f"{path}[invoice_line_item]")
    if ("amount" in given) == ("quantity" in given):
        raise errors.invalid(
            "You must pass one of amount and quantity to credit an invoice line.", f"{path}[amount]"
        )
    before = _credited(ctx, billed, made)
    amount, unit = given.get("amount"), None
    name = "amount" if "amount" in given else "quantity"
    if amount is None:
        share = Fraction(given["quantity"], billed["quantity"] or 1)
        amount = money.in_currency(billed["amount"] * share, invoice["currency"])
        unit = Fraction(amount, given["quantity"]) if given["quantity"] > 0 else None
    if amount <= 0:
        raise errors.invalid("Credit note lines are positive.", f"{path}[{name}]")
    if before + amount > billed["amount"]:
        words = money.display(billed["amount"] - before, invoice["currency"])
        raise errors.invalid(
            f"The {name} to credit is more than what is left of the invoice line ({words}).",
            f"{path}[{name}]",
        )

    def part(value: int) -> int:
        return _rounded(value, before + amount, billed) - _rounded(value, before, billed)

    discounts = [row | {"amount": part(row["amount"])} for row in billed["discount_amounts"]]
    own = sum(row["amount"] for row in discounts if row["discount"] in billed["discounts"])
    return _line(
        invoice,
        amount,
        billed["description"],
        quantity=given.get("quantity"),
        unit=unit,
        invoice_line_item=billed["id"],
        type="invoice_line_item",
        metadata=dict(given.get("metadata") or {}),
        discount_amount=sum(row["amount"] for row in discounts),
        discount_amounts=discounts,
        pretax_credit_amounts=totals.as_credits(discounts),
        taxes=[
            row | {"amount": part(row["amount"]), "taxable_amount": part(row["taxable_amount"])}
            for row in billed["taxes"]
        ],
        _tax_rates=billed["_tax_rates"] or invoice["_default_tax_rates"],
        _own_discount=own,
    )


def _rounded(value: int, amount: int, billed: Wire) -> int:
    return money.in_currency(Fraction(value * amount, billed["amount"]), billed["currency"])


def _credited(ctx: Any, billed: Wire, made: Iterable[Wire]) -> int:
    """How much of an invoice line other lines credit: of notes that count, and of this one."""
    stored = ctx.store.select("credit_note_line_item", invoice_line_item=billed["id"])
    counting = (
        line
        for line in stored
        if ctx.store.get("credit_note", line["_credit_note"])["status"] != "void"
    )
    mine = (line for line in made if line["invoice_line_item"] == billed["id"])
    return sum(line["amount"] for line in [*counting, *mine])


def sums(lines: Sequence[Wire]) -> Wire:
    """All amounts of a credit note with these lines."""
    discounts, taxes = totals.by_discount(lines), totals.by_rate(lines)
    gross = sum(line["amount"] for line in lines)
    subtotal = gross - sum(line["_own_discount"] for line in lines)
    off = sum(row["amount"] for row in discounts)
    included = sum(row["amount"] for row in taxes if row["tax_behavior"] == "inclusive")
    added = sum(row["amount"] for row in taxes if row["tax_behavior"] == "exclusive")
    total = gross - off + added
    return {
        "amount": total,
        "discount_amount": off,
        "discount_amounts": discounts,
        "pretax_credit_amounts": totals.as_credits(discounts),
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - included,
        "total": total,
        "total_excluding_tax": total - included - added,
        "total_taxes": taxes,
    }
