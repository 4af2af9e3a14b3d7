"""The account itself: /v1/account and /v1/balance."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core.admin import admin_call
from stripe_sandbox.core.operations import operation
from stripe_sandbox.payments import fees, ledger

Wire = dict[str, Any]


@operation("GET", "/v1/account")
def retrieve(ctx: Any, params: Wire) -> Wire:
    """The account that the key belongs to."""
    account = ctx.account
    return {
        "id": account.id,
        "object": "account",
        "business_profile": {"name": account.name},
        "charges_enabled": True,
        "country": account.country,
        "default_currency": account.currency,
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {
                "icon": None,
                "logo": None,
                "primary_color": None,
                "secondary_color": None,
            },
            "card_payments": {
                "statement_descriptor_prefix": None,
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "dashboard": {"display_name": account.name, "timezone": "Etc/UTC"},
            "payments": {
                "statement_descriptor": "SANDBOX",
                "statement_descriptor_kana": None,
                "statement_descriptor_kanji": None,
            },
        },
        "type": "standard",
    }


@operation("GET", "/v1/balance")
def balance(ctx: Any, params: Wire) -> Wire:
    """What is on the account's balance, net of fees and of payouts, per currency."""
    sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
    for transaction in ctx.store.select("balance_transaction"):
        part = sums["available" if ledger.is_available(transaction, ctx.now) else "pending"]
        currency = transaction["currency"]
        part[currency] = part.get(currency, 0) + transaction["net"]
    return {
        "object": "balance",
        "livemode": False,
        **{
            name: [
                {"amount": amount, "currency": currency, "source_types": {"card": amount}}
                for currency, amount in sorted(part.items())
            ]
            or [{"amount": 0, "currency": ctx.account.currency, "source_types": {"card": 0}}]
            for name, part in sums.items()
        },
    }


@admin_call("GET", "rates")
def rates(account: Any, body: Wire) -> dict[str, str]:
    """What one unit of each currency is worth in US dollars."""
    return {currency: str(rate) for currency, rate in ledger.rates(account).items()}


@admin_call("POST", "rates")
def set_rates(account: Any, body: Wire) -> dict[str, str]:
    """Change some rates of exchange; what is settled from now on is converted at them."""
    changed = {currency: str(rate) for currency, rate in fees.read_rates(body).items()}
    with account.lock:
        account.rates |= changed
    return rates(account, {})
