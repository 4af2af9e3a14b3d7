"""Contract cases of the catalogue: products, prices, tax rates, coupons, promotion codes."""

from __future__ import annotations

import time
from typing import Any

from tests.sandbox.contract_cases import contract_case


@contract_case(
    "POST /v1/products",
    "GET /v1/products",
    "GET /v1/products/{id}",
    "POST /v1/products/{id}",
    "DELETE /v1/products/{id}",
)
def products(world: Any) -> None:
    api = world.client.v1.products
    made = api.create(
        {
            "id": "gold",
            "name": "Gold",
            "active": True,
            "default_price_data": {
                "currency": "usd",
                "unit_amount": 900,
                "recurring": {"interval": "month"},
                "tax_behavior": "exclusive",
            },
            "description": "The best",
            "images": ["https://example.com/gold.png"],
            "marketing_features": [{"name": "Fast"}],
            "metadata": {"odoo_id": "7"},
            "shippable": False,
            "statement_descriptor": "GOLD",
            "tax_code": "txcd_10000000",
            "unit_label": "seat",
            "url": "https://example.com/gold",
            "expand": ["default_price"],
        }
    )
    assert made.default_price.unit_amount == 900
    other = world.client.v1.prices.create({"currency": "usd", "unit_amount": 5, "product": "gold"})
    api.update(
        "gold",
        {
            "active": False,
            "default_price": other.id,
            "description": "",
            "images": "",
            "marketing_features": "",
            "metadata": "",
            "name": "Gold II",
            "shippable": True,
            "statement_descriptor": "GOLD2",
            "tax_code": "",
            "unit_label": "",
            "url": "",
        },
    )
    api.retrieve("gold")
    api.list({"active": False, "created": {"gte": 1}, "ids": ["gold"], "limit": 1})
    api.list({"shippable": True, "url": "https://example.com/none"})
    api.delete(api.create({"name": "Short-lived"}).id)


@contract_case(
    "POST /v1/prices", "GET /v1/prices", "GET /v1/prices/{price}", "POST /v1/prices/{price}"
)
def prices(world: Any) -> None:
    api, product = world.client.v1.prices, world.client.v1.products.create({"name": "Seats"}).id
    plain = api.create(
        {
            "currency": "USD",
            "unit_amount": 1200,
            "product": product,
            "active": True,
            "billing_scheme": "per_unit",
            "currency_options": {
                "eur": {"unit_amount": 1100, "tax_behavior": "inclusive"},
                "kwd": {"unit_amount_decimal": "3500"},
            },
            "lookup_key": "seat_month",
            "transfer_lookup_key": True,
            "metadata": {"a": "b"},
            "nickname": "Seat",
            "recurring": {
                "interval": "month",
                "interval_count": 3,
                "usage_type": "licensed",
                "trial_period_days": 14,
            },
            "tax_behavior": "unspecified",
            "transform_quantity": {"divide_by": 10, "round": "up"},
            "expand": ["currency_options", "product", "tiers"],
        }
    )
    assert set(plain.currency_options.to_dict()) == {"usd", "eur", "kwd"}
    tiers = [
        {"up_to": 5, "unit_amount": 100, "flat_amount": 500},
        {"up_to": "inf", "unit_amount_decimal": "99.5", "flat_amount_decimal": "0.5"},
    ]
    api.create(
        {
            "currency": "usd",
            "product_data": {
                "name": "Calls",
                "active": True,
                "metadata": {"x": "y"},
                "statement_descriptor": "CALLS",
                "tax_code": "txcd_10000000",
                "unit_label": "call",
            },
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": tiers,
            "currency_options": {"eur": {"tiers": tiers}},
            "recurring": {"interval": "month"},
            "expand": ["tiers", "currency_options.eur.tiers"],
        }
    )
    meter = world.client.v1.billing.meters.create(
        {
            "display_name": "Calls",
            "event_name": "calls",
            "default_aggregation": {"formula": "sum"},
        }
    )
    api.create(
        {
            "currency": "usd",
            "unit_amount_decimal": "0.25",
            "product": product,
            "recurring": {"interval": "month", "usage_type": "metered", "meter": meter.id},
        }
    )
    api.create({"currency": "jpy", "unit_amount": 500, "product": product})
    api.retrieve(plain.id, {"expand": ["product.default_price"]})
    api.update(
        plain.id,
        {
            "active": False,
            "currency_options": {"gbp": {"unit_amount": 1000}},
            "lookup_key": "seat_quarter",
            "transfer_lookup_key": True,
            "metadata": {"a": ""},
            "nickname": "",
            "tax_behavior": "exclusive",
        },
    )
    api.list(
        {
            "product": product,
            "active": False,
            "currency": "usd",
            "created": {"gt": 1},
            "lookup_keys": ["seat_quarter"],
            "recurring": {"interval": "month", "usage_type": "licensed"},
            "type": "recurring",
            "expand": ["data.tiers", "data.product", "data.currency_options"],
        }
    )
    assert api.list({"recurring": {"meter": meter.id}}).data


@contract_case(
    "POST /v1/tax_rates",
    "GET /v1/tax_rates",
    "GET /v1/tax_rates/{tax_rate}",
    "POST /v1/tax_rates/{tax_rate}",
)
def tax_rates(world: Any) -> None:
    api = world.client.v1.tax_rates
    rate = api.create(
        {
            "display_name": "VAT",
            "percentage": 19.25,
            "inclusive": False,
            "active": True,
            "country": "DE",
            "description": "German VAT",
            "jurisdiction": "DE",
            "metadata": {"a": "b"},
            "state": "BE",
            "tax_type": "vat",
        }
    )
    api.update(
        rate.id,
        {
            "active": False,
            "country": "FR",
            "description": "French VAT",
            "display_name": "TVA",
            "jurisdiction": "FR",
            "metadata": {"a": ""},
            "state": "IDF",
            "tax_type": "vat",
        },
    )
    api.retrieve(rate.id)
    api.list({"active": False, "inclusive": False, "created": {"lte": 4102444800}})


@contract_case(
    "POST /v1/coupons",
    "GET /v1/coupons",
    "GET /v1/coupons/{coupon}",
    "POST /v1/coupons/{coupon}",
    "DELETE /v1/coupons/{coupon}",
)
def coupons(world: Any) -> None:
    api, product = world.client.v1.coupons, world.client.v1.products.create({"name": "P"}).id
    api.create(
        {
            "id": "SUMMER",
            "percent_off": 12.5,
            "duration": "repeating",
            "duration_in_months": 3,
            "applies_to": {"products": [product]},
            "max_redemptions": 5,
            "metadata": {"a": "b"},
            "name": "Summer",
            "redeem_by": int(time.time()) + 86400,
            "expand": ["applies_to"],
        }
    )
    amount = api.create(
        {
            "amount_off": 500,
            "currency": "usd",
            "currency_options": {"eur": {"amount_off": 450}},
            "duration": "once",
            "expand": ["currency_options"],
        }
    )
    api.update(
        amount.id,
        {"name": "Winter", "metadata": "", "currency_options": {"gbp": {"amount_off": 400}}},
    )
    api.retrieve("SUMMER", {"expand": ["applies_to"]})
    api.list({"created": {"gte": 1}, "expand": ["data.applies_to", "data.currency_options"]})
    api.delete("SUMMER")


@contract_case(
    "POST /v1/promotion_codes",
    "GET /v1/promotion_codes",
    "GET /v1/promotion_codes/{promotion_code}",
    "POST /v1/promotion_codes/{promotion_code}",
)
def promotion_codes(world: Any) -> None:
    api = world.client.v1.promotion_codes
    coupon = world.client.v1.coupons.create({"percent_off": 10, "duration": "once"}).id
    buyer = world.client.v1.customers.create({"name": "Ada"}).id
    code = api.create(
        {
            "promotion": {"type": "coupon", "coupon": coupon},
            "active": True,
            "code": "HELLO-10",
            "customer": buyer,
            "expires_at": int(time.time()) + 86400,
            "max_redemptions": 3,
            "metadata": {"a": "b"},
            "restrictions": {
                "first_time_transaction": True,
                "minimum_amount": 1000,
                "minimum_amount_currency": "usd",
            },
            "expand": ["promotion.coupon", "customer"],
        }
    )
    api.update(code.id, {"active": False, "metadata": ""})
    api.retrieve(code.id, {"expand": ["promotion.coupon.applies_to"]})
    api.list(
        {
            "active": False,
            "code": "hello-10",
            "coupon": coupon,
            "customer": buyer,
            "created": {"gte": 1},
            "expand": ["data.promotion.coupon"],
        }
    )
