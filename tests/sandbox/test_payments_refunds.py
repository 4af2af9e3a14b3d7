"""Refunds through the real client: amounts, events, money, and the cards whose refunds go another way."""

from __future__ import annotations

import time

import pytest
import stripe

from tests.sandbox.billing_setup import (
    VISA,
    at,
    clock,
    customer,
    event_types,
    invoices,
    price,
    subscribe,
)
from tests.sandbox.core_setup import refused, wait_for
from tests.sandbox.payments_setup import settled

EVENTS = ("refund", "charge.refund", "charge.updated")


def pay(client, amount=1_000, currency="usd", card=VISA):
    """A PaymentIntent that succeeded."""
    params = {"amount": amount, "currency": currency, "payment_method": card, "confirm": True}
    return client.v1.payment_intents.create(params)


def told(client, kind):
    """Wait for the only event of a type."""
    wait_for(lambda: client.v1.events.list({"type": kind}).data)
    (event,) = client.v1.events.list({"type": kind}).data
    return event


def test_refund_of_everything(client):
    paid = pay(client)
    money = settled(client, paid.latest_charge)
    refund = client.v1.refunds.create(
        {"payment_intent": paid.id, "reason": "duplicate", "metadata": {"k": "v"}}
    )
    assert (refund.object, refund.amount, refund.currency) == ("refund", 1000, "usd")
    assert (refund.status, refund.reason, refund.metadata["k"]) == ("succeeded", "duplicate", "v")
    assert (refund.charge, refund.payment_intent) == (paid.latest_charge, paid.id)
    charge = client.v1.charges.retrieve(refund.charge, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded, charge.status) == (1000, True, "succeeded")
    assert charge.balance_transaction == money.id
    assert [row.id for row in charge.refunds.data] == [refund.id]
    entry = client.v1.balance_transactions.retrieve(refund.balance_transaction)
    assert (entry.type, entry.reporting_category, entry.source) == ("refund", "refund", refund.id)
    assert (entry.amount, entry.fee, entry.net, entry.fee_details) == (-1000, 0, -1000, [])
    assert entry.available_on == money.available_on
    assert event_types(client, *EVENTS) == ["charge.updated", "refund.created", "charge.refunded"]
    refunded = told(client, "charge.refunded")
    assert refunded.data.object["amount_refunded"] == 1000
    assert refunded.data.previous_attributes.to_dict() == {"amount_refunded": 0, "refunded": False}


def test_bank_gives_a_reference_number_a_moment_later(client):
    refund = client.v1.refunds.create({"payment_intent": pay(client).id})
    assert refund.destination_details.card.reference_status == "pending"
    updated = told(client, "refund.updated")
    assert "destination_details" in updated.data.previous_attributes
    after = client.v1.refunds.retrieve(refund.id)
    assert after.destination_details.card.reference_status == "available"
    assert (after.status, bool(after.destination_details.card.reference)) == ("succeeded", True)
    assert event_types(client, "refund", "charge.refund")[-2:] == [
        "refund.updated",
        "charge.refund.updated",
    ]


def test_parts_of_a_charge_up_to_all_of_it(client):
    paid = pay(client)
    first = client.v1.refunds.create({"charge": paid.latest_charge, "amount": 300})
    charge = client.v1.charges.retrieve(paid.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (300, False)
    with refused(
        param="amount",
        message="Refund amount ($7.01) is greater than unrefunded amount on charge ($7.00)",
    ):
        client.v1.refunds.create({"charge": charge.id, "amount": 701})
    second = client.v1.refunds.create({"charge": charge.id, "amount": 200})
    rest = client.v1.refunds.create({"payment_intent": paid.id})
    assert rest.amount == 500
    assert client.v1.charges.retrieve(charge.id).refunded
    with refused(code="charge_already_refunded", status=400):
        client.v1.refunds.create({"charge": charge.id, "amount": 1})
    found = client.v1.refunds.list({"charge": charge.id}).data
    assert [row.id for row in found] == [rest.id, second.id, first.id]
    assert len(client.v1.refunds.list({"payment_intent": paid.id}).data) == 3
    assert client.v1.refunds.list({"created": {"lt": first.created}}).data == []


@pytest.mark.parametrize(
    ("amount", "words"), [(1_001, "greater than charge amount"), (0, "positive"), (-1, "positive")]
)
def test_amounts_that_cannot_be_given_back(client, amount, words):
    with pytest.raises(stripe.InvalidRequestError, match=words) as caught:
        client.v1.refunds.create({"payment_intent": pay(client).id, "amount": amount})
    assert caught.value.param == "amount"
    assert client.v1.refunds.list().data == []


def test_what_cannot_be_refunded(client):
    paid, open_intent = pay(client), client.v1.payment_intents.create
    waiting = open_intent({"amount": 500, "currency": "usd"}).id
    with refused(code="parameter_missing"):
        client.v1.refunds.create({"amount": 5})
    with refused(status=400):
        client.v1.refunds.create({"payment_intent": paid.id, "charge": paid.latest_charge})
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        client.v1.refunds.create({"payment_intent": waiting})
    with pytest.raises(stripe.CardError) as caught:
        pay(client, card="pm_card_visa_chargeDeclined")
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        client.v1.refunds.create({"charge": caught.value.error.charge})
    with refused(status=400, code="resource_missing", param="charge"):
        client.v1.refunds.create({"charge": "ch_none"})
    with refused(code="sandbox_not_implemented"):
        client.v1.refunds.create({"payment_intent": paid.id, "reverse_transfer": True})


def test_metadata_can_be_changed_and_nothing_canceled(client):
    refund = client.v1.refunds.create({"payment_intent": pay(client).id})
    changed = client.v1.refunds.update(refund.id, {"metadata": {"a": "b"}})
    assert changed.metadata["a"] == "b"
    assert event_types(client, "refund.updated") == ["refund.updated"]
    with pytest.raises(stripe.InvalidRequestError, match="cannot be canceled"):
        client.v1.refunds.cancel(refund.id)
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_refund_that_fails_after_it_had_succeeded(client):
    paid = pay(client, card="pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": paid.id})
    assert (refund.status, refund.balance_transaction is not None) == ("succeeded", True)
    other = client.v1.refunds.create({"payment_intent": pay(client).id})
    expanded = client.v1.refunds.retrieve(other.id, {"expand": ["failure_balance_transaction"]})
    assert expanded.failure_balance_transaction is None, "nothing came back"
    failed = told(client, "refund.failed")
    assert failed.data.object["failure_reason"] == "expired_or_canceled_card"
    assert failed.data.previous_attributes["status"] == "succeeded"
    after = client.v1.refunds.retrieve(
        refund.id, {"expand": ["failure_balance_transaction", "charge"]}
    )
    assert (after.status, after.charge.amount_refunded, after.charge.refunded) == (
        "failed",
        0,
        False,
    )
    entry = after.failure_balance_transaction
    assert (entry.type, entry.amount, entry.source) == ("refund_failure", 1000, refund.id)
    # Newest first; those of the other refund may lie between them.
    events = client.v1.events.list({"limit": 100}).data
    assert [event.type for event in events if event.data.object.id == refund.id][:3] == [
        "charge.refund.updated",
        "refund.updated",
        "refund.failed",
    ]
    assert client.v1.refunds.create({"payment_intent": paid.id, "amount": 100}).amount == 100


def test_failure_may_be_expanded_before_there_is_one(client):
    made = client.v1.refunds.create({"payment_intent": pay(client).id}).id
    refund = client.v1.refunds.retrieve(made, {"expand": ["failure_balance_transaction"]})
    assert (refund.status, refund.failure_balance_transaction) == ("succeeded", None)
    assert "failure_balance_transaction" not in client.v1.refunds.retrieve(made)


def test_refund_that_waits_first(client):
    refund = client.v1.refunds.create(
        {"payment_intent": pay(client, card="pm_card_pendingRefund").id}
    )
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    updated = told(client, "refund.updated")
    assert updated.data.previous_attributes["status"] == "pending"
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_parts_in_another_currency_give_back_what_came_in(client):
    paid = pay(client, 1_001, "jpy")
    came = settled(client, paid.latest_charge)
    for amount in (333, 333, 335):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": amount})
    entries = client.v1.balance_transactions.list({"type": "refund"}).data
    assert sum(entry.amount for entry in entries) == -came.amount
    assert {(entry.currency, entry.exchange_rate) for entry in entries} == {("usd", 0.65)}


def test_refund_settles_its_charge_first(client):
    paid = pay(client)
    client.v1.refunds.create({"payment_intent": paid.id})
    assert client.v1.charges.retrieve(paid.latest_charge).balance_transaction
    assert [e.type for e in client.v1.balance_transactions.list().data] == ["refund", "charge"]
    time.sleep(1.5)
    assert event_types(client, "charge.updated") == ["charge.updated"]


def test_paid_invoice_stays_paid_and_time_is_that_of_the_test_clock(client, advance):
    start = at(2030, 1, 1)
    buyer = customer(client, test_clock=clock(client, start))
    sub = subscribe(client, buyer, price(client, 2_000))
    (invoice,) = invoices(client, sub)
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice.id}).data
    refund = client.v1.refunds.create({"payment_intent": payment.payment.payment_intent})
    assert refund.created == start
    after = client.v1.invoices.retrieve(invoice.id)
    assert (after.status, after.amount_paid, after.amount_remaining) == ("paid", 2_000, 0)
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"
