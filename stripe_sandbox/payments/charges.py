"""Charges, what the bank said to them, and the money they bring."""

from __future__ import annotations

import time
from typing import Any

from stripe_sandbox.core import ids
from stripe_sandbox.core.clocks import scheduled
from stripe_sandbox.payments import cards, fees, ledger

Wire = dict[str, Any]
AVAILABLE_AFTER = 2 * 86400
#: Seconds until a charge has its balance transaction, on the wall clock even for test clocks: capture is
#: asynchronous (docs.stripe.com/payments/payment-intents/asynchronous-capture).
SETTLED_AFTER = 1


def new(ctx: Any, intent: Wire, method: Wire, decline: cards.Decline | None = None) -> Wire:
    """Store the charge of an attempt and say so; the money of an accepted one is on its way."""
    shown = method["card"]
    charge = {
        "id": ids.new("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if decline else intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "captured": not decline,
        "created": ctx.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": decline and decline.code,
        "failure_message": decline and decline.message,
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": _outcome(decline),
        "paid": not decline,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "type": "card",
            "card": {
                key: shown[key]
                for key in ("brand", "country", "exp_month", "exp_year", "funding", "last4")
            },
        },
        "receipt_url": None
        if decline
        else f"{ctx.account.base_url}/pages/receipt/{intent['_token']}",
        "refunded": False,
        "status": "failed" if decline else "succeeded",
    }
    ctx.store.insert(charge)
    if not decline:
        ctx.account.schedule(int(time.time()) + SETTLED_AFTER, "charge.settle", charge["id"])
    ctx.emit("charge.failed" if decline else "charge.succeeded", charge)
    return charge


def _outcome(decline: cards.Decline | None) -> Wire:
    """What bank and Stripe said to a charge."""
    if decline is None:
        kind, status, words = "authorized", "approved_by_network", "Payment complete."
    elif decline.blocked:
        kind, status = "blocked", "not_sent_to_network"
        words = "Stripe blocked this payment as too risky."
    else:
        kind, status = "issuer_declined", "declined_by_network"
        words = "The bank did not accept the payment."
    reason = decline and (decline.decline_code or decline.code)
    return {
        "advice_code": decline and decline.advice,
        "network_advice_code": None,
        "network_decline_code": decline and decline.network,
        "network_status": status,
        "reason": "highest_risk_level" if kind == "blocked" else reason,
        "risk_level": "highest" if kind == "blocked" else "normal",
        "seller_message": words,
        "type": kind,
    }


@scheduled("charge.settle")
def settle(ctx: Any, key: str) -> None:
    """The money of a charge reaches the balance, a moment after the charge succeeded."""
    charge = ctx.store.find("charge", key)
    if charge is None or charge["balance_transaction"]:
        return
    transaction = _new_transaction(ctx, charge)
    previous = ctx.store.update(charge, balance_transaction=transaction["id"])
    ctx.emit("charge.updated", charge, previous)


def _new_transaction(ctx: Any, charge: Wire) -> Wire:
    settled = fees.settle(
        charge["amount"], charge["currency"], ctx.account.currency, ledger.rates(ctx.account)
    )
    card = cards.CARDS[ctx.store.get("payment_method", charge["payment_method"])["_number"]]
    return ledger.enter(
        ctx,
        "charge",
        charge,
        settled.amount,
        created=charge["created"],
        available_on=charge["created"] + (0 if card.available else AVAILABLE_AFTER),
        fee=settled.fee,
        exchange_rate=settled.exchange_rate,
        description=charge["description"],
    )
