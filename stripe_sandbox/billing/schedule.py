"""Plans the calendar of a subscription with the core's scheduler. Work that came to nothing is
ignored when due.
"""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import proration, standing

Wire = dict[str, Any]

#: An unpaid first invoice lets a subscription expire after 23 hours.
INCOMPLETE_FOR = 23 * 3600
TRIAL_WARNING = 3 * proration.DAY
UPCOMING = 7 * proration.DAY


def renewal(ctx: Any, sub: Wire) -> None:
    """Plan the next moment at which a period of an item ends or the subscription itself does."""
    if sub["status"] == "paused":
        return
    ends = [item["current_period_end"] for item in standing.items_of(ctx, sub)]
    at = min(ends + ([sub["cancel_at"]] if sub["cancel_at"] else []))
    if at == sub["_renews_at"]:
        return
    ctx.store.update(sub, _renews_at=at)
    ctx.account.schedule(at, "subscription.renew", sub["id"], clock=sub["test_clock"])
    upcoming = at - UPCOMING
    if sub["collection_method"] == "charge_automatically" and upcoming > ctx.now:
        ctx.account.schedule(upcoming, "invoice.upcoming", sub["id"], clock=sub["test_clock"])


def expiry(ctx: Any, sub: Wire) -> None:
    """Plan the end of an incomplete subscription."""
    at = ctx.now + INCOMPLETE_FOR
    ctx.account.schedule(at, "subscription.expire_incomplete", sub["id"], clock=sub["test_clock"])


def trial_warning(ctx: Any, sub: Wire) -> None:
    """Plan ``trial_will_end`` three days ahead; at once when the trial is shorter."""
    at = sub["trial_end"] - TRIAL_WARNING
    if at <= ctx.now:
        ctx.emit("customer.subscription.trial_will_end", sub)
        return
    ctx.account.schedule(at, "subscription.trial_will_end", sub["id"], clock=sub["test_clock"])
