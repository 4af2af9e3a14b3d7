"""The balance of customers: /v1/customers/{customer}/balance_transactions.

docs.stripe.com/billing/customer/balance: a negative amount is credit for the next invoice.
"""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import balance, catalog, money
from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.resources import common, customers

Wire = dict[str, Any]
PATH = "/v1/customers/{customer}/balance_transactions"
MAX_DESCRIPTION = 350


@operation("POST", PATH, params="amount currency description metadata")
def create(ctx: Any, params: Wire, customer: str) -> Wire:
    """Change the balance by an amount; the first one decides the customer's currency."""
    owner = customers.live(ctx, customer)
    currency = params["currency"].lower()
    if currency not in money.CURRENCIES:
        raise errors.invalid(f"Invalid currency: {currency}", "currency")
    catalog.customer_currency(ctx, owner, currency)
    return balance.announced(
        ctx, owner, params["amount"], "adjustment", currency, **_changes({}, params)
    )


@operation("GET", PATH, params="created invoice")
def list_all(ctx: Any, params: Wire, customer: str) -> ListPage:
    """Transactions of a customer, newest first."""
    ctx.store.get("customer", customer, "customer")
    return listing.page(
        ctx,
        "customer_balance_transaction",
        params,
        PATH.format(customer=customer),
        customer=customer,
        invoice=params.get("invoice"),
    )


@operation("GET", PATH + "/{transaction}")
def retrieve(ctx: Any, params: Wire, customer: str, key: str) -> Wire:
    """One transaction."""
    transaction = ctx.store.get("customer_balance_transaction", key, "transaction")
    if transaction["customer"] != customer:
        raise errors.missing_resource("customer_balance_transaction", key, "transaction")
    return transaction


@operation("POST", PATH + "/{transaction}", params="description metadata")
def update(ctx: Any, params: Wire, customer: str, key: str) -> Wire:
    """Most of a transaction never changes; there is no event for it."""
    transaction = retrieve(ctx, {}, customer, key)
    ctx.store.update(transaction, **_changes(transaction, params))
    return transaction


def _changes(transaction: Wire, params: Wire) -> Wire:
    if len(params.get("description") or "") > MAX_DESCRIPTION:
        raise errors.invalid(
            f"Descriptions have up to {MAX_DESCRIPTION} characters.", "description"
        )
    return common.changes(transaction, params, "description")
