"""Subscription schedules with one phase: a subscription that begins at a later date.

docs.stripe.com/billing/subscriptions/subscription-schedules. The subscription is made when the
phase starts, its first invoice as a draft that is finalized an hour later; at the end of the phase
it is released or canceled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import (
    catalog,
    composition,
    lifecycle,
    proration,
    standing,
)
from stripe_sandbox.core import errors, ids
from stripe_sandbox.core.clocks import scheduled

Wire = dict[str, Any]

#: What a phase and the default settings hand over to the subscription as they are.
SHARED = ("collection_method", "default_payment_method", "description")


def create(ctx: Any, params: Mapping[str, Any]) -> Wire:
    """Check and store a schedule; it starts at once or waits for its date."""
    customer = catalog.customer_for(ctx, params)
    start = params.get("start_date")
    if start is None or not params.get("phases"):
        raise errors.missing("start_date" if start is None else "phases")
    start = ctx.now if start == "now" else start
    if start < ctx.now:
        raise errors.not_implemented("a start_date in the past", "start_date")
    if len(params["phases"]) != 1:
        raise errors.not_implemented("schedules of several phases", "phases")
    if params.get("end_behavior", "release") not in ("release", "cancel"):
        raise errors.invalid("Invalid end_behavior: release or cancel.", "end_behavior")
    defaults, phase = dict(params.get("default_settings") or {}), params["phases"][0]
    given = subscription_params(customer["id"], defaults, phase)
    made = composition.compose(ctx, given, customer)
    schedule = _wire(ctx, params, customer, made, start)
    catalog.customer_currency(ctx, customer, made.sub["currency"])
    ctx.store.insert(schedule | {"_params": given})
    schedule = ctx.store.get("subscription_schedule", schedule["id"])
    ctx.emit("subscription_schedule.created", schedule)
    if start <= ctx.now:
        begin(ctx, schedule["id"])
    else:
        _plan(ctx, schedule, start, "subscription_schedule.start")
    return schedule


def subscription_params(
    customer: str, defaults: Mapping[str, Any], phase: Mapping[str, Any]
) -> dict[str, Any]:
    """Parameters of the subscription that a phase makes."""
    given = {"customer": customer, "items": phase["items"], "payment_behavior": "allow_incomplete"}
    for name in SHARED:
        value = phase.get(name) or defaults.get(name)
        if value:
            given[name] = value
    for name in ("default_tax_rates", "discounts", "metadata", "trial_end", "currency"):
        if phase.get(name):
            given[name] = phase[name]
    days = (phase.get("invoice_settings") or defaults.get("invoice_settings") or {}).get(
        "days_until_due"
    )
    if days is not None:
        given["days_until_due"] = days
    return given


def _wire(
    ctx: Any, params: Mapping[str, Any], customer: Wire, made: composition.Composition, start: int
) -> Wire:
    defaults = params.get("default_settings") or {}
    return {
        "id": ids.new("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": made.sub["billing_mode"],
        "canceled_at": None,
        "completed_at": None,
        "created": ctx.now,
        "current_phase": None,
        "customer": customer["id"],
        "customer_account": None,
        "default_settings": {
            "application_fee_percent": None,
            "automatic_tax": None,
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": None,
            "collection_method": defaults.get("collection_method", "charge_automatically"),
            "default_payment_method": defaults.get("default_payment_method"),
            "description": defaults.get("description"),
            "invoice_settings": _invoice_settings(defaults.get("invoice_settings") or {}),
            "on_behalf_of": None,
            "transfer_data": None,
        },
        "end_behavior": params.get("end_behavior", "release"),
        "livemode": False,
        "metadata": catalog.merged_metadata({}, params.get("metadata")),
        "pause_schedules": [],
        "phases": [_phase(params["phases"][0], made, start)],
        "released_at": None,
        "released_subscription": None,
        "status": "not_started",
        "subscription": None,
        "test_clock": customer["test_clock"],
    }


def _invoice_settings(given: Mapping[str, Any]) -> Wire:
    return {
        "account_tax_ids": None,
        "custom_fields": None,
        "days_until_due": given.get("days_until_due"),
        "description": None,
        "footer": None,
        "issuer": {"type": "self", "account": None},
    }


def _phase(given: Mapping[str, Any], made: composition.Composition, start: int) -> Wire:
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "automatic_tax": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": given.get("collection_method"),
        "currency": made.sub["currency"],
        "default_payment_method": given.get("default_payment_method"),
        "description": given.get("description"),
        "discounts": [_named_discount(row) for row in given.get("discounts") or ()],
        "end_date": _phase_end(given, made, start),
        "invoice_settings": None,
        "items": [
            _phase_item(row, item) for row, item in zip(given["items"], made.items, strict=True)
        ],
        "metadata": dict(given.get("metadata") or {}),
        "on_behalf_of": None,
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "start_date": start,
        "transfer_data": None,
        "trial": None,
        "trial_end": given.get("trial_end"),
        "_default_tax_rates": list(given.get("default_tax_rates") or ()),
    }


def _phase_item(row: Mapping[str, Any], item: Wire) -> Wire:
    return {
        "billing_thresholds": None,
        "discounts": [_named_discount(given) for given in row.get("discounts") or ()],
        "metadata": item["metadata"],
        "plan": item["price"],
        "price": item["price"],
        "quantity": item["quantity"],
        "_tax_rates": item["_tax_rates"],
    }


def _named_discount(row: Mapping[str, str]) -> Wire:
    return dict.fromkeys(("coupon", "discount", "promotion_code")) | dict(row)


def _phase_end(given: Mapping[str, Any], made: composition.Composition, start: int) -> int:
    """End of the phase: a date, a duration, or one interval of its first price (assumption)."""
    if "end_date" in given:
        if "duration" in given:
            raise errors.invalid("Pass only one of end_date and duration.", "phases[0][duration]")
        if given["end_date"] <= start:
            raise errors.invalid("A phase ends after it starts.", "phases[0][end_date]")
        return given["end_date"]
    span = given.get("duration") or made.prices[made.items[0]["price"]]["recurring"]
    return proration.occurrence(start, span["interval"], span.get("interval_count", 1), 1)


def _plan(ctx: Any, schedule: Wire, at: int, kind: str) -> None:
    ctx.account.schedule(at, kind, schedule["id"], clock=schedule["test_clock"])


@scheduled("subscription_schedule.start")
def begin(ctx: Any, key: str) -> None:
    """The phase starts: make the subscription, its first invoice still a draft."""
    schedule = ctx.store.find("subscription_schedule", key)
    if schedule is None or schedule["status"] != "not_started":
        return
    sub = lifecycle.create_subscription(ctx, schedule["_params"], draft_first=True)
    ctx.store.update(sub, schedule=key)
    phase = schedule["phases"][0]
    previous = ctx.store.update(
        schedule,
        status="active",
        subscription=sub["id"],
        current_phase={"start_date": phase["start_date"], "end_date": phase["end_date"]},
    )
    ctx.emit("subscription_schedule.updated", schedule, previous)
    _plan(ctx, schedule, phase["end_date"], "subscription_schedule.end")


@scheduled("subscription_schedule.end")
def finish(ctx: Any, key: str) -> None:
    """The phase is over: let the subscription go on by itself, or end it."""
    schedule = ctx.store.find("subscription_schedule", key)
    if schedule is None or schedule["status"] != "active":
        return
    if schedule["end_behavior"] == "release":
        release(ctx, schedule)
        return
    sub = ctx.store.get("subscription", schedule["subscription"])
    _close(ctx, schedule, "completed", completed_at=ctx.now)
    if sub["status"] not in standing.ENDED:
        standing.end(ctx, sub, reason="cancellation_requested")


def release(ctx: Any, schedule: Wire) -> None:
    """Leave the subscription as it is, without schedule."""
    _require_open(schedule, "release")
    sub = schedule["subscription"]
    if sub:
        ctx.store.update(ctx.store.get("subscription", sub), schedule=None)
    _close(
        ctx, schedule, "released", released_at=ctx.now, released_subscription=sub, subscription=None
    )


def cancel(ctx: Any, schedule: Wire) -> None:
    """Give up a schedule, with its subscription when that exists."""
    _require_open(schedule, "cancel")
    sub = schedule["subscription"] and ctx.store.get("subscription", schedule["subscription"])
    _close(ctx, schedule, "canceled", canceled_at=ctx.now)
    if sub and sub["status"] not in standing.ENDED:
        standing.end(ctx, sub, reason="cancellation_requested")


def _require_open(schedule: Wire, what: str) -> None:
    if schedule["status"] not in ("not_started", "active"):
        raise errors.invalid(
            f"You cannot {what} a subscription schedule that is {schedule['status']}."
        )


def _close(ctx: Any, schedule: Wire, status: str, **values: Any) -> None:
    ctx.store.update(schedule, status=status, current_phase=None, **values)
    ctx.emit(f"subscription_schedule.{status}", schedule)
