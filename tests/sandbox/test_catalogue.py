"""Rules of the catalogue and of customers."""

from __future__ import annotations

import pytest

from tests.sandbox.billing_setup import customer, event_types, price, subscribe
from tests.sandbox.core_setup import call, refused


@pytest.fixture
def product(client):
    return client.v1.products.create({"name": "Gold"}).id


def recurring(interval="month", **more):
    return {"interval": interval, **more}


# --- products


def test_product_with_prices_cannot_be_deleted(client, product):
    client.v1.prices.create({"currency": "usd", "unit_amount": 1, "product": product})
    with refused(status=400):
        client.v1.products.delete(product)


def test_deleted_product_is_gone_and_its_id_free(client):
    client.v1.products.create({"id": "gold", "name": "Gold"})
    assert client.v1.products.delete("gold").deleted
    with refused(status=404):
        client.v1.products.retrieve("gold")
    client.v1.products.create({"id": "gold", "name": "Gold"})
    with refused(code="resource_already_exists"):
        client.v1.products.create({"id": "gold", "name": "Gold"})
    assert len(client.v1.products.list().data) == 1


def test_default_price_is_one_of_the_product(client, product):
    other = price(client, 100)
    with refused(param="default_price"):
        client.v1.products.update(product, {"default_price": other})


def test_default_price_data_makes_the_default_price(client):
    data = {"currency": "eur", "unit_amount": 990, "recurring": recurring("year")}
    made = client.v1.products.create({"name": "Gold", "default_price_data": data})
    default = client.v1.prices.retrieve(made.default_price)
    assert (default.product, default.unit_amount, default.recurring.interval) == (
        made.id,
        990,
        "year",
    )


# --- metadata


def test_metadata_is_merged_and_unset(client, product):
    update = client.v1.products.update
    assert update(product, {"metadata": {"a": "1", "b": "2"}}).metadata.to_dict() == {
        "a": "1",
        "b": "2",
    }
    assert update(product, {"metadata": {"a": "", "c": "3"}}).metadata.to_dict() == {
        "b": "2",
        "c": "3",
    }
    assert update(product, {"metadata": ""}).metadata.to_dict() == {}


@pytest.mark.parametrize(
    "metadata",
    [
        {"k" * 41: "v"},
        {"k": "v" * 501},
        {f"k{number}": "v" for number in range(51)},
    ],
)
def test_metadata_has_limits(client, product, metadata):
    with refused(status=400):
        client.v1.products.update(product, {"metadata": metadata})


# --- prices


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"unit_amount": -1}, "unit_amount"),
        ({"unit_amount": 1, "unit_amount_decimal": "1"}, "unit_amount"),
        ({}, "unit_amount"),
        ({"unit_amount_decimal": "0.1234567890123"}, "unit_amount_decimal"),
        ({"unit_amount": 1, "currency": "dollars"}, "currency"),
        ({"unit_amount": 1, "tiers": [{"up_to": "inf", "unit_amount": 1}]}, "tiers"),
        ({"unit_amount": 1, "tiers_mode": "volume"}, "tiers_mode"),
        ({"unit_amount": 1, "recurring": recurring(interval_count=37)}, None),
        ({"unit_amount": 1, "recurring": recurring(interval_count=0)}, None),
        ({"unit_amount": 1, "recurring": recurring("day", interval_count=1096)}, None),
        ({"unit_amount": 1, "recurring": recurring("hour")}, "recurring[interval]"),
        ({"unit_amount": 1, "recurring": recurring(usage_type="metered")}, "recurring[meter]"),
        ({"unit_amount": 1, "recurring": recurring(meter="mtr_none")}, "recurring[meter]"),
        ({"unit_amount": 1, "lookup_key": "k" * 201}, "lookup_key"),
        ({"unit_amount": 1234, "currency": "kwd"}, "unit_amount"),
        ({"unit_amount": 150, "currency": "isk"}, "unit_amount"),
        (
            {"unit_amount": 1, "currency_options": {"usd": {"unit_amount": 1}}},
            "currency_options[usd]",
        ),
        (
            {"unit_amount": 1, "currency_options": {"eur": {"tax_behavior": "inclusive"}}},
            "currency_options[eur][unit_amount]",
        ),
        (
            {"unit_amount": 1, "transform_quantity": {"divide_by": 0, "round": "up"}},
            "transform_quantity[divide_by]",
        ),
        ({"unit_amount": 1, "custom_unit_amount": {"enabled": True}}, "custom_unit_amount"),
    ],
)
def test_price_that_makes_no_sense(client, product, params, param):
    expected = {"status": 400} if param is None else {"status": 400, "param": param}
    with refused(**expected):
        client.v1.prices.create({"currency": "usd", "product": product, **params})


@pytest.mark.parametrize(
    ("tiers", "param"),
    [
        ([], "tiers"),
        ([{"up_to": 5, "unit_amount": 1}], "tiers[0][up_to]"),
        ([{"up_to": "inf", "unit_amount": 1}, {"up_to": 5, "unit_amount": 1}], "tiers[0][up_to]"),
        (
            [
                {"up_to": 5, "unit_amount": 1},
                {"up_to": 5, "unit_amount": 1},
                {"up_to": "inf", "unit_amount": 1},
            ],
            "tiers[1][up_to]",
        ),
        ([{"up_to": "inf"}], "tiers[0]"),
        ([{"up_to": "inf", "flat_amount": 1, "flat_amount_decimal": "1"}], "tiers[0][flat_amount]"),
    ],
)
def test_tiers_that_make_no_sense(client, product, tiers, param):
    with refused(status=400, param=param):
        client.v1.prices.create(
            {
                "currency": "usd",
                "product": product,
                "billing_scheme": "tiered",
                "tiers_mode": "volume",
                "tiers": tiers,
                "recurring": recurring(),
            }
        )


def test_decimal_amount_has_no_integer(client, product):
    made = client.v1.prices.create(
        {"currency": "usd", "product": product, "unit_amount_decimal": "12.5"}
    )
    assert (made.unit_amount, str(made.unit_amount_decimal)) == (None, "12.5")
    made = client.v1.prices.create(
        {"currency": "usd", "product": product, "unit_amount_decimal": "12.00"}
    )
    assert (made.unit_amount, str(made.unit_amount_decimal)) == (12, "12")


@pytest.mark.parametrize("name", ["unit_amount", "currency", "recurring", "product"])
def test_price_is_never_changed_in_substance(sandbox, client, name):
    made = price(client, 1000)
    answer = call(sandbox, "POST", f"/v1/prices/{made}", {name: "1"})
    assert answer.json()["error"]["code"] == "parameter_unknown"


def test_lookup_key_is_of_one_price(client, product):
    params = {"currency": "usd", "unit_amount": 1, "product": product, "lookup_key": "gold"}
    first = client.v1.prices.create(params)
    with refused(param="lookup_key"):
        client.v1.prices.create(params)
    second = client.v1.prices.create({**params, "transfer_lookup_key": True})
    assert client.v1.prices.retrieve(first.id).lookup_key is None
    assert [row.id for row in client.v1.prices.list({"lookup_keys": ["gold"]})] == [second.id]
    assert event_types(client, "price") == ["price.created", "price.updated", "price.created"]


def test_tax_behavior_is_decided_once(client):
    made = price(client, 1000)
    client.v1.prices.update(made, {"tax_behavior": "inclusive"})
    with refused(param="tax_behavior"):
        client.v1.prices.update(made, {"tax_behavior": "exclusive"})


def test_tiers_and_other_currencies_are_shown_when_expanded_only(client, product):
    made = client.v1.prices.create(
        {
            "currency": "usd",
            "product": product,
            "billing_scheme": "tiered",
            "tiers_mode": "volume",
            "tiers": [{"up_to": "inf", "unit_amount": 7}],
            "currency_options": {"eur": {"tiers": [{"up_to": "inf", "unit_amount": 6}]}},
        }
    )
    assert "tiers" not in made
    assert "currency_options" not in made
    shown = client.v1.prices.retrieve(made.id, {"expand": ["tiers", "currency_options.eur.tiers"]})
    assert [tier.unit_amount for tier in shown.tiers] == [7]
    assert [tier.unit_amount for tier in shown.currency_options["eur"].tiers] == [6]
    assert "tiers" not in shown.currency_options["usd"]


# --- tax rates, coupons, promotion codes


def test_percentage_of_a_tax_rate_never_changes(client):
    made = client.v1.tax_rates.create({"display_name": "V", "percentage": 20, "inclusive": True})
    with refused(code="parameter_unknown"):
        client.v1.tax_rates.update(made.id, {"percentage": 21})


@pytest.mark.parametrize("percentage", [-1, 101, 12.34567])
def test_percentage_that_makes_no_sense(client, percentage):
    with refused(param="percentage"):
        client.v1.tax_rates.create(
            {"display_name": "V", "percentage": percentage, "inclusive": True}
        )


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "percent_off"),
        ({"percent_off": 5, "amount_off": 5, "currency": "usd"}, "percent_off"),
        ({"percent_off": 0}, "percent_off"),
        ({"percent_off": 101}, "percent_off"),
        ({"amount_off": 5}, "currency"),
        ({"percent_off": 5, "currency": "usd"}, "currency"),
        ({"percent_off": 5, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 5, "duration_in_months": 2}, "duration_in_months"),
        ({"percent_off": 5, "redeem_by": 1}, "redeem_by"),
        ({"percent_off": 5, "redeem_by": 4102444800}, "redeem_by"),
        ({"percent_off": 5, "currency_options": {"eur": {"amount_off": 4}}}, "currency_options"),
        ({"percent_off": 5, "applies_to": {"products": ["none"]}}, "applies_to[products]"),
    ],
)
def test_coupon_that_makes_no_sense(client, params, param):
    with refused(status=400, param=param):
        client.v1.coupons.create({"duration": "once", **params})


def test_terms_of_a_coupon_never_change(client):
    made = client.v1.coupons.create({"percent_off": 5, "duration": "once"})
    with refused(code="parameter_unknown"):
        client.v1.coupons.update(made.id, {"percent_off": 6})


def test_discount_outlives_its_deleted_coupon(client):
    client.v1.coupons.create({"id": "S", "percent_off": 5, "duration": "forever"})
    params = {"discounts": [{"coupon": "S"}]}
    sub = subscribe(client, customer(client), price(client, 1000), **params)
    client.v1.coupons.delete("S")
    with refused(status=404):
        client.v1.coupons.retrieve("S")
    assert client.v1.coupons.list().data == []
    shown = client.v1.subscriptions.retrieve(sub.id, {"expand": ["discounts.source.coupon"]})
    assert shown.discounts[0].source.coupon.percent_off == 5
    with refused(status=400):
        subscribe(client, customer(client), price(client, 1000), **params)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"code": "with blank"}, "code"),
        ({"code": "hello"}, "code"),
        ({"code": "x", "customer": "cus_none"}, "customer"),
        ({"code": "x", "restrictions": {"minimum_amount": 5}}, "restrictions"),
        ({"code": "x", "promotion": {"type": "coupon"}}, "promotion[coupon]"),
        ({"code": "x", "promotion": {"type": "coupon", "coupon": "none"}}, "promotion[coupon]"),
        ({"code": "x", "promotion": {"type": "gift", "coupon": "S"}}, "promotion[type]"),
    ],
)
def test_promotion_code_that_makes_no_sense(client, more, param):
    client.v1.coupons.create({"id": "S", "percent_off": 5, "duration": "once"})
    promotion = {"type": "coupon", "coupon": "S"}
    client.v1.promotion_codes.create({"promotion": promotion, "code": "HELLO"})
    with refused(status=400, param=param):
        client.v1.promotion_codes.create({"promotion": promotion, **more})


# --- customers


def test_deleted_customer_is_a_stub_and_its_subscriptions_end(client):
    buyer = customer(client)
    sub = subscribe(client, buyer, price(client, 1000))
    gone = client.v1.customers.delete(buyer)
    assert gone.to_dict() == {"id": buyer, "object": "customer", "deleted": True}
    assert client.v1.customers.retrieve(buyer).to_dict() == gone.to_dict()
    assert client.v1.customers.list().data == []
    assert client.v1.subscriptions.retrieve(sub.id).status == "canceled"
    (event,) = client.v1.events.list({"type": "customer.deleted"}).data
    assert event.data.object.email == "ada@example.com"
    for change in (
        lambda: client.v1.customers.update(buyer, {"name": "x"}),
        lambda: client.v1.customers.delete(buyer),
        lambda: subscribe(client, buyer, price(client, 1000)),
    ):
        with refused(code="resource_missing"):
            change()


def test_customers_are_found_by_exact_email(client):
    client.v1.customers.create({"email": "Ada@example.com"})
    made = client.v1.customers.create({"email": "ada@example.com"})
    found = client.v1.customers.list({"email": "ada@example.com"}).data
    assert [row.id for row in found] == [made.id]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@" + "b" * 511}, "email"),
        ({"tax_exempt": "maybe"}, "tax_exempt"),
        ({"address": {"street": "x"}}, "address[street]"),
        ({"payment_method": "pm_none"}, "payment_method"),
        ({"test_clock": "clock_none"}, "test_clock"),
        ({"tax": {"validate_location": "immediately"}}, "tax"),
    ],
)
def test_customer_that_makes_no_sense(client, params, param):
    with refused(status=400, param=param):
        client.v1.customers.create(params)
    assert client.v1.customers.list().data == []


def test_default_payment_method_is_one_of_the_customer(client):
    one, two = customer(client), customer(client)
    method = client.v1.customers.retrieve(two).invoice_settings.default_payment_method
    param = "invoice_settings[default_payment_method]"
    with refused(status=400, param=param):
        client.v1.customers.update(one, {"invoice_settings": {"default_payment_method": method}})


# --- meters


def test_meter_event_of_an_unknown_meter_or_customer(client):
    api = client.v1.billing
    payload = {"stripe_customer_id": "cus_none", "value": "1"}
    with refused(param="event_name"):
        api.meter_events.create({"event_name": "calls", "payload": payload})
    meter = {"display_name": "C", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    api.meters.create(meter)
    with refused(param="event_name"):
        api.meters.create(meter)
    with refused(param="payload[stripe_customer_id]"):
        api.meter_events.create({"event_name": "calls", "payload": payload})


def test_meter_event_counts_once_and_in_time(client):
    api, buyer = client.v1.billing, customer(client)
    api.meters.create(
        {"display_name": "C", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    event = {"event_name": "calls", "payload": {"stripe_customer_id": buyer, "value": "1"}}
    api.meter_events.create({**event, "identifier": "one"})
    with refused(param="identifier"):
        api.meter_events.create({**event, "identifier": "one"})
    with refused(param="timestamp"):
        api.meter_events.create({**event, "timestamp": 1})
    with refused(param="payload[value]"):
        bad = {"stripe_customer_id": buyer, "value": "many"}
        api.meter_events.create({**event, "payload": bad})
