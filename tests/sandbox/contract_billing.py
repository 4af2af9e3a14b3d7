"""Contract cases of billing: every operation with the parameters people use, expanded where it can
be.
"""

from __future__ import annotations

from typing import Any

from tests.sandbox.billing_setup import customer, item_id, price, subscribe
from tests.sandbox.contract_cases import contract_case


@contract_case(
    "POST /v1/subscriptions",
    "GET /v1/subscriptions",
    "GET /v1/subscriptions/{subscription_exposed_id}",
    "POST /v1/subscriptions/{subscription_exposed_id}",
    "DELETE /v1/subscriptions/{subscription_exposed_id}",
    "POST /v1/subscriptions/{subscription}/pause",
    "POST /v1/subscriptions/{subscription}/resume",
)
def subscriptions(world: Any) -> None:
    api = world.client.v1
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": True}).id
    coupon = api.coupons.create({"percent_off": 10, "duration": "forever"}).id
    product = api.products.create({"name": "Seats"}).id
    data = {"currency": "usd", "product": product, "unit_amount_decimal": "12.5"}
    buyer = customer(world.client)
    sub = api.subscriptions.create(
        {
            "customer": buyer,
            "items": [
                {
                    "price": price(world.client, 1000),
                    "quantity": 2,
                    "metadata": {"line": "1"},
                    "tax_rates": [rate],
                    "discounts": [{"coupon": coupon}],
                },
                {"price_data": {**data, "recurring": {"interval": "week", "interval_count": 2}}},
            ],
            "add_invoice_items": [{"price": price(world.client, 500, None), "quantity": 3}],
            "billing_mode": {"type": "flexible"},
            "cancel_at": "max_period_end",
            "collection_method": "charge_automatically",
            "currency": "usd",
            "default_tax_rates": [rate],
            "description": "All of it",
            "discounts": [{"coupon": coupon}],
            "invoice_settings": {"description": "Thank you", "footer": "Ada Ltd"},
            "metadata": {"odoo_id": "1"},
            "off_session": True,
            "payment_behavior": "allow_incomplete",
            "payment_settings": {"save_default_payment_method": "on_subscription"},
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
            "expand": [
                "customer",
                "default_payment_method",
                "discounts.source.coupon",
                "items.data.price.product",
                "items.data.discounts",
                "latest_invoice.payments.data.payment.payment_intent",
                "latest_invoice.confirmation_secret",
                "latest_invoice.lines.data.discounts",
            ],
        }
    )
    api.subscriptions.list(
        {
            "customer": buyer,
            "status": "all",
            "created": {"gte": 1},
            "current_period_end": {"gte": 1},
            "collection_method": "charge_automatically",
            "expand": ["data.latest_invoice"],
            "limit": 3,
        }
    )
    api.subscriptions.retrieve(sub.id, {"expand": ["latest_invoice.payments"]})
    api.subscriptions.update(
        sub.id,
        {
            "items": [{"id": item_id(sub), "quantity": 3}, {"price": price(world.client, 70)}],
            "cancel_at": "",
            "cancellation_details": {"comment": "no", "feedback": "unused"},
            "description": "",
            "discounts": "",
            "metadata": {"odoo_id": ""},
            "pause_collection": {"behavior": "keep_as_draft", "resumes_at": 4102444800},
            "proration_behavior": "always_invoice",
        },
    )
    api.subscriptions.update(
        sub.id, {"billing_cycle_anchor": {"type": "now"}, "pause_collection": ""}
    )
    api.subscriptions.pause(
        sub.id,
        {
            "bill_for": {"unused_time_from": {"type": "now"}},
            "invoicing_behavior": "invoice",
            "type": "subscription",
        },
    )
    api.subscriptions.resume(
        sub.id, {"billing_cycle_anchor": {"type": "unchanged"}, "proration_behavior": "none"}
    )
    later = subscribe(world.client, buyer, price(world.client, 10), trial_period_days=5)
    api.subscriptions.update(later.id, {"trial_end": "now"})
    api.subscriptions.cancel(
        sub.id,
        {"invoice_now": True, "prorate": True, "cancellation_details": {"feedback": "other"}},
    )


@contract_case(
    "POST /v1/subscription_items",
    "GET /v1/subscription_items",
    "GET /v1/subscription_items/{item}",
    "POST /v1/subscription_items/{item}",
    "DELETE /v1/subscription_items/{item}",
)
def subscription_items(world: Any) -> None:
    api = world.client.v1
    sub = subscribe(world.client, customer(world.client), price(world.client, 1000))
    item = api.subscription_items.create(
        {"subscription": sub.id, "price": price(world.client, 500), "quantity": 1}
    )
    api.subscription_items.update(item.id, {"quantity": 4, "metadata": {"a": "b"}})
    api.subscription_items.retrieve(item.id, {"expand": ["price.product"]})
    api.subscription_items.list({"subscription": sub.id})
    api.subscription_items.delete(item.id, {"proration_behavior": "none"})


@contract_case(
    "POST /v1/invoices",
    "GET /v1/invoices",
    "GET /v1/invoices/{invoice}",
    "POST /v1/invoices/{invoice}",
    "DELETE /v1/invoices/{invoice}",
    "GET /v1/invoices/{invoice}/lines",
    "POST /v1/invoices/{invoice}/finalize",
    "POST /v1/invoices/{invoice}/pay",
    "POST /v1/invoices/{invoice}/send",
    "POST /v1/invoices/{invoice}/void",
    "POST /v1/invoices/{invoice}/mark_uncollectible",
    "GET /v1/invoice_payments",
    "GET /v1/invoice_payments/{invoice_payment}",
)
def invoices(world: Any) -> None:
    api, buyer = world.client.v1, customer(world.client)
    coupon = api.coupons.create({"percent_off": 10, "duration": "once"}).id
    rate = api.tax_rates.create({"display_name": "GST", "percentage": 5, "inclusive": False}).id

    def draft(**more: Any) -> str:
        invoice = api.invoices.create({"customer": buyer, "currency": "usd", **more}).id
        api.invoice_items.create({"customer": buyer, "invoice": invoice, "amount": 900})
        return invoice

    first = draft(description="Work", metadata={"a": "b"}, discounts=[{"coupon": coupon}])
    api.invoices.update(first, {"default_tax_rates": [rate], "footer": "x", "auto_advance": True})
    api.invoices.line_items.list(first, {"limit": 1})
    api.invoices.finalize_invoice(first, {"auto_advance": False})
    api.invoices.pay(first, {"off_session": True, "expand": ["payments", "customer", "discounts"]})
    payment = api.invoice_payments.list({"invoice": first, "status": "paid"}).data[0]
    api.invoice_payments.retrieve(payment.id, {"expand": ["payment.payment_intent", "invoice"]})
    api.invoices.retrieve(first, {"expand": ["total_discount_amounts.discount"]})
    sent = draft(collection_method="send_invoice", days_until_due=7)
    api.invoices.send_invoice(sent)
    api.invoices.mark_uncollectible(sent)
    api.invoices.void_invoice(sent)
    api.invoices.delete(draft())
    api.invoices.list({"customer": buyer, "status": "paid", "expand": ["data.payments"]})


@contract_case(
    "POST /v1/invoiceitems",
    "GET /v1/invoiceitems",
    "GET /v1/invoiceitems/{invoiceitem}",
    "POST /v1/invoiceitems/{invoiceitem}",
    "DELETE /v1/invoiceitems/{invoiceitem}",
)
def invoice_items(world: Any) -> None:
    api, buyer = world.client.v1, customer(world.client)
    item = api.invoice_items.create(
        {
            "customer": buyer,
            "pricing": {"price": price(world.client, 500, None)},
            "quantity": 2,
            "period": {"start": 1000, "end": 2000},
        }
    )
    api.invoice_items.update(
        item.id, {"quantity": 3, "description": "Three", "metadata": {"a": "b"}}
    )
    api.invoice_items.retrieve(item.id)
    api.invoice_items.list({"customer": buyer, "pending": True})
    api.invoice_items.delete(item.id)


@contract_case("POST /v1/invoices/create_preview")
def previews(world: Any) -> None:
    api, buyer = world.client.v1, customer(world.client)
    plan = price(world.client, 1000)
    details = {"items": [{"price": plan, "quantity": 2}]}
    api.invoices.create_preview({"customer": buyer, "subscription_details": details})
    sub = subscribe(world.client, buyer, plan)
    api.invoices.create_preview({"subscription": sub.id})
    api.invoices.create_preview(
        {
            "subscription": sub.id,
            "subscription_details": {
                "items": [{"id": item_id(sub), "quantity": 5}],
                "proration_behavior": "always_invoice",
            },
        }
    )
    for details in (
        {"cancel_now": True},
        {"cancel_at": 4102444800, "proration_behavior": "none"},
        {"cancel_at_period_end": False},
        {
            "pause": {
                "bill_for": {
                    "unused_time_from": {"type": "now"},
                    "outstanding_usage_through": {"type": "now"},
                },
                "invoicing_behavior": "invoice",
                "type": "subscription",
            }
        },
    ):
        api.invoices.create_preview({"subscription": sub.id, "subscription_details": details})
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    extra = {"discountable": False, "tax_rates": [rate]}
    api.invoices.create_preview(
        {
            "subscription": sub.id,
            "discounts": "",
            "invoice_items": [
                {"amount": 500, "currency": "usd", "description": "Training", **extra},
                {"price": price(world.client, 50, None), "quantity": 2},
            ],
        }
    )
    api.invoices.create_preview({"subscription": sub.id, "preview_mode": "recurring"})
    api.subscriptions.pause(sub.id)
    api.invoices.create_preview(
        {"subscription": sub.id, "subscription_details": {"resume_at": "now"}}
    )


@contract_case(
    "POST /v1/subscription_schedules",
    "GET /v1/subscription_schedules",
    "GET /v1/subscription_schedules/{schedule}",
    "POST /v1/subscription_schedules/{schedule}",
    "POST /v1/subscription_schedules/{schedule}/cancel",
    "POST /v1/subscription_schedules/{schedule}/release",
)
def subscription_schedules(world: Any) -> None:
    api, buyer = world.client.v1, customer(world.client)
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": True}).id
    made = [
        api.subscription_schedules.create(
            {
                "customer": buyer,
                "start_date": start,
                "end_behavior": "release",
                "metadata": {"odoo_id": "1"},
                "phases": [
                    {
                        "items": [{"price": price(world.client, 1000), "quantity": 2}],
                        "default_tax_rates": [rate],
                        "duration": {"interval": "month", "interval_count": 3},
                        "proration_behavior": "none",
                    }
                ],
            }
        ).id
        for start in (4102444800, "now")
    ]
    api.subscription_schedules.list({"customer": buyer, "scheduled": True})
    api.subscription_schedules.retrieve(made[1], {"expand": ["subscription", "phases.items.price"]})
    api.subscription_schedules.cancel(made[0])
    api.subscription_schedules.release(made[1])
    sub = subscribe(world.client, buyer, price(world.client, 1000), metadata={"odoo_id": "1"})
    schedule = api.subscription_schedules.create({"from_subscription": sub.id})
    now = schedule.phases[0]
    items = [{"price": now.items[0].price, "quantity": 1}]
    api.subscription_schedules.update(
        schedule.id,
        {
            "end_behavior": "release",
            "metadata": {"odoo_id": "2"},
            "proration_behavior": "none",
            "phases": [
                {"items": items, "start_date": now.start_date, "end_date": now.end_date},
                {
                    "items": [{"price": price(world.client, 2000), "quantity": 3}],
                    "duration": {"interval": "month", "interval_count": 1},
                    "proration_behavior": "none",
                    "default_tax_rates": [rate],
                    "metadata": {"odoo_id": "2"},
                },
            ],
            "expand": ["subscription", "phases.items.price"],
        },
    )
    api.subscriptions.retrieve(sub.id, {"expand": ["schedule"]})
