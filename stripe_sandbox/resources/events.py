"""Events: /v1/events (docs.stripe.com/api/events), 30 days back."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.events import is_kept
from stripe_sandbox.core.operations import ListPage, operation

Wire = dict[str, Any]
MAX_TYPES = 20


@operation("GET", "/v1/events/{id}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One event of the last 30 days."""
    event = ctx.store.get("event", key)
    if not is_kept(event):
        raise errors.missing_resource("event", key)
    return event


@operation("GET", "/v1/events", params="created delivery_success type types")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Events, newest first; `delivery_success=false` are those not yet acknowledged."""
    wanted, kinds = params.get("type"), params.get("types")
    if wanted and kinds:
        raise errors.invalid("You may only specify one of these parameters: type, types.", "types")
    if kinds and len(kinds) > MAX_TYPES:
        raise errors.invalid(f"types may have up to {MAX_TYPES} members.", "types")
    success = params.get("delivery_success")

    def fits(event: Wire) -> bool:
        kind = event["type"]
        if wanted and not _matches(kind, wanted):
            return False
        if kinds and kind not in kinds:
            return False
        if success is not None and (event["pending_webhooks"] == 0) != success:
            return False
        return is_kept(event)

    return listing.page(ctx, "event", params, "/v1/events", where=fits)


def _matches(kind: str, wanted: str) -> bool:
    """A filter may end with a wildcard, such as ``invoice.*``."""
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted
