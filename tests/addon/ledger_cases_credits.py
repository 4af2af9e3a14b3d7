"""Cases of the ledger: credit notes and refunds."""

from tests.addon.ledger_objects import (
    LATER,
    VAT,
    VAT_INCLUDED,
    Case,
    balance_transaction,
    credit_note,
    customer,
    invoice,
    item,
    open_invoice,
    paid,
    pay,
    refund,
)

INVOICE = "invoice: receivable 100.00, income -100.00"
INVOICE_TAXED = "invoice: receivable 120.00, income+20 -100.00, tax20 -20.00"
INVOICE_INCLUSIVE = "invoice: receivable 120.00, income+20i -100.00, tax20i -20.00"
INVOICE_EUR = "invoice: receivable 100 EUR 125.00, income -100 EUR -125.00"
PAID_EUR = "payment: clearing 100 EUR 125.00, receivable -100 EUR -125.00"
CREDIT_40 = "credit: receivable -40.00, income 40.00"
CREDIT_30 = "credit: receivable -30.00, income 30.00"

PAID = invoice(item(10000))
TAXED = invoice(item(10000, VAT, 2000))
INCLUSIVE = invoice(item(12000, VAT_INCLUDED, 2000))
EUR = invoice(item(10000), currency="eur")
OPEN = open_invoice(item(10000))
OPEN_TAXED = open_invoice(item(10000, VAT, 2000))
PART_PAID = pay(open_invoice(item(10000)), 6000, status="open")

BACK = refund(PAID, 4000)
REST = refund(PAID, 6000, at=LATER)
ALL = refund(PAID, 10000)
BACK_TAXED = refund(TAXED, 4800)
BACK_INCLUSIVE = refund(INCLUSIVE, 4800)
BACK_ODD = refund(TAXED, 3999)
BACK_PART = refund(PART_PAID, 3000)
BACK_EUR = refund(EUR, 4000, at=LATER)
CREDIT = credit_note(PAID, item(4000), refunds=[BACK])
TO_BALANCE = credit_note(PAID, item(4000), to_balance=4000)
ON_OPEN = credit_note(OPEN, item(3000), off_open=3000)
ON_OPEN_TAXED = credit_note(OPEN_TAXED, item(3000, VAT, 600), off_open=3600)


def paid_back(amount):
    """The entry of a refund in dollars."""
    return f"refund: clearing -{amount}, receivable {amount}"


CASES = [
    Case(
        "credit_note_refunded",
        ([PAID], [BACK, CREDIT]),
        [INVOICE, paid("100.00"), CREDIT_40, paid_back("40.00")],
        state="paid",
    ),
    Case(
        "credit_note_before_its_refund",
        ([PAID], [CREDIT], [BACK]),
        [INVOICE, paid("100.00"), CREDIT_40, paid_back("40.00")],
    ),
    Case(
        "credit_note_after_its_refund",
        ([PAID], [BACK], [CREDIT]),
        [INVOICE, paid("100.00"), CREDIT_40, paid_back("40.00")],
    ),
    Case(
        "credit_note_and_all_at_once",
        ([PAID, BACK, CREDIT],),
        [INVOICE, paid("100.00"), CREDIT_40, paid_back("40.00")],
    ),
    Case(
        "credit_note_of_all",
        ([PAID], [ALL, credit_note(PAID, item(10000), refunds=[ALL])]),
        [
            INVOICE,
            paid("100.00"),
            "credit: receivable -100.00, income 100.00",
            paid_back("100.00"),
        ],
    ),
    Case(
        "credit_notes_two",
        (
            [PAID],
            [BACK, CREDIT],
            [REST, credit_note(PAID, item(6000), refunds=[REST], at=LATER)],
        ),
        [
            INVOICE,
            paid("100.00"),
            CREDIT_40,
            paid_back("40.00"),
            "credit: receivable -60.00, income 60.00",
            paid_back("60.00"),
        ],
    ),
    Case(
        "credit_note_with_two_refunds",
        ([PAID], [BACK, REST, credit_note(PAID, item(10000), refunds=[BACK, REST])]),
        [
            INVOICE,
            paid("100.00"),
            "credit: receivable -100.00, income 100.00",
            paid_back("40.00"),
            paid_back("60.00"),
        ],
    ),
    Case(
        "credit_note_to_balance",
        ([PAID], [credit_note(PAID, item(4000), to_balance=4000)]),
        [INVOICE, paid("100.00"), CREDIT_40, "entry: balance -40.00, receivable 40.00"],
    ),
    # What was given away before says nothing about the account of what is sold.
    Case(
        "credit_note_after_granted_credit",
        ([PAID], [customer(balance_transaction(-500))], [TO_BALANCE]),
        [
            INVOICE,
            paid("100.00"),
            "entry: credit 5.00, balance -5.00",
            CREDIT_40,
            "entry: balance -40.00, receivable 40.00",
        ],
    ),
    # The customer tells of the balance before the credit note is there.
    Case(
        "credit_note_after_its_balance",
        ([PAID], [customer(TO_BALANCE["customer_balance_transaction"])], [TO_BALANCE]),
        [INVOICE, paid("100.00"), CREDIT_40, "entry: balance -40.00, receivable 40.00"],
    ),
    Case(
        "credit_note_refund_and_balance",
        ([PAID], [BACK, credit_note(PAID, item(7000), refunds=[BACK], to_balance=3000)]),
        [
            INVOICE,
            paid("100.00"),
            "credit: receivable -70.00, income 70.00",
            paid_back("40.00"),
            "entry: balance -30.00, receivable 30.00",
        ],
    ),
    # Until somebody registers the payment in Odoo.
    Case(
        "credit_note_out_of_band",
        ([PAID], [credit_note(PAID, item(4000), out_of_band_amount=4000)]),
        [INVOICE, paid("100.00"), CREDIT_40],
        owed=-40.0,
        state="paid",
    ),
    Case(
        "credit_note_on_open_invoice",
        ([OPEN], [ON_OPEN]),
        [INVOICE, CREDIT_30],
        owed=70.0,
        state="partial",
    ),
    Case(
        "credit_note_on_open_invoice_then_paid",
        ([OPEN], [ON_OPEN], [pay(OPEN, 7000, at=LATER)]),
        [INVOICE, CREDIT_30, paid("70.00")],
        state="paid",
    ),
    Case(
        "credit_note_on_all_of_open_invoice",
        (
            [OPEN],
            [credit_note(OPEN, item(10000), off_open=10000), {**OPEN, "status": "paid"}],
        ),
        [INVOICE, "credit: receivable -100.00, income 100.00"],
        state="reversed",
    ),
    # 100.00 of which 60.00 are paid: 70.00 off are the 40.00 still open and 30.00 back.
    Case(
        "credit_note_partly_open_partly_refunded",
        (
            [PART_PAID],
            [
                BACK_PART,
                credit_note(PART_PAID, item(7000), refunds=[BACK_PART], off_open=4000),
                {**PART_PAID, "status": "paid"},
            ],
        ),
        [
            INVOICE,
            paid("60.00"),
            "credit: receivable -70.00, income 70.00",
            paid_back("30.00"),
        ],
        state="paid",
    ),
    Case(
        "credit_note_partly_open_before_its_refund",
        (
            [PART_PAID],
            [credit_note(PART_PAID, item(7000), refunds=[BACK_PART], off_open=4000)],
            [BACK_PART],
        ),
        [
            INVOICE,
            paid("60.00"),
            "credit: receivable -70.00, income 70.00",
            paid_back("30.00"),
        ],
    ),
    Case(
        "credit_note_partly_open_partly_to_balance",
        ([PART_PAID], [credit_note(PART_PAID, item(7000), to_balance=3000, off_open=4000)]),
        [
            INVOICE,
            paid("60.00"),
            "credit: receivable -70.00, income 70.00",
            "entry: balance -30.00, receivable 30.00",
        ],
        state="paid",
    ),
    Case(
        "credit_note_taxed",
        ([TAXED], [BACK_TAXED, credit_note(TAXED, item(4000, VAT, 800), refunds=[BACK_TAXED])]),
        [
            INVOICE_TAXED,
            paid("120.00"),
            "credit: receivable -48.00, income+20 40.00, tax20 8.00",
            paid_back("48.00"),
        ],
    ),
    Case(
        "credit_note_tax_included",
        (
            [INCLUSIVE],
            [
                BACK_INCLUSIVE,
                credit_note(INCLUSIVE, item(4800, VAT_INCLUDED, 800), refunds=[BACK_INCLUSIVE]),
            ],
        ),
        [
            INVOICE_INCLUSIVE,
            paid("120.00"),
            "credit: receivable -48.00, income+20i 40.00, tax20i 8.00",
            paid_back("48.00"),
        ],
    ),
    # 20 % of 33.33 would be 6.67.
    Case(
        "credit_note_tax_a_cent_less",
        ([TAXED], [BACK_ODD, credit_note(TAXED, item(3333, VAT, 666), refunds=[BACK_ODD])]),
        [
            INVOICE_TAXED,
            paid("120.00"),
            "credit: receivable -39.99, income+20 33.33, tax20 6.66",
            paid_back("39.99"),
        ],
    ),
    Case(
        "credit_note_discounted",
        (
            [invoiced := invoice(item(10000, discounts=[1000]))],
            [credit_note(invoiced, item(5000, discounts=[500]), to_balance=4500)],
        ),
        [
            "invoice: receivable 90.00, income -90.00",
            paid("90.00"),
            "credit: receivable -45.00, income 45.00",
            "entry: balance -45.00, receivable 45.00",
        ],
    ),
    Case(
        "credit_note_voided",
        ([OPEN], [ON_OPEN], [{**ON_OPEN, "status": "void"}]),
        [INVOICE, CREDIT_30, "invoice: receivable 30.00, income -30.00"],
        owed=100.0,
        state="not_paid",
    ),
    Case(
        "credit_note_taxed_voided",
        ([OPEN_TAXED], [ON_OPEN_TAXED], [{**ON_OPEN_TAXED, "status": "void"}]),
        sums={"receivable": 120.0, "income+20": -100.0, "tax20": -20.0},
        owed=120.0,
        state="not_paid",
    ),
    Case(
        "credit_note_voided_then_the_invoice_is_paid",
        ([OPEN], [ON_OPEN], [{**ON_OPEN, "status": "void"}], [pay(OPEN, 10000, at=LATER)]),
        sums={"clearing": 100.0, "income": -100.0},
        state="paid",
    ),
    Case(
        "credit_note_void_before_it_was_booked",
        ([OPEN], [{**ON_OPEN, "status": "void"}]),
        [INVOICE],
        owed=100.0,
    ),
    Case("credit_note_of_unknown_invoice", ([ON_OPEN],)),
    Case(
        "credit_note_in_eur_at_another_rate",
        (
            [EUR],
            [BACK_EUR, credit_note(EUR, item(4000), refunds=[BACK_EUR], at=LATER)],
        ),
        [
            INVOICE_EUR,
            PAID_EUR,
            "credit: receivable -40 EUR -80.00, income 40 EUR 80.00",
            "refund: clearing -40 EUR -80.00, receivable 40 EUR 80.00",
        ],
    ),
    Case(
        "credit_note_other_total",
        ([PAID], [credit_note(PAID, item(4000), total=4001)]),
        [INVOICE, paid("100.00")],
        draft=r"is 40\.01",
    ),
]
