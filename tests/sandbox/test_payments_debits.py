"""Bank debits: accepted at once, processed for days, then paid or returned by the bank."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.billing_setup import DAY, at, clock, customer, event_types, price, subscribe
from tests.sandbox.core_setup import admin
from tests.sandbox.payments_setup import (
    SHOP,
    alerts,
    faults,
    open_page,
    session,
    settled,
    setup_session,
    submit,
)

START = at(2027, 1, 1)
GOOD, SLOW, RETURNED = (
    "DE89370400440532013000",
    "DE08370400440532013003",
    "DE62370400440532013001",
)


@pytest.fixture
def banks(sandbox):
    """The account takes bank debits; calling it has all banks answer."""
    admin(sandbox, "POST", "payment_methods", {"types": ["sepa_debit", "us_bank_account"]})
    return lambda: admin(sandbox, "POST", "bank", {})


def by_debit(url, iban, **more):
    return submit(url, paymentMethod="sepa_debit", iban=iban, **more)


def latest_intent(client, invoice):
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice}).data
    return client.v1.payment_intents.retrieve(
        payment.payment.payment_intent, {"expand": ["latest_charge"]}
    )


def test_checkout_completes_unpaid_and_is_paid_later(client, banks):
    buyer = customer(client, None)
    made = session(client, price(client, 1500, currency="eur"), customer=buyer)
    assert made.payment_method_types == ["card", "sepa_debit"]
    assert "US bank account" not in open_page(made.url).text
    answer = by_debit(made.url, SLOW)
    assert answer.headers["Location"] == f"{SHOP}/done?session={made.id}"
    expand = {"expand": ["subscription.default_payment_method", "invoice"]}
    done = client.v1.checkout.sessions.retrieve(made.id, expand)
    assert (done.status, done.payment_status) == ("complete", "unpaid")
    assert (done.subscription.status, done.invoice.status) == ("active", "open")
    assert (done.invoice.attempted, done.invoice.attempt_count) == (True, 1)
    assert done.subscription.default_payment_method.sepa_debit.last4 == "3003"
    intent = latest_intent(client, done.invoice.id)
    assert (intent.status, intent.latest_charge.status) == ("processing", "pending")
    assert intent.latest_charge.payment_method_details.sepa_debit.country == "DE"
    assert "being processed" in open_page(done.invoice.hosted_invoice_url).text
    with pytest.raises(stripe.InvalidRequestError, match="being processed"):
        client.v1.invoices.pay(done.invoice.id)
    assert banks() == [intent.id]
    paid = client.v1.checkout.sessions.retrieve(made.id, expand)
    assert (paid.payment_status, paid.invoice.status) == ("paid", "paid")
    assert paid.invoice.amount_paid == 1500
    intent = latest_intent(client, done.invoice.id)
    assert (intent.status, intent.latest_charge.paid) == ("succeeded", True)
    assert intent.latest_charge.receipt_url
    # In the currency of the account, at 1.10.
    assert settled(client, intent.latest_charge.id).amount == 1650
    types = event_types(client, "")
    told = [kind for kind in types if kind.startswith(("checkout.session", "charge", "invoice.p"))]
    assert told[:5] == [
        "charge.pending",
        "checkout.session.completed",
        "charge.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]
    assert "checkout.session.async_payment_succeeded" in told
    assert banks() == []


def test_first_debit_that_fails_voids_the_invoice(client, banks):
    made = session(client, price(client, 1500, currency="eur"))
    by_debit(made.url, RETURNED)
    banks()
    expand = {"expand": ["subscription", "invoice"]}
    done = client.v1.checkout.sessions.retrieve(made.id, expand)
    assert (done.payment_status, done.invoice.status) == ("unpaid", "void")
    assert done.subscription.status == "active"
    types = event_types(client, "")
    for kind in (
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "invoice.voided",
        "checkout.session.async_payment_failed",
    ):
        assert types.count(kind) == 1, kind


def test_renewal_by_debit_takes_days_on_a_test_clock(client, banks, advance):
    """Paid after four days, or past due: then another payment method pays."""
    on = clock(client, START)
    outcomes = {}
    for method in ("pm_successDelayed_de", "pm_failedDelayed_de"):
        buyer = customer(client, None, test_clock=on)
        client.v1.payment_methods.attach("pm_card_visa", {"customer": buyer})
        debit = client.v1.payment_methods.attach(method, {"customer": buyer}).id
        card = client.v1.payment_methods.list({"customer": buyer, "type": "card"}).data[0].id
        sub = subscribe(
            client, buyer, price(client, 900, currency="eur"), default_payment_method=card
        )
        client.v1.subscriptions.update(sub.id, {"default_payment_method": debit})
        outcomes[method] = sub.id
    advance(on, START + 31 * DAY + 7200)
    for key in outcomes.values():
        found = client.v1.subscriptions.retrieve(key, {"expand": ["latest_invoice"]})
        assert (found.status, found.latest_invoice.status) == ("active", "open")
    advance(on, START + 36 * DAY)
    states = {}
    for method, key in outcomes.items():
        found = client.v1.subscriptions.retrieve(key, {"expand": ["latest_invoice"]})
        states[method] = (found.status, found.latest_invoice.status)
    assert states == {
        "pm_successDelayed_de": ("active", "paid"),
        "pm_failedDelayed_de": ("past_due", "open"),
    }
    late = client.v1.subscriptions.retrieve(outcomes["pm_failedDelayed_de"]).latest_invoice
    invoice = client.v1.invoices.retrieve(late)
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (1, None)
    page = open_page(invoice.hosted_invoice_url)
    assert alerts(page) == ["The payment failed."]
    submit(invoice.hosted_invoice_url)
    assert client.v1.invoices.retrieve(late).status == "paid"
    assert client.v1.subscriptions.retrieve(outcomes["pm_failedDelayed_de"]).status == "active"


@pytest.mark.parametrize(
    ("method", "currency", "code"),
    [
        ("pm_usBankAccount_accountClosed", "usd", "account_closed"),
        ("pm_usBankAccount_noAccount", "usd", "no_account"),
        ("pm_usBankAccount_insufficientFunds", "usd", "insufficient_funds"),
        ("pm_usBankAccount_debitNotAuthorized", "usd", "debit_not_authorized"),
        ("pm_usBankAccount_weeklyLimitExceeded", "usd", "charge_exceeds_source_limit"),
        ("pm_insufficientFunds_de", "eur", "insufficient_funds"),
    ],
)
def test_why_a_debit_fails(client, banks, method, currency, code):
    buyer = customer(client, None)
    intent = client.v1.payment_intents.create(
        {
            "amount": 700,
            "currency": currency,
            "customer": buyer,
            "payment_method": method,
            "confirm": True,
        }
    )
    assert intent.status == "processing"
    banks()
    failed = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error.code == code
    assert (failed.latest_charge.status, failed.latest_charge.failure_code) == ("failed", code)


def test_what_a_debit_cannot_do(client, banks):
    """Other currencies, blocked accounts, refunds; one that never ends can be canceled."""

    def pay(currency, method):
        return client.v1.payment_intents.create(
            {"amount": 700, "currency": currency, "payment_method": method, "confirm": True}
        )

    with pytest.raises(stripe.InvalidRequestError, match="invalid for one or more"):
        pay("usd", "pm_success_de")
    with pytest.raises(stripe.CardError, match="blocked"):
        pay("usd", "pm_usBankAccount_riskLevelHighest")
    paid = pay("eur", "pm_success_de")
    banks()
    with pytest.raises(stripe.InvalidRequestError, match="refunds of sepa_debit"):
        client.v1.refunds.create({"payment_intent": paid.id})
    stuck = pay("usd", "pm_usBankAccount_processing")
    assert banks() == []
    assert client.v1.payment_intents.cancel(stuck.id).status == "canceled"


def test_payment_methods_are_bank_accounts(client, banks):
    """By API and by a page that saves them; what is wrong is said."""
    us = {"account_holder_type": "individual", "account_number": "000123456789"}
    with pytest.raises(stripe.InvalidRequestError, match="routing number"):
        client.v1.payment_methods.create(
            {
                "type": "us_bank_account",
                "us_bank_account": {**us, "routing_number": "110000001"},
                "billing_details": {"name": "Ada"},
            }
        )
    with pytest.raises(stripe.InvalidRequestError, match="billing_details\\[email\\]"):
        client.v1.payment_methods.create(
            {
                "type": "sepa_debit",
                "sepa_debit": {"iban": GOOD},
                "billing_details": {"name": "Ada"},
            }
        )
    buyer = customer(client, None)
    made = setup_session(client, customer=buyer)
    wrong = submit(made.url, paymentMethod="us_bank_account", accountNumber="1")
    assert faults(wrong) == [
        "The test bank has the routing number 110000000.",
        "Only Stripe's documented test accounts work here, such as 000123456789.",
    ]
    submit(
        made.url,
        paymentMethod="us_bank_account",
        routingNumber="110000000",
        accountNumber="000123456789",
    )
    (saved,) = client.v1.customers.payment_methods.list(buyer).data
    assert (saved.type, saved.us_bank_account.last4) == ("us_bank_account", "6789")


def test_not_offered_unless_the_account_takes_them(client, sandbox):
    made = session(client, price(client, 1500, currency="eur"))
    assert made.payment_method_types == ["card"]
    assert "IBAN" not in open_page(made.url).text
    assert "card number" in " ".join(faults(by_debit(made.url, GOOD, cardNumber="")))
