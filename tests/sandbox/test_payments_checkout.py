"""Checkout from the session to the subscription, by plain form posts, seen through the API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.sandbox.billing_setup import DAY, at, clock, customer, event_types, price
from tests.sandbox.payments_setup import (
    ASKS,
    ASKS_THEN_NO_FUNDS,
    DECLINED,
    FAILS_LATER,
    SHOP,
    alerts,
    authenticate,
    open_page,
    session,
    settled,
    setup_session,
    submit,
)

START = at(2027, 1, 1)
DETAILS = ["subscription.default_payment_method", "invoice.payments", "setup_intent"]


def again(client, made, *expand):
    return client.v1.checkout.sessions.retrieve(made.id, {"expand": list(expand)})


def test_open_session_shows_what_it_sells(client):
    made = session(client, price(client, 1500), 2, client_reference_id="S1", metadata={"a": "b"})
    assert (made.status, made.payment_status, made.mode) == ("open", "unpaid", "subscription")
    assert (made.amount_subtotal, made.amount_total, made.currency) == (3000, 3000, "usd")
    assert made.id.startswith("cs_test_")
    assert made.url.startswith("http://127.0.0.1")
    assert "/pages/checkout/" in made.url
    assert (made.subscription, made.invoice, made.customer) == (None, None, None)
    assert made.expires_at - made.created == DAY
    (line,) = client.v1.checkout.sessions.line_items.list(made.id).data
    assert (line.description, line.quantity, line.amount_total) == ("Plan 1500", 2, 3000)
    assert again(client, made, "line_items").line_items.data[0].id == line.id


def test_paying_makes_a_paid_subscription(client):
    buyer = customer(client, None)
    made = session(
        client,
        price(client, 1500),
        2,
        customer=buyer,
        client_reference_id="S1",
        subscription_data={"metadata": {"odoo_id": "7"}, "description": "Two seats"},
    )
    answer = submit(made.url)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{SHOP}/done?session={made.id}"
    done = again(client, made, *DETAILS)
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert (done.customer, done.client_reference_id) == (buyer, "S1")
    assert done.subscription.status == "active"
    assert done.subscription.metadata["odoo_id"] == "7"
    assert done.subscription.description == "Two seats"
    assert done.subscription.default_payment_method.card.last4 == "4242"
    assert done.subscription.default_payment_method.customer == buyer
    assert (done.invoice.status, done.invoice.amount_paid) == ("paid", 3000)
    (payment,) = done.invoice.payments.data
    intent = client.v1.payment_intents.retrieve(
        payment.payment.payment_intent, {"expand": ["latest_charge"]}
    )
    assert (intent.status, intent.amount_received, intent.customer) == ("succeeded", 3000, buyer)
    money = settled(client, intent.latest_charge.id)
    assert (money.amount, money.fee, money.net) == (3000, 117, 2883)
    assert len(client.v1.payment_intents.list().data) == 1


def test_events_of_checkout_come_in_order(client):
    made = session(client, price(client, 1500), customer=customer(client, None))
    before = len(event_types(client, ""))
    submit(made.url)
    found = event_types(client, "")[before:]
    assert [kind for kind in found if kind != "charge.updated"] == [
        "payment_intent.created",
        "payment_method.attached",
        "charge.succeeded",
        "payment_intent.succeeded",
        "customer.updated",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice.updated",
        "customer.subscription.updated",
        "checkout.session.completed",
    ]
    (completed,) = client.v1.events.list({"type": "checkout.session.completed"}).data
    assert completed.data.object["id"] == made.id
    assert completed.data.object["subscription"].startswith("sub_")


def test_checkout_makes_the_customer_before_it_charges(client):
    made = session(client, price(client, 1500))
    submit(made.url)
    done = again(client, made)
    buyer = client.v1.customers.retrieve(done.customer)
    assert (buyer.email, buyer.name) == ("ada@example.com", "Ada Lovelace")
    assert done.customer_details.email == "ada@example.com"
    assert client.v1.charges.list().data[0].customer == buyer.id
    # Not what follows when the charge is settled, a moment later.
    kinds = event_types(client, "customer.created", "payment_method", "charge.succeeded")
    assert kinds == ["customer.created", "payment_method.attached", "charge.succeeded"]


def test_known_customer_without_address_gets_that_of_checkout(client):
    buyer = client.v1.customers.create({"name": "Ada"}).id
    made = session(client, price(client, 1500), customer=buyer)
    submit(made.url)
    assert client.v1.customers.retrieve(buyer).email == "ada@example.com"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (DECLINED, "Your card was declined."),
        ("4000000000009995", "Your card has insufficient funds."),
        ("4000000000000069", "Your card has expired."),
        ("4000000000000127", "Your card's security code is incorrect."),
        ("4000000000009979", "Your card was declined."),
        (FAILS_LATER, "Your card was declined."),
    ],
)
def test_refused_cards_leave_nothing_behind(client, number, words):
    made = session(client, price(client, 1500), customer=customer(client, None))
    assert alerts(submit(made.url, number)) == [words]
    still = again(client, made)
    assert (still.status, still.payment_status, still.subscription) == ("open", "unpaid", None)
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert client.v1.invoices.list().data == []
    submit(made.url)
    assert again(client, made).status == "complete"
    assert len(client.v1.payment_intents.list().data) == 1


def test_three_d_secure_then_done(client):
    made = session(client, price(client, 1500), customer=customer(client, None))
    asked = submit(made.url, ASKS)
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert client.v1.payment_intents.list().data[0].status == "requires_action"
    assert authenticate(asked).headers["Location"].startswith(f"{SHOP}/done")
    done = again(client, made, *DETAILS)
    assert (done.status, done.subscription.status, done.invoice.status) == (
        "complete",
        "active",
        "paid",
    )
    late = authenticate(asked)
    assert late.status_code == 200
    assert len(client.v1.subscriptions.list().data) == 1


@pytest.mark.parametrize(
    ("number", "result", "words"),
    [(ASKS, "fail", "failed authentication"), (ASKS_THEN_NO_FUNDS, "complete", "insufficient")],
)
def test_three_d_secure_refused(client, number, result, words):
    made = session(client, price(client, 1500), customer=customer(client, None))
    back = authenticate(submit(made.url, number), result).headers["Location"]
    assert back == made.url
    assert words in alerts(open_page(back))[0]
    assert alerts(open_page(back)) == []
    assert again(client, made).status == "open"
    assert client.v1.subscriptions.list({"status": "all"}).data == []


def test_going_back_from_three_d_secure_and_using_another_card(client):
    made = session(client, price(client, 1500), customer=customer(client, None))
    asked = submit(made.url, ASKS)
    submit(made.url)
    assert again(client, made).status == "complete"
    authenticate(asked)
    assert len(client.v1.subscriptions.list().data) == 1
    assert len([c for c in client.v1.charges.list().data if c.paid]) == 1


def test_trial_takes_the_card_and_no_money(client):
    buyer, start = customer(client, None), int(client.v1.customers.list().data[0].created)
    ends = start + 10 * DAY
    made = session(
        client, price(client, 1500), customer=buyer, subscription_data={"trial_end": ends}
    )
    assert made.amount_total == 0
    before = len(event_types(client, ""))
    submit(made.url)
    done = again(client, made, *DETAILS)
    assert (done.status, done.payment_status) == ("complete", "no_payment_required")
    assert (done.subscription.status, done.subscription.trial_end) == ("trialing", ends)
    assert done.subscription.default_payment_method.card.last4 == "4242"
    assert (done.invoice.status, done.invoice.total) == ("paid", 0)
    kinds = event_types(client, "")[before:]
    assert kinds[:3] == [
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
    ]
    assert kinds[-1] == "checkout.session.completed"
    assert client.v1.payment_intents.list().data == []


def test_card_that_fails_later_starts_a_trial(client):
    time = clock(client, START)
    made = session(
        client,
        price(client, 1500),
        customer=customer(client, None, test_clock=time),
        subscription_data={"trial_period_days": 10},
    )
    submit(made.url, FAILS_LATER)
    assert again(client, made, *DETAILS).subscription.status == "trialing"


def test_three_d_secure_before_a_trial_spares_the_first_charge(client, advance):
    time = clock(client, START)
    buyer = customer(client, None, test_clock=time)
    made = session(
        client,
        price(client, 1500),
        customer=buyer,
        subscription_data={"trial_end": START + 5 * DAY},
    )
    authenticate(submit(made.url, "4000002500003155"))
    sub = again(client, made, "subscription").subscription
    assert sub.status == "trialing"
    advance(time, START + 5 * DAY + 2 * 3600)
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"


def test_anchor_without_proration_makes_no_invoice(client):
    time = clock(client, START)
    made = session(
        client,
        price(client, 1500),
        customer=customer(client, None, test_clock=time),
        subscription_data={
            "billing_cycle_anchor": START + 10 * DAY,
            "proration_behavior": "none",
        },
    )
    submit(made.url)
    done = again(client, made, "subscription")
    assert (done.payment_status, done.invoice) == ("no_payment_required", None)
    assert done.subscription.status == "active"
    assert done.subscription.billing_cycle_anchor == START + 10 * DAY


def test_taxes_and_discount_are_in_the_totals(client):
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False})
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "once"})
    made = session(
        client,
        price(client, 1000),
        2,
        customer=customer(client, None),
        discounts=[{"coupon": coupon.id}],
        subscription_data={"default_tax_rates": [rate.id]},
    )
    assert (made.amount_subtotal, made.amount_total) == (2000, 1800)
    assert made.total_details.to_dict() == {
        "amount_discount": 500,
        "amount_shipping": 0,
        "amount_tax": 300,
    }
    submit(made.url)
    assert again(client, made, "invoice").invoice.amount_paid == 1800


def test_tax_rates_of_a_line(client):
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": True})
    line = {"price": price(client, 1100), "quantity": 1, "tax_rates": [rate.id]}
    made = session(client, line["price"], line_items=[line])
    assert (made.amount_total, made.total_details.amount_tax) == (1100, 100)


def test_setup_saves_the_card_and_nothing_else(client):
    buyer = customer(client, None)
    made = setup_session(client, customer=buyer, setup_intent_data={"metadata": {"k": "v"}})
    assert (made.payment_status, made.amount_total) == ("no_payment_required", None)
    submit(made.url)
    done = again(client, made, "setup_intent.payment_method")
    assert (done.status, done.setup_intent.status) == ("complete", "succeeded")
    assert done.setup_intent.metadata["k"] == "v"
    assert done.setup_intent.payment_method.customer == buyer
    assert client.v1.customers.retrieve(buyer).invoice_settings.default_payment_method is None
    assert client.v1.subscriptions.list({"status": "all"}).data == []


def test_setup_without_customer_makes_none(client):
    made = setup_session(client)
    submit(made.url)
    done = again(client, made, "setup_intent.payment_method")
    assert (done.status, done.customer) == ("complete", None)
    assert done.setup_intent.payment_method.customer is None


def test_setup_with_refusals_and_three_d_secure(client):
    made = setup_session(client, customer=customer(client, None))
    assert alerts(submit(made.url, DECLINED)) == ["Your card was declined."]
    back = authenticate(submit(made.url, ASKS), "fail").headers["Location"]
    assert "failed authentication" in alerts(open_page(back))[0]
    authenticate(submit(made.url, ASKS))
    assert again(client, made).status == "complete"
    assert len(client.v1.setup_intents.list().data) == 1


def test_double_submit_subscribes_once(client):
    made = session(client, price(client, 1500), customer=customer(client, None))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _i: submit(made.url), range(4)))
    assert {a.headers["Location"] for a in answers} == {f"{SHOP}/done?session={made.id}"}
    assert len(client.v1.subscriptions.list().data) == 1
    assert len(client.v1.charges.list().data) == 1


def test_expired_session_takes_nothing(client):
    made = session(client, price(client, 1500), customer=customer(client, None))
    assert client.v1.checkout.sessions.expire(made.id).status == "expired"
    assert "expired" in open_page(made.url).text
    assert "expired" in submit(made.url).text
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert event_types(client, "checkout") == ["checkout.session.expired"]
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        client.v1.checkout.sessions.expire(made.id)


def test_session_expires_by_itself(client, advance):
    time = clock(client, START)
    buyer = customer(client, None, test_clock=time)
    made = session(client, price(client, 1500), customer=buyer, expires_at=START + 1800)
    asked = submit(made.url, ASKS)
    advance(time, START + 1801)
    gone = again(client, made)
    assert (gone.status, gone.url) == ("expired", None)
    assert client.v1.payment_intents.list({"customer": buyer}).data[0].status == "canceled"
    authenticate(asked)
    assert client.v1.subscriptions.list({"customer": buyer, "status": "all"}).data == []


def test_lists_of_sessions(client):
    buyer = customer(client, None)
    first = session(client, price(client, 1500), customer=buyer)
    second = session(client, price(client, 1500))
    submit(first.url)
    sessions = client.v1.checkout.sessions
    assert [s.id for s in sessions.list().data] == [second.id, first.id]
    assert [s.id for s in sessions.list({"customer": buyer}).data] == [first.id]
    assert [s.id for s in sessions.list({"status": "open"}).data] == [second.id]
    found = sessions.list({"subscription": again(client, first).subscription}).data
    assert [s.id for s in found] == [first.id]
