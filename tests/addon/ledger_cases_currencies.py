"""Cases of the ledger: currencies and days."""

from datetime import UTC, datetime

from tests.addon.ledger_objects import (
    LATER,
    REDUCED,
    SALES,
    VAT,
    Case,
    invoice,
    item,
    open_invoice,
    paid,
    pay,
)


def moment(*parts):
    """Unix seconds of a moment in UTC."""
    return int(datetime(*parts, tzinfo=UTC).timestamp())


OPEN_EUR = open_invoice(item(10000, VAT, 2000), currency="eur")

CASES = [
    Case(
        "currency_jpy",
        ([invoice(item(3000, SALES, 450), currency="jpy")],),
        [
            "invoice: receivable 3450 JPY 23.00, income+15 -3000 JPY -20.00, tax15 -450 JPY -3.00",
            "payment: clearing 3450 JPY 23.00, receivable -3450 JPY -23.00",
        ],
        state="paid",
    ),
    Case(
        "currency_krw",
        ([invoice(item(10000), currency="krw")],),
        [
            "invoice: receivable 10000 KRW 10.00, income -10000 KRW -10.00",
            "payment: clearing 10000 KRW 10.00, receivable -10000 KRW -10.00",
        ],
    ),
    Case(
        "currency_kwd",
        ([invoice(item(12550, REDUCED, 630), currency="kwd")],),
        [
            "invoice: receivable 13.180 KWD 52.72, income+5 -12.550 KWD -50.20, "
            "tax5 -0.630 KWD -2.52",
            "payment: clearing 13.180 KWD 52.72, receivable -13.180 KWD -52.72",
        ],
    ),
    Case(
        "currency_bhd",
        ([invoice(item(12340), currency="bhd")],),
        [
            "invoice: receivable 12.340 BHD 30.85, income -12.340 BHD -30.85",
            "payment: clearing 12.340 BHD 30.85, receivable -12.340 BHD -30.85",
        ],
    ),
    Case(
        "currency_huf",
        ([invoice(item(399950), currency="huf")],),
        [
            "invoice: receivable 3999.50 HUF 10.00, income -3999.50 HUF -10.00",
            "payment: clearing 3999.50 HUF 10.00, receivable -3999.50 HUF -10.00",
        ],
    ),
    # Two decimals at Stripe, none in Odoo.
    Case(
        "currency_isk",
        ([invoice(item(500000), currency="isk")],),
        [
            "invoice: receivable 5000 ISK 40.00, income -5000 ISK -40.00",
            "payment: clearing 5000 ISK 40.00, receivable -5000 ISK -40.00",
        ],
    ),
    Case(
        "currency_clp_was_inactive",
        ([invoice(item(5000), currency="clp")],),
        [
            "invoice: receivable 5000 CLP 5.00, income -5000 CLP -5.00",
            "payment: clearing 5000 CLP 5.00, receivable -5000 CLP -5.00",
        ],
    ),
    Case(
        "currency_eur",
        ([invoice(item(10000, VAT, 2000), currency="eur")],),
        [
            "invoice: receivable 120 EUR 150.00, income+20 -100 EUR -125.00, tax20 -20 EUR -25.00",
            "payment: clearing 120 EUR 150.00, receivable -120 EUR -150.00",
        ],
    ),
    # The euro has gone up from 1.25 to 2.00 when it is paid.
    Case(
        "currency_eur_paid_at_another_rate",
        ([OPEN_EUR], [pay(OPEN_EUR, 12000, at=LATER)]),
        [
            "invoice: receivable 120 EUR 150.00, income+20 -100 EUR -125.00, tax20 -20 EUR -25.00",
            "payment: clearing 120 EUR 240.00, receivable -120 EUR -240.00",
            "exchange: receivable 0 EUR 90.00, gain 0 EUR -90.00",
        ],
        state="paid",
    ),
    Case(
        "currency_eur_discount_and_proration",
        ([invoice(item(-1000), item(5000, discounts=[800]), currency="eur")],),
        [
            "invoice: receivable 32 EUR 40.00, income 10 EUR 12.50, income -42 EUR -52.50",
            "payment: clearing 32 EUR 40.00, receivable -32 EUR -40.00",
        ],
    ),
    # === DAYS === #
    Case(
        "day_after_midnight_in_tokyo",
        ([invoice(item(2000), at=moment(2025, 3, 2, 15))],),
        ["invoice: receivable 20.00, income -20.00", paid("20.00")],
        tz="Asia/Tokyo",
        dated="2025-03-03",
    ),
    Case(
        "day_before_midnight_in_tokyo",
        ([invoice(item(2000), at=moment(2025, 3, 31, 14, 59, 59))],),
        ["invoice: receivable 20.00, income -20.00", paid("20.00")],
        tz="Asia/Tokyo",
        dated="2025-03-31",
    ),
    Case(
        "day_after_midnight_in_los_angeles",
        ([invoice(item(2000), at=moment(2025, 4, 1, 7))],),
        ["invoice: receivable 20.00, income -20.00", paid("20.00")],
        tz="America/Los_Angeles",
        dated="2025-04-01",
    ),
    Case(
        "day_before_midnight_in_los_angeles",
        ([invoice(item(2000), at=moment(2025, 4, 1, 6, 59, 59))],),
        ["invoice: receivable 20.00, income -20.00", paid("20.00")],
        tz="America/Los_Angeles",
        dated="2025-03-31",
    ),
    # The rate of that day in Tokyo, where the euro has gone up already.
    Case(
        "day_of_the_rate_in_tokyo",
        ([invoice(item(10000), currency="eur", at=moment(2025, 3, 19, 15))],),
        [
            "invoice: receivable 100 EUR 200.00, income -100 EUR -200.00",
            "payment: clearing 100 EUR 200.00, receivable -100 EUR -200.00",
        ],
        tz="Asia/Tokyo",
        dated="2025-03-20",
    ),
]
