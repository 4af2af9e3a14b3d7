"""Settlement of charges: what arrives on the account's balance, and what Stripe keeps.

A charge in another currency than the account's is converted (docs.stripe.com/currencies/conversions).
Assumed: prices of an account in the United States (stripe.com/pricing) for every card. Rates of exchange
stay as they are until somebody sets others for the account. All figures are exact decimals, rounded once,
half up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
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

Rates = Mapping[str, Decimal]


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


def settle(amount: int, currency: str, into: str, rates: Rates = DOLLARS) -> Settlement:
    """Settle minor units of a currency on a balance in the currency ``into``."""
    settled = converted(amount, currency, into, rates)
    percent = PERCENT if currency == into else PERCENT + CONVERSION_PERCENT
    fixed = Fraction(FIXED) * _rate("usd", into, rates) * 10 ** money.exponent("usd")
    fee = money.half_up(settled * Fraction(percent) / 100 + fixed)
    return Settlement(settled, fee, into, exchange_rate(currency, into, rates))


def dispute_fee(into: str, rates: Rates = DOLLARS) -> int:
    """What a dispute costs, in minor units of ``into``."""
    return converted(DISPUTE, "usd", into, rates)


def converted(amount: int, currency: str, into: str, rates: Rates = DOLLARS) -> int:
    """Minor units of ``into`` that an amount of another currency is worth."""
    return money.half_up(amount * _rate(currency, into, rates))


def exchange_rate(currency: str, into: str, rates: Rates = DOLLARS) -> float | None:
    """The rate as a balance transaction says it; None without conversion."""
    return None if currency == into else float(_rate(currency, into, rates))


def read_rates(given: Mapping[str, str]) -> dict[str, Decimal]:
    """What one major unit of currencies is worth in US dollars, from texts; ValueError for nonsense."""
    rates = {}
    for currency, text in given.items():
        try:
            rate = Decimal(str(text))
        except InvalidOperation:
            rate = Decimal(0)
        if not rate.is_finite() or rate <= 0 or currency == "usd":
            raise ValueError(f"{text} is no rate of {currency}")
        if currency not in money.CURRENCIES:
            raise ValueError(f"{currency} is no currency")
        rates[currency] = rate
    return rates


def _rate(currency: str, into: str, rates: Rates) -> Fraction:
    """Minor units of ``into`` for one minor unit of ``currency``."""
    major = Fraction(rates.get(currency, OTHER)) / Fraction(rates.get(into, OTHER))
    return major * Fraction(10) ** (money.exponent(into) - money.exponent(currency))
