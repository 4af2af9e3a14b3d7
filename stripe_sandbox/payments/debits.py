"""Bank debits: accepted at once, processed for days, then paid or returned.

docs.stripe.com/billing/subscriptions/overview, "Payment methods with delayed payment confirmation": a
subscription is active while its first debit is processed; when that fails, Stripe voids the invoice and the
subscription stays active.
"""

from __future__ import annotations

import time
from typing import Any

from stripe_sandbox.core import errors
from stripe_sandbox.core.admin import admin_call
from stripe_sandbox.core.clocks import scheduled
from stripe_sandbox.payments import banks, cards, charges
from stripe_sandbox.resources import payment_methods

Wire = dict[str, Any]
ANSWER = "debit.answer"


def fits(kind: str, currency: str) -> bool:
    """Whether a kind of payment method can be charged in a currency."""
    return kind not in banks.KINDS or banks.KINDS[kind][0] == currency


def check_currency(kind: str, currency: str) -> None:
    """Refuse to charge a kind of payment method in a currency in which it cannot be charged."""
    if not fits(kind, currency):
        raise errors.invalid(
            f"The currency provided ({currency}) is invalid for one or more payment method types on this "
            f"PaymentIntent. {kind} takes {banks.KINDS[kind][0]}.",
            "payment_method",
            "payment_method_currency_mismatch",
        )


def begin(ctx: Any, intent: Wire, method: Wire) -> Wire:
    """Send a debit to the bank; return its pending charge. The intent is processing from now on."""
    if intent["setup_future_usage"] and intent["customer"]:
        payment_methods.tie(ctx, method, ctx.store.get("customer", intent["customer"]))
        ctx.store.update(method, _set_up=True)
    charge = charges.new(ctx, intent, method, pending=True)
    ctx.store.update(
        intent,
        status="processing",
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    ctx.emit("payment_intent.processing", intent)
    seconds = banks.wait(banks.ACCOUNTS[method["_number"]], bool(ctx.clock))
    if seconds is not None:
        clock = ctx.clock if seconds == banks.DAYS_LATER else None
        start = ctx.now if clock else int(time.time())
        ctx.account.schedule(start + seconds, ANSWER, intent["id"], clock=clock)
    return charge


@scheduled(ANSWER)
def answer(ctx: Any, key: str) -> None:
    """The bank says whether it pays."""
    intent = ctx.store.find("payment_intent", key)
    if intent is None or intent["status"] != "processing":
        return
    ctx = ctx.account.context().follow(intent)
    method = ctx.store.get("payment_method", intent["payment_method"])
    charge = ctx.store.get("charge", intent["latest_charge"])
    refusal = banks.ACCOUNTS[method["_number"]].answer
    if refusal is None:
        _succeed(ctx, intent, charge)
    else:
        _fail(ctx, intent, charge, method, refusal)


def _succeed(ctx: Any, intent: Wire, charge: Wire) -> None:
    from stripe_sandbox.billing import invoicing

    charges.accept(ctx, charge, intent)
    ctx.store.update(intent, status="succeeded", amount_received=intent["amount"])
    ctx.emit("payment_intent.succeeded", intent)
    invoice = ctx.store.find("invoice", intent.get("_invoice"))
    if invoice:
        invoicing.apply_payment(ctx, invoice, intent)
    _tell_session(ctx, intent, "async_payment_succeeded", payment_status="paid")


def _fail(ctx: Any, intent: Wire, charge: Wire, method: Wire, refusal: cards.Decline) -> None:
    from stripe_sandbox.billing import processing

    charges.refuse(ctx, charge, refusal)
    error = cards.error(refusal) | {"charge": charge["id"], "type": "invalid_request_error"}
    ctx.store.update(
        intent,
        status="requires_payment_method",
        payment_method=None,
        last_payment_error=error | {"payment_method": ctx.account.render(method)},
    )
    ctx.emit("payment_intent.payment_failed", intent)
    invoice = ctx.store.find("invoice", intent.get("_invoice"))
    if invoice:
        processing.fail(ctx, invoice)
    _tell_session(ctx, intent, "async_payment_failed")


def _tell_session(ctx: Any, intent: Wire, what: str, **values: Any) -> None:
    """Tell the Checkout Session in which a debit began what became of it."""
    session = ctx.store.find("checkout.session", intent.get("_session"))
    if session and session["status"] == "complete":
        ctx.store.update(session, **values)
        ctx.emit(f"checkout.session.{what}", session)


@admin_call("POST", "bank")
def hurry(account: Any, body: Wire) -> list[str]:
    """The banks answer all debits of which they ever will now; answers the ids of the intents."""
    done = []
    with account.lock:
        for intent in list(account.store.select("payment_intent", status="processing")):
            method = account.store.get("payment_method", intent["payment_method"])
            if banks.ACCOUNTS[method["_number"]].wait is not None:
                answer(account.context(), intent["id"])
                done.append(intent["id"])
    account.deliver()
    return done


@admin_call("GET", "payment_methods")
def kinds(account: Any, body: Wire) -> list[str]:
    """The kinds of payment methods that the account takes."""
    return list(account.payment_methods)


@admin_call("POST", "payment_methods")
def set_kinds(account: Any, body: Wire) -> list[str]:
    """Choose the kinds of payment methods that the account takes, beside cards."""
    wanted = [kind for kind in body["types"] if kind != "card"]
    for kind in wanted:
        if kind not in banks.KINDS:
            raise ValueError(f"There is no kind {kind}: {', '.join(banks.KINDS)}.")
    with account.lock:
        account.payment_methods = ["card", *wanted]
    return kinds(account, {})


def offered(account: Any, currency: str | None) -> list[str]:
    """The kinds of payment methods that a page offers for a currency; all when nothing is charged yet."""
    return [kind for kind in account.payment_methods if currency is None or fits(kind, currency)]
