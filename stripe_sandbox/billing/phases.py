"""Phases of a subscription schedule: their shape, and a subscription that changes at its renewal.

docs.stripe.com/billing/subscriptions/subscription-schedules#existing-subscription. A following phase
begins when the current period ends, so that there is nothing to prorate; other beginnings are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe_sandbox.billing import (
    automatic_tax,
    catalog,
    changes,
    composition,
    edits,
    proration,
    settings,
    standing,
)
from stripe_sandbox.core import errors, ids

Wire = dict[str, Any]

#: What a phase and the default settings hand over to the subscription as they are.
SHARED = ("collection_method", "default_payment_method", "description")


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
    given["automatic_tax"] = phase.get("automatic_tax") or defaults.get("automatic_tax") or {}
    return given


def default_settings(defaults: Mapping[str, Any]) -> Wire:
    """``default_settings`` of a schedule."""
    return {
        "application_fee_percent": None,
        "automatic_tax": automatic_tax.switch(automatic_tax.wanted(defaults)),
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": defaults.get("collection_method", "charge_automatically"),
        "default_payment_method": defaults.get("default_payment_method"),
        "description": defaults.get("description"),
        "invoice_settings": invoice_settings(defaults.get("invoice_settings") or {}),
        "on_behalf_of": None,
        "transfer_data": None,
    }


def invoice_settings(given: Mapping[str, Any]) -> Wire:
    return {
        "account_tax_ids": None,
        "custom_fields": None,
        "days_until_due": given.get("days_until_due"),
        "description": None,
        "footer": None,
        "issuer": {"type": "self", "account": None},
    }


def blank(currency: str, start: int, end: int) -> Wire:
    """A phase without items and terms."""
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "automatic_tax": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": currency,
        "default_payment_method": None,
        "description": None,
        "discounts": [],
        "end_date": end,
        "invoice_settings": None,
        "items": [],
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": "create_prorations",
        "start_date": start,
        "transfer_data": None,
        "trial": None,
        "trial_end": None,
        "_default_tax_rates": [],
    }


def wire(given: Mapping[str, Any], made: composition.Composition, start: int) -> Wire:
    """A phase as a request describes it."""
    days = (given.get("invoice_settings") or {}).get("days_until_due")
    return {
        **blank(made.sub["currency"], start, _end(given, made, start)),
        "automatic_tax": _switch(given),
        "collection_method": given.get("collection_method"),
        "default_payment_method": given.get("default_payment_method"),
        "description": given.get("description"),
        "discounts": [named_discount(row) for row in given.get("discounts") or ()],
        "invoice_settings": None if days is None else invoice_settings({"days_until_due": days}),
        "items": [
            item_wire(row, item) for row, item in zip(given["items"], made.items, strict=True)
        ],
        "metadata": dict(given.get("metadata") or {}),
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "trial_end": given.get("trial_end"),
        "_default_tax_rates": list(given.get("default_tax_rates") or ()),
    }


def _switch(given: Mapping[str, Any]) -> Wire | None:
    """What a phase says of automatic tax; None where the default settings count."""
    on = automatic_tax.wanted(given)
    return automatic_tax.switch(on) if "automatic_tax" in given else None


def item_wire(row: Mapping[str, Any], item: Wire) -> Wire:
    return {
        "billing_thresholds": None,
        "discounts": [named_discount(given) for given in row.get("discounts") or ()],
        "metadata": item["metadata"],
        "plan": item["price"],
        "price": item["price"],
        "quantity": item["quantity"],
        "_tax_rates": list(item["_tax_rates"]),
    }


def named_discount(row: Mapping[str, str]) -> Wire:
    return dict.fromkeys(("coupon", "discount", "promotion_code")) | dict(row)


def _end(given: Mapping[str, Any], made: composition.Composition, start: int) -> int:
    """End of the phase: a date, a duration, or one interval of its first price (assumption)."""
    if "end_date" in given:
        if "duration" in given:
            raise errors.invalid("Pass only one of end_date and duration.", "phases[0][duration]")
        if given["end_date"] <= start:
            raise errors.invalid("A phase ends after it starts.", "phases[0][end_date]")
        return given["end_date"]
    span = given.get("duration") or made.prices[made.items[0]["price"]]["recurring"]
    return proration.occurrence(start, span["interval"], span.get("interval_count", 1), 1)


# --- a subscription that exists


def adopt(ctx: Any, params: Mapping[str, Any]) -> Wire:
    """A schedule for an existing subscription; its one phase is the current period."""
    other = sorted(set(params) - {"from_subscription", "expand"})
    if other:
        raise errors.invalid(f"{other[0]} cannot be set together with from_subscription.", other[0])
    sub = ctx.store.get("subscription", params["from_subscription"], "from_subscription")
    if sub["schedule"]:
        raise errors.invalid(
            f"The subscription is already attached to the schedule {sub['schedule']}.",
            "from_subscription",
        )
    if sub["status"] in (*standing.ENDED, "incomplete", "paused") or sub["cancel_at"]:
        raise errors.invalid(
            "A subscription that ended, ends, is paused or incomplete cannot be scheduled.",
            "from_subscription",
        )
    items = standing.items_of(ctx, sub)
    start = min(item["current_period_start"] for item in items)
    end = min(item["current_period_end"] for item in items)
    days = sub["days_until_due"]
    phase = {
        **blank(sub["currency"], start, end),
        "automatic_tax": automatic_tax.switch(sub["automatic_tax"]["enabled"]),
        "collection_method": sub["collection_method"],
        "default_payment_method": sub["default_payment_method"],
        "description": sub["description"],
        "discounts": [named_discount({"discount": key}) for key in sub["discounts"]],
        "invoice_settings": None if days is None else invoice_settings({"days_until_due": days}),
        "items": [
            item_wire(
                {"discounts": [{"discount": key} for key in item["discounts"]]},
                item,
            )
            for item in items
        ],
        "trial_end": sub["trial_end"] if (sub["trial_end"] or 0) > ctx.now else None,
        "_default_tax_rates": list(sub["_default_tax_rates"]),
    }
    schedule = {
        "id": ids.new("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": sub["billing_mode"],
        "canceled_at": None,
        "completed_at": None,
        "created": ctx.now,
        "current_phase": {"start_date": start, "end_date": end},
        "customer": sub["customer"],
        "customer_account": None,
        "default_settings": default_settings(
            {
                "collection_method": sub["collection_method"],
                "default_payment_method": sub["default_payment_method"],
                "description": sub["description"],
                "automatic_tax": sub["automatic_tax"],
            }
        ),
        "end_behavior": "release",
        "livemode": False,
        "metadata": {},
        "pause_schedules": [],
        "phases": [phase],
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": sub["id"],
        "test_clock": sub["test_clock"],
    }
    ctx.store.insert(schedule)
    stored = ctx.store.get("subscription_schedule", schedule["id"])
    ctx.emit("subscription_schedule.created", stored)
    standing.change(ctx, sub, schedule=schedule["id"])
    _watch(ctx, stored)
    return stored


def update(ctx: Any, schedule: Wire, params: Mapping[str, Any]) -> None:
    """Replace what follows the current phase, which must be named as it is."""
    if schedule["status"] != "active":
        raise errors.not_implemented("changing a schedule that has not started", "phases")
    changed: Wire = {}
    if "end_behavior" in params:
        if params["end_behavior"] not in ("release", "cancel"):
            raise errors.invalid("Invalid end_behavior: release or cancel.", "end_behavior")
        changed["end_behavior"] = params["end_behavior"]
    if "metadata" in params:
        changed["metadata"] = catalog.merged_metadata(schedule["metadata"], params["metadata"])
    if "phases" in params:
        changed["phases"] = _read(ctx, schedule, params["phases"])
        current = changed["phases"][0]
        changed["current_phase"] = {name: current[name] for name in ("start_date", "end_date")}
    previous = ctx.store.update(schedule, **changed)
    _watch(ctx, schedule)
    if previous:
        ctx.emit("subscription_schedule.updated", schedule, previous)


def _read(ctx: Any, schedule: Wire, rows: Sequence[Mapping[str, Any]]) -> list[Wire]:
    sub = ctx.store.get("subscription", schedule["subscription"])
    customer = ctx.store.get("customer", sub["customer"])
    now = _current(schedule)
    ends = {item["current_period_end"] for item in standing.items_of(ctx, sub)}
    found: list[Wire] = []
    for index, row in enumerate(rows):
        where = f"phases[{index}]"
        start = row.get("start_date", found[-1]["end_date"] if found else None)
        if start is None:
            raise errors.missing(f"{where}[start_date]")
        if found and start != found[-1]["end_date"]:
            raise errors.invalid("Phases follow each other without a gap.", f"{where}[start_date]")
        defaults = {"automatic_tax": schedule["default_settings"]["automatic_tax"]}
        given = subscription_params(customer["id"], defaults, row)
        given.pop("payment_behavior")
        # A discount that the subscription has is no new one.
        made = composition.compose(ctx, given | {"currency": sub["currency"]}, customer)
        phase = wire(row, made, start)
        if not found:
            _check_current(phase, now, where)
            if phase["end_date"] not in ends and len(rows) > 1:
                raise errors.not_implemented(
                    "phases that do not change when the period ends", f"{where}[end_date]"
                )
        lost = _metered(found[0]) - _metered(phase) if found else set()
        if lost:
            raise errors.not_implemented(
                "phases that end the metered use of a price", f"{where}[items]"
            )
        found.append(phase)
    if len(found) > 2:
        raise errors.not_implemented("more than one following phase", "phases")
    return found


def _metered(phase: Wire) -> set[str]:
    return {item["price"] for item in phase["items"] if item["quantity"] is None}


def _check_current(phase: Wire, now: Wire, where: str) -> None:
    def terms(of: Wire) -> list[tuple[str, int]]:
        return sorted((item["price"], item["quantity"] or 0) for item in of["items"])

    if phase["start_date"] != now["start_date"]:
        raise errors.invalid(
            "You can not modify the start date of the current phase.", f"{where}[start_date]"
        )
    if terms(phase) != terms(now):
        raise errors.not_implemented("changing the current phase", f"{where}[items]")


def _current(schedule: Wire) -> Wire:
    start = schedule["current_phase"]["start_date"]
    return next(phase for phase in schedule["phases"] if phase["start_date"] == start)


def following(schedule: Wire) -> Wire | None:
    """The phase after the current one."""
    end = schedule["current_phase"]["end_date"]
    return next((phase for phase in schedule["phases"] if phase["start_date"] >= end), None)


def _watch(ctx: Any, schedule: Wire) -> None:
    at = schedule["current_phase"]["end_date"]
    ctx.account.schedule(
        at, "subscription_schedule.end", schedule["id"], clock=schedule["test_clock"]
    )


def enter_due(ctx: Any, sub: Wire, at: int) -> None:
    """The subscription renews at ``at``: enter the phase that begins then, if there is one."""
    schedule = sub["schedule"] and ctx.store.find("subscription_schedule", sub["schedule"])
    if not schedule or schedule["status"] != "active":
        return
    phase = following(schedule)
    if phase is None or phase["start_date"] > at:
        return
    before = ctx.account.render(sub)
    made = edits.read(ctx, sub, _rows(ctx, sub, phase))
    moved = changes.Plan(made, {})
    for edit in made:
        if edit.after is not None and edit.before is None:
            edit.after |= {"current_period_start": at, "current_period_end": at}
    anchor = {"billing_cycle_anchor": at} if _other_cycle(ctx, sub, moved) else {}
    changes.store_items(ctx, sub, moved)
    fields = settings.read(
        ctx,
        sub,
        {
            "default_tax_rates": phase["_default_tax_rates"],
            "discounts": [_given(row) for row in phase["discounts"]],
            "metadata": phase["metadata"],
        },
    )
    on = automatic_tax.wanted(phase if phase["automatic_tax"] else schedule["default_settings"])
    switch = automatic_tax.switch(on) if on != sub["automatic_tax"]["enabled"] else {}
    ctx.store.update(sub, **fields, **anchor, **({"automatic_tax": switch} if switch else {}))
    after = ctx.account.render(sub)
    ctx.emit(
        "customer.subscription.updated",
        sub,
        {key: before.get(key) for key in after if before.get(key) != after[key]},
    )
    current = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    previous = ctx.store.update(schedule, current_phase=current)
    ctx.emit("subscription_schedule.updated", schedule, previous)
    _watch(ctx, schedule)


def _given(row: Wire) -> Wire:
    return {key: value for key, value in row.items() if value}


def _rows(ctx: Any, sub: Wire, phase: Wire) -> list[Wire]:
    """Parameters of an update that makes the items those of the phase; the same price stays an item."""
    left = {item["price"]: item for item in standing.items_of(ctx, sub)}
    rows: list[Wire] = []
    for wanted in phase["items"]:
        row = {
            "price": wanted["price"],
            "tax_rates": wanted["_tax_rates"],
            "discounts": [_given(discount) for discount in wanted["discounts"]],
        }
        if wanted["quantity"] is not None:
            row["quantity"] = wanted["quantity"]
        item = left.pop(wanted["price"], None)
        rows.append({"id": item["id"], **row} if item else row)
    return rows + [{"id": item["id"], "deleted": True} for item in left.values()]


def _other_cycle(ctx: Any, sub: Wire, made: changes.Plan) -> bool:
    """Whether an item is billed in another interval than before: its cycle begins with the phase."""

    def interval(key: str) -> tuple[str, int]:
        recurring = ctx.store.get("price", key)["recurring"]
        return recurring["interval"], recurring["interval_count"]

    before = {interval(item["price"]) for item in standing.items_of(ctx, sub)}
    return not {interval(item["price"]) for item, _price in made.items} <= before
