"""Charges, what the bank said to them, and the money they bring."""

from __future__ import annotations

import time
from typing import Any

from stripe_sandbox.core import ids
from stripe_sandbox.core.clocks import scheduled
from stripe_sandbox.payments import banks, cards, fees, ledger

Wire = dict[str, Any]
AVAILABLE_AFTER = 2 * 86400
#: Seconds until a charge has its balance transaction, on the wall clock even for test clocks: capture is
#: asynchronous (docs.stripe.com/payments/payment-intents/asynchronous-capture).
SETTLED_AFTER = 1


#: What of a payment method its charges show.
SHOWN = {
    "card": ("brand", "country", "exp_month", "exp_year", "funding", "last4"),
    "sepa_debit": ("bank_code", "branch_code", "country", "fingerprint", "last4"),
    "us_bank_account": (
        *("account_holder_type", "account_type", "bank_name"),
        *("fingerprint", "last4", "routing_number"),
    ),
}


def new(
    ctx: Any,
    intent: Wire,
    method: Wire,
    decline: cards.Decline | None = None,
    *,
    pending: bool = False,
) -> Wire:
    """Store the charge of an attempt and say so; the money of an accepted one is on its way.

    A ``pending`` one waits for the bank: :func:`accept` or :func:`refuse` follows.
    """
    kind = method["type"]
    taken = not decline and not pending
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
        "paid": taken,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "type": kind,
            kind: {key: method[kind][key] for key in SHOWN[kind]},
        },
        "receipt_url": _receipt_url(ctx, intent) if taken else None,
        "refunded": False,
        "status": "failed" if decline else "pending" if pending else "succeeded",
    }
    ctx.store.insert(charge)
    if taken:
        _schedule_settling(ctx, charge)
    ctx.emit(f"charge.{charge['status']}", charge)
    return charge


def accept(ctx: Any, charge: Wire, intent: Wire) -> None:
    """The bank pays a pending charge."""
    ctx.store.update(charge, status="succeeded", paid=True, receipt_url=_receipt_url(ctx, intent))
    _schedule_settling(ctx, charge)
    ctx.emit("charge.succeeded", charge)


def refuse(ctx: Any, charge: Wire, decline: cards.Decline) -> None:
    """The bank does not pay a pending charge."""
    ctx.store.update(
        charge,
        status="failed",
        amount_captured=0,
        captured=False,
        failure_code=decline.code,
        failure_message=decline.message,
        outcome=_outcome(decline),
    )
    ctx.emit("charge.failed", charge)


def _receipt_url(ctx: Any, intent: Wire) -> str:
    return f"{ctx.account.base_url}/pages/receipt/{intent['_token']}"


def _schedule_settling(ctx: Any, charge: Wire) -> None:
    ctx.account.schedule(int(time.time()) + SETTLED_AFTER, "charge.settle", charge["id"])


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
    card = banks.behind(ctx.store.get("payment_method", charge["payment_method"]))
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
