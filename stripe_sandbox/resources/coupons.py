"""Coupons: /v1/coupons (docs.stripe.com/api/coupons)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import view
from stripe_sandbox.resources import common

Wire = dict[str, Any]
MAX_REDEEM_SECONDS = 5 * 366 * 86400


@view("coupon")
def show(account: Any, coupon: Wire) -> Wire:
    """Products it is limited to and other currencies are shown only when they are expanded."""
    limited, currency = coupon["_products"], coupon["currency"]
    own = {currency: {"amount_off": coupon["amount_off"]}} if currency else {}
    coupon["_lazy"] = {
        "applies_to": lambda: {"products": limited} if limited else None,
        "currency_options": lambda: {**own, **coupon["_currency_options"]},
    }
    return coupon


@operation(
    "POST",
    "/v1/coupons",
    params="id name percent_off amount_off currency duration duration_in_months max_redemptions "
    "redeem_by applies_to metadata currency_options",
)
def create(ctx: Any, params: Wire) -> Wire:
    """Make a coupon: either a percentage or an amount of one currency."""
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise errors.invalid(
            "You must pass exactly one of percent_off and amount_off.", "percent_off"
        )
    if percent is not None and not 0 < percent <= 100:
        raise errors.invalid("percent_off is more than 0 and at most 100.", "percent_off")
    if amount is not None and (amount <= 0 or "currency" not in params):
        raise errors.invalid("amount_off is positive and needs currency.", "currency")
    if percent is not None and "currency" in params:
        raise errors.invalid("currency goes with amount_off only.", "currency")
    duration = params.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise errors.invalid(
            "duration_in_months goes with duration=repeating, and only with it.",
            "duration_in_months",
        )
    if not ctx.now < params.get("redeem_by", ctx.now + 1) <= ctx.now + MAX_REDEEM_SECONDS:
        raise errors.invalid("redeem_by lies in the next five years.", "redeem_by")
    products = params.get("applies_to", {}).get("products", [])
    for product in products:
        ctx.store.get("product", product, "applies_to[products]")
    coupon = {
        "id": params.get("id") or ids.secret(8),
        "object": "coupon",
        "amount_off": amount,
        "created": ctx.now,
        "currency": params["currency"].lower() if amount is not None else None,
        "duration": duration,
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": common.metadata({}, params.get("metadata")),
        "name": params.get("name"),
        "percent_off": percent,
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
        "_currency_options": _options(params, amount is not None),
        "_products": products,
    }
    ctx.store.insert(coupon)
    ctx.emit("coupon.created", coupon)
    return coupon


@operation("GET", "/v1/coupons/{coupon}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One coupon."""
    return _existing(ctx, key)


@operation("POST", "/v1/coupons/{coupon}", params="name metadata currency_options")
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change what may be changed."""
    coupon = _existing(ctx, key)
    values = common.changes(coupon, params, "name")
    if "currency_options" in params:
        given = _options(params, coupon["amount_off"] is not None)
        values["_currency_options"] = {**coupon["_currency_options"], **given}
    return common.update(ctx, coupon, "coupon.updated", values)


def _existing(ctx: Any, key: str) -> Wire:
    coupon = ctx.store.get("coupon", key)
    if coupon.get("_deleted"):
        raise errors.missing_resource("coupon", key)
    return coupon


def _options(params: Wire, has_amount: bool) -> Wire:
    given = params.get("currency_options", {})
    if given and not has_amount:
        raise errors.invalid("currency_options go with amount_off only.", "currency_options")
    return {code.lower(): {"amount_off": row["amount_off"]} for code, row in given.items()}


@operation("GET", "/v1/coupons", params="created")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Coupons, newest first."""
    return listing.page(ctx, "coupon", params, "/v1/coupons", where=lambda o: not o.get("_deleted"))


@operation("DELETE", "/v1/coupons/{coupon}")
def delete(ctx: Any, params: Wire, key: str) -> Wire:
    """Delete a coupon; discounts that were given with it stay.

    It is kept out of sight, because discounts still show it.
    """
    coupon = _existing(ctx, key)
    ctx.emit("coupon.deleted", coupon)
    if any(d["source"]["coupon"] == key for d in ctx.store.select("discount")):
        ctx.store.update(coupon, valid=False, _deleted=True)
    else:
        ctx.store.remove(coupon)
    return {"id": key, "object": "coupon", "deleted": True}
