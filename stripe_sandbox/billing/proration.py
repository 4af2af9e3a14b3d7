"""Proration to the second, and the calendar of billing periods.

Stripe prorates linearly by the second (docs.stripe.com/billing/subscriptions/prorations): the
credit is the unused share of what was billed, the debit the remaining share of what would be
billed now. Times are unix seconds, UTC.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from fractions import Fraction

from stripe_sandbox.billing import money

DAY = 86_400


def remaining_share(start: int, end: int, at: int) -> Fraction:
    """Share of the period ``start..end`` that lies after ``at``: 0 to 1."""
    if end <= start:
        raise ValueError("a period ends after it starts")
    return Fraction(end - min(max(at, start), end), end - start)


def credit(amount: int, start: int, end: int, at: int, currency: str) -> int:
    """Negative amount that gives back the unused time of something billed at ``amount``."""
    return -money.in_currency(amount * remaining_share(start, end, at), currency)


def debit(amount: int, start: int, end: int, at: int, currency: str) -> int:
    """Amount for the remaining time of something that costs ``amount`` a whole period."""
    return money.in_currency(amount * remaining_share(start, end, at), currency)


def add_months(moment: datetime, months: int, day: int) -> datetime:
    """Same time of day ``months`` later, on ``day`` or on the last day of a shorter month."""
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    last = monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(day, last))


def occurrence(anchor: int, interval: str, interval_count: int, number: int) -> int:
    """The ``number``-th billing time counted from ``anchor`` (number 0; may be negative).

    Counting from the anchor instead of from the previous period keeps the 31st: an anchor of 31
    January gives 28 February and then 31 March, as Stripe's billing cycle does.
    """
    count = interval_count * number
    if interval in ("day", "week"):
        return anchor + count * (7 * DAY if interval == "week" else DAY)
    moment = datetime.fromtimestamp(anchor, UTC)
    months = count * 12 if interval == "year" else count
    return int(add_months(moment, months, moment.day).timestamp())


def period_at(anchor: int, interval: str, interval_count: int, at: int) -> tuple[int, int]:
    """The billing period (start, end) that contains ``at``: start <= at < end."""
    approximate = {"day": DAY, "week": 7 * DAY, "month": 31 * DAY, "year": 366 * DAY}
    number = (at - anchor) // (approximate[interval] * interval_count)
    while occurrence(anchor, interval, interval_count, number + 1) <= at:
        number += 1
    while occurrence(anchor, interval, interval_count, number) > at:
        number -= 1
    return (
        occurrence(anchor, interval, interval_count, number),
        occurrence(anchor, interval, interval_count, number + 1),
    )
