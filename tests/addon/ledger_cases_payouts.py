"""Cases of the ledger: payouts."""

from tests.addon.ledger_objects import (
    LATER,
    Case,
    charge,
    credit_note,
    dispute,
    invoice,
    item,
    movement,
    paid,
    payout,
    refund,
)

INVOICE = "invoice: receivable 100.00, income -100.00"
PAID = paid("100.00")
INVOICE_EUR = "invoice: receivable 100 EUR 125.00, income -100 EUR -125.00"
PAID_EUR = "payment: clearing 100 EUR 125.00, receivable -100 EUR -125.00"
FEE = "entry: fee 3.20, clearing -3.20"

SOLD = invoice(item(10000))
SOLD_EUR = invoice(item(10000), currency="eur")
CHARGE = charge(SOLD, 320)
CHARGE_EUR = charge(SOLD_EUR, 300, settled=12400)
REFUND = refund(SOLD, 4000, settled=-4000)
CREDIT = credit_note(SOLD, item(4000), refunds=[REFUND])
OTHER_CHARGE = {**CHARGE, "id": "ch_other", "payment_intent": "pi_other"}
OTHER_SHOP = movement("charge", 5000, 175, source=OTHER_CHARGE)
STRIPE_FEE = movement("stripe_fee", -500)

TAKEN_WITH_FEE = movement("adjustment", -10000, 1500)
DISPUTED_WITH_FEE = "entry: clearing -100.00, dispute 100.00, fee 15.00, clearing -15.00"

PAYOUT = "entry: payout 96.80, clearing -96.80"
RETURNED = movement("payout_failure", 9680, source="po_table")


def all_of(*movements):
    """What a payout of the charge and other movements comes to."""
    return sum(row["net"] for row in (CHARGE["balance_transaction"], *movements))


CASES = [
    Case(
        "payout",
        ([SOLD], [CHARGE], [payout(9680, CHARGE)]),
        [INVOICE, PAID, FEE, PAYOUT],
    ),
    Case(
        "payout_tells_of_the_fee_first",
        ([SOLD], [payout(9680, CHARGE)]),
        [INVOICE, PAID, FEE, PAYOUT],
    ),
    Case(
        "payout_on_its_way",
        (
            [SOLD],
            [CHARGE],
            [payout(9680, status="in_transit", reconciliation_status="in_progress")],
            [payout(9680, CHARGE)],
        ),
        [INVOICE, PAID, FEE, PAYOUT],
    ),
    Case(
        "payout_failed",
        ([SOLD], [CHARGE], [payout(9680, CHARGE)], [payout(9680, CHARGE, status="failed")]),
        [INVOICE, PAID, FEE, PAYOUT, "entry: payout -96.80, clearing 96.80"],
    ),
    Case(
        "payout_canceled_before_it_was_booked",
        ([SOLD], [CHARGE], [payout(9680, status="canceled")]),
        [INVOICE, PAID, FEE],
    ),
    Case(
        "payout_with_stripes_own_fee",
        ([SOLD], [CHARGE], [payout(all_of(STRIPE_FEE), CHARGE, STRIPE_FEE)]),
        [
            INVOICE,
            PAID,
            FEE,
            "entry: clearing -5.00, fee 5.00",
            "entry: payout 91.80, clearing -91.80",
        ],
    ),
    Case(
        "payout_with_the_payment_of_another_shop",
        ([SOLD], [CHARGE], [payout(all_of(OTHER_SHOP), CHARGE, OTHER_SHOP)]),
        [
            INVOICE,
            PAID,
            FEE,
            "entry: clearing 50.00, suspense -50.00, fee 1.75, clearing -1.75",
            "entry: payout 145.05, clearing -145.05",
        ],
    ),
    Case(
        "payout_with_a_refund",
        ([SOLD], [CHARGE], [REFUND, CREDIT], [payout(5680, CHARGE, REFUND)]),
        [
            INVOICE,
            PAID,
            FEE,
            "credit: receivable -40.00, income 40.00",
            "refund: clearing -40.00, receivable 40.00",
            "entry: payout 56.80, clearing -56.80",
        ],
    ),
    Case(
        "payout_with_a_dispute",
        (
            [SOLD],
            [CHARGE],
            [opened := dispute(CHARGE, "needs_response", TAKEN_WITH_FEE)],
            [payout(-1820, CHARGE, {**TAKEN_WITH_FEE, "source": opened})],
        ),
        [
            INVOICE,
            PAID,
            FEE,
            DISPUTED_WITH_FEE,
            "entry: payout -18.20, clearing 18.20",
        ],
    ),
    Case(
        "payout_after_conversion",
        ([SOLD_EUR], [CHARGE_EUR], [payout(12100, CHARGE_EUR)]),
        [
            INVOICE_EUR,
            PAID_EUR,
            "entry: clearing -100 EUR -125.00, clearing 124.00, drop 1.00, fee 3.00, "
            "clearing -3.00",
            "entry: payout 121.00, clearing -121.00",
        ],
    ),
    Case(
        "payout_in_eur",
        (
            [SOLD_EUR],
            [in_eur := charge(SOLD_EUR, 320, currency="eur")],
            [payout(9680, in_eur, currency="eur")],
        ),
        [
            INVOICE_EUR,
            PAID_EUR,
            "entry: fee 3.20 EUR 4.00, clearing -3.20 EUR -4.00",
            "entry: payout 96.80 EUR 121.00, clearing -96.80 EUR -121.00",
        ],
    ),
    # The euro has gone up from 1.25 to 2.00 when it is paid out.
    Case(
        "payout_in_eur_at_another_rate",
        ([SOLD_EUR], [in_eur], [payout(9680, in_eur, currency="eur", at=LATER)]),
        sums={"payout": 193.6, "fee": 4.0, "income": -125.0, "gain": -72.6},
    ),
    Case(
        "payout_in_eur_of_dollars",
        (
            [SOLD],
            [to_eur := charge(SOLD, 240, settled=8000, currency="eur")],
            [payout(7760, to_eur, currency="eur")],
        ),
        sums={"payout": 97.0, "fee": 3.0, "income": -100.0},
    ),
    # Stripe takes one percent for sending it at once.
    Case(
        "payout_with_a_fee",
        (
            [SOLD],
            [CHARGE],
            [payout(9584, CHARGE, movement("payout", -9584, 96, source="po_table"))],
        ),
        [
            INVOICE,
            PAID,
            FEE,
            "entry: fee 0.96, clearing -0.96",
            "entry: payout 95.84, clearing -95.84",
        ],
    ),
    Case(
        "payout_that_does_not_tie",
        ([SOLD], [CHARGE], [payout(9000, CHARGE)]),
        [INVOICE, PAID, FEE, "entry: payout 90.00, clearing -90.00"],
        difference=6.8,
    ),
    # The account may have paid out before the first invoice is booked in Odoo.
    Case(
        "payout_before_the_first_payment",
        ([payout(4825, OTHER_SHOP)], [SOLD], [CHARGE]),
        [
            "entry: clearing 50.00, suspense -50.00, fee 1.75, clearing -1.75",
            "entry: payout 48.25, clearing -48.25",
            INVOICE,
            PAID,
            FEE,
        ],
    ),
    # === WHAT DID NOT ARRIVE === #
    Case(
        "payout_failed_and_paid_again",
        (
            [SOLD],
            [CHARGE],
            [payout(9680, CHARGE)],
            [payout(9680, CHARGE, status="failed")],
            [payout(9680, RETURNED, id="po_again", at=LATER)],
        ),
        [
            INVOICE,
            PAID,
            FEE,
            PAYOUT,
            "entry: payout -96.80, clearing 96.80",
            PAYOUT,
        ],
    ),
    Case(
        "payout_failed_on_its_day",
        (
            [SOLD],
            [payout(9680, CHARGE)],
            [payout(9680, CHARGE, status="failed", failure_balance_transaction=RETURNED)],
        ),
        sums={"clearing": 96.8, "fee": 3.2, "income": -100.0},
        dated="2025-03-03",
    ),
    Case(
        "payout_failed_before_it_was_reconciled",
        (
            [SOLD],
            [payout(9680, status="in_transit", reconciliation_status="in_progress")],
            [payout(9680, CHARGE, status="failed")],
            [payout(9680, RETURNED, id="po_again", at=LATER)],
        ),
        sums={"payout": 96.8, "fee": 3.2, "income": -100.0},
    ),
    Case(
        "payout_failed_before_it_was_booked",
        (
            [SOLD],
            [payout(9680, CHARGE, status="failed")],
            [payout(9680, RETURNED, id="po_again", at=LATER)],
        ),
        sums={"payout": 96.8, "fee": 3.2, "income": -100.0},
    ),
    Case(
        "payout_failed_is_heard_of_last",
        (
            [SOLD],
            [CHARGE],
            [payout(9680, RETURNED, id="po_again", at=LATER)],
            [payout(9680, CHARGE, status="failed")],
        ),
        sums={"payout": 96.8, "fee": 3.2, "income": -100.0},
    ),
    Case(
        "payout_failed_and_the_next_one_at_once",
        (
            [SOLD],
            [
                payout(9680, RETURNED, id="po_again", at=LATER),
                payout(9680, CHARGE, status="failed"),
            ],
        ),
        sums={"payout": 96.8, "fee": 3.2, "income": -100.0},
    ),
    Case(
        "payout_failed_twice",
        (
            [SOLD],
            [payout(9680, CHARGE)],
            [payout(9680, CHARGE, status="failed")],
            [payout(9680, RETURNED, id="po_again", at=LATER)],
            [payout(9680, RETURNED, id="po_again", at=LATER, status="failed")],
            [
                payout(
                    9680,
                    movement("payout_failure", 9680, source="po_again"),
                    id="po_at_last",
                    at=LATER,
                )
            ],
        ),
        sums={"payout": 96.8, "fee": 3.2, "income": -100.0},
    ),
    # The invoice waited for somebody while the money went on.
    Case(
        "payout_before_its_invoice_is_booked",
        ([payout(9680, CHARGE)], [SOLD]),
        sums={"payout": 96.8, "fee": 3.2, "income": -100.0},
        state="paid",
    ),
    Case(
        "payout_before_its_invoice_in_eur_is_booked",
        ([payout(12100, CHARGE_EUR)], [SOLD_EUR]),
        sums={"payout": 121.0, "fee": 3.0, "drop": 1.0, "income": -125.0},
    ),
    # Both went out together before anything of it was known.
    Case(
        "payout_before_its_invoice_and_refund_are_booked",
        ([payout(5680, CHARGE, REFUND)], [SOLD], [REFUND, CREDIT]),
        sums={"payout": 56.8, "fee": 3.2, "income": -60.0},
    ),
    Case(
        "payout_of_a_refund_in_eur",
        (
            [SOLD_EUR],
            [back := refund(SOLD_EUR, 4000, settled=-5100)],
            [credit_note(SOLD_EUR, item(4000), refunds=[back])],
            [payout(7000, CHARGE_EUR, back)],
        ),
        sums={"payout": 70.0, "fee": 3.0, "drop": 2.0, "income": -75.0},
    ),
    # Stripe keeps a minimum on the balance: it is held back, and waits for the next payout.
    Case(
        "payout_that_leaves_a_minimum",
        (
            [SOLD],
            [payout(8680, CHARGE, movement("payout_minimum_balance_hold", -1000))],
            [
                payout(
                    1000,
                    movement("payout_minimum_balance_release", 1000),
                    id="po_again",
                )
            ],
        ),
        sums={"payout": 96.8, "fee": 3.2, "income": -100.0},
    ),
]
