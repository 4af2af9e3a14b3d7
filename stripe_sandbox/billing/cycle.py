"""What the calendar brings a subscription: renewal, the end of a trial, expiry, the planned end.

Each period of an item ends at its own time; items whose period ends together share one invoice.
Sequence of events: docs.stripe.com/billing/subscriptions/webhooks.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import (
    catalog,
    drafts,
    invoicing,
    lines,
    proration,
    schedule,
    standing,
    usage,
)
from stripe_sandbox.core.clocks import scheduled

Wire = dict[str, Any]


@scheduled("subscription.renew")
def renew(ctx: Any, key: str) -> None:
    """A period of an item, a trial, or the subscription itself ends."""
    sub = ctx.store.find("subscription", key)
    if sub is None or sub["status"] in standing.ENDED or not sub["_renews_at"]:
        return
    if sub["_renews_at"] > ctx.now:
        return
    at = sub["_renews_at"]
    if sub["status"] == "incomplete":
        return
    if sub["cancel_at"] and sub["cancel_at"] <= at:
        _bill_last_usage(ctx, sub, at)
        standing.end(ctx, sub, reason="cancellation_requested", at=at)
        return
    if sub["status"] == "trialing" and not _end_trial(ctx, sub):
        return
    if sub["schedule"]:
        from stripe_sandbox.billing import phases

        phases.enter_due(ctx, sub, at)
    advance(ctx, sub, at)


def _end_trial(ctx: Any, sub: Wire) -> bool:
    """Apply ``trial_settings`` when there is nothing to charge; False stops the renewal."""
    customer = ctx.store.get("customer", sub["customer"])
    method = sub["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    if method or sub["collection_method"] != "charge_automatically":
        return True
    action = sub["trial_settings"]["end_behavior"]["missing_payment_method"]
    if action == "cancel":
        standing.end(ctx, sub, reason="cancellation_requested")
    elif action == "pause":
        pause(ctx, sub, "trial_end_without_payment_method")
    return action == "create_invoice"


def pause(ctx: Any, sub: Wire, why: str) -> None:
    """Stop the calendar: no invoices, no new periods, until resumed."""
    details = {
        "paused": {
            "type": "subscription",
            "subscription": {"type": why},
            "transitioned_at": ctx.now,
        }
    }
    standing.change(ctx, sub, status="paused", status_details=details, _renews_at=None)
    ctx.emit("customer.subscription.paused", sub)


def advance(ctx: Any, sub: Wire, at: int) -> Wire | None:
    """Move the items whose period ended at ``at`` and draft the invoice of the new periods."""
    before = ctx.account.render(sub)
    standing.drop_discounts(ctx, sub)
    moved = [i for i in standing.items_of(ctx, sub) if i["current_period_end"] <= at]
    old_period = (
        min(item["current_period_start"] for item in moved),
        max(item["current_period_end"] for item in moved),
    )
    used = usage.lines_for(ctx, sub, moved)
    new: list[Wire] = []
    for item in moved:
        new += _next_period(ctx, sub, item, at)
    waiting = drafts.pending_items(ctx, sub["customer"], sub["currency"], sub["id"])
    all_lines = drafts.pending_lines(waiting) + used + new
    invoice = _draft(ctx, sub, old_period) if all_lines else None
    status = "active" if sub["status"] == "trialing" else sub["status"]
    changes = {"status": status}
    if invoice:
        changes["latest_invoice"] = invoice["id"]
    ctx.store.update(sub, **changes)
    _announce(ctx, sub, before)
    schedule.renewal(ctx, sub)
    if invoice is None:
        return None
    stored = drafts.store(ctx, invoice, all_lines)
    drafts.take_pending(ctx, stored, waiting)
    if stored["auto_advance"]:
        invoicing.schedule_finalization(ctx, stored)
    return stored


def _next_period(ctx: Any, sub: Wire, item: Wire, at: int) -> list[Wire]:
    """Move one item to its next period; returns the lines that bill it ahead (none for usage)."""
    price = ctx.store.get("price", item["price"])
    recurring = price["recurring"]
    start, end = proration.period_at(
        sub["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"], at
    )
    share, stop = Fraction(1), end
    if sub["cancel_at"] and start < sub["cancel_at"] < end:
        stop = sub["cancel_at"]
        share = Fraction(stop - at, end - start)
    ctx.store.update(item, current_period_start=at, current_period_end=stop)
    if item["quantity"] is None:
        return []
    return lines.for_item(
        item,
        price,
        catalog.product_name(ctx, price),
        (at, stop),
        quantity=item["quantity"],
        share=share,
    )


def _draft(ctx: Any, sub: Wire, period: tuple[int, int]) -> Wire:
    customer = ctx.store.get("customer", sub["customer"])
    kept = sub["pause_collection"] and sub["pause_collection"]["behavior"] == "keep_as_draft"
    return drafts.new_invoice(
        ctx,
        customer,
        sub["currency"],
        "subscription_cycle",
        period=period,
        subscription=sub,
        id=drafts.new_id(),
        auto_advance=not (kept or sub["status"] == "unpaid"),
    )


def _announce(ctx: Any, sub: Wire, before: Wire) -> None:
    """Emit ``updated`` with the previous items, whose periods moved."""
    after = ctx.account.render(sub)
    previous = {key: before[key] for key in after if before.get(key) != after[key]}
    ctx.emit("customer.subscription.updated", sub, previous)


def _bill_last_usage(ctx: Any, sub: Wire, at: int) -> None:
    """Invoice the usage of the last period of a subscription that ends."""
    ending = [i for i in standing.items_of(ctx, sub) if i["quantity"] is None]
    used = usage.lines_for(ctx, sub, ending)
    if not used:
        return
    invoice = _draft(ctx, sub, (min(i["current_period_start"] for i in ending), at))
    ctx.store.update(sub, latest_invoice=invoice["id"])
    stored = drafts.store(ctx, invoice, used)
    if stored["auto_advance"]:
        invoicing.schedule_finalization(ctx, stored)


@scheduled("subscription.trial_will_end")
def warn_of_trial_end(ctx: Any, key: str) -> None:
    sub = ctx.store.find("subscription", key)
    if sub is None or sub["status"] != "trialing":
        return
    if sub["trial_end"] - schedule.TRIAL_WARNING <= ctx.now < sub["trial_end"]:
        ctx.emit("customer.subscription.trial_will_end", sub)


@scheduled("subscription.expire_incomplete")
def expire_incomplete(ctx: Any, key: str) -> None:
    """23 hours without payment: the subscription expires and its invoice is voided."""
    sub = ctx.store.find("subscription", key)
    if sub is None or sub["status"] != "incomplete":
        return
    invoicing.void(ctx, ctx.store.get("invoice", sub["latest_invoice"]))


@scheduled("subscription.resume_collection")
def resume_collection(ctx: Any, key: str) -> None:
    """``pause_collection.resumes_at`` is reached."""
    sub = ctx.store.find("subscription", key)
    paused = sub and sub["pause_collection"]
    if paused and paused["resumes_at"] and paused["resumes_at"] <= ctx.now:
        standing.change(ctx, sub, pause_collection=None)


@scheduled("invoice.upcoming")
def announce_upcoming(ctx: Any, key: str) -> None:
    """A renewal is a week ahead: emit the preview of its invoice, which has no id."""
    from stripe_sandbox.billing import preview

    sub = ctx.store.find("subscription", key)
    if sub is None or sub["status"] not in ("active", "trialing", "past_due"):
        return
    if sub["_renews_at"] and 0 < sub["_renews_at"] - ctx.now <= schedule.UPCOMING:
        if sub["cancel_at"] and sub["cancel_at"] <= sub["_renews_at"]:
            return
        upcoming = preview.of_renewal(ctx, sub)
        upcoming.pop("id")
        ctx.emit("invoice.upcoming", upcoming)
