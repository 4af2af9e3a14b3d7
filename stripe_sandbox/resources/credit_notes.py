"""Credit notes: /v1/credit_notes (docs.stripe.com/api/credit_notes)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import credit_notes
from stripe_sandbox.core import listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import list_object, view
from stripe_sandbox.resources import common

Wire = dict[str, Any]
EMBEDDED = 10
PATH = "/v1/credit_notes"
PARAMS = """
    invoice amount credit_amount effective_at email_type memo metadata out_of_band_amount reason
    refund_amount refunds.refund refunds.amount_refunded lines.type lines.amount lines.description
    lines.invoice_line_item lines.metadata lines.quantity lines.tax_rates lines.unit_amount
    lines.unit_amount_decimal
"""


@view("credit_note")
def show(account: Any, note: Wire) -> Wire:
    """Adds the first ten lines."""
    key, lines = note["id"], note.get("_lines")
    url = f"{PATH}/{key}/lines"
    if lines is None:
        lines = list(account.store.select("credit_note_line_item", _credit_note=key))[::-1]
    first = [account.render(line) for line in lines[:EMBEDDED]]
    return note | {"lines": list_object(url, first, len(lines) > EMBEDDED)}


@view("credit_note_line_item")
def show_line(account: Any, line: Wire) -> Wire:
    """Adds the tax rates."""
    rates = [account.store.get("tax_rate", key) for key in line["_tax_rates"]]
    return line | {"tax_rates": [account.render(rate) for rate in rates]}


@operation("POST", PATH, params=PARAMS)
def create(ctx: Any, params: Wire) -> Wire:
    """Issue a credit note; no mail is sent."""
    return credit_notes.create(ctx, _invoice(ctx, params), _given(params))


@operation("GET", f"{PATH}/preview", params=PARAMS)
def preview(ctx: Any, params: Wire) -> Wire:
    """What would be issued; a refund that would be made is not in it."""
    note, lines = credit_notes.prepare(ctx, _invoice(ctx, params), _given(params))
    return note | {"_lines": lines}


@operation("GET", f"{PATH}/preview/lines", params=PARAMS)
def preview_lines(ctx: Any, params: Wire) -> ListPage:
    """Lines of what would be issued."""
    _note, lines = credit_notes.prepare(ctx, _invoice(ctx, params), _given(params))
    return listing.in_order(lines, "credit_note_line_item", params, f"{PATH}/preview/lines")


@operation("GET", PATH, params="created customer invoice")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Credit notes, newest first."""
    return listing.page(
        ctx,
        "credit_note",
        params,
        PATH,
        customer=params.get("customer"),
        invoice=params.get("invoice"),
    )


@operation("GET", PATH + "/{id}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One credit note."""
    return ctx.store.get("credit_note", key)


@operation("GET", PATH + "/{credit_note}/lines")
def list_lines(ctx: Any, params: Wire, key: str) -> ListPage:
    """Lines in the order of the credit note."""
    ctx.store.get("credit_note", key, "credit_note")
    rows = list(ctx.store.select("credit_note_line_item", _credit_note=key))[::-1]
    return listing.in_order(rows, "credit_note_line_item", params, f"{PATH}/{key}/lines")


@operation("POST", PATH + "/{id}", params="memo metadata")
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Memo and metadata can be changed."""
    note = ctx.store.get("credit_note", key)
    return common.update(ctx, note, "credit_note.updated", common.changes(note, params, "memo"))


@operation("POST", PATH + "/{id}/void")
def void(ctx: Any, params: Wire, key: str) -> Wire:
    """Take a credit note back."""
    note = ctx.store.get("credit_note", key)
    credit_notes.void(ctx, note)
    return note


def _invoice(ctx: Any, params: Wire) -> Wire:
    return ctx.store.get("invoice", params["invoice"], "invoice")


def _given(params: Wire) -> Wire:
    """The parameters with checked metadata."""
    return params | {"metadata": common.metadata({}, params.get("metadata"))}
