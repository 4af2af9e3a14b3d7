"""Reading the form of the hosted pages for a card or a bank account."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stripe_sandbox.pages.countries import COUNTRIES
from stripe_sandbox.payments import banks, cards

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
    """A form that was sent: the card or bank account, who it belongs to, and what is wrong with each
    field.
    """

    card: cards.Card | banks.BankAccount | None = None
    month: int = 0
    year: int = 0
    billing: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def read(
    form: Mapping[str, str],
    now: int,
    *,
    full_address: bool = False,
    kinds: Sequence[str] = ("card",),
) -> CardForm:
    """Check the fields as a payment page does; ``now`` are unix seconds.

    ``full_address`` says whether more than the country was asked for, ``kinds`` what could be paid with.
    """
    found = CardForm()
    kind = form.get("paymentMethod", "card")
    if kind == "card" or kind not in kinds:
        _read_card(found, form, now)
    elif kind == "sepa_debit":
        _read_iban(found, form.get("iban", ""))
    else:
        _read_us_account(found, form)
    name, country = form.get("billingName", "").strip(), form.get("billingCountry", "")
    if not name:
        found.faults["billingName"] = (
            "Enter the name on the card." if kind == "card" else "Enter the name on the account."
        )
    if country and country not in COUNTRIES:
        found.faults["billingCountry"] = "Choose a country or region."
    given = read_address(form) if full_address else {"country": country or None}
    found.billing = {"name": name, "address": dict.fromkeys(ADDRESS.values()) | given}
    return found


def read_address(form: Mapping[str, str]) -> dict[str, str | None]:
    """The address that was entered."""
    return {part: form.get(field, "").strip() or None for field, part in ADDRESS.items()}


def _read_card(found: CardForm, form: Mapping[str, str], now: int) -> None:
    _read_number(found, form.get("cardNumber", ""))
    _read_expiry(found, form.get("cardExpiry", ""), datetime.fromtimestamp(now, UTC))
    digits = CVC_DIGITS.get(found.card.brand, 3) if found.card else None
    cvc = form.get("cardCvc", "").strip()
    if not re.fullmatch(r"\d{3,4}", cvc) or (digits and len(cvc) != digits):
        found.faults["cardCvc"] = "Your card's security code is incomplete."


def _read_iban(found: CardForm, text: str) -> None:
    account = banks.ACCOUNTS.get(re.sub(r"\s", "", text).upper())
    if account is None or account.kind != "sepa_debit":
        found.faults["iban"] = (
            "Only Stripe's documented test IBANs work here, such as DE89 3704 0044 0532 0130 00."
        )
        return
    found.card = account


def _read_us_account(found: CardForm, form: Mapping[str, str]) -> None:
    if re.sub(r"\D", "", form.get("routingNumber", "")) != banks.ROUTING_NUMBER:
        found.faults["routingNumber"] = (
            f"The test bank has the routing number {banks.ROUTING_NUMBER}."
        )
    account = banks.ACCOUNTS.get(re.sub(r"\D", "", form.get("accountNumber", "")))
    if account is None or account.kind != "us_bank_account":
        found.faults["accountNumber"] = (
            "Only Stripe's documented test accounts work here, such as 000123456789."
        )
        return
    found.card = account


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
