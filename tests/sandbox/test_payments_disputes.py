"""Disputes of Stripe's test cards: money, evidence and how they end."""

from __future__ import annotations

import pytest

from tests.sandbox.billing_setup import (
    DAY,
    at,
    clock,
    customer,
    event_types,
    price,
    subscribe,
)
from tests.sandbox.core_setup import refused, wait_for
from tests.sandbox.payments_setup import disputed, settled

START = at(2030, 1, 1, 12)


def pay(client, card="pm_card_createDispute", currency="usd", amount=1_000):
    """A PaymentIntent that succeeded."""
    params = {"amount": amount, "currency": currency, "payment_method": card, "confirm": True}
    return client.v1.payment_intents.create(params)


def answer(client, dispute, text, **more):
    return client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}, **more})


def closed(client, dispute):
    """The dispute once it is closed."""
    wait_for(lambda: client.v1.events.list({"type": "charge.dispute.closed"}).data)
    return client.v1.disputes.retrieve(dispute.id)


@pytest.mark.parametrize(
    ("card", "reason", "code"),
    [
        ("pm_card_createDispute", "fraudulent", "10.4"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "13.1"),
    ],
)
def test_disputed_charge_loses_its_money_for_now(client, card, reason, code):
    paid = pay(client, card)
    assert client.v1.disputes.list().data == []
    dispute = disputed(client, paid)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", reason, 1_000)
    assert (dispute.charge, dispute.network_reason_code) == (paid.latest_charge, code)
    assert not dispute.is_charge_refundable
    assert dispute.evidence_details.submission_method == "not_submitted"
    (entry,) = dispute.balance_transactions
    assert (entry.type, entry.reporting_category) == ("adjustment", "dispute")
    assert (entry.amount, entry.fee, entry.net) == (-1_000, 1_500, -2_500)
    assert (entry.source, entry.fee_details[0].description) == (dispute.id, "Dispute fee")
    charge = client.v1.charges.retrieve(paid.latest_charge)
    assert (charge.disputed, charge.refunded, charge.status) == (True, False, "succeeded")
    assert event_types(client, "charge.dispute") == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    ]
    with refused(code="charge_disputed"):
        client.v1.refunds.create({"charge": charge.id})


def test_won_dispute_brings_the_money_back(client):
    dispute = disputed(client, pay(client))
    under_review = answer(client, dispute, "winning_evidence")
    assert (under_review.status, under_review.evidence_details.submission_count) == (
        "under_review",
        1,
    )
    won = closed(client, dispute)
    assert (won.status, won.evidence_details.submission_method) == ("won", "manual")
    taken, back = won.balance_transactions
    assert (back.type, back.reporting_category) == ("adjustment", "dispute_reversal")
    assert (back.amount, back.fee, back.net) == (1_000, -1_500, 2_500)
    assert taken.net + back.net == 0
    assert event_types(client, "charge.dispute") == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]


def test_lost_dispute_brings_nothing_back(client):
    dispute = disputed(client, pay(client))
    answer(client, dispute, "losing_evidence")
    lost = closed(client, dispute)
    assert (lost.status, len(lost.balance_transactions)) == ("lost", 1)
    assert event_types(client, "charge.dispute")[-1] == "charge.dispute.closed"
    with refused(status=400):
        client.v1.disputes.close(dispute.id)
    with refused(param="evidence"):
        answer(client, dispute, "winning_evidence")


def test_evidence_can_wait_and_is_submitted_once(client):
    dispute = disputed(client, pay(client))
    staged = answer(client, dispute, "She had it", submit=False)
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert staged.evidence_details.submission_count == 0
    client.v1.disputes.update(dispute.id, {"metadata": {"k": "v"}})
    sent = client.v1.disputes.update(dispute.id, {"submit": True})
    assert (sent.status, sent.evidence.uncategorized_text) == ("under_review", "She had it")
    with refused(param="evidence"):
        answer(client, dispute, "winning_evidence")
    with refused(code="sandbox_not_implemented"):
        client.v1.disputes.update(dispute.id, {"evidence": {"receipt": "file_1"}})


def test_accepted_dispute_is_lost(client):
    dispute = disputed(client, pay(client))
    assert client.v1.disputes.close(dispute.id).status == "lost"
    assert event_types(client, "charge.dispute")[-1] == "charge.dispute.closed"


def test_inquiry_takes_no_money(client):
    paid = pay(client, "pm_card_createDisputeInquiry")
    dispute = disputed(client, paid)
    assert (dispute.status, dispute.balance_transactions) == ("warning_needs_response", [])
    assert dispute.payment_method_details.card.case_type == "inquiry"
    assert event_types(client, "charge.dispute") == ["charge.dispute.created"]
    assert answer(client, dispute, "winning_evidence").status == "warning_under_review"
    assert closed(client, dispute).status == "warning_closed"
    assert client.v1.refunds.create({"payment_intent": paid.id}).status == "succeeded"


def test_inquiry_that_becomes_a_chargeback(client):
    dispute = disputed(client, pay(client, "pm_card_createDisputeInquiry"))
    answer(client, dispute, "escalate_inquiry_evidence")
    wait_for(lambda: "charge.dispute.funds_withdrawn" in event_types(client, "charge.dispute"))
    escalated = client.v1.disputes.retrieve(dispute.id)
    assert (escalated.status, escalated.balance_transactions[0].amount) == (
        "needs_response",
        -1_000,
    )
    answer(client, escalated, "winning_evidence")
    assert closed(client, dispute).status == "won"


def test_only_what_was_not_refunded_is_disputed(client):
    paid = pay(client)
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 400})
    dispute = disputed(client, paid)
    assert (dispute.amount, dispute.balance_transactions[0].amount) == (600, -600)


def test_dispute_in_another_currency(client):
    paid = pay(client, currency="jpy")
    dispute = disputed(client, paid)
    money = settled(client, paid.latest_charge)
    (entry,) = dispute.balance_transactions
    assert (dispute.currency, dispute.amount) == ("jpy", 1_000)
    assert (entry.currency, entry.amount, entry.exchange_rate) == ("usd", -money.amount, 0.65)


def test_nobody_answers(client, advance):
    time = clock(client, START)
    buyer = customer(client, "pm_card_createDispute", test_clock=time)
    subscribe(client, buyer, price(client, 2_000))
    (charge,) = client.v1.charges.list({"customer": buyer}).data
    wait_for(lambda: client.v1.disputes.list({"charge": charge.id}).data)
    (dispute,) = client.v1.disputes.list({"charge": charge.id}).data
    assert (dispute.created, dispute.balance_transactions[0].created) == (START, START)
    assert dispute.evidence_details.due_by == at(2030, 1, 11) - 1
    advance(time, START + 11 * DAY)
    assert client.v1.disputes.retrieve(dispute.id).status == "lost"
