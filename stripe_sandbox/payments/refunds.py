"""Refunds of charges: money that goes back to the card (docs.stripe.com/refunds).

A refund of a card succeeds at once; a moment later the bank gives it a reference number. Test cards make it
wait first, or fail after it had succeeded. Stripe keeps the fee of the charge.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from stripe_sandbox.billing import money
from stripe_sandbox.core import errors, ids
from stripe_sandbox.core.clocks import scheduled
from stripe_sandbox.payments import cards, charges, disputes, ledger

Wire = dict[str, Any]
#: Seconds until the bank has said its word, on the wall clock even for test clocks; Stripe says "some time".
SETTLED_AFTER = 1
FAILURE = "expired_or_canceled_card"


def charge_of_intent(ctx: Any, key: str) -> Wire:
    """The charge that a PaymentIntent succeeded with."""
    intent = ctx.store.get("payment_intent", key, "payment_intent")
    if intent["status"] != "succeeded":
        raise not_charged(key)
    return ctx.store.get("charge", intent["latest_charge"])


def not_charged(intent: str) -> errors.ApiError:
    """Stripe's words when there is nothing to give back."""
    return errors.invalid(
        f"This PaymentIntent ({intent}) does not have a successful charge to refund.",
        "payment_intent",
    )


def create(
    ctx: Any,
    charge: Wire,
    amount: int | None = None,
    *,
    reason: str | None = None,
    metadata: Mapping[str, str] | None = None,
    instructions_email: str | None = None,
) -> Wire:
    """Give back ``amount`` minor units of a charge, or all that is left of it."""
    amount = _checked(ctx, charge, amount)
    charges.settle(ctx, charge["id"])
    card = _card(ctx, charge)
    pends = card.refund == "pends"
    refund = {
        "id": ids.new("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": ctx.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "destination_details": {
            "type": "card",
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
        },
        "metadata": dict(metadata or {}),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if pends else "succeeded",
        "transfer_reversal": None,
    }
    if pends:
        refund["pending_reason"] = "processing"
    if instructions_email:
        refund["instructions_email"] = instructions_email
    ctx.store.insert(refund)
    entry = ledger.enter(
        ctx,
        "refund",
        refund,
        -ledger.share(ctx, charge, charge["amount_refunded"], amount),
        available_on=ledger.available_with(ctx, charge),
        exchange_rate=ledger.rate_of(ctx, charge),
        description=f"REFUND FOR CHARGE ({charge['description']})"
        if charge["description"]
        else None,
    )
    ctx.store.update(refund, balance_transaction=entry["id"])
    ctx.emit("refund.created", refund)
    ctx.emit("charge.refunded", charge, _count(ctx, charge, amount))
    ctx.account.schedule(int(time.time()) + SETTLED_AFTER, "refund.settle", refund["id"])
    return refund


def change(ctx: Any, refund: Wire, **values: Any) -> None:
    """Change a refund and say so, in the two ways that Stripe does for cards."""
    previous = ctx.store.update(refund, **values)
    if previous:
        ctx.emit("refund.updated", refund, previous)
        ctx.emit("charge.refund.updated", refund, previous)


def _checked(ctx: Any, charge: Wire, amount: int | None) -> int:
    """The amount to give back; Stripe's refusal when there is not as much."""
    if charge["status"] != "succeeded":
        raise not_charged(charge["payment_intent"])
    left = charge["amount"] - charge["amount_refunded"]
    if not left:
        raise errors.invalid(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    disputes.refuse_refund(ctx, charge)
    if amount is None:
        return left
    if amount <= 0:
        raise errors.invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if amount > left:
        whose = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        words = [money.display(value, charge["currency"]) for value in (amount, left)]
        raise errors.invalid(
            f"Refund amount ({words[0]}) is greater than {whose} ({words[1]})", "amount"
        )
    if amount % money.step(charge["currency"]):
        words = (
            f"Amounts in {charge['currency']} are multiples of {money.step(charge['currency'])}."
        )
        raise errors.invalid(words, "amount")
    return amount


def _count(ctx: Any, charge: Wire, amount: int) -> Wire:
    """Count what was given back (or came back) on the charge; return the previous values."""
    refunded = charge["amount_refunded"] + amount
    return ctx.store.update(charge, amount_refunded=refunded, refunded=refunded == charge["amount"])


def _card(ctx: Any, charge: Wire) -> cards.Card:
    """The test card that was charged; how refunds of bank debits come about is not there."""
    method = ctx.store.get("payment_method", charge["payment_method"])
    if method["type"] != "card":
        raise errors.not_implemented(f"refunds of {method['type']}", "charge")
    return cards.CARDS[method["_number"]]


@scheduled("refund.settle")
def settle(ctx: Any, key: str) -> None:
    """The bank says its word on a refund: a reference number, success after waiting, or failure."""
    refund = ctx.store.find("refund", key)
    if refund is None or refund["status"] not in ("pending", "succeeded"):
        return
    ctx = ctx.account.context().follow(refund)
    charge = ctx.store.get("charge", refund["charge"])
    card = _card(ctx, charge)
    if card.refund == "fails":
        fail(ctx, refund, FAILURE)
        return
    values: Wire = {"status": "succeeded"}
    if "pending_reason" in refund:
        values["pending_reason"] = None
    details = refund["destination_details"]
    reference = {
        "reference": str(secrets.randbelow(9 * 10**15) + 10**15),
        "reference_status": "available",
    }
    change(
        ctx,
        refund,
        destination_details=details | {"card": details["card"] | reference},
        **values,
    )


def fail(ctx: Any, refund: Wire, reason: str) -> None:
    """The bank sends the money back: it is on the account's balance again, and not refunded."""
    charge = ctx.store.get("charge", refund["charge"])
    taken = ctx.store.get("balance_transaction", refund["balance_transaction"])
    entry = ledger.enter(
        ctx,
        "refund_failure",
        refund,
        -taken["amount"],
        exchange_rate=taken["exchange_rate"],
        description=taken["description"] and f"REFUND FAILURE ({charge['description']})",
    )
    previous = ctx.store.update(
        refund,
        status="failed",
        failure_reason=reason,
        failure_balance_transaction=entry["id"],
    )
    ctx.emit("refund.failed", refund, previous)
    ctx.emit("refund.updated", refund, previous)
    ctx.emit("charge.refund.updated", refund, previous)
    ctx.emit("charge.updated", charge, _count(ctx, charge, -refund["amount"]))
