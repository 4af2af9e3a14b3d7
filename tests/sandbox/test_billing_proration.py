"""Proration by the second; figures from Stripe's page on prorations or worked out with
fractions.
"""

from datetime import UTC, datetime

import pytest

from stripe_sandbox.billing import proration


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def test_half_a_period_upgrade_of_stripes_page():
    """docs.stripe.com/billing/subscriptions/prorations: $10 to $20 in the middle of the period
    credits
    $5.00 and charges $10.00, net $5.00."""
    start, end = at(2026, 4, 1), at(2026, 5, 1)
    middle = at(2026, 4, 16)
    assert proration.credit(1000, start, end, middle, "usd") == -500
    assert proration.debit(2000, start, end, middle, "usd") == 1000


def test_a_single_second_counts():
    """One hour = 3600 s at 3600 cents: each second is one cent."""
    assert proration.debit(3600, 0, 3600, 1, "usd") == 3599
    assert proration.credit(3600, 0, 3600, 3599, "usd") == -1


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        # 31-day month, change after exactly 10 days: 21/31 are left.
        (2000, "usd", 1355),  # 2000 * 21/31 = 1354.838...
        (1000, "jpy", 677),  # 1000 * 21/31 = 677.419...
        (10000, "kwd", 6770),  # 10000 * 21/31 = 6774.19..., multiples of 10
        (0, "usd", 0),
    ],
)
def test_remaining_21_of_31_days(amount, currency, expected):
    start, end, moment = at(2026, 1, 1), at(2026, 2, 1), at(2026, 1, 11)
    assert proration.debit(amount, start, end, moment, currency) == expected
    assert proration.credit(amount, start, end, moment, currency) == -expected


def test_a_tie_rounds_the_same_for_credit_and_debit():
    """5 cents, half used: 2.5 -> 3 either way, so a change to the same price costs nothing."""
    assert proration.debit(5, 0, 2, 1, "usd") == 3
    assert proration.credit(5, 0, 2, 1, "usd") == -3


def test_moments_outside_the_period_are_its_borders():
    assert proration.credit(900, 100, 200, 50, "usd") == -900
    assert proration.credit(900, 100, 200, 250, "usd") == 0


def test_an_empty_period_is_an_error():
    with pytest.raises(ValueError, match="period"):
        proration.remaining_share(100, 100, 100)
