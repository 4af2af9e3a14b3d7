"""Charges and balance transactions: /v1/charges, /v1/balance_transactions."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import LAZY, list_object, view
from stripe_sandbox.payments import ledger, payouts

Wire = dict[str, Any]


@view("balance_transaction")
def show_transaction(account: Any, transaction: Wire) -> Wire:
    """Funds become available with time."""
    if ledger.is_available(transaction, account.context().now):
        transaction["status"] = "available"
    return transaction


@view("charge")
def show(account: Any, charge: Wire) -> Wire:
    """The latest refunds are shown only when they are expanded."""
    key = charge["id"]

    def refunds() -> Wire:
        rows = list(account.store.select("refund", charge=key))
        shown = [account.render(row) for row in rows[:10]]
        return list_object(f"/v1/charges/{key}/refunds", shown, len(rows) > 10)

    charge[LAZY] = {"refunds": refunds}
    return charge


@operation("GET", "/v1/charges/{charge}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One charge."""
    return ctx.store.get("charge", key, "charge")


@operation("GET", "/v1/charges", params="customer created payment_intent")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Charges, newest first."""
    return listing.page(
        ctx,
        "charge",
        params,
        "/v1/charges",
        customer=params.get("customer"),
        payment_intent=params.get("payment_intent"),
    )


@operation("GET", "/v1/balance_transactions/{id}")
def retrieve_transaction(ctx: Any, params: Wire, key: str) -> Wire:
    """One balance transaction."""
    return ctx.store.get("balance_transaction", key)


@operation("GET", "/v1/balance_transactions", params="created currency payout source type")
def list_transactions(ctx: Any, params: Wire) -> ListPage:
    """Balance transactions, newest first; those of a payout once it is reconciled, itself included."""
    if "payout" in params:
        payouts.require_reconciled(ctx, params["payout"])
    return listing.page(
        ctx,
        "balance_transaction",
        params,
        "/v1/balance_transactions",
        currency=params.get("currency"),
        source=params.get("source"),
        type=params.get("type"),
        _payout=params.get("payout"),
    )
