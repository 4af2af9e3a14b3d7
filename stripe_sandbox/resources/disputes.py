"""Disputes: /v1/disputes (docs.stripe.com/api/disputes)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import view
from stripe_sandbox.payments import disputes
from stripe_sandbox.resources import common

Wire = dict[str, Any]
EVIDENCE = " ".join(f"evidence.{name}" for name in disputes.TEXTS)


@view("dispute")
def show(account: Any, dispute: Wire) -> Wire:
    """Adds the balance transactions: what was withdrawn, and what came back."""
    rows = [account.store.get("balance_transaction", key) for key in dispute["_transactions"]]
    return dispute | {"balance_transactions": [account.render(row) for row in rows]}


@operation("GET", "/v1/disputes/{dispute}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One dispute."""
    return ctx.store.get("dispute", key, "dispute")


@operation("GET", "/v1/disputes", params="charge created payment_intent")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Disputes, newest first."""
    return listing.page(
        ctx,
        "dispute",
        params,
        "/v1/disputes",
        charge=params.get("charge"),
        payment_intent=params.get("payment_intent"),
    )


@operation("POST", "/v1/disputes/{dispute}", params=f"{EVIDENCE} metadata submit")
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Give evidence, which is submitted unless ``submit`` is false, or change the metadata."""
    dispute = ctx.store.get("dispute", key, "dispute")
    evidence = params.get("evidence")
    disputes.respond(
        ctx,
        dispute,
        evidence,
        submit=params.get("submit", evidence is not None),
        **common.changes(dispute, params),
    )
    return dispute


@operation("POST", "/v1/disputes/{dispute}/close")
def close(ctx: Any, params: Wire, key: str) -> Wire:
    """Accept the dispute: it is lost."""
    dispute = ctx.store.get("dispute", key, "dispute")
    if dispute["status"] != "needs_response":
        raise errors.invalid(
            f"This dispute cannot be closed because its status is {dispute['status']}.", "dispute"
        )
    disputes.close(ctx, dispute, "lost")
    return dispute
