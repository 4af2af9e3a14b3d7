"""Stripe's documented test cards: each does what docs.stripe.com/testing says of it."""

from __future__ import annotations

import pytest
import stripe

from stripe_sandbox.payments import cards
from tests.sandbox.billing_setup import customer, price, subscribe

#: Test id -> code, decline code, advice code, network's code.
REFUSED = {
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline", "try_again_later", "01"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": (
        "card_declined",
        "insufficient_funds",
        "try_again_later",
        "51",
    ),
    "pm_card_visa_chargeDeclinedLostCard": (
        "card_declined",
        "lost_card",
        "do_not_try_again",
        "41",
    ),
    "pm_card_visa_chargeDeclinedStolenCard": (
        "card_declined",
        "stolen_card",
        "do_not_try_again",
        "43",
    ),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": (
        "card_declined",
        "card_velocity_exceeded",
        "try_again_later",
        "65",
    ),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None, "confirm_card_data", "54"),
    "pm_card_chargeDeclinedIncorrectCvc": ("incorrect_cvc", None, "confirm_card_data", "N7"),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", None, "try_again_later", "96"),
    "pm_card_threeDSecureRequiredProcessingError": (
        "card_declined",
        "generic_decline",
        "try_again_later",
        "01",
    ),
}


def pay(client, card, **more):
    """Charge a test card at once."""
    return client.v1.payment_intents.create(
        {"amount": 2_000, "currency": "usd", "payment_method": card, "confirm": True, **more}
    )


def test_numbers_are_those_of_cards():
    assert all(cards.is_valid_number(number) for number in cards.CARDS)
    assert not cards.is_valid_number("4242424242424241")


@pytest.mark.parametrize("name", cards.NAMES)
def test_every_id_stands_for_its_card(client, name):
    number = cards.NAMES[name]
    made = client.v1.payment_methods.create({"type": "card", "card": {"token": f"tok_{name}"}})
    assert (made.card.last4, made.card.brand) == (number[-4:], cards.CARDS[number].brand)


@pytest.mark.parametrize("card", REFUSED)
def test_refusals_say_why_and_what_to_do(client, card):
    with pytest.raises(stripe.CardError) as caught:
        pay(client, card)
    error = caught.value.error
    found = tuple(
        getattr(error, name, None)
        for name in ("code", "decline_code", "advice_code", "network_decline_code")
    )
    assert found == REFUSED[card]
    assert error.doc_url.endswith("/" + error.code.replace("_", "-"))
    (charge,) = client.v1.charges.list().data
    assert (charge.status, charge.failure_code) == ("failed", error.code)
    assert (charge.outcome.type, charge.outcome.network_status) == (
        "issuer_declined",
        "declined_by_network",
    )
    assert (charge.outcome.advice_code, charge.outcome.network_decline_code) == found[2:]
    (intent,) = client.v1.payment_intents.list().data
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.advice_code == found[2]
    assert intent.last_payment_error.payment_method.id.startswith("pm_")


@pytest.mark.parametrize("card", REFUSED)
def test_refused_cards_cannot_be_saved(client, card):
    buyer = customer(client, None)
    with pytest.raises(stripe.CardError):
        client.v1.payment_methods.attach(card, {"customer": buyer})
    assert client.v1.payment_methods.list({"customer": buyer}).data == []


def test_blocked_payment_never_reaches_the_bank(client):
    with pytest.raises(stripe.CardError) as caught:
        pay(client, "pm_card_radarBlock")
    assert caught.value.error.decline_code == "fraudulent"
    outcome = client.v1.charges.list().data[0].outcome
    assert (outcome.type, outcome.network_status, outcome.reason, outcome.risk_level) == (
        "blocked",
        "not_sent_to_network",
        "highest_risk_level",
        "highest",
    )


def test_failed_cvc_check_does_not_stop_a_payment(client):
    paid = pay(client, "pm_card_cvcCheckFail", expand=["payment_method"])
    assert paid.status == "succeeded"
    assert paid.payment_method.card.checks.cvc_check == "fail"


def test_country_of_a_card(client):
    paid = pay(client, "pm_card_gb", expand=["latest_charge"])
    assert paid.latest_charge.payment_method_details.card.country == "GB"


@pytest.mark.parametrize(
    ("card", "on_session", "off_session"),
    [
        ("pm_card_visa", "succeeded", "succeeded"),
        ("pm_card_threeDSecureOptional", "succeeded", "succeeded"),
        ("pm_card_threeDSecure2Required", "requires_action", "authentication_required"),
        ("pm_card_authenticationRequired", "requires_action", "authentication_required"),
        ("pm_card_authenticationRequiredOnSetup", "requires_action", "authentication_required"),
        ("pm_card_authenticationRequiredSetupForOffSession", "requires_action", "succeeded"),
    ],
)
def test_when_the_bank_wants_to_see_the_customer(client, card, on_session, off_session):
    assert pay(client, card).status == on_session
    try:
        found = pay(client, card, off_session=True).status
    except stripe.CardError as error:
        found = error.code
    assert found == off_session


def test_subscription_with_a_card_that_is_set_up_is_paid_at_once(client):
    buyer = customer(client, "pm_card_authenticationRequiredSetupForOffSession")
    made = subscribe(client, buyer, price(client, 1_000), off_session=True)
    assert made.status == "active"
