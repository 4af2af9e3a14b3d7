"""What a price costs per currency: unit amounts, tiers, and other currencies beside its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from stripe_sandbox.billing import money
from stripe_sandbox.core import errors
from stripe_sandbox.core.schema import at

Wire = dict[str, Any]

#: Decimal places of a unit amount in minor units (docs.stripe.com/api/prices/create).
MAX_DECIMALS = 12


def currency_code(code: str, param: str = "currency") -> str:
    """A currency in lower case."""
    if code.lower() not in money.CURRENCIES:
        raise errors.invalid(f"Invalid currency: {code}.", param)
    return code.lower()


def amounts(params: Mapping[str, Any], currency: str, *, tiered: bool, path: str = "") -> Wire:
    """``unit_amount``, ``unit_amount_decimal`` (minor units) and private ``_tiers`` of parameters."""
    if tiered:
        for name in ("unit_amount", "unit_amount_decimal"):
            if name in params:
                raise errors.invalid(f"{name} cannot go with tiers.", at(path, name))
        tiers = _tiers(params, currency, at(path, "tiers"))
        return {"unit_amount": None, "unit_amount_decimal": None, "_tiers": tiers}
    if "tiers" in params:
        raise errors.invalid("Tiers need billing_scheme=tiered.", at(path, "tiers"))
    return {**_pair(params, "unit_amount", currency, path, required=True), "_tiers": None}


def options(given: Mapping[str, Any], own_currency: str, *, tiered: bool) -> Wire:
    """What ``currency_options`` say, by currency."""
    found = {}
    for code, option in given.items():
        path = f"currency_options[{code}]"
        currency = currency_code(code, path)
        if currency == own_currency:
            raise errors.invalid("The price's own currency cannot be among its options.", path)
        found[currency] = {
            "custom_unit_amount": None,
            "tax_behavior": option.get("tax_behavior", "unspecified"),
            **amounts(option, currency, tiered=tiered, path=path),
        }
    return found


def shown_options(price: Mapping[str, Any]) -> Wire:
    """``currency_options`` as they are answered: the price's own currency is one of them."""
    names = ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal", "_tiers")
    own = {name: price[name] for name in names}
    every = {price["currency"]: own, **price["_currency_options"]}
    return {currency: _with_lazy_tiers(option) for currency, option in every.items()}


def _with_lazy_tiers(option: Wire) -> Wire:
    return {**option, "_lazy": {"tiers": lambda: option["_tiers"]}}


def _pair(
    params: Mapping[str, Any], name: str, currency: str, path: str, *, required: bool
) -> Wire:
    """An amount given as an integer or as a decimal text, never both, in both forms."""
    given = [key for key in (name, f"{name}_decimal") if key in params]
    if len(given) > 1 or (required and not given):
        raise errors.invalid(
            f"You must pass exactly one of {name} and {name}_decimal.", at(path, name)
        )
    if not given:
        return {name: None, f"{name}_decimal": None}
    amount = _decimal(params[given[0]], at(path, given[0]), currency)
    whole = int(amount) if amount == int(amount) else None
    return {name: whole, f"{name}_decimal": money.plain(amount)}


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


def _tiers(params: Mapping[str, Any], currency: str, path: str) -> list[Wire]:
    rows = params.get("tiers")
    if not rows:
        raise errors.missing(path)
    tiers, last = [], 0
    for index, row in enumerate(rows):
        where = at(path, index)
        final = index == len(rows) - 1
        up_to = row["up_to"]
        if final != (up_to == "inf"):
            raise errors.invalid("The last tier, and no other, has up_to=inf.", at(where, "up_to"))
        if not final and up_to <= last:
            raise errors.invalid("up_to must grow from tier to tier.", at(where, "up_to"))
        last = last if final else up_to
        tier = {
            "up_to": None if final else up_to,
            **_pair(row, "flat_amount", currency, where, required=False),
            **_pair(row, "unit_amount", currency, where, required=False),
        }
        if tier["flat_amount_decimal"] is None and tier["unit_amount_decimal"] is None:
            raise errors.invalid("A tier needs unit_amount or flat_amount.", where)
        tiers.append(tier)
    return tiers
