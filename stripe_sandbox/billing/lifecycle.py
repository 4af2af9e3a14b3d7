"""Creating a subscription with its first invoice (docs/api/subscriptions/create)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import (
    cancellation,
    catalog,
    composition,
    discounting,
    drafts,
    invoice_items,
    invoicing,
    processing,
    schedule,
    standing,
)
from stripe_sandbox.core import errors

Wire = dict[str, Any]

BEHAVIORS = ("allow_incomplete", "default_incomplete", "error_if_incomplete")


def create_subscription(
    ctx: Any,
    params: Mapping[str, Any],
    *,
    payment_method: str | None = None,
    paid_by: Wire | None = None,
    from_checkout: bool = False,
    draft_first: bool = False,
) -> Wire:
    """Create a subscription and its first invoice from the parameters of POST /v1/subscriptions.

    Checkout passes the ``payment_method`` it collected and, when something is due, the
    PaymentIntent ``paid_by`` that pays the first invoice, or will when the bank has processed the debit:
    nothing incomplete is left behind.
    A schedule asks for ``draft_first``: its first invoice waits an hour like those of renewals.
    """
    behavior = _behavior(params)
    customer = catalog.customer_for(ctx, params)
    made = composition.compose(ctx, params, customer)
    made.sub["default_payment_method"] = payment_method or made.sub["default_payment_method"]
    first = _first_invoice(ctx, made)
    automatic = made.sub["collection_method"] == "charge_automatically"
    due = first is not None and first[0]["amount_due"] > 0
    at_once = automatic and due and not draft_first
    charge_now = at_once and behavior != "default_incomplete" and paid_by is None
    if from_checkout and charge_now:
        raise errors.internal("Checkout creates a subscription only after it was paid.")
    if charge_now and not _chargeable(made):
        raise invoicing.no_method()
    with ctx.account.undoable(ctx, behavior == "error_if_incomplete"):
        sub = _store(ctx, made, "incomplete" if at_once else None, params)
        if first is None:
            return sub
        invoice = _store_first(ctx, made, *first)
        if draft_first or not automatic:
            invoicing.schedule_finalization(ctx, invoice)
            return sub
        if paid_by is not None:
            ctx.store.update(invoice, _payment_intent=paid_by["id"])
            ctx.store.update(paid_by, _invoice=invoice["id"])
        invoicing.finalize(ctx, invoice)
        if paid_by is not None and invoice["status"] == "open":
            processing.take(ctx, invoice, paid_by)
        elif charge_now and invoice["status"] == "open":
            outcome = invoicing.collect(ctx, invoice, off_session=params.get("off_session", False))
            if behavior == "error_if_incomplete":
                invoicing.raise_unless_collected(outcome)
    return sub


def _behavior(params: Mapping[str, Any]) -> str:
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior not in BEHAVIORS:
        raise errors.invalid(
            f"Invalid payment_behavior: must be one of {', '.join(BEHAVIORS)} when a subscription "
            "is created.",
            "payment_behavior",
        )
    return behavior


def _chargeable(made: composition.Composition) -> str | None:
    return (
        made.sub["default_payment_method"]
        or made.customer["invoice_settings"]["default_payment_method"]
    )


def _first_invoice(
    ctx: Any, made: composition.Composition
) -> tuple[Wire, list[Wire], list[Wire]] | None:
    """The unsaved first invoice, its lines, and the pending invoice items among them."""
    own = composition.first_lines(ctx, made)
    waiting = drafts.pending_items(ctx, made.customer["id"], made.sub["currency"], None)
    if not own:
        return None
    invoice = drafts.new_invoice(
        ctx,
        made.customer,
        made.sub["currency"],
        "subscription_create",
        period=(ctx.now, ctx.now),
        subscription=made.sub,
    )
    all_lines = own + drafts.pending_lines(waiting)
    drafts.compute(ctx, invoice, all_lines, made.customer["balance"], made.unsaved_discounts())
    return invoice, all_lines, waiting


def _store(
    ctx: Any, made: composition.Composition, status: str | None, params: Mapping[str, Any]
) -> Wire:
    """Store subscription, items and discounts; plan its calendar; emit ``created``."""
    catalog.customer_currency(ctx, made.customer, made.sub["currency"])
    made.sub["status"] = status or standing.running_status(ctx, made.sub)
    ctx.store.insert(made.sub)
    sub = ctx.store.get("subscription", made.sub["id"])
    for item in made.items:
        ctx.store.insert(item)
    ctx.store.update(sub, **cancellation.plan_end(ctx, sub, params))
    schedule.renewal(ctx, sub)
    if sub["status"] == "incomplete":
        schedule.expiry(ctx, sub)
    ctx.emit("customer.subscription.created", sub)
    discounting.save(ctx, made.item_discounts)
    discounting.save(ctx, made.discounts)
    if sub["trial_end"]:
        schedule.trial_warning(ctx, sub)
    return sub


def _store_first(
    ctx: Any,
    made: composition.Composition,
    invoice: Wire,
    invoice_lines: list[Wire],
    waiting: list[Wire],
) -> Wire:
    invoice["id"] = drafts.new_id()
    ctx.store.update(ctx.store.get("subscription", made.sub["id"]), latest_invoice=invoice["id"])
    invoice_items.save(ctx, made.extras, invoice)
    stored = drafts.store(ctx, invoice, invoice_lines)
    drafts.take_pending(ctx, stored, waiting)
    return stored
