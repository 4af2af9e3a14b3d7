"""Stripe's documented test cards (docs.stripe.com/testing) and what happens with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Card:
    """A test card.

    ``declined`` is the error (code, decline code, message) of every use; ``charge_declined`` of charges only:
    such a card can be saved. ``authentication``: none, always, or unless_set_up (3-D Secure is asked for
    until the card was set up for later use).
    """

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    declined: tuple[str, str | None, str] | None = None
    charge_declined: tuple[str, str | None, str] | None = None
    authentication: str = "none"


DECLINED = ("card_declined", "generic_decline", "Your card was declined.")
NO_FUNDS = ("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = ("card_declined", "lost_card", "Your card was declined.")
STOLEN = ("card_declined", "stolen_card", "Your card was declined.")
EXPIRED = ("expired_card", None, "Your card has expired.")
BAD_CVC = ("incorrect_cvc", None, "Your card's security code is incorrect.")
ERROR = (
    "processing_error",
    None,
    "An error occurred while processing your card. Try again in a little bit.",
)
VELOCITY = (
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount "
    "limit.",
)

CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242"),
        Card("4000056655665556", funding="debit"),
        Card("5555555555554444", "mastercard"),
        Card("2223003122003222", "mastercard"),
        Card("5200828282828210", "mastercard", "debit"),
        Card("5105105105105100", "mastercard", "prepaid"),
        Card("378282246310005", "amex"),
        Card("6011111111111117", "discover"),
        Card("3056930009020004", "diners"),
        Card("3566002020360505", "jcb"),
        Card("6200000000000005", "unionpay"),
        Card("4000002500003155", authentication="unless_set_up"),
        Card("4000002760003184", authentication="always"),
        Card("4000000000003220", authentication="always"),
        Card("4000008260003178", authentication="unless_set_up", charge_declined=NO_FUNDS),
        Card("4000000000000002", declined=DECLINED),
        Card("4000000000009995", declined=NO_FUNDS),
        Card("4000000000009987", declined=LOST),
        Card("4000000000009979", declined=STOLEN),
        Card("4000000000000069", declined=EXPIRED),
        Card("4000000000000127", declined=BAD_CVC),
        Card("4000000000000119", declined=ERROR),
        Card("4000000000006975", declined=VELOCITY),
        Card("4000000000000341", charge_declined=DECLINED),
    )
}

#: Ids that stand for a card wherever a payment method or token is given.
NAMES = {
    "visa": "4242424242424242",
    "visa_debit": "4000056655665556",
    "mastercard": "5555555555554444",
    "mastercard_debit": "5200828282828210",
    "mastercard_prepaid": "5105105105105100",
    "amex": "378282246310005",
    "discover": "6011111111111117",
    "diners": "3056930009020004",
    "jcb": "3566002020360505",
    "unionpay": "6200000000000005",
    "visa_chargeDeclined": "4000000000000002",
    "chargeDeclined": "4000000000000002",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "visa_chargeDeclinedLostCard": "4000000000009987",
    "visa_chargeDeclinedStolenCard": "4000000000009979",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedProcessingError": "4000000000000119",
    "chargeCustomerFail": "4000000000000341",
    "authenticationRequired": "4000002760003184",
    "authenticationRequiredOnSetup": "4000002500003155",
    "threeDSecure2Required": "4000000000003220",
    "authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
}
PREFIXES = ("pm_card_", "tok_")


def named(key: str) -> Card | None:
    """The card that a test id such as ``pm_card_visa`` or ``tok_visa`` stands for."""
    for prefix in PREFIXES:
        if key.startswith(prefix) and key.removeprefix(prefix) in NAMES:
            return CARDS[NAMES[key.removeprefix(prefix)]]
    return None


def is_valid_number(number: str) -> bool:
    """Whether the last digit fits the others (Luhn)."""
    if not number.isdigit() or not 13 <= len(number) <= 19:
        return False
    total = 0
    for index, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def error(declined: tuple[str, str | None, str]) -> dict[str, Any]:
    """The error object of a declined card."""
    code, decline_code, message = declined
    details = {"type": "card_error", "code": code, "message": message}
    return details | ({"decline_code": decline_code} if decline_code else {})
