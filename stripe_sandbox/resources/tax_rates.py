"""Tax rates: /v1/tax_rates (docs.stripe.com/api/tax_rates)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.resources import common

Wire = dict[str, Any]
EDITABLE = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")
PARAMS = " ".join(EDITABLE) + " metadata"


@operation("POST", "/v1/tax_rates", params=f"percentage inclusive {PARAMS}")
def create(ctx: Any, params: Wire) -> Wire:
    """Make a tax rate; percentage and inclusive never change."""
    percentage = params["percentage"]
    if not 0 <= percentage <= 100 or round(percentage, 4) != percentage:
        raise errors.invalid("percentage is 0 to 100 with up to 4 decimal places.", "percentage")
    rate = {
        "id": ids.new("txr"),
        "object": "tax_rate",
        "active": True,
        "country": None,
        "created": ctx.now,
        "description": None,
        "display_name": "",
        "effective_percentage": percentage,
        "flat_amount": None,
        "inclusive": params["inclusive"],
        "jurisdiction": None,
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": {},
        "percentage": percentage,
        "rate_type": None,
        "state": None,
        "tax_type": None,
    }
    rate |= common.changes(rate, params, *EDITABLE)
    ctx.store.insert(rate)
    ctx.emit("tax_rate.created", rate)
    return rate


@operation("GET", "/v1/tax_rates/{tax_rate}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One tax rate."""
    return ctx.store.get("tax_rate", key)


@operation("POST", "/v1/tax_rates/{tax_rate}", params=PARAMS)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change what may be changed."""
    rate = ctx.store.get("tax_rate", key)
    if rate.get("_automatic"):
        raise errors.not_implemented("changing a tax rate of Stripe Tax", "id")
    return common.update(ctx, rate, "tax_rate.updated", common.changes(rate, params, *EDITABLE))


@operation("GET", "/v1/tax_rates", params="active created inclusive")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Tax rates, newest first, without those that Stripe Tax made (assumed)."""
    return listing.page(
        ctx,
        "tax_rate",
        params,
        "/v1/tax_rates",
        where=lambda rate: not rate.get("_automatic"),
        active=params.get("active"),
        inclusive=params.get("inclusive"),
    )
