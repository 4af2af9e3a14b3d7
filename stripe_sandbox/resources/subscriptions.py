"""Subscriptions: /v1/subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# cycle and dunning register the scheduled work of subscriptions and invoices.
from stripe_sandbox.billing import (
    cancellation,
    changes,
    composition,
    cycle,
    dunning,
    invoice_items,
    lifecycle,
    pausing,
    settings,
    standing,
)
from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import list_object, view

Wire = dict[str, Any]

SCHEDULED_WORK = (cycle, dunning)
BEHAVIORS = ("allow_incomplete", "default_incomplete", "error_if_incomplete")
PATH = "/v1/subscriptions/{subscription_exposed_id}"

#: What both create and update implement.
SHARED = """
    add_invoice_items.discountable add_invoice_items.metadata add_invoice_items.price
    add_invoice_items.price_data add_invoice_items.quantity add_invoice_items.tax_rates
    automatic_tax.enabled collection_method days_until_due default_payment_method default_tax_rates
    description discounts invoice_settings.description invoice_settings.footer
    items.discounts items.metadata items.price items.price_data items.quantity items.tax_rates
    metadata off_session payment_behavior payment_settings.payment_method_types
    payment_settings.save_default_payment_method proration_behavior trial_end
    trial_settings.end_behavior.missing_payment_method cancel_at cancel_at_period_end
"""
CREATE = (
    SHARED
    + """
    billing_cycle_anchor billing_cycle_anchor_config billing_mode currency customer
    trial_period_days
"""
)
UPDATE = (
    SHARED
    + """
    billing_cycle_anchor cancellation_details.comment cancellation_details.feedback items.deleted
    items.id pause_collection proration_date
"""
)


@view("subscription")
def show(account: Any, sub: Wire) -> Wire:
    """Adds the embedded items and the tax rates, which are whole objects."""
    items = list(account.store.select("subscription_item", subscription=sub["id"]))[::-1]
    rates = [account.store.get("tax_rate", key) for key in sub["_default_tax_rates"]]
    url = f"/v1/subscription_items?subscription={sub['id']}"
    return {
        **sub,
        "default_tax_rates": [account.render(rate) for rate in rates],
        "items": list_object(url, [account.render(item) for item in items]),
    }


@operation("POST", "/v1/subscriptions", params=CREATE)
def create(ctx: Any, params: Wire) -> Wire:
    return lifecycle.create_subscription(ctx, params)


@operation("GET", PATH)
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    return ctx.store.get("subscription", key)


@operation(
    "GET",
    "/v1/subscriptions",
    params="collection_method created current_period_end current_period_start customer price "
    "status test_clock",
)
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Newest first; canceled ones only when ``status`` asks for them."""
    return listing.page(
        ctx,
        "subscription",
        params,
        "/v1/subscriptions",
        where=lambda sub: _has_status(sub, params.get("status")) and _fits(ctx, sub, params),
        customer=params.get("customer"),
        test_clock=params.get("test_clock"),
        collection_method=params.get("collection_method"),
    )


def _has_status(sub: Wire, wanted: str | None) -> bool:
    if wanted == "all":
        return True
    if wanted == "ended":
        return sub["status"] in standing.ENDED
    return sub["status"] == wanted if wanted else sub["status"] != "canceled"


def _fits(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> bool:
    """Filters that look at the items."""
    periods = [k for k in ("current_period_start", "current_period_end") if k in params]
    if "price" not in params and not periods:
        return True
    items = standing.items_of(ctx, sub)
    if "price" in params and params["price"] not in {item["price"] for item in items}:
        return False
    return all(any(listing.in_range(i[name], params[name]) for i in items) for name in periods)


@operation("POST", PATH, params=UPDATE)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Changes an item with prorations; a subscription that ended or never began takes little."""
    sub = ctx.store.get("subscription", key)
    if sub["status"] in (*standing.ENDED, "incomplete"):
        standing.change(ctx, sub, **cancellation.metadata_only(sub, params))
        return sub
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior not in BEHAVIORS:
        raise errors.not_implemented(f"payment_behavior={behavior}", "payment_behavior")
    with ctx.account.undoable(ctx, behavior == "error_if_incomplete"):
        made = changes.plan(ctx, sub, params)
        customer = ctx.store.get("customer", sub["customer"])
        extras = composition.read_extras(ctx, params, customer, sub["currency"], sub)
        fields = settings.read(ctx, sub, params)
        invoice_items.save(ctx, extras)
        changes.apply(ctx, sub, made, fields, behavior)
    return sub


@operation(
    "POST",
    "/v1/subscriptions/{subscription}/pause",
    params="bill_for.outstanding_usage_through bill_for.unused_time_from invoicing_behavior type",
)
def pause(ctx: Any, params: Wire, key: str) -> Wire:
    sub = ctx.store.get("subscription", key)
    pausing.pause(ctx, sub, params)
    return sub


@operation(
    "POST",
    "/v1/subscriptions/{subscription}/resume",
    params="billing_cycle_anchor payment_behavior proration_behavior",
)
def resume(ctx: Any, params: Wire, key: str) -> Wire:
    sub = ctx.store.get("subscription", key)
    pausing.resume(ctx, sub, params)
    return sub


@operation(
    "DELETE",
    PATH,
    params="cancellation_details.comment cancellation_details.feedback invoice_now prorate",
)
def cancel(ctx: Any, params: Wire, key: str) -> Wire:
    sub = ctx.store.get("subscription", key)
    cancellation.cancel(
        ctx,
        sub,
        invoice_now=params.get("invoice_now", False),
        prorate=params.get("prorate", False),
        details=params.get("cancellation_details"),
    )
    return sub
