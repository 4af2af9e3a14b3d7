"""Events: what happened, with a snapshot of the object, kept for 30 days.

docs.stripe.com/api/events: an object's snapshot is in the shape of the API version at creation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stripe_sandbox.core import contract, ids

if TYPE_CHECKING:
    from stripe_sandbox.core.account import Context

Wire = dict[str, Any]
KEPT_SECONDS = 30 * 86400


def emit(ctx: Context, kind: str, obj: Wire, previous: Mapping[str, Any] | None = None) -> Wire:
    """Store an event and queue it for each endpoint that wants its type."""
    account = ctx.account
    endpoints = [
        endpoint
        for endpoint in account.store.select("webhook_endpoint", status="enabled")
        if {"*", kind} & set(endpoint["enabled_events"])
    ]
    data = {"object": account.render(obj) if not obj.get("deleted") else dict(obj)}
    if previous:
        public = {key: value for key, value in previous.items() if not key.startswith("_")}
        if public:
            data["previous_attributes"] = public
    event = account.store.insert(
        {
            "id": ids.new("evt"),
            "object": "event",
            "api_version": contract.API_VERSION,
            "created": ctx.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": ctx.request_id, "idempotency_key": ctx.idempotency_key},
            "type": kind,
        }
    )
    account.outbox.extend((event["id"], endpoint["id"]) for endpoint in reversed(endpoints))
    return event
