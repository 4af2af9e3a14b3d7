"""The status of a subscription, as it follows its invoices
(docs.stripe.com/billing/subscriptions/overview).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stripe_sandbox.billing import discounting

Wire = dict[str, Any]

#: Statuses from which nothing leads back.
ENDED = frozenset({"canceled", "incomplete_expired"})


def change(ctx: Any, sub: Wire, **values: Any) -> None:
    """Set fields of a subscription and emit ``customer.subscription.updated`` for what really
    changed.
    """
    previous = ctx.store.update(sub, **values)
    announce(ctx, sub, previous)


def announce(ctx: Any, sub: Wire, previous: Wire) -> None:
    """Emit ``customer.subscription.updated`` unless only private fields changed."""
    public = {key: value for key, value in previous.items() if not key.startswith("_")}
    if public:
        ctx.emit("customer.subscription.updated", sub, public)


def subscription_of(ctx: Any, invoice: Wire) -> Wire | None:
    key = invoice["_subscription"]
    return ctx.store.find("subscription", key) if key else None


def items_of(ctx: Any, sub: Wire) -> list[Wire]:
    """Items of a subscription, oldest first."""
    return list(ctx.store.select("subscription_item", subscription=sub["id"]))[::-1]


def invoices_of(ctx: Any, sub: Wire) -> Iterator[Wire]:
    """Invoices of a subscription, newest first."""
    return ctx.store.select("invoice", customer=sub["customer"], _subscription=sub["id"])


def running_status(ctx: Any, sub: Wire) -> str:
    """What a subscription in good standing is: trialing until its trial ends, then active."""
    return "trialing" if (sub["trial_end"] or 0) > ctx.now else "active"


def latest_finalized(ctx: Any, sub: Wire) -> Wire | None:
    """The newest invoice that is neither a draft nor void: the one whose state the subscription
    shows.
    """
    for invoice in invoices_of(ctx, sub):
        if invoice["status"] not in ("draft", "void"):
            return invoice
    return None


def invoice_settled(ctx: Any, invoice: Wire) -> None:
    """An invoice was paid or written off: bring its subscription back into good standing."""
    sub = subscription_of(ctx, invoice)
    if sub is None or sub["status"] not in ("incomplete", "past_due", "unpaid"):
        return
    if sub["status"] in ("incomplete", "unpaid") and invoice["status"] != "paid":
        return
    latest = latest_finalized(ctx, sub)
    if latest is None or latest["status"] in ("paid", "uncollectible"):
        change(ctx, sub, status=running_status(ctx, sub))


def set_delinquent(ctx: Any, invoice: Wire, delinquent: bool) -> None:
    """Say on the customer what became of the invoice that changed last.

    An automatic payment that failed or a due date that passed make it delinquent; an invoice that is paid,
    or marked uncollectible by request, ends that, whichever it is (docs.stripe.com/api/customers/object).
    """
    customer = ctx.store.find("customer", invoice["customer"])
    if customer is None or customer.get("_deleted"):
        return
    previous = ctx.store.update(customer, delinquent=delinquent)
    if previous:
        ctx.emit("customer.updated", customer, previous)


def invoice_failed(ctx: Any, invoice: Wire) -> None:
    """Collecting an invoice failed or its due date passed: an active subscription becomes past
    due.
    """
    sub = subscription_of(ctx, invoice)
    if sub is None or sub["status"] != "active":
        return
    latest = latest_finalized(ctx, sub)
    if latest is not None and latest["id"] == invoice["id"]:
        change(ctx, sub, status="past_due")


def invoice_voided(ctx: Any, invoice: Wire) -> None:
    """The invoice that an incomplete subscription waits for is void: it never begins."""
    sub = subscription_of(ctx, invoice)
    if sub and sub["status"] == "incomplete" and sub["latest_invoice"] == invoice["id"]:
        change(
            ctx,
            sub,
            status="incomplete_expired",
            ended_at=ctx.now,
            canceled_at=ctx.now,
            _renews_at=None,
        )


def give_up(ctx: Any, invoice: Wire) -> None:
    """The last retry failed: do with the subscription what the account's settings say."""
    sub = subscription_of(ctx, invoice)
    if sub is None or sub["status"] not in ("active", "past_due"):
        return
    action = ctx.account.retries.final_action
    if action == "cancel":
        end(ctx, sub, reason="payment_failed")
    elif action == "unpaid":
        change(ctx, sub, status="unpaid")


def end(
    ctx: Any,
    sub: Wire,
    *,
    reason: str,
    comment: str | None = None,
    feedback: str | None = None,
    at: int | None = None,
) -> None:
    """Cancel a subscription for good; its open invoices are no longer collected by themselves."""
    details = dict(sub["cancellation_details"] or {})
    details |= {"reason": reason, "comment": comment or details.get("comment")}
    details["feedback"] = feedback or details.get("feedback")
    ended = at if at is not None else ctx.now
    ctx.store.update(
        sub,
        status="canceled",
        canceled_at=sub["canceled_at"] or ctx.now,
        ended_at=ended,
        cancellation_details=details,
        pause_collection=None,
        _renews_at=None,
    )
    stopped = {
        "auto_advance": False,
        "automatically_finalizes_at": None,
        "next_payment_attempt": None,
    }
    for invoice in invoices_of(ctx, sub):
        if invoice["status"] in ("draft", "open") and invoice["auto_advance"]:
            ctx.emit("invoice.updated", invoice, ctx.store.update(invoice, **stopped))
    ctx.emit("customer.subscription.deleted", sub)
    schedule = sub["schedule"] and ctx.store.find("subscription_schedule", sub["schedule"])
    if schedule and schedule["status"] == "active":
        ctx.store.update(schedule, status="canceled", canceled_at=ctx.now, current_phase=None)
        ctx.emit("subscription_schedule.canceled", schedule)


def drop_discounts(ctx: Any, sub: Wire, invoice: Wire | None = None) -> None:
    """Take expired discounts off a subscription and its items, and the one-time ones ``invoice``
    used.
    """
    rows = invoice["total_discount_amounts"] if invoice else []
    used = {row["discount"] for row in rows if row["amount"]}
    for owner in (sub, *items_of(ctx, sub)):
        gone = discounting.over(ctx, owner["discounts"], used)
        if gone:
            keys = {discount["id"] for discount in gone}
            ctx.store.update(owner, discounts=[k for k in owner["discounts"] if k not in keys])
        for discount in gone:
            discounting.finish(ctx, discount)
