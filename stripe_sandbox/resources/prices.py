"""Prices: /v1/prices (docs.stripe.com/api/prices)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import view
from stripe_sandbox.resources import common, price_amounts

Wire = dict[str, Any]

#: Longest billing period: three years (docs.stripe.com/api/prices/create).
MAX_COUNT = {"day": 1095, "week": 156, "month": 36, "year": 3}
MAX_LOOKUP_KEY = 200


@view("price")
def show(account: Any, price: Wire) -> Wire:
    """Tiers and other currencies are shown only when they are expanded."""
    price["_lazy"] = {
        "tiers": lambda: price["_tiers"],
        "currency_options": lambda: price_amounts.shown_options(price),
    }
    return price


@operation(
    "POST",
    "/v1/prices",
    params="currency unit_amount unit_amount_decimal product product_data.name product_data.active "
    "product_data.metadata product_data.statement_descriptor product_data.tax_code "
    "product_data.unit_label active nickname metadata lookup_key transfer_lookup_key tax_behavior "
    "billing_scheme tiers tiers_mode transform_quantity recurring.interval recurring.interval_count "
    "recurring.usage_type recurring.meter recurring.trial_period_days currency_options",
)
def create(ctx: Any, params: Wire) -> Wire:
    """Make a price; amount, currency and interval never change afterwards."""
    currency = price_amounts.currency_code(params["currency"])
    product = _product(ctx, params)
    tiered = params.get("billing_scheme") == "tiered"
    if tiered != ("tiers_mode" in params):
        raise errors.invalid("tiers_mode goes with billing_scheme=tiered.", "tiers_mode")
    recurring = _recurring(ctx, params.get("recurring"))
    _check_transform(params, tiered)
    price = {
        "id": ids.new("price"),
        "object": "price",
        "active": params.get("active", True),
        "billing_scheme": params.get("billing_scheme", "per_unit"),
        "created": ctx.now,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": _free_lookup_key(ctx, params),
        "metadata": common.metadata({}, params.get("metadata")),
        "nickname": params.get("nickname"),
        "product": product["id"],
        "recurring": recurring,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": params.get("tiers_mode"),
        "transform_quantity": params.get("transform_quantity"),
        "type": "recurring" if recurring else "one_time",
        **price_amounts.amounts(params, currency, tiered=tiered),
        "_currency_options": _options(params, currency, tiered),
    }
    ctx.store.insert(price)
    ctx.emit("price.created", price)
    return price


@operation("GET", "/v1/prices/{price}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One price."""
    return ctx.store.get("price", key)


@operation(
    "POST",
    "/v1/prices/{price}",
    params="active nickname metadata lookup_key transfer_lookup_key tax_behavior currency_options",
)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change what may be changed."""
    price = ctx.store.get("price", key)
    behavior = params.get("tax_behavior")
    if behavior and price["tax_behavior"] not in ("unspecified", behavior):
        raise errors.invalid(
            "tax_behavior cannot be changed once it is inclusive or exclusive.", "tax_behavior"
        )
    values = common.changes(price, params, "active", "nickname", "tax_behavior")
    if "lookup_key" in params:
        values["lookup_key"] = _free_lookup_key(ctx, params, price)
    if "currency_options" in params:
        tiered = price["billing_scheme"] == "tiered"
        given = _options(params, price["currency"], tiered)
        values["_currency_options"] = given and {**price["_currency_options"], **given}
    return common.update(ctx, price, "price.updated", values)


@operation(
    "GET",
    "/v1/prices",
    params="active created currency lookup_keys product type recurring.interval "
    "recurring.usage_type recurring.meter",
)
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Prices, newest first."""
    recurring, keys = params.get("recurring", {}), params.get("lookup_keys")

    def fits(price: Wire) -> bool:
        if keys is not None and price["lookup_key"] not in keys:
            return False
        return all((price["recurring"] or {}).get(k) == v for k, v in recurring.items())

    return listing.page(
        ctx,
        "price",
        params,
        "/v1/prices",
        where=fits,
        active=params.get("active"),
        currency=params.get("currency"),
        product=params.get("product"),
        type=params.get("type"),
    )


def _product(ctx: Any, params: Wire) -> Wire:
    from stripe_sandbox.resources import products

    if ("product" in params) == ("product_data" in params):
        raise errors.invalid(
            "You must pass exactly one of product and product_data.", "product", "parameter_missing"
        )
    if "product_data" in params:
        return products.create(ctx, params["product_data"])
    return ctx.store.get("product", params["product"], "product")


def _options(params: Wire, currency: str, tiered: bool) -> Wire:
    given = params.get("currency_options") or {}
    return price_amounts.options(given, currency, tiered=tiered)


def _recurring(ctx: Any, given: Wire | None) -> Wire | None:
    if given is None:
        return None
    interval, count = given["interval"], given.get("interval_count", 1)
    if not 1 <= count <= MAX_COUNT[interval]:
        raise errors.invalid(
            "The billing period may be at most three years.", "recurring[interval_count]"
        )
    usage = given.get("usage_type", "licensed")
    if (usage == "metered") != ("meter" in given):
        raise errors.invalid("Metered prices, and no others, need a meter.", "recurring[meter]")
    if "meter" in given:
        ctx.store.get("billing.meter", given["meter"], "recurring[meter]")
    return {
        "interval": interval,
        "interval_count": count,
        "meter": given.get("meter"),
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": usage,
    }


def _check_transform(params: Wire, tiered: bool) -> None:
    transform = params.get("transform_quantity")
    if transform and tiered:
        raise errors.invalid("transform_quantity cannot go with tiers.", "transform_quantity")
    if transform and transform["divide_by"] < 1:
        raise errors.invalid("divide_by must be positive.", "transform_quantity[divide_by]")


def _free_lookup_key(ctx: Any, params: Wire, price: Wire | None = None) -> str | None:
    """The lookup key of parameters, taken from the price that has it when that is wanted."""
    key = params.get("lookup_key") or None
    if key is None:
        return None
    if len(key) > MAX_LOOKUP_KEY:
        raise errors.invalid(f"Lookup keys have up to {MAX_LOOKUP_KEY} characters.", "lookup_key")
    for other in ctx.store.select("price", lookup_key=key):
        if other is price:
            continue
        if not params.get("transfer_lookup_key"):
            raise errors.invalid(
                f"A price (`{other['id']}`) already uses that lookup key.", "lookup_key"
            )
        common.update(ctx, other, "price.updated", {"lookup_key": None})
    return key
