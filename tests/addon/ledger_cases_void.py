"""Cases of the ledger: invoices that are void or uncollectible."""

from tests.addon.ledger_objects import (
    DAY,
    LATER,
    VAT,
    Case,
    balance_transaction,
    changed,
    credit_note,
    customer,
    invoice,
    item,
    open_invoice,
    paid,
    pay,
    with_balance,
)

INVOICE_20 = "invoice: receivable 20.00, income -20.00"
INVOICE_50 = "invoice: receivable 50.00, income -50.00"
VOID_20 = "credit: receivable -20.00, income 20.00"
LOSS_20 = "entry: loss 20.00, receivable -20.00"
WRITE_OFF = {"stripe_billing_write_off": True}

OPEN = open_invoice(item(2000))
OPEN_TAXED = open_invoice(item(2000, VAT, 400))
OPEN_EUR = open_invoice(item(2000), currency="eur")
OPEN_PART = pay(open_invoice(item(5000)), 2000, status="open")
OPEN_BALANCE = open_invoice(item(5000), balance=[2000])
NOTE_5 = credit_note(OPEN, item(500), off_open=500)
NOTE_5_EUR = credit_note(OPEN_EUR, item(500), off_open=500)
BAD = changed(OPEN, "uncollectible", marked_uncollectible_at=DAY)
BAD_PAID_12 = pay(BAD, 1200, status="uncollectible", at=LATER)

CASES = [
    # === VOID === #
    Case("void_before_it_was_booked", ([changed(OPEN, "void")],)),
    Case(
        "void_after_it_was_booked",
        ([OPEN], [changed(OPEN, "void")]),
        [INVOICE_20, VOID_20],
        state="reversed",
    ),
    Case(
        "void_taxed",
        ([OPEN_TAXED], [changed(OPEN_TAXED, "void")]),
        [
            "invoice: receivable 24.00, income+20 -20.00, tax20 -4.00",
            "credit: receivable -24.00, income+20 20.00, tax20 4.00",
        ],
        state="reversed",
    ),
    # On the day of the invoice and at its rate: nothing is gained or lost.
    Case(
        "void_in_eur",
        ([OPEN_EUR], [changed(OPEN_EUR, "void", voided_at=DAY)]),
        sums={},
        state="reversed",
    ),
    # What never was due has not gained by the euro that has gone up.
    Case(
        "void_in_eur_at_another_rate",
        ([OPEN_EUR], [changed(OPEN_EUR, "void", voided_at=LATER)]),
        [
            "invoice: receivable 20 EUR 25.00, income -20 EUR -25.00",
            "credit: receivable -20 EUR -25.00, income 20 EUR 25.00",
        ],
        state="reversed",
    ),
    Case(
        "void_after_midnight_in_tokyo",
        (
            [early := open_invoice(item(2000), at=DAY + 3 * 3600)],
            [changed(early, "void", voided_at=DAY + 3 * 3600)],
        ),
        [INVOICE_20, VOID_20],
        tz="Asia/Tokyo",
        dated="2025-03-04",
    ),
    Case(
        "void_is_never_before_its_invoice",
        ([OPEN], [changed(OPEN, "void", voided_at=DAY - 5 * 86400)]),
        [INVOICE_20, VOID_20],
        dated="2025-03-03",
    ),
    # What was taken off it has nothing left to be taken off.
    Case(
        "void_after_a_credit_note",
        ([OPEN], [NOTE_5], [changed(OPEN, "void", voided_at=LATER)]),
        [
            INVOICE_20,
            "credit: receivable -5.00, income 5.00",
            VOID_20,
            "invoice: receivable 5.00, income -5.00",
        ],
        state="reversed",
    ),
    Case(
        "void_and_its_credit_note",
        ([OPEN], [changed(OPEN, "void", voided_at=LATER)], [NOTE_5]),
        [INVOICE_20, VOID_20],
        state="reversed",
    ),
    Case(
        "void_credit_note_in_eur_at_another_rate",
        ([OPEN_EUR], [NOTE_5_EUR], [{**NOTE_5_EUR, "status": "void", "voided_at": LATER}]),
        [
            "invoice: receivable 20 EUR 25.00, income -20 EUR -25.00",
            "credit: receivable -5 EUR -6.25, income 5 EUR 6.25",
            "invoice: receivable 5 EUR 6.25, income -5 EUR -6.25",
        ],
        owed=25.0,
        state="not_paid",
    ),
    Case(
        "void_on_its_day",
        ([OPEN], [changed(OPEN, "void", voided_at=DAY)]),
        [INVOICE_20, VOID_20],
        dated="2025-03-03",
    ),
    Case(
        "void_negative",
        (
            [negative := invoice(item(-2000), balance=[-2000])],
            [with_balance(negative, "unapplied_from_invoice", 2000, status="void")],
        ),
        sums={},
    ),
    # === UNCOLLECTIBLE === #
    Case(
        "uncollectible_without_write_off",
        ([OPEN], [changed(OPEN, "uncollectible")]),
        [INVOICE_20],
        owed=20.0,
        state="not_paid",
    ),
    Case(
        "uncollectible_written_off",
        ([OPEN], [changed(OPEN, "uncollectible")]),
        [INVOICE_20, LOSS_20],
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_at_once",
        ([changed(OPEN, "uncollectible")],),
        [INVOICE_20, LOSS_20],
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_rest",
        ([OPEN_PART], [changed(OPEN_PART, "uncollectible")]),
        [INVOICE_50, paid("20.00"), "entry: loss 30.00, receivable -30.00"],
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_after_the_balance_was_used",
        ([OPEN_BALANCE], [changed(OPEN_BALANCE, "uncollectible")]),
        [
            INVOICE_50,
            "entry: balance 20.00, receivable -20.00",
            "entry: loss 30.00, receivable -30.00",
        ],
        provider=WRITE_OFF,
    ),
    # At the rate of the invoice, whatever the rate is now.
    Case(
        "uncollectible_in_eur",
        ([OPEN_EUR], [changed(OPEN_EUR, "uncollectible")]),
        [
            "invoice: receivable 20 EUR 25.00, income -20 EUR -25.00",
            "entry: loss 20 EUR 25.00, receivable -20 EUR -25.00",
        ],
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_paid_after_all",
        ([OPEN], [changed(OPEN, "uncollectible")], [pay(OPEN, 2000, at=LATER)]),
        [INVOICE_20, LOSS_20, "entry: loss -20.00, receivable 20.00", paid("20.00")],
        provider=WRITE_OFF,
        state="paid",
    ),
    Case(
        "uncollectible_paid_without_write_off",
        ([OPEN], [changed(OPEN, "uncollectible")], [pay(OPEN, 2000, at=LATER)]),
        [INVOICE_20, paid("20.00")],
        state="paid",
    ),
    Case(
        "uncollectible_on_its_day",
        ([OPEN], [changed(OPEN, "uncollectible", marked_uncollectible_at=DAY)]),
        [INVOICE_20, LOSS_20],
        provider=WRITE_OFF,
        dated="2025-03-03",
    ),
    Case(
        "uncollectible_paid_in_part_after_all",
        ([OPEN], [changed(OPEN, "uncollectible")], [pay(OPEN, 1200, status="uncollectible")]),
        sums={"clearing": 12.0, "loss": 8.0, "income": -20.0},
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_then_credited",
        (
            [OPEN],
            [changed(OPEN, "uncollectible")],
            [changed(OPEN, "paid"), credit_note(OPEN, item(2000), off_open=2000)],
        ),
        sums={},
        provider=WRITE_OFF,
    ),
    # It was no loss then: the sale never was.
    Case(
        "uncollectible_then_void",
        ([OPEN], [changed(OPEN, "uncollectible")], [changed(OPEN, "void")]),
        sums={},
        provider=WRITE_OFF,
    ),
    # === UNCOLLECTIBLE, AND MORE HAPPENS === #
    Case(
        "uncollectible_at_once_with_all_that_came_before",
        (
            [
                pay(
                    open_invoice(item(5000), balance=[2000], status="uncollectible"),
                    1000,
                    status="uncollectible",
                )
            ],
        ),
        [
            INVOICE_50,
            "entry: balance 20.00, receivable -20.00",
            paid("10.00"),
            LOSS_20,
        ],
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_paid_outside_stripe",
        ([OPEN], [BAD], [changed(OPEN, "paid", paid_at=LATER)]),
        [INVOICE_20, LOSS_20, "entry: loss -20.00, receivable 20.00"],
        provider=WRITE_OFF,
        owed=20.0,
        state="not_paid",
    ),
    Case(
        "uncollectible_paid_in_part_of_that_day",
        ([OPEN], [BAD], [BAD_PAID_12]),
        [
            INVOICE_20,
            LOSS_20,
            "entry: loss -20.00, receivable 20.00",
            paid("12.00"),
            "entry: loss 8.00, receivable -8.00",
        ],
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_paid_in_two_parts",
        ([OPEN], [BAD], [BAD_PAID_12], [pay(BAD_PAID_12, 800, at=LATER)]),
        sums={"clearing": 20.0, "income": -20.0},
        provider=WRITE_OFF,
        state="paid",
    ),
    Case(
        "uncollectible_credited_in_part_then_void",
        ([OPEN], [BAD], [NOTE_5], [changed(BAD, "void", voided_at=LATER)]),
        sums={},
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_credited_in_part",
        ([OPEN], [BAD], [NOTE_5]),
        sums={"loss": 15.0, "income": -15.0},
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_credited_in_part_and_that_is_void",
        ([OPEN], [BAD], [NOTE_5], [{**NOTE_5, "status": "void", "voided_at": LATER}]),
        sums={"loss": 20.0, "income": -20.0},
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_paid_in_part_by_the_balance",
        (
            [OPEN],
            [BAD],
            [customer(balance_transaction(500, "applied_to_invoice", invoice=OPEN["id"]))],
        ),
        sums={"balance": 5.0, "loss": 15.0, "income": -20.0},
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_after_the_balance_then_void",
        (
            [OPEN_BALANCE],
            [changed(OPEN_BALANCE, "uncollectible")],
            [with_balance(OPEN_BALANCE, "unapplied_from_invoice", -2000, status="void")],
        ),
        sums={},
        provider=WRITE_OFF,
    ),
    Case(
        "uncollectible_paid_in_eur_at_another_rate",
        (
            [OPEN_EUR],
            [changed(OPEN_EUR, "uncollectible", marked_uncollectible_at=DAY)],
            [pay(OPEN_EUR, 2000, at=LATER)],
        ),
        sums={"clearing": 40.0, "gain": -15.0, "income": -25.0},
        provider=WRITE_OFF,
        state="paid",
    ),
]
