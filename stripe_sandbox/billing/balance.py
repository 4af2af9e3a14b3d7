"""The customer's balance and its ledger: negative is credit, positive is owed (minor units)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import ids

Wire = dict[str, Any]


def change(ctx: Any, customer: Wire, amount: int, kind: str, invoice: Wire) -> Wire | None:
    """Add ``amount`` to the balance because of ``invoice``, and say so; ``kind`` is Stripe's
    transaction type.
    """
    if not amount:
        return None
    return announced(ctx, customer, amount, kind, invoice["currency"], invoice=invoice["id"])


def record(ctx: Any, customer: Wire, amount: int, kind: str, currency: str, **values: Any) -> Wire:
    """Add ``amount`` to the balance and store the transaction that says so."""
    ctx.store.update(customer, balance=customer["balance"] + amount)
    return note(ctx, customer, amount, kind, currency, **values)


def note(ctx: Any, customer: Wire, amount: int, kind: str, currency: str, **values: Any) -> Wire:
    """Store the transaction of an amount that is on the balance already."""
    return ctx.store.insert(
        {
            "id": ids.new("cbtxn"),
            "object": "customer_balance_transaction",
            "amount": amount,
            "checkout_session": None,
            "created": ctx.now,
            "credit_note": None,
            "currency": currency,
            "customer": customer["id"],
            "customer_account": None,
            "description": None,
            "ending_balance": customer["balance"],
            "invoice": None,
            "livemode": False,
            "metadata": {},
            "type": kind,
            **values,
        }
    )


def announced(
    ctx: Any, customer: Wire, amount: int, kind: str, currency: str, **values: Any
) -> Wire:
    """Like :func:`record`, and say that the customer has changed."""
    before = customer["balance"]
    transaction = record(ctx, customer, amount, kind, currency, **values)
    if amount:
        ctx.emit("customer.updated", customer, {"balance": before})
    return transaction
