"""What a quantity of a price costs: per unit, packages, graduated tiers, volume tiers.

A price is the stored dict of Stripe's Price, whose tiers are kept in ``_tiers``; the result is a
list of ``Component``, one for each invoice line that Stripe would print. Amounts are exact minor
units until ``Component.amount`` rounds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import money


@dataclass(frozen=True)
class Component:
    """One invoice line's worth of a price.

    ``quantity`` is what the line shows; ``units`` what ``unit_amount`` is multiplied by: they
    differ for packages (``transform_quantity``). ``tier`` counts from 1, None when the price is
    not tiered or by volume.
    """

    quantity: int
    units: int
    unit_amount: Fraction
    tier: int | None = None
    flat: bool = False

    @property
    def exact_amount(self) -> Fraction:
        return self.units * self.unit_amount

    def amount(self, currency: str) -> int:
        return money.in_currency(self.exact_amount, currency)


def unit_amount(priced: Mapping[str, Any], field: str = "unit_amount") -> Fraction:
    """Exact unit (or flat) amount of a price or tier; the decimal field carries more digits."""
    for value in (priced.get(f"{field}_decimal"), priced.get(field)):
        if value is not None:
            return money.exact(Decimal(value) if isinstance(value, str) else value)
    return Fraction(0)


def components(price: Mapping[str, Any], quantity: int) -> list[Component]:
    """Split ``quantity`` of ``price`` into the lines of an invoice; never empty."""
    if price["billing_scheme"] == "per_unit":
        return [Component(quantity, _packages(price, quantity), unit_amount(price))]
    if price["tiers_mode"] == "volume":
        return _volume(price["_tiers"], quantity)
    return _graduated(price["_tiers"], quantity)


def total(price: Mapping[str, Any], quantity: int) -> int:
    """Rounded cost of ``quantity``: the sum of its lines."""
    return sum(part.amount(price["currency"]) for part in components(price, quantity))


def _packages(price: Mapping[str, Any], quantity: int) -> int:
    transform = price.get("transform_quantity")
    if not transform:
        return quantity
    whole, rest = divmod(quantity, transform["divide_by"])
    return whole + 1 if rest and transform["round"] == "up" else whole


def _volume(tiers: list[Mapping[str, Any]], quantity: int) -> list[Component]:
    """The tier in which the whole quantity falls prices every unit of it."""
    tier = next(t for t in tiers if t["up_to"] is None or quantity <= t["up_to"])
    lines = [Component(quantity, quantity, unit_amount(tier))]
    flat = unit_amount(tier, "flat_amount")
    if flat:
        lines.append(Component(1, 1, flat, flat=True))
    return lines


def _graduated(tiers: list[Mapping[str, Any]], quantity: int) -> list[Component]:
    """Each tier prices its own units; its flat amount is due once the tier is entered.

    The flat amount of the first tier is due at quantity 0, too.
    """
    lines: list[Component] = []
    below = 0
    for number, tier in enumerate(tiers, start=1):
        if number > 1 and quantity <= below:
            break
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        units = top - below
        flat = unit_amount(tier, "flat_amount")
        if units or not flat:
            lines.append(Component(units, units, unit_amount(tier), tier=number))
        if flat:
            lines.append(Component(1, 1, flat, tier=number, flat=True))
        below = tier["up_to"] or top
    return lines
