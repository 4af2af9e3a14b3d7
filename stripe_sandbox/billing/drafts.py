"""Draft invoices: their wire shape, their lines, and the totals that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stripe_sandbox.billing import automatic_tax, discounting, lines, tax_ids, totals
from stripe_sandbox.core import ids

Wire = dict[str, Any]

#: A draft of a subscription is finalized about an hour after it was made.
FINALIZE_AFTER = 3600


def new_invoice(
    ctx: Any,
    customer: Wire,
    currency: str,
    billing_reason: str,
    *,
    period: tuple[int, int] | None = None,
    subscription: Wire | None = None,
    **changes: Any,
) -> Wire:
    """A draft without id and lines; settings come from the subscription, then from ``changes``."""
    sub = subscription or {}
    start, end = period or (ctx.now, ctx.now)
    parent = None
    if subscription:
        parent = {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(sub["metadata"]),
                "subscription": sub["id"],
                "subscription_proration_date": None,
            },
        }
    settings = sub.get("invoice_settings") or {}
    invoice = {
        "object": "invoice",
        "account_country": ctx.account.country,
        "account_name": ctx.account.name,
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": automatic_tax.of_invoice(
            sub.get("automatic_tax", {}).get("enabled", False)
        ),
        "automatically_finalizes_at": None,
        "billing_reason": billing_reason,
        "collection_method": sub.get("collection_method", "charge_automatically"),
        "created": ctx.now,
        "currency": currency,
        "custom_fields": None,
        "customer_account": None,
        "default_payment_method": None,
        "default_source": None,
        "description": settings.get("description"),
        "discounts": list(sub.get("discounts", ())),
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": settings.get("footer"),
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self", "account": None},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": parent,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": end,
        "period_start": start,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": customer["balance"],
        "statement_descriptor": None,
        "status": "draft",
        "status_details": None,
        "status_transitions": dict.fromkeys(
            ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
        ),
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": customer["test_clock"],
        "threshold_reason": None,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
        "_default_tax_rates": list(sub.get("_default_tax_rates", ())),
        "_days_until_due": sub.get("days_until_due"),
        "_subscription": sub.get("id"),
    }
    return invoice | customer_snapshot(ctx, customer) | changes


def customer_snapshot(ctx: Any, customer: Wire) -> Wire:
    """The customer fields an invoice copies until it is finalized."""
    return {
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [
            {"type": row["type"], "value": row["value"]}
            for row in tax_ids.of_customer(ctx.store, customer["id"])
        ],
    }


def compute(
    ctx: Any,
    invoice: Wire,
    invoice_lines: Sequence[Wire],
    balance: int,
    unsaved: Mapping[str, Wire] | None = None,
) -> int:
    """Set all amounts of invoice and lines; returns the customer's balance once it is finalized."""
    if invoice["automatic_tax"]["enabled"]:
        automatic_tax.assign(ctx, invoice, invoice_lines)
    rate_ids = {key for line in invoice_lines for key in line["_tax_rates"]}
    rate_ids.update(key for line in invoice_lines for key, _reason in line["_automatic"])
    rate_ids.update(invoice["_default_tax_rates"])
    rates = {key: totals.pure_rate(ctx.store.get("tax_rate", key)) for key in rate_ids}
    keys = [*invoice["discounts"], *(key for line in invoice_lines for key in line["discounts"])]
    used = discounting.for_computation(ctx, dict.fromkeys(keys), invoice["currency"], unsaved)
    totals.compute(invoice, invoice_lines, rates, used)
    return totals.settle(invoice, balance)


def new_id() -> str:
    """Id of an invoice that something must name before it is stored."""
    return ids.new("in")


def store(ctx: Any, invoice: Wire, invoice_lines: Iterable[Wire]) -> Wire:
    """Give ids to a draft and its lines, compute and keep them, and say so."""
    invoice_lines = list(invoice_lines)
    invoice.setdefault("id", new_id())
    ending = compute(ctx, invoice, invoice_lines, invoice["starting_balance"])
    ctx.store.insert(invoice | {"_ending_balance": ending})
    for line in invoice_lines:
        ctx.store.insert({"id": ids.new("il")} | line | {"invoice": invoice["id"]})
    stored = ctx.store.get("invoice", invoice["id"])
    ctx.emit("invoice.created", stored)
    return stored


def add_lines(ctx: Any, invoice: Wire, new: Iterable[Wire]) -> None:
    """Add lines to a stored draft and recompute it."""
    for line in new:
        ctx.store.insert({"id": ids.new("il")} | line | {"invoice": invoice["id"]})
    refresh(ctx, invoice)


def lines_of(ctx: Any, invoice: Wire) -> list[Wire]:
    """Stored lines of an invoice in the order they were added."""
    return list(ctx.store.select("line_item", invoice=invoice["id"]))[::-1]


def refresh(ctx: Any, invoice: Wire) -> Wire:
    """Recompute a stored draft from its lines and the customer as they are now."""
    customer = ctx.store.get("customer", invoice["customer"])
    computed = {**invoice, **customer_snapshot(ctx, customer)}
    changed = [dict(line) for line in lines_of(ctx, invoice)]
    computed["_ending_balance"] = compute(ctx, computed, changed, customer["balance"])
    for line in changed:
        stored = ctx.store.get("line_item", line["id"])
        ctx.store.update(stored, **{key: line[key] for key in line if line[key] != stored[key]})
    return ctx.store.update(
        invoice, **{key: value for key, value in computed.items() if value != invoice.get(key)}
    )


def pending_items(ctx: Any, customer: str, currency: str, subscription: str | None) -> list[Wire]:
    """Invoice items that wait for the next invoice, oldest first.

    The next invoice of a subscription takes its own and those that name no subscription; an
    invoice made by hand takes only the latter.
    """
    waiting = []
    for item in ctx.store.select("invoiceitem", customer=customer):
        mine = item["_subscription"] in (None, subscription)
        if item["invoice"] is None and item["currency"] == currency and mine:
            waiting.append(item)
    return waiting[::-1]


def take_pending(ctx: Any, invoice: Wire, waiting: Iterable[Wire]) -> None:
    """Mark invoice items as being on ``invoice``, whose lines already show them."""
    for item in waiting:
        ctx.store.update(item, invoice=invoice["id"])


def pending_lines(waiting: Iterable[Wire]) -> list[Wire]:
    return [lines.for_invoice_item(item) for item in waiting]
