"""Subscription items: /v1/subscription_items. Changes go the way of an update of the
subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import changes, standing
from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import view

Wire = dict[str, Any]

#: Parameters that concern the change, not the item.
CHANGE = ("off_session", "proration_behavior", "proration_date")


@view("subscription_item")
def show(account: Any, item: Wire) -> Wire:
    """Price, plan and tax rates are whole objects here, never ids."""
    if item.get("deleted"):
        return item
    price = account.render(account.store.get("price", item["price"]))
    rates = [account.store.get("tax_rate", key) for key in item["_tax_rates"]]
    return {
        **item,
        "plan": plan_of(price),
        "price": price,
        "tax_rates": [account.render(rate) for rate in rates],
    }


def plan_of(price: Mapping[str, Any]) -> Wire:
    """The legacy plan that every recurring price still has."""
    recurring = price["recurring"]
    transform = price["transform_quantity"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": transform,
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }


@operation("GET", "/v1/subscription_items/{item}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    return ctx.store.get("subscription_item", key)


@operation("GET", "/v1/subscription_items", params="subscription")
def list_all(ctx: Any, params: Wire) -> ListPage:
    sub = ctx.store.get("subscription", params["subscription"], "subscription")
    return listing.page(
        ctx, "subscription_item", params, "/v1/subscription_items", subscription=sub["id"]
    )


@operation(
    "POST",
    "/v1/subscription_items",
    params="discounts metadata price price_data proration_behavior proration_date quantity "
    "subscription tax_rates",
)
def create(ctx: Any, params: Wire) -> Wire:
    sub = _editable(ctx, params["subscription"], "subscription")
    row = {k: v for k, v in params.items() if k not in (*CHANGE, "subscription")}
    made = _apply(ctx, sub, row, params)
    return ctx.store.get("subscription_item", made.edits[-1].after["id"])


@operation(
    "POST",
    "/v1/subscription_items/{item}",
    params="discounts metadata off_session price price_data proration_behavior proration_date "
    "quantity tax_rates",
)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    item = ctx.store.get("subscription_item", key)
    sub = _editable(ctx, item["subscription"], "id")
    row = {k: v for k, v in params.items() if k not in CHANGE}
    _apply(ctx, sub, {"id": key, **row}, params)
    return item


@operation("DELETE", "/v1/subscription_items/{item}", params="proration_behavior proration_date")
def delete(ctx: Any, params: Wire, key: str) -> Wire:
    item = ctx.store.get("subscription_item", key)
    sub = _editable(ctx, item["subscription"], "id")
    _apply(ctx, sub, {"id": key, "deleted": True}, params)
    return {"id": key, "object": "subscription_item", "deleted": True}


def _editable(ctx: Any, key: str, param: str) -> Wire:
    sub = ctx.store.get("subscription", key, param=param)
    if sub["status"] in (*standing.ENDED, "incomplete"):
        raise errors.invalid(
            f"The items of a subscription that is {sub['status']} cannot change.", param
        )
    return sub


def _apply(ctx: Any, sub: Wire, row: Wire, params: Mapping[str, Any]) -> changes.Plan:
    change = {name: params[name] for name in CHANGE if name in params}
    made = changes.plan(ctx, sub, {"items": [row], **change})
    changes.apply(ctx, sub, made, {}, "allow_incomplete")
    return made
