"""Contract cases of parameters that the other cases do not need."""

from __future__ import annotations

import time
from typing import Any

from tests.sandbox.billing_setup import DAY, VISA, customer, item_id, price, subscribe
from tests.sandbox.contract_cases import contract_case

BACK = "https://example.com/back"


def _goods(world: Any) -> tuple[str, str, dict[str, Any]]:
    """A tax rate, a coupon, and price_data for an item that renews each month."""
    api = world.client.v1
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    coupon = api.coupons.create({"percent_off": 10, "duration": "forever"}).id
    product = api.products.create({"name": "Extra"}).id
    data = {"currency": "usd", "product": product, "unit_amount": 300, "tax_behavior": "exclusive"}
    return rate, coupon, {**data, "recurring": {"interval": "month"}}


def _once(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "recurring"}


@contract_case("POST /v1/subscriptions")
def subscriptions_created(world: Any) -> None:
    api, buyer = world.client.v1, customer(world.client)
    rate, coupon, data = _goods(world)
    method = api.payment_methods.attach(VISA, {"customer": buyer}).id
    now = int(time.time())
    extra = {
        "price_data": _once(data),
        "quantity": 2,
        "discountable": False,
        "metadata": {"a": "b"},
        "tax_rates": [rate],
    }
    api.subscriptions.create(
        {
            "customer": buyer,
            "items": [{"price_data": data, "discounts": [{"coupon": coupon}]}],
            "add_invoice_items": [extra],
            "billing_cycle_anchor": now + 5 * DAY,
            "cancel_at_period_end": True,
            "default_payment_method": method,
            "payment_settings": {"payment_method_types": ["card"]},
            "proration_behavior": "create_prorations",
        }
    )
    api.subscriptions.create(
        {
            "customer": buyer,
            "items": [{"price_data": data}],
            "billing_cycle_anchor_config": {"day_of_month": 1},
            "collection_method": "send_invoice",
            "days_until_due": 14,
        }
    )
    api.subscriptions.create(
        {"customer": buyer, "items": [{"price_data": data}], "trial_end": now + 9 * DAY}
    )


@contract_case("POST /v1/subscriptions/{subscription_exposed_id}", "GET /v1/subscriptions")
def subscriptions_changed(world: Any) -> None:
    api, buyer = world.client.v1, customer(world.client)
    rate, _coupon, data = _goods(world)
    plan = price(world.client, 1000)
    sub = subscribe(world.client, buyer, plan)
    method = api.payment_methods.attach(VISA, {"customer": buyer}).id
    more = {"price_data": data, "quantity": 2, "metadata": {"a": "b"}, "tax_rates": [rate]}
    changed = api.subscriptions.update(
        sub.id,
        {
            "items": [
                more,
                {"id": item_id(sub), "quantity": 3},
            ],
            "add_invoice_items": [
                {"price": price(world.client, 500, None), "quantity": 1, "tax_rates": [rate]},
                {"price_data": _once(data), "discountable": False, "metadata": {"a": "b"}},
            ],
            "default_payment_method": method,
            "default_tax_rates": [rate],
            "invoice_settings": {"description": "Hello", "footer": "Bye"},
            "off_session": True,
            "payment_behavior": "allow_incomplete",
            "payment_settings": {
                "payment_method_types": ["card"],
                "save_default_payment_method": "off",
            },
            "proration_behavior": "create_prorations",
            "proration_date": int(time.time()),
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        },
    )
    api.subscriptions.update(
        sub.id,
        {
            "items": [{"id": row.id, "deleted": True} for row in changed["items"].data[1:]],
            "cancel_at_period_end": True,
            "collection_method": "send_invoice",
            "days_until_due": 7,
        },
    )
    api.subscriptions.list({"price": plan, "current_period_start": {"gte": 1}})
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1893456000}).id
    api.subscriptions.list({"test_clock": clock})


@contract_case(
    "POST /v1/subscriptions/{subscription}/pause",
    "POST /v1/subscriptions/{subscription}/resume",
    "DELETE /v1/subscriptions/{subscription_exposed_id}",
)
def subscriptions_paused(world: Any) -> None:
    api = world.client.v1
    sub = subscribe(world.client, customer(world.client), price(world.client, 1000))
    api.subscriptions.pause(
        sub.id, {"type": "subscription", "bill_for": {"outstanding_usage_through": {"type": "now"}}}
    )
    api.subscriptions.resume(sub.id, {"payment_behavior": "resume_on_payment_attempt"})
    api.subscriptions.cancel(sub.id, {"cancellation_details": {"comment": "Too late"}})


@contract_case(
    "POST /v1/subscription_items",
    "POST /v1/subscription_items/{item}",
    "DELETE /v1/subscription_items/{item}",
)
def subscription_items(world: Any) -> None:
    api = world.client.v1
    rate, _coupon, data = _goods(world)
    sub = subscribe(world.client, customer(world.client), price(world.client, 1000))
    now = sub.start_date
    prorated = {"proration_behavior": "create_prorations", "proration_date": now}
    terms = {"tax_rates": [rate]}
    made = api.subscription_items.create(
        {"subscription": sub.id, "price_data": data, "metadata": {"a": "b"}, **terms, **prorated}
    )
    change = {"off_session": True, "price": price(world.client, 700)}
    api.subscription_items.update(made.id, {**change, **terms, **prorated})
    api.subscription_items.update(made.id, {"price_data": {**data, "unit_amount": 350}})
    api.subscription_items.delete(made.id, {"proration_date": now})


@contract_case(
    "POST /v1/invoices",
    "POST /v1/invoices/{invoice}",
    "GET /v1/invoices",
    "POST /v1/invoices/{invoice}/pay",
)
def invoices(world: Any) -> None:
    api, buyer, now = world.client.v1, customer(world.client), int(time.time())
    rate, coupon, _data = _goods(world)
    sub = subscribe(world.client, buyer, price(world.client, 1000))
    method = api.payment_methods.attach(VISA, {"customer": buyer}).id
    plain = {
        "default_payment_method": method,
        "default_tax_rates": [rate],
        "description": "Work",
        "discounts": [{"coupon": coupon}],
        "footer": "Bye",
        "metadata": {"a": "b"},
        "statement_descriptor": "WORK",
    }
    api.invoice_items.create({"customer": buyer, "currency": "usd", "amount": 900})
    sent = api.invoices.create(
        {
            "customer": buyer,
            "auto_advance": False,
            "collection_method": "send_invoice",
            "due_date": now + 9 * DAY,
            "number": "W-1",
            "pending_invoice_items_behavior": "include",
            **plain,
        }
    ).id
    api.invoices.update(sent, {"due_date": now + 8 * DAY, "number": "W-2", **plain})
    api.invoices.update(sent, {"days_until_due": 5})
    api.invoices.finalize_invoice(sent)
    api.invoices.pay(sent, {"paid_out_of_band": True})
    api.invoice_items.create(
        {"customer": buyer, "currency": "usd", "amount": 900, "subscription": sub.id}
    )
    of_sub = api.invoices.create({"customer": buyer, "subscription": sub.id}).id
    api.invoices.update(of_sub, {"collection_method": "charge_automatically"})
    api.invoices.finalize_invoice(of_sub)
    api.invoices.pay(of_sub, {"payment_method": method})
    api.invoices.list({"subscription": sub.id, "created": {"gte": 1}})
    api.invoices.list({"collection_method": "send_invoice", "due_date": {"gte": now}})


@contract_case(
    "POST /v1/invoiceitems",
    "POST /v1/invoiceitems/{invoiceitem}",
    "GET /v1/invoiceitems",
    "GET /v1/invoice_payments",
)
def invoice_items(world: Any) -> None:
    api, buyer = world.client.v1, customer(world.client)
    rate, coupon, data = _goods(world)
    sub = subscribe(world.client, buyer, price(world.client, 1000))
    invoice = api.invoices.create({"customer": buyer, "currency": "usd"}).id
    terms = {"metadata": {"a": "b"}, "tax_rates": [rate]}
    api.invoice_items.create(
        {"customer": buyer, "invoice": invoice, "price_data": _once(data), "discountable": False}
    )
    item = api.invoice_items.create(
        {
            "customer": buyer,
            "currency": "usd",
            "description": "Hours",
            "discounts": [{"coupon": coupon}],
            "quantity": 2,
            "subscription": sub.id,
            "unit_amount_decimal": "12.5",
            **terms,
        }
    ).id
    api.invoice_items.update(
        item, {"discountable": True, "period": {"start": 1000, "end": 2000}, **terms}
    )
    amount = api.invoice_items.create({"customer": buyer, "currency": "usd", "amount": 5}).id
    api.invoice_items.update(amount, {"amount": 6})
    api.invoice_items.list({"invoice": invoice, "created": {"gte": 1}})
    paid = api.invoice_payments.list({"created": {"gte": 1}}).data[0]
    wanted = {"type": "payment_intent", "payment_intent": paid.payment.payment_intent}
    assert api.invoice_payments.list({"payment": wanted}).data


@contract_case("POST /v1/invoices/create_preview")
def previews(world: Any) -> None:
    api, buyer, now = world.client.v1, customer(world.client), int(time.time())
    rate, coupon, data = _goods(world)
    item = {"price_data": data, "metadata": {"a": "b"}, "tax_rates": [rate]}
    preview = api.invoices.create_preview
    preview(
        {
            "customer": buyer,
            "currency": "usd",
            "discounts": [{"coupon": coupon}],
            "preview_mode": "next",
            "subscription_details": {
                "items": [{**item, "discounts": [{"coupon": coupon}]}],
                "default_tax_rates": [rate],
                "metadata": {"a": "b"},
                "trial_end": now + 9 * DAY,
            },
        }
    )
    sub = subscribe(world.client, buyer, price(world.client, 1000))
    preview(
        {
            "subscription": sub.id,
            "subscription_details": {
                "items": [{"id": item_id(sub), "deleted": True}, item],
                "proration_date": sub["items"].data[0].current_period_start,
            },
        }
    )
    anchor = {"billing_cycle_anchor": {"type": "now"}}
    preview({"subscription": sub.id, "subscription_details": anchor})


@contract_case("POST /v1/subscription_schedules", "GET /v1/subscription_schedules")
def subscription_schedules(world: Any) -> None:
    api, buyer, now = world.client.v1, customer(world.client), int(time.time())
    rate, coupon, _data = _goods(world)
    plan, start = price(world.client, 1000), now + 3 * DAY
    method = api.payment_methods.attach(VISA, {"customer": buyer}).id
    discount = [{"coupon": coupon}]
    item = {"price": plan, "discounts": discount, "metadata": {"a": "b"}, "tax_rates": [rate]}
    api.subscription_schedules.create(
        {
            "customer": buyer,
            "start_date": start,
            "default_settings": {
                "collection_method": "charge_automatically",
                "default_payment_method": method,
                "description": "Later",
            },
            "phases": [
                {
                    "items": [item],
                    "currency": "usd",
                    "default_payment_method": method,
                    "description": "First",
                    "discounts": discount,
                    "end_date": start + 60 * DAY,
                    "metadata": {"a": "b"},
                    "trial_end": start + 5 * DAY,
                }
            ],
        }
    )
    by_mail = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 9}}
    phase = {"items": [{"price": plan}], "duration": {"interval": "month"}, **by_mail}
    api.subscription_schedules.create(
        {"customer": buyer, "start_date": start, "default_settings": by_mail, "phases": [phase]}
    )
    past = {"lte": now}
    assert not api.subscription_schedules.list({"canceled_at": past}).data
    assert not api.subscription_schedules.list({"released_at": past}).data
    assert api.subscription_schedules.list({"created": {"gte": 1}}).data


@contract_case(
    "POST /v1/payment_methods",
    "POST /v1/payment_methods/{payment_method}",
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/{intent}",
    "POST /v1/payment_intents/{intent}/confirm",
    "POST /v1/setup_intents",
    "GET /v1/setup_intents",
    "GET /v1/balance_transactions",
)
def payments(world: Any) -> None:
    api, buyer = world.client.v1, customer(world.client, None)
    details = {"name": "Ada", "email": "a@b.c", "phone": "1", "address": {"city": "Leeds"}}
    method = api.payment_methods.create(
        {"type": "card", "card": {"token": "tok_visa"}, "billing_details": details}
    ).id
    api.payment_methods.attach(method, {"customer": buyer})
    api.payment_methods.update(
        method,
        {
            "billing_details": details,
            "card": {"exp_month": 5, "exp_year": 2040},
            "metadata": {"a": "b"},
        },
    )
    terms = {"amount": 900, "currency": "usd", "customer": buyer, "payment_method": method}
    api.payment_intents.create({**terms, "confirm": True, "return_url": BACK})
    intent = api.payment_intents.create(terms).id
    api.payment_intents.update(intent, {"receipt_email": "a@b.c"})
    api.payment_intents.confirm(intent, {"off_session": True})
    automatic = {"automatic_payment_methods": {"enabled": True}}
    api.setup_intents.create({"customer": buyer, **automatic})
    api.setup_intents.list({"created": {"gte": 1}})
    api.balance_transactions.list({"created": {"gte": 1}})


@contract_case("POST /v1/checkout/sessions", "GET /v1/checkout/sessions")
def checkout_sessions(world: Any) -> None:
    api, now = world.client.v1, int(time.time())
    lines = {"line_items": [{"price": price(world.client, 1000), "quantity": 1}]}
    shop = {"mode": "subscription", "success_url": BACK, **lines}
    later = {"billing_cycle_anchor": now + 5 * DAY, "proration_behavior": "none"}
    create = api.checkout.sessions.create
    create({**shop, "subscription_data": later, "automatic_tax": {"enabled": False}})
    printed = {"description": "Seats of Berlin", "footer": "Thank you"}
    create({**shop, "subscription_data": {"trial_period_days": 7, "invoice_settings": printed}})
    setup = {"mode": "setup", "currency": "usd", "success_url": BACK}
    create({**setup, "setup_intent_data": {"metadata": {"a": "b"}}})
    sub = subscribe(world.client, customer(world.client), price(world.client, 1000))
    assert not api.checkout.sessions.list({"subscription": sub.id}).data
    intent = api.payment_intents.list().data[0].id
    assert not api.checkout.sessions.list({"payment_intent": intent}).data
