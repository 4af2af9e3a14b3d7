"""Previews: the invoice that a creation, a change or the next renewal would make. Nothing is
stored.

A preview has the shape of a draft, its id starts with ``upcoming_in`` and its lines are kept in
``_lines``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from stripe_sandbox.billing import (
    automatic_tax,
    cancellation,
    catalog,
    changes,
    composition,
    discounting,
    drafts,
    lines,
    pausing,
    phases,
    proration,
    prorations,
    standing,
    usage,
)
from stripe_sandbox.core import errors, ids

Wire = dict[str, Any]

#: Parameters by which the first period differs from the regular ones.
FIRST_PERIOD = ("billing_cycle_anchor", "proration_behavior", "trial_end", "trial_period_days")

#: Stands for a customer that Checkout has not created yet.
NO_CUSTOMER: Wire = {
    "id": "",
    "address": None,
    "balance": 0,
    "currency": None,
    "email": None,
    "invoice_settings": {"default_payment_method": None},
    "name": None,
    "phone": None,
    "shipping": None,
    "tax_exempt": "none",
    "test_clock": None,
}


def without_trace(work: Callable[..., Wire]) -> Callable[..., Wire]:
    """Take back whatever a preview had to store on its way, such as the price of a
    ``price_data``.
    """

    @wraps(work)
    def run(ctx: Any, *args: Any, **kwargs: Any) -> Wire:
        waiting = list(ctx.account.outbox)
        with ctx.store.journal() as undo:
            result = work(ctx, *args, **kwargs)
            undo()
        ctx.account.outbox[:] = waiting
        return result

    return run


@without_trace
def preview_new(
    ctx: Any,
    params: Mapping[str, Any],
    details: Mapping[str, Any] | None = None,
    *,
    recurring: bool = False,
) -> Wire:
    """First invoice of the subscription that POST /v1/subscriptions would create with ``params``.

    ``details`` are ``customer_details``; ``recurring`` asks for a whole regular period and nothing else.

    Its ``parent`` names a subscription that will not exist, because the API demands an id there.
    """
    key = params.get("customer")
    customer = catalog.customer_for(ctx, params) if key else NO_CUSTOMER
    if details:
        customer = automatic_tax.override(ctx, customer, details)
    if recurring:
        params = {name: value for name, value in params.items() if name not in FIRST_PERIOD}
    made = composition.compose(ctx, params, customer)
    waiting = []
    if key and not recurring:
        waiting = drafts.pending_items(ctx, key, made.sub["currency"], None)
    own = composition.first_lines(ctx, made)
    for line in own:
        _forget_subscription(line)
    invoice = drafts.new_invoice(
        ctx,
        customer,
        made.sub["currency"],
        "subscription_create",
        subscription=made.sub,
    )
    invoice["customer"] = customer["id"] or None
    return finish(ctx, invoice, own + drafts.pending_lines(waiting), made.unsaved_discounts())


def _forget_subscription(line: Wire) -> None:
    line["subscription"] = None
    for kind in ("subscription_item_details", "invoice_item_details"):
        if line["parent"].get(kind):
            line["parent"][kind]["subscription"] = None


@without_trace
def of_change(ctx: Any, sub: Wire, params: Mapping[str, Any], more: Mapping[str, Any]) -> Wire:
    """The next invoice of ``sub`` after a change (``items``, ``trial_end``, ``cancel_at`` ...).

    ``more`` has what belongs to the invoice itself: ``discounts``, ``extras`` (unsaved invoice items) and
    ``recurring``, which asks for a whole regular period and nothing else.
    """
    if not params:
        # What is planned for the renewal counts; a change made before is shown by itself.
        ends = [item["current_period_end"] for item in standing.items_of(ctx, sub)]
        phases.enter_due(ctx, sub, min(ends))
    made = changes.plan(ctx, sub, params)
    changed = {**sub, **made.fields, **cancellation.plan_end(ctx, sub, params)}
    return _of_plan(ctx, sub, changed, made, more)


@without_trace
def of_resumption(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> Wire:
    """The first invoice after a paused ``sub`` was resumed."""
    made = pausing.plan_resumption(ctx, sub, params)
    return _of_plan(ctx, sub, {**sub, **made.fields}, made, {})


@without_trace
def of_pause(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> Wire:
    """The invoice that pausing makes, when it makes one at once."""
    credits, used = pausing.settle(ctx, sub, params)
    waiting = drafts.pending_items(ctx, sub["customer"], sub["currency"], sub["id"])
    own = drafts.pending_lines([*waiting, *credits]) + used
    if not own or params.get("invoicing_behavior", "pending_invoice_item") != "invoice":
        raise _nothing(sub)
    return _invoice(ctx, sub, "upcoming", own, ctx.now, {})


def _of_plan(
    ctx: Any, sub: Wire, changed: Wire, made: changes.Plan, more: Mapping[str, Any]
) -> Wire:
    unsaved = {d["id"]: d for edit in made.edits for d in edit.discounts}
    if "discounts" in more:
        found = discounting.prepare(
            ctx,
            more["discounts"],
            param="discounts",
            currency=sub["currency"],
            customer=sub["customer"],
            subscription=sub["id"],
        )
        unsaved |= {d["id"]: d for d in found}
        changed["discounts"] = [d["id"] for d in found]
    at = _renewal_time(changed, made.items)
    if more.get("recurring"):
        regular = _renewal_lines(ctx, changed, made.items, usage_too=False)
        return _invoice(ctx, changed, "upcoming", regular, at, unsaved)
    waiting = drafts.pending_items(ctx, sub["customer"], sub["currency"], sub["id"])
    own = drafts.pending_lines([*waiting, *made.prorations, *more.get("extras", ())])
    if made.invoices_now:
        own += changes.restart_lines(ctx, made) if made.restarts else []
        return _invoice(ctx, changed, "upcoming", own, ctx.now, unsaved)
    own += _renewal_lines(ctx, changed, made.items)
    if not own and changed["cancel_at"] and changed["cancel_at"] <= at:
        raise _nothing(sub)
    return _invoice(ctx, changed, "upcoming", own, at, unsaved)


def _nothing(sub: Wire) -> errors.ApiError:
    return errors.invalid(
        f"No upcoming invoices for customer: {sub['customer']}", None, "invoice_upcoming_none", 404
    )


def of_renewal(ctx: Any, sub: Wire) -> Wire:
    """The next regular invoice of ``sub`` as things stand."""
    return of_change(ctx, sub, {}, {})


def of_cancellation(ctx: Any, sub: Wire, *, prorate: bool, at: int) -> Wire:
    """The invoice that canceling now with ``invoice_now`` would make."""
    credits: list[Wire] = []
    items = standing.items_of(ctx, sub)
    if prorate and sub["status"] != "trialing":
        for item in items:
            if item["quantity"] is not None:
                credits += prorations.credit(ctx, sub, item, at)
    waiting = drafts.pending_items(ctx, sub["customer"], sub["currency"], sub["id"])
    own = drafts.pending_lines([*waiting, *credits]) + usage.lines_for(ctx, sub, items)
    return _invoice(ctx, sub, "upcoming", own, ctx.now, {})


def _renewal_time(sub: Wire, items: Sequence[tuple[Wire, Wire]]) -> int:
    return min(item["current_period_end"] for item, _ in items)


def _renewal_lines(
    ctx: Any, sub: Wire, items: Sequence[tuple[Wire, Wire]], *, usage_too: bool = True
) -> list[Wire]:
    """Lines of the renewal at the first period end: usage so far, then the next periods."""
    at = _renewal_time(sub, items)
    if sub["cancel_at"] and sub["cancel_at"] <= at and usage_too:
        return usage.lines_for(ctx, sub, [item for item, _ in items])
    due = [(item, price) for item, price in items if item["current_period_end"] <= at]
    result = usage.lines_for(ctx, sub, [item for item, _ in due]) if usage_too else []
    for item, price in due:
        recurring = price["recurring"]
        period = proration.period_at(
            sub["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"], at
        )
        if item["quantity"] is not None:
            name = catalog.product_name(ctx, price)
            result += lines.for_item(item, price, name, period, quantity=item["quantity"])
    return result


def _invoice(
    ctx: Any,
    sub: Wire,
    reason: str,
    own: Sequence[Wire],
    at: int,
    unsaved: Mapping[str, Wire],
) -> Wire:
    customer = ctx.store.get("customer", sub["customer"])
    items = standing.items_of(ctx, sub)
    period = (min(item["current_period_start"] for item in items), at)
    invoice = drafts.new_invoice(
        ctx,
        customer,
        sub["currency"],
        reason,
        period=period,
        subscription=sub,
        created=at,
        next_payment_attempt=at if sub["collection_method"] == "charge_automatically" else None,
    )
    for owner in (invoice, *own):
        owner["discounts"] = discounting.active(ctx, owner["discounts"], at)
    return finish(ctx, invoice, own, unsaved)


def finish(ctx: Any, invoice: Wire, own: Sequence[Wire], unsaved: Mapping[str, Wire]) -> Wire:
    """Compute a preview and give it and its lines passing ids."""
    ending = drafts.compute(ctx, invoice, own, invoice["starting_balance"], unsaved)
    invoice["id"] = ids.new("upcoming_in")
    invoice["ending_balance"] = ending
    invoice["_lines"] = [
        {"id": ids.new("il_tmp"), **line, "invoice": invoice["id"]} for line in own
    ]
    return invoice
