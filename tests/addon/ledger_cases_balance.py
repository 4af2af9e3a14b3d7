"""Cases of the ledger: customer balances, payments."""

from tests.addon.ledger_objects import (
    LATER,
    Case,
    balance_transaction,
    changed,
    charge,
    customer,
    invoice,
    item,
    open_invoice,
    paid,
    paid_elsewhere,
    pay,
    with_balance,
)

INVOICE_20 = "invoice: receivable 20.00, income -20.00"
INVOICE_50 = "invoice: receivable 50.00, income -50.00"

GRANTED = balance_transaction(-2000)
OPEN = open_invoice(item(2000))
OPEN_BALANCE = open_invoice(item(5000), balance=[2000])
APPLIED = invoice(item(5000), balance=[2000])
OPEN_IN_TWO = open_invoice(item(2000))
HALF_PAID = pay(OPEN_IN_TWO, 1200, status="open")
TOO_SMALL = invoice(item(30), balance=[("invoice_too_small", 30)])
ONE_OF_TWO = pay(open_invoice(item(2000)), 2000, intent="pi_of_two")
TWO_OF_TWO = pay(open_invoice(item(3000)), 3000, intent="pi_of_two")
ONE_EUR = pay(open_invoice(item(2000), currency="eur"), 2000, intent="pi_of_two_in_eur")
TWO_EUR = pay(open_invoice(item(3000), currency="eur"), 3000, intent="pi_of_two_in_eur")
CHARGE_OF_TWO = {**charge(ONE_OF_TWO, 175, settled=5000), "amount": 5000}


BALANCES = [
    Case(
        "balance_granted",
        ([customer(GRANTED)],),
        ["entry: credit 20.00, balance -20.00"],
    ),
    Case(
        "balance_granted_and_taken_back",
        ([customer(GRANTED)], [customer(GRANTED, balance_transaction(2000))]),
        ["entry: credit 20.00, balance -20.00", "entry: credit -20.00, balance 20.00"],
    ),
    Case(
        "balance_granted_in_eur",
        ([customer(balance_transaction(-2000, currency="eur"))],),
        ["entry: credit 20 EUR 25.00, balance -20 EUR -25.00"],
    ),
    Case(
        "balance_pays_a_part",
        ([customer(GRANTED)], [invoice(item(5000), balance=[2000])]),
        [
            "entry: credit 20.00, balance -20.00",
            INVOICE_50,
            "entry: balance 20.00, receivable -20.00",
            paid("30.00"),
        ],
        state="paid",
    ),
    Case(
        "balance_pays_all",
        ([customer(GRANTED)], [invoice(item(2000), balance=[2000])]),
        [
            "entry: credit 20.00, balance -20.00",
            INVOICE_20,
            "entry: balance 20.00, receivable -20.00",
        ],
        state="paid",
    ),
    Case(
        "balance_pays_two_invoices",
        (
            [customer(balance_transaction(-3000))],
            [invoice(item(2000), balance=[2000]), invoice(item(5000), balance=[1000])],
        ),
        [
            "entry: credit 30.00, balance -30.00",
            INVOICE_20,
            "entry: balance 20.00, receivable -20.00",
            INVOICE_50,
            "entry: balance 10.00, receivable -10.00",
            paid("40.00"),
        ],
        state="paid",
    ),
    Case(
        "balance_of_a_negative_invoice_pays_the_next",
        ([invoice(item(-3000), balance=[-3000])], [invoice(item(5000), balance=[3000])]),
        [
            "credit: receivable -30.00, income 30.00",
            "entry: balance -30.00, receivable 30.00",
            INVOICE_50,
            "entry: balance 30.00, receivable -30.00",
            paid("20.00"),
        ],
        state="paid",
    ),
    # Less than can be charged: it is owed on the balance.
    Case(
        "balance_invoice_too_small",
        ([TOO_SMALL],),
        [
            "invoice: receivable 0.30, income -0.30",
            "entry: balance 0.30, receivable -0.30",
        ],
        state="paid",
    ),
    Case(
        "balance_debit_carried_over",
        ([TOO_SMALL], [invoice(item(2000), balance=[-30])]),
        [
            "invoice: receivable 0.30, income -0.30",
            "entry: balance 0.30, receivable -0.30",
            INVOICE_20,
            "entry: balance -0.30, receivable 0.30",
            paid("20.30"),
        ],
        state="paid",
    ),
    Case(
        "balance_overpaid",
        ([invoice(item(2000), payments=[2500], balance=[("invoice_overpaid", -500)])],),
        [INVOICE_20, paid("25.00"), "entry: balance -5.00, receivable 5.00"],
        state="paid",
    ),
    # A euro of credit from when it was cheap pays a euro that is dear: 30 times 0.75 dollars were lost.
    Case(
        "balance_in_eur_at_another_rate",
        (
            [invoice(item(-3000), currency="eur", balance=[-3000])],
            [invoice(item(3000), currency="eur", balance=[3000], at=LATER)],
        ),
        [
            "credit: receivable -30 EUR -37.50, income 30 EUR 37.50",
            "entry: balance -30 EUR -37.50, receivable 30 EUR 37.50",
            "invoice: receivable 30 EUR 60.00, income -30 EUR -60.00",
            "entry: balance 30 EUR 60.00, receivable -30 EUR -60.00",
            "exchange: balance 0 EUR -22.50, drop 0 EUR 22.50",
        ],
        state="paid",
    ),
    Case(
        "balance_comes_back_from_a_void_invoice",
        (
            [OPEN_BALANCE],
            [with_balance(OPEN_BALANCE, "unapplied_from_invoice", -2000, status="void")],
        ),
        [
            INVOICE_50,
            "entry: balance 20.00, receivable -20.00",
            "credit: receivable -50.00, income 50.00",
            "entry: balance -20.00, receivable 20.00",
        ],
    ),
    # What was given away before says nothing about the account of what is sold.
    Case(
        "balance_granted_before_a_negative_invoice",
        ([customer(GRANTED)], [invoice(item(-3000), balance=[-3000])]),
        [
            "entry: credit 20.00, balance -20.00",
            "credit: receivable -30.00, income 30.00",
            "entry: balance -30.00, receivable 30.00",
        ],
    ),
    # The customer tells of it as well, before and after.
    Case(
        "balance_told_twice",
        (
            [customer(*APPLIED["balance_transactions"])],
            [APPLIED, customer(*APPLIED["balance_transactions"])],
        ),
        [INVOICE_50, "entry: balance 20.00, receivable -20.00", paid("30.00")],
        state="paid",
    ),
]

PAYMENTS = [
    Case("open", ([OPEN],), [INVOICE_20], owed=20.0, state="not_paid"),
    Case(
        "open_then_paid",
        ([OPEN], [pay(OPEN, 2000, at=LATER)]),
        [INVOICE_20, paid("20.00")],
        state="paid",
    ),
    Case(
        "payments_two",
        ([invoice(item(2000), payments=[1200, 800])],),
        [INVOICE_20, paid("12.00"), paid("8.00")],
        state="paid",
    ),
    Case(
        "payments_two_one_after_the_other",
        ([HALF_PAID], [pay(HALF_PAID, 800, at=LATER)]),
        [INVOICE_20, paid("12.00"), paid("8.00")],
        state="paid",
    ),
    Case(
        "payment_in_part",
        ([HALF_PAID],),
        [INVOICE_20, paid("12.00")],
        owed=8.0,
        state="partial",
    ),
    # One charge with one fee.
    Case(
        "payment_of_two_invoices",
        ([ONE_OF_TWO, TWO_OF_TWO, CHARGE_OF_TWO],),
        [
            INVOICE_20,
            "invoice: receivable 30.00, income -30.00",
            paid("20.00"),
            paid("30.00"),
            "entry: fee 1.75, clearing -1.75",
        ],
        state="paid",
    ),
    Case(
        "payment_of_two_invoices_after_conversion",
        ([ONE_EUR, TWO_EUR], [{**charge(ONE_EUR, 175, settled=6200), "amount": 5000}]),
        [
            "invoice: receivable 20 EUR 25.00, income -20 EUR -25.00",
            "invoice: receivable 30 EUR 37.50, income -30 EUR -37.50",
            "payment: clearing 20 EUR 25.00, receivable -20 EUR -25.00",
            "payment: clearing 30 EUR 37.50, receivable -30 EUR -37.50",
            "entry: clearing -50 EUR -62.50, clearing 62.00, drop 0.50, fee 1.75, clearing -1.75",
        ],
    ),
    # What belongs to one payment at Stripe may be booked one after the other; its charge is complete at once.
    Case(
        "payment_of_two_invoices_of_which_one_waits",
        ([ONE_OF_TWO, CHARGE_OF_TWO], [TWO_OF_TWO]),
        sums={"clearing": 48.25, "fee": 1.75, "income": -50.0},
        state="paid",
    ),
    Case(
        "payment_of_two_invoices_of_which_one_waits_after_conversion",
        ([ONE_EUR, {**charge(ONE_EUR, 175, settled=6200), "amount": 5000}], [TWO_EUR]),
        sums={"clearing": 60.25, "fee": 1.75, "drop": 0.5, "income": -62.5},
    ),
    # Stripe does not know where the money is, and Odoo does not guess: it stays open until somebody
    # registers the payment.
    Case(
        "payment_outside_stripe",
        ([OPEN], [changed(OPEN, "paid")]),
        [INVOICE_20],
        owed=20.0,
        state="not_paid",
    ),
    # Stripe's record of it: the money is not on the Stripe balance.
    Case(
        "payment_recorded_outside_stripe",
        ([OPEN], [paid_elsewhere(OPEN, 2000)]),
        [INVOICE_20],
        owed=20.0,
        state="not_paid",
    ),
    Case(
        "payment_recorded_outside_stripe_in_part",
        ([HALF_PAID], [paid_elsewhere(HALF_PAID, 800)]),
        [INVOICE_20, paid("12.00")],
        owed=8.0,
        state="partial",
    ),
]

CASES = [*BALANCES, *PAYMENTS]
