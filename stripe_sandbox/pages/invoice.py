"""The hosted page of an invoice, its PDF, and the receipt of a payment."""

from __future__ import annotations

from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_sandbox.billing import drafts, invoicing
from stripe_sandbox.core import errors
from stripe_sandbox.core.server import page
from stripe_sandbox.pages import card_form, pdf, rendering
from stripe_sandbox.payments import banks, debits
from stripe_sandbox.resources import payment_methods

Wire = dict[str, Any]
PREFIX, RECEIPT = "/pages/invoice/", "/pages/receipt/"
PAYABLE = ("open", "uncollectible")
ASKS = "invoice_payment_intent_requires_action"


@page(PREFIX)
def answer(sandbox: Any, request: Request) -> Response:
    """Show the invoice, its PDF, or take the card or bank account that was entered."""
    token, _slash, rest = request.path.removeprefix(PREFIX).partition("/")
    found = sandbox.find_by_token("invoice", token)
    if found is None or rest not in ("", "pdf"):
        return rendering.not_found("invoice")
    account, invoice = found
    with account.lock:
        ctx = account.context().follow(invoice)
        if rest == "pdf":
            name = f"Invoice-{invoice['number']}.pdf"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            document = pdf.draw(contents(ctx, invoice))
            return Response(document, 200, headers, content_type="application/pdf")
        if request.method == "POST" and invoice["status"] in PAYABLE:
            return _pay(ctx, invoice, request.form.to_dict())
        if request.method == "POST":
            return redirect(invoice["hosted_invoice_url"], 303)
        return show(ctx, invoice)


@page(RECEIPT)
def receipt(sandbox: Any, request: Request) -> Response:
    """Say what was paid."""
    found = sandbox.find_by_token("payment_intent", request.path.removeprefix(RECEIPT))
    if found is None or found[1]["status"] != "succeeded":
        return rendering.not_found("receipt")
    account, intent = found
    amount = rendering.amount(intent["amount_received"], intent["currency"])
    return rendering.message("Receipt", f"{amount} was paid to {account.name}.")


def _pay(ctx: Any, invoice: Wire, form: dict[str, str]) -> Response:
    kinds = debits.offered(ctx.account, invoice["currency"])
    read = card_form.read(form, ctx.now, kinds=kinds)
    if read.faults or read.card is None:
        return show(ctx, invoice, form=form, faults=read.faults, http_status=422)
    try:
        with ctx.account.undoable(ctx, lambda error: not getattr(error, "is_card_error", False)):
            method = payment_methods.new(
                ctx,
                read.card,
                month=read.month,
                year=read.year,
                email=invoice["customer_email"],
                **read.billing,
            )
            invoicing.pay(ctx, invoice, payment_method=method["id"], off_session=False)
    except errors.ApiError as error:
        confirmation = _confirmation_url(ctx, invoice)
        if error.body.get("code") == ASKS and confirmation:
            return redirect(confirmation, 303)
        return show(ctx, invoice, form=form, message=str(error), http_status=error.status)
    return redirect(invoice["hosted_invoice_url"], 303)


def _intent(ctx: Any, invoice: Wire) -> Wire | None:
    return ctx.store.find("payment_intent", invoice.get("_payment_intent"))


def _confirmation_url(ctx: Any, invoice: Wire) -> str | None:
    """Where the customer confirms a payment that their bank asks about."""
    intent = _intent(ctx, invoice)
    if intent is None or intent["status"] != "requires_action":
        return None
    return intent["next_action"]["redirect_to_url"]["url"]


def _receipt_url(ctx: Any, invoice: Wire) -> str | None:
    """Where the receipt of the card payment is, if there was one."""
    intent = _intent(ctx, invoice)
    if intent is None or intent["status"] != "succeeded":
        return None
    return ctx.store.get("charge", intent["latest_charge"])["receipt_url"]


def contents(ctx: Any, invoice: Wire) -> Wire:
    """What page and PDF show, as texts."""
    currency, moments = invoice["currency"], invoice["status_transitions"]

    def text(value: int) -> str:
        return rendering.amount(value, currency)

    due, paid_at = invoice["due_date"], moments["paid_at"]
    credited = invoice["pre_payment_credit_notes_amount"]
    used = invoice["amount_due"] + credited - invoice["total"]
    return {
        "seller": ctx.account.name,
        "number": invoice["number"],
        "date": rendering.day(moments["finalized_at"] or invoice["created"]),
        "due_date": rendering.day(due) if due and not paid_at else None,
        "paid_date": rendering.day(paid_at) if paid_at else None,
        "customer": invoice["customer_name"] or invoice["customer_email"] or invoice["customer"],
        "bill_to": _bill_to(invoice),
        "status": invoice["status"],
        "lines": [_line(line, text) for line in drafts.lines_of(ctx, invoice)],
        "subtotal": text(invoice["subtotal"]),
        "discount": rendering.discount(invoice),
        "taxes": rendering.taxes(ctx, invoice),
        "total": text(invoice["total"]),
        "balance": text(used) if used else "",
        "credited": text(-credited) if credited else "",
        "paid": text(invoice["amount_paid"]) if invoice["amount_paid"] else "",
        "due": text(invoice["amount_remaining"]),
        "description": invoice["description"],
        "footer": invoice["footer"],
    }


def _line(line: Wire, text: Any) -> Wire:
    start, end = line["period"]["start"], line["period"]["end"]
    span = f"{rendering.day(start)} – {rendering.day(end)}" if end > start else ""
    return {
        "description": line["description"] or "",
        "period": span,
        "quantity": "" if line["quantity"] is None else str(line["quantity"]),
        "amount": text(line["amount"]),
    }


def _bill_to(invoice: Wire) -> list[str]:
    """Name, address and e-mail of the customer, a line each."""
    address = invoice["customer_address"] or {}
    town = " ".join(address[key] for key in ("postal_code", "city", "state") if address.get(key))
    rows = [
        invoice["customer_name"],
        address.get("line1"),
        address.get("line2"),
        town,
        address.get("country"),
        invoice["customer_email"],
    ]
    return [row for row in rows if row]


def show(
    ctx: Any,
    invoice: Wire,
    *,
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    message: str | None = None,
    http_status: int = 200,
) -> Response:
    """The page of the invoice, with a form while there is something to pay."""
    intent = _intent(ctx, invoice)
    processing = bool(intent) and intent["status"] == "processing"
    given = {k: v for k, v in (form or {}).items() if k != "cardCvc"}
    country = (invoice["customer_address"] or {}).get("country") or ctx.account.country
    if message is None and invoice["status"] in PAYABLE:
        last = intent and intent["last_payment_error"]
        message = last and last["message"]
    return rendering.page(
        "invoice.html",
        http_status,
        **contents(ctx, invoice),
        pdf=invoice["invoice_pdf"],
        receipt=_receipt_url(ctx, invoice),
        payable=invoice["status"] in PAYABLE and invoice["amount_remaining"] > 0 and not processing,
        processing=processing,
        kinds=banks.names(debits.offered(ctx.account, invoice["currency"])),
        confirmation=_confirmation_url(ctx, invoice),
        form={"billingCountry": country, "billingName": invoice["customer_name"]} | given,
        faults=faults or {},
        message=message,
    )
