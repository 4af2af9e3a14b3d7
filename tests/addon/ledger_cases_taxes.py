"""Cases of the ledger: taxes, what is refused or left a draft."""

from tests.addon.ledger_objects import (
    CITY,
    REDUCED,
    SALES,
    SALES_INCLUDED,
    STATE,
    VAT,
    VAT_INCLUDED,
    ZERO,
    Case,
    credit_note,
    invoice,
    item,
    open_invoice,
    paid,
)
from tests.addon.stripe_objects import line, tax, tax_rate


def not_due(rate, base, reason="reverse_charge", included=False):
    """A tax that is not to be collected, as when the customer owes it instead of the seller."""
    return {**tax(rate, 0, base, included), "taxability_reason": reason}


TAXES = [
    Case(
        "tax_exclusive",
        ([invoice(item(10000, VAT, 2000))],),
        ["invoice: receivable 120.00, income+20 -100.00, tax20 -20.00", paid("120.00")],
    ),
    Case(
        "tax_inclusive",
        ([invoice(item(12000, VAT_INCLUDED, 2000))],),
        ["invoice: receivable 120.00, income+20i -100.00, tax20i -20.00", paid("120.00")],
    ),
    Case(
        "tax_two_rates_on_a_line",
        ([invoice(line(4999, taxes=[tax(STATE, 312, 4999), tax(CITY, 106, 4999)]))],),
        [
            "invoice: receivable 54.17, income+2.125+6.25 -49.99, tax6.25 -3.12, tax2.125 -1.06",
            paid("54.17"),
        ],
    ),
    Case(
        "tax_inclusive_and_exclusive",
        (
            [
                invoice(
                    line(
                        12000,
                        taxes=[tax(VAT_INCLUDED, 2000, 10000, True), tax(REDUCED, 500, 10000)],
                    )
                )
            ],
        ),
        [
            "invoice: receivable 125.00, income+20i+5 -100.00, tax20i -20.00, tax5 -5.00",
            paid("125.00"),
        ],
    ),
    Case(
        "tax_different_rates",
        ([invoice(item(10000, VAT, 2000), item(1000, REDUCED, 50), item(300))],),
        [
            "invoice: receivable 133.50, income+20 -100.00, income+5 -10.00, income -3.00, "
            "tax20 -20.00, tax5 -0.50",
            paid("133.50"),
        ],
    ),
    # 15 % of 99.99 would be 15.00.
    Case(
        "tax_a_cent_more",
        ([invoice(item(9999, SALES, 1501))],),
        ["invoice: receivable 115.00, income+15 -99.99, tax15 -15.01", paid("115.00")],
    ),
    Case(
        "tax_a_cent_less",
        ([invoice(item(9999, SALES, 1499))],),
        ["invoice: receivable 114.98, income+15 -99.99, tax15 -14.99", paid("114.98")],
    ),
    # 10.00 with 15 % inside would be 8.70 and 1.30.
    Case(
        "tax_inclusive_a_cent_more",
        ([invoice(item(1000, SALES_INCLUDED, 131))],),
        ["invoice: receivable 10.00, income+15i -8.69, tax15i -1.31", paid("10.00")],
    ),
    # 29.97 with 20 % inside: 4.995, which Stripe rounds down here.
    Case(
        "tax_inclusive_half_cent",
        ([invoice(item(2997, VAT_INCLUDED, 499, quantity=3))],),
        ["invoice: receivable 29.97, income+20i -24.98, tax20i -4.99", paid("29.97")],
    ),
    # 5 % of 2.50 are 0.125.
    Case(
        "tax_half_cent_down",
        ([invoice(item(250, REDUCED, 12))],),
        ["invoice: receivable 2.62, income+5 -2.50, tax5 -0.12", paid("2.62")],
    ),
    Case(
        "tax_half_cent_up",
        ([invoice(item(250, REDUCED, 13))],),
        ["invoice: receivable 2.63, income+5 -2.50, tax5 -0.13", paid("2.63")],
    ),
    # 20 % of 0.33 are 0.066, rounded on each line; of 0.99 they would be 0.20.
    Case(
        "tax_rounded_on_each_line",
        ([invoice(item(33, VAT, 7), item(33, VAT, 7), item(33, VAT, 7))],),
        [
            "invoice: receivable 1.20, income+20 -0.33, income+20 -0.33, income+20 -0.33, "
            "tax20 -0.21",
            paid("1.20"),
        ],
    ),
    # The other way: on the whole invoice, which leaves less on the last line.
    Case(
        "tax_rounded_on_the_whole",
        ([invoice(item(33, VAT, 7), item(33, VAT, 7), item(33, VAT, 6))],),
        [
            "invoice: receivable 1.19, income+20 -0.33, income+20 -0.33, income+20 -0.33, "
            "tax20 -0.20",
            paid("1.19"),
        ],
    ),
    Case(
        "tax_inclusive_rounded_on_each_line",
        (
            [
                invoice(
                    item(100, VAT_INCLUDED, 17),
                    item(100, VAT_INCLUDED, 17),
                    item(100, VAT_INCLUDED, 17),
                )
            ],
        ),
        [
            "invoice: receivable 3.00, income+20i -0.83, income+20i -0.83, income+20i -0.83, "
            "tax20i -0.51",
            paid("3.00"),
        ],
    ),
    # A cent of tax on a cent, and none on another.
    Case(
        "tax_on_a_cent",
        ([invoice(item(1, VAT, 1), item(2, VAT, 0), item(9997, VAT, 1999))],),
        [
            "invoice: receivable 120.00, income+20 -0.01, income+20 -0.02, income+20 -99.97, "
            "tax20 -20.00",
            paid("120.00"),
        ],
    ),
    Case(
        "tax_inclusive_discounted",
        ([invoice(item(12000, VAT_INCLUDED, 1667, discounts=[2000]))],),
        ["invoice: receivable 100.00, income+20i -83.33, tax20i -16.67", paid("100.00")],
    ),
    Case(
        "tax_zero_rate",
        ([invoice(item(2000, ZERO, 0))],),
        ["invoice: receivable 20.00, income+0 -20.00", paid("20.00")],
    ),
    Case(
        "tax_reverse_charge",
        ([invoice(line(10000, taxes=[not_due(ZERO, 10000)]))],),
        ["invoice: receivable 100.00, income+0 -100.00", paid("100.00")],
    ),
    # What is sold without VAT is not part of the base of 20 %.
    Case(
        "tax_reverse_charge_of_a_real_rate",
        ([invoice(line(10000, taxes=[not_due(VAT, 0)]))],),
        ["invoice: receivable 100.00, income -100.00", paid("100.00")],
    ),
    Case(
        "tax_reverse_charge_beside_taxed_lines",
        (
            [
                invoice(
                    line(10000, taxes=[not_due(VAT, 10000)]),
                    item(1000, VAT, 200),
                    line(500, taxes=[not_due(VAT, 500, "product_exempt")]),
                )
            ],
        ),
        [
            "invoice: receivable 117.00, income -100.00, income+20 -10.00, income -5.00, "
            "tax20 -2.00",
            paid("117.00"),
        ],
    ),
    # One of two taxes on a line is not collected.
    Case(
        "tax_not_collected_by_the_city",
        ([invoice(line(4999, taxes=[tax(STATE, 312, 4999), not_due(CITY, 0, "not_collecting")]))],),
        ["invoice: receivable 53.11, income+6.25 -49.99, tax6.25 -3.12", paid("53.11")],
    ),
    Case(
        "tax_included_for_an_exempt_customer",
        ([invoice(line(12000, taxes=[not_due(VAT_INCLUDED, 12000, "customer_exempt", True)]))],),
        ["invoice: receivable 120.00, income -120.00", paid("120.00")],
    ),
    Case(
        "tax_reverse_charge_credited",
        (
            [reversed_charge := invoice(line(10000, taxes=[not_due(VAT, 10000)]))],
            [credit_note(reversed_charge, line(4000, taxes=[not_due(VAT, 4000)]), to_balance=4000)],
        ),
        [
            "invoice: receivable 100.00, income -100.00",
            paid("100.00"),
            "credit: receivable -40.00, income 40.00",
            "entry: balance -40.00, receivable 40.00",
        ],
    ),
    # Rounded to nothing, but due.
    Case(
        "tax_of_too_little",
        ([invoice(line(100, taxes=[{**tax(CITY, 0, 2), "taxability_reason": "standard_rated"}]))],),
        ["invoice: receivable 1.00, income+2.125 -1.00", paid("1.00")],
    ),
    Case(
        "tax_without_a_rate",
        ([invoice(line(10000, taxes=[{**tax(None, 0, 0), "tax_rate_details": None}]))],),
        ["invoice: receivable 100.00, income -100.00", paid("100.00")],
    ),
]

REFUSED = [
    Case(
        "refused_unmapped_rate",
        (
            [tax_rate(7.25, id="txr_unmapped")],
            [invoice(item(2000, "txr_unmapped", 145))],
        ),
        refused="Choose the Odoo tax .*7.25%",
    ),
    Case(
        "refused_currency_without_rate",
        ([invoice(item(2000), currency="thb")],),
        refused="THB has no exchange rate",
    ),
    Case(
        "refused_other_mode",
        ([invoice(item(2000), livemode=True)],),
        refused="other mode",
    ),
    Case(
        "draft_other_total",
        ([invoice(item(2000), total=2001)],),
        draft=r"total would be 20\.0 USD, but is 20\.01",
    ),
    Case(
        "draft_other_tax",
        ([invoice(item(2000, SALES, 300), total_taxes=[tax(SALES, 299, 2000)])],),
        draft=r"tax would be 3\.0 USD, but is 2\.99",
    ),
    Case(
        "draft_beside_a_good_one",
        ([invoice(item(2000), total=2001), invoice(item(500))],),
        ["invoice: receivable 5.00, income -5.00", paid("5.00")],
        draft="total",
    ),
    Case("left_out_draft", ([open_invoice(item(2000), status="draft")],)),
    Case("left_out_stranger", ([invoice(item(2000), customer="cus_stranger")],)),
    Case(
        "left_out_before_booking",
        ([invoice(item(2000))],),
        provider={"stripe_billing_book_from": "2025-03-04"},
    ),
]

CASES = [*TAXES, *REFUSED]
