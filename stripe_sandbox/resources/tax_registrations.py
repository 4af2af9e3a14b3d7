"""Where the account is registered to collect tax: /v1/tax/registrations (docs.stripe.com/api/tax/registrations)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import tax_table
from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import view

Wire = dict[str, Any]
KIND, PATH = "tax.registration", "/v1/tax/registrations"
#: Types that mean something here, by country.
TYPES = {
    "US": ("state_sales_tax",),
    "CA": ("province_standard", "simplified", "standard"),
    **dict.fromkeys(tax_table.EUROPEAN_UNION, ("oss_non_union", "oss_union", "standard")),
}
SCHEMES = (None, "small_seller", "standard")


@view(KIND)
def show(account: Any, registration: Wire) -> Wire:
    """Its status follows from its dates."""
    return {**registration, "status": _status(registration, account.context().now)}


def _status(registration: Wire, now: int) -> str:
    if registration["active_from"] > now:
        return "scheduled"
    expires = registration["expires_at"]
    return "expired" if expires is not None and expires <= now else "active"


@operation("POST", PATH, params="active_from country country_options expires_at")
def create(ctx: Any, params: Wire) -> Wire:
    """Register in a country, a state or a province."""
    country, given = params["country"], params["country_options"]
    if set(given) != {country.lower()}:
        raise errors.invalid(
            f"You must pass the options of {country} and of no other country.", "country_options"
        )
    _check_known(country, given[country.lower()])
    now = ctx.now
    start = now if params["active_from"] == "now" else params["active_from"]
    if start < now:
        raise errors.invalid("active_from is now or in the future.", "active_from")
    registration = {
        "id": ids.new("taxreg"),
        "object": KIND,
        "active_from": start,
        "country": country,
        "country_options": given,
        "created": now,
        "expires_at": _expiry(ctx, params.get("expires_at"), start),
        "livemode": False,
    }
    ctx.store.insert(registration)
    return registration


def _check_known(country: str, options: Wire) -> None:
    where = f"country_options[{country.lower()}]"
    known = country in tax_table.COUNTRIES or country in TYPES
    if not known or options["type"] not in TYPES.get(country, ("standard",)):
        raise errors.not_implemented(f"registrations of this type in {country}", f"{where}[type]")
    scheme = (options.get("standard") or {}).get("place_of_supply_scheme")
    if scheme not in SCHEMES:
        raise errors.not_implemented(f"the scheme {scheme}", f"{where}[standard]")
    if country == "US" and options["state"] not in tax_table.STATES:
        raise errors.not_implemented(f"taxes of {options['state']}", f"{where}[state]")
    if options["type"] == "province_standard":
        province = (options.get("province_standard") or {}).get("province")
        if province not in tax_table.PROVINCIAL_TAXES:
            raise errors.invalid(
                "A province with a tax of its own is needed.", f"{where}[province_standard]"
            )


def _expiry(ctx: Any, given: int | str | None, start: int) -> int | None:
    if given in (None, ""):
        return None
    end = ctx.now if given == "now" else given
    if end < start:
        raise errors.invalid("A registration ends after it begins.", "expires_at")
    return end


@operation("GET", PATH + "/{id}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    return ctx.store.get(KIND, key)


@operation("POST", PATH + "/{id}", params="active_from expires_at")
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change when it begins or ends; it is never deleted."""
    registration = ctx.store.get(KIND, key)
    start = params.get("active_from", registration["active_from"])
    start = ctx.now if start == "now" else start
    end = registration["expires_at"]
    if "expires_at" in params:
        end = _expiry(ctx, params["expires_at"], start)
    ctx.store.update(registration, active_from=start, expires_at=end)
    return registration


@operation("GET", PATH, params="status")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Registrations, newest first."""
    wanted, now = params.get("status", "all"), ctx.now
    return listing.page(
        ctx, KIND, params, PATH, where=lambda row: wanted in ("all", _status(row, now))
    )
