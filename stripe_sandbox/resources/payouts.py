"""Payouts: /v1/payouts, and the admin calls that make them."""

from __future__ import annotations

import time
from typing import Any

from stripe_sandbox.core import listing
from stripe_sandbox.core.admin import admin_call
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.payments import payouts
from stripe_sandbox.resources import common

Wire = dict[str, Any]


@operation("GET", "/v1/payouts/{payout}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One payout."""
    return ctx.store.get("payout", key, "payout")


@operation("GET", "/v1/payouts", params="arrival_date created status")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Payouts, newest first."""
    arrival = params.get("arrival_date")
    return listing.page(
        ctx,
        "payout",
        params,
        "/v1/payouts",
        where=lambda row: arrival is None or listing.in_range(row["arrival_date"], arrival),
        status=params.get("status"),
    )


@operation("POST", "/v1/payouts/{payout}", params="metadata")
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Only metadata can be changed."""
    payout = ctx.store.get("payout", key, "payout")
    return common.update(ctx, payout, "payout.updated", common.changes(payout, params))


@admin_call("POST", "payout")
def make(account: Any, body: Wire) -> Wire | None:
    """Pay out what is available now, or ``until`` a time to come; ``failure`` makes the bank refuse it."""
    failure = body.get("failure")
    if failure is not None and failure not in payouts.FAILURES:
        raise ValueError(f"failure is one of {', '.join(payouts.FAILURES)}")
    now = int(time.time())
    with account.lock:
        ctx = account.context(now=max(now, int(body.get("until", now))))
        payout = payouts.create(ctx, failure)
        return payout and account.render(payout)


@admin_call("GET", "payouts")
def settings(account: Any, body: Wire) -> Wire:
    """How often the balance is paid out by itself."""
    return {"interval": account.payouts.interval}


@admin_call("POST", "payouts")
def set_interval(account: Any, body: Wire) -> Wire:
    """Pay out daily, weekly, monthly, or only when asked (manual)."""
    with account.lock:
        payouts.plan(account, body["interval"])
    return settings(account, {})
