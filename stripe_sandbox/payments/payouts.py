"""Payouts: the available balance goes to the account's bank (docs.stripe.com/payouts).

Automatic ones only, on the wall clock. Assumed: a payout takes everything that is available, is made at
midnight UTC without regard to weekends, and arrives a moment later; without a positive balance there is none.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from stripe_sandbox.core import errors, ids
from stripe_sandbox.core.account import Payouts
from stripe_sandbox.core.clocks import scheduled
from stripe_sandbox.payments import ledger

Wire = dict[str, Any]
DAY = 86_400
INTERVALS = ("daily", "weekly", "monthly", "manual")
#: Seconds until a payout has arrived, on the wall clock.
ARRIVES_AFTER = 1
FAILURES = {
    "account_closed": "The bank account has been closed.",
    "no_account": "The bank account could not be located.",
    "could_not_process": "The bank could not process this payout.",
}


def next_run(interval: str, now: int) -> int:
    """The first moment after ``now`` at which a payout is made."""
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0) + timedelta(days=1)
    while (interval == "weekly" and day.weekday()) or (interval == "monthly" and day.day != 1):
        day += timedelta(days=1)
    return int(day.timestamp())


def plan(account: Any, interval: str) -> None:
    """Pay out by itself from now on: daily, weekly, monthly; or no longer (manual)."""
    if interval not in INTERVALS:
        raise ValueError(f"interval is one of {', '.join(INTERVALS)}")
    account.payouts = Payouts(interval, ids.secret(8))
    if interval != "manual":
        at = next_run(interval, int(time.time()))
        account.schedule(at, "payout.run", account.payouts.plan)


@scheduled("payout.run")
def run(ctx: Any, plan_id: str) -> None:
    """Make the payout that is due, and plan the next one."""
    settings = ctx.account.payouts
    if settings.plan != plan_id:
        return
    ctx.account.schedule(next_run(settings.interval, ctx.now), "payout.run", plan_id)
    create(ctx)


def create(ctx: Any, failure: str | None = None) -> Wire | None:
    """Pay out what is available by now; None when there is nothing. ``failure`` is why the bank refuses."""
    entries = [
        entry
        for entry in ctx.store.select("balance_transaction", _payout=None)
        if entry["available_on"] <= ctx.now
    ]
    amount = sum(entry["net"] for entry in entries)
    if amount <= 0:
        return None
    payout = ctx.store.insert(
        {
            "id": ids.new("po"),
            "object": "payout",
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": ctx.now - ctx.now % DAY,
            "automatic": True,
            "balance_transaction": None,
            "created": ctx.now,
            "currency": ctx.account.currency,
            "description": "STRIPE PAYOUT",
            "destination": f"ba_1{ctx.account.id.removeprefix('acct_')}",
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "in_progress",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": None,
            "status": "in_transit",
            "trace_id": {"status": "pending", "value": None},
            "type": "bank_account",
            "_failure": failure,
        }
    )
    own = ledger.enter(ctx, "payout", payout, -amount, description="STRIPE PAYOUT")
    for entry in [*entries, own]:
        ctx.store.update(entry, _payout=payout["id"])
    ctx.store.update(payout, balance_transaction=own["id"])
    ctx.emit("payout.created", payout)
    ctx.account.schedule(int(time.time()) + ARRIVES_AFTER, "payout.arrive", payout["id"])
    return payout


@scheduled("payout.arrive")
def arrive(ctx: Any, key: str) -> None:
    """A payout can be reconciled, and has arrived or was refused by the bank."""
    payout = ctx.store.find("payout", key)
    if payout is None or payout["status"] != "in_transit":
        return
    now = max(ctx.now, payout["created"])
    ctx = ctx.account.context(now=now)
    previous = ctx.store.update(payout, reconciliation_status="completed")
    ctx.emit("payout.reconciliation_completed", payout, previous)
    if payout["_failure"]:
        _fail(ctx, payout)
        return
    trace = {"status": "supported", "value": f"{now}{payout['amount']:010d}"}
    previous = ctx.store.update(payout, status="paid", trace_id=trace)
    ctx.emit("payout.paid", payout, previous)
    ctx.emit("payout.updated", payout, previous)


def _fail(ctx: Any, payout: Wire) -> None:
    """The money is on the balance again, for the next payout."""
    entry = ledger.enter(
        ctx, "payout_failure", payout, payout["amount"], description="STRIPE PAYOUT FAILURE"
    )
    previous = ctx.store.update(
        payout,
        status="failed",
        failure_balance_transaction=entry["id"],
        failure_code=payout["_failure"],
        failure_message=FAILURES[payout["_failure"]],
    )
    ctx.emit("payout.failed", payout, previous)
    ctx.emit("payout.updated", payout, previous)


def require_reconciled(ctx: Any, key: str) -> None:
    """Refuse to list the balance transactions of a payout before that is possible."""
    payout = ctx.store.get("payout", key, "payout")
    if payout["reconciliation_status"] != "completed":
        raise errors.invalid(
            "Balance transactions can be listed by payout once its reconciliation_status is completed.",
            "payout",
        )
