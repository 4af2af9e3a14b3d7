"""Refunds: /v1/refunds (docs.stripe.com/api/refunds)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import LAZY, view
from stripe_sandbox.payments import refunds
from stripe_sandbox.resources import common

if TYPE_CHECKING:
    from stripe_sandbox.core.account import Account

Wire = dict[str, Any]


@view("refund")
def show(account: Account, refund: Wire) -> Wire:
    """What brought the money back is named by a refund that has failed; it may be expanded on each."""
    if "failure_balance_transaction" not in refund:
        refund[LAZY] = {"failure_balance_transaction": lambda: None}
    return refund


@operation(
    "POST",
    "/v1/refunds",
    params="charge payment_intent amount reason metadata instructions_email",
)
def create(ctx: Any, params: Wire) -> Wire:
    """Give a charge back, all of it or a part; it may be named by its PaymentIntent."""
    named = [name for name in ("charge", "payment_intent") if name in params]
    if len(named) > 1:
        raise errors.invalid(
            "You may only specify one of these parameters: charge, payment_intent."
        )
    if not named:
        raise errors.invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    if named == ["charge"]:
        charge = ctx.store.get("charge", params["charge"], "charge")
    else:
        charge = refunds.charge_of_intent(ctx, params["payment_intent"])
    return refunds.create(
        ctx,
        charge,
        params.get("amount"),
        reason=params.get("reason"),
        metadata=common.metadata({}, params.get("metadata")),
        instructions_email=params.get("instructions_email"),
    )


@operation("GET", "/v1/refunds/{refund}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One refund."""
    return ctx.store.get("refund", key, "refund")


@operation("POST", "/v1/refunds/{refund}", params="metadata")
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Only metadata can be changed."""
    refund = ctx.store.get("refund", key, "refund")
    refunds.change(ctx, refund, **common.changes(refund, params))
    return refund


@operation("POST", "/v1/refunds/{refund}/cancel")
def cancel(ctx: Any, params: Wire, key: str) -> Wire:
    """Only refunds that wait for the customer can be canceled by API; those of cards never do."""
    refund = ctx.store.get("refund", key, "refund")
    raise errors.invalid(
        f"Refund {key} cannot be canceled because its status is {refund['status']}; only refunds with the "
        "status requires_action can be canceled.",
        "refund",
    )


@operation("GET", "/v1/refunds", params="charge payment_intent created")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Refunds, newest first."""
    return listing.page(
        ctx,
        "refund",
        params,
        "/v1/refunds",
        charge=params.get("charge"),
        payment_intent=params.get("payment_intent"),
    )
