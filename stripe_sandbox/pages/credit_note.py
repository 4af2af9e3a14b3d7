"""The PDF of a credit note."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from stripe_sandbox.core.server import page
from stripe_sandbox.pages import invoice as invoice_page
from stripe_sandbox.pages import pdf, rendering

Wire = dict[str, Any]
PREFIX = "/pages/credit_note/"


@page(PREFIX)
def answer(sandbox: Any, request: Request) -> Response:
    """The PDF; there is no page of a credit note."""
    token, _slash, rest = request.path.removeprefix(PREFIX).partition("/")
    found = sandbox.find_by_token("credit_note", token)
    if found is None or rest != "pdf":
        return rendering.not_found("credit note")
    account, note = found
    with account.lock:
        document = pdf.draw(_contents(account.context(), note))
    headers = {"Content-Disposition": f'attachment; filename="CreditNote-{note["number"]}.pdf"'}
    return Response(document, 200, headers, content_type="application/pdf")


def _contents(ctx: Any, note: Wire) -> Wire:
    """The texts, in the layout of the invoice."""
    invoice = ctx.store.get("invoice", note["invoice"])
    lines = list(ctx.store.select("credit_note_line_item", _credit_note=note["id"]))[::-1]

    def text(value: int) -> str:
        return rendering.amount(value, note["currency"])

    named = {"total_discount_amounts": note["discount_amounts"], "total_taxes": note["total_taxes"]}
    return invoice_page.contents(ctx, invoice) | {
        "title": "Credit note",
        "number": note["number"],
        "date": rendering.day(note["effective_at"]),
        "due_date": None,
        "paid_date": None,
        "status": note["status"],
        "lines": [
            {
                "description": line["description"] or "",
                "period": "",
                "quantity": "" if line["quantity"] is None else str(line["quantity"]),
                "amount": text(line["amount"]),
            }
            for line in lines
        ],
        "subtotal": text(note["subtotal"]),
        "discount": rendering.discount(invoice | named),
        "taxes": rendering.taxes(ctx, invoice | named),
        "total": text(note["total"]),
        "balance": "",
        "credited": "",
        "paid": "",
        "last": f"Credited on {invoice['number']}",
        "due": text(note["total"]),
        "description": note["memo"],
    }
