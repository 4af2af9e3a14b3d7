"""Saving and restoring everything that the sandbox knows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from stripe_sandbox.core import clocks
from stripe_sandbox.core.account import Account, Payouts, Retries


def dump(accounts: list[Account]) -> dict[str, Any]:
    """The state of all accounts as JSON data; deliveries under way and faults are no part of it."""
    rows = []
    for account in accounts:
        with account.lock:
            rows.append(
                {
                    "api_key": account.api_key,
                    "objects": account.store.dump(),
                    "schedule": account.schedule_book.dump(),
                    "retries": asdict(account.retries),
                    "payouts": asdict(account.payouts),
                    "payment_methods": list(account.payment_methods),
                    "rates": dict(account.rates),
                    "idempotency": account.idempotency.dump(),
                }
            )
    return {"accounts": rows}


def load(accounts: list[Account], state: dict[str, Any]) -> None:
    """Replace the state of the accounts whose keys are in saved data."""
    saved = {row["api_key"]: row for row in state["accounts"]}
    for account in accounts:
        row = saved.get(account.api_key)
        if row is None:
            continue
        with account.lock:
            account.clear()
            account.store.load(row["objects"])
            account.schedule_book.load(row["schedule"])
            account.retries = Retries(**row["retries"])
            account.payouts = Payouts(**row.get("payouts", {}))
            account.payment_methods = list(row.get("payment_methods", ["card"]))
            account.rates = dict(row.get("rates", {}))
            account.idempotency.load(row["idempotency"])
            clocks.resume(account)
