"""Scheduled work on invoices: finalizing drafts, retrying payments, due dates."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import invoicing, standing
from stripe_sandbox.core import errors
from stripe_sandbox.core.clocks import scheduled

Wire = dict[str, Any]


@scheduled("invoice.finalize")
def finalize_and_collect(ctx: Any, key: str) -> None:
    """The hour of a draft is over: finalize it, then charge or send it."""
    invoice = ctx.store.find("invoice", key)
    if invoice is None or invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    at = invoice["automatically_finalizes_at"]
    if at is None or at > ctx.now:
        return
    try:
        invoicing.finalize(ctx, invoice)
    except errors.ApiError as error:
        if not error.leaves_trace:
            raise
    if invoice["status"] == "open":
        _advance(ctx, invoice)


def _advance(ctx: Any, invoice: Wire) -> None:
    """Charge or send an open invoice, unless collection of its subscription is paused."""
    sub = standing.subscription_of(ctx, invoice) or {}
    paused = sub.get("pause_collection")
    if paused and paused["behavior"] == "void":
        invoicing.void(ctx, invoice)
    elif paused and paused["behavior"] == "mark_uncollectible":
        invoicing.mark_uncollectible(ctx, invoice, "subscription_paused")
    elif invoice["collection_method"] == "send_invoice":
        ctx.emit("invoice.sent", invoice)
    else:
        invoicing.collect(ctx, invoice)


@scheduled("invoice.collect")
def collect(ctx: Any, key: str) -> None:
    """An invoice was finalized by hand and advances by itself."""
    invoice = ctx.store.find("invoice", key)
    if invoice and invoice["status"] == "open" and not invoice["attempted"]:
        _advance(ctx, invoice)


@scheduled("invoice.retry")
def retry(ctx: Any, key: str) -> None:
    """Try again to charge an open invoice, after the account's retry schedule."""
    invoice = ctx.store.find("invoice", key)
    if invoice is None or invoice["status"] != "open":
        return
    at = invoice["next_payment_attempt"]
    if at is not None and at <= ctx.now:
        invoicing.collect(ctx, invoice)


@scheduled("invoice.overdue")
def pass_due_date(ctx: Any, key: str) -> None:
    """The due date of a sent invoice passed without payment."""
    invoice = ctx.store.find("invoice", key)
    if invoice is None or invoice["status"] != "open" or not invoice["due_date"]:
        return
    if invoice["due_date"] <= ctx.now:
        standing.set_delinquent(ctx, invoice, True)
        standing.invoice_failed(ctx, invoice)
