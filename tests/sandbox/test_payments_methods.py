"""Payment methods: test cards by their documented ids, whose they are, and which one is charged."""

from __future__ import annotations

import pytest
import stripe

from stripe_sandbox.payments import cards
from tests.sandbox.billing_setup import customer, event_types, price, subscribe
from tests.sandbox.core_setup import admin


def test_made_from_a_test_token(client):
    method = client.v1.payment_methods.create(
        {
            "type": "card",
            "card": {"token": "tok_mastercard"},
            "billing_details": {"name": "Ada", "email": "ada@example.com"},
            "metadata": {"k": "v"},
        }
    )
    assert (method.card.brand, method.card.last4, method.customer) == ("mastercard", "4444", None)
    assert (method.billing_details.name, method.metadata["k"]) == ("Ada", "v")
    assert client.v1.payment_methods.retrieve(method.id).id == method.id


def test_bank_renews_a_card(client, sandbox):
    key = customer(client, None)
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": key})
    renewed = {"payment_method": method.id, "exp_month": 3, "exp_year": 2041}
    admin(sandbox, "POST", "renew_card", renewed)
    card = client.v1.payment_methods.retrieve(method.id).card
    assert (card.exp_month, card.exp_year, card.last4) == (3, 2041, "4242")
    event = client.v1.events.list({"type": "payment_method.automatically_updated"}).data[0]
    assert (event.data.object.id, event.data.object.customer) == (method.id, key)


def test_card_numbers_are_refused(client):
    card = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2035, "cvc": "123"}
    with pytest.raises(stripe.InvalidRequestError, match=r"card\[?.?number"):
        client.v1.payment_methods.create({"type": "card", "card": card})


@pytest.mark.parametrize("token", ["tok_nothing", "pm_card_visa", "4242424242424242"])
def test_unknown_tokens_are_refused(client, token):
    with pytest.raises(stripe.InvalidRequestError, match="No such token"):
        client.v1.payment_methods.create({"type": "card", "card": {"token": token}})


@pytest.mark.parametrize(
    ("key", "brand", "last4"),
    [
        ("pm_card_visa", "visa", "4242"),
        ("pm_card_visa_debit", "visa", "5556"),
        ("pm_card_mastercard", "mastercard", "4444"),
        ("pm_card_amex", "amex", "0005"),
        ("pm_card_discover", "discover", "1117"),
        ("pm_card_diners", "diners", "0004"),
        ("pm_card_jcb", "jcb", "0505"),
        ("pm_card_unionpay", "unionpay", "0005"),
        ("pm_card_chargeCustomerFail", "visa", "0341"),
        ("pm_card_authenticationRequired", "visa", "3184"),
        ("pm_card_authenticationRequiredOnSetup", "visa", "3155"),
        ("pm_card_threeDSecure2Required", "visa", "3220"),
    ],
)
def test_ids_that_stand_for_cards(client, key, brand, last4):
    method = client.v1.payment_methods.attach(key, {"customer": customer(client, None)})
    assert method.id != key
    assert (method.card.brand, method.card.last4) == (brand, last4)
    assert event_types(client, "payment_method") == ["payment_method.attached"]


@pytest.mark.parametrize(
    ("key", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
    ],
)
def test_cards_that_are_refused_when_attached(client, key, code, decline_code):
    buyer = customer(client, None)
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_methods.attach(key, {"customer": buyer})
    error = caught.value
    assert (error.http_status, error.code) == (402, code)
    assert getattr(error.error, "decline_code", None) == decline_code
    assert client.v1.payment_methods.list({"customer": buyer}).data == []


def test_every_documented_number_passes_the_check_digit():
    assert all(cards.is_valid_number(number) for number in cards.CARDS)
    assert not cards.is_valid_number("4242424242424241")
    assert set(cards.NAMES.values()) <= set(cards.CARDS)


def test_lists_are_of_one_customer(client):
    one, two = customer(client, None), customer(client, None)
    kept = [
        client.v1.payment_methods.attach(key, {"customer": one}).id
        for key in ("pm_card_visa", "pm_card_mastercard")
    ]
    client.v1.payment_methods.attach("pm_card_visa", {"customer": two})
    assert [m.id for m in client.v1.payment_methods.list({"customer": one}).data] == kept[::-1]
    assert [m.id for m in client.v1.customers.payment_methods.list(one).data] == kept[::-1]
    assert client.v1.customers.payment_methods.retrieve(one, kept[0]).id == kept[0]
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        client.v1.customers.payment_methods.retrieve(two, kept[0])


def test_attached_once_and_to_one_customer(client):
    one, two = customer(client, None), customer(client, None)
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": one})
    client.v1.payment_methods.attach(method.id, {"customer": one})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        client.v1.payment_methods.attach(method.id, {"customer": two})
    assert event_types(client, "payment_method") == ["payment_method.attached"]


def test_detaching_forgets_it_everywhere(client):
    buyer = customer(client)
    method = client.v1.customers.retrieve(buyer).invoice_settings.default_payment_method
    sub = subscribe(client, buyer, price(client, 1000), default_payment_method=method)
    assert client.v1.payment_methods.detach(method).customer is None
    assert client.v1.customers.retrieve(buyer).invoice_settings.default_payment_method is None
    assert client.v1.subscriptions.retrieve(sub.id).default_payment_method is None
    (event,) = client.v1.events.list({"type": "payment_method.detached"}).data
    assert event.data.previous_attributes["customer"] == buyer
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        client.v1.payment_methods.detach(method)


def test_detached_for_good(client):
    """docs.stripe.com/api/payment_methods/detach: it can no longer be used or attached again."""
    buyer = customer(client, None)
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": buyer}).id
    client.v1.payment_methods.detach(method)
    with pytest.raises(stripe.InvalidRequestError, match="previously"):
        client.v1.payment_methods.attach(method, {"customer": buyer})
    with pytest.raises(stripe.InvalidRequestError, match="previously"):
        client.v1.payment_intents.create(
            {"amount": 500, "currency": "usd", "payment_method": method, "confirm": True}
        )


def test_a_second_payment_needs_a_customer(client):
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id
    params = {"amount": 500, "currency": "usd", "payment_method": method, "confirm": True}
    assert client.v1.payment_intents.create(params).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="previously used"):
        client.v1.payment_intents.create(params)
    buyer = customer(client, None)
    saved = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id
    again = params | {
        "customer": buyer,
        "payment_method": saved,
        "setup_future_usage": "off_session",
    }
    for _attempt in range(2):
        assert client.v1.payment_intents.create(again).status == "succeeded"


def test_updating_details_of_an_attached_one(client):
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer(client, None)})
    changed = client.v1.payment_methods.update(
        method.id,
        {
            "billing_details": {"name": "Ada B."},
            "card": {"exp_month": 3, "exp_year": 2040},
            "metadata": {"a": "b"},
        },
    )
    assert (changed.billing_details.name, changed.card.exp_month) == ("Ada B.", 3)
    assert changed.card.last4 == "4242"
    assert event_types(client, "payment_method.u") == ["payment_method.updated"]
    loose = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    with pytest.raises(stripe.InvalidRequestError, match="attach"):
        client.v1.payment_methods.update(loose.id, {"metadata": {"a": "b"}})


def test_default_of_the_customer_must_be_theirs(client):
    one, two = customer(client, None), customer(client, None)
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": one}).id
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        client.v1.customers.update(two, {"invoice_settings": {"default_payment_method": method}})
    changed = client.v1.customers.update(
        one, {"invoice_settings": {"default_payment_method": method}}
    )
    assert changed.invoice_settings.default_payment_method == method


def test_parts_of_an_address_stay_until_they_are_emptied(client):
    made = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer(client, None)}).id

    def change(**details):
        changed = client.v1.payment_methods.update(made, {"billing_details": details})
        return changed.billing_details.to_dict()

    empty = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    assert change(phone="1")["address"] == empty
    change(address={"city": "London", "country": "GB"})
    changed = change(address={"city": "Leeds"}, phone="")
    assert (changed["address"], changed["phone"]) == (
        {**empty, "city": "Leeds", "country": "GB"},
        None,
    )
    assert change(address="")["address"] == empty


def test_impossible_expiry_is_refused(client):
    made = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer(client, None)}).id
    for part, code in (("exp_month", "invalid_expiry_month"), ("exp_year", "invalid_expiry_year")):
        with pytest.raises(stripe.CardError) as caught:
            client.v1.payment_methods.update(made, {"card": {part: 13}})
        assert (caught.value.code, caught.value.param) == (code, f"card[{part}]")
    assert client.v1.payment_methods.retrieve(made).card.exp_month == 12
