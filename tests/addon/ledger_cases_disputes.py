"""Cases of the ledger: disputes."""

from tests.addon.ledger_objects import (
    Case,
    charge,
    dispute,
    invoice,
    item,
    movement,
    paid,
)

INVOICE = "invoice: receivable 100.00, income -100.00"
PAID = paid("100.00")

SOLD = invoice(item(10000))
CHARGE = charge(SOLD, 320)

TAKEN = movement("adjustment", -10000)
TAKEN_WITH_FEE = movement("adjustment", -10000, 1500)
TAKEN_60 = movement("adjustment", -6000)
GIVEN_BACK = movement("adjustment", 10000)
GIVEN_BACK_WITH_FEE = movement("adjustment", 10000, -1500)
TAKEN_EUR = movement("adjustment", -8000, currency="eur")
DISPUTED = "entry: clearing -100.00, dispute 100.00"
DISPUTED_WITH_FEE = "entry: clearing -100.00, dispute 100.00, fee 15.00, clearing -15.00"
LOST = "entry: loss 100.00, dispute -100.00"


CASES = [
    Case(
        "dispute_opened",
        ([SOLD], [dispute(CHARGE, "needs_response", TAKEN)]),
        [INVOICE, PAID, DISPUTED],
        state="paid",
    ),
    Case(
        "dispute_opened_with_fee",
        ([SOLD], [dispute(CHARGE, "needs_response", TAKEN_WITH_FEE)]),
        [INVOICE, PAID, DISPUTED_WITH_FEE],
    ),
    Case(
        "dispute_inquiry",
        ([SOLD], [dispute(CHARGE, "warning_needs_response")], [dispute(CHARGE, "warning_closed")]),
        [INVOICE, PAID],
    ),
    Case(
        "dispute_won",
        (
            [SOLD],
            [dispute(CHARGE, "needs_response", TAKEN)],
            [dispute(CHARGE, "under_review", TAKEN)],
            [dispute(CHARGE, "won", TAKEN, GIVEN_BACK)],
        ),
        [INVOICE, PAID, DISPUTED, "entry: clearing 100.00, dispute -100.00"],
    ),
    Case(
        "dispute_won_with_fee",
        (
            [SOLD],
            [dispute(CHARGE, "needs_response", TAKEN_WITH_FEE)],
            [dispute(CHARGE, "won", TAKEN_WITH_FEE, GIVEN_BACK_WITH_FEE)],
        ),
        [
            INVOICE,
            PAID,
            DISPUTED_WITH_FEE,
            "entry: clearing 100.00, dispute -100.00, fee -15.00, clearing 15.00",
        ],
    ),
    Case(
        "dispute_won_before_it_is_given_back",
        (
            [SOLD],
            [dispute(CHARGE, "won", TAKEN)],
            [dispute(CHARGE, "won", TAKEN, GIVEN_BACK)],
        ),
        [INVOICE, PAID, DISPUTED, "entry: clearing 100.00, dispute -100.00"],
    ),
    Case(
        "dispute_lost",
        (
            [SOLD],
            [dispute(CHARGE, "needs_response", TAKEN)],
            [dispute(CHARGE, "lost", TAKEN)],
        ),
        [INVOICE, PAID, DISPUTED, LOST],
        state="paid",
    ),
    Case(
        "dispute_lost_with_fee",
        ([SOLD], [dispute(CHARGE, "lost", TAKEN_WITH_FEE)]),
        [INVOICE, PAID, DISPUTED_WITH_FEE, LOST],
    ),
    Case(
        "dispute_of_a_part_lost",
        ([SOLD], [dispute(CHARGE, "lost", movement("adjustment", -2500), amount=2500)]),
        [
            INVOICE,
            PAID,
            "entry: clearing -25.00, dispute 25.00",
            "entry: loss 25.00, dispute -25.00",
        ],
    ),
    Case(
        "dispute_lost_settled_in_eur",
        ([SOLD], [dispute(CHARGE, "lost", TAKEN_EUR)]),
        [
            INVOICE,
            PAID,
            "entry: clearing -80 EUR -100.00, dispute 80 EUR 100.00",
            "entry: loss 80 EUR 100.00, dispute -80 EUR -100.00",
        ],
    ),
    # After an appeal the bank gives it back: nothing was lost in the end.
    Case(
        "dispute_lost_then_won",
        (
            [SOLD],
            [dispute(CHARGE, "lost", TAKEN)],
            [dispute(CHARGE, "won", TAKEN, GIVEN_BACK)],
        ),
        sums={"clearing": 100.0, "income": -100.0},
    ),
    Case(
        "dispute_under_appeal",
        (
            [SOLD],
            [dispute(CHARGE, "needs_response", TAKEN)],
            [dispute(CHARGE, "appeal_under_review", TAKEN)],
        ),
        [INVOICE, PAID, DISPUTED],
    ),
    Case("dispute_of_unknown_payment", ([dispute(CHARGE, "needs_response", TAKEN)],)),
    Case(
        "dispute_appeal_needs_response",
        (
            [SOLD],
            [dispute(CHARGE, "lost", TAKEN)],
            [dispute(CHARGE, "appeal_needs_response", TAKEN)],
        ),
        [INVOICE, PAID, DISPUTED, LOST, "entry: loss -100.00, dispute 100.00"],
    ),
    Case(
        "dispute_lost_on_appeal_too",
        (
            [SOLD],
            [dispute(CHARGE, "lost", TAKEN)],
            [dispute(CHARGE, "appeal_under_review", TAKEN)],
            [dispute(CHARGE, "lost", TAKEN)],
        ),
        sums={"income": -100.0, "loss": 100.0},
    ),
    Case(
        "dispute_won_and_the_fee_is_kept",
        (
            [SOLD],
            [dispute(CHARGE, "needs_response", TAKEN_WITH_FEE)],
            [dispute(CHARGE, "won", TAKEN_WITH_FEE, GIVEN_BACK)],
        ),
        [INVOICE, PAID, DISPUTED_WITH_FEE, "entry: clearing 100.00, dispute -100.00"],
    ),
    Case("dispute_prevented", ([SOLD], [dispute(CHARGE, "prevented")]), [INVOICE, PAID]),
    Case(
        "dispute_prevented_by_paying",
        ([SOLD], [dispute(CHARGE, "prevented", TAKEN)]),
        [INVOICE, PAID, DISPUTED, LOST],
    ),
    Case(
        "dispute_lost_in_two_steps",
        (
            [SOLD],
            [dispute(CHARGE, "lost", TAKEN_60)],
            [dispute(CHARGE, "lost", TAKEN_60, movement("adjustment", -4000))],
        ),
        sums={"income": -100.0, "loss": 100.0},
    ),
    # Nobody knows what that means for the money.
    Case(
        "dispute_in_a_status_of_the_future",
        (
            [SOLD],
            [dispute(CHARGE, "lost", TAKEN)],
            [dispute(CHARGE, "in_arbitration", TAKEN)],
        ),
        [INVOICE, PAID, DISPUTED, LOST],
    ),
]
