"""Tax rates and discounts; figures of Stripe's support pages or worked by hand."""

from fractions import Fraction

from stripe_sandbox.billing import discounts, tax
from stripe_sandbox.billing.discounts import Discount, Line


def rate(percentage, *, inclusive=False, id="txr"):
    return tax.Rate(id, Fraction(percentage), inclusive)


def computed(amount, *rates, currency="usd", exempt="none"):
    result = tax.line_taxes(amount, rates, currency, exempt)
    return [(row.amount, row.taxable_amount) for row in result]


def test_stripes_example_of_600_euro():
    """support.stripe.com: EUR 600 at 10 %: exclusive +60 = 660; inclusive 600 = 545.45 + 54.55."""
    assert computed(60000, rate(10), currency="eur") == [(6000, 60000)]
    assert computed(60000, rate(10, inclusive=True), currency="eur") == [(5455, 54545)]


def test_rounding_is_per_line_as_in_stripes_example():
    """support.stripe.com, rounding rules: 15 % of 0.43 = 0.0645 -> 0.06; of 4.84 = 0.726 -> 0.73;
    sum 0.79. Rounding the sum instead gives 15 % of 5.27 = 0.7905 -> 0.79 as well, so a second
    pair tells them apart:
    two lines of 0.10 at 5 %: 0.005 -> 0.01 each = 0.02, while 5 % of 0.20 is 0.01."""
    assert [computed(43, rate(15))[0][0], computed(484, rate(15))[0][0]] == [6, 73]
    assert computed(10, rate(5))[0][0] * 2 == 2


def test_several_exclusive_rates_share_the_base():
    """Quebec: GST 5 % and QST 9.975 % of $100: 5.00 and 9.975 -> 9.98."""
    assert computed(10000, rate(5), rate("9.975")) == [(500, 10000), (998, 10000)]


def test_several_inclusive_rates_come_out_together():
    """120 incl. 10 % + 10 %: base 100, 10 each (one after the other would be 99.17)."""
    rates = (rate(10, inclusive=True), rate(10, inclusive=True))
    assert computed(12000, *rates) == [(1000, 10000), (1000, 10000)]


def test_exclusive_beside_inclusive_uses_the_net_amount():
    """110 incl. 10 % is 100 net; 5 % exclusive of 100 is 5, not 5.50."""
    assert computed(11000, rate(10, inclusive=True), rate(5)) == [(1000, 10000), (500, 10000)]


def test_credits_mirror_charges():
    assert computed(-43, rate(15)) == [(-6, -43)]
    assert computed(-60000, rate(10, inclusive=True)) == [(-5455, -54545)]


def test_exempt_customers_pay_no_tax():
    for exempt, reason in (("exempt", "customer_exempt"), ("reverse", "reverse_charge")):
        row = tax.line_taxes(10000, [rate(19)], "eur", exempt)[0]
        assert (row.amount, row.taxable_amount, row.reason) == (0, 10000, reason)


def test_tax_in_other_currencies():
    """JPY: 10 % of 105 = 10.5 -> 11. KWD: 5 % of 1230 = 61.5 -> nearest ten 60."""
    assert computed(105, rate(10), currency="jpy") == [(11, 105)]
    assert computed(1230, rate(5), currency="kwd") == [(60, 1230)]


def applied(lines, *several):
    discounts.apply_own(lines)
    discounts.apply(lines, several)
    return [[amount for _, amount in line.off] for line in lines]


def test_percent_is_rounded_on_each_line():
    """25 % of 9.99 = 2.4975 -> 2.50; of 0.10 = 0.025 -> 0.03."""
    assert applied([Line(999), Line(10)], Discount("di", Fraction(25))) == [[250], [3]]


def test_fixed_amount_is_spread_without_losing_a_cent():
    """10.00 over three lines of 10.00: 3.34 + 3.33 + 3.33; over 30.00 and 10.00: 7.50 + 2.50."""
    ten = Discount("di", amount_off=1000)
    assert applied([Line(1000), Line(1000), Line(1000)], ten) == [[334], [333], [333]]
    assert applied([Line(3000), Line(1000)], ten) == [[750], [250]]


def test_fixed_amount_never_exceeds_what_is_due():
    assert applied([Line(300), Line(-500), Line(0)], Discount("di", amount_off=1000)) == [
        [300],
        [0],
        [0],
    ]


def test_largest_remainder_gets_the_odd_cent():
    """1.00 over 2.00 and 1.00: 66.67 and 33.33 -> 67 and 33."""
    assert discounts.spread(100, [200, 100]) == [67, 33]
    assert discounts.spread(0, [5, 5]) == [0, 0]
    assert discounts.spread(5, []) == []


def test_only_named_products_and_discountable_lines():
    limited = Discount("di", Fraction(50), products=frozenset({"prod_a"}))
    lines = [
        Line(1000, product="prod_a"),
        Line(1000, product="prod_b"),
        Line(1000, product="prod_a", discountable=False),
    ]
    assert applied(lines, limited) == [[500], [], []]


def test_each_discount_works_on_what_the_one_before_left():
    """100.00 - 10 % = 90.00, - 5.00 = 85.00; the other way round 95.00 - 9.50 = 85.50."""
    tenth, five = Discount("a", Fraction(10)), Discount("b", amount_off=500)
    assert applied([Line(10000)], tenth, five) == [[1000, 500]]
    assert applied([Line(10000)], five, tenth) == [[500, 950]]


def test_item_discounts_come_before_those_of_the_subscription():
    """Item: 20.00 - 50 % = 10.00; subscription 10 % of 10.00 and of 30.00."""
    half = Discount("item", Fraction(50))
    lines = [Line(2000, discounts=[half]), Line(3000)]
    assert applied(lines, Discount("sub", Fraction(10))) == [[1000, 100], [300]]


def test_discount_in_three_decimals_ends_in_zero():
    """15 % of 1.230 KWD = 184.5 fils -> 180."""
    assert applied([Line(1230, "kwd")], Discount("di", Fraction(15))) == [[180]]
