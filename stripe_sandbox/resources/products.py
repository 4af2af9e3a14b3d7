"""Products: /v1/products (docs.stripe.com/api/products)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.resources import common, prices

Wire = dict[str, Any]
PLAIN = ("name", "active", "description", "images", "unit_label", "url", "statement_descriptor")
PARAMS = " ".join(PLAIN) + " metadata marketing_features tax_code shippable"


@operation("POST", "/v1/products", params=f"id default_price_data {PARAMS}")
def create(ctx: Any, params: Wire) -> Wire:
    """Make a product, with its default price if wanted."""
    if not params["name"]:
        raise errors.invalid("Product name must not be empty.", "name", "parameter_invalid_empty")
    product = {
        "id": params.get("id") or ids.new("prod"),
        "object": "product",
        "active": True,
        "created": ctx.now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": ctx.now,
        "url": None,
    }
    product |= _changes(product, params)
    ctx.store.insert(product)
    ctx.emit("product.created", product)
    if "default_price_data" in params:
        price = prices.create(ctx, {**params["default_price_data"], "product": product["id"]})
        ctx.store.update(product, default_price=price["id"])
    return product


@operation("GET", "/v1/products/{id}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One product."""
    return ctx.store.get("product", key)


@operation("POST", "/v1/products/{id}", params=f"{PARAMS} default_price")
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change a product."""
    product = ctx.store.get("product", key)
    values = _changes(product, params)
    if params.get("default_price"):
        price = ctx.store.get("price", params["default_price"], "default_price")
        if price["product"] != key:
            raise errors.invalid("The default price must be of this product.", "default_price")
        values["default_price"] = price["id"]
    if all(product[name] == value for name, value in values.items()):
        return product
    return common.update(ctx, product, "product.updated", {**values, "updated": ctx.now})


@operation("GET", "/v1/products", params="active created ids shippable url")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Products, newest first."""
    wanted = params.get("ids")
    return listing.page(
        ctx,
        "product",
        params,
        "/v1/products",
        where=lambda o: wanted is None or o["id"] in wanted,
        active=params.get("active"),
        shippable=params.get("shippable"),
        url=params.get("url"),
    )


@operation("DELETE", "/v1/products/{id}")
def delete(ctx: Any, params: Wire, key: str) -> Wire:
    """Delete a product that has no prices."""
    product = ctx.store.get("product", key)
    if next(ctx.store.select("price", product=key), None):
        raise errors.invalid("This product cannot be deleted because it has one or more prices.")
    gone = {"id": key, "object": "product", "deleted": True}
    ctx.emit("product.deleted", product)
    ctx.store.remove(product)
    return gone


def _changes(product: Wire, params: Wire) -> Wire:
    values = common.changes(product, params, *PLAIN, "tax_code", "shippable")
    if "marketing_features" in params:
        values["marketing_features"] = params["marketing_features"] or []
    if values.get("images") is None and "images" in values:
        values["images"] = []
    return values
