"""The account's balance: a balance transaction for whatever moves money (docs.stripe.com/api/balance_transactions).

What follows from a charge (refunds, disputes) is converted at the rate of its own day
(docs.stripe.com/currencies/disputes-refunds). Assumed: as long as that has not changed, all of it together
comes to what the charge had brought.
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


def rates(account: Any) -> fees.Rates:
    """What one unit of each currency is worth in US dollars today."""
    return {**fees.DOLLARS, **fees.read_rates(account.rates)}


def is_available(entry: Wire, now: int) -> bool:
    """Whether the money of a balance transaction can be paid out, or has been."""
    return bool(entry.get("_payout")) or entry["available_on"] <= now


def share(ctx: Any, charge: Wire, before: int, amount: int) -> int:
    """What ``amount`` of a charge, of which ``before`` is gone already, is on the account's balance.

    Both are minor units of the charge's currency, the answer is in the account's, at the rate of now.
    """
    into, currency, today = ctx.account.currency, charge["currency"], rates(ctx.account)
    gone = fees.converted(before, currency, into, today)
    return fees.converted(before + amount, currency, into, today) - gone


def rate_of(ctx: Any, charge: Wire) -> float | None:
    """The rate of exchange of now for the currency of a charge; None without conversion."""
    return fees.exchange_rate(charge["currency"], ctx.account.currency, rates(ctx.account))


def available_with(ctx: Any, charge: Wire) -> int:
    """When what follows from a charge reaches the available balance: not before its money does."""
    entry = ctx.store.find("balance_transaction", charge["balance_transaction"])
    return max(ctx.now, entry["available_on"] if entry else 0)
