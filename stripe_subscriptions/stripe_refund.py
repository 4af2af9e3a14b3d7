"""How a refund is divided over the lines of a Stripe invoice, so that taxes go back with it; without ORM."""

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

# Steps in which amounts are moved by units of the currency until the total is as near as it can be.
MAX_CORRECTIONS = 20


@dataclass(frozen=True)
class Part:
    """A line of an invoice, as far as it can be credited. All amounts in minor units.

    :param str line_id: Id of the line.
    :param int billed: Its amount, before discounts.
    :param int credited: What of that earlier credit notes have credited.
    :param list[int] added: What comes on top of the amount: taxes; below zero: discounts.
    """

    line_id: str
    billed: int
    credited: int
    added: list[int] = field(default_factory=list)

    @property
    def left(self):
        """What of the amount can still be credited."""
        return self.billed - self.credited

    @property
    def factor(self):
        """What the customer has paid for one unit of the amount."""
        return Fraction(self.billed + sum(self.added), self.billed)

    def get_total(self, amount):
        """Return what crediting an amount gives back, with the taxes and discounts that belong to it.

        Assumed: each share is rounded so that all credit notes of a line come to what was billed. Stripe's
        preview has the last word.
        """
        shares = (
            _rounded(value * (self.credited + amount), self.billed)
            - _rounded(value * self.credited, self.billed)
            for value in self.added
        )
        return amount + sum(shares)


def _rounded(value, divisor):
    return floor(Fraction(value, divisor) + Fraction(1, 2))


def parts(invoice, notes):
    """Return what can still be credited of an invoice.

    Lines that take something off, such as the unused time of an earlier plan, cannot be credited.

    :param dict invoice: The Stripe invoice with all its lines.
    :param list[dict] notes: Its credit notes with all their lines; void ones do not count.
    :rtype: list[Part]
    """
    credited = {}
    for note in notes:
        if note["status"] != "void":
            for line in note["lines"]["data"]:
                key = line.get("invoice_line_item")
                credited[key] = credited.get(key, 0) + line["amount"]
    found = []
    for line in invoice["lines"]["data"]:
        if line["amount"] > credited.get(line["id"], 0):
            taxes = [
                row["amount"]
                for row in line.get("taxes") or []
                if row["tax_behavior"] == "exclusive"
            ]
            discounts = [-row["amount"] for row in line.get("discount_amounts") or []]
            found.append(
                Part(line["id"], line["amount"], credited.get(line["id"], 0), [*discounts, *taxes])
            )
    return found


def divide(found, total):
    """Divide an amount over the parts of an invoice, in proportion to what was paid for them.

    :param list[Part] found: The parts.
    :param int total: Minor units, with taxes and after discounts.
    :return: Amount of each line, before discounts; and what of the total that does not give back, because
        taxes are rounded.
    :rtype: tuple[dict[str, int], int]
    """
    paid = sum(part.left * part.factor for part in found)
    share = min(Fraction(total) / paid, Fraction(1)) if paid else Fraction(0)
    amounts = {part.line_id: floor(part.left * share) for part in found}
    best, seen = ({part.line_id: 0 for part in found}, total), []
    for _step in range(MAX_CORRECTIONS):
        missing = total - sum(part.get_total(amounts[part.line_id]) for part in found)
        if 0 <= missing < best[1]:
            best = amounts, missing
        seen.append(amounts)
        amounts = _move(found, amounts, missing) if missing else amounts
        if amounts in seen:
            break
    return best


def _move(found, amounts, missing):
    """Change the amount of one line by what the total lacks, or has too much, as far as it can take it."""

    def room(part):
        amount = amounts[part.line_id]
        return part.left - amount if missing > 0 else amount

    paid = [part for part in found if part.factor > 0 and room(part)]
    if not paid:
        return amounts
    part = max(paid, key=room)
    units = min(max(round(abs(missing) / part.factor), 1), room(part))
    return {**amounts, part.line_id: amounts[part.line_id] + (units if missing > 0 else -units)}


def to_lines(amounts, rounding=0, label=""):
    """Return the lines of a credit note as parameters.

    :param dict[str, int] amounts: Amount of each line of the invoice.
    :param int rounding: Minor units that no line can express.
    :param str label: What they are called.
    :rtype: list[dict]
    """
    lines = [
        {"type": "invoice_line_item", "invoice_line_item": line_id, "amount": amount}
        for line_id, amount in amounts.items()
        if amount
    ]
    if rounding:
        lines.append(
            {
                "type": "custom_line_item",
                "description": label,
                "quantity": 1,
                "unit_amount": rounding,
            }
        )
    return lines
