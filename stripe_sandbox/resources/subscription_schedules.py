"""Subscription schedules: /v1/subscription_schedules, for subscriptions that begin or change later."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import phases, schedules
from stripe_sandbox.core import listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import view

Wire = dict[str, Any]

URL = "/v1/subscription_schedules"


@view("subscription_schedule")
def show(account: Any, schedule: Wire) -> Wire:
    """Tax rates are whole objects."""

    def rates(keys: list[str]) -> list[Wire]:
        return [account.render(account.store.get("tax_rate", key)) for key in keys]

    for phase in schedule["phases"]:
        phase["default_tax_rates"] = rates(phase["_default_tax_rates"])
        for item in phase["items"]:
            item["tax_rates"] = rates(item["_tax_rates"])
    return schedule


@operation(
    "POST",
    URL,
    params="""
    customer default_settings.automatic_tax.enabled phases.automatic_tax.enabled
    default_settings.collection_method default_settings.default_payment_method
    default_settings.description default_settings.invoice_settings.days_until_due end_behavior
    from_subscription metadata start_date phases.collection_method phases.currency phases.default_payment_method
    phases.default_tax_rates phases.description phases.discounts phases.duration phases.end_date
    phases.invoice_settings.days_until_due phases.items.discounts phases.items.metadata
    phases.items.price phases.items.quantity phases.items.tax_rates
    phases.metadata phases.proration_behavior phases.trial_end
    """,
)
def create(ctx: Any, params: Wire) -> Wire:
    return schedules.create(ctx, params)


@operation(
    "POST",
    URL + "/{schedule}",
    params="""
    end_behavior metadata phases.automatic_tax.enabled proration_behavior phases.collection_method phases.currency
    phases.default_payment_method phases.default_tax_rates phases.description phases.discounts
    phases.duration phases.end_date phases.invoice_settings.days_until_due phases.items.discounts
    phases.items.metadata phases.items.price phases.items.quantity phases.items.tax_rates
    phases.metadata phases.proration_behavior phases.start_date phases.trial_end
    """,
)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change what follows the current phase."""
    schedule = ctx.store.get("subscription_schedule", key)
    phases.update(ctx, schedule, params)
    return schedule


@operation("GET", URL + "/{schedule}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    return ctx.store.get("subscription_schedule", key)


@operation("GET", URL, params="canceled_at created customer released_at scheduled")
def list_all(ctx: Any, params: Wire) -> ListPage:
    def fits(schedule: Wire) -> bool:
        if params.get("scheduled") and schedule["status"] != "not_started":
            return False
        moments = (name for name in ("canceled_at", "released_at") if name in params)
        return all(listing.in_range(schedule[name], params[name]) for name in moments)

    return listing.page(
        ctx,
        "subscription_schedule",
        params,
        URL,
        where=fits,
        customer=params.get("customer"),
    )


@operation("POST", URL + "/{schedule}/cancel")
def cancel(ctx: Any, params: Wire, key: str) -> Wire:
    schedule = ctx.store.get("subscription_schedule", key)
    schedules.cancel(ctx, schedule)
    return schedule


@operation("POST", URL + "/{schedule}/release")
def release(ctx: Any, params: Wire, key: str) -> Wire:
    schedule = ctx.store.get("subscription_schedule", key)
    schedules.release(ctx, schedule)
    return schedule
