"""Disputes of charges: the bank takes the money back until it has decided (docs.stripe.com/disputes).

Test cards are disputed a moment after they have paid. Stripe's texts for tests decide the outcome once they
are submitted as ``uncategorized_text`` (docs.stripe.com/testing#disputes). Assumed: what is withdrawn is the
part of the charge that was not refunded, the fee is USD 15 and comes back with a won dispute, evidence is
due after nine days.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from stripe_sandbox.core import errors, ids
from stripe_sandbox.core.clocks import scheduled
from stripe_sandbox.payments import banks, cards, charges, fees, ledger

Wire = dict[str, Any]
DAY = 86_400
#: Seconds until a card is disputed and until evidence is judged, on the wall clock even for test clocks.
OPENED_AFTER, DECIDED_AFTER = 2, 1
RESPONSE_DAYS, INQUIRY_DAYS = 9, 120
FEE_WORDS = "Dispute fee"

#: Network reason codes of Visa (docs.stripe.com/disputes/categories).
REASON_CODES = {"fraudulent": "10.4", "product_not_received": "13.1"}
OUTCOMES = {
    "winning_evidence": "won",
    "losing_evidence": "lost",
    "escalate_inquiry_evidence": "escalated",
}
TEXTS = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
]
FILES = [
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
]


def expect(ctx: Any, charge: Wire, card: cards.Card | banks.BankAccount) -> None:
    """Plan the dispute of a charge, if its card is disputed."""
    if card.dispute:
        ctx.account.schedule(int(time.time()) + OPENED_AFTER, "dispute.open", charge["id"])


@scheduled("dispute.open")
def open_dispute(ctx: Any, charge_id: str) -> None:
    """The customer questions a charge at the bank."""
    charge = ctx.store.find("charge", charge_id)
    if charge is None or charge["refunded"]:
        return
    charges.settle(ctx, charge_id)
    ctx = ctx.account.context().follow(charge)
    method = ctx.store.get("payment_method", charge["payment_method"])
    card = banks.behind(method)
    inquiry = card.dispute == "inquiry"
    dispute = _new(ctx, charge, card, inquiry)
    ctx.store.insert(dispute)
    previous = ctx.store.update(charge, disputed=True)
    ctx.emit("charge.dispute.created", dispute)
    ctx.emit("charge.updated", charge, previous)
    clock = ctx.clock
    if inquiry:
        expires = ctx.now + INQUIRY_DAYS * DAY
    else:
        _withdraw(ctx, dispute, charge)
        expires = dispute["evidence_details"]["due_by"]
    ctx.account.schedule(expires, "dispute.expire", dispute["id"], clock)


def _new(ctx: Any, charge: Wire, card: cards.Card, inquiry: bool) -> Wire:
    reason = "fraudulent" if inquiry else card.dispute
    billing = charge["billing_details"]
    due_by = ctx.now - ctx.now % DAY + (RESPONSE_DAYS + 1) * DAY - 1
    return {
        "id": ids.new("du"),
        "object": "dispute",
        "amount": charge["amount"] - charge["amount_refunded"],
        "charge": charge["id"],
        "created": ctx.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys([*TEXTS, *FILES])
        | {
            "customer_email_address": billing.get("email"),
            "customer_name": billing.get("name"),
            "enhanced_evidence": {},
        },
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": REASON_CODES[reason],
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "type": "card",
            "card": {
                "brand": card.brand,
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": card.brand,
                "network_reason_code": REASON_CODES[reason],
            },
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
        "_transactions": [],
    }


def _withdraw(ctx: Any, dispute: Wire, charge: Wire) -> None:
    """Take the disputed amount and a fee from the account's balance."""
    entry = ledger.enter(
        ctx,
        "adjustment",
        dispute,
        -ledger.share(ctx, charge, charge["amount_refunded"], dispute["amount"]),
        category="dispute",
        fee=fees.dispute_fee(ctx.account.currency, ledger.rates(ctx.account)),
        fee_words=FEE_WORDS,
        exchange_rate=ledger.rate_of(ctx, charge),
        description=f"Chargeback withdrawal for {charge['id']}",
    )
    ctx.store.update(dispute, _transactions=[entry["id"]])
    ctx.emit("charge.dispute.funds_withdrawn", dispute)


def respond(
    ctx: Any, dispute: Wire, evidence: Mapping[str, Any] | None, *, submit: bool, **values: Any
) -> None:
    """Take evidence; once it is submitted nothing can be added."""
    details = dispute["evidence_details"]
    if evidence is not None or submit:
        if dispute["status"] not in ("needs_response", "warning_needs_response"):
            raise errors.invalid(
                f"This dispute takes no evidence because its status is {dispute['status']}.",
                "evidence",
            )
        given = {name: value or None for name, value in (evidence or {}).items()}
        values["evidence"] = dispute["evidence"] | given
        details = details | {"has_evidence": any(given.values()) or details["has_evidence"]}
    if submit:
        details = details | {
            "submission_count": details["submission_count"] + 1,
            "submission_method": "manual",
        }
        values["status"] = dispute["status"].replace("needs_response", "under_review")
        ctx.account.schedule(int(time.time()) + DECIDED_AFTER, "dispute.decide", dispute["id"])
    previous = ctx.store.update(dispute, evidence_details=details, **values)
    if previous:
        ctx.emit("charge.dispute.updated", dispute, previous)


@scheduled("dispute.decide")
def decide(ctx: Any, key: str) -> None:
    """The bank judges the evidence, if it is one of Stripe's texts for tests; else it goes on thinking."""
    dispute = ctx.store.find("dispute", key)
    outcome = dispute and OUTCOMES.get(dispute["evidence"]["uncategorized_text"] or "")
    if not outcome or dispute["status"] not in ("under_review", "warning_under_review"):
        return
    ctx = ctx.account.context().follow(dispute)
    if dispute["status"] == "under_review":
        if outcome != "escalated":
            close(ctx, dispute, outcome)
    elif outcome == "escalated":
        _escalate(ctx, dispute)
    else:
        close(ctx, dispute, "warning_closed")


def _escalate(ctx: Any, dispute: Wire) -> None:
    """An inquiry becomes a chargeback, which takes evidence of its own."""
    charge = ctx.store.get("charge", dispute["charge"])
    details = dispute["payment_method_details"]
    previous = ctx.store.update(
        dispute,
        status="needs_response",
        is_charge_refundable=False,
        payment_method_details=details | {"card": details["card"] | {"case_type": "chargeback"}},
    )
    ctx.emit("charge.dispute.updated", dispute, previous)
    _withdraw(ctx, dispute, charge)
    due = dispute["evidence_details"]["due_by"]
    ctx.account.schedule(due, "dispute.expire", dispute["id"], ctx.clock)


@scheduled("dispute.expire")
def expire(ctx: Any, key: str) -> None:
    """Nobody answered in time: a chargeback is lost, an inquiry comes to nothing."""
    dispute = ctx.store.find("dispute", key)
    if dispute is None:
        return
    if dispute["status"] == "needs_response":
        close(ctx, dispute, "lost")
    elif dispute["status"].startswith("warning_") and dispute["status"] != "warning_closed":
        close(ctx, dispute, "warning_closed")


def close(ctx: Any, dispute: Wire, status: str) -> None:
    """End a dispute; a won one brings the money back."""
    previous = ctx.store.update(dispute, status=status, is_charge_refundable=status != "lost")
    ctx.emit("charge.dispute.closed", dispute, previous)
    if status != "won":
        return
    taken = ctx.store.get("balance_transaction", dispute["_transactions"][0])
    entry = ledger.enter(
        ctx,
        "adjustment",
        dispute,
        -taken["amount"],
        category="dispute_reversal",
        fee=-taken["fee"],
        fee_words=FEE_WORDS,
        exchange_rate=taken["exchange_rate"],
        description=f"Chargeback reversal for {dispute['charge']}",
    )
    ctx.store.update(dispute, _transactions=[taken["id"], entry["id"]])
    ctx.emit("charge.dispute.funds_reinstated", dispute)


def refuse_refund(ctx: Any, charge: Wire) -> None:
    """A charge that the bank has taken back cannot be refunded."""
    if any(
        not row["is_charge_refundable"] for row in ctx.store.select("dispute", charge=charge["id"])
    ):
        raise errors.invalid(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
