"""Reading the card form of the hosted pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stripe_sandbox.pages.countries import COUNTRIES
from stripe_sandbox.payments import cards

CVC_DIGITS = {"amex": 4}
#: Field of the form -> part of an address.
ADDRESS = {
    "billingCity": "city",
    "billingCountry": "country",
    "billingAddressLine1": "line1",
    "billingAddressLine2": "line2",
    "billingPostalCode": "postal_code",
    "billingState": "state",
}


@dataclass
class CardForm:
    """A form that was sent: the card, who it belongs to, and what is wrong with each field."""

    card: cards.Card | None = None
    month: int = 0
    year: int = 0
    billing: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def read(form: Mapping[str, str], now: int, *, full_address: bool = False) -> CardForm:
    """Check the fields as a payment page does; ``now`` are unix seconds.

    ``full_address`` says whether more than the country was asked for.
    """
    found = CardForm()
    _read_number(found, form.get("cardNumber", ""))
    _read_expiry(found, form.get("cardExpiry", ""), datetime.fromtimestamp(now, UTC))
    digits = CVC_DIGITS.get(found.card.brand, 3) if found.card else None
    cvc = form.get("cardCvc", "").strip()
    if not re.fullmatch(r"\d{3,4}", cvc) or (digits and len(cvc) != digits):
        found.faults["cardCvc"] = "Your card's security code is incomplete."
    name, country = form.get("billingName", "").strip(), form.get("billingCountry", "")
    if not name:
        found.faults["billingName"] = "Enter the name on the card."
    if country and country not in COUNTRIES:
        found.faults["billingCountry"] = "Choose a country or region."
    given = read_address(form) if full_address else {"country": country or None}
    found.billing = {"name": name, "address": dict.fromkeys(ADDRESS.values()) | given}
    return found


def read_address(form: Mapping[str, str]) -> dict[str, str | None]:
    """The address that was entered."""
    return {part: form.get(field, "").strip() or None for field, part in ADDRESS.items()}


def _read_number(found: CardForm, text: str) -> None:
    number = re.sub(r"[\s-]", "", text)
    found.card = cards.CARDS.get(number)
    if len(number) < 13:
        found.faults["cardNumber"] = "Your card number is incomplete."
    elif not cards.is_valid_number(number):
        found.faults["cardNumber"] = "Your card number is invalid."
    elif found.card is None:
        found.faults["cardNumber"] = (
            "Only Stripe's documented test cards work here, such as 4242 4242 4242 4242."
        )


def _read_expiry(found: CardForm, text: str, today: datetime) -> None:
    match = re.fullmatch(r"\s*(\d{1,2})\s*/?\s*(?:20)?(\d{2})\s*", text)
    month = int(match[1]) if match else 0
    if match is None or not 1 <= month <= 12:
        found.faults["cardExpiry"] = "Your card's expiration date is incomplete."
        return
    found.month, found.year = month, 2000 + int(match[2])
    if (found.year, found.month) < (today.year, today.month):
        found.faults["cardExpiry"] = "Your card's expiration date is in the past."
