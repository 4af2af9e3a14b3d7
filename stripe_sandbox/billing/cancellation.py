"""Canceling at once (docs/api/subscriptions/cancel)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import (
    catalog,
    changes,
    invoice_items,
    invoicing,
    prorations,
    standing,
    usage,
)
from stripe_sandbox.core import errors

Wire = dict[str, Any]


def cancel(
    ctx: Any,
    sub: Wire,
    *,
    invoice_now: bool = False,
    prorate: bool = False,
    details: Mapping[str, str] | None = None,
) -> None:
    """End a subscription now; credits wait for the customer's next invoice unless
    ``invoice_now``.
    """
    if sub["status"] in standing.ENDED:
        raise errors.missing_resource("subscription", sub["id"], "id")
    items = standing.items_of(ctx, sub)
    if prorate and sub["status"] not in ("trialing", "incomplete"):
        credits = [
            row
            for item in items
            if item["quantity"] is not None
            for row in prorations.credit(ctx, sub, item, ctx.now)
        ]
        invoice_items.save(ctx, credits)
    used = usage.lines_for(ctx, sub, items) if invoice_now else []
    invoice = (
        changes.prepare_invoice(ctx, sub, "subscription_update", used) if invoice_now else None
    )
    unpaid = ctx.store.find("invoice", sub["latest_invoice"])
    never_began = sub["status"] == "incomplete"
    standing.end(ctx, sub, reason="cancellation_requested", **(details or {}))
    if never_began and unpaid and unpaid["status"] == "open":
        invoicing.void(ctx, unpaid)
    if invoice is not None:
        changes.store_and_collect(ctx, sub, invoice, used, "allow_incomplete")


def plan_end(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that ``cancel_at`` or ``cancel_at_period_end`` change; empty when neither is given."""
    if "cancel_at" in params and "cancel_at_period_end" in params:
        raise errors.invalid(
            "You may only specify one of these parameters: cancel_at, cancel_at_period_end.",
            "cancel_at",
        )
    if "cancel_at" not in params and "cancel_at_period_end" not in params:
        return {}
    if sub["schedule"]:
        raise errors.invalid(
            f"The subscription is managed by the subscription schedule `{sub['schedule']}`, and "
            "updating any cancelation behavior directly is not allowed. Please update the schedule "
            "instead.",
            "cancel_at" if "cancel_at" in params else "cancel_at_period_end",
        )
    ends = [item["current_period_end"] for item in standing.items_of(ctx, sub)]
    at_end = bool(params.get("cancel_at_period_end"))
    at = min(ends) if at_end else _moment(ctx, params.get("cancel_at"), ends, params, sub)
    details = dict(sub["cancellation_details"])
    details["reason"] = "cancellation_requested" if at else None
    return {
        "cancel_at": at,
        "cancel_at_period_end": at_end,
        "canceled_at": ctx.now if at else None,
        "cancellation_details": details,
    }


def _moment(
    ctx: Any, given: Any, ends: list[int], params: Mapping[str, Any], sub: Wire
) -> int | None:
    if given in (None, ""):
        return None
    if isinstance(given, str):
        if given not in ("min_period_end", "max_period_end"):
            raise errors.not_implemented(f"cancel_at={given}", "cancel_at")
        if sub["billing_mode"]["type"] != "flexible":
            raise errors.invalid(f"cancel_at={given} needs billing_mode flexible.", "cancel_at")
        return min(ends) if given == "min_period_end" else max(ends)
    if given <= ctx.now:
        raise errors.invalid("cancel_at must be a timestamp in the future.", "cancel_at")
    if given < min(ends) and params.get("proration_behavior") != "none":
        raise errors.not_implemented(
            "a cancel_at inside the current period unless proration_behavior=none", "cancel_at"
        )
    return given


def details_of(sub: Wire, given: Mapping[str, str] | None) -> dict[str, Any]:
    """``cancellation_details`` after an update of comment and feedback."""
    merged = dict(sub["cancellation_details"])
    for key, value in (given or {}).items():
        merged[key] = value or None
    return merged


def metadata_only(sub: Wire, params: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that may still change on an ended or incomplete subscription; anything else is
    refused.
    """
    allowed = {"metadata", "expand"}
    if sub["status"] in standing.ENDED:
        allowed.add("cancellation_details")
    other = sorted(set(params) - allowed)
    if other:
        named = " and ".join(sorted(allowed - {"expand"}))
        state = "canceled" if sub["status"] in standing.ENDED else "incomplete"
        raise errors.invalid(
            f"A {state} subscription can only update its {named}.",
            other[0],
        )
    fields: dict[str, Any] = {}
    if "metadata" in params:
        fields["metadata"] = catalog.merged_metadata(sub["metadata"], params["metadata"])
    if "cancellation_details" in params:
        fields["cancellation_details"] = details_of(sub, params["cancellation_details"])
    return fields
