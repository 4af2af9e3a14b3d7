"""Settlement of charges: what arrives on the account's balance, and what Stripe keeps.

A charge in another currency than the account's is converted (docs.stripe.com/currencies/conversions).
Assumed: prices of an account in the United States (stripe.com/pricing) for every card, and rates of
exchange that never change. All figures are exact decimals, rounded once, half up.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from stripe_sandbox.billing import money

PERCENT, CONVERSION_PERCENT = Decimal("2.9"), Decimal(1)
#: Part of the fee that does not depend on the amount, in US dollars.
FIXED = Decimal("0.30")
#: What a dispute costs, in US cents.
DISPUTE = 1_500

#: What one major unit is worth in US dollars; invented round figures, ``OTHER`` for all the rest.
DOLLARS = {
    "usd": Decimal(1),
    "eur": Decimal("1.10"),
    "gbp": Decimal("1.25"),
    "chf": Decimal("1.20"),
    "cad": Decimal("0.75"),
    "aud": Decimal("0.65"),
    "nzd": Decimal("0.60"),
    "sgd": Decimal("0.75"),
    "jpy": Decimal("0.0065"),
    "kwd": Decimal("3.25"),
    "bhd": Decimal("2.65"),
    "jod": Decimal("1.40"),
    "omr": Decimal("2.60"),
    "tnd": Decimal("0.32"),
}
OTHER = Decimal("0.10")


@dataclass(frozen=True)
class Settlement:
    """What a charge adds to the balance: minor units of ``currency``.

    ``exchange_rate`` times the charge's minor units is ``amount``; None without conversion.
    """

    amount: int
    fee: int
    currency: str
    exchange_rate: float | None

    @property
    def net(self) -> int:
        """What is left of the amount."""
        return self.amount - self.fee


def settle(amount: int, currency: str, into: str) -> Settlement:
    """Settle minor units of a currency on a balance in the currency ``into``."""
    rate = _rate(currency, into)
    settled = converted(amount, currency, into)
    percent = PERCENT if currency == into else PERCENT + CONVERSION_PERCENT
    fixed = Fraction(FIXED) * _rate("usd", into) * 10 ** money.exponent("usd")
    fee = money.half_up(settled * Fraction(percent) / 100 + fixed)
    return Settlement(settled, fee, into, None if currency == into else float(rate))


def dispute_fee(into: str) -> int:
    """What a dispute costs, in minor units of ``into``."""
    return converted(DISPUTE, "usd", into)


def converted(amount: int, currency: str, into: str) -> int:
    """Minor units of ``into`` that an amount of another currency is worth."""
    return money.half_up(amount * _rate(currency, into))


def _rate(currency: str, into: str) -> Fraction:
    """Minor units of ``into`` for one minor unit of ``currency``."""
    major = Fraction(DOLLARS.get(currency, OTHER)) / Fraction(DOLLARS.get(into, OTHER))
    return major * Fraction(10) ** (money.exponent(into) - money.exponent(currency))
