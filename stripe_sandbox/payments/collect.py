"""Charging cards: payment intents and what becomes of them.

docs.stripe.com/payments/paymentintents/lifecycle. A refused attempt leaves the intent waiting for another
payment method; 3-D Secure leaves it waiting for the customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stripe_sandbox.core import errors, ids
from stripe_sandbox.payments import banks, cards, charges, debits, disputes
from stripe_sandbox.resources import payment_methods

Wire = dict[str, Any]
AUTHENTICATION_REFUSED = cards.Decline(
    "payment_intent_authentication_failure",
    "The provided payment method has failed authentication. Please choose a different payment method "
    "and try again.",
)
WRONG_CURRENCY = cards.Decline(
    "payment_method_currency_mismatch", "The payment method cannot be charged in this currency."
)
AUTHENTICATION_REQUIRED = cards.Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)


@dataclass
class Outcome:
    """What an attempt to charge came to: succeeded, processing, requires_action or failed."""

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
        "capture_method": "automatic_async",
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


def refuse_unconfirmed(params: Wire, *names: str) -> None:
    """Refuse parameters that mean nothing as long as an intent is not confirmed."""
    for name in names:
        if name in params and not params.get("confirm"):
            raise errors.invalid("This parameter can only be used with confirm=true.", name)


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
        capture_method="automatic",
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
    """Try to charge a PaymentIntent with a payment method; a bank debit is processed from then on.

    When the customer is away and the bank asks for them, the intent of an invoice waits for them; any other
    is declined (docs.stripe.com/payments/save-during-payment, "Charge the saved payment method later").
    """
    card = banks.behind(method)
    if not intent.get("_invoice"):
        debits.check_currency(method["type"], intent["currency"])
    ctx.store.update(
        intent, payment_method=method["id"], _return_url=return_url or intent.get("_return_url")
    )
    if card.declined:
        return _decline(ctx, intent, method, card.declined)
    if not debits.fits(method["type"], intent["currency"]):
        return _decline(ctx, intent, method, WRONG_CURRENCY, charged=False)
    if isinstance(card, banks.BankAccount):
        return Outcome("processing", intent, debits.begin(ctx, intent, method))
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
    if not method["customer"]:
        ctx.store.update(method, _used_up=True)
    charge = charges.new(ctx, intent, method)
    disputes.expect(ctx, charge, card)
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
    charge = charges.new(ctx, intent, method, decline) if charged else None
    if charge:
        ctx.store.update(intent, latest_charge=charge["id"])
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
    """Cancel a PaymentIntent that has not been paid; a debit under way is called back (assumed)."""
    if intent["status"] in ("succeeded", "canceled"):
        return
    if intent["status"] == "processing":
        charge = ctx.store.get("charge", intent["latest_charge"])
        charges.refuse(ctx, charge, banks.CALLED_BACK)
    ctx.store.update(intent, status="canceled", canceled_at=ctx.now, next_action=None)
    ctx.emit("payment_intent.canceled", intent)
