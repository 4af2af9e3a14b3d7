"""What is refused: unknown, missing, wrong and removed parameters, and expansion of what is not there."""

from __future__ import annotations

import pytest

from stripe_sandbox.core import contract, errors, schema
from tests.sandbox.billing_setup import customer, item_id, price, subscribe
from tests.sandbox.core_setup import call, refused


def test_unknown_parameter(client):
    with refused(status=400, code="parameter_unknown", param="nome"):
        client.v1.products.create({"nome": "Gold"})


def test_unknown_parameter_below_others(client):
    with refused(code="parameter_unknown", param="items[0][prize]"):
        client.v1.subscriptions.create({"customer": "cus_1", "items": [{"prize": "price_1"}]})


def test_missing_parameter(client):
    with refused(status=400, code="parameter_missing", param="name"):
        client.v1.products.create({})


def test_wrong_type(client):
    with refused(code="parameter_invalid_integer", param="unit_amount"):
        client.v1.prices.create({"currency": "usd", "product": "p", "unit_amount": "12.50"})


def test_word_that_is_none_of_those_allowed(client):
    with refused(param="duration"):
        client.v1.coupons.create({"percent_off": 5, "duration": "weekly"})


def test_text_that_is_too_long(client):
    client.v1.products.create({"name": "x" * 5000})
    with refused(status=400, param="marketing_features[1][name]"):
        features = [{"name": "fast"}, {"name": "x" * 5001}]
        client.v1.products.create({"name": "x", "marketing_features": features})


def test_parameter_that_the_sandbox_lacks_is_never_ignored(client):
    with refused(status=400, code="sandbox_not_implemented", param="transfer_data"):
        client.v1.subscriptions.create(
            {"customer": "cus_1", "items": [{"price": "p"}], "transfer_data": {"destination": "a"}}
        )


REMOVED = {
    "coupon on a subscription": (
        "/v1/subscriptions",
        {"customer": "cus_1", "items[0][price]": "price_1", "coupon": "SUMMER"},
        "coupon",
    ),
    "promotion_code on a subscription": (
        "/v1/subscriptions",
        {"customer": "cus_1", "items[0][price]": "price_1", "promotion_code": "promo_1"},
        "promotion_code",
    ),
    "coupon on a customer": ("/v1/customers", {"coupon": "SUMMER"}, "coupon"),
    "coupon of a promotion code": ("/v1/promotion_codes", {"coupon": "SUMMER"}, "coupon"),
    "payment_method_types on Checkout": (
        "/v1/checkout/sessions",
        {"mode": "setup", "currency": "usd", "payment_method_types[0]": "card"},
        "payment_method_types",
    ),
    "payment_method_types on a PaymentIntent": (
        "/v1/payment_intents",
        {"amount": "100", "currency": "usd", "payment_method_types[0]": "card"},
        "payment_method_types",
    ),
    "payment_method_types on a SetupIntent": (
        "/v1/setup_intents",
        {"payment_method_types[0]": "card"},
        "payment_method_types",
    ),
    "aggregate_usage of a price": (
        "/v1/prices",
        {
            "currency": "usd",
            "unit_amount": "1",
            "product": "p",
            "recurring[interval]": "month",
            "recurring[aggregate_usage]": "sum",
        },
        "recurring[aggregate_usage]",
    ),
    "price of an invoice item": (
        "/v1/invoiceitems",
        {"customer": "cus_1", "price": "price_1"},
        "price",
    ),
}


@pytest.mark.parametrize("name", REMOVED)
def test_removed_parameter(sandbox, name):
    path, form, param = REMOVED[name]
    error = call(sandbox, "POST", path, form).json()["error"]
    assert (error["code"], error["param"]) == ("parameter_unknown", param)


def test_anchor_is_not_a_word_any_more(sandbox, client):
    sub = subscribe(client, customer(client), price(client, 1000))
    path = f"/v1/subscriptions/{sub.id}"
    answer = call(sandbox, "POST", path, {"billing_cycle_anchor": "now"})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "billing_cycle_anchor"
    assert call(sandbox, "POST", path, {"billing_cycle_anchor[type]": "now"}).status_code == 200


def test_there_is_no_status_future(client):
    with refused(param="status"):
        client.v1.subscriptions.list({"status": "future"})


def test_ui_mode_has_its_new_names(client):
    with refused(param="ui_mode"):
        client.v1.checkout.sessions.create(
            {
                "mode": "setup",
                "currency": "usd",
                "success_url": "https://e.com",
                "ui_mode": "hosted",
            }
        )


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_upcoming_invoice_is_gone(sandbox, verb):
    assert call(sandbox, verb, "/v1/invoices/upcoming").status_code == 404


def test_usage_records_are_gone(sandbox):
    assert call(sandbox, "POST", "/v1/subscription_items/si_1/usage_records").status_code == 404


# --- expansion


@pytest.mark.parametrize(
    "path",
    ["nothing", "name", "metadata", "metadata.odoo", "default_price.nothing", "product"],
)
def test_expanding_what_cannot_be_expanded(client, path):
    product = client.v1.products.create({"name": "Gold", "metadata": {"odoo": "1"}})
    with refused(status=400, param="expand"):
        client.v1.products.retrieve(product.id, {"expand": [path]})


def test_lists_expand_below_data_only(client):
    client.v1.prices.list({"expand": ["data.product"]})
    with refused(param="expand"):
        client.v1.prices.list({"expand": ["product"]})


def test_expansion_is_at_most_four_levels_deep(client):
    sub = subscribe(client, customer(client), price(client, 1000))
    path = "latest_invoice.payments.data.payment.payment_intent"
    client.v1.subscriptions.retrieve(sub.id, {"expand": [path]})
    with refused(param="expand"):
        client.v1.subscriptions.retrieve(sub.id, {"expand": [f"{path}.latest_charge"]})


def test_expanded_object_stands_in_place_of_its_id(client):
    made = client.v1.prices.retrieve(price(client, 700), {"expand": ["product"]})
    assert made.product.name == "Plan 700"


def test_nothing_is_kept_when_the_expansion_is_refused(client):
    with refused(param="expand"):
        client.v1.products.create({"name": "Gold", "expand": ["name"]})
    assert client.v1.products.list().data == []


# --- nothing is left of a request that is refused


def test_refused_request_leaves_nothing_behind(client, account):
    buyer, plan = customer(client), price(client, 1000)
    sub = subscribe(client, buyer, plan)
    before = account.store.dump(), account.schedule_book.dump()
    with refused(status=400):
        client.v1.subscriptions.update(
            sub.id,
            {"items": [{"id": item_id(sub), "quantity": 9}, {"price": "price_none"}]},
        )
    with refused(status=400):
        client.v1.prices.create(
            {
                "currency": "usd",
                "unit_amount": 1,
                "product_data": {"name": "X"},
                "tiers": [{"up_to": "inf", "unit_amount": 1}],
            }
        )
    assert (account.store.dump(), account.schedule_book.dump()) == before


# --- the contract itself


def test_operations_are_found_in_the_package():
    found = contract.operations()
    assert len(found) > 500
    create = found["POST", "/v1/subscriptions"]
    assert (create.name, create.answer_name) == ("create", "Subscription")
    assert not any(path.startswith("/v2") for _verb, path in found)


def test_answer_that_breaks_the_contract_is_told(client):
    product = client.v1.products.create({"name": "Gold"}).to_dict()
    kind = contract.operations()["GET", "/v1/products/{id}"]
    assert kind.check_answer(product) == []
    del product["livemode"]
    wrong = {**product, "name": 7, "colour": "red", "type": "thing"}
    found = {(problem.path, problem.kind) for problem in kind.check_answer(wrong)}
    assert found == {
        ("livemode", "missing"),
        ("name", "string"),
        ("colour", "unknown"),
        ("type", "enum"),
    }


def test_operation_that_the_package_lacks_cannot_be_registered():
    from stripe_sandbox.core.operations import operation

    with pytest.raises(LookupError, match="no operation GET /v1/invoices/upcoming"):
        operation("GET", "/v1/invoices/upcoming")


def test_form_values_become_what_the_package_says():
    create = contract.operations()["POST", "/v1/prices"]
    params = create.read(
        {
            "currency": "usd",
            "active": "true",
            "unit_amount": "12",
            "tiers": {"0": {"up_to": "5"}, "1": {"up_to": "inf"}},
            "currency_options": {"eur": {"unit_amount": "11"}},
            "metadata": {"0": "1"},
        }
    )
    assert params == {
        "currency": "usd",
        "active": True,
        "unit_amount": 12,
        "tiers": [{"up_to": 5}, {"up_to": "inf"}],
        "currency_options": {"eur": {"unit_amount": 11}},
        "metadata": {"0": "1"},
    }


def test_first_fault_is_told_in_the_order_of_the_request():
    create = contract.operations()["POST", "/v1/products"]
    with pytest.raises(errors.ApiError) as caught:
        create.read({"name": "x", "zeta": "1", "alpha": "2"})
    assert caught.value.body["param"] == "zeta"


def test_paths_are_written_with_brackets():
    assert schema.at(schema.at("items", 0), "price") == "items[0][price]"
