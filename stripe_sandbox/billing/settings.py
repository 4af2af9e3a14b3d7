"""Fields of a subscription that change without touching its periods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import (
    automatic_tax,
    cancellation,
    catalog,
    composition,
    discounting,
)
from stripe_sandbox.core import errors

Wire = dict[str, Any]


def read(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that the parameters of an update change, checked; new discounts are stored."""
    fields = cancellation.plan_end(ctx, sub, params)
    if "cancellation_details" in params:
        merged = fields.get("cancellation_details") or {}
        given = cancellation.details_of(sub, params["cancellation_details"])
        fields["cancellation_details"] = {**given, "reason": merged.get("reason", given["reason"])}
    if "metadata" in params:
        fields["metadata"] = catalog.merged_metadata(sub["metadata"], params["metadata"])
    if "description" in params:
        fields["description"] = params["description"] or None
    if "default_payment_method" in params:
        fields["default_payment_method"] = _default_method(ctx, sub, params)
    if "default_tax_rates" in params:
        fields["_default_tax_rates"] = catalog.tax_rate_ids(
            ctx, params["default_tax_rates"], "default_tax_rates"
        )
    if "payment_settings" in params:
        fields["payment_settings"] = composition.payment_settings(
            sub["payment_settings"], params["payment_settings"]
        )
    if "invoice_settings" in params:
        given = {k: v or None for k, v in params["invoice_settings"].items()}
        fields["invoice_settings"] = sub["invoice_settings"] | given
    if "trial_settings" in params:
        given = params["trial_settings"]["end_behavior"]
        end = sub["trial_settings"]["end_behavior"] | given
        fields["trial_settings"] = {"end_behavior": end}
    if "pause_collection" in params:
        fields["pause_collection"] = _pause_collection(ctx, sub, params["pause_collection"])
    if "automatic_tax" in params:
        fields["automatic_tax"] = automatic_tax.switch(automatic_tax.wanted(params))
    if "discounts" in params:
        fields["discounts"] = _discounts(ctx, sub, params["discounts"])
    return fields | _collection(sub, params)


def _default_method(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> str | None:
    key = params["default_payment_method"]
    if not key:
        return None
    return catalog.payment_method_of(ctx, key, sub["customer"], "default_payment_method")


def _pause_collection(ctx: Any, sub: Wire, given: Mapping[str, Any] | str) -> Wire | None:
    if not given:
        return None
    if given["behavior"] not in ("keep_as_draft", "mark_uncollectible", "void"):
        raise errors.invalid("Invalid behavior.", "pause_collection[behavior]")
    until = given.get("resumes_at")
    if until is not None:
        if until <= ctx.now:
            raise errors.invalid(
                "resumes_at must be in the future.", "pause_collection[resumes_at]"
            )
        ctx.account.schedule(
            until, "subscription.resume_collection", sub["id"], clock=sub["test_clock"]
        )
    return {"behavior": given["behavior"], "resumes_at": until}


def _discounts(ctx: Any, sub: Wire, given: Any) -> list[str]:
    """The discounts after an update; those that are not named any more end."""
    prepared = discounting.prepare(
        ctx,
        given,
        param="discounts",
        currency=sub["currency"],
        customer=sub["customer"],
        subscription=sub["id"],
    )
    kept = discounting.save(ctx, prepared)
    for key in sub["discounts"]:
        if key not in kept:
            discounting.finish(ctx, ctx.store.get("discount", key))
    return kept


def _collection(sub: Wire, params: Mapping[str, Any]) -> dict[str, Any]:
    if "collection_method" not in params and "days_until_due" not in params:
        return {}
    method = params.get("collection_method", sub["collection_method"])
    days = params.get("days_until_due")
    if days is None and method == "send_invoice":
        days = sub["days_until_due"]
    composition.check_days_until_due(method, days)
    return {"collection_method": method, "days_until_due": days}
