"""Tax ids of customers: /v1/customers/{customer}/tax_ids (docs.stripe.com/api/tax_ids)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import tax_ids
from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.resources import customers

Wire = dict[str, Any]
PATH = "/v1/customers/{customer}/tax_ids"


@operation("POST", PATH, params="type value")
def create(ctx: Any, params: Wire, customer: str) -> Wire:
    """Add a tax id; European, British and Australian ones are looked up."""
    return tax_ids.create(ctx, customers.live(ctx, customer), params)


@operation("GET", PATH)
def list_all(ctx: Any, params: Wire, customer: str) -> ListPage:
    """Tax ids of a customer, newest first."""
    customers.live(ctx, customer)
    return listing.page(ctx, "tax_id", params, PATH.format(customer=customer), customer=customer)


@operation("GET", PATH + "/{id}")
def retrieve(ctx: Any, params: Wire, customer: str, key: str) -> Wire:
    """One tax id."""
    return _of(ctx, customer, key)


@operation("DELETE", PATH + "/{id}")
def delete(ctx: Any, params: Wire, customer: str, key: str) -> Wire:
    """Take a tax id away; invoices that were finalized keep it."""
    tax_id = _of(ctx, customer, key)
    ctx.emit("customer.tax_id.deleted", tax_id)
    ctx.store.remove(tax_id)
    return {"id": key, "object": "tax_id", "deleted": True}


def _of(ctx: Any, customer: str, key: str) -> Wire:
    tax_id = ctx.store.get("tax_id", key)
    if tax_id["customer"] != customer:
        raise errors.missing_resource("tax_id", key)
    return tax_id
