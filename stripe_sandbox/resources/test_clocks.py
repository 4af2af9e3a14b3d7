"""Test clocks: /v1/test_helpers/test_clocks (docs.stripe.com/billing/testing/test-clocks)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import clocks, errors, ids, listing
from stripe_sandbox.core.clocks import scheduled
from stripe_sandbox.core.operations import ListPage, operation

Wire = dict[str, Any]
KIND = "test_helpers.test_clock"
URL = "/v1/test_helpers/test_clocks"
KEPT_SECONDS = 30 * 86400
DAYS = {"day": 1, "week": 7, "month": 31, "year": 366}
MAX_SECONDS_WITHOUT_SUBSCRIPTION = 2 * 366 * 86400


@operation("POST", URL, params="frozen_time name")
def create(ctx: Any, params: Wire) -> Wire:
    """Make a clock that stands at a time."""
    clock = {
        "id": ids.new("clock"),
        "object": KIND,
        "created": ctx.now,
        "deletes_after": ctx.now + KEPT_SECONDS,
        "frozen_time": params["frozen_time"],
        "livemode": False,
        "name": params.get("name"),
        "status": "ready",
        "status_details": {},
    }
    ctx.store.insert(clock)
    ctx.account.schedule(clock["deletes_after"], "clock.delete", clock["id"])
    ctx.emit(f"{KIND}.created", clock)
    return clock


@operation("GET", URL + "/{test_clock}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One clock."""
    return ctx.store.get(KIND, key)


@operation("GET", URL)
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Clocks, newest first."""
    return listing.page(ctx, KIND, params, URL)


@operation("POST", URL + "/{test_clock}/advance", params="frozen_time")
def advance(ctx: Any, params: Wire, key: str) -> Wire:
    """Start to advance a clock; it is done when its status is ready again."""
    clock, target = ctx.store.get(KIND, key), params["frozen_time"]
    if clock["status"] != "ready":
        raise errors.invalid(
            f"Cannot advance clock: its status is {clock['status']}.", code="test_clock_not_ready"
        )
    if target <= clock["frozen_time"]:
        raise errors.invalid("The clock can only be advanced to a later time.", "frozen_time")
    if target > clock["frozen_time"] + _reach(ctx, key):
        raise errors.invalid(
            "The clock can be advanced by at most two intervals of its shortest subscription.",
            "frozen_time",
        )
    clocks.advance(ctx.account, key, target)
    return clock


@operation("DELETE", URL + "/{test_clock}")
def delete(ctx: Any, params: Wire, key: str) -> Wire:
    """Delete a clock with all its customers."""
    remove(ctx, key)
    return {"id": key, "object": KIND, "deleted": True}


@scheduled("clock.delete")
def remove(ctx: Any, key: str) -> None:
    """Take a clock and what lives on it away."""
    clock = ctx.store.find(KIND, key)
    if clock is None:
        return
    ctx.emit(f"{KIND}.deleted", clock)
    for customer in list(ctx.store.select("customer", test_clock=key)):
        for name in ("subscription", "invoice"):
            for obj in list(ctx.store.select(name, customer=customer["id"])):
                ctx.store.remove(obj)
        ctx.store.update(customer, _deleted=True, test_clock=None)
    ctx.account.schedule_book.drop_clock(key)
    ctx.store.remove(clock)


def _reach(ctx: Any, key: str) -> int:
    """Seconds by which a clock may be advanced at once."""
    spans = [
        DAYS[recurring["interval"]] * recurring["interval_count"] * 86400
        for customer in ctx.store.select("customer", test_clock=key)
        for subscription in ctx.store.select("subscription", customer=customer["id"])
        if subscription["status"] not in ("canceled", "incomplete_expired")
        for item in ctx.store.select("subscription_item", subscription=subscription["id"])
        if (recurring := ctx.store.get("price", item["price"])["recurring"])
    ]
    return 2 * min(spans) if spans else MAX_SECONDS_WITHOUT_SUBSCRIPTION
