"""Invoice payments: how PaymentIntents pay invoices (docs/api/invoice-payment)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import ids

Wire = dict[str, Any]


def of_invoice(ctx: Any, invoice: Wire) -> list[Wire]:
    """Payments of an invoice, oldest first."""
    return list(ctx.store.select("invoice_payment", invoice=invoice["id"]))[::-1]


def prepare(ctx: Any, invoice: Wire) -> None:
    """Give a finalized invoice the PaymentIntent that will pay it."""
    from stripe_sandbox.payments import collect

    attach(ctx, invoice, collect.intent_for(ctx, invoice))


def attach(ctx: Any, invoice: Wire, payment_intent: Wire) -> Wire:
    """The invoice payment of a PaymentIntent, made as the invoice's default when it is new."""
    key = payment_intent["id"]
    for payment in of_invoice(ctx, invoice):
        if payment["payment"]["payment_intent"] == key:
            return payment
    payment = {
        "id": ids.new("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": ctx.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {
            "type": "payment_intent",
            "payment_intent": key,
            "charge": None,
            "payment_record": None,
        },
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
        "_payment_intent": key,
    }
    ctx.store.insert(payment)
    return ctx.store.get("invoice_payment", payment["id"])


def mark_paid(ctx: Any, invoice: Wire, payment_intent: Wire) -> None:
    """The PaymentIntent succeeded."""
    payment = attach(ctx, invoice, payment_intent)
    if payment["status"] == "paid":
        return
    ctx.store.update(
        payment,
        status="paid",
        amount_paid=payment_intent["amount_received"],
        status_transitions={"canceled_at": None, "paid_at": ctx.now},
    )
    ctx.emit("invoice_payment.paid", payment)


def cancel_open(ctx: Any, invoice: Wire) -> None:
    """Cancel what has not been paid when the invoice is settled otherwise or voided."""
    from stripe_sandbox.payments import collect

    for payment in of_invoice(ctx, invoice):
        if payment["status"] == "open":
            intent = ctx.store.get("payment_intent", payment["payment"]["payment_intent"])
            collect.cancel_intent(ctx, intent)
            ctx.store.update(
                payment,
                status="canceled",
                status_transitions={"canceled_at": ctx.now, "paid_at": None},
            )


def ask_for(ctx: Any, invoice: Wire, amount: int) -> None:
    """Let what has not been paid yet ask for another amount, after a credit note."""
    for payment in of_invoice(ctx, invoice):
        if payment["status"] == "open":
            intent = ctx.store.get("payment_intent", payment["payment"]["payment_intent"])
            ctx.store.update(intent, amount=amount)
            ctx.store.update(payment, amount_requested=amount)
