"""Charging cards: payment intents, charges and what they bring.

docs.stripe.com/payments/paymentintents/lifecycle. A refused attempt leaves the intent waiting for another
payment method; 3-D Secure leaves it waiting for the customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stripe_sandbox.core import ids
from stripe_sandbox.payments import cards, fees
from stripe_sandbox.resources import payment_methods

Wire = dict[str, Any]
AVAILABLE_AFTER = 2 * 86400
AUTHENTICATION_REFUSED = cards.Decline(
    "payment_intent_authentication_failure",
    "The provided payment method has failed authentication. Please choose a different payment method "
    "and try again.",
)
AUTHENTICATION_REQUIRED = cards.Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)


@dataclass
class Outcome:
    """What an attempt to charge came to: succeeded, requires_action or failed."""

    status: str
    payment_intent: Wire
    charge: Wire | None = None
    error: Wire | None = None


def new_intent(ctx: Any, amount: int, currency: str, **values: Any) -> Wire:
    """Store a PaymentIntent that waits for a payment method, and say so."""
    key = ids.new("pi")
    intent = {
        "id": key,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{key}_secret_{ids.secret(24)}",
        "confirmation_method": "automatic",
        "created": ctx.now,
        "currency": currency,
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        "_token": ids.secret(32),
        **values,
    }
    ctx.store.insert(intent)
    ctx.emit("payment_intent.created", intent)
    return intent


def intent_for(ctx: Any, invoice: Wire) -> Wire:
    """The PaymentIntent of an invoice with something due."""
    known = invoice.get("_payment_intent") and ctx.store.find(
        "payment_intent", invoice["_payment_intent"]
    )
    if known:
        return known
    intent = new_intent(
        ctx,
        invoice["amount_due"],
        invoice["currency"],
        customer=invoice["customer"],
        description=f"Payment for invoice {invoice['number']}",
        setup_future_usage="off_session" if invoice["_subscription"] else None,
        _invoice=invoice["id"],
    )
    ctx.store.update(invoice, _payment_intent=intent["id"])
    return intent


def charge_invoice(ctx: Any, invoice: Wire, method: str, *, off_session: bool) -> Outcome:
    """Charge what is due on an invoice; the invoice itself is left alone."""
    intent = intent_for(ctx, invoice)
    return confirm(ctx, intent, ctx.store.get("payment_method", method), off_session=off_session)


def confirm(
    ctx: Any, intent: Wire, method: Wire, *, off_session: bool, return_url: str | None = None
) -> Outcome:
    """Try to charge a PaymentIntent with a payment method.

    When the customer is away and the bank asks for them, the intent of an invoice waits for them; any other
    is declined (docs.stripe.com/payments/save-during-payment, "Charge the saved payment method later").
    """
    card = cards.CARDS[method["_number"]]
    ctx.store.update(
        intent, payment_method=method["id"], _return_url=return_url or intent.get("_return_url")
    )
    if card.declined:
        return _decline(ctx, intent, method, card.declined)
    if needs_authentication(card, method, off_session):
        if off_session and not intent.get("_invoice"):
            return _decline(ctx, intent, method, AUTHENTICATION_REQUIRED)
        url = f"{ctx.account.base_url}/pages/authenticate/{intent['_token']}"
        ctx.store.update(
            intent,
            status="requires_action",
            last_payment_error=None,
            next_action={
                "type": "redirect_to_url",
                "redirect_to_url": {"return_url": intent["_return_url"], "url": url},
            },
        )
        ctx.emit("payment_intent.requires_action", intent)
        return Outcome("requires_action", intent)
    return _charge(ctx, intent, method)


def needs_authentication(card: cards.Card, method: Wire, off_session: bool) -> bool:
    """Whether the bank asks for 3-D Secure."""
    if card.authentication == "unless_set_up":
        return not (off_session and method["_set_up"])
    if card.authentication == "on_session":
        return not off_session
    return card.authentication == "always"


def authenticate(ctx: Any, intent: Wire, passed: bool) -> Outcome:
    """Go on after the customer has met, or failed, 3-D Secure."""
    method = ctx.store.get("payment_method", intent["payment_method"])
    ctx.store.update(intent, next_action=None)
    if not passed:
        return _decline(ctx, intent, method, AUTHENTICATION_REFUSED, charged=False)
    return _charge(ctx, intent, method)


def _charge(ctx: Any, intent: Wire, method: Wire) -> Outcome:
    card = cards.CARDS[method["_number"]]
    if card.charge_declined:
        return _decline(ctx, intent, method, card.charge_declined)
    if intent["setup_future_usage"] and intent["customer"]:
        payment_methods.tie(ctx, method, ctx.store.get("customer", intent["customer"]))
    charge = _new_charge(ctx, intent, method, None)
    transaction = _new_transaction(ctx, charge)
    ctx.store.update(charge, balance_transaction=transaction["id"])
    ctx.emit("charge.succeeded", charge)
    ctx.store.update(
        intent,
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    if intent["setup_future_usage"]:
        ctx.store.update(method, _set_up=True)
    ctx.emit("payment_intent.succeeded", intent)
    return Outcome("succeeded", intent, charge)


def _decline(
    ctx: Any, intent: Wire, method: Wire, decline: cards.Decline, *, charged: bool = True
) -> Outcome:
    charge = _new_charge(ctx, intent, method, decline) if charged else None
    if charge:
        ctx.store.update(intent, latest_charge=charge["id"])
        ctx.emit("charge.failed", charge)
    shown = cards.error(decline) | ({"charge": charge["id"]} if charge else {})
    ctx.store.update(
        intent,
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error=shown | {"payment_method": ctx.account.render(method)},
    )
    ctx.emit("payment_intent.payment_failed", intent)
    return Outcome("failed", intent, charge, shown)


def cancel_intent(ctx: Any, intent: Wire) -> None:
    """Cancel a PaymentIntent that has not been paid."""
    if intent["status"] in ("succeeded", "canceled"):
        return
    ctx.store.update(intent, status="canceled", canceled_at=ctx.now, next_action=None)
    ctx.emit("payment_intent.canceled", intent)


def _new_charge(ctx: Any, intent: Wire, method: Wire, decline: cards.Decline | None) -> Wire:
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
    return ctx.store.insert(charge)


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


def _new_transaction(ctx: Any, charge: Wire) -> Wire:
    fee = fees.fee(charge["amount"])
    return ctx.store.insert(
        {
            "id": ids.new("txn"),
            "object": "balance_transaction",
            "amount": charge["amount"],
            "available_on": ctx.now + AVAILABLE_AFTER,
            "balance_type": "payments",
            "created": ctx.now,
            "currency": charge["currency"],
            "description": charge["description"],
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [
                {
                    "amount": fee,
                    "application": None,
                    "currency": charge["currency"],
                    "description": "Stripe processing fees",
                    "type": "stripe_fee",
                }
            ],
            "net": charge["amount"] - fee,
            "reporting_category": "charge",
            "source": charge["id"],
            "status": "pending",
            "type": "charge",
        }
    )
