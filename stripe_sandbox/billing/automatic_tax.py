"""Stripe Tax: where the customer is, what is owed there, and whether the account collects it.

docs.stripe.com/tax. Rates are those of :mod:`.tax_table`. The customer's shipping address counts, then the
billing address; payment methods and IP addresses are never looked at (stricter than Stripe). A tax rate
made here is archived from the start, as Stripe's are, and used again for what is the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import tax_ids, tax_table
from stripe_sandbox.billing.tax_table import Levy, Location
from stripe_sandbox.core import errors

Wire = dict[str, Any]

SETTINGS = ("tax.settings", "tax_settings")
#: Currencies whose prices are without tax by ``inferred_by_currency`` (docs).
WITHOUT_TAX = ("usd", "cad")
NONTAXABLE = "txcd_00000000"
LOCATION_INVALID = "customer_tax_location_invalid"
UNRECOGNIZED = (
    "The customer's location isn't recognized. Set a valid customer address in order to automatically "
    "calculate tax."
)
#: Properties of ``customer_details`` that take the place of a customer's own.
DETAILS = ("address", "shipping", "tax_exempt")


@dataclass(frozen=True)
class Row:
    """A tax of a line: 0 % unless its reason is ``standard_rated``."""

    levy: Levy
    reason: str

    @property
    def percentage(self) -> Fraction:
        return self.levy.percentage if self.reason == "standard_rated" else Fraction(0)


# --- the switch


def wanted(params: Mapping[str, Any]) -> bool:
    """Whether parameters switch automatic tax on."""
    return bool((params.get("automatic_tax") or {}).get("enabled"))


def switch(on: bool, **more: Any) -> Wire:
    """The property ``automatic_tax`` of a subscription or a phase."""
    liability = {"type": "self", "account": None} if on else None
    return {"disabled_reason": None, "enabled": on, "liability": liability, **more}


def of_invoice(on: bool, status: str | None = None) -> Wire:
    """The same of an invoice or a session, which also say how the computation ended."""
    return switch(on, provider="stripe" if on else None, status=status)


# --- checks


def settings(store: Any) -> Wire:
    """The account's tax settings, which are pending until there is a head office."""
    return store.find(*SETTINGS) or {
        "object": SETTINGS[0],
        "id": SETTINGS[1],
        "defaults": {"provider": "stripe", "tax_behavior": None, "tax_code": None},
        "head_office": None,
        "livemode": False,
    }


def require_settings(ctx: Any) -> None:
    """Refuse automatic tax before the account is set up for it."""
    if settings(ctx.store)["head_office"] is None:
        raise errors.invalid(
            "You must have a valid head office address to enable automatic tax calculation in test "
            "mode.",
            "automatic_tax[enabled]",
        )


def require_location(address: Mapping[str, Any] | None, shipping: Mapping[str, Any] | None) -> None:
    """Refuse a customer whose location is not recognized."""
    if locate(address, shipping) is None:
        raise errors.invalid(UNRECOGNIZED, None, LOCATION_INVALID)


def require_behavior(ctx: Any, prices: Iterable[Wire]) -> None:
    """Refuse prices of which nobody says whether they contain tax."""
    for price in prices:
        behavior(ctx, price)


def require_no_rates(owners: Iterable[Sequence[str]], param: str = "default_tax_rates") -> None:
    """Refuse tax rates of one's own beside automatic tax."""
    if any(owners):
        raise errors.invalid("You cannot use tax rates together with automatic tax.", param)


def check_subscription(
    ctx: Any, customer: Wire, sub: Wire, priced: Iterable[tuple[Wire, Wire]], *, newly: bool
) -> None:
    """Refuse a subscription with automatic tax whose tax could not be found out.

    ``priced`` are its items with their prices; the location counts when the switch is ``newly`` on.
    """
    if not sub["automatic_tax"]["enabled"]:
        return
    items = list(priced)
    if newly:
        require_settings(ctx)
        require_location(customer["address"], customer["shipping"])
    require_no_rates([sub["_default_tax_rates"], *(item["_tax_rates"] for item, _ in items)])
    require_behavior(ctx, (price for _, price in items))


def check_invoice_item(ctx: Any, customer: str, invoice: Wire | None, item: Wire) -> None:
    """Refuse an item that cannot be on an invoice with automatic tax, where it may come onto one."""
    running = ctx.store.select("subscription", customer=customer)
    owners = [invoice] if invoice else [s for s in running if s["status"] != "canceled"]
    if not any(owner["automatic_tax"]["enabled"] for owner in owners):
        return
    require_no_rates([item["_tax_rates"]], "tax_rates")
    if item["amount"] < 0:
        raise errors.invalid("Automatic tax does not take negative amounts.", "amount")
    _line_behavior(ctx, item)


# --- what is owed


def locate(
    address: Mapping[str, Any] | None, shipping: Mapping[str, Any] | None
) -> Location | None:
    """Where a customer is: the shipping address counts first, and it must be good if there is one."""
    sent_to = (shipping or {}).get("address")
    return tax_table.locate(sent_to if sent_to and any(sent_to.values()) else address)


def behavior(ctx: Any, price: Mapping[str, Any]) -> str:
    """``inclusive`` or ``exclusive``, by the price or the account's default."""
    if price.get("tax_behavior") in ("inclusive", "exclusive"):
        return price["tax_behavior"]
    default = settings(ctx.store)["defaults"]["tax_behavior"]
    if default == "inferred_by_currency":
        return "exclusive" if price["currency"] in WITHOUT_TAX else "inclusive"
    if default is None:
        raise errors.invalid(
            f"The price `{price.get('id', 'of an amount')}` does not have a `tax_behavior` set which "
            "is required for automatic tax computation."
        )
    return default


def _line_behavior(ctx: Any, line: Wire) -> str:
    return behavior(ctx, _price_of(ctx, line) or {"currency": line["currency"]})


def _price_of(ctx: Any, line: Wire) -> Wire | None:
    details = (line["pricing"] or {}).get("price_details") or {}
    return ctx.store.find("price", details.get("price"))


def assign(ctx: Any, invoice: Wire, invoice_lines: Iterable[Wire]) -> None:
    """Give each line the rates by which it is taxed, and the invoice the outcome.

    A line keeps them in ``_automatic`` as pairs of tax rate and reason.
    """
    place = locate(invoice["customer_address"], invoice["customer_shipping"])
    status = "complete" if place else "requires_location_inputs"
    invoice["automatic_tax"] = invoice["automatic_tax"] | {"status": status}
    owed = _owed(ctx, invoice, place) if place else ()
    for line in invoice_lines:
        inclusive = _line_behavior(ctx, line) == "inclusive"
        price = _price_of(ctx, line)
        product = price and ctx.store.find("product", price["product"])
        free = bool(product) and product["tax_code"] == NONTAXABLE
        rows = [Row(owed[0].levy, "not_subject_to_tax")] if free and owed else owed
        line["_automatic"] = [[tax_rate(ctx, row, inclusive), row.reason] for row in rows]


def _owed(ctx: Any, invoice: Wire, place: Location) -> Sequence[Row]:
    levies = tax_table.levies(place)
    if not levies:
        # The states that are not in the table are those in which nobody can be registered.
        reason = "not_collecting" if place.country == "US" else "not_supported"
        kind = "sales_tax" if place.country == "US" else "vat"
        nowhere = Levy(place.country, place.country, "country", kind, Fraction(0), place.state)
        return (Row(nowhere, reason),)
    exempt = invoice["customer_tax_exempt"]
    if exempt == "exempt":
        return (Row(levies[0], "customer_exempt"),)
    active = list(_active(ctx))
    collected = [levy for levy in levies if any(_covers(ctx, r, levy) for r in active)]
    business = _is_business(ctx, invoice, place)
    known_in_union = any(r["country"] in tax_table.EUROPEAN_UNION for r in active)
    if place.country in tax_table.EUROPEAN_UNION and known_in_union:
        collected = collected or (levies if business else [])
    if not collected:
        return _from_origin(active, place) or (Row(levies[0], "not_collecting"),)
    if business or exempt == "reverse":
        return (Row(levies[0], "reverse_charge"),)
    return [
        Row(levy, "standard_rated" if levy in collected else "not_collecting") for levy in levies
    ]


def _active(ctx: Any) -> Iterator[Wire]:
    """Registrations that count now: those that have begun on the wall clock count on every test clock."""
    today = ctx.account.context().now
    for row in ctx.store.select("tax.registration"):
        over = row["expires_at"] is not None and row["expires_at"] <= min(ctx.now, today)
        if row["active_from"] <= max(ctx.now, today) and not over:
            yield row


def options(registration: Wire) -> Wire:
    """What a registration says about its country: ``type`` and more."""
    return registration["country_options"][registration["country"].lower()]


def _covers(ctx: Any, registration: Wire, levy: Levy) -> bool:
    country, terms = registration["country"], options(registration)
    if terms["type"] in ("oss_union", "oss_non_union"):
        elsewhere = terms["type"] == "oss_non_union" or levy.country != country
        return levy.country in tax_table.EUROPEAN_UNION and elsewhere
    if country != levy.country:
        return False
    if country == "US":
        return terms["state"] == levy.state
    if country == "CA":
        provincial = levy.tax_type in tax_table.PROVINCIAL_TAXES.values()
        own = (terms.get("province_standard") or {}).get("province")
        return own == levy.state if provincial else terms["type"] != "province_standard"
    return True


def _from_origin(active: Sequence[Wire], place: Location) -> Sequence[Row]:
    """A small seller of the European Union taxes customers of all its countries as those at home."""
    if place.country not in tax_table.EUROPEAN_UNION:
        return ()
    for registration in active:
        scheme = (options(registration).get("standard") or {}).get("place_of_supply_scheme")
        if scheme == "small_seller":
            return (Row(tax_table.COUNTRIES[registration["country"]], "standard_rated"),)
    return ()


def _is_business(ctx: Any, invoice: Wire, place: Location) -> bool:
    """Whether a business abroad owes the tax itself: its tax id is of its country and not refuted.

    One that is still looked up counts (assumed).
    """
    head_office = (settings(ctx.store)["head_office"] or {}).get("address") or {}
    kind = tax_table.BUSINESS_IDS.get(place.country)
    if kind is None or head_office.get("country") == place.country:
        return False
    known = {
        row["value"]: row["verification"]["status"]
        for row in tax_ids.of_customer(ctx.store, invoice["customer"] or "")
    }
    for row in invoice["customer_tax_ids"]:
        prefix = row["value"][:2].upper()
        at_home = kind != "eu_vat" or tax_ids.COUNTRIES.get(prefix, prefix) == place.country
        if row["type"] == kind and at_home and known.get(row["value"]) != "unverified":
            return True
    return False


# --- tax rates


def tax_rate(ctx: Any, row: Row, inclusive: bool) -> str:
    """Id of the tax rate object of a row: made at the first use, archived, and kept even of a preview."""
    levy = row.levy
    parts = (ctx.account.id, levy, row.percentage, inclusive)
    key = "txr_1" + hashlib.sha256(repr(parts).encode()).hexdigest()[:23]
    if ctx.store.find("tax_rate", key):
        return key
    percentage = float(row.percentage)
    ctx.store.insert(
        {
            "id": key,
            "object": "tax_rate",
            "active": False,
            "country": levy.country,
            "created": ctx.now,
            "description": f"{levy.name} {levy.jurisdiction}",
            "display_name": levy.name,
            "effective_percentage": percentage,
            "flat_amount": None,
            "inclusive": inclusive,
            "jurisdiction": levy.jurisdiction,
            "jurisdiction_level": levy.level,
            "livemode": False,
            "metadata": {},
            "percentage": percentage,
            "rate_type": "percentage" if row.reason == "standard_rated" else None,
            "state": levy.state,
            "tax_type": levy.tax_type,
            "_automatic": True,
        },
        lasting=True,
    )
    return key


# --- previews


def override(ctx: Any, customer: Wire, details: Mapping[str, Any]) -> Wire:
    """The customer as ``customer_details`` of a preview describe it; to be taken back afterwards."""
    changed = {name: details[name] or None for name in DETAILS if name in details}
    if "tax_exempt" in changed:
        changed["tax_exempt"] = changed["tax_exempt"] or "none"
    for index, row in enumerate(details.get("tax_ids") or ()):
        tax_ids.check(row, f"customer_details[tax_ids][{index}][value]")
    if "tax_ids" in details:
        for row in tax_ids.of_customer(ctx.store, customer["id"]):
            ctx.store.remove(row)
        for index, row in enumerate(details["tax_ids"] or ()):
            digits = re.sub(r"\D", "", row["value"])
            status = tax_ids.OUTCOMES.get(digits, "verified")
            ctx.store.insert(
                {
                    "id": f"txi_preview_{index}",
                    "object": "tax_id",
                    "customer": customer["id"],
                    **row,
                    "verification": {"status": status},
                }
            )
    if not customer["id"]:
        return {**customer, **changed}
    ctx.store.update(customer, **changed)
    return customer
