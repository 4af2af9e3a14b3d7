"""Stripe's documented test cards (docs.stripe.com/testing) and what happens with each.

Codes and messages are the documented ones. Advice and network codes are documented for no card: those of
the generic decline are what Stripe answers, the others are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DOCS = "https://docs.stripe.com/error-codes/"


@dataclass(frozen=True)
class Decline:
    """Why a payment was refused.

    ``advice`` is Stripe's advice_code, ``network`` the network_decline_code (ISO 8583). ``blocked`` payments
    never reached the bank.
    """

    code: str
    message: str
    decline_code: str | None = None
    advice: str | None = None
    network: str | None = None
    blocked: bool = False


@dataclass(frozen=True)
class Card:
    """A test card.

    ``declined`` is the refusal of every use; ``charge_declined`` of charges only: such a card can be saved.
    ``authentication`` says when 3-D Secure is asked for: none, always, unless_set_up (off session only until
    the card was set up for that) or on_session (set up from the start). ``available`` money needs no days
    to arrive. ``refund`` says what becomes of refunds: succeeds, fails (after it had succeeded) or pends
    (before it succeeds). ``dispute`` is the reason with which every charge is disputed, or inquiry.
    """

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    declined: Decline | None = None
    charge_declined: Decline | None = None
    authentication: str = "none"
    cvc_check: str = "pass"
    available: bool = False
    refund: str = "succeeds"
    dispute: str | None = None


GENERIC = Decline(
    "card_declined", "Your card was declined.", "generic_decline", "try_again_later", "01"
)
NO_FUNDS = Decline(
    "card_declined",
    "Your card has insufficient funds.",
    "insufficient_funds",
    "try_again_later",
    "51",
)
LOST = Decline("card_declined", "Your card was declined.", "lost_card", "do_not_try_again", "41")
STOLEN = Decline(
    "card_declined", "Your card was declined.", "stolen_card", "do_not_try_again", "43"
)
VELOCITY = Decline(
    "card_declined",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount "
    "limit.",
    "card_velocity_exceeded",
    "try_again_later",
    "65",
)
FRAUD = Decline("card_declined", "Your card was declined.", "fraudulent", blocked=True)
EXPIRED = Decline(
    "expired_card", "Your card has expired.", advice="confirm_card_data", network="54"
)
BAD_CVC = Decline(
    "incorrect_cvc",
    "Your card's security code is incorrect.",
    advice="confirm_card_data",
    network="N7",
)
ERROR = Decline(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    advice="try_again_later",
    network="96",
)

#: Cards that always work, by country (docs.stripe.com/testing#international-cards).
COUNTRIES = {
    "AT": "4000000400000008",
    "AU": "4000000360000006",
    "BE": "4000000560000004",
    "BR": "4000000760000002",
    "CA": "4000001240000000",
    "CH": "4000007560000009",
    "DE": "4000002760000016",
    "DK": "4000002080000001",
    "ES": "4000007240000007",
    "FI": "4000002460000001",
    "FR": "4000002500000003",
    "GB": "4000008260000000",
    "IE": "4000003720000005",
    "IT": "4000003800000008",
    "JP": "4000003920000003",
    "MX": "4000004840008001",
    "NL": "4000005280000002",
    "NO": "4000005780000007",
    "NZ": "4000005540000008",
    "PL": "4000006160000005",
    "PT": "4000006200000007",
    "SE": "4000007520000008",
    "SG": "4000007020000003",
}

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
        Card("371449635398431", "amex"),
        Card("6011111111111117", "discover"),
        Card("6011000990139424", "discover"),
        Card("6011981111111113", "discover", "debit"),
        Card("3056930009020004", "diners"),
        Card("36227206271667", "diners"),
        Card("3566002020360505", "jcb", country="JP"),
        Card("6200000000000005", "unionpay", country="CN"),
        *(Card(number, country=country) for country, number in COUNTRIES.items()),
        # 3-D Secure (docs.stripe.com/testing#regulatory-cards)
        Card("4000002500003155", country="FR", authentication="unless_set_up"),
        Card("4000002760003184", country="DE", authentication="always"),
        Card("4000003800000446", country="IT", authentication="on_session"),
        Card(
            "4000008260003178",
            country="GB",
            authentication="unless_set_up",
            charge_declined=NO_FUNDS,
        ),
        Card("4000000000003220", country="IE", authentication="always"),
        Card("4000008400001629", authentication="always", charge_declined=GENERIC),
        Card("4000008400001280", declined=GENERIC),
        Card("4000000000003055"),
        Card("4000000000003097"),
        # Refusals
        Card("4000000000000002", declined=GENERIC),
        Card("4000000000009995", declined=NO_FUNDS),
        Card("4000000000009987", declined=LOST),
        Card("4000000000009979", declined=STOLEN),
        Card("4000000000000069", declined=EXPIRED),
        Card("4000000000000127", declined=BAD_CVC, cvc_check="fail"),
        Card("4000000000000119", declined=ERROR),
        Card("4000000000006975", declined=VELOCITY),
        Card("4100000000000019", declined=FRAUD),
        Card("4000000000000341", charge_declined=GENERIC),
        # Checks and balances
        Card("4000000000000101", cvc_check="fail"),
        Card("4000000000000077", available=True),
        # Refunds (docs.stripe.com/testing#refunds)
        Card("4000000000007726", refund="pends"),
        Card("4000000000005126", refund="fails"),
        # Disputes (docs.stripe.com/testing#disputes)
        Card("4000000000000259", dispute="fraudulent"),
        Card("4000000000002685", dispute="product_not_received"),
        Card("4000000000001976", dispute="inquiry"),
    )
}

#: Ids that stand for a card wherever a payment method or token is given.
NAMES = {
    "us": "4242424242424242",
    **{country.lower(): number for country, number in COUNTRIES.items()},
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
    "visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedProcessingError": "4000000000000119",
    "radarBlock": "4100000000000019",
    "chargeCustomerFail": "4000000000000341",
    "cvcCheckFail": "4000000000000101",
    "bypassPending": "4000000000000077",
    "pendingRefund": "4000000000007726",
    "refundFail": "4000000000005126",
    "createDispute": "4000000000000259",
    "createDisputeProductNotReceived": "4000000000002685",
    "createDisputeInquiry": "4000000000001976",
    "authenticationRequired": "4000002760003184",
    "authenticationRequiredOnSetup": "4000002500003155",
    "authenticationRequiredSetupForOffSession": "4000003800000446",
    "authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "threeDSecure2Required": "4000000000003220",
    "threeDSecureRequiredChargeDeclined": "4000008400001629",
    "threeDSecureRequiredProcessingError": "4000008400001280",
    "threeDSecureOptional": "4000000000003055",
    "threeDSecureOptionalProcessingError": "4000000000003097",
    "amex_threeDSecureNotSupported": "378282246310005",
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


def error(decline: Decline) -> dict[str, Any]:
    """The error object of a refusal: in answers, in ``last_payment_error``, in ``last_setup_error``."""
    details = {
        "type": "card_error",
        "code": decline.code,
        "message": decline.message,
        "doc_url": DOCS + decline.code.replace("_", "-"),
        "decline_code": decline.decline_code,
        "advice_code": decline.advice,
        "network_decline_code": decline.network,
    }
    return {key: value for key, value in details.items() if value is not None}
