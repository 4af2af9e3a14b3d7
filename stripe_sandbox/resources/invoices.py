"""Invoices and their lines: /v1/invoices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import (
    automatic_tax,
    catalog,
    composition,
    discounting,
    drafts,
    invoicing,
    proration,
)
from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import LAZY, list_object, view

Wire = dict[str, Any]

#: Embedded lists hold at most this many lines; the rest is read page by page.
EMBEDDED = 10
PATH = "/v1/invoices/{invoice}"
EDITABLE_WHEN_FINAL = {"auto_advance", "default_payment_method", "metadata"}
SHARED = """
    auto_advance automatic_tax.enabled collection_method days_until_due default_payment_method default_tax_rates
    description discounts due_date footer metadata number statement_descriptor
"""


@view("invoice")
def show(account: Any, invoice: Wire) -> Wire:
    """Adds lines (the first ten) and tax rates; payments and the secret only when expanded."""
    if invoice.get("deleted"):
        return invoice
    store, key = account.store, invoice.get("id")
    lines = invoice.get("_lines")
    if lines is None:
        lines = list(store.select("line_item", invoice=key))[::-1]
    rates = [store.get("tax_rate", rate) for rate in invoice["_default_tax_rates"]]
    url = f"/v1/invoices/{key}/lines"
    first = [account.render(line) for line in lines[:EMBEDDED]]
    return {
        **invoice,
        "default_tax_rates": [account.render(rate) for rate in rates],
        "lines": list_object(url, first, len(lines) > EMBEDDED),
        LAZY: {
            "payments": lambda: _payments(account, key),
            "confirmation_secret": lambda: _confirmation_secret(account, invoice),
        },
    }


def _payments(account: Any, key: str) -> Wire:
    rows = list(account.store.select("invoice_payment", invoice=key))
    return list_object(f"/v1/invoice_payments?invoice={key}", [account.render(row) for row in rows])


def _confirmation_secret(account: Any, invoice: Wire) -> Wire | None:
    """Client secret of the PaymentIntent that pays an open invoice."""
    for payment in account.store.select("invoice_payment", invoice=invoice["id"]):
        intent = account.store.find("payment_intent", payment["payment"]["payment_intent"])
        if intent and payment["is_default"]:
            return {"client_secret": intent["client_secret"], "type": "payment_intent"}
    return None


@operation("GET", "/v1/invoices/{invoice}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    return ctx.store.get("invoice", key, "invoice")


@operation(
    "GET",
    "/v1/invoices",
    params="collection_method created customer due_date status subscription",
)
def list_all(ctx: Any, params: Wire) -> ListPage:
    customer = params.get("customer")
    if "subscription" in params:
        sub = ctx.store.get("subscription", params["subscription"], "subscription")
        customer = customer or sub["customer"]
    due = params.get("due_date")
    return listing.page(
        ctx,
        "invoice",
        params,
        "/v1/invoices",
        where=lambda row: due is None or listing.in_range(row["due_date"], due),
        customer=customer,
        status=params.get("status"),
        collection_method=params.get("collection_method"),
        _subscription=params.get("subscription"),
    )


@operation("GET", "/v1/invoices/{invoice}/lines")
def list_lines(ctx: Any, params: Wire, key: str) -> ListPage:
    """In the order of the invoice, which is not newest first (assumption)."""
    rows = drafts.lines_of(ctx, ctx.store.get("invoice", key, "invoice"))
    return listing.in_order(rows, "line_item", params, f"/v1/invoices/{key}/lines")


@operation(
    "POST",
    "/v1/invoices",
    params=SHARED + "currency customer pending_invoice_items_behavior subscription",
)
def create(ctx: Any, params: Wire) -> Wire:
    """An empty draft; it takes waiting invoice items only when asked to."""
    customer = catalog.customer_for(ctx, params)
    sub = None
    if "subscription" in params:
        sub = ctx.store.get("subscription", params["subscription"], "subscription")
    currency = params.get("currency") or (sub or customer)["currency"] or ctx.account.currency
    catalog.customer_currency(ctx, customer, currency)
    invoice = drafts.new_invoice(
        ctx,
        customer,
        currency,
        "subscription_update" if sub else "manual",
        subscription=sub,
        auto_advance=params.get("auto_advance", False),
        id=drafts.new_id(),
    )
    given = {"collection_method": invoice["collection_method"], **params}
    invoice |= _fields(ctx, invoice, given, new=True)
    waiting = []
    if sub or params.get("pending_invoice_items_behavior") == "include":
        waiting = drafts.pending_items(ctx, customer["id"], currency, sub and sub["id"])
    stored = drafts.store(ctx, invoice, drafts.pending_lines(waiting))
    drafts.take_pending(ctx, stored, waiting)
    if stored["auto_advance"]:
        invoicing.schedule_finalization(ctx, stored)
    return stored


@operation("POST", PATH, params=SHARED)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """A draft takes all; a finalized invoice only what does not touch money."""
    invoice = ctx.store.get("invoice", key, "invoice")
    if invoice["status"] != "draft":
        frozen = sorted(set(params) - EDITABLE_WHEN_FINAL)
        if frozen:
            raise errors.invalid(
                "Finalized invoices can't be updated in this way", frozen[0], "invoice_not_editable"
            )
    changed = _fields(ctx, invoice, params)
    invoicing.update(ctx, invoice, **changed)
    if invoice["status"] == "draft":
        if {"automatic_tax", "discounts", "_default_tax_rates"} & set(changed):
            drafts.refresh(ctx, invoice)
        if params.get("auto_advance"):
            invoicing.schedule_finalization(ctx, invoice)
    return invoice


def _fields(ctx: Any, invoice: Wire, params: Mapping[str, Any], new: bool = False) -> Wire:
    fields: Wire = {}
    for name in ("auto_advance", "description", "footer", "number", "statement_descriptor"):
        if name in params:
            fields[name] = params[name] if params[name] != "" else None
    if "metadata" in params:
        fields["metadata"] = catalog.merged_metadata(invoice["metadata"], params["metadata"])
    if params.get("default_payment_method"):
        fields["default_payment_method"] = catalog.payment_method_of(
            ctx, params["default_payment_method"], invoice["customer"], "default_payment_method"
        )
    if "default_tax_rates" in params:
        fields["_default_tax_rates"] = catalog.tax_rate_ids(
            ctx, params["default_tax_rates"], "default_tax_rates"
        )
    if "automatic_tax" in params:
        fields["automatic_tax"] = _automatic_tax(ctx, invoice, params)
    rates = fields.get("_default_tax_rates", invoice["_default_tax_rates"])
    if fields.get("automatic_tax", invoice["automatic_tax"])["enabled"]:
        automatic_tax.require_no_rates([rates])
    if "discounts" in params:
        prepared = discounting.prepare(
            ctx,
            params["discounts"],
            param="discounts",
            currency=invoice["currency"],
            customer=invoice["customer"],
            invoice=invoice["id"],
        )
        fields["discounts"] = discounting.save(ctx, prepared)
    return fields | _due(ctx, invoice, params, new)


def _automatic_tax(ctx: Any, invoice: Wire, params: Mapping[str, Any]) -> Wire:
    """Automatic tax switched on or off; a draft may wait for the customer's location."""
    on = automatic_tax.wanted(params)
    if on:
        automatic_tax.require_settings(ctx)
        own = drafts.lines_of(ctx, invoice)
        automatic_tax.require_no_rates(line["_tax_rates"] for line in own)
    return automatic_tax.of_invoice(on)


def _due(ctx: Any, invoice: Wire, params: Mapping[str, Any], new: bool) -> Wire:
    """Collection method and due date, which go together."""
    method = params.get("collection_method", invoice["collection_method"])
    days, date = params.get("days_until_due"), params.get("due_date")
    if days is not None and date is not None:
        raise errors.invalid("You may only pass one of days_until_due and due_date.", "due_date")
    if days is None and date is None:
        if new and method == "send_invoice" and invoice["_days_until_due"] is None:
            composition.check_days_until_due(method, None)
        return {"collection_method": method} if "collection_method" in params else {}
    composition.check_days_until_due(method, 0)
    if date is not None:
        return {"collection_method": method, "due_date": date, "_days_until_due": None}
    return {
        "collection_method": method,
        "due_date": ctx.now + days * proration.DAY,
        "_days_until_due": days,
    }


@operation("DELETE", "/v1/invoices/{invoice}")
def delete(ctx: Any, params: Wire, key: str) -> Wire:
    """Only drafts that no subscription made; their invoice items go with them."""
    invoice = ctx.store.get("invoice", key, "invoice")
    if invoice["status"] != "draft":
        raise errors.invalid("You can only delete draft invoices.", code="invoice_not_editable")
    if invoice["_subscription"]:
        raise errors.invalid("You can't delete invoices created by subscriptions.")
    for item in list(ctx.store.select("invoiceitem", invoice=key)):
        ctx.store.remove(item)
    for line in drafts.lines_of(ctx, invoice):
        ctx.store.remove(line)
    ctx.emit("invoice.deleted", invoice)
    ctx.store.remove(invoice)
    return {"id": key, "object": "invoice", "deleted": True}


@operation("POST", "/v1/invoices/{invoice}/finalize", params="auto_advance")
def finalize(ctx: Any, params: Wire, key: str) -> Wire:
    invoice = ctx.store.get("invoice", key, "invoice")
    invoicing.finalize(ctx, invoice, auto_advance=params.get("auto_advance"))
    if invoice["status"] == "open" and invoice["auto_advance"]:
        invoicing.schedule_collection(ctx, invoice)
    return invoice


@operation(
    "POST", "/v1/invoices/{invoice}/pay", params="off_session paid_out_of_band payment_method"
)
def pay(ctx: Any, params: Wire, key: str) -> Wire:
    invoice = ctx.store.get("invoice", key, "invoice")
    method = params.get("payment_method")
    if method:
        catalog.payment_method_of(ctx, method, invoice["customer"], "payment_method")
    return invoicing.pay(
        ctx,
        invoice,
        payment_method=method,
        paid_out_of_band=params.get("paid_out_of_band", False),
        off_session=params.get("off_session", True),
    )


@operation("POST", "/v1/invoices/{invoice}/send")
def send(ctx: Any, params: Wire, key: str) -> Wire:
    """Finalizes a draft and says it was sent; no mail leaves the sandbox, as in Stripe's test
    mode.
    """
    invoice = ctx.store.get("invoice", key, "invoice")
    if invoice["collection_method"] != "send_invoice":
        raise errors.invalid(
            "You can only manually send an invoice if its collection method is 'send_invoice'."
        )
    invoicing.require(invoice, "draft", "open", "paid", to="send")
    if invoice["status"] == "draft":
        invoicing.finalize(ctx, invoice)
    ctx.emit("invoice.sent", invoice)
    return invoice


@operation("POST", "/v1/invoices/{invoice}/void")
def void(ctx: Any, params: Wire, key: str) -> Wire:
    invoice = ctx.store.get("invoice", key, "invoice")
    invoicing.void(ctx, invoice)
    return invoice


@operation("POST", "/v1/invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(ctx: Any, params: Wire, key: str) -> Wire:
    invoice = ctx.store.get("invoice", key, "invoice")
    invoicing.mark_uncollectible(ctx, invoice)
    return invoice
