"""Payment intents, setup intents, charges and balance transactions through the real client."""

from __future__ import annotations

import pytest
import requests
import stripe

from tests.sandbox.billing_setup import VISA, customer, event_types

ASKS, ASKS_UNLESS_SET_UP = "pm_card_authenticationRequired", "pm_card_authenticationRequiredOnSetup"


def pay(client, card=VISA, amount=1000, **more):
    params = {"amount": amount, "currency": "usd", "payment_method": card, "confirm": True}
    return client.v1.payment_intents.create({**params, **more})


def press(intent, result):
    url = intent.next_action.redirect_to_url.url
    return requests.post(url, {"result": result}, allow_redirects=False, timeout=30)


def test_payment_with_its_charge(client):
    buyer = customer(client, None)
    intent = pay(client, customer=buyer, description="One", metadata={"k": "v"})
    assert (intent.status, intent.amount_received, intent.last_payment_error) == (
        "succeeded",
        1000,
        None,
    )
    charge = client.v1.charges.retrieve(intent.latest_charge, {"expand": ["payment_intent"]})
    assert (charge.status, charge.paid, charge.captured, charge.customer) == (
        "succeeded",
        True,
        True,
        buyer,
    )
    assert (charge.description, charge.metadata["k"]) == ("One", "v")
    assert (charge.payment_intent.id, charge.payment_method_details.card.last4) == (
        intent.id,
        "4242",
    )
    assert client.v1.charges.list({"payment_intent": intent.id}).data[0].id == charge.id
    assert client.v1.payment_intents.list({"customer": buyer}).data[0].id == intent.id
    assert event_types(client, "payment_intent", "charge") == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


def test_decline_is_an_error_and_stays_on_record(client):
    with pytest.raises(stripe.CardError) as caught:
        pay(client, "pm_card_visa_chargeDeclinedInsufficientFunds")
    error = caught.value
    assert (error.code, error.error.decline_code) == ("card_declined", "insufficient_funds")
    assert error.error.payment_intent.status == "requires_payment_method"
    (intent,) = client.v1.payment_intents.list().data
    assert intent.id == error.error.payment_intent.id
    assert intent.last_payment_error.decline_code == "insufficient_funds"
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, "card_declined")
    assert charge.balance_transaction is None
    assert event_types(client, "payment_intent", "charge") == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]
    retried = client.v1.payment_intents.confirm(intent.id, {"payment_method": VISA})
    assert (retried.status, retried.last_payment_error) == ("succeeded", None)


@pytest.mark.parametrize("result", ["complete", "fail"])
def test_three_d_secure(client, result):
    intent = pay(client, ASKS, return_url="http://shop.example/back")
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    assert press(intent, result).headers["Location"].startswith("http://shop.example/back")
    after = client.v1.payment_intents.retrieve(intent.id)
    if result == "complete":
        assert (after.status, after.next_action) == ("succeeded", None)
        return
    assert after.status == "requires_payment_method"
    assert after.last_payment_error.code == "payment_intent_authentication_failure"
    assert client.v1.charges.list().data == []


def test_bank_that_asks_while_the_customer_is_away(client):
    buyer = customer(client, None)
    method = client.v1.payment_methods.attach(ASKS, {"customer": buyer}).id
    with pytest.raises(stripe.CardError) as caught:
        pay(client, method, customer=buyer, off_session=True)
    assert caught.value.code == "authentication_required"
    assert caught.value.error.payment_intent.status == "requires_payment_method"


def test_card_that_was_set_up_is_not_asked_for_off_session(client):
    buyer = customer(client, None)
    made = client.v1.setup_intents.create(
        {"customer": buyer, "payment_method": ASKS_UNLESS_SET_UP, "confirm": True}
    )
    assert made.status == "requires_action"
    press(made, "complete")
    done = client.v1.setup_intents.retrieve(made.id, {"expand": ["payment_method"]})
    assert (done.status, done.payment_method.customer) == ("succeeded", buyer)
    method = done.payment_method.id
    assert pay(client, method, customer=buyer, off_session=True).status == "succeeded"
    assert pay(client, method, customer=buyer).status == "requires_action"
    assert event_types(client, "setup_intent") == [
        "setup_intent.created",
        "setup_intent.requires_action",
        "setup_intent.succeeded",
    ]


def test_saving_while_paying_attaches_only_what_is_paid(client):
    buyer = customer(client, None)
    more = {"customer": buyer, "setup_future_usage": "off_session"}
    with pytest.raises(stripe.CardError):
        pay(client, "pm_card_chargeCustomerFail", **more)
    assert client.v1.payment_methods.list({"customer": buyer}).data == []
    paid = pay(client, **more)
    (kept,) = client.v1.payment_methods.list({"customer": buyer}).data
    assert kept.id == paid.payment_method


def test_payment_methods_of_others_are_refused(client):
    method = client.v1.payment_methods.attach(VISA, {"customer": customer(client, None)}).id
    for more in ({}, {"customer": customer(client, None)}):
        with pytest.raises(stripe.InvalidRequestError, match="belongs to"):
            pay(client, method, **more)
        with pytest.raises(stripe.InvalidRequestError, match="belongs to"):
            client.v1.setup_intents.create({"payment_method": method, **more})
    assert client.v1.payment_intents.list().data == []


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "usd", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"),
        (1001, "kwd", None),
        (150, "isk", None),
    ],
)
def test_amounts_that_cannot_be_charged(client, amount, currency, code):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.create({"amount": amount, "currency": currency})
    assert (caught.value.param, caught.value.code) == ("amount", code)


def test_canceling_and_updating(client):
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    changed = client.v1.payment_intents.update(
        intent.id, {"description": "Five", "metadata": {"a": "b"}}
    )
    assert (changed.description, changed.metadata["a"]) == ("Five", "b")
    done = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (done.status, done.cancellation_reason) == ("canceled", "abandoned")
    assert done.canceled_at
    for call in (client.v1.payment_intents.cancel, client.v1.payment_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            call(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"


def test_setup_intent_life(client):
    buyer = customer(client, None)
    made = client.v1.setup_intents.create({"customer": buyer, "metadata": {"a": "b"}})
    assert (made.status, made.usage) == ("requires_payment_method", "off_session")
    with pytest.raises(stripe.CardError) as caught:
        client.v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    assert caught.value.error.setup_intent.id == made.id
    failed = client.v1.setup_intents.retrieve(made.id)
    assert failed.last_setup_error.decline_code == "generic_decline"
    done = client.v1.setup_intents.confirm(made.id, {"payment_method": VISA})
    assert (done.status, done.last_setup_error) == ("succeeded", None)
    assert client.v1.setup_intents.list({"customer": buyer}).data[0].id == made.id
    with pytest.raises(stripe.InvalidRequestError, match="succeeded"):
        client.v1.setup_intents.cancel(made.id)
    other = client.v1.setup_intents.create({})
    assert client.v1.setup_intents.cancel(other.id).status == "canceled"
    assert event_types(client, "setup_intent.c")[-1] == "setup_intent.canceled"


@pytest.mark.parametrize(
    "more",
    [
        {"payment_method_types": ["card"]},
        {"capture_method": "manual"},
        {"statement_descriptor": "X"},
        {"application_fee_amount": 1},
    ],
)
def test_what_is_not_there_is_refused(client, more):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({"amount": 500, "currency": "usd", **more})
    assert client.v1.payment_intents.list().data == []


@pytest.mark.parametrize("name", ["off_session", "return_url"])
def test_parameters_that_need_a_confirmation(client, name):
    value = {"off_session": True, "return_url": "http://shop.example/"}[name]
    with pytest.raises(stripe.InvalidRequestError, match="confirm=true") as caught:
        pay(client, confirm=False, **{name: value})
    assert caught.value.param == name
    assert client.v1.payment_intents.list().data == []


def test_return_url_of_a_setup_intent_needs_a_confirmation(client):
    with pytest.raises(stripe.InvalidRequestError, match="confirm=true"):
        client.v1.setup_intents.create({"return_url": "http://shop.example/"})


def test_currencies_that_nobody_has(client):
    with pytest.raises(stripe.InvalidRequestError, match="Invalid currency: xxx") as caught:
        pay(client, currency="xxx")
    assert caught.value.param == "currency"
