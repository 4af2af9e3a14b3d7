"""Invoice payments: /v1/invoice_payments, the link between invoices and PaymentIntents."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation

Wire = dict[str, Any]


@operation("GET", "/v1/invoice_payments/{invoice_payment}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    return ctx.store.get("invoice_payment", key, "invoice_payment")


@operation(
    "GET",
    "/v1/invoice_payments",
    params="created invoice payment.payment_intent payment.type status",
)
def list_all(ctx: Any, params: Wire) -> ListPage:
    """By invoice, or by the PaymentIntent that pays: the way from a charge back to its invoice."""
    payment = params.get("payment") or {}
    if payment and payment["type"] != "payment_intent":
        raise errors.not_implemented(f"payment[type]={payment['type']}", "payment[type]")
    if payment and "payment_intent" not in payment:
        raise errors.missing("payment[payment_intent]")
    return listing.page(
        ctx,
        "invoice_payment",
        params,
        "/v1/invoice_payments",
        invoice=params.get("invoice"),
        status=params.get("status"),
        _payment_intent=payment.get("payment_intent"),
    )
