"""Totals of whole invoices: item and invoice discounts, taxes of both kinds, balance; worked by
hand.
"""

from fractions import Fraction

import pytest

from stripe_sandbox.billing import totals
from stripe_sandbox.billing.discounts import Discount
from stripe_sandbox.billing.lines import line
from stripe_sandbox.billing.tax import Rate

RATES = {
    "vat": Rate("vat", Fraction(20), inclusive=True),
    "gst": Rate("gst", Fraction(5), inclusive=False),
    "qst": Rate("qst", Fraction("9.975"), inclusive=False),
}
DISCOUNTS = {
    "half": Discount("half", percent_off=Fraction(50)),
    "ten": Discount("ten", percent_off=Fraction(10)),
    "five": Discount("five", amount_off=500),
}


def row(amount, *, currency="usd", discounts=(), tax_rates=()):
    return line(
        amount=amount,
        currency=currency,
        description="x",
        period=(0, 1),
        parent=None,
        discounts=discounts,
        tax_rates=tax_rates,
    )


def invoice(*, discounts=(), rates=(), exempt="none", currency="usd"):
    return {
        "currency": currency,
        "customer_tax_exempt": exempt,
        "discounts": list(discounts),
        "_default_tax_rates": list(rates),
    }


def computed(head, *rows):
    totals.compute(head, rows, RATES, DISCOUNTS)
    return head


def sums(head):
    names = ("subtotal", "subtotal_excluding_tax", "total_excluding_tax", "total")
    return tuple(head[name] for name in names)


def test_plain_sum():
    assert sums(computed(invoice(), row(2000), row(550))) == (2550, 2550, 2550, 2550)


def test_exclusive_taxes_are_added():
    """100.00 and 0.43: GST 5.00 + 0.02 (0.0215), QST 9.98 (9.975) + 0.04 (0.0429): 100.43 +
    15.04.
    """
    head = computed(invoice(rates=("gst", "qst")), row(10000), row(43))
    assert sums(head) == (10043, 10043, 10043, 11547)
    assert [(t["tax_rate_details"]["tax_rate"], t["amount"]) for t in head["total_taxes"]] == [
        ("gst", 502),
        ("qst", 1002),
    ]
    assert head["total_taxes"][0]["taxable_amount"] == 10043


def test_inclusive_tax_changes_nothing_but_the_net():
    """120.00 incl. 20 % = 100.00 + 20.00; a line's own rate replaces the default one."""
    head = computed(invoice(rates=("gst",)), row(12000, tax_rates=("vat",)))
    assert sums(head) == (12000, 10000, 10000, 12000)
    assert head["total_taxes"][0]["tax_behavior"] == "inclusive"


def test_tax_follows_discounts():
    """20.00 - 50 % own = 10.00, + 30.00 = subtotal 40.00; 10 % off the rest = 9.00 + 27.00 = 36.00;
    5 % of 9.00 = 0.45 and of 27.00 = 1.35; total 37.80."""
    first = row(2000, discounts=("half",))
    head = computed(invoice(discounts=("ten",), rates=("gst",)), first, row(3000))
    assert sums(head) == (4000, 4000, 3600, 3780)
    assert first["discount_amounts"] == [
        {"amount": 1000, "discount": "half"},
        {"amount": 100, "discount": "ten"},
    ]
    assert head["total_discount_amounts"] == [
        {"amount": 1000, "discount": "half"},
        {"amount": 400, "discount": "ten"},
    ]
    assert [t["amount"] for t in first["taxes"]] == [45]


def test_line_and_invoice_taxes_agree():
    rows = [row(amount, tax_rates=("gst", "qst")) for amount in (333, 777, -120, 5)]
    head = computed(invoice(discounts=("five",)), *rows)
    for rate in ("gst", "qst"):
        of_lines = sum(
            t["amount"]
            for r in rows
            for t in r["taxes"]
            if t["tax_rate_details"]["tax_rate"] == rate
        )
        of_invoice = [
            t["amount"] for t in head["total_taxes"] if t["tax_rate_details"]["tax_rate"] == rate
        ]
        assert of_invoice == [of_lines]
    assert head["total"] == 995 - 500 + sum(t["amount"] for t in head["total_taxes"])


def test_exempt_customer():
    head = computed(invoice(rates=("gst",), exempt="reverse"), row(1000))
    assert head["total"] == 1000
    assert head["total_taxes"][0]["taxability_reason"] == "reverse_charge"


@pytest.mark.parametrize(
    ("currency", "total", "balance", "due", "ending"),
    [
        ("usd", 2000, 0, 2000, 0),
        ("usd", 2000, -500, 1500, 0),  # credit is used first
        ("usd", 2000, -2500, 0, -500),  # credit is left
        ("usd", 2000, 300, 2300, 0),  # what is owed is charged along
        ("usd", -700, 0, 0, -700),  # a negative invoice becomes credit
        ("usd", -700, 1000, 0, 300),
        ("usd", 49, 0, 0, 49),  # below the minimum of 0.50: rolls over
        ("usd", 50, 0, 50, 0),
        ("usd", 2000, -1960, 0, 40),  # 0.40 left to pay rolls over
        ("gbp", 30, 0, 30, 0),
        ("jpy", 49, 0, 0, 49),
        ("huf", 17499, 0, 0, 17499),
        ("isk", 12345, 0, 12300, 45),  # whole krona only, the rest is owed
        ("isk", 12350, 0, 12400, -50),
        ("usd", 0, 0, 0, 0),
    ],
)
def test_balance_and_minimum(currency, total, balance, due, ending):
    head = {"currency": currency, "total": total}
    assert totals.settle(head, balance) == ending
    assert (head["amount_due"], head["starting_balance"]) == (due, balance)
