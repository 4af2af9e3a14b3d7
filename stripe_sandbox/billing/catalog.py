"""Prices, quantities, tax rates and payment methods as parameters name them, checked as Stripe
does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe_sandbox.core import errors
from stripe_sandbox.resources import common, customers, prices

Wire = dict[str, Any]

merged_metadata = common.metadata


def customer_for(ctx: Any, params: Mapping[str, Any]) -> Wire:
    """The customer that the parameters name, who must not be deleted."""
    if "customer" not in params:
        raise errors.missing("customer")
    return customers.live(ctx, params["customer"])


def price_for(
    ctx: Any, row: Mapping[str, Any], param: str, *, recurring: bool, currency: str | None = None
) -> Wire:
    """The active price a row names by ``price`` or describes by ``price_data``; exactly one of
    them.
    """
    if ("price" in row) == ("price_data" in row):
        raise errors.invalid(
            "You must specify exactly one of price or price_data.", f"{param}[price]"
        )
    if "price_data" in row:
        price = inline_price(ctx, row["price_data"], f"{param}[price_data]")
    else:
        price = ctx.store.get("price", row["price"], param=f"{param}[price]")
    if "price" in row and not price["active"]:
        raise errors.invalid(
            "The price specified is inactive. This field only accepts active prices.",
            f"{param}[price]",
        )
    wanted = "recurring" if recurring else "one_time"
    if price["type"] != wanted:
        raise errors.invalid(
            f"The price specified is set to `type={price['type']}` but this field only accepts "
            f"prices with `type={wanted}`.",
            f"{param}[price]",
        )
    if currency and price["currency"] != currency:
        raise errors.invalid(
            f"The price specified only supports `{price['currency']}`. This doesn't match the "
            f"expected currency: `{currency}`.",
            f"{param}[price]",
        )
    return price


def inline_price(ctx: Any, data: Mapping[str, Any], param: str) -> Wire:
    """Store the inactive price that ``price_data`` describes (Stripe keeps it, hidden from
    choice).
    """
    ctx.store.get("product", data["product"], f"{param}[product]")
    return prices.create(ctx, {**data, "active": False})


def product_name(ctx: Any, price: Wire) -> str:
    return ctx.store.get("product", price["product"])["name"]


def quantity_for(row: Mapping[str, Any], price: Wire, param: str, default: int = 1) -> int | None:
    """Quantity of a subscription item; metered prices have none."""
    metered = (price["recurring"] or {}).get("usage_type") == "metered"
    if metered:
        if "quantity" in row:
            raise errors.invalid(
                "You cannot set the quantity of a metered price.", f"{param}[quantity]"
            )
        return None
    quantity = row.get("quantity", default)
    if quantity < 0:
        raise errors.invalid("Invalid non-negative integer", f"{param}[quantity]")
    return quantity


def tax_rate_ids(ctx: Any, given: Sequence[str] | str | None, param: str) -> list[str]:
    """Ids of active tax rates; at most five; the empty string means none."""
    keys = list(given or ())
    if len(keys) > 5:
        raise errors.invalid("You may apply up to 5 tax rates.", param)
    for index, key in enumerate(keys):
        rate = ctx.store.get("tax_rate", key, param=f"{param}[{index}]")
        if not rate["active"]:
            raise errors.invalid(f"The tax rate {key} is archived.", f"{param}[{index}]")
    return keys


def payment_method_of(ctx: Any, key: str, customer: str, param: str) -> str:
    """A payment method that is attached to the customer."""
    method = ctx.store.get("payment_method", key, param=param)
    if method["customer"] != customer:
        raise errors.invalid(
            f"The customer does not have a payment method with the ID {key}. The payment method "
            "must be attached to the customer.",
            param,
            "resource_missing",
        )
    return key


def customer_currency(ctx: Any, customer: Wire, currency: str) -> None:
    """A customer is billed in one currency at a time; the first use decides and says so."""
    if customer["currency"] is None:
        ctx.emit("customer.updated", customer, ctx.store.update(customer, currency=currency))
    elif customer["currency"] != currency:
        raise errors.invalid(
            "You cannot combine currencies on a single customer. This customer has an active "
            "subscription, subscription schedule, discount, quote, or invoice item with currency "
            f"{customer['currency']}."
        )
