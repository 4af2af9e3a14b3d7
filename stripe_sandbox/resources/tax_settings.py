"""Settings of Stripe Tax: /v1/tax/settings (docs.stripe.com/api/tax/settings)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import automatic_tax, tax_table
from stripe_sandbox.core import errors
from stripe_sandbox.core.operations import operation
from stripe_sandbox.core.rendering import view

Wire = dict[str, Any]
PATH = "/v1/tax/settings"
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


@view("tax.settings")
def show(account: Any, settings: Wire) -> Wire:
    """Active once there is a head office; there is one such object, so it has no id."""
    active = settings["head_office"] is not None
    return {
        **{name: value for name, value in settings.items() if name != "id"},
        "status": "active" if active else "pending",
        "status_details": {
            "active": {} if active else None,
            "pending": None if active else {"missing_fields": ["head_office"]},
        },
    }


@operation("GET", PATH)
def retrieve(ctx: Any, params: Wire) -> Wire:
    return automatic_tax.settings(ctx.store)


@operation(
    "POST",
    PATH,
    params="defaults.tax_behavior defaults.tax_code head_office.address",
)
def update(ctx: Any, params: Wire) -> Wire:
    """Nothing can be taken away again."""
    settings = automatic_tax.settings(ctx.store)
    changed: Wire = {"defaults": settings["defaults"] | params.get("defaults", {})}
    if "head_office" in params:
        given = params["head_office"]["address"]
        if tax_table.locate(given) is None:
            raise errors.invalid("The address is not valid.", "head_office[address]")
        changed["head_office"] = {"address": {name: given.get(name) for name in ADDRESS}}
    if ctx.store.find(*automatic_tax.SETTINGS) is None:
        ctx.store.insert(settings)
    previous = ctx.store.update(settings, **changed)
    if previous:
        ctx.emit("tax.settings.updated", settings, previous)
    return settings
