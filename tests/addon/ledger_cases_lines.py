"""Cases of the ledger: lines of all kinds, totals of any sign, discounts."""

from tests.addon.ledger_objects import (
    REDUCED,
    VAT,
    Case,
    invoice,
    item,
    paid,
)

CASES = [
    # === LINES === #
    Case(
        "one_line",
        ([invoice(item(2000))],),
        ["invoice: receivable 20.00, income -20.00", paid("20.00")],
        state="paid",
    ),
    Case(
        "quantity",
        ([invoice(item(6000, quantity=3))],),
        ["invoice: receivable 60.00, income -60.00", paid("60.00")],
    ),
    Case(
        "several_lines",
        ([invoice(item(2000), item(500), item(1250, quantity=5))],),
        [
            "invoice: receivable 37.50, income -20.00, income -5.00, income -12.50",
            paid("37.50"),
        ],
    ),
    Case(
        "proration",
        ([invoice(item(-1000, description="Unused"), item(2500, description="Remaining"))],),
        ["invoice: receivable 15.00, income 10.00, income -25.00", paid("15.00")],
    ),
    Case(
        "proration_taxed",
        ([invoice(item(-1000, VAT, -200), item(2500, VAT, 500))],),
        [
            "invoice: receivable 18.00, income+20 10.00, income+20 -25.00, tax20 -3.00",
            paid("18.00"),
        ],
    ),
    Case(
        "one_off_item",
        ([invoice(item(9900, description="Setup"), item(2000))],),
        ["invoice: receivable 119.00, income -99.00, income -20.00", paid("119.00")],
    ),
    Case(
        "zero_lines",
        ([invoice(item(0), item(0, quantity=0), item(2000))],),
        ["invoice: receivable 20.00, income -20.00", paid("20.00")],
    ),
    # 1,234 calls at 1.23 cents are 15.1782, which Stripe rounds.
    Case(
        "metered_fraction_of_a_cent",
        ([invoice(item(1518, quantity=1234))],),
        ["invoice: receivable 15.18, income -15.18", paid("15.18")],
    ),
    Case(
        "metered_nothing_used",
        ([invoice(item(0, quantity=0))],),
        ["invoice:"],
        state="paid",
    ),
    Case(
        "tiers_flat_and_units",
        ([invoice(item(5000, quantity=10), item(2100, quantity=7), item(1000, quantity=0))],),
        [
            "invoice: receivable 81.00, income -50.00, income -21.00, income -10.00",
            paid("81.00"),
        ],
    ),
    Case(
        "tiers_in_one_line",
        ([invoice(item(10001, quantity=7))],),
        ["invoice: receivable 100.01, income -100.01", paid("100.01")],
    ),
    # 1,301 units make 14 packages of 100 at 5.00.
    Case(
        "package",
        ([invoice(item(7000, quantity=1301))],),
        ["invoice: receivable 70.00, income -70.00", paid("70.00")],
    ),
    # === TOTALS === #
    Case(
        "negative_invoice",
        ([invoice(item(-5000), item(2000), balance=[-3000])],),
        [
            "credit: receivable -30.00, income 50.00, income -20.00",
            "entry: balance -30.00, receivable 30.00",
        ],
        # Odoo's word for a credit note that an entry settles.
        state="reversed",
    ),
    Case(
        "negative_invoice_taxed",
        (
            [
                invoice(
                    item(-5000, VAT, -1000),
                    item(2000, VAT, 400),
                    item(500, REDUCED, 25),
                    balance=[-3075],
                )
            ],
        ),
        [
            "credit: receivable -30.75, income+20 50.00, income+20 -20.00, income+5 -5.00, "
            "tax20 6.00, tax5 -0.25",
            "entry: balance -30.75, receivable 30.75",
        ],
    ),
    Case("zero_invoice", ([invoice(item(0))],), ["invoice:"], state="paid"),
    Case(
        "zero_by_proration",
        ([invoice(item(-2000), item(2000))],),
        ["invoice: income 20.00, income -20.00"],
        state="paid",
    ),
    Case("invoice_without_lines", ([invoice()],), ["invoice:"], state="paid"),
    # === DISCOUNTS === #
    Case(
        "discount_percent",
        ([invoice(item(6000, quantity=3, discounts=[600]))],),
        ["invoice: receivable 54.00, income -54.00", paid("54.00")],
    ),
    Case(
        "discount_amount",
        ([invoice(item(2000, discounts=[500]))],),
        ["invoice: receivable 15.00, income -15.00", paid("15.00")],
    ),
    Case(
        "discount_two",
        ([invoice(item(10000, discounts=[1000, 900]))],),
        ["invoice: receivable 81.00, income -81.00", paid("81.00")],
    ),
    Case(
        "discount_on_one_line",
        ([invoice(item(2000, discounts=[1000]), item(3000))],),
        ["invoice: receivable 40.00, income -10.00, income -30.00", paid("40.00")],
    ),
    Case("discount_full", ([invoice(item(2000, discounts=[2000]))],), ["invoice:"], state="paid"),
    Case(
        "discount_full_taxed",
        ([invoice(item(2000, VAT, 0, discounts=[2000]))],),
        ["invoice:"],
        state="paid",
    ),
    Case(
        "discount_third",
        ([invoice(item(9999, quantity=3, discounts=[3333]))],),
        ["invoice: receivable 66.66, income -66.66", paid("66.66")],
    ),
    Case(
        "discount_odd",
        ([invoice(item(1001, quantity=7, discounts=[7]))],),
        ["invoice: receivable 9.94, income -9.94", paid("9.94")],
    ),
    # 20 % off 49.99 are 10.00; 20 % of 39.99 are 8.00.
    Case(
        "discount_taxed",
        ([invoice(item(4999, VAT, 800, discounts=[1000]))],),
        ["invoice: receivable 47.99, income+20 -39.99, tax20 -8.00", paid("47.99")],
    ),
    Case(
        "discount_on_proration",
        ([invoice(item(-1000, discounts=[-100]), item(2000, discounts=[200]))],),
        ["invoice: receivable 9.00, income 9.00, income -18.00", paid("9.00")],
    ),
]
