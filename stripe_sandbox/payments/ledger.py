"""The account's balance: a balance transaction for whatever moves money (docs.stripe.com/api/balance_transactions).

Assumed: everything that follows from a charge (refunds, disputes) is converted at the charge's rate, and
together never comes to more than the charge had brought.
"""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import ids
from stripe_sandbox.payments import fees

Wire = dict[str, Any]


def enter(
    ctx: Any,
    kind: str,
    source: Wire,
    amount: int,
    *,
    category: str | None = None,
    created: int | None = None,
    available_on: int | None = None,
    fee: int = 0,
    fee_words: str = "Stripe processing fees",
    exchange_rate: float | None = None,
    description: str | None = None,
) -> Wire:
    """Store a balance transaction of ``amount`` minor units of the account's currency.

    ``kind`` is Stripe's type, ``category`` its reporting category if that differs; money that comes from
    ``source`` is available at once unless ``available_on`` says when.
    """
    moment = ctx.now if created is None else created
    currency = ctx.account.currency
    return ctx.store.insert(
        {
            "id": ids.new("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": moment if available_on is None else available_on,
            "balance_type": "payments",
            "created": moment,
            "currency": currency,
            "description": description,
            "exchange_rate": exchange_rate,
            "fee": fee,
            "fee_details": [_fee(fee, currency, fee_words)] if fee else [],
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": source["id"],
            "status": "pending",
            "type": kind,
            "_payout": None,
        }
    )


def _fee(amount: int, currency: str, words: str) -> Wire:
    return {
        "amount": amount,
        "application": None,
        "currency": currency,
        "description": words,
        "type": "stripe_fee",
    }


def is_available(entry: Wire, now: int) -> bool:
    """Whether the money of a balance transaction can be paid out, or has been."""
    return bool(entry.get("_payout")) or entry["available_on"] <= now


def share(ctx: Any, charge: Wire, before: int, amount: int) -> int:
    """What ``amount`` of a charge, of which ``before`` is gone already, is on the account's balance.

    Both are minor units of the charge's currency, the answer is in the account's.
    """
    into, currency = ctx.account.currency, charge["currency"]
    return fees.converted(before + amount, currency, into) - fees.converted(before, currency, into)


def rate_of(ctx: Any, charge: Wire) -> float | None:
    """The rate of exchange at which a charge came in; None without conversion."""
    entry = ctx.store.find("balance_transaction", charge["balance_transaction"])
    return entry and entry["exchange_rate"]


def available_with(ctx: Any, charge: Wire) -> int:
    """When what follows from a charge reaches the available balance: not before its money does."""
    entry = ctx.store.find("balance_transaction", charge["balance_transaction"])
    return max(ctx.now, entry["available_on"] if entry else 0)
