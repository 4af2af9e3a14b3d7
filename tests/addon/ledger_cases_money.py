"""Cases of the ledger: fees and conversions."""

from tests.addon.ledger_objects import (
    Case,
    charge,
    invoice,
    item,
    open_invoice,
    paid,
    pay,
)

INVOICE = "invoice: receivable 100.00, income -100.00"
PAID = paid("100.00")
INVOICE_EUR = "invoice: receivable 100 EUR 125.00, income -100 EUR -125.00"
PAID_EUR = "payment: clearing 100 EUR 125.00, receivable -100 EUR -125.00"
FEE = "entry: fee 3.20, clearing -3.20"

SOLD = invoice(item(10000))
SOLD_EUR = invoice(item(10000), currency="eur")
SOLD_TWICE = pay(open_invoice(item(10000)), 6000, 4000)
CHARGE = charge(SOLD, 320)
CHARGE_EUR = charge(SOLD_EUR, 300, settled=12400)


CASES = [
    Case("fee", ([SOLD], [CHARGE]), [INVOICE, PAID, FEE]),
    Case("fee_zero", ([SOLD], [charge(SOLD, 0)]), [INVOICE, PAID]),
    Case("fee_with_the_invoice", ([SOLD, CHARGE],), [INVOICE, PAID, FEE]),
    Case(
        "fee_before_stripe_has_made_the_movement",
        ([SOLD], [{**CHARGE, "balance_transaction": None}], [CHARGE]),
        [INVOICE, PAID, FEE],
    ),
    Case("fee_of_unknown_payment", ([CHARGE],)),
    Case(
        "fee_of_two_payments",
        ([SOLD_TWICE], [charge(SOLD_TWICE, 204), charge(SOLD_TWICE, 146, payment=1)]),
        [
            INVOICE,
            paid("60.00"),
            paid("40.00"),
            "entry: fee 2.04, clearing -2.04",
            "entry: fee 1.46, clearing -1.46",
        ],
    ),
    # 100 euros were 125 dollars by the books; Stripe makes 124 of them and keeps 3.
    Case(
        "fee_after_conversion_with_loss",
        ([SOLD_EUR], [CHARGE_EUR]),
        [
            INVOICE_EUR,
            PAID_EUR,
            "entry: clearing -100 EUR -125.00, clearing 124.00, drop 1.00, fee 3.00, "
            "clearing -3.00",
        ],
    ),
    Case(
        "fee_after_conversion_with_gain",
        ([SOLD_EUR], [charge(SOLD_EUR, 300, settled=12650)]),
        [
            INVOICE_EUR,
            PAID_EUR,
            "entry: clearing -100 EUR -125.00, clearing 126.50, gain -1.50, fee 3.00, "
            "clearing -3.00",
        ],
    ),
    Case(
        "fee_in_eur",
        ([SOLD_EUR], [charge(SOLD_EUR, 320, currency="eur")]),
        [INVOICE_EUR, PAID_EUR, "entry: fee 3.20 EUR 4.00, clearing -3.20 EUR -4.00"],
    ),
    # A sale in dollars that Stripe settles in euros.
    Case(
        "fee_after_conversion_to_eur",
        ([SOLD], [charge(SOLD, 240, settled=8000, currency="eur")]),
        [
            INVOICE,
            PAID,
            "entry: clearing -100.00, clearing 80 EUR 100.00, fee 2.40 EUR 3.00, "
            "clearing -2.40 EUR -3.00",
        ],
    ),
    Case(
        "settled_less_than_was_paid",
        ([SOLD], [charge(SOLD, 320, settled=9900)]),
        [
            INVOICE,
            PAID,
            "entry: clearing -1.00, suspense 1.00, fee 3.20, clearing -3.20",
        ],
    ),
]
