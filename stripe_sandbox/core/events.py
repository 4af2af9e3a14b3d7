"""Events: what happened, with a snapshot of the object, kept for 30 days.

docs.stripe.com/api/events: an object's snapshot is in the shape of the API version at creation.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stripe_sandbox.core import contract, ids

if TYPE_CHECKING:
    from stripe_sandbox.core.account import Account, Context

Wire = dict[str, Any]
KEPT_SECONDS = 30 * 86400


def emit(
    ctx: Context,
    kind: str,
    obj: Wire,
    previous: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
) -> Wire:
    """Store an event, under the id ``key`` if given, and queue it for each endpoint that wants it."""
    account = ctx.account
    data = {"object": account.render(obj) if not obj.get("deleted") else dict(obj)}
    if previous:
        public = {key: value for key, value in previous.items() if not key.startswith("_")}
        if public:
            data["previous_attributes"] = public
    event = account.store.insert(
        {
            "id": key or ids.new("evt"),
            "object": "event",
            "api_version": contract.API_VERSION,
            "created": ctx.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": ctx.request_id, "idempotency_key": ctx.idempotency_key},
            "type": kind,
            "_stored_at": int(time.time()),
            "_pending": [],
        }
    )
    queue(account, event)
    return event


def queue(account: Account, event: Wire, endpoint_id: str | None = None) -> int:
    """Queue an event for each endpoint that wants it, or for one of them; return for how many."""
    wanting = [
        endpoint["id"]
        for endpoint in account.store.select("webhook_endpoint", status="enabled")
        if {"*", event["type"]} & set(endpoint["enabled_events"])
        and endpoint_id in (None, endpoint["id"])
    ]
    _await(
        account, event, [*event["_pending"], *(k for k in wanting if k not in event["_pending"])]
    )
    account.outbox.extend((event["id"], key) for key in reversed(wanting))
    return len(wanting)


def acknowledged(account: Account, event: Wire, endpoint_id: str) -> None:
    """An endpoint has answered that it got the event."""
    _await(account, event, [key for key in event["_pending"] if key != endpoint_id])


def is_kept(event: Wire) -> bool:
    """Whether an event is still to be had; its time on a test clock does not matter."""
    return event["_stored_at"] > time.time() - KEPT_SECONDS


def _await(account: Account, event: Wire, endpoints: list[str]) -> None:
    account.store.update(event, _pending=endpoints, pending_webhooks=len(endpoints))
