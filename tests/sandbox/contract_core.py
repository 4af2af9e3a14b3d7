"""Contract cases of the account, customers, events, webhook endpoints, test clocks and meters."""

from __future__ import annotations

import time
from typing import Any

from tests.sandbox.contract_cases import contract_case

ADDRESS = {
    "line1": "1 Main Street",
    "line2": "Floor 2",
    "city": "Berlin",
    "postal_code": "10115",
    "state": "BE",
    "country": "DE",
}


@contract_case("GET /v1/account", "GET /v1/balance")
def account(world: Any) -> None:
    world.client.v1.accounts.retrieve_current()
    world.client.v1.balance.retrieve()


@contract_case(
    "POST /v1/customers",
    "GET /v1/customers",
    "GET /v1/customers/{customer}",
    "POST /v1/customers/{customer}",
    "DELETE /v1/customers/{customer}",
)
def customers(world: Any) -> None:
    api = world.client.v1.customers
    clock = world.client.v1.test_helpers.test_clocks.create({"frozen_time": 1893456000})
    buyer = api.create(
        {
            "name": "Ada",
            "email": "ada@example.com",
            "phone": "+49 30 1",
            "description": "First",
            "address": ADDRESS,
            "shipping": {"name": "Ada", "phone": "+49 30 2", "address": ADDRESS},
            "metadata": {"odoo_id": "7"},
            "balance": -500,
            "preferred_locales": ["de", "en"],
            "tax_exempt": "none",
            "invoice_prefix": "ADA42",
            "next_invoice_sequence": 7,
            "invoice_settings": {
                "custom_fields": [{"name": "PO", "value": "123"}],
                "default_payment_method": "pm_card_visa",
                "footer": "Thank you",
            },
            "payment_method": "pm_card_visa",
            "test_clock": clock.id,
            "expand": ["subscriptions", "test_clock", "invoice_settings.default_payment_method"],
        }
    )
    api.update(
        buyer.id,
        {
            "address": "",
            "balance": 0,
            "description": "",
            "email": "ada@example.org",
            "invoice_prefix": "ADA43",
            "invoice_settings": {
                "custom_fields": "",
                "default_payment_method": buyer.invoice_settings.default_payment_method.id,
                "footer": "",
            },
            "metadata": "",
            "name": "Ada L",
            "next_invoice_sequence": 8,
            "phone": "",
            "preferred_locales": ["fr"],
            "shipping": "",
            "tax_exempt": "reverse",
        },
    )
    api.update(buyer.id, {"tax_exempt": ""})
    api.list({"test_clock": clock.id, "expand": ["data.subscriptions"]})
    api.list({"email": "ada@example.org", "created": {"gte": 1}})
    api.delete(buyer.id)
    assert api.retrieve(buyer.id).deleted


@contract_case(
    "POST /v1/webhook_endpoints",
    "GET /v1/webhook_endpoints",
    "GET /v1/webhook_endpoints/{webhook_endpoint}",
    "POST /v1/webhook_endpoints/{webhook_endpoint}",
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}",
)
def webhook_endpoints(world: Any) -> None:
    api = world.client.v1.webhook_endpoints
    made = api.create(
        {
            "url": "https://example.com/hook",
            "enabled_events": ["invoice.paid", "customer.subscription.updated"],
            "api_version": world.api_version,
            "description": "Odoo",
            "metadata": {"a": "b"},
        }
    )
    assert made.secret.startswith("whsec_")
    changed = api.update(
        made.id,
        {
            "url": "https://example.com/hook2",
            "enabled_events": ["*"],
            "description": "",
            "disabled": True,
            "metadata": "",
        },
    )
    assert changed.status == "disabled"
    assert "secret" not in api.retrieve(made.id)
    assert all("secret" not in row for row in api.list({"limit": 2}))
    api.delete(made.id)


@contract_case("GET /v1/events", "GET /v1/events/{id}")
def events(world: Any) -> None:
    world.client.v1.products.create({"name": "P"})
    api = world.client.v1.events
    event = api.list({"type": "product.created"}).data[0]
    api.retrieve(event.id)
    api.list({"types": ["product.created", "price.created"], "created": {"gte": 1}})
    api.list({"delivery_success": True, "limit": 1})


@contract_case(
    "POST /v1/test_helpers/test_clocks",
    "GET /v1/test_helpers/test_clocks",
    "GET /v1/test_helpers/test_clocks/{test_clock}",
    "DELETE /v1/test_helpers/test_clocks/{test_clock}",
    "POST /v1/test_helpers/test_clocks/{test_clock}/advance",
)
def test_clocks(world: Any) -> None:
    api = world.client.v1.test_helpers.test_clocks
    clock = api.create({"frozen_time": 1893456000, "name": "Renewals"})
    assert api.advance(clock.id, {"frozen_time": 1893456000 + 86400}).status == "advancing"
    while api.retrieve(clock.id).status == "advancing":
        time.sleep(0.02)
    assert api.retrieve(clock.id).frozen_time == 1893456000 + 86400
    api.list({"limit": 3})
    api.delete(clock.id)


@contract_case(
    "POST /v1/billing/meters",
    "GET /v1/billing/meters",
    "GET /v1/billing/meters/{id}",
    "POST /v1/billing/meter_events",
)
def meters(world: Any) -> None:
    api = world.client.v1.billing
    meter = api.meters.create(
        {
            "display_name": "Calls",
            "event_name": "calls",
            "default_aggregation": {"formula": "last"},
        }
    )
    api.meters.retrieve(meter.id)
    api.meters.list({"status": "active"})
    buyer = world.client.v1.customers.create({"name": "Ada"}).id
    api.meter_events.create(
        {
            "event_name": "calls",
            "payload": {"stripe_customer_id": buyer, "value": "12.5"},
            "identifier": "call-1",
            "timestamp": int(time.time()) - 60,
        }
    )
