"""Contract cases of what goes back to customers and on to the bank: refunds, disputes, payouts."""

from __future__ import annotations

from typing import Any

import stripe

from tests.sandbox.billing_setup import VISA, customer
from tests.sandbox.contract_cases import contract_case
from tests.sandbox.core_setup import admin, wait_for
from tests.sandbox.payments_setup import disputed, settled


def _paid(world: Any, card: str = VISA, amount: int = 2_000) -> Any:
    """A PaymentIntent that succeeded."""
    return world.client.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "eur",
            "customer": customer(world.client, None),
            "payment_method": card,
            "confirm": True,
        }
    )


@contract_case(
    "POST /v1/refunds",
    "GET /v1/refunds",
    "GET /v1/refunds/{refund}",
    "POST /v1/refunds/{refund}",
    "POST /v1/refunds/{refund}/cancel",
)
def refunds(world: Any) -> None:
    api = world.client.v1
    paid = _paid(world)
    refund = api.refunds.create(
        {
            "payment_intent": paid.id,
            "amount": 500,
            "reason": "requested_by_customer",
            "metadata": {"k": "v"},
            "instructions_email": "a@b.c",
            "expand": ["charge", "payment_intent", "balance_transaction", "customer"],
        }
    )
    api.refunds.create({"charge": refund.charge.id})
    waits = api.refunds.create({"payment_intent": _paid(world, "pm_card_pendingRefund").id})
    assert waits.pending_reason == "processing"
    api.refunds.update(refund.id, {"metadata": {"k": ""}})
    api.refunds.retrieve(refund.id, {"expand": ["payment_method"]})
    api.refunds.list({"charge": refund.charge.id, "created": {"gte": 1}, "limit": 5})
    api.refunds.list({"payment_intent": paid.id, "created": refund.created})
    api.charges.retrieve(refund.charge.id, {"expand": ["refunds.data.balance_transaction"]})
    try:
        api.refunds.cancel(refund.id)
    except stripe.InvalidRequestError:
        api.refunds.retrieve(refund.id)


@contract_case(
    "GET /v1/disputes",
    "GET /v1/disputes/{dispute}",
    "POST /v1/disputes/{dispute}",
    "POST /v1/disputes/{dispute}/close",
)
def disputes(world: Any) -> None:
    api = world.client.v1
    paid = _paid(world, "pm_card_createDispute")
    first = disputed(world.client, paid)
    api.disputes.update(
        first.id,
        {
            "evidence": {"customer_name": "Ada", "uncategorized_text": "She had it"},
            "submit": False,
            "metadata": {"k": "v"},
        },
    )
    api.disputes.retrieve(first.id, {"expand": ["charge", "payment_intent"]})
    api.disputes.list({"charge": paid.latest_charge, "created": {"gte": 1}})
    api.disputes.list({"payment_intent": paid.id})
    api.disputes.close(first.id)
    asked = disputed(world.client, _paid(world, "pm_card_createDisputeInquiry"))
    api.disputes.update(asked.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    entry = api.disputes.retrieve(first.id).balance_transactions[0]
    api.balance_transactions.retrieve(entry.id, {"expand": ["source"]})


@contract_case(
    "GET /v1/payouts",
    "GET /v1/payouts/{payout}",
    "POST /v1/payouts/{payout}",
    "GET /v1/balance_transactions",
)
def payouts(world: Any) -> None:
    api = world.client.v1
    settled(world.client, _paid(world, "pm_card_bypassPending").latest_charge)
    key = admin(world.sandbox, "POST", "payout")["id"]
    wait_for(lambda: api.payouts.retrieve(key).status == "paid")
    payout = api.payouts.retrieve(key, {"expand": ["balance_transaction"]})
    api.payouts.update(payout.id, {"metadata": {"k": "v"}})
    api.payouts.list({"status": "paid", "created": {"gte": 1}, "arrival_date": {"gte": 1}})
    params = {"payout": payout.id, "created": {"gte": 1}, "expand": ["data.source"]}
    api.balance_transactions.list({**params, "type": "charge", "currency": "usd"})
    entry = api.balance_transactions.list({**params, "type": "payout"}).data[0]
    assert entry.source.id == payout.id
