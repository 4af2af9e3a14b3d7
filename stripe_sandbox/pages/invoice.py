"""The hosted page of an invoice, its PDF, and the receipt of a payment."""

from __future__ import annotations

from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_sandbox.billing import drafts
from stripe_sandbox.core.server import page
from stripe_sandbox.pages import pdf, rendering
from stripe_sandbox.payments import collect
from stripe_sandbox.resources import payment_intents, payment_methods

Wire = dict[str, Any]
PREFIX, RECEIPT = "/pages/invoice/", "/pages/receipt/"


@page(PREFIX)
def answer(sandbox: Any, request: Request) -> Response:
    """Show the invoice, its PDF, or take the card that was entered."""
    token, _slash, rest = request.path.removeprefix(PREFIX).partition("/")
    found = sandbox.find_by_token("invoice", token)
    if found is None:
        return rendering.message("Not found", "There is no such invoice.")
    account, invoice = found
    with account.lock:
        ctx = account.context().follow(invoice)
        if rest == "pdf":
            name = f"Invoice-{invoice['number']}.pdf"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(
                pdf.draw(contents(ctx, invoice)), 200, headers, content_type="application/pdf"
            )
        if request.method == "POST" and invoice["status"] == "open":
            return _pay(ctx, invoice, request)
        return show(ctx, invoice)


@page(RECEIPT)
def receipt(sandbox: Any, request: Request) -> Response:
    """Say what was paid."""
    found = sandbox.find_by_token("payment_intent", request.path.removeprefix(RECEIPT))
    if found is None:
        return rendering.message("Not found", "There is no such receipt.")
    account, intent = found
    amount = rendering.amount(intent["amount_received"], intent["currency"])
    return rendering.message("Receipt", f"{amount} was paid to {account.name}.")


def _pay(ctx: Any, invoice: Wire, request: Request) -> Response:
    form = request.form.to_dict()
    card, month, year, faults = rendering.read_card(form, ctx.now)
    if faults or card is None:
        return show(ctx, invoice, form=form, faults=faults)
    method = payment_methods.new(ctx, card, month=month, year=year, name=form["billingName"])
    outcome = collect.charge_invoice(ctx, invoice, method["id"], off_session=False)
    if outcome.status == "requires_action":
        return redirect(outcome.payment_intent["next_action"]["redirect_to_url"]["url"], 303)
    payment_intents.tell_invoice(ctx, outcome)
    if outcome.error:
        return show(ctx, invoice, form=form, error=outcome.error)
    payment_methods.tie(ctx, method, ctx.store.get("customer", invoice["customer"]))
    return redirect(invoice["hosted_invoice_url"], 303)


def contents(ctx: Any, invoice: Wire) -> Wire:
    """What page and PDF show, as texts."""
    currency = invoice["currency"]

    def text(value: int) -> str:
        return rendering.amount(value, currency)

    taxes = []
    for row in invoice["total_taxes"] or []:
        rate = ctx.store.get("tax_rate", row["tax_rate_details"]["tax_rate"])
        kind = " included" if row["tax_behavior"] == "inclusive" else ""
        name = f"{rate['display_name']} ({rate['percentage']:g}%{kind})"
        taxes.append({"name": name, "amount": text(row["amount"])})
    discount = sum(row["amount"] for row in invoice["total_discount_amounts"] or [])
    return {
        "seller": ctx.account.name,
        "number": invoice["number"],
        "date": rendering.day(invoice["status_transitions"]["finalized_at"] or invoice["created"]),
        "customer": invoice["customer_name"] or invoice["customer_email"] or invoice["customer"],
        "status": invoice["status"],
        "lines": [
            {"description": line["description"] or "", "amount": text(line["amount"])}
            for line in drafts.lines_of(ctx, invoice)
        ],
        "discount": discount and text(discount),
        "taxes": taxes,
        "total": text(invoice["total"]),
        "due": text(invoice["amount_remaining"]),
    }


def show(
    ctx: Any,
    invoice: Wire,
    *,
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    error: Wire | None = None,
) -> Response:
    """The page of the invoice."""
    return rendering.page(
        "invoice.html",
        **contents(ctx, invoice),
        pdf=invoice["invoice_pdf"],
        form=form or {},
        faults=faults or {},
        message=error and error["message"],
    )
