"""Contract cases of payments: every operation with the parameters people use, expanded where it can be."""

from __future__ import annotations

from typing import Any

import stripe

from tests.sandbox.billing_setup import DAY, VISA, customer, price
from tests.sandbox.contract_cases import contract_case
from tests.sandbox.payments_setup import (
    ASKS,
    SHOP,
    authenticate,
    open_page,
    settled,
    setup_session,
    submit,
)

ASKING = "pm_card_threeDSecure2Required"
DECLINED = "pm_card_visa_chargeDeclined"


@contract_case(
    "POST /v1/payment_methods",
    "GET /v1/payment_methods",
    "GET /v1/payment_methods/{payment_method}",
    "POST /v1/payment_methods/{payment_method}",
    "POST /v1/payment_methods/{payment_method}/attach",
    "POST /v1/payment_methods/{payment_method}/detach",
    "GET /v1/customers/{customer}/payment_methods",
    "GET /v1/customers/{customer}/payment_methods/{payment_method}",
)
def payment_methods(world: Any) -> None:
    api = world.client.v1
    buyer = customer(world.client, None)
    address = {"line1": "1 High St", "city": "Leeds", "country": "GB"}
    method = api.payment_methods.create(
        {
            "type": "card",
            "card": {"token": "tok_amex"},
            "billing_details": {"name": "Ada", "phone": "1", "address": address},
            "metadata": {"k": "v"},
        }
    ).id
    api.payment_methods.attach(method, {"customer": buyer, "expand": ["customer"]})
    api.payment_methods.retrieve(method, {"expand": ["customer"]})
    api.payment_methods.update(
        method, {"billing_details": {"email": "a@b.c"}, "card": {"exp_year": 2040}}
    )
    api.payment_methods.list({"customer": buyer, "type": "card", "limit": 3})
    api.customers.payment_methods.list(buyer, {"type": "card"})
    api.customers.payment_methods.retrieve(buyer, method)
    api.payment_methods.detach(method)


@contract_case(
    "POST /v1/payment_intents",
    "GET /v1/payment_intents",
    "GET /v1/payment_intents/{intent}",
    "POST /v1/payment_intents/{intent}",
    "POST /v1/payment_intents/{intent}/confirm",
    "POST /v1/payment_intents/{intent}/cancel",
    "GET /v1/charges",
    "GET /v1/charges/{charge}",
    "GET /v1/balance_transactions",
    "GET /v1/balance_transactions/{id}",
)
def payments(world: Any) -> None:
    api = world.client.v1
    buyer = customer(world.client, None)
    intent = api.payment_intents.create(
        {
            "amount": 1234,
            "currency": "eur",
            "customer": buyer,
            "description": "One",
            "metadata": {"k": "v"},
            "receipt_email": "a@b.c",
            "setup_future_usage": "off_session",
            "automatic_payment_methods": {"enabled": True},
        }
    ).id
    api.payment_intents.update(intent, {"description": "Two", "metadata": {"k": ""}})
    try:
        api.payment_intents.confirm(intent, {"payment_method": DECLINED, "off_session": True})
    except stripe.CardError:
        api.payment_intents.retrieve(intent, {"expand": ["latest_charge"]})
    api.payment_intents.confirm(intent, {"payment_method": ASKING, "return_url": SHOP})
    paid = api.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "customer": buyer,
            "payment_method": VISA,
            "confirm": True,
            "off_session": True,
            "expand": ["latest_charge.balance_transaction", "payment_method", "customer"],
        }
    )
    api.payment_intents.list({"customer": buyer, "created": {"gte": 1}})
    api.payment_intents.cancel(
        api.payment_intents.create({"amount": 500, "currency": "usd"}).id,
        {"cancellation_reason": "duplicate"},
    )
    charge = paid.latest_charge
    api.charges.retrieve(charge.id, {"expand": ["payment_intent", "balance_transaction"]})
    api.charges.list({"customer": buyer, "payment_intent": paid.id, "created": {"gt": 0}})
    money = settled(world.client, charge.id)
    api.balance_transactions.retrieve(money.id, {"expand": ["source"]})
    api.balance_transactions.list({"source": charge.id, "type": "charge", "currency": "usd"})


@contract_case(
    "POST /v1/setup_intents",
    "GET /v1/setup_intents",
    "GET /v1/setup_intents/{intent}",
    "POST /v1/setup_intents/{intent}/confirm",
    "POST /v1/setup_intents/{intent}/cancel",
)
def setups(world: Any) -> None:
    api = world.client.v1
    buyer = customer(world.client, None)
    intent = api.setup_intents.create(
        {"customer": buyer, "description": "Save", "metadata": {"k": "v"}, "usage": "on_session"}
    ).id
    try:
        api.setup_intents.confirm(intent, {"payment_method": DECLINED})
    except stripe.CardError:
        api.setup_intents.retrieve(intent)
    api.setup_intents.confirm(intent, {"payment_method": VISA, "return_url": SHOP})
    asked = api.setup_intents.create(
        {"customer": buyer, "payment_method": ASKING, "confirm": True, "return_url": SHOP}
    )
    api.setup_intents.cancel(asked.id, {"cancellation_reason": "abandoned"})
    found = api.setup_intents.retrieve(intent, {"expand": ["payment_method", "customer"]})
    api.setup_intents.list({"customer": buyer, "payment_method": found.payment_method.id})


@contract_case(
    "POST /v1/checkout/sessions",
    "GET /v1/checkout/sessions",
    "GET /v1/checkout/sessions/{session}",
    "POST /v1/checkout/sessions/{session}/expire",
    "GET /v1/checkout/sessions/{session}/line_items",
)
def checkout_sessions(world: Any) -> None:
    api = world.client.v1
    buyer, plan = customer(world.client, None), price(world.client, 1500)
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    coupon = api.coupons.create({"percent_off": 10, "duration": "once"}).id
    made = api.checkout.sessions.create(
        {
            "mode": "subscription",
            "ui_mode": "hosted_page",
            "customer": buyer,
            "line_items": [{"price": plan, "quantity": 2, "tax_rates": [rate]}],
            "success_url": f"{SHOP}/{{CHECKOUT_SESSION_ID}}",
            "cancel_url": SHOP,
            "client_reference_id": "S1",
            "metadata": {"k": "v"},
            "locale": "auto",
            "payment_method_collection": "always",
            "discounts": [{"coupon": coupon}],
            "subscription_data": {
                "billing_mode": {"type": "flexible"},
                "default_tax_rates": [rate],
                "description": "Two",
                "metadata": {"k": "v"},
            },
            "expand": ["line_items"],
        }
    )
    authenticate(submit(made.url, ASKS))
    api.checkout.sessions.retrieve(
        made.id,
        {
            "expand": [
                "customer",
                "invoice.payments",
                "line_items",
                "subscription.default_payment_method",
            ]
        },
    )
    api.checkout.sessions.line_items.list(made.id, {"limit": 1})
    trial = {"trial_end": made.created + 3 * DAY, "trial_settings": {"end_behavior": {}}}
    trial["trial_settings"]["end_behavior"]["missing_payment_method"] = "pause"
    later = api.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer_email": "a@b.c",
            "line_items": [{"price": plan, "quantity": 1}],
            "success_url": SHOP,
            "allow_promotion_codes": True,
            "expires_at": made.created + 3600,
            "payment_method_collection": "if_required",
            "subscription_data": trial,
        }
    )
    api.checkout.sessions.expire(later.id)
    saved = setup_session(world.client, customer=buyer)
    submit(saved.url)
    api.checkout.sessions.retrieve(saved.id, {"expand": ["setup_intent.payment_method"]})
    api.checkout.sessions.list({"customer": buyer, "status": "complete", "created": {"gte": 1}})
    api.checkout.sessions.list({"customer_details": {"email": "ada@example.com"}})


@contract_case("POST /v1/billing_portal/sessions")
def billing_portal(world: Any) -> None:
    buyer = customer(world.client, None)
    session = world.client.v1.billing_portal.sessions.create(
        {"customer": buyer, "return_url": f"{SHOP}/cards", "locale": "auto"}
    )
    assert f"{SHOP}/cards" in open_page(session.url).text
