"""How discounts reduce the lines of an invoice.

Discounts of an item come first, then those of the subscription, then those of the invoice; each
works on what the one before left (docs.stripe.com/billing/subscriptions/coupons). A percentage is
rounded on every line; a fixed amount is spread over the lines it applies to in proportion to what
is left of them, and the odd minor units go to the largest remainders, so that the parts add up to
the amount exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from stripe_sandbox.billing import money


@dataclass(frozen=True)
class Discount:
    """A coupon at work. Exactly one of ``percent_off`` and ``amount_off`` (minor units) is set.

    ``products`` limits it to lines of these products; None means all lines.
    """

    id: str
    percent_off: Fraction | None = None
    amount_off: int | None = None
    products: frozenset[str] | None = None


@dataclass
class Line:
    """A line before taxes: ``amount`` in minor units, its own ``discounts``, and the result in
    ``off``.
    """

    amount: int
    currency: str = "usd"
    product: str | None = None
    discountable: bool = True
    discounts: Sequence[Discount] = ()
    off: list[tuple[str, int]] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.amount - sum(amount for _, amount in self.off)

    def takes(self, discount: Discount) -> bool:
        return self.discountable and (
            discount.products is None or self.product in discount.products
        )


def apply_own(lines: Sequence[Line]) -> None:
    """Add each line's own discounts to its ``off``."""
    for line in lines:
        for discount in line.discounts:
            _apply_one([line], discount)


def apply(lines: Sequence[Line], discounts: Sequence[Discount]) -> None:
    """Add discounts of the subscription or invoice, in their order, to ``off`` of every line they
    touch.
    """
    for discount in discounts:
        _apply_one(lines, discount)


def _apply_one(lines: Sequence[Line], discount: Discount) -> None:
    eligible = [line for line in lines if line.takes(discount)]
    if discount.percent_off is not None:
        parts = [
            money.in_currency(line.left * discount.percent_off / 100, line.currency)
            for line in eligible
        ]
    else:
        parts = spread(discount.amount_off or 0, [max(line.left, 0) for line in eligible])
    for line, part in zip(eligible, parts, strict=True):
        line.off.append((discount.id, part))


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Split ``amount``, at most the sum of ``weights``, in proportion to ``weights``, exactly."""
    whole = sum(weights)
    amount = min(amount, whole)
    if not amount:
        return [0] * len(weights)
    shares = [Fraction(amount * weight, whole) for weight in weights]
    parts = [int(share) for share in shares]
    by_remainder = sorted(
        range(len(parts)), key=lambda index: (parts[index] - shares[index], index)
    )
    for index in by_remainder[: amount - sum(parts)]:
        parts[index] += 1
    return parts
