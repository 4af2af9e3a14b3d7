"""Promotion codes: /v1/promotion_codes (docs.stripe.com/api/promotion_codes)."""

from __future__ import annotations

import re
from typing import Any

from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.resources import common

Wire = dict[str, Any]


@operation(
    "POST",
    "/v1/promotion_codes",
    params="promotion.type promotion.coupon code active customer expires_at max_redemptions "
    "restrictions.first_time_transaction restrictions.minimum_amount "
    "restrictions.minimum_amount_currency metadata",
)
def create(ctx: Any, params: Wire) -> Wire:
    """Make a code by which customers give themselves a coupon."""
    promotion = params["promotion"]
    if "coupon" not in promotion:
        raise errors.missing("promotion[coupon]")
    coupon = ctx.store.get("coupon", promotion["coupon"], "promotion[coupon]")
    if not coupon["valid"]:
        raise errors.invalid("The coupon is not valid any more.", "promotion[coupon]")
    code = params.get("code") or ids.secret(8).upper()
    if not re.fullmatch(r"[A-Za-z0-9-]+", code):
        raise errors.invalid("Codes have letters, digits and dashes only.", "code")
    customer = params.get("customer")
    if customer:
        ctx.store.get("customer", customer, "customer")
    for other in ctx.store.select("promotion_code", active=True):
        if other["code"].lower() == code.lower() and other["customer"] in (None, customer):
            raise errors.invalid("An active promotion code with this code already exists.", "code")
    if coupon["redeem_by"] and params.get("expires_at", 0) > coupon["redeem_by"]:
        raise errors.invalid("expires_at cannot be after the coupon's redeem_by.", "expires_at")
    restrictions = params.get("restrictions", {})
    if ("minimum_amount" in restrictions) != ("minimum_amount_currency" in restrictions):
        raise errors.invalid("minimum_amount needs minimum_amount_currency.", "restrictions")
    promotion_code = {
        "id": ids.new("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": code,
        "created": ctx.now,
        "customer": customer,
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": common.metadata({}, params.get("metadata")),
        "promotion": {"type": "coupon", "coupon": coupon["id"]},
        "restrictions": {
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
        },
        "times_redeemed": 0,
    }
    ctx.store.insert(promotion_code)
    ctx.emit("promotion_code.created", promotion_code)
    return promotion_code


@operation("GET", "/v1/promotion_codes/{promotion_code}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One promotion code."""
    return ctx.store.get("promotion_code", key)


@operation("POST", "/v1/promotion_codes/{promotion_code}", params="active metadata")
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Switch a code on or off."""
    code = ctx.store.get("promotion_code", key)
    values = common.changes(code, params, "active")
    return common.update(ctx, code, "promotion_code.updated", values)


@operation("GET", "/v1/promotion_codes", params="active code coupon customer created")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Promotion codes, newest first."""
    coupon, code = params.get("coupon"), params.get("code")
    return listing.page(
        ctx,
        "promotion_code",
        params,
        "/v1/promotion_codes",
        where=lambda o: (
            coupon in (None, o["promotion"]["coupon"])
            and (code is None or code.lower() == o["code"].lower())
        ),
        active=params.get("active"),
        customer=params.get("customer"),
    )
