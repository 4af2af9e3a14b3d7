"""What Checkout Sessions refuse when they are made, and what lines without quantity cost."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.billing_setup import customer, price, subscribe
from tests.sandbox.payments_setup import SHOP, open_page, session, setup_session, submit

REFUSED = {
    "payment_method_types": ({"payment_method_types": ["card"]}, "unknown parameter"),
    "automatic_tax": ({"automatic_tax": {"enabled": True}}, "head office address"),
    "expires_soon": ({"expires_at": 60}, "expires_at"),
    "trial_soon": ({"subscription_data": {"trial_end": 47 * 3600}}, "48 hours"),
    "two_customers": ({"customer": "own", "customer_email": "a@b.c"}, "only specify one"),
    "no_lines": ({"line_items": []}, "line_items"),
    "metadata": ({"metadata": {"k" * 41: "v"}}, "40 characters"),
    "reference": ({"client_reference_id": "x" * 201}, "200"),
    "email": ({"customer_email": "nobody"}, "Invalid email"),
    "proration_without_anchor": (
        {"subscription_data": {"proration_behavior": "none"}},
        "billing_cycle_anchor",
    ),
    "too_much": ({"quantity": 66_667}, "no more than"),
    "url": ({"success_url": "shop"}, "valid URL"),
    "zero": ({"line_items": [{"price": "own", "quantity": 0}]}, "at least 1"),
    "unknown_price": ({"line_items": [{"price": "price_x", "quantity": 1}]}, "No such price"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_sessions_refuse(client, name):
    more, words = REFUSED[name]
    more = {**more}
    buyer, plan = client.v1.customers.create({}), price(client, 1500)
    if more.get("customer") == "own":
        more["customer"] = buyer.id
    if name == "zero":
        more["line_items"] = [{"price": plan, "quantity": 0}]
    if name == "expires_soon":
        more["expires_at"] = buyer.created + 60
    if name == "trial_soon":
        more["subscription_data"] = {"trial_end": buyer.created + 47 * 3600}
    with pytest.raises(stripe.InvalidRequestError, match=words):
        session(client, plan, **more)
    assert client.v1.checkout.sessions.list().data == []


def test_one_discount_or_codes_not_both(client):
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "once"}).id
    two = [{"coupon": coupon}, {"coupon": coupon}]
    plan = price(client, 1500)
    for more in ({"discounts": two}, {"discounts": two[:1], "allow_promotion_codes": True}):
        with pytest.raises(stripe.InvalidRequestError):
            session(client, plan, **more)


def test_metered_lines_have_no_quantity(client):
    meter = client.v1.billing.meters.create(
        {
            "display_name": "Calls",
            "event_name": "calls",
            "default_aggregation": {"formula": "sum"},
        }
    )
    plan = price(client, 5, recurring={"usage_type": "metered", "meter": meter.id})
    with pytest.raises(stripe.InvalidRequestError, match="uantity"):
        session(client, plan, 1)
    made = session(client, plan, None, customer=customer(client, None))
    assert "Charged by use" in open_page(made.url).text
    submit(made.url)
    done = client.v1.checkout.sessions.retrieve(made.id)
    assert (done.payment_status, done.amount_total) == ("no_payment_required", 0)


def test_one_currency_for_a_customer(client):
    buyer = customer(client)
    subscribe(client, buyer, price(client, 1000))
    with pytest.raises(stripe.InvalidRequestError, match="combine currencies"):
        session(client, price(client, 1000, currency="eur"), customer=buyer)
    with pytest.raises(stripe.InvalidRequestError, match="another currency"):
        session(client, price(client, 1000), currency="eur")
    assert session(client, price(client, 1000), currency="usd").currency == "usd"


def test_lines_by_page(client):
    plans = [price(client, 100 + index) for index in range(12)]
    lines = [{"price": plan, "quantity": 1} for plan in plans]
    made = session(client, plans[0], line_items=lines, expand=["line_items"])
    assert (len(made.line_items.data), made.line_items.has_more) == (10, True)
    found = client.v1.checkout.sessions.line_items.list(made.id, {"limit": 5})
    assert [line.price.id for line in found.auto_paging_iter()] == plans
    seventh = list(found.auto_paging_iter())[6].id
    before = client.v1.checkout.sessions.line_items.list(
        made.id, {"ending_before": seventh, "limit": 2}
    )
    assert [line.price.id for line in before.data] == plans[4:6]
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        client.v1.checkout.sessions.line_items.list(made.id, {"starting_after": "li_1"})


@pytest.mark.parametrize(
    "more",
    [
        {"subscription_data": {"description": "x"}},
        {"payment_method_collection": "always"},
        {"allow_promotion_codes": True},
        {"line_items": [{"price": "price_1", "quantity": 1}]},
    ],
)
def test_setup_refuses_what_belongs_to_subscriptions(client, more):
    with pytest.raises(stripe.InvalidRequestError, match="setup"):
        setup_session(client, **more)


def test_subscriptions_refuse_what_belongs_to_setup(client):
    with pytest.raises(stripe.InvalidRequestError, match="subscription"):
        session(client, price(client, 1000), setup_intent_data={"metadata": {"k": "v"}})


def test_automatic_tax_may_be_off(client):
    assert session(client, price(client, 1000), automatic_tax={"enabled": False}).status == "open"


def test_setup_needs_a_currency_that_exists(client):
    with pytest.raises(stripe.InvalidRequestError, match="Invalid currency"):
        setup_session(client, currency="xxx")
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: currency"):
        client.v1.checkout.sessions.create({"mode": "setup", "success_url": SHOP})
    assert client.v1.checkout.sessions.list().data == []
