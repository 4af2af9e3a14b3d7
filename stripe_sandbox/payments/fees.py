"""Stripe's fee on a charge.

Assumption: the account settles in the currency of the charge, at the standard price of 2.9 % plus 30 of the
smallest units, half rounded up (stripe.com/pricing; other countries and cards differ).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

PERCENT = Decimal("2.9")
FIXED = 30


def fee(amount: int) -> int:
    """Fee in minor units of an amount in minor units."""
    return int((amount * PERCENT / 100).quantize(Decimal(1), ROUND_HALF_UP)) + FIXED
