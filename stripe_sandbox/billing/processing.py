"""Invoices whose payment takes days: from the debit that is under way to the bank's answer."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import invoicing, standing

Wire = dict[str, Any]


def begin(ctx: Any, invoice: Wire, automatic: bool) -> None:
    """A debit was sent to the bank: it is an attempt, and the subscription is active meanwhile."""
    invoicing.update(
        ctx,
        invoice,
        attempted=True,
        attempt_count=invoice["attempt_count"] + (automatic or not invoice["attempted"]),
        next_payment_attempt=None,
        _automatic=automatic,
    )
    _trust(ctx, invoice)


def take(ctx: Any, invoice: Wire, payment_intent: Wire) -> None:
    """Link an invoice to the PaymentIntent that Checkout made before there was an invoice."""
    if payment_intent["status"] == "succeeded":
        invoicing.apply_payment(ctx, invoice, payment_intent)
        return
    begin(ctx, invoice, automatic=False)
    sub = standing.subscription_of(ctx, invoice)
    if sub is not None:
        standing.change(ctx, sub, default_payment_method=payment_intent["payment_method"])


def _trust(ctx: Any, invoice: Wire) -> None:
    """A delayed debit is on its way: the subscription is active meanwhile."""
    sub = standing.subscription_of(ctx, invoice)
    if sub is not None and sub["status"] == "incomplete":
        standing.change(ctx, sub, status=standing.running_status(ctx, sub))


def fail(ctx: Any, invoice: Wire) -> None:
    """The bank has returned the debit of an invoice. It is not tried again by itself (assumed).

    The first invoice of a subscription, which runs meanwhile, is void then, and the subscription goes on
    (docs.stripe.com/billing/subscriptions/overview).
    """
    if invoice["status"] not in ("open", "uncollectible"):
        return
    ctx.emit("invoice.payment_failed", invoice)
    if invoice["billing_reason"] == "subscription_create" and invoice["status"] == "open":
        invoicing.void(ctx, invoice)
        return
    if invoice.get("_automatic"):
        standing.set_delinquent(ctx, invoice, True)
    standing.invoice_failed(ctx, invoice)


def is_under_way(ctx: Any, invoice: Wire) -> bool:
    """Whether a bank debit is under way for an invoice."""
    intent = ctx.store.find("payment_intent", invoice.get("_payment_intent"))
    return intent is not None and intent["status"] == "processing"
