"""What Stripe documents about amounts holds for any invoice; worked out again here, with decimals.

Rates and rounding per line, discounts one after the other, balances: docs.stripe.com/billing/taxes/tax-rates,
docs.stripe.com/billing/subscriptions/coupons, docs.stripe.com/billing/customer/balance. Prorations to the
second: docs.stripe.com/billing/subscriptions/prorations.
"""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stripe_sandbox.core.server import DEFAULT_KEY
from tests.addon.invoice_plans import RATES, STARTS, STEPS, one_offs, subscriptions
from tests.addon.plan_stripe import PlanStripe

TEN = {"kwd", "bhd", "tnd"}
WHOLE = {"isk", "ugx"}


def examples(number):
    """The same examples in each run; with `--hypothesis-seed` nothing changes."""
    phases = [Phase.generate, Phase.shrink]
    return settings(
        max_examples=number, deadline=None, database=None, derandomize=True, phases=phases
    )


@pytest.fixture(scope="module")
def stripe():
    return PlanStripe(DEFAULT_KEY)


def rounded(amount, multiple=1):
    """Half away from zero, to a multiple."""
    with localcontext(prec=60):
        return int((Decimal(amount) / multiple).quantize(Decimal(1), ROUND_HALF_UP)) * multiple


def fraction_rounded(amount, multiple=1):
    """The same of a fraction."""
    whole = (2 * abs(amount) + multiple) // (2 * multiple) * multiple
    return int(whole if amount >= 0 else -whole)


def made(stripe, plan):
    """Carry out a plan; the invoices with all their lines."""
    stripe.reset()
    invoices = []
    for key in stripe.invoices(stripe.carry_out(plan)):
        invoice = stripe.get(f"/v1/invoices/{key}")
        invoice["lines"] = stripe.get(f"/v1/invoices/{key}/lines", limit=100)["data"]
        invoices.append(invoice)
    return invoices


# === LINES === #


def worth(extra, multiple):
    """What a one-off item costs."""
    if extra.amount is not None:
        return extra.amount
    if extra.unit is not None:
        return rounded(Decimal(extra.unit) * extra.quantity, multiple)
    units = extra.quantity
    if extra.price.kind == "package_up":
        units = -(-units // extra.price.divide_by)
    elif extra.price.kind == "package_down":
        units //= extra.price.divide_by
    return rounded(Decimal(extra.price.unit) * units, multiple)


def taxes_of(net, names, multiple):
    """Amount of each rate on a line; what is included comes out first, all at once."""
    shares = [(Fraction(RATES[name][0]) / 100, RATES[name][1]) for name in names]
    base = Fraction(net) / (1 + sum(share for share, included in shares if included))
    inside = {
        number: fraction_rounded(base * share, multiple)
        for number, (share, included) in enumerate(shares)
        if included
    }
    taxable = net - sum(inside.values())
    return [
        inside[number] if included else fraction_rounded(taxable * share, multiple)
        for number, (share, included) in enumerate(shares)
    ]


def check_discount(coupon, product_of, lines, taken, multiple):
    """Compare what one discount took off lines with what was left of them; returns what is left then.

    :param list lines: What is left of each line that may be discounted; None for others.
    :param list taken: What the discount took off each line, by Stripe.
    """
    eligible = [
        left is not None and (coupon.product is None or product_of[number] == coupon.product)
        for number, left in enumerate(lines)
    ]
    weights = [max(left, 0) if ok else 0 for left, ok in zip(lines, eligible, strict=True)]
    whole = sum(weights)
    if coupon.percent is None:
        assert sum(taken) == min(coupon.amount, whole)
    for left, ok, part, weight in zip(lines, eligible, taken, weights, strict=True):
        if not ok:
            assert part == 0
        elif coupon.percent is not None:
            assert part == rounded(Decimal(coupon.percent) * left / 100, multiple)
        else:
            assert 0 <= part <= weight
            assert not whole or abs(part - Fraction(min(coupon.amount, whole) * weight, whole)) < 1
    return [left and left - part for left, part in zip(lines, taken, strict=True)]


@examples(400)
@given(plan=one_offs())
def test_invoices_by_hand(stripe, plan):
    (invoice,) = made(stripe, plan)
    lines, multiple = invoice["lines"], 10 if plan.currency in TEN else 1
    assert [line["amount"] for line in lines] == [worth(e, multiple) for e in plan.extras]
    check_discounts(plan, lines, multiple)
    for extra, line in zip(plan.extras, lines, strict=True):
        off = sum(row["amount"] for row in line["discount_amounts"])
        expected = taxes_of(line["amount"] - off, extra.rates or plan.rates, multiple)
        if plan.exempt != "none":
            expected = [0 for _amount in expected]
        assert [row["amount"] for row in line["taxes"]] == expected
    check_sums(invoice)
    check_balance(plan, invoice)


def check_discounts(plan, lines, multiple):
    """Those of each item in their order, then those of the invoice on what is left."""
    products = [extra.price and extra.price.product for extra in plan.extras]
    free = [line["discountable"] for line in lines]
    left = [line["amount"] for line in lines]
    rows = [iter(line["discount_amounts"]) for line in lines]
    for number, extra in enumerate(plan.extras):
        for coupon in extra.coupons:
            ok = free[number] and coupon.product in (None, products[number])
            part = next(rows[number])["amount"] if ok else 0
            one = [left[number] if ok else None]
            check_discount(coupon, [coupon.product], one, [part], multiple)
            left[number] -= part
    for coupon in plan.coupons:
        ok = [
            may and coupon.product in (None, product)
            for may, product in zip(free, products, strict=True)
        ]
        taken = [next(row)["amount"] if may else 0 for row, may in zip(rows, ok, strict=True)]
        allowed = [amount if may else None for amount, may in zip(left, ok, strict=True)]
        check_discount(coupon, [coupon.product] * len(lines), allowed, taken, multiple)
        left = [amount - part for amount, part in zip(left, taken, strict=True)]
    assert [list(row) for row in rows] == [[] for _line in lines]


def check_sums(invoice):
    """The sums of an invoice are those of its lines."""
    lines = invoice["lines"]
    off = sum(row["amount"] for line in lines for row in line["discount_amounts"])
    net = sum(line["amount"] for line in lines) - off
    taxes = [row for line in lines for row in line["taxes"]]
    added = sum(row["amount"] for row in taxes if row["tax_behavior"] == "exclusive")
    assert invoice["total"] == net + added
    assert invoice["total_excluding_tax"] == net + added - sum(row["amount"] for row in taxes)
    assert sum(row["amount"] for row in invoice["total_discount_amounts"]) == off
    by_rate = {}
    for row in taxes:
        key = row["tax_rate_details"]["tax_rate"]
        by_rate[key] = by_rate.get(key, 0) + row["amount"]
    assert {
        row["tax_rate_details"]["tax_rate"]: row["amount"] for row in invoice["total_taxes"]
    } == by_rate


def check_balance(plan, invoice):
    """Nothing is lost between the total, the balance and what is collected."""
    before, after = invoice["starting_balance"], invoice["ending_balance"]
    due = invoice["amount_due"]
    assert before == plan.balance
    assert invoice["total"] + before == due + after
    assert due >= 0 and due == invoice["amount_paid"] + invoice["amount_remaining"]
    if invoice["total"] < 0 or invoice["total"] + before <= 0:
        assert due == 0
    elif due:
        assert due % 100 == 0 and abs(after) <= 50 if plan.currency in WHOLE else after == 0


# === PRORATIONS === #


@examples(60)
@given(plan=subscriptions())
def test_subscriptions(stripe, plan):
    for invoice in made(stripe, plan):
        check_sums(invoice)
        before, after = invoice["starting_balance"], invoice["ending_balance"]
        assert invoice["total"] + before == invoice["amount_due"] + after


@examples(150)
@given(
    start=STARTS,
    currency=st.sampled_from(("usd", "jpy", "kwd", "isk")),
    interval=st.sampled_from(("day", "week", "month", "year")),
    units=st.tuples(st.integers(1, 90_000), st.integers(1, 90_000)),
    quantities=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    moments=st.lists(st.integers(1, 999_999), min_size=1, max_size=3, unique=True).map(sorted),
    percent=st.sampled_from((None, None, 15, 50, 100)),
)
def test_prorations_to_the_second(
    stripe, start, currency, interval, units, quantities, moments, percent
):
    """Each change gives back the rest of what was billed last, and bills the rest of the new price."""
    stripe.reset()
    step, multiple = STEPS.get(currency, 1), 10 if currency in TEN else 1
    prices = [
        stripe.post(
            "/v1/prices",
            currency=currency,
            unit_amount=unit * step,
            recurring={"interval": interval},
            product=stripe.products[0],
        )["id"]
        for unit in units
    ]
    clock = stripe.post("/v1/test_helpers/test_clocks", frozen_time=start)["id"]
    card = "pm_card_visa"
    buyer = stripe.post(
        "/v1/customers",
        test_clock=clock,
        payment_method=card,
        invoice_settings={"default_payment_method": card},
    )["id"]
    coupon = percent and stripe.post("/v1/coupons", percent_off=percent, duration="forever")["id"]
    sub = stripe.post(
        "/v1/subscriptions",
        customer=buyer,
        items=[{"price": prices[0], "quantity": quantities[0]}],
        discounts=[{"coupon": coupon}] if coupon else None,
    )
    (item,) = sub["items"]["data"]
    begin, end = item["current_period_start"], item["current_period_end"]

    def whole(which):
        cost = units[which] * step * quantities[which]
        return cost - (rounded(Decimal(cost) * percent / 100, multiple) if percent else 0)

    billed, since, expected = whole(0), begin, []
    for number, share in enumerate(moments, start=1):
        at = begin + max(1, (end - begin) * share // 1_000_000)
        if at <= since:
            continue
        stripe.wait(clock, at)
        which = number % 2
        row = {"id": item["id"], "price": prices[which], "quantity": quantities[which]}
        stripe.post(f"/v1/subscriptions/{sub['id']}", items=[row])
        expected.append(-fraction_rounded(Fraction(billed * (end - at), end - since), multiple))
        billed = fraction_rounded(Fraction(whole(which) * (end - at), end - begin), multiple)
        expected.append(billed)
        since = at
    rows = stripe.get("/v1/invoiceitems", customer=buyer, pending=True, limit=100)["data"]
    assert [row["amount"] for row in rows[::-1]] == [amount for amount in expected if amount]
