"""Catalogue and customers that the tests of billing share. Times are unix seconds, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

DAY = 86_400
VISA = "pm_card_visa"
FAILS_LATER = "pm_card_chargeCustomerFail"


def at(*parts: int) -> int:
    """Unix seconds of a UTC date and time."""
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def price(client: Any, amount: int | None, interval: str | None = "month", **more: Any) -> str:
    """Id of a new price of a new product named after the amount; one-time without ``interval``."""
    more.setdefault("product", client.v1.products.create({"name": f"Plan {amount}"}).id)
    more.setdefault("currency", "usd")
    if interval:
        more["recurring"] = {"interval": interval, **more.get("recurring", {})}
    if amount is not None:
        more["unit_amount"] = amount
    return client.v1.prices.create(more).id


def clock(client: Any, start: int) -> str:
    """Id of a test clock that stands at ``start``."""
    return client.v1.test_helpers.test_clocks.create({"frozen_time": start}).id


def customer(client: Any, card: str | None = VISA, **more: Any) -> str:
    """Id of a customer whose default payment method is the test card ``card``."""
    params = {"name": "Ada", "email": "ada@example.com", **more}
    if card:
        params |= {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
    return client.v1.customers.create(params).id


def subscribe(client: Any, buyer: str, price_id: str, quantity: int = 1, **more: Any) -> Any:
    """A new subscription to ``quantity`` of one price."""
    items = [{"price": price_id, "quantity": quantity}]
    return client.v1.subscriptions.create({"customer": buyer, "items": items, **more})


def item_id(subscription: Any) -> str:
    return subscription["items"].data[0].id


def invoices(client: Any, subscription: Any) -> list[Any]:
    """Invoices of a subscription, oldest first."""
    return client.v1.invoices.list({"subscription": subscription.id, "limit": 100}).data[::-1]


def lines(invoice: Any) -> list[tuple[str, int]]:
    """What each line says, and its amount."""
    return [(line.description, line.amount) for line in invoice.lines.data]


def event_types(client: Any, *prefixes: str) -> list[str]:
    """Types of the events so far, oldest first; only those that start with one of ``prefixes``."""
    found = client.v1.events.list({"limit": 100}).data[::-1]
    return [event.type for event in found if event.type.startswith(prefixes)]
