"""Previews of invoices: POST /v1/invoices/create_preview."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import preview
from stripe_sandbox.core import errors
from stripe_sandbox.core.operations import operation

Wire = dict[str, Any]


@operation(
    "POST",
    "/v1/invoices/create_preview",
    params="""
    currency customer discounts preview_mode subscription
    subscription_details.billing_cycle_anchor subscription_details.cancel_now
    subscription_details.default_tax_rates subscription_details.items.deleted
    subscription_details.items.discounts subscription_details.items.id
    subscription_details.items.metadata subscription_details.items.price
    subscription_details.items.price_data subscription_details.items.quantity
    subscription_details.items.tax_rates subscription_details.metadata
    subscription_details.proration_behavior subscription_details.proration_date
    subscription_details.trial_end
    """,
)
def create_preview(ctx: Any, params: Wire) -> Wire:
    """What a new subscription, a change, a cancellation or the next renewal would cost."""
    details = params.get("subscription_details") or {}
    if "subscription" not in params:
        return _of_new(ctx, params, details)
    sub = ctx.store.get("subscription", params["subscription"], param="subscription")
    if params.get("customer") not in (None, sub["customer"]):
        raise errors.invalid("The subscription belongs to another customer.", "customer")
    if sub["status"] in ("canceled", "incomplete_expired"):
        raise errors.invalid(
            "You cannot preview the upcoming invoice for a canceled subscription.",
            "subscription",
            "invoice_upcoming_none",
        )
    if details.get("cancel_now"):
        prorate = details.get("proration_behavior", "create_prorations") != "none"
        at = details.get("proration_date", ctx.now)
        return preview.of_cancellation(ctx, sub, prorate=prorate, at=at)
    return preview.of_change(ctx, sub, details)


def _of_new(ctx: Any, params: Wire, details: Wire) -> Wire:
    if "items" not in details:
        raise errors.invalid(
            "You must pass subscription, or subscription_details[items] of a new one.",
            "subscription_details[items]",
        )
    anchor = (details.get("billing_cycle_anchor") or {}).get("timestamp")
    wanted = ("items", "trial_end", "default_tax_rates", "proration_behavior", "metadata")
    made: Wire = {name: details[name] for name in wanted if name in details}
    made |= {k: params[k] for k in ("customer", "currency", "discounts") if k in params}
    if anchor is not None:
        made["billing_cycle_anchor"] = anchor
    return preview.preview_new(ctx, made)
