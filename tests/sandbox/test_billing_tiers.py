"""Tiers, packages and fractions of a cent; figures of Stripe's pricing-model page or worked by
hand.
"""

from stripe_sandbox.billing import tiers


def tier(up_to, unit=None, flat=None, **more):
    return {"up_to": up_to, "unit_amount": unit, "flat_amount": flat, **more}


def tiered(mode, *rows, currency="usd"):
    return {
        "billing_scheme": "tiered",
        "tiers_mode": mode,
        "_tiers": list(rows),
        "currency": currency,
    }


def per_unit(unit, currency="usd", **more):
    return {"billing_scheme": "per_unit", "unit_amount": unit, "currency": currency, **more}


#: docs.stripe.com/products-prices/pricing-models, project tiers: 1-5 at $7, 6-10 at $6.50, 11+ at
#: $6.
PROJECTS = (tier(5, 700), tier(10, 650), tier(None, 600))


def amounts(price, quantity):
    return [part.amount(price["currency"]) for part in tiers.components(price, quantity)]


def test_volume_prices_every_unit_by_the_tier_reached():
    """Stripe's table: 1 -> $7.00, 5 -> $35.00, 6 -> $39.00, 20 -> $120.00, 25 -> $150.00."""
    price = tiered("volume", *PROJECTS)
    assert [tiers.total(price, n) for n in (1, 5, 6, 20, 25)] == [700, 3500, 3900, 12000, 15000]


def test_graduated_prices_each_unit_by_its_own_tier():
    """Stripe's table: 5 -> $35, 6 -> 35 + 6.50 = $41.50, 20 -> 35 + 32.50 + 60 = $127.50, 25 ->
    $157.50.
    """
    price = tiered("graduated", *PROJECTS)
    assert [tiers.total(price, n) for n in (5, 6, 20, 25)] == [3500, 4150, 12750, 15750]
    assert amounts(price, 20) == [3500, 3250, 6000]
    assert [part.quantity for part in tiers.components(price, 20)] == [5, 5, 10]


def test_graduated_flat_amounts_are_due_when_the_tier_is_entered():
    """Tiers 1-5: $5 each + $10; 6+: $4 each + $20. 6 units: 25 + 10 + 4 + 20 = $59; 5 units:
    $35.
    """
    price = tiered("graduated", tier(5, 500, 1000), tier(None, 400, 2000))
    assert amounts(price, 6) == [2500, 1000, 400, 2000]
    assert tiers.total(price, 5) == 3500


def test_the_first_flat_amount_is_due_without_usage():
    price = tiered("graduated", tier(5, 500, 1000), tier(None, 400))
    assert amounts(price, 0) == [1000]


def test_volume_flat_amount_is_that_of_the_tier_reached():
    """1-5: $5 + $10; 6+: $4 + $20. 6 units: 24 + 20 = $44."""
    price = tiered("volume", tier(5, 500, 1000), tier(None, 400, 2000))
    assert amounts(price, 6) == [2400, 2000]


def test_zero_quantity_still_makes_a_line():
    assert amounts(tiered("graduated", *PROJECTS), 0) == [0]
    assert amounts(per_unit(900), 0) == [0]


def test_packages_round_up_or_down():
    """Stripe's package example: $5 per 5 units; 8 units = 2 packages up ($10), 1 package down
    ($5).
    """
    up = per_unit(500, transform_quantity={"divide_by": 5, "round": "up"})
    down = per_unit(500, transform_quantity={"divide_by": 5, "round": "down"})
    assert (tiers.total(up, 8), tiers.total(down, 8)) == (1000, 500)
    assert (tiers.total(up, 10), tiers.total(down, 10)) == (1000, 1000)
    assert tiers.components(up, 8)[0].quantity == 8


def test_fractions_of_a_cent_are_rounded_once_a_line():
    """0.05 cents x 1010 = 50.5 cents -> 51; x 1009 = 50.45 -> 50."""
    price = per_unit(None, unit_amount_decimal="0.05")
    assert (tiers.total(price, 1010), tiers.total(price, 1009)) == (51, 50)


def test_decimal_tier_amounts():
    """100 at 0 cents, the rest at 0.15 cents: 310 units = 210 x 0.15 = 31.5 -> 32."""
    price = tiered("graduated", tier(100, 0), tier(None, unit_amount_decimal="0.15"))
    assert amounts(price, 310) == [0, 32]


def test_other_currencies():
    """JPY has no smaller unit: 3 x 0.5 yen = 1.5 -> 2. KWD ends in 0: 3 x 1.005 KWD = 3015 ->
    3020.
    """
    assert tiers.total(per_unit(None, "jpy", unit_amount_decimal="0.5"), 3) == 2
    assert tiers.total(per_unit(1005, "kwd"), 3) == 3020
