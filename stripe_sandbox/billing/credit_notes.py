"""Credit notes: what a finalized invoice is reduced by (docs.stripe.com/api/credit_notes).

A credit note first reduces what is still to be paid; the rest must go back: refunded, to the customer's
balance, or outside of Stripe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import balance, credit_lines, invoice_payments, invoicing
from stripe_sandbox.core import errors, ids
from stripe_sandbox.payments import refunds

Wire = dict[str, Any]

#: Assumed: an invoice that was written off can be credited as an open one.
CREDITABLE = ("open", "paid", "uncollectible")
WAYS = ("refund_amount", "credit_amount", "out_of_band_amount")


def prepare(ctx: Any, invoice: Wire, params: Mapping[str, Any]) -> tuple[Wire, list[Wire]]:
    """A credit note and its lines, checked and not stored; nothing has gone back yet."""
    if invoice["status"] not in CREDITABLE:
        raise errors.invalid(
            f"You can't create a credit note for this invoice because its status is "
            f"{invoice['status']}; it must be open, paid or uncollectible.",
            "invoice",
        )
    lines = credit_lines.build(ctx, invoice, params)
    sums = credit_lines.sums(lines)
    if "lines" in params and params.get("amount", sums["total"]) != sums["total"]:
        raise errors.invalid("The amount is not the total of the lines.", "amount")
    if sums["total"] <= 0:
        raise errors.invalid("Credit notes must be positive.", "amount")
    linked = _linked(ctx, invoice, params.get("refunds") or [])
    earlier = of_invoice(ctx, invoice)
    _check_total(ctx, invoice, sums["total"], earlier, linked)
    before_payment = min(sums["total"], invoice["amount_remaining"])
    after_payment = sums["total"] - before_payment
    _check_ways(params, after_payment, sum(row["amount_refunded"] for row in linked))
    kind = "mixed" if before_payment and after_payment else "post_payment"
    key, token = ids.new("cn"), ids.secret(32)
    note = {
        "id": key,
        "object": "credit_note",
        "amount_shipping": 0,
        "created": ctx.now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "effective_at": params.get("effective_at", ctx.now),
        "invoice": invoice["id"],
        "livemode": False,
        "memo": params.get("memo"),
        "metadata": dict(params.get("metadata") or {}),
        "number": f"{invoice['number']}-CN-{len(_all_of(ctx, invoice)) + 1:02d}",
        "out_of_band_amount": params.get("out_of_band_amount") or None,
        "pdf": f"{ctx.account.base_url}/pages/credit_note/{token}/pdf",
        "post_payment_amount": after_payment,
        "pre_payment_amount": before_payment,
        "reason": params.get("reason"),
        "refunds": linked,
        "shipping_cost": None,
        "status": "issued",
        "type": kind if after_payment else "pre_payment",
        "voided_at": None,
        "_token": token,
        **sums,
    }
    return note, [{"id": ids.new("cnli"), "_credit_note": key} | line for line in lines]


def create(ctx: Any, invoice: Wire, params: Mapping[str, Any]) -> Wire:
    """Issue a credit note: the invoice shrinks, and what was paid goes back as asked."""
    note, lines = prepare(ctx, invoice, params)
    note = ctx.store.insert(note)
    for line in lines:
        ctx.store.insert(line)
    if params.get("refund_amount"):
        refund = refunds.create(ctx, _charge(ctx, invoice), params["refund_amount"])
        row = {"amount_refunded": refund["amount"], "refund": refund["id"], "type": "refund"}
        ctx.store.update(note, refunds=[*note["refunds"], row])
    if params.get("credit_amount"):
        transaction = balance.announced(
            ctx,
            ctx.store.get("customer", note["customer"]),
            -params["credit_amount"],
            "credit_note",
            note["currency"],
            invoice=invoice["id"],
            credit_note=note["id"],
        )
        ctx.store.update(note, customer_balance_transaction=transaction["id"])
    ctx.emit("credit_note.created", note)
    _apply(ctx, invoice, note, +1)
    return note


def void(ctx: Any, note: Wire) -> None:
    """Take a credit note back; only while its invoice is open (assumed)."""
    invoice = ctx.store.get("invoice", note["invoice"])
    if note["status"] == "void":
        raise errors.invalid("This credit note is already void.")
    if note["post_payment_amount"] or invoice["status"] not in ("open", "uncollectible"):
        raise errors.invalid(
            "You can only void credit notes that reduced what is to be paid, while the invoice is open."
        )
    ctx.store.update(note, status="void", voided_at=ctx.now)
    ctx.emit("credit_note.voided", note)
    _apply(ctx, invoice, note, -1)


def _apply(ctx: Any, invoice: Wire, note: Wire, sign: int) -> None:
    """Let the invoice show a credit note (``sign`` -1: no longer); one that is credited is paid."""
    before, after = sign * note["pre_payment_amount"], sign * note["post_payment_amount"]
    invoicing.update(
        ctx,
        invoice,
        amount_due=invoice["amount_due"] - before,
        amount_remaining=invoice["amount_remaining"] - before,
        pre_payment_credit_notes_amount=invoice["pre_payment_credit_notes_amount"] + before,
        post_payment_credit_notes_amount=invoice["post_payment_credit_notes_amount"] + after,
    )
    if not before:
        return
    if not invoice["amount_remaining"]:
        invoice_payments.cancel_open(ctx, invoice)
        invoicing.mark_paid(ctx, invoice, 0, credited=True)
        return
    invoice_payments.ask_for(ctx, invoice, invoice["amount_remaining"])


def of_invoice(ctx: Any, invoice: Wire) -> list[Wire]:
    """Credit notes of an invoice that count."""
    return [note for note in _all_of(ctx, invoice) if note["status"] == "issued"]


def _all_of(ctx: Any, invoice: Wire) -> list[Wire]:
    return list(ctx.store.select("credit_note", invoice=invoice["id"]))


def _charge(ctx: Any, invoice: Wire) -> Wire:
    """The charge that paid an invoice."""
    charge = _charge_of(ctx, invoice)
    if charge is None:
        raise errors.invalid("This invoice has no charge that could be refunded.", "refund_amount")
    return charge


def _charge_of(ctx: Any, invoice: Wire) -> Wire | None:
    for payment in invoice_payments.of_invoice(ctx, invoice):
        if payment["status"] == "paid":
            intent = ctx.store.get("payment_intent", payment["payment"]["payment_intent"])
            return ctx.store.get("charge", intent["latest_charge"])
    return None


def _linked(ctx: Any, invoice: Wire, given: list[Wire]) -> list[Wire]:
    """Refunds of the invoice's charge that a credit note is to account for."""
    found: list[Wire] = []
    charge = _charge_of(ctx, invoice)
    for index, row in enumerate(given):
        path = f"refunds[{index}]"
        if "refund" not in row:
            raise errors.missing(f"{path}[refund]")
        refund = ctx.store.get("refund", row["refund"], f"{path}[refund]")
        if charge is None or refund["charge"] != charge["id"]:
            raise errors.invalid(
                f"The refund {refund['id']} is not of a charge of this invoice.", f"{path}[refund]"
            )
        notes = [*of_invoice(ctx, invoice), {"refunds": found}]
        used = sum(
            other["amount_refunded"]
            for note in notes
            for other in note["refunds"]
            if other["refund"] == refund["id"]
        )
        amount = row.get("amount_refunded", refund["amount"] - used)
        if amount <= 0 or used + amount > refund["amount"]:
            raise errors.invalid(
                "The refund is not as much, or other credit notes account for it.",
                f"{path}[amount_refunded]",
            )
        found.append({"amount_refunded": amount, "refund": refund["id"], "type": "refund"})
    return found


def _check_total(
    ctx: Any, invoice: Wire, total: int, earlier: list[Wire], linked: list[Wire]
) -> None:
    """Credit notes, and refunds that none accounts for, never come to more than the invoice."""
    charge = _charge_of(ctx, invoice)
    refunded = charge["amount_refunded"] if charge else 0
    rows = [row for note in earlier for row in note["refunds"]] + linked
    unlinked = max(0, refunded - sum(row["amount_refunded"] for row in rows))
    left = invoice["total"] - sum(note["total"] for note in earlier) - unlinked
    if total > left:
        raise errors.invalid(
            f"The credit note amount ({total}) is greater than what can still be credited on the invoice "
            f"({left}).",
            "amount",
        )


def _check_ways(params: Mapping[str, Any], needed: int, linked: int) -> None:
    """What goes back in all ways is exactly what had been paid of the amount."""
    for name in WAYS:
        if params.get(name, 0) < 0:
            raise errors.invalid("Invalid non-negative integer", name, "parameter_invalid_integer")
    if params.get("refund_amount") and linked:
        raise errors.invalid(
            "You may only specify one of these parameters: refund_amount, refunds.", "refunds"
        )
    given = sum(params.get(name, 0) for name in WAYS) + linked
    if given != needed:
        raise errors.invalid(
            f"The sum of credit amount, refund amount and out of band amount ({given}) must equal the post "
            f"payment amount ({needed}).",
        )
