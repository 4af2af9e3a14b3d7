"""Prices: /v1/prices (docs.stripe.com/api/prices)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from stripe_sandbox.billing import money
from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import view
from stripe_sandbox.resources import common

Wire = dict[str, Any]

#: Longest billing period: three years (docs.stripe.com/api/prices/create).
MAX_COUNT = {"day": 1095, "week": 156, "month": 36, "year": 3}
MAX_DECIMALS = 12


@view("price")
def show(account: Any, price: Wire) -> Wire:
    """Tiers are shown only when they are expanded."""
    if price["_tiers"] is not None:
        price["_lazy"] = {"tiers": lambda: price["_tiers"]}
    else:
        price["_lazy"] = {"tiers": lambda: None}
    return price


@operation(
    "POST",
    "/v1/prices",
    params="currency unit_amount unit_amount_decimal product product_data.name product_data.metadata "
    "product_data.unit_label active nickname metadata lookup_key transfer_lookup_key tax_behavior "
    "billing_scheme tiers tiers_mode transform_quantity recurring.interval recurring.interval_count "
    "recurring.usage_type recurring.meter recurring.trial_period_days",
)
def create(ctx: Any, params: Wire) -> Wire:
    """Make a price; amount, currency and interval never change afterwards."""
    currency = _currency(params["currency"])
    product = _product(ctx, params)
    tiered = params.get("billing_scheme") == "tiered"
    tiers = _tiers(params, currency) if tiered else None
    if not tiered and ("tiers" in params or "tiers_mode" in params):
        raise errors.invalid("Tiers need billing_scheme=tiered.", "tiers")
    amount = None if tiered else _amount(params, currency)
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
        "lookup_key": None,
        "metadata": common.metadata({}, params.get("metadata")),
        "nickname": params.get("nickname"),
        "product": product["id"],
        "recurring": recurring,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": params["tiers_mode"] if tiered else None,
        "transform_quantity": params.get("transform_quantity"),
        "type": "recurring" if recurring else "one_time",
        "unit_amount": int(amount) if amount is not None and amount == int(amount) else None,
        "unit_amount_decimal": None if amount is None else money.plain(amount),
        "_tiers": tiers,
    }
    ctx.store.insert(price)
    _set_lookup_key(ctx, price, params)
    ctx.emit("price.created", price)
    return price


@operation("GET", "/v1/prices/{price}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One price."""
    return ctx.store.get("price", key)


@operation(
    "POST",
    "/v1/prices/{price}",
    params="active nickname metadata lookup_key transfer_lookup_key tax_behavior",
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
    _set_lookup_key(ctx, price, params)
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


def _currency(code: str) -> str:
    if len(code) != 3 or not code.isalpha():
        raise errors.invalid(f"Invalid currency: {code}.", "currency")
    return code.lower()


def _product(ctx: Any, params: Wire) -> Wire:
    from stripe_sandbox.resources import products

    if ("product" in params) == ("product_data" in params):
        raise errors.invalid(
            "You must pass exactly one of product and product_data.", "product", "parameter_missing"
        )
    if "product_data" in params:
        return products.create(ctx, params["product_data"])
    return ctx.store.get("product", params["product"], "product")


def _amount(params: Wire, currency: str) -> Decimal:
    """The unit amount in minor units."""
    given = [name for name in ("unit_amount", "unit_amount_decimal") if name in params]
    if len(given) != 1:
        raise errors.invalid(
            "You must pass exactly one of unit_amount and unit_amount_decimal.", "unit_amount"
        )
    return _decimal(params[given[0]], given[0], currency)


def _decimal(value: Any, param: str, currency: str) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise errors.invalid(f"Invalid decimal: {value}", param) from None
    if amount < 0:
        raise errors.invalid("Invalid non-negative amount.", param, "parameter_invalid_integer")
    if -amount.as_tuple().exponent > MAX_DECIMALS:
        raise errors.invalid(f"At most {MAX_DECIMALS} decimal places.", param)
    step = money.step(currency)
    if step > 1 and amount % step:
        raise errors.invalid(f"Amounts in {currency} must be multiples of {step}.", param)
    return amount


def _tiers(params: Wire, currency: str) -> list[Wire]:
    rows = params.get("tiers") or []
    if not rows:
        raise errors.missing("tiers")
    if "tiers_mode" not in params:
        raise errors.missing("tiers_mode")
    tiers, last = [], 0
    for index, row in enumerate(rows):
        where = f"tiers[{index}]"
        final = index == len(rows) - 1
        up_to = row["up_to"]
        if final != (up_to == "inf"):
            raise errors.invalid("The last tier, and no other, has up_to=inf.", f"{where}[up_to]")
        if not final and up_to <= last:
            raise errors.invalid("up_to must grow from tier to tier.", f"{where}[up_to]")
        last = last if final else up_to
        tier: Wire = {"up_to": None if final else up_to}
        for name in ("flat_amount", "unit_amount"):
            given = row.get(name, row.get(f"{name}_decimal"))
            amount = None if given is None else _decimal(given, f"{where}[{name}]", currency)
            whole = amount is not None and amount == int(amount)
            tier[name] = int(amount) if whole else None
            tier[f"{name}_decimal"] = None if amount is None else money.plain(amount)
        if tier["flat_amount_decimal"] is None and tier["unit_amount_decimal"] is None:
            raise errors.invalid("A tier needs unit_amount or flat_amount.", where)
        tiers.append(tier)
    return tiers


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


def _set_lookup_key(ctx: Any, price: Wire, params: Wire) -> None:
    """Give a price its lookup key, which one active price of the account has at a time."""
    key = params.get("lookup_key")
    if key is None:
        return
    for other in ctx.store.select("price", lookup_key=key or None):
        if other is price or not key:
            continue
        if not params.get("transfer_lookup_key"):
            raise errors.invalid(
                f"A price (`{other['id']}`) already uses that lookup key.", "lookup_key"
            )
        common.update(ctx, other, "price.updated", {"lookup_key": None})
    ctx.store.update(price, lookup_key=key or None)
