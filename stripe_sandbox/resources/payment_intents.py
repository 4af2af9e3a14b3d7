"""Payment intents: /v1/payment_intents (docs.stripe.com/api/payment_intents)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import invoicing, money
from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.payments import collect
from stripe_sandbox.resources import common, customers, payment_methods, price_amounts

Wire = dict[str, Any]
URL = "/v1/payment_intents"
MAX_AMOUNT = 99_999_999
CONFIRM = ("payment_method", "off_session", "return_url")
CONFIRMABLE = ("requires_payment_method", "requires_confirmation")


@operation(
    "POST",
    URL,
    params="amount currency customer description metadata payment_method confirm off_session "
    "return_url setup_future_usage receipt_email automatic_payment_methods",
)
def create(ctx: Any, params: Wire) -> Wire:
    """Make an intent, and confirm it at once when asked."""
    collect.refuse_unconfirmed(params, "off_session", "return_url")
    currency = price_amounts.currency_code(params["currency"])
    _check_amount(params["amount"], currency)
    customer = params.get("customer")
    if customer:
        customers.live(ctx, customer)
    intent = collect.new_intent(
        ctx,
        params["amount"],
        currency,
        customer=customer,
        description=params.get("description"),
        metadata=common.metadata({}, params.get("metadata")),
        setup_future_usage=params.get("setup_future_usage"),
        receipt_email=params.get("receipt_email"),
        automatic_payment_methods=params.get("automatic_payment_methods"),
    )
    if "payment_method" in params:
        method = payment_methods.usable(ctx, params["payment_method"], customer)
        ctx.store.update(intent, payment_method=method["id"], status="requires_confirmation")
    if params.get("confirm"):
        return confirm(ctx, {k: v for k, v in params.items() if k in CONFIRM}, intent["id"])
    return intent


@operation("GET", URL + "/{intent}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One intent."""
    return ctx.store.get("payment_intent", key, "intent")


@operation("POST", URL + "/{intent}", params="description metadata receipt_email")
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change an intent; nothing is sent for that."""
    intent = ctx.store.get("payment_intent", key, "intent")
    ctx.store.update(intent, **common.changes(intent, params, "description", "receipt_email"))
    return intent


@operation("GET", URL, params="customer created")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Intents, newest first."""
    return listing.page(ctx, "payment_intent", params, URL, customer=params.get("customer"))


@operation("POST", URL + "/{intent}/confirm", params="payment_method off_session return_url")
def confirm(ctx: Any, params: Wire, key: str) -> Wire:
    """Try to charge; a refusal is an error, 3-D Secure is a status."""
    intent = ctx.store.get("payment_intent", key, "intent")
    if intent["status"] not in CONFIRMABLE:
        raise errors.invalid(
            f"This PaymentIntent could not be confirmed because it has a status of "
            f"{intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    given = params.get("payment_method") or intent["payment_method"]
    if not given:
        raise errors.missing("payment_method")
    method = payment_methods.usable(ctx, given, intent["customer"])
    outcome = collect.confirm(
        ctx,
        intent,
        method,
        off_session=bool(params.get("off_session")),
        return_url=params.get("return_url"),
    )
    tell_invoice(ctx, outcome)
    if outcome.status == "failed":
        raise errors.card_from(outcome.error | {"payment_intent": ctx.account.render(intent)})
    return intent


@operation("POST", URL + "/{intent}/cancel", params="cancellation_reason")
def cancel(ctx: Any, params: Wire, key: str) -> Wire:
    """Cancel an intent that is not paid; that of an invoice goes with its invoice."""
    intent = ctx.store.get("payment_intent", key, "intent")
    if intent["status"] in ("succeeded", "canceled") or intent.get("_invoice"):
        raise errors.invalid(
            "You cannot cancel this PaymentIntent: it is done, or belongs to an invoice.",
            code="payment_intent_unexpected_state",
        )
    ctx.store.update(intent, cancellation_reason=params.get("cancellation_reason"))
    collect.cancel_intent(ctx, intent)
    return intent


def _check_amount(amount: int, currency: str) -> None:
    least = max(money.minimum_charge(currency), 1)
    if amount < least:
        words = f"Amount must be at least {money.display(least, currency)}."
        raise errors.invalid(words, "amount", "amount_too_small")
    if amount > MAX_AMOUNT:
        words = f"Amount must be no more than {money.display(MAX_AMOUNT, currency)}."
        raise errors.invalid(words, "amount", "amount_too_large")
    if amount % money.step(currency):
        words = f"Amounts in {currency} are multiples of {money.step(currency)}."
        raise errors.invalid(words, "amount")


def tell_invoice(ctx: Any, outcome: collect.Outcome) -> None:
    """Let the invoice that an intent pays, if any, know what became of it."""
    key = outcome.payment_intent.get("_invoice")
    invoice = key and ctx.store.get("invoice", key)
    if not invoice:
        return
    if outcome.status == "succeeded":
        invoicing.apply_payment(ctx, invoice, outcome.payment_intent)
    elif outcome.status == "failed":
        invoicing.payment_failed(ctx, invoice, outcome.payment_intent)
