"""Stripe's documented test bank accounts (docs.stripe.com/payments/sepa-debit/accept-a-payment and
docs.stripe.com/payments/ach-direct-debit/accept-a-payment, "Test account numbers") and what their banks do.

A bank debit is a delayed payment: it is accepted, processed for days, and then succeeds or fails. Codes and
messages of failures that the pages do not name are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stripe_sandbox.payments import cards

DAY = 86_400
#: Seconds, on the wall clock, until the bank answers: at once, or for the accounts that take their time.
SOON, LATER = 1, 180
#: The same for customers on a test clock, on that clock.
DAYS_LATER = 4 * DAY
ROUTING_NUMBER = "110000000"
#: Kind of payment method -> the one currency in which it can be charged, and its name for people.
KINDS = {
    "sepa_debit": ("eur", "SEPA Direct Debit"),
    "us_bank_account": ("usd", "US bank account"),
}


@dataclass(frozen=True)
class BankAccount:
    """A test bank account.

    ``answer`` is why the bank does not pay after all, None when it pays; ``wait`` seconds pass until it says
    so, None for never. ``declined`` payments are refused before any bank is asked. The rest is what cards
    have as well, see :class:`cards.Card`.
    """

    kind: str
    number: str
    country: str
    answer: cards.Decline | None = None
    wait: int | None = SOON
    declined: cards.Decline | None = None
    charge_declined: None = None
    authentication: str = "none"
    available: bool = False
    refund: str = "succeeds"
    dispute: None = None


GENERIC = cards.Decline("payment_intent_payment_attempt_failed", "The payment failed.")
NO_FUNDS = cards.Decline(
    "insufficient_funds", "The customer's account has insufficient funds to cover this payment."
)
CLOSED = cards.Decline("account_closed", "The customer's bank account has been closed.")
NO_ACCOUNT = cards.Decline("no_account", "The bank account could not be located.")
NOT_AUTHORIZED = cards.Decline(
    "debit_not_authorized", "The customer has notified their bank that this debit is unauthorized."
)
LIMIT = cards.Decline(
    "charge_exceeds_source_limit", "The payment exceeds the weekly volume limit of the account."
)
CALLED_BACK = cards.Decline("payment_intent_payment_attempt_failed", "The payment was canceled.")
FRAUD = cards.Decline("card_declined", "The payment was blocked.", "fraudulent", blocked=True)

ACCOUNTS = {
    account.number: account
    for account in (
        BankAccount("us_bank_account", "000123456789", "US"),
        BankAccount("us_bank_account", "000111111113", "US", CLOSED),
        BankAccount("us_bank_account", "000111111116", "US", NO_ACCOUNT),
        BankAccount("us_bank_account", "000222222227", "US", NO_FUNDS),
        BankAccount("us_bank_account", "000333333335", "US", NOT_AUTHORIZED),
        BankAccount("us_bank_account", "000777777771", "US", LIMIT),
        BankAccount("us_bank_account", "000000000009", "US", wait=None),
        BankAccount("us_bank_account", "000000004954", "US", declined=FRAUD),
        *(
            BankAccount("sepa_debit", number, number[:2], answer, wait)
            for number, answer, wait in (
                ("AT611904300234573201", None, SOON),
                ("AT321904300235473204", None, LATER),
                ("AT861904300235473202", GENERIC, SOON),
                ("AT051904300235473205", GENERIC, LATER),
                ("DE89370400440532013000", None, SOON),
                ("DE08370400440532013003", None, LATER),
                ("DE62370400440532013001", GENERIC, SOON),
                ("DE78370400440532013004", GENERIC, LATER),
                ("DE65370400440000343434", LIMIT, SOON),
                ("DE65370400440002222227", NO_FUNDS, SOON),
            )
        ),
    )
}

#: Ids that stand for a bank account wherever a payment method is given.
NAMES = {
    "pm_usBankAccount_success": "000123456789",
    "pm_usBankAccount_accountClosed": "000111111113",
    "pm_usBankAccount_noAccount": "000111111116",
    "pm_usBankAccount_insufficientFunds": "000222222227",
    "pm_usBankAccount_debitNotAuthorized": "000333333335",
    "pm_usBankAccount_weeklyLimitExceeded": "000777777771",
    "pm_usBankAccount_processing": "000000000009",
    "pm_usBankAccount_riskLevelHighest": "000000004954",
    "pm_success_at": "AT611904300234573201",
    "pm_successDelayed_at": "AT321904300235473204",
    "pm_failed_at": "AT861904300235473202",
    "pm_failedDelayed_at": "AT051904300235473205",
    "pm_success_de": "DE89370400440532013000",
    "pm_successDelayed_de": "DE08370400440532013003",
    "pm_failed_de": "DE62370400440532013001",
    "pm_failedDelayed_de": "DE78370400440532013004",
    "pm_exceedsWeeklyVolumeLimit_de": "DE65370400440000343434",
    "pm_insufficientFunds_de": "DE65370400440002222227",
}


def named(key: str) -> BankAccount | None:
    """The bank account that a test id such as ``pm_success_de`` stands for."""
    return ACCOUNTS.get(NAMES.get(key, ""))


def behind(method: dict[str, Any]) -> cards.Card | BankAccount:
    """The test card or test bank account behind a stored payment method."""
    number = method["_number"]
    return ACCOUNTS.get(number) or cards.CARDS[number]


def names(kinds: list[str]) -> dict[str, str]:
    """The names for people of kinds of payment methods."""
    return {kind: KINDS[kind][1] if kind in KINDS else "Card" for kind in kinds}


def wait(account: BankAccount, on_test_clock: bool) -> int | None:
    """Seconds until the bank answers a debit, on the clock of the customer; None for never."""
    if account.wait == LATER and on_test_clock:
        return DAYS_LATER
    return account.wait
