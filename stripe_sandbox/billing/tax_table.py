"""What Stripe Tax would know of the world: standard rates by country, some states and provinces.

Standard rates as of 2026, of the country itself. Only some states of the United States are there, by their
state rate; of local taxes there are those of New York City, so that a line may have several. Nothing
here is advice: reduced rates, territories of their own and tax codes of products are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

#: Code, percentage, kind of tax, name.
_COUNTRIES = """
AT 20 vat Austria|AU 10 gst Australia|BE 21 vat Belgium|BG 20 vat Bulgaria|CH 8.1 vat Switzerland
CY 19 vat Cyprus|CZ 21 vat Czechia|DE 19 vat Germany|DK 25 vat Denmark|EE 24 vat Estonia|ES 21 vat Spain
FI 25.5 vat Finland|FR 20 vat France|GB 20 vat United Kingdom|GR 24 vat Greece|HR 25 vat Croatia
HU 27 vat Hungary|IE 23 vat Ireland|IT 22 vat Italy|JP 10 jct Japan|LT 21 vat Lithuania|LU 17 vat Luxembourg
LV 21 vat Latvia|MT 18 vat Malta|NL 21 vat Netherlands|NO 25 vat Norway|NZ 15 gst New Zealand
PL 23 vat Poland|PT 23 vat Portugal|RO 21 vat Romania|SE 25 vat Sweden|SG 9 gst Singapore|SI 22 vat Slovenia
SK 23 vat Slovakia
"""
#: State, percentage, first and last three digits of its postal codes, name.
_STATES = """
CA 7.25 900 961 California|FL 6 320 349 Florida|NY 4 100 149 New York|PA 6 150 196 Pennsylvania
TX 6.25 750 799 Texas|WA 6.5 980 994 Washington
"""
#: Province, federal tax (GST or HST), provincial one (PST, QST, RST) or "-", first letters of postal codes, name.
_PROVINCES = """
AB 5 - T Alberta|BC 5 7 V British Columbia|MB 5 7 R Manitoba|NB 15 - E New Brunswick
NL 15 - A Newfoundland and Labrador|NS 14 - B Nova Scotia|ON 13 - KLNP Ontario|PE 15 - C Prince Edward Island
QC 5 9.975 GHJ Quebec|SK 5 6 S Saskatchewan|YT 5 - Y Yukon
"""
EUROPEAN_UNION = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
#: Country -> kind of tax id by which a business from there owes the tax of a foreign seller itself (assumed,
#: but for the European Union and Australia).
BUSINESS_IDS = {
    **dict.fromkeys(EUROPEAN_UNION, "eu_vat"),
    "AU": "au_abn",
    "GB": "gb_vat",
    "NO": "no_vat",
    "NZ": "nz_gst",
}
PROVINCIAL_TAXES = {"BC": "pst", "MB": "rst", "QC": "qst", "SK": "pst"}
GST = Fraction(5)


@dataclass(frozen=True)
class Location:
    """Where a customer is; ``state`` is a state or province where that counts."""

    country: str
    state: str | None = None
    postal_code: str = ""


@dataclass(frozen=True)
class Levy:
    """A tax that a place raises: ``percentage`` 19 means 19 %."""

    country: str
    jurisdiction: str
    level: str
    tax_type: str
    percentage: Fraction
    state: str | None = None

    @property
    def name(self) -> str:
        """As it stands on an invoice."""
        return "Sales Tax" if self.tax_type == "sales_tax" else self.tax_type.upper()


def _rows(text: str, columns: int) -> list[list[str]]:
    return [row.split(" ", columns) for row in text.strip().replace("\n", "|").split("|")]


COUNTRIES = {
    code: Levy(code, name, "country", kind, Fraction(percentage))
    for code, percentage, kind, name in _rows(_COUNTRIES, 3)
}
STATES = {
    code: (Levy("US", name, "state", "sales_tax", Fraction(percentage), code), first, last)
    for code, percentage, first, last, name in _rows(_STATES, 4)
}
PROVINCES = {code: row for code, *row in _rows(_PROVINCES, 4)}
NEW_YORK_CITY = (
    Levy("US", "New York City", "city", "sales_tax", Fraction("4.5"), "NY"),
    Levy(
        "US",
        "Metropolitan Commuter Transportation District",
        "district",
        "sales_tax",
        Fraction("0.375"),
        "NY",
    ),
)


def locate(address: Mapping[str, Any] | None) -> Location | None:
    """Where an address is, None when it is not precise enough (docs.stripe.com/tax/customer-locations).

    The country alone is enough, but for the United States (postal code of five digits) and Canada
    (province or postal code).
    """
    given = address or {}
    country = (given.get("country") or "").strip()
    postal_code = (given.get("postal_code") or "").strip()
    state = (given.get("state") or "").strip().upper() or None
    if not re.fullmatch(r"[A-Z]{2}", country):
        return None
    if country == "US":
        if not re.fullmatch(r"\d{5}(-\d{4})?", postal_code):
            return None
        return Location(country, state or _state_of(postal_code), postal_code)
    if country == "CA":
        state = state if state in PROVINCES else _province_of(postal_code)
        return Location(country, state, postal_code) if state else None
    return Location(country, None, postal_code)


def _state_of(postal_code: str) -> str | None:
    found = (code for code, (_, first, last) in STATES.items() if first <= postal_code[:3] <= last)
    return next(found, None)


def _province_of(postal_code: str) -> str | None:
    if not re.fullmatch(r"[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d", postal_code):
        return None
    found = (code for code, row in PROVINCES.items() if postal_code[0].upper() in row[2])
    return next(found, None)


def levies(place: Location) -> Sequence[Levy]:
    """The taxes of a place; empty where the table knows none."""
    if place.country == "US":
        if place.state not in STATES:
            return ()
        in_city = place.state == "NY" and "100" <= place.postal_code[:3] <= "104"
        return (STATES[place.state][0], *(NEW_YORK_CITY if in_city else ()))
    if place.country == "CA":
        return _of_province(place.state)
    return (COUNTRIES[place.country],) if place.country in COUNTRIES else ()


def _of_province(code: str | None) -> Sequence[Levy]:
    federal, provincial, _letters, name = PROVINCES[code]
    percentage = Fraction(federal)
    if percentage == GST:
        first = Levy("CA", "Canada", "country", "gst", percentage)
    else:
        first = Levy("CA", name, "state", "hst", percentage, code)
    if provincial == "-":
        return (first,)
    own = Levy("CA", name, "state", PROVINCIAL_TAXES[code], Fraction(provincial), code)
    return (first, own)
