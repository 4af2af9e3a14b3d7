"""The life of an invoice: draft, open, then paid, void or uncollectible.

Rests on docs/api/invoices and docs.stripe.com/invoicing/overview: finalizing freezes amounts and
gives the number; the customer's balance is applied then; an invoice with nothing due is paid at
once. Order of events: docs.stripe.com/billing/subscriptions/webhooks.
"""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import automatic_tax, balance, drafts, invoice_payments, standing
from stripe_sandbox.core import errors, ids

Wire = dict[str, Any]

DAY = 86_400


def update(ctx: Any, invoice: Wire, **values: Any) -> None:
    """Change an invoice and emit ``invoice.updated`` for what really changed."""
    _announce(ctx, invoice, ctx.store.update(invoice, **values))


def _announce(ctx: Any, invoice: Wire, previous: Wire) -> None:
    public = {key: value for key, value in previous.items() if not key.startswith("_")}
    if public:
        ctx.emit("invoice.updated", invoice, public)


def require(invoice: Wire, *allowed: str, to: str) -> None:
    """Refuse a transition that Stripe forbids."""
    if invoice["status"] not in allowed:
        raise errors.invalid(
            f"You can't {to} this invoice because its status is {invoice['status']}; it must be "
            f"{' or '.join(allowed)}.",
            code="invoice_not_editable" if to == "edit" else None,
        )


def schedule_finalization(ctx: Any, invoice: Wire, after: int = drafts.FINALIZE_AFTER) -> None:
    """Have a draft finalized by itself ``after`` seconds from now."""
    at = ctx.now + after
    ctx.store.update(invoice, automatically_finalizes_at=at)
    ctx.account.schedule(at, "invoice.finalize", invoice["id"], clock=invoice["test_clock"])


def finalize(ctx: Any, invoice: Wire, *, auto_advance: bool | None = None) -> None:
    """Freeze a draft: number, balance, due date; paid at once when nothing is due."""
    require(invoice, "draft", to="finalize")
    drafts.refresh(ctx, invoice)
    if invoice["automatic_tax"]["status"] == "requires_location_inputs":
        _without_location(ctx, invoice)
    customer = ctx.store.get("customer", invoice["customer"])
    number = invoice["number"] or (
        f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    )
    if invoice["number"] is None:
        ctx.store.update(customer, next_invoice_sequence=customer["next_invoice_sequence"] + 1)
    _apply_balance(ctx, invoice, customer)
    token = ids.secret(32)
    url = f"{ctx.account.base_url}/pages/invoice/{token}"
    previous = ctx.store.update(
        invoice,
        status="open",
        number=number,
        effective_at=invoice["effective_at"] or ctx.now,
        automatically_finalizes_at=None,
        auto_advance=invoice["auto_advance"] if auto_advance is None else auto_advance,
        due_date=_due_date(ctx, invoice),
        ending_balance=invoice["_ending_balance"],
        last_finalization_error=None,
        hosted_invoice_url=url,
        invoice_pdf=f"{url}/pdf",
        status_transitions=invoice["status_transitions"] | {"finalized_at": ctx.now},
        _token=token,
    )
    ctx.emit("invoice.finalized", invoice)
    _announce(ctx, invoice, previous)
    sub = standing.subscription_of(ctx, invoice)
    if sub is not None:
        standing.drop_discounts(ctx, sub, invoice)
    if invoice["amount_due"] <= 0:
        mark_paid(ctx, invoice, 0)
        return
    invoice_payments.prepare(ctx, invoice)
    if invoice["due_date"]:
        ctx.account.schedule(
            invoice["due_date"], "invoice.overdue", invoice["id"], clock=invoice["test_clock"]
        )


def _without_location(ctx: Any, invoice: Wire) -> None:
    """Nobody knows where the customer is: an invoice of a subscription goes on without automatic tax, from
    now on; another one stays a draft (docs.stripe.com/tax/customer-locations).
    """
    sub = standing.subscription_of(ctx, invoice)
    if sub is None:
        error = errors.invalid(automatic_tax.UNRECOGNIZED, None, automatic_tax.LOCATION_INVALID)
        error.leaves_trace = True
        ctx.store.update(invoice, last_finalization_error=error.body)
        ctx.emit("invoice.finalization_failed", invoice)
        raise error
    off = automatic_tax.switch(False, disabled_reason="requires_location_inputs")
    standing.change(ctx, sub, automatic_tax=off)
    schedule = ctx.store.find("subscription_schedule", sub["schedule"])
    if schedule and schedule["current_phase"]:
        start = schedule["current_phase"]["start_date"]
        phases = [
            {**phase, "automatic_tax": off} if phase["start_date"] == start else phase
            for phase in schedule["phases"]
        ]
        settings = schedule["default_settings"] | {"automatic_tax": off}
        previous = ctx.store.update(schedule, phases=phases, default_settings=settings)
        ctx.emit("subscription_schedule.updated", schedule, previous)
    reason = "finalization_requires_location_inputs"
    update(
        ctx,
        invoice,
        automatic_tax=automatic_tax.of_invoice(False) | {"disabled_reason": reason},
    )
    drafts.refresh(ctx, invoice)


def schedule_collection(ctx: Any, invoice: Wire) -> None:
    """Have an invoice that was finalized by hand collected by itself, right after."""
    ctx.account.schedule(ctx.now, "invoice.collect", invoice["id"], clock=invoice["test_clock"])


def _due_date(ctx: Any, invoice: Wire) -> int | None:
    if invoice["collection_method"] != "send_invoice":
        return None
    if invoice["_days_until_due"] is None:
        return invoice["due_date"]
    return ctx.now + invoice["_days_until_due"] * DAY


def _apply_balance(ctx: Any, invoice: Wire, customer: Wire) -> None:
    amount = invoice["_ending_balance"] - customer["balance"]
    rolled_over = invoice["total"] > 0 and invoice["amount_due"] == 0 and amount > 0
    kind = "applied_to_invoice"
    if rolled_over and invoice["_ending_balance"] > 0:
        kind = "invoice_too_small"
    balance.change(ctx, customer, amount, kind, invoice)


def payment_method_for(ctx: Any, invoice: Wire) -> str | None:
    """The payment method that is charged by itself: the invoice's, the subscription's, the
    customer's.
    """
    sub = standing.subscription_of(ctx, invoice) or {}
    customer = ctx.store.get("customer", invoice["customer"])
    return (
        invoice["default_payment_method"]
        or sub.get("default_payment_method")
        or customer["invoice_settings"]["default_payment_method"]
    )


def collect(
    ctx: Any,
    invoice: Wire,
    *,
    payment_method: str | None = None,
    off_session: bool = True,
    automatic: bool = True,
) -> Any:
    """Try to charge an open invoice; returns the outcome, or None when there is nothing to charge
    with.

    ``automatic`` attempts follow the retry schedule; others leave it alone after the first one.
    """
    from stripe_sandbox.billing import processing
    from stripe_sandbox.payments import collect as payments

    method = payment_method or payment_method_for(ctx, invoice)
    if method is None:
        _failed(ctx, invoice, "invoice.payment_failed", automatic)
        return None
    outcome = payments.charge_invoice(ctx, invoice, method, off_session=off_session)
    if outcome.status == "succeeded":
        ctx.store.update(invoice, attempted=True, attempt_count=max(invoice["attempt_count"], 1))
        apply_payment(ctx, invoice, outcome.payment_intent)
    elif outcome.status == "processing":
        processing.begin(ctx, invoice, automatic)
    else:
        asks = outcome.status == "requires_action"
        kind = "invoice.payment_action_required" if asks else "invoice.payment_failed"
        _failed(ctx, invoice, kind, automatic)
    return outcome


def _count_attempt(ctx: Any, invoice: Wire, automatic: bool) -> Wire:
    """Count a failed attempt and plan the next one after the account's retry schedule.

    Manual attempts after the first one leave count and schedule alone. Returns the previous values.
    """
    if not automatic and invoice["attempted"]:
        return ctx.store.update(invoice, _exhausted=False)
    counted = invoice["attempt_count"] + 1
    sub = standing.subscription_of(ctx, invoice)
    waits = ctx.account.retries.waits
    retrying = (
        automatic
        and invoice["auto_advance"]
        and invoice["collection_method"] == "charge_automatically"
        and (sub is None or sub["status"] != "incomplete")
        and counted <= len(waits)
    )
    at = ctx.now + waits[counted - 1] if retrying else None
    if at is not None:
        ctx.account.schedule(at, "invoice.retry", invoice["id"], clock=invoice["test_clock"])
    return ctx.store.update(
        invoice,
        attempted=True,
        attempt_count=counted,
        next_payment_attempt=at,
        _exhausted=automatic and counted > len(waits),
    )


def _failed(ctx: Any, invoice: Wire, event: str, automatic: bool) -> None:
    previous = _count_attempt(ctx, invoice, automatic)
    ctx.emit(event, invoice)
    _announce(ctx, invoice, previous)
    if automatic:
        standing.set_delinquent(ctx, invoice, True)
    standing.invoice_failed(ctx, invoice)
    if invoice.get("_exhausted"):
        standing.give_up(ctx, invoice)


def apply_payment(ctx: Any, invoice: Wire, payment_intent: Wire) -> None:
    """A PaymentIntent of this invoice succeeded: the invoice is paid."""
    if invoice["status"] not in ("open", "uncollectible"):
        return
    invoice_payments.mark_paid(ctx, invoice, payment_intent)
    sub = standing.subscription_of(ctx, invoice)
    if sub is not None and _saves_method(sub) and not sub["default_payment_method"]:
        standing.change(ctx, sub, default_payment_method=payment_intent["payment_method"])
    mark_paid(ctx, invoice, payment_intent["amount_received"])


def _saves_method(sub: Wire) -> bool:
    return (sub["payment_settings"] or {}).get("save_default_payment_method") == "on_subscription"


def payment_failed(ctx: Any, invoice: Wire, payment_intent: Wire) -> None:
    """A PaymentIntent of this invoice failed later: authentication refused, or a debit returned."""
    if invoice["status"] != "open":
        return
    _failed(ctx, invoice, "invoice.payment_failed", automatic=False)


def mark_paid(
    ctx: Any, invoice: Wire, amount: int, *, off_stripe: bool = False, credited: bool = False
) -> None:
    """Close an invoice as paid with ``amount`` (minor units); its subscription recovers.

    Nothing was paid by Stripe when the money came outside of it, or credit notes left nothing to pay.
    """
    previous = ctx.store.update(
        invoice,
        status="paid",
        amount_paid=amount,
        amount_paid_off_stripe=amount if off_stripe else 0,
        amount_remaining=0,
        attempted=True,
        auto_advance=False,
        next_payment_attempt=None,
        status_transitions=invoice["status_transitions"] | {"paid_at": ctx.now},
        status_details=None,
    )
    ctx.emit("invoice.paid", invoice)
    if not off_stripe and not credited:
        ctx.emit("invoice.payment_succeeded", invoice)
    _announce(ctx, invoice, previous)
    standing.set_delinquent(ctx, invoice, False)
    standing.invoice_settled(ctx, invoice)


def pay(
    ctx: Any,
    invoice: Wire,
    *,
    payment_method: str | None = None,
    paid_out_of_band: bool = False,
    off_session: bool = True,
) -> Wire:
    """Pay an invoice on request; a draft is finalized first. Raises Stripe's card error when it
    fails.
    """
    from stripe_sandbox.billing import processing

    if invoice["status"] == "paid":
        raise errors.invalid("Invoice is already paid", code="invoice_already_paid")
    require(invoice, "draft", "open", "uncollectible", to="pay")
    if invoice["status"] == "draft":
        finalize(ctx, invoice)
    if invoice["status"] == "paid":
        return invoice
    if processing.is_under_way(ctx, invoice):
        raise errors.invalid(
            "A payment of this invoice is being processed.", code="payment_intent_unexpected_state"
        )
    if paid_out_of_band:
        invoice_payments.cancel_open(ctx, invoice)
        mark_paid(ctx, invoice, invoice["amount_due"], off_stripe=True)
        return invoice
    method = payment_method or payment_method_for(ctx, invoice)
    if method is None:
        raise no_method()
    outcome = collect(ctx, invoice, payment_method=method, off_session=off_session, automatic=False)
    raise_unless_collected(outcome)
    return invoice


def raise_unless_collected(outcome: Any) -> None:
    """Turn a failed outcome into the error that Stripe answers with (HTTP 402)."""
    if outcome is None:
        raise no_method()
    if outcome.status == "failed":
        raise errors.card_from(outcome.error)
    if outcome.status == "requires_action":
        raise errors.card_from(
            {
                "code": "invoice_payment_intent_requires_action",
                "message": "Payment for this invoice requires additional user action before it can "
                "be completed successfully. Payment can be completed using the PaymentIntent "
                "associated with the invoice.",
            }
        )


def no_method() -> errors.ApiError:
    """Stripe's refusal when there is nothing to charge."""
    return errors.invalid(
        "This customer has no attached payment source or default payment method. Please consider "
        "adding a default payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting"
        "#payment-method-priority.",
        code="resource_missing",
    )


def void(ctx: Any, invoice: Wire) -> None:
    """Void an open or uncollectible invoice; credit it had used goes back to the balance
    (assumption).
    """
    require(invoice, "open", "uncollectible", to="void")
    invoice_payments.cancel_open(ctx, invoice)
    customer = ctx.store.get("customer", invoice["customer"])
    used = invoice["ending_balance"] - invoice["starting_balance"]
    balance.change(ctx, customer, -used, "unapplied_from_invoice", invoice)
    _close(ctx, invoice, "void", "voided_at")
    ctx.emit("invoice.voided", invoice)
    standing.invoice_voided(ctx, invoice)


def mark_uncollectible(ctx: Any, invoice: Wire, reason: str = "user_forgiven") -> None:
    """Write an open invoice off; it can still be paid or voided.

    ``reason`` is Stripe's; the customer stays delinquent unless somebody has asked for it.
    """
    require(invoice, "draft", "open", to="mark uncollectible")
    if invoice["status"] == "draft":
        finalize(ctx, invoice, auto_advance=False)
    if invoice["status"] == "paid":
        return
    _close(ctx, invoice, "uncollectible", "marked_uncollectible_at")
    ctx.store.update(invoice, status_details={"uncollectible": {"reason": reason}})
    ctx.emit("invoice.marked_uncollectible", invoice)
    if reason == "user_forgiven":
        standing.set_delinquent(ctx, invoice, False)
    standing.invoice_settled(ctx, invoice)


def _close(ctx: Any, invoice: Wire, status: str, moment: str) -> None:
    update(
        ctx,
        invoice,
        status=status,
        auto_advance=False,
        next_payment_attempt=None,
        status_transitions=invoice["status_transitions"] | {moment: ctx.now},
    )
