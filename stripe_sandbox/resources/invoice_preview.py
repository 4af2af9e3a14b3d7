"""Previews of invoices: POST /v1/invoices/create_preview."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stripe_sandbox.billing import automatic_tax, catalog, changes, preview, standing
from stripe_sandbox.core import errors
from stripe_sandbox.core.operations import operation
from stripe_sandbox.resources import invoice_items

Wire = dict[str, Any]

#: Parameters that only make sense before, or only after a subscription exists.
NEW_ONLY = ("automatic_tax", "currency", "default_tax_rates", "metadata")
EXISTING_ONLY = (
    *("cancel_at", "cancel_at_period_end", "cancel_now", "pause", "proration_date", "resume_at"),
)


@operation(
    "POST",
    "/v1/invoices/create_preview",
    params="""
    automatic_tax.enabled currency customer customer_details.address customer_details.shipping
    customer_details.tax_exempt customer_details.tax_ids discounts invoice_items.amount invoice_items.currency
    invoice_items.description invoice_items.discountable invoice_items.quantity
    invoice_items.price invoice_items.tax_rates preview_mode subscription
    subscription_details.billing_cycle_anchor subscription_details.cancel_at
    subscription_details.cancel_at_period_end subscription_details.cancel_now
    subscription_details.default_tax_rates subscription_details.items.deleted
    subscription_details.items.discounts subscription_details.items.id
    subscription_details.items.metadata subscription_details.items.price
    subscription_details.items.price_data subscription_details.items.quantity
    subscription_details.items.tax_rates subscription_details.metadata
    subscription_details.pause.bill_for.outstanding_usage_through
    subscription_details.pause.bill_for.unused_time_from
    subscription_details.pause.invoicing_behavior subscription_details.pause.type
    subscription_details.proration_behavior subscription_details.proration_date
    subscription_details.resume_at subscription_details.trial_end
    """,
)
def create_preview(ctx: Any, params: Wire) -> Wire:
    """What a new subscription, a change, a cancellation or the next renewal would cost."""
    details = params.get("subscription_details") or {}
    if "subscription" in params:
        return _of_existing(ctx, params, details)
    _refuse(params, ("invoice_items",), "")
    return _of_new(ctx, params, details)


@preview.without_trace
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
    if "customer_details" in params:
        customer = ctx.store.get("customer", sub["customer"])
        automatic_tax.override(ctx, customer, params["customer_details"])
    _check_proration_date(details)
    if details.get("pause"):
        return preview.of_pause(ctx, sub, details["pause"])
    if details.get("resume_at"):
        return preview.of_resumption(ctx, sub, details)
    if details.get("cancel_now"):
        prorate = details.get("proration_behavior", "create_prorations") != "none"
        at = changes.proration_moment(ctx, sub, details)
        return preview.of_cancellation(ctx, sub, prorate=prorate, at=at)
    more: Wire = {"recurring": params.get("preview_mode") == "recurring"}
    if "discounts" in params:
        more["discounts"] = params["discounts"]
    customer = ctx.store.get("customer", sub["customer"])
    more["extras"] = [_extra(ctx, customer, sub, row) for row in params.get("invoice_items") or ()]
    return preview.of_change(ctx, sub, details, more)


def _check_proration_date(details: Wire) -> None:
    """As the package describes the parameter: it goes with items or trial_end, and with prorations."""
    if "proration_date" not in details:
        return
    if not {"items", "trial_end"} & set(details):
        raise errors.invalid(
            "proration_date needs subscription_details[items] or subscription_details[trial_end].",
            "subscription_details[proration_date]",
        )
    if details.get("proration_behavior") == "none":
        raise errors.invalid(
            "proration_date cannot be used with proration_behavior=none.",
            "subscription_details[proration_date]",
        )


def _extra(ctx: Any, customer: Wire, sub: Wire, row: Wire) -> Wire:
    """An unsaved invoice item of the subscription's next invoice."""
    given = {key: value for key, value in row.items() if key != "price"}
    if "price" in row:
        given["pricing"] = {"price": row["price"]}
    more = {
        "discountable": row.get("discountable", True),
        "subscription": sub["id"],
        "tax_rates": catalog.tax_rate_ids(ctx, row.get("tax_rates"), "invoice_items"),
    }
    if "description" in row:
        more["description"] = row["description"]
    return invoice_items.priced(ctx, customer, given, sub["currency"], more)


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
    plain = ("automatic_tax", "customer", "currency", "discounts")
    made |= {name: params[name] for name in plain if name in params}
    if anchor["type"] == "timestamp":
        made["billing_cycle_anchor"] = anchor["timestamp"]
    elif anchor["type"] != "now":
        raise errors.invalid(
            "A new subscription has no anchor to keep.",
            "subscription_details[billing_cycle_anchor]",
        )
    recurring = params.get("preview_mode") == "recurring"
    return preview.preview_new(ctx, made, params.get("customer_details"), recurring=recurring)


def _refuse(given: Wire, names: Iterable[str], where: str) -> None:
    """Refuse what the other kind of preview takes, rather than ignore it."""
    for name in names:
        if name in given:
            param = f"{where}[{name}]" if where else name
            raise errors.not_implemented(f"{param} in this kind of preview", param)
