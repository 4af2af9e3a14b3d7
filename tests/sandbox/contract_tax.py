"""Contract cases of Stripe Tax: settings, registrations, and the switch wherever it is."""

from __future__ import annotations

import time
from typing import Any

from tests.sandbox.billing_setup import DAY, customer, price, subscribe
from tests.sandbox.contract_cases import contract_case

ON = {"automatic_tax": {"enabled": True}}
OFFICE = {"line1": "1 Main Street", "city": "Austin", "state": "TX", "postal_code": "78701"}


@contract_case("GET /v1/tax/settings", "POST /v1/tax/settings")
def settings(world: Any) -> None:
    api = world.client.v1.tax.settings
    assert api.retrieve().status_details.pending.missing_fields == ["head_office"]
    changed = api.update(
        {
            "defaults": {"tax_behavior": "exclusive", "tax_code": "txcd_10000000"},
            "head_office": {"address": {"country": "US", **OFFICE}},
        }
    )
    assert api.retrieve().defaults.tax_code == changed.defaults.tax_code


@contract_case(
    "POST /v1/tax/registrations",
    "POST /v1/tax/registrations/{id}",
    "GET /v1/tax/registrations",
    "GET /v1/tax/registrations/{id}",
)
def registrations(world: Any) -> None:
    api, now = world.client.v1.tax.registrations, int(time.time())
    options = {"us": {"type": "state_sales_tax", "state": "TX"}}
    made = api.create(
        {
            "active_from": "now",
            "country": "US",
            "country_options": options,
            "expires_at": now + 9 * DAY,
        }
    )
    api.update(made.id, {"active_from": now + DAY, "expires_at": ""})
    assert api.retrieve(made.id).status == "scheduled"
    assert not api.list({"status": "active"}).data


@contract_case(
    "POST /v1/subscriptions",
    "POST /v1/subscriptions/{subscription_exposed_id}",
    "POST /v1/invoices",
    "POST /v1/invoices/{invoice}",
    "POST /v1/invoices/create_preview",
    "POST /v1/checkout/sessions",
    "POST /v1/subscription_schedules",
    "POST /v1/subscription_schedules/{schedule}",
    "GET /v1/tax_rates/{tax_rate}",
)
def switch(world: Any) -> None:
    api, home = world.client.v1, {"country": "US", **OFFICE}
    settings(world)
    registrations(world)
    plan = price(world.client, 1000)
    buyer = customer(world.client, address=home)
    sub = subscribe(world.client, buyer, plan, **ON)
    details = {
        "address": home,
        "shipping": {"name": "Ada", "address": home},
        "tax_exempt": "none",
        "tax_ids": [{"type": "us_ein", "value": "12-3456789"}],
    }
    items = {"subscription_details": {"items": [{"price": plan}]}}
    new = {"currency": "usd", "customer_details": details, "preview_mode": "recurring", **items}
    seen = api.invoices.create_preview({**new, **ON})
    api.tax_rates.retrieve(seen.total_taxes[0].tax_rate_details.tax_rate)
    api.invoices.create_preview({"subscription": sub.id, "customer_details": details})
    draft = api.invoices.create({"customer": buyer, **ON})
    api.invoices.update(draft.id, {"automatic_tax": {"enabled": False}})
    api.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": buyer,
            "customer_update": {"address": "auto"},
            "billing_address_collection": "auto",
            "line_items": [{"price": plan, "quantity": 1}],
            "success_url": "https://example.com/back",
            **ON,
        }
    )
    phase = {"items": [{"price": plan}], "duration": {"interval": "month"}, **ON}
    later = {"customer": buyer, "start_date": int(time.time()) + DAY, "phases": [phase]}
    api.subscription_schedules.create({**later, "default_settings": ON})
    schedule = api.subscription_schedules.create({"from_subscription": sub.id})
    now = schedule.phases[0]
    current = {**phase, "start_date": now.start_date, "end_date": now.end_date}
    current.pop("duration")
    api.subscription_schedules.update(schedule.id, {"phases": [current, phase]})
    api.subscriptions.update(sub.id, {"automatic_tax": {"enabled": False}})
