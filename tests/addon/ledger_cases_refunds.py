"""Cases of the ledger: refunds, with and without the Stripe balance."""

from tests.addon.ledger_cases_credits import (
    ALL,
    BACK,
    BACK_EUR,
    CREDIT,
    CREDIT_40,
    EUR,
    INVOICE,
    INVOICE_EUR,
    PAID,
    PAID_EUR,
    REST,
    paid_back,
)
from tests.addon.ledger_objects import LATER, Case, charge, movement, paid, payout, refund

FAILED = {**BACK, "status": "failed"}
EUROS_BACK = movement("refund_failure", 4000, currency="eur", at=LATER)

CASES = [
    Case(
        "refund_of_all",
        ([PAID], [ALL]),
        [INVOICE, paid("100.00"), paid_back("100.00")],
        owed=100.0,
    ),
    Case(
        "refund_in_part",
        ([PAID], [BACK]),
        [INVOICE, paid("100.00"), paid_back("40.00")],
        owed=40.0,
    ),
    Case(
        "refunds_two",
        ([PAID], [BACK], [REST]),
        [INVOICE, paid("100.00"), paid_back("40.00"), paid_back("60.00")],
        owed=100.0,
    ),
    Case(
        "refund_pending",
        ([PAID], [{**BACK, "status": "pending"}]),
        [INVOICE, paid("100.00")],
        state="paid",
    ),
    Case(
        "refund_pending_then_succeeded",
        ([PAID], [{**BACK, "status": "pending"}], [BACK]),
        [INVOICE, paid("100.00"), paid_back("40.00")],
        owed=40.0,
    ),
    Case(
        "refund_canceled_while_pending",
        ([PAID], [{**BACK, "status": "pending"}], [{**BACK, "status": "canceled"}]),
        [INVOICE, paid("100.00")],
    ),
    Case(
        "refund_failed_afterwards",
        ([PAID], [BACK], [FAILED]),
        [INVOICE, paid("100.00")],
        state="paid",
    ),
    # Stripe has the money, and the customer the credit.
    Case(
        "refund_of_a_credit_note_failed_afterwards",
        ([PAID], [BACK, CREDIT], [FAILED]),
        [INVOICE, paid("100.00"), CREDIT_40],
        owed=-40.0,
    ),
    Case("refund_of_unknown_payment", ([BACK],)),
    Case(
        "refund_in_eur_at_another_rate",
        ([EUR], [BACK_EUR]),
        [INVOICE_EUR, PAID_EUR, "refund: clearing -40 EUR -80.00, receivable 40 EUR 80.00"],
        owed=80.0,
    ),
    # 40 euros, which Stripe takes out of the balance as 51 dollars.
    Case(
        "refund_settled_in_another_currency",
        ([EUR], [charge(EUR, settled=12500)], [refund(EUR, 4000, settled=-5100)]),
        [
            INVOICE_EUR,
            PAID_EUR,
            "entry: clearing -100 EUR -125.00, clearing 125.00",
            "refund: clearing -40 EUR -50.00, receivable 40 EUR 50.00",
            "entry: clearing 40 EUR 50.00, clearing -51.00, drop 1.00",
        ],
        owed=50.0,
    ),
    # What went out comes back: Stripe has what was paid, in dollars.
    Case(
        "refund_failed_and_back_in_the_balance",
        (
            [PAID],
            [charge(PAID)],
            [settled := refund(PAID, 4000, settled=-4000)],
            [{**settled, "status": "failed"}],
            [payout(10000, charge(PAID), settled, movement("refund_failure", 4000))],
        ),
        sums={"payout": 100.0, "income": -100.0},
    ),
    Case(
        "refund_failed_settled_in_another_currency",
        (
            [EUR],
            [charged := charge(EUR, settled=12500)],
            [settled_eur := refund(EUR, 4000, settled=-5000)],
            [{**settled_eur, "status": "failed"}],
            [payout(12500, charged, settled_eur, movement("refund_failure", 5000))],
        ),
        sums={"payout": 125.0, "income": -125.0},
    ),
    # It went out with one payout, and comes back with another.
    Case(
        "refund_failed_after_it_was_paid_out",
        (
            [PAID],
            [charge(PAID)],
            [settled],
            [payout(6000, charge(PAID), settled)],
            [{**settled, "status": "failed"}],
            [payout(4000, movement("refund_failure", 4000, source=settled["id"]), id="po_next")],
        ),
        sums={"payout": 100.0, "income": -100.0},
        state="paid",
    ),
    # 51 dollars went out for 40 euros, and 50 came back.
    Case(
        "refund_failed_at_another_rate",
        (
            [EUR],
            [charged],
            [dear := refund(EUR, 4000, settled=-5100)],
            [payout(7400, charged, dear)],
            [
                {
                    **dear,
                    "status": "failed",
                    "failure_balance_transaction": movement("refund_failure", 5000),
                }
            ],
        ),
        sums={"payout": 74.0, "clearing": 50.0, "drop": 1.0, "income": -125.0},
    ),
    # Stripe's balance in euros, and the company's books in dollars.
    Case(
        "refund_failed_in_eur_at_another_rate",
        (
            [EUR],
            [in_eur := charge(EUR, currency="eur")],
            [euros := refund(EUR, 4000, settled=-4000, currency="eur")],
            [
                {
                    **euros,
                    "status": "failed",
                    "failure_balance_transaction": EUROS_BACK,
                }
            ],
            [payout(10000, in_eur, euros, EUROS_BACK, currency="eur", at=LATER)],
        ),
        sums={"payout": 200.0, "income": -125.0, "gain": -75.0},
    ),
]
