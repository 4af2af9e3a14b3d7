"""Previews of invoices: POST /v1/invoices/create_preview."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stripe_sandbox.billing import changes, preview, standing
from stripe_sandbox.core import errors
from stripe_sandbox.core.operations import operation

Wire = dict[str, Any]

#: Parameters that only make sense before, or only after a subscription exists.
NEW_ONLY = ("currency", "default_tax_rates", "discounts", "metadata")
EXISTING_ONLY = ("cancel_now", "proration_date")


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
    if params.get("preview_mode", "next") != "next":
        raise errors.not_implemented("preview_mode=recurring", "preview_mode")
    if "subscription" in params:
        return _of_existing(ctx, params, details)
    return _of_new(ctx, params, details)


def _of_existing(ctx: Any, params: Wire, details: Wire) -> Wire:
    _refuse(params, NEW_ONLY, "")
    _refuse(details, NEW_ONLY, "subscription_details")
    sub = ctx.store.get("subscription", params["subscription"], "subscription")
    if params.get("customer") not in (None, sub["customer"]):
        raise errors.invalid("The subscription belongs to another customer.", "customer")
    if sub["status"] in standing.ENDED:
        raise errors.invalid(
            "You cannot preview the upcoming invoice for a canceled subscription.",
            "subscription",
            "invoice_upcoming_none",
        )
    if details.get("cancel_now"):
        prorate = details.get("proration_behavior", "create_prorations") != "none"
        at = changes.proration_moment(ctx, sub, details)
        return preview.of_cancellation(ctx, sub, prorate=prorate, at=at)
    return preview.of_change(ctx, sub, details)


def _of_new(ctx: Any, params: Wire, details: Wire) -> Wire:
    if "items" not in details:
        raise errors.invalid(
            "You must pass subscription, or subscription_details[items] of a new one.",
            "subscription_details[items]",
        )
    _refuse(details, EXISTING_ONLY, "subscription_details")
    for index, row in enumerate(details["items"]):
        _refuse(row, ("deleted", "id"), f"subscription_details[items][{index}]")
    anchor = details.get("billing_cycle_anchor") or {"type": "now"}
    wanted = ("items", "trial_end", "default_tax_rates", "proration_behavior", "metadata")
    made: Wire = {name: details[name] for name in wanted if name in details}
    made |= {k: params[k] for k in ("customer", "currency", "discounts") if k in params}
    if anchor["type"] == "timestamp":
        made["billing_cycle_anchor"] = anchor["timestamp"]
    elif anchor["type"] != "now":
        raise errors.invalid(
            "A new subscription has no anchor to keep.",
            "subscription_details[billing_cycle_anchor]",
        )
    return preview.preview_new(ctx, made)


def _refuse(given: Wire, names: Iterable[str], where: str) -> None:
    """Refuse what the other kind of preview takes, rather than ignore it."""
    for name in names:
        if name in given:
            param = f"{where}[{name}]" if where else name
            raise errors.not_implemented(f"{param} in this kind of preview", param)
