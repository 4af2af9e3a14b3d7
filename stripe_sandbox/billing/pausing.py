"""Pausing and resuming a subscription (docs/api/subscriptions/pause, .../resume; since
2026-09-30.endive).

A paused subscription makes no invoices and its periods stand still. Not the same as
``pause_collection``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import (
    changes,
    cycle,
    edits,
    invoice_items,
    proration,
    prorations,
    standing,
    usage,
)
from stripe_sandbox.core import errors

Wire = dict[str, Any]


def settle(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> tuple[list[Wire], list[Wire]]:
    """Check that ``sub`` can be paused; unsaved credits of unused time, and lines of usage so far.

    Only active subscriptions (assumption).
    """
    if sub["billing_mode"]["type"] != "flexible":
        raise errors.invalid("Only subscriptions with billing_mode flexible can be paused.")
    if sub["status"] != "active":
        raise errors.invalid(f"A subscription that is {sub['status']} cannot be paused.")
    if sub["schedule"]:
        raise errors.invalid("A subscription with a schedule cannot be paused.")
    bill_for = params.get("bill_for") or {}
    unused = (bill_for.get("unused_time_from") or {}).get("type", "now")
    through = (bill_for.get("outstanding_usage_through") or {}).get("type", "now")
    items = standing.items_of(ctx, sub)
    credits: list[Wire] = []
    for item in items:
        if item["quantity"] is not None and unused != "none":
            from_start = unused == "item_current_period_start"
            at = item["current_period_start"] if from_start else ctx.now
            credits += prorations.credit(ctx, sub, item, at)
    return credits, usage.lines_for(ctx, sub, items) if through == "now" else []


def pause(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> None:
    """Credit unused time, bill usage so far, and stop."""
    credits, used = settle(ctx, sub, params)
    at_once = params.get("invoicing_behavior", "pending_invoice_item") == "invoice"
    if used and not at_once:
        raise errors.not_implemented(
            "billing usage by pending invoice items; use invoicing_behavior=invoice",
            "invoicing_behavior",
        )
    invoice_items.save(ctx, credits)
    invoice = changes.prepare_invoice(ctx, sub, "subscription_update", used) if at_once else None
    cycle.pause(ctx, sub, "pause_requested")
    if invoice is not None:
        changes.store_and_collect(ctx, sub, invoice, used, "allow_incomplete")


def plan_resumption(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> changes.Plan:
    """Work out how a paused subscription goes on: with new periods, or in the old cycle."""
    if sub["status"] != "paused":
        raise errors.invalid(f"A subscription that is {sub['status']} cannot be resumed.")
    if sub["collection_method"] != "charge_automatically":
        raise errors.invalid("Only subscriptions that charge automatically can be resumed.")
    made = changes.Plan(edits.read(ctx, sub, []), {"status": "active", "status_details": None})
    if (params.get("billing_cycle_anchor") or {}).get("type", "now") == "now":
        changes.restart(ctx, made)
    else:
        _rejoin(ctx, sub, made, params)
    return made


def resume(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> None:
    """Go on, and charge at once what is due."""
    behavior = params.get("payment_behavior", "resume_on_payment_attempt")
    if behavior != "resume_on_payment_attempt":
        raise errors.not_implemented(f"payment_behavior={behavior}", "payment_behavior")
    made = plan_resumption(ctx, sub, params)
    changes.apply(ctx, sub, made, {}, "allow_incomplete")
    ctx.emit("customer.subscription.resumed", sub)


def _rejoin(ctx: Any, sub: Wire, made: changes.Plan, params: Mapping[str, Any]) -> None:
    """Put the items into the current period of the unchanged cycle; bill what is left of it."""
    how = params.get("proration_behavior", "create_prorations")
    net = prorations.net_amounts(ctx, sub, made.items, ctx.now)
    for item, price in made.items:
        recurring = price["recurring"]
        start, end = proration.period_at(
            sub["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"], ctx.now
        )
        item |= {"current_period_start": start, "current_period_end": end}
        if how != "none" and item["quantity"] is not None:
            made.prorations += prorations.debit(ctx, sub, item, price, net[item["id"]], ctx.now)
    made.invoices_now = how == "always_invoice" and bool(made.prorations)
