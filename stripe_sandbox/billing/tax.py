"""Manual tax rates on one invoice line.

Each rate is computed on the line's amount after discounts and rounded on the line, half up, before
the lines are added (support.stripe.com, "Rounding rules": 15 % of $0.43 and of $4.84 make $0.06 +
$0.73). Inclusive rates are taken out of the amount together: ``base = amount / (1 + sum of the
inclusive rates)``. An exclusive rate beside them is computed on what is left when the inclusive
ones are out (assumption).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from stripe_sandbox.billing import money

#: Stripe's word when a manual rate, not Stripe Tax, decided.
MANUAL = "not_available"
#: Stripe Tax's word when a rate is charged; with any other of its words there is nothing taxable (assumed).
CHARGED = "standard_rated"
EXEMPT_REASONS = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


@dataclass(frozen=True)
class Rate:
    """A tax rate: ``percentage`` 19 means 19 %. ``reason`` says who decided that it applies, or why not."""

    id: str
    percentage: Fraction
    inclusive: bool
    reason: str = MANUAL


@dataclass(frozen=True)
class Tax:
    """Tax of one rate on one line, minor units; ``taxable_amount`` is without any tax."""

    rate: Rate
    amount: int
    taxable_amount: int
    reason: str = MANUAL


def line_taxes(
    amount: int, rates: Sequence[Rate], currency: str, exempt: str = "none"
) -> list[Tax]:
    """Taxes of a line whose amount after discounts is ``amount``, in the order of ``rates``.

    ``exempt`` is the customer's ``tax_exempt``: for exempt and reverse-charge customers every tax
    is 0.
    """
    if exempt in EXEMPT_REASONS:
        return [Tax(rate, 0, amount, EXEMPT_REASONS[exempt]) for rate in rates]
    included = sum((rate.percentage for rate in rates if rate.inclusive), Fraction(0)) / 100
    base = Fraction(amount) / (1 + included)
    inside = [_rounded(base, rate, currency) for rate in rates if rate.inclusive]
    taxable = amount - sum(inside)
    taken = iter(inside)
    return [
        Tax(
            rate,
            next(taken) if rate.inclusive else _rounded(taxable, rate, currency),
            taxable if rate.reason in (MANUAL, CHARGED) else 0,
            rate.reason,
        )
        for rate in rates
    ]


def _rounded(base: Fraction | int, rate: Rate, currency: str) -> int:
    return money.in_currency(base * rate.percentage / 100, currency)
