"""Metered use: /v1/billing/meters and /v1/billing/meter_events (docs.stripe.com/billing/subscriptions/usage-based)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation

Wire = dict[str, Any]
KIND, URL = "billing.meter", "/v1/billing/meters"
PAST_SECONDS, FUTURE_SECONDS, IDENTIFIER_SECONDS = 35 * 86400, 300, 86400


@operation("POST", URL, params="display_name event_name default_aggregation")
def create(ctx: Any, params: Wire) -> Wire:
    """Make a meter that adds up, counts or takes the last of the events of a name."""
    if next(ctx.store.select(KIND, event_name=params["event_name"], status="active"), None):
        raise errors.invalid("An active meter with this event name already exists.", "event_name")
    meter = {
        "id": ids.new("mtr"),
        "object": KIND,
        "created": ctx.now,
        "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        "default_aggregation": params["default_aggregation"],
        "display_name": params["display_name"],
        "event_name": params["event_name"],
        "event_time_window": None,
        "livemode": False,
        "status": "active",
        "status_transitions": {"deactivated_at": None},
        "updated": ctx.now,
        "value_settings": {"event_payload_key": "value"},
    }
    ctx.store.insert(meter)
    ctx.emit("billing.meter.created", meter)
    return meter


@operation("GET", URL + "/{id}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One meter."""
    return ctx.store.get(KIND, key)


@operation("GET", URL, params="status")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Meters, newest first."""
    return listing.page(ctx, KIND, params, URL, status=params.get("status"))


@operation("POST", "/v1/billing/meter_events", params="event_name payload identifier timestamp")
def record(ctx: Any, params: Wire) -> Wire:
    """Record use of a customer."""
    meter = next(ctx.store.select(KIND, event_name=params["event_name"], status="active"), None)
    if meter is None:
        raise errors.invalid(
            f"No active meter found for event_name={params['event_name']}.", "event_name"
        )
    payload = params["payload"]
    customer = payload.get("stripe_customer_id")
    if not customer:
        raise errors.missing("payload[stripe_customer_id]")
    ctx.follow(ctx.store.get("customer", customer, "payload[stripe_customer_id]"))
    _check_value(meter, payload)
    now, timestamp = ctx.now, params.get("timestamp", ctx.now)
    if not now - PAST_SECONDS <= timestamp <= now + FUTURE_SECONDS:
        raise errors.invalid(
            "timestamp lies within the past 35 days and at most 5 minutes ahead.", "timestamp"
        )
    identifier = params.get("identifier") or ids.secret(24)
    for other in ctx.store.select("billing.meter_event", identifier=identifier):
        if other["created"] > now - IDENTIFIER_SECONDS:
            raise errors.invalid("An event with this identifier already exists.", "identifier")
    event = {
        "id": ids.new("mtrevt"),
        "object": "billing.meter_event",
        "created": now,
        "event_name": params["event_name"],
        "identifier": identifier,
        "livemode": False,
        "payload": payload,
        "timestamp": timestamp,
        "customer": customer,
        "_meter": meter["id"],
    }
    ctx.store.insert(event)
    return {k: v for k, v in event.items() if k not in ("id", "customer")}


def _check_value(meter: Wire, payload: Wire) -> None:
    if meter["default_aggregation"]["formula"] == "count":
        return
    try:
        value = Decimal(payload.get("value", ""))
    except InvalidOperation:
        raise errors.invalid("payload[value] must be a number.", "payload[value]") from None
    if value < 0:
        raise errors.invalid("payload[value] must not be negative.", "payload[value]")
