"""Contract cases of payments: cards, intents, charges, balance transactions, Checkout Sessions."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from tests.sandbox.billing_setup import DAY, VISA, customer, price
from tests.sandbox.contract_cases import contract_case
from tests.sandbox.payments_setup import SHOP, authenticate, session, setup_session, submit

REFUSED = "pm_card_visa_chargeDeclinedInsufficientFunds"
ASKS = "pm_card_threeDSecure2Required"
ADDRESS = {
    "line1": "1 Long Acre",
    "line2": "Flat 2",
    "city": "London",
    "state": "Greater London",
    "postal_code": "WC2E 9LH",
    "country": "GB",
}


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
    buyer = customer(world.client, card=None)
    method = api.payment_methods.create(
        {
            "type": "card",
            "card": {"token": "tok_mastercard"},
            "billing_details": {
                "name": "Ada Lovelace",
                "email": "ada@example.com",
                "phone": "+44 20 7946 0000",
                "address": ADDRESS,
            },
            "metadata": {"odoo_id": "7"},
        }
    )
    expanded = {"expand": ["customer"]}
    api.payment_methods.attach(method.id, {"customer": buyer, **expanded})
    api.payment_methods.update(
        method.id,
        {
            "billing_details": {"email": "countess@example.com", "address": {"city": "Paris"}},
            "card": {"exp_month": 1, "exp_year": 2035},
            "metadata": {"odoo_id": ""},
        },
    )
    api.payment_methods.attach(VISA, {"customer": buyer})
    api.payment_methods.retrieve(method.id, expanded)
    api.payment_methods.list(
        {"customer": buyer, "type": "card", "limit": 1, "expand": ["data.customer"]}
    )
    api.customers.payment_methods.list(
        buyer, {"type": "card", "limit": 1, "starting_after": _newest(world.client, buyer)}
    )
    api.customers.payment_methods.retrieve(buyer, method.id, expanded)
    api.payment_methods.detach(method.id)


@contract_case(
    "POST /v1/setup_intents",
    "GET /v1/setup_intents",
    "GET /v1/setup_intents/{intent}",
    "POST /v1/setup_intents/{intent}/confirm",
    "POST /v1/setup_intents/{intent}/cancel",
)
def setup_intents(world: Any) -> None:
    api = world.client.v1
    buyer = customer(world.client, card=None)
    api.setup_intents.create(
        {
            "customer": buyer,
            "payment_method": VISA,
            "confirm": True,
            "description": "Card on file",
            "metadata": {"odoo_id": "7"},
            "usage": "off_session",
            "return_url": f"{SHOP}/back",
            "automatic_payment_methods": {"enabled": True},
            "expand": ["customer", "payment_method"],
        }
    )
    asks = api.setup_intents.create({"customer": buyer})
    api.setup_intents.confirm(asks.id, {"payment_method": ASKS, "return_url": f"{SHOP}/back"})
    refused = api.setup_intents.create({"customer": buyer})
    with pytest.raises(stripe.CardError):
        api.setup_intents.confirm(refused.id, {"payment_method": REFUSED})
    api.setup_intents.retrieve(refused.id, {"expand": ["customer"]})
    api.setup_intents.cancel(asks.id, {"cancellation_reason": "abandoned"})
    api.setup_intents.list(
        {"customer": buyer, "created": {"gte": 1}, "limit": 2, "expand": ["data.payment_method"]}
    )


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
    buyer = customer(world.client, card=None)
    paid = api.payment_intents.create(
        {
            "amount": 2_000,
            "currency": "usd",
            "customer": buyer,
            "payment_method": VISA,
            "confirm": True,
            "description": "Order 7",
            "metadata": {"odoo_id": "7"},
            "receipt_email": "ada@example.com",
            "setup_future_usage": "off_session",
            "return_url": f"{SHOP}/back",
            "automatic_payment_methods": {"enabled": True},
            "expand": ["customer", "payment_method", "latest_charge.balance_transaction"],
        }
    )
    asks = api.payment_intents.create({"amount": 500, "currency": "eur", "customer": buyer})
    api.payment_intents.confirm(
        asks.id, {"payment_method": ASKS, "off_session": False, "return_url": f"{SHOP}/back"}
    )
    api.payment_intents.cancel(asks.id, {"cancellation_reason": "abandoned"})
    refused = api.payment_intents.create({"amount": 500, "currency": "jpy", "customer": buyer})
    api.payment_intents.update(
        refused.id,
        {"description": "Order 8", "metadata": {"odoo_id": "8"}, "receipt_email": "b@example.com"},
    )
    with pytest.raises(stripe.CardError):
        api.payment_intents.confirm(refused.id, {"payment_method": REFUSED})
    api.payment_intents.retrieve(refused.id, {"expand": ["latest_charge"]})
    api.payment_intents.list(
        {"customer": buyer, "created": {"gte": 1}, "expand": ["data.latest_charge"]}
    )
    charge = paid.latest_charge
    whole = {"expand": ["balance_transaction", "payment_intent", "customer"]}
    api.charges.retrieve(charge.id, whole)
    api.charges.list({"customer": buyer, "created": {"gte": 1}, "limit": 1})
    api.charges.list({"payment_intent": paid.id, "expand": ["data.balance_transaction"]})
    fee = charge.balance_transaction
    api.balance_transactions.retrieve(fee.id, {"expand": ["source"]})
    api.balance_transactions.list(
        {
            "source": charge.id,
            "currency": "usd",
            "type": "charge",
            "created": {"gte": 1},
            "expand": ["data.source"],
        }
    )


@contract_case(
    "POST /v1/checkout/sessions",
    "GET /v1/checkout/sessions",
    "GET /v1/checkout/sessions/{session}",
    "GET /v1/checkout/sessions/{session}/line_items",
    "POST /v1/checkout/sessions/{session}/expire",
)
def checkout_sessions(world: Any) -> None:
    api = world.client.v1
    buyer = customer(world.client, card=None)
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    coupon = api.coupons.create({"percent_off": 25, "duration": "once"}).id
    plan = price(world.client, 1_000)
    sold = api.checkout.sessions.create(
        {
            "mode": "subscription",
            "ui_mode": "hosted_page",
            "customer": buyer,
            "client_reference_id": "odoo-7",
            "metadata": {"odoo_id": "7"},
            "line_items": [{"price": plan, "quantity": 3, "tax_rates": [rate]}],
            "discounts": [{"coupon": coupon}],
            "subscription_data": {
                "description": "Three seats",
                "metadata": {"odoo_id": "7"},
                "default_tax_rates": [rate],
                "billing_mode": {"type": "flexible"},
            },
            "payment_method_collection": "always",
            "locale": "en",
            "expires_at": int(time.time()) + DAY // 2,
            "success_url": f"{SHOP}/done?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{SHOP}/cart",
            "expand": ["line_items", "customer"],
        }
    )
    assert submit(sold.url).status_code == 303
    api.checkout.sessions.retrieve(
        sold.id, {"expand": ["subscription", "invoice.payments", "customer", "line_items"]}
    )
    trial = session(
        world.client,
        plan,
        customer_email="b@example.com",
        allow_promotion_codes=True,
        payment_method_collection="if_required",
        subscription_data={
            "trial_end": int(time.time()) + 5 * DAY,
            "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
        },
    )
    assert submit(trial.url).status_code == 303
    anchored = {
        "billing_cycle_anchor": int(time.time()) + 5 * DAY,
        "proration_behavior": "none",
    }
    session(world.client, plan, subscription_data=anchored)
    saved = setup_session(
        world.client, customer=buyer, setup_intent_data={"metadata": {"odoo_id": "7"}}
    )
    assert authenticate(submit(saved.url, "4000000000003220")).status_code == 303
    api.checkout.sessions.retrieve(saved.id, {"expand": ["setup_intent.payment_method"]})
    api.checkout.sessions.line_items.list(sold.id, {"limit": 1, "expand": ["data.price.product"]})
    open_one = session(world.client, plan)
    api.checkout.sessions.expire(open_one.id, {"expand": ["line_items"]})
    api.checkout.sessions.list(
        {"customer": buyer, "status": "complete", "expand": ["data.subscription"], "limit": 2}
    )
    api.checkout.sessions.list({"customer_details": {"email": "ada@example.com"}})


def _newest(client: Any, buyer: str) -> str:
    return client.v1.payment_methods.list({"customer": buyer, "limit": 1}).data[0].id
