"""Changing a subscription: items, trial, anchor; prorations and the invoice they may cause.

``plan`` works a change out without storing it, so that previews show exactly what ``apply`` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox.billing import (
    automatic_tax,
    catalog,
    discounting,
    drafts,
    edits,
    invoice_items,
    invoicing,
    lines,
    proration,
    prorations,
    schedule,
    standing,
    terms,
    usage,
)
from stripe_sandbox.core import errors

Wire = dict[str, Any]


@dataclass
class Plan:
    """A change worked out: items after it, prorations, and whether a new cycle starts now."""

    edits: list[edits.Edit]
    fields: dict[str, Any]
    prorations: list[Wire] = field(default_factory=list)
    restarts: bool = False
    invoices_now: bool = False
    off_session: bool = False

    @property
    def items(self) -> list[tuple[Wire, Wire]]:
        """Items that remain, each with its price."""
        return [(e.after, e.price) for e in self.edits if e.after is not None]


def plan(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> Plan:
    """Work out a change of ``items``, ``trial_end`` and ``billing_cycle_anchor``."""
    made = Plan(edits.read(ctx, sub, params.get("items") or []), {})
    made.off_session = params.get("off_session", False)
    behavior = params.get("proration_behavior", "create_prorations")
    at = proration_moment(ctx, sub, params)
    on_trial = sub["status"] == "trialing"
    trial_end = _new_trial_end(ctx, sub, params)
    anchor = (params.get("billing_cycle_anchor") or {}).get("type", "unchanged")
    if anchor not in ("now", "unchanged"):
        raise errors.not_implemented(f"billing_cycle_anchor[type]={anchor}", "billing_cycle_anchor")
    moved = edits.moves_cycle(ctx, made.edits) and not on_trial
    made.restarts = anchor == "now" or trial_end is not None or moved
    if trial_end:
        made.fields |= {"trial_end": trial_end, "billing_cycle_anchor": trial_end}
        made.fields["trial_start"] = sub["trial_start"] if on_trial else ctx.now
        made.fields["status"] = "trialing"
    elif made.restarts:
        made.fields["billing_cycle_anchor"] = ctx.now
        if on_trial:
            made.fields |= {"trial_end": ctx.now, "status": "active"}
    if not on_trial and behavior != "none":
        made.prorations = _prorations(ctx, sub, made, at)
    if made.restarts:
        _restart(ctx, made, trial_end)
    extended = trial_end and on_trial
    made.invoices_now = (made.restarts and not extended) or (
        behavior == "always_invoice" and bool(made.prorations)
    )
    return made


def proration_moment(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> int:
    """``proration_date``, which must lie in the current period, or now."""
    at = params.get("proration_date", ctx.now)
    periods = standing.items_of(ctx, sub)
    if "proration_date" in params and not any(
        i["current_period_start"] <= at <= i["current_period_end"] for i in periods
    ):
        raise errors.invalid(
            "Cannot specify `proration_date` outside the current period.", "proration_date"
        )
    return at


def _new_trial_end(ctx: Any, sub: Wire, params: Mapping[str, Any]) -> int | None:
    """New trial end; 0 for ``now``; None when the trial does not change."""
    given = params.get("trial_end")
    if given is None:
        return None
    if given == "now":
        return 0 if sub["status"] == "trialing" else None
    return terms.read_trial({"trial_end": given}, ctx.now)


def _prorations(ctx: Any, sub: Wire, made: Plan, at: int) -> list[Wire]:
    result: list[Wire] = []
    unsaved = {d["id"]: d for edit in made.edits for d in edit.discounts}
    net = prorations.net_amounts(ctx, sub, made.items, at, unsaved)
    for edit in made.edits:
        if not (edit.billable or made.restarts):
            continue
        if edit.before is not None and edit.before["quantity"] is not None:
            result += prorations.credit(ctx, sub, edit.before, at)
        licensed = edit.after is not None and edit.after["quantity"] is not None
        if licensed and not made.restarts:
            result += prorations.debit(ctx, sub, edit.after, edit.price, net[edit.after["id"]], at)
    return result


def _restart(ctx: Any, made: Plan, trial_end: int | None) -> None:
    for item, price in made.items:
        recurring = price["recurring"]
        end = trial_end or proration.occurrence(
            ctx.now, recurring["interval"], recurring["interval_count"], 1
        )
        item |= {"current_period_start": ctx.now, "current_period_end": end}


def restart(ctx: Any, made: Plan) -> None:
    """Let new periods begin now, and be invoiced now."""
    made.fields["billing_cycle_anchor"] = ctx.now
    made.restarts = made.invoices_now = True
    _restart(ctx, made, None)


def restart_lines(ctx: Any, made: Plan) -> list[Wire]:
    """Lines that bill whole new periods after a restart."""
    result: list[Wire] = []
    for item, price in made.items:
        if item["quantity"] is not None:
            result += lines.for_item(
                item,
                price,
                catalog.product_name(ctx, price),
                (item["current_period_start"], item["current_period_end"]),
                quantity=item["quantity"],
                trial=bool(made.fields.get("trial_end", 0) > ctx.now),
            )
    return result


def apply(ctx: Any, sub: Wire, made: Plan, fields: Mapping[str, Any], behavior: str) -> None:
    """Store a planned change with other ``fields``, announce it, invoice what is due now."""
    before = ctx.account.render(sub)
    automatic_tax.check_subscription(
        ctx,
        ctx.store.get("customer", sub["customer"]),
        {**sub, **fields},
        made.items,
        newly="automatic_tax" in fields,
    )
    used = store_items(ctx, sub, made)
    ctx.store.update(sub, **{**made.fields, **fields})
    invoice_items.save(ctx, made.prorations)
    schedule.renewal(ctx, sub)
    invoice = None
    all_lines = used + (restart_lines(ctx, made) if made.invoices_now and made.restarts else [])
    if made.invoices_now or used:
        invoice = prepare_invoice(ctx, sub, "subscription_update", all_lines)
    after = ctx.account.render(sub)
    previous = {key: before.get(key) for key in after if before.get(key) != after[key]}
    if previous:
        ctx.emit("customer.subscription.updated", sub, previous)
    if invoice is not None:
        store_and_collect(ctx, sub, invoice, all_lines, behavior, off_session=made.off_session)


def store_items(ctx: Any, sub: Wire, made: Plan) -> list[Wire]:
    """Store items; returns lines for the usage of metered items that go."""
    gone = [e.before for e in made.edits if e.before is not None and e.after is None]
    used = usage.lines_for(ctx, sub, [i for i in gone if i["quantity"] is None])
    for edit in made.edits:
        discounting.save(ctx, edit.discounts)
        if edit.after is None:
            ctx.store.remove(edit.before)
        elif edit.before is None:
            ctx.store.insert(edit.after)
        else:
            ctx.store.update(
                edit.before,
                **{k: v for k, v in edit.after.items() if v != edit.before.get(k)},
            )
    return used


def prepare_invoice(
    ctx: Any, sub: Wire, reason: str, own: Sequence[Wire], *, force: bool = False
) -> Wire | None:
    """An unsaved invoice for ``own`` lines and all that waits; the subscription already names
    it.
    """
    waiting = drafts.pending_items(ctx, sub["customer"], sub["currency"], sub["id"])
    if not (own or waiting or force):
        return None
    customer = ctx.store.get("customer", sub["customer"])
    invoice = drafts.new_invoice(
        ctx, customer, sub["currency"], reason, subscription=sub, id=drafts.new_id()
    )
    ctx.store.update(sub, latest_invoice=invoice["id"])
    return invoice


def store_and_collect(
    ctx: Any,
    sub: Wire,
    invoice: Wire,
    own: Sequence[Wire],
    behavior: str,
    *,
    off_session: bool = True,
) -> Wire:
    """Store the prepared invoice with pending items, then finalize and collect it at once."""
    waiting = drafts.pending_items(ctx, sub["customer"], sub["currency"], sub["id"])
    stored = drafts.store(ctx, invoice, [*drafts.pending_lines(waiting), *own])
    drafts.take_pending(ctx, stored, waiting)
    if sub["collection_method"] == "send_invoice":
        invoicing.schedule_finalization(ctx, stored)
        return stored
    invoicing.finalize(ctx, stored)
    if stored["status"] == "open" and behavior != "default_incomplete":
        outcome = invoicing.collect(ctx, stored, off_session=off_session)
        if behavior == "error_if_incomplete":
            invoicing.raise_unless_collected(outcome)
    return stored
