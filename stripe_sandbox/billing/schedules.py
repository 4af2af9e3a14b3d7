"""Subscription schedules: a subscription that begins at a later date, or changes at its renewal.

docs.stripe.com/billing/subscriptions/subscription-schedules. The subscription of a schedule with a
start date is made when its phase starts, its first invoice as a draft that is finalized an hour
later; at the end of the last phase it is released or canceled. Later phases: :mod:`.phases`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import (
    catalog,
    composition,
    lifecycle,
    phases,
    standing,
)
from stripe_sandbox.core import errors, ids
from stripe_sandbox.core.clocks import scheduled

Wire = dict[str, Any]


def create(ctx: Any, params: Mapping[str, Any]) -> Wire:
    """Check and store a schedule; it starts at once or waits for its date."""
    if "from_subscription" in params:
        return phases.adopt(ctx, params)
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
    given = phases.subscription_params(customer["id"], defaults, phase)
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
        "default_settings": phases.default_settings(defaults),
        "end_behavior": params.get("end_behavior", "release"),
        "livemode": False,
        "metadata": catalog.merged_metadata({}, params.get("metadata")),
        "pause_schedules": [],
        "phases": [phases.wire(params["phases"][0], made, start)],
        "released_at": None,
        "released_subscription": None,
        "status": "not_started",
        "subscription": None,
        "test_clock": customer["test_clock"],
    }


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
    if schedule["current_phase"]["end_date"] > ctx.now or phases.following(schedule):
        # A phase was added or prolonged, or the renewal enters the next one.
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
        standing.change(ctx, ctx.store.get("subscription", sub), schedule=None)
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
