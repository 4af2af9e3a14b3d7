"""The customer's balance and its ledger: negative is credit, positive is owed (minor units)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import ids

Wire = dict[str, Any]


def change(ctx: Any, customer: Wire, amount: int, kind: str, invoice: Wire) -> Wire | None:
    """Add ``amount`` to the balance because of ``invoice``; ``kind`` is Stripe's transaction
    type.
    """
    if not amount:
        return None
    ending = customer["balance"] + amount
    ctx.store.update(customer, balance=ending)
    transaction = {
        "id": ids.new("cbtxn"),
        "object": "customer_balance_transaction",
        "amount": amount,
        "checkout_session": None,
        "created": ctx.now,
        "credit_note": None,
        "currency": invoice["currency"],
        "customer": customer["id"],
        "customer_account": None,
        "description": None,
        "ending_balance": ending,
        "invoice": invoice["id"],
        "livemode": False,
        "metadata": {},
        "type": kind,
    }
    ctx.store.insert(transaction)
    return transaction
