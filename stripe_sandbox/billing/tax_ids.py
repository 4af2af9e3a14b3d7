"""Tax ids of customers: their form, and whether the authorities know them.

docs.stripe.com/billing/customer/tax-ids. The forms of a few kinds are checked, others are taken as they are
(looser than Stripe). European, British and Australian numbers are looked up, which takes a moment; the
digits 000000000, 111111111 and 222222222 are Stripe's for tests, all others are found (assumed).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from stripe_sandbox.core import errors, ids
from stripe_sandbox.core.clocks import scheduled

Wire = dict[str, Any]
MAX_TAX_IDS = 5
#: Seconds that the look-up takes, on the wall clock even for test clocks.
VERIFIED_AFTER = 1

EUROPE = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"
FORMS = {
    "eu_vat": rf"({EUROPE.replace(' ', '|')})[0-9A-Z+*]{{2,13}}",
    "gb_vat": r"(GB)?(\d{9}|\d{12}|GD\d{3}|HA\d{3})",
    "us_ein": r"\d{2}-?\d{7}",
    "ch_vat": r"CHE-?\d{3}\.?\d{3}\.?\d{3} ?(MWST|TVA|IVA)",
    "ch_uid": r"CHE-?\d{3}\.?\d{3}\.?\d{3}",
    "no_vat": r"\d{9}(MVA)?",
    "au_abn": r"\d{11}",
    "ca_gst_hst": r"\d{9}RT\d{4}",
    "nz_gst": r"\d{8,9}",
    "in_gst": r"\d{2}[A-Z]{5}\d{4}[A-Z][0-9A-Z]Z[0-9A-Z]",
}
LOOKED_UP = ("eu_vat", "gb_vat", "au_abn")
COUNTRIES = {"EL": "GR", "XI": "GB"}
OUTCOMES = {"000000000": "verified", "111111111": "unverified", "222222222": "pending"}


def create(ctx: Any, customer: Wire, given: Mapping[str, str], param: str = "value") -> Wire:
    """Add a tax id to a customer."""
    kind, value = given["type"], given["value"]
    check(given, param)
    if len(of_customer(ctx.store, customer["id"])) >= MAX_TAX_IDS:
        raise errors.invalid(f"A customer has up to {MAX_TAX_IDS} tax IDs.", param)
    prefix = (value if kind == "eu_vat" else kind)[:2].upper()
    tax_id = {
        "id": ids.new("txi"),
        "object": "tax_id",
        "country": None if kind == "eu_oss_vat" else COUNTRIES.get(prefix, prefix),
        "created": ctx.now,
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
        "owner": {"type": "customer", "customer": customer["id"]},
        "type": kind,
        "value": value,
        "verification": {
            "status": "pending" if kind in LOOKED_UP else "unavailable",
            "verified_address": None,
            "verified_name": None,
        },
    }
    ctx.store.insert(tax_id)
    ctx.emit("customer.tax_id.created", tax_id)
    if kind in LOOKED_UP:
        ctx.account.schedule(int(time.time()) + VERIFIED_AFTER, "tax_id.verify", tax_id["id"])
    return tax_id


def check(given: Mapping[str, str], param: str) -> None:
    """Refuse a tax id that does not have the form of its kind."""
    kind, value = given["type"], given["value"]
    form = FORMS.get(kind)
    if not value or (form and not re.fullmatch(form, re.sub(r"\s", "", value).upper())):
        raise errors.invalid(f"Invalid value for {kind}.", param, "tax_id_invalid")


def of_customer(store: Any, customer: str) -> list[Wire]:
    """Tax ids of a customer, oldest first."""
    return list(store.select("tax_id", customer=customer))[::-1]


@scheduled("tax_id.verify")
def verify(ctx: Any, key: str) -> None:
    """The authorities have answered."""
    tax_id = ctx.store.find("tax_id", key)
    if tax_id is None:
        return
    digits = re.sub(r"\D", "", tax_id["value"])
    status = OUTCOMES.get(digits, "verified")
    found = {
        "status": status,
        "verified_address": "Not available" if status == "verified" else None,
        "verified_name": "Not available" if status == "verified" else None,
    }
    if status == "pending":
        return
    previous = ctx.store.update(tax_id, verification=found)
    ctx.emit("customer.tax_id.updated", tax_id, previous)
