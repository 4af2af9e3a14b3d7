"""What cases of the ledger are made of: Stripe's objects with fixed days and ids, and their table."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.addon import stripe_objects
from tests.addon.stripe_objects import line, new_id, tax, tax_rate

CUSTOMER = "cus_table"
# One foreign unit costs more on the later day; see RATES.
DAY = int(datetime(2025, 3, 3, 12, tzinfo=UTC).timestamp())
LATER = int(datetime(2025, 3, 20, 12, tzinfo=UTC).timestamp())

# Foreign units for one dollar: since 2025-01-01, and for the euro another since 2025-03-20.
RATES = {
    "JPY": 150,
    "KRW": 1000,
    "KWD": 0.25,
    "BHD": 0.4,
    "HUF": 400,
    "ISK": 125,
    "CLP": 1000,
    "EUR": 0.8,
}
LATER_RATES = {"EUR": 0.5}

VAT = "txr_20"
VAT_INCLUDED = "txr_20_included"
REDUCED = "txr_5"
SALES = "txr_15"
SALES_INCLUDED = "txr_15_included"
STATE = "txr_state"
CITY = "txr_city"
ZERO = "txr_zero"
TAX_RATES = [
    tax_rate(20.0, id=VAT),
    tax_rate(20.0, True, id=VAT_INCLUDED),
    tax_rate(5.0, id=REDUCED),
    tax_rate(15.0, id=SALES),
    tax_rate(15.0, True, id=SALES_INCLUDED),
    tax_rate(6.25, id=STATE),
    tax_rate(2.125, id=CITY),
    tax_rate(0.0, id=ZERO),
]


@dataclass(frozen=True)
class Case:
    """What happens at Stripe, and what an accountant expects in the ledger.

    :param str name: Name of the test.
    :param tuple steps: Each: the objects that are written together.
    :param list[str] booked: The posted entries, in any order. Each is "kind: role amount, ..." with
        debits positive, in dollars; in another currency "role amount CUR dollars". Roles: "income+20i" is
        income on which a tax of 20 %, included in the price, was computed; "tax20i" is that tax.
        Lines of nothing are left out.
    :param dict sums: The dollars on accounts by role, instead of the entries.
    :param float owed: What the customer owes by the books in the end, in dollars.
    :param str state: State of payment of the newest invoice, if that matters.
    :param str dated: Day of all entries, if that matters.
    :param str draft: Why an invoice was left a draft, as a regular expression.
    :param str refused: Error of the last step, as a regular expression.
    :param float difference: What the payouts leave on the clearing account.
    :param dict provider: Values of the payment provider.
    :param str tz: Time zone of the company.
    :param str known_defect: Why the case fails as long as the addon is not mended.
    """

    name: str
    steps: tuple
    booked: list = field(default_factory=list)
    sums: dict = None
    owed: float = 0.0
    state: str = ""
    dated: str = ""
    draft: str = ""
    refused: str = ""
    difference: float = 0.0
    provider: dict = field(default_factory=dict)
    tz: str = "UTC"
    known_defect: str = ""


def paid(amount):
    """The entry of a payment in dollars."""
    return f"payment: clearing {amount}, receivable -{amount}"


# === INVOICES === #


def item(amount, rate=None, taxed=None, base=None, **values):
    """A line with at most one tax: its rate, amount and base (the line's amount by default)."""
    if rate is None:
        return line(amount, **values)
    included = rate in (VAT_INCLUDED, SALES_INCLUDED)
    net = amount - sum(values.get("discounts", ())) - (taxed if included else 0)
    return line(amount, taxes=[tax(rate, taxed, net if base is None else base, included)], **values)


def invoice(*lines, payments=None, balance=(), at=DAY, **values):
    """A finalized invoice.

    :param list payments: Amounts that were paid; what is due by default.
    :param tuple balance: Balance transactions: amount, or type and amount.
    """
    who = values.pop("customer", CUSTOMER)
    obj = stripe_objects.invoice(who, list(lines), paid=False, created=at, **values)
    rows = [part if isinstance(part, tuple) else ("applied_to_invoice", part) for part in balance]
    if payments is None:
        due = obj["total"] - sum(amount for _kind, amount in rows)
        payments = [due] if due > 0 else []
    if "status" not in values:
        obj["status"] = "paid"
    obj["status_transitions"] = {"finalized_at": at}
    obj["balance_transactions"] = [
        balance_transaction(amount, kind, at, obj["currency"], invoice=obj["id"])
        for kind, amount in rows
    ]
    return pay(obj, *payments, at=at, status=obj["status"])


def open_invoice(*lines, **values):
    """An invoice that nobody has paid yet."""
    return invoice(*lines, **{"payments": [], "status": "open", **values})


def pay(obj, *amounts, at=DAY, status="paid", intent=None):
    """An invoice after more payments."""
    parts = [
        {
            "id": new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": amount,
            "created": at,
            "currency": obj["currency"],
            "invoice": obj["id"],
            "payment": {"type": "payment_intent", "payment_intent": intent or new_id("pi")},
            "status": "paid",
            "status_transitions": {"paid_at": at},
        }
        for amount in amounts
    ]
    data = [*obj["payments"]["data"], *parts]
    return {**obj, "status": status, "payments": {"object": "list", "data": data}}


def changed(obj, status, **moments):
    """An invoice in another status, since a moment."""
    transitions = {**obj["status_transitions"], **moments}
    return {**obj, "status": status, "status_transitions": transitions}


def with_balance(obj, kind, amount, at=DAY, **values):
    """An invoice after one more balance transaction of its customer."""
    row = balance_transaction(amount, kind, at, obj["currency"], invoice=obj["id"])
    return {**obj, "balance_transactions": [*obj["balance_transactions"], row], **values}


def paid_elsewhere(obj, amount, at=DAY):
    """An invoice after a payment that did not go through Stripe."""
    paid_off_stripe = pay(obj, amount, at=at)
    record = {"type": "payment_record", "payment_record": new_id("pr")}
    paid_off_stripe["payments"]["data"][-1]["payment"] = record
    return {**paid_off_stripe, "amount_paid_off_stripe": amount}


# === BALANCES AND CREDIT NOTES === #


def balance_transaction(amount, kind="adjustment", at=DAY, currency="usd", **values):
    """A change of a customer's balance; negative is credit."""
    return {
        "id": new_id("cbtxn"),
        "object": "customer_balance_transaction",
        "amount": amount,
        "created": at,
        "credit_note": None,
        "currency": currency,
        "customer": CUSTOMER,
        "invoice": None,
        "livemode": False,
        "type": kind,
        **values,
    }


def customer(*transactions):
    """The customer with what has changed their balance."""
    return {
        "id": CUSTOMER,
        "object": "customer",
        "livemode": False,
        "balance_transactions": list(transactions),
    }


def credit_note(obj, *lines, refunds=(), to_balance=0, off_open=0, at=DAY, **values):
    """A credit note of an invoice; `off_open` is what it takes off an amount still to be paid."""
    key = new_id("cn")
    taxes = [part for row in lines for part in row["taxes"]]
    net = sum(
        row["amount"] - sum(part["amount"] for part in row["discount_amounts"]) for row in lines
    )
    added = sum(part["amount"] for part in taxes if part["tax_behavior"] == "exclusive")
    transaction = to_balance and balance_transaction(
        -to_balance, "credit_note", at, obj["currency"], invoice=obj["id"], credit_note=key
    )
    return {
        "id": key,
        "object": "credit_note",
        "created": at,
        "currency": obj["currency"],
        "customer": CUSTOMER,
        "customer_balance_transaction": transaction or None,
        "effective_at": at,
        "invoice": obj["id"],
        "lines": {"object": "list", "data": list(lines), "has_more": False},
        "livemode": False,
        "number": f"{obj['number']}-CN-{key}",
        "post_payment_amount": net + added - off_open,
        "pre_payment_amount": off_open,
        "refunds": [
            {"amount_refunded": one["amount"], "refund": one["id"], "type": "refund"}
            for one in refunds
        ],
        "status": "issued",
        "total": net + added,
        "total_taxes": taxes,
        **values,
    }


# === MONEY === #


def movement(kind, amount, fee=0, currency="usd", at=DAY, **values):
    """A balance transaction of the account, in the currency of settlement."""
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": at,
        "created": at,
        "currency": currency,
        "exchange_rate": None,
        "fee": fee,
        "livemode": False,
        "net": amount - fee,
        "source": None,
        "type": kind,
        **values,
    }


def charge(obj, fee=0, *, settled=None, currency="usd", payment=0, at=DAY):
    """The charge of an invoice's payment; `settled` is its amount in the currency of settlement."""
    part = obj["payments"]["data"][payment]
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": part["amount_paid"],
        "balance_transaction": movement(
            "charge", part["amount_paid"] if settled is None else settled, fee, currency, at
        ),
        "currency": obj["currency"],
        "livemode": False,
        "payment_intent": part["payment"]["payment_intent"],
    }


def refund(obj, amount, status="succeeded", *, settled=None, currency="usd", at=DAY, **values):
    """A refund of an invoice's first payment; `settled` makes its balance transaction."""
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": settled and movement("refund", settled, 0, currency, at),
        "charge": new_id("ch"),
        "created": at,
        "currency": obj["currency"],
        "livemode": False,
        "payment_intent": obj["payments"]["data"][0]["payment"]["payment_intent"],
        "status": status,
        **values,
    }


def dispute(of, status, *movements, amount=None, **values):
    """A dispute of a charge."""
    return {
        "id": "du_table",
        "object": "dispute",
        "amount": of["amount"] if amount is None else amount,
        "balance_transactions": [{**row, "source": "du_table"} for row in movements],
        "charge": of["id"],
        "created": DAY,
        "currency": of["currency"],
        "evidence_details": {"due_by": LATER},
        "livemode": False,
        "payment_intent": of["payment_intent"],
        "reason": "fraudulent",
        "status": status,
        **values,
    }


def payout(amount, *movements, status="paid", currency="usd", at=DAY, **values):
    """A payout with what it consists of: movements, charges or refunds."""
    rows = [
        {**one["balance_transaction"], "source": one}
        if one["object"] in ("charge", "refund")
        else one
        for one in movements
    ]
    return {
        "id": "po_table",
        "object": "payout",
        "amount": amount,
        "arrival_date": at,
        "balance_transactions": rows,
        "created": at,
        "currency": currency,
        "livemode": False,
        "reconciliation_status": "completed",
        "status": status,
        **values,
    }
