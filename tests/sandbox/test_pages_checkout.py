"""The Checkout page without a browser: what it says, and what its fields refuse."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.billing_setup import DAY, at, clock, customer, price
from tests.sandbox.payments_setup import (
    ASKS,
    SHOP,
    alerts,
    authenticate,
    faults,
    open_page,
    session,
    setup_session,
    submit,
)

START = at(2027, 1, 1)


def test_page_says_what_is_bought(client, account):
    page = open_page(session(client, price(client, 1500), 2).url)
    assert page.status_code == 200
    for words in (
        account.name,
        "Subscribe to Plan 1500",
        "Plan 1500 × 2",
        "$15.00 per month",
        "$30.00",
        "Total due today",
        f'href="{SHOP}/cart"',
        "no real money",
    ):
        assert words in page.text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            {"trial_end": START + 10 * DAY},
            ["10 days free", "Then $15.00 per month, starting 11 January 2027."],
        ),
        ({"trial_period_days": 1}, ["1 day free", "starting 2 January 2027."]),
        (
            {"billing_cycle_anchor": START + 10 * DAY, "proration_behavior": "none"},
            ["$15.00", "per month", "First charge on 11 January 2027. Nothing is charged today."],
        ),
        (
            {"billing_cycle_anchor": START + 10 * DAY},
            ["$4.84", "due today", "Then $15.00 per month, starting 11 January 2027."],
        ),
    ],
)
def test_page_says_when_money_is_taken(client, data, words):
    buyer = customer(client, None, test_clock=clock(client, START))
    page = open_page(
        session(client, price(client, 1500), customer=buyer, subscription_data=data).url
    )
    for text in words:
        assert text in page.text


def test_page_of_a_discount_that_ends(client):
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"}).id
    page = open_page(session(client, price(client, 1500), discounts=[{"coupon": coupon}]).url)
    assert "−$7.50" in page.text
    assert "Then $15.00 per month." in page.text


def test_page_with_inclusive_tax_in_another_currency(client):
    rate = client.v1.tax_rates.create({"display_name": "TVA", "percentage": 20, "inclusive": True})
    plan = price(client, 1200, "year", currency="eur")
    more = {"subscription_data": {"default_tax_rates": [rate.id]}}
    page = open_page(session(client, plan, **more).url)
    assert "TVA (20% included)" in page.text
    assert "€2.00" in page.text
    assert "per year" in page.text


def test_page_of_two_periods(client):
    lines = [
        {"price": price(client, 1000), "quantity": 1},
        {"price": price(client, 5000, "year"), "quantity": 1},
    ]
    page = open_page(session(client, lines[0]["price"], line_items=lines).url)
    assert "$60.00" in page.text
    assert "at its own pace" in page.text
    assert "$10.00 per month" in page.text
    assert "$50.00 per year" in page.text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "", "Enter an e-mail address."),
        ("email", "ada", "Enter an e-mail address."),
        ("cardNumber", "", "Your card number is incomplete."),
        ("cardNumber", "4242 4242 4242 4241", "Your card number is invalid."),
        ("cardNumber", "4111 1111 1111 1111", "Only Stripe's documented test cards work here"),
        ("cardExpiry", "", "Your card's expiration date is incomplete."),
        ("cardExpiry", "13/34", "Your card's expiration date is incomplete."),
        ("cardExpiry", "01 / 20", "Your card's expiration date is in the past."),
        ("cardCvc", "12", "Your card's security code is incomplete."),
        ("cardCvc", "1234", "Your card's security code is incomplete."),
        ("billingName", " ", "Enter the name on the card."),
        ("billingCountry", "XX", "Choose a country or region."),
    ],
)
def test_fields_say_what_is_wrong(client, field, value, words):
    made = session(client, price(client, 1500))
    answer = submit(made.url, **({"number": value} if field == "cardNumber" else {field: value}))
    assert answer.status_code == 422
    (said,) = faults(answer)
    assert said.startswith(words)
    assert alerts(answer) == []
    assert 'aria-invalid="true"' in answer.text
    assert client.v1.payment_intents.list().data == []
    assert client.v1.customers.list().data == []


@pytest.mark.parametrize("expiry", ["12/34", "1234", "12 / 2034", " 12/34 "])
def test_ways_to_write_an_expiry(client, expiry):
    made = session(client, price(client, 1500))
    assert submit(made.url, cardExpiry=expiry).status_code == 303
    (method,) = client.v1.payment_methods.list(
        {"customer": client.v1.checkout.sessions.retrieve(made.id).customer}
    ).data
    assert (method.card.exp_month, method.card.exp_year) == (12, 2034)


def test_refusal_keeps_what_was_entered_but_the_security_code(client):
    answer = submit(session(client, price(client, 1500)).url, "4000000000000002", cardCvc="987")
    assert answer.status_code == 402
    assert 'value="Ada Lovelace"' in answer.text
    assert 'value="ada@example.com"' in answer.text
    assert "987" not in answer.text
    assert 'value="GB" selected' in answer.text


def test_what_was_entered_cannot_become_markup(client):
    answer = submit(session(client, price(client, 1500)).url, cardCvc="", billingName='"><b>x')
    assert "<b>x" not in answer.text


def test_known_address_cannot_be_changed(client):
    buyer = customer(client, None)
    made = session(client, price(client, 1500), customer=buyer)
    assert "readonly" in open_page(made.url).text
    submit(made.url, email="other@example.com")
    assert client.v1.customers.retrieve(buyer).email == "ada@example.com"


def test_given_address_is_used(client):
    made = session(client, price(client, 1500), customer_email="bob@example.com")
    assert 'value="bob@example.com"' in open_page(made.url).text
    submit(made.url)
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["customer"]})
    assert done.customer.email == "bob@example.com"
    assert done.customer.address.country == "GB"


def promotion(client, code="HALF", **more):
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "forever"}).id
    params = {"promotion": {"type": "coupon", "coupon": coupon}, "code": code, **more}
    return client.v1.promotion_codes.create(params).id


def press(made, **values):
    return requests.post(made.url, values, allow_redirects=False, timeout=30)


def test_promotion_code(client):
    key = promotion(client)
    made = session(client, price(client, 1500), 2, allow_promotion_codes=True)
    refused = press(made, action="apply-code", promotionCode="THIRD")
    assert (refused.status_code, faults(refused)) == (422, ["This code is invalid."])
    assert press(made, action="apply-code", promotionCode=" half ").status_code == 303
    page = open_page(made.url)
    assert "HALF" in page.text
    assert "−$15.00" in page.text
    shown = client.v1.checkout.sessions.retrieve(made.id)
    assert (shown.amount_total, shown.discounts[0].promotion_code) == (1500, key)
    press(made, action="remove-code")
    assert client.v1.checkout.sessions.retrieve(made.id).amount_total == 3000
    press(made, action="apply-code", promotionCode="HALF")
    submit(made.url)
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["invoice"]})
    assert done.invoice.amount_paid == 1500
    assert client.v1.promotion_codes.retrieve(key).times_redeemed == 1


def test_codes_are_taken_only_where_they_are_asked_for(client):
    promotion(client)
    made = session(client, price(client, 1500), customer=customer(client, None))
    assert "Promotion code" not in open_page(made.url).text
    press(made, action="apply-code", promotionCode="HALF")
    assert client.v1.checkout.sessions.retrieve(made.id).amount_total == 1500


def test_code_of_another_customer_or_for_more_money(client):
    promotion(client, "MINE", customer=customer(client, None))
    promotion(
        client, "BIG", restrictions={"minimum_amount": 9000, "minimum_amount_currency": "usd"}
    )
    made = session(
        client, price(client, 1500), allow_promotion_codes=True, customer=customer(client, None)
    )
    for code in ("MINE", "BIG"):
        assert press(made, action="apply-code", promotionCode=code).status_code == 422
    assert client.v1.checkout.sessions.retrieve(made.id).amount_total == 1500


def test_no_card_when_none_is_needed(client):
    free = {"payment_method_collection": "if_required"}
    buyer = customer(client, None)
    made = session(
        client,
        price(client, 1500),
        customer=buyer,
        subscription_data={
            "trial_period_days": 7,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        },
        **free,
    )
    assert 'name="cardNumber"' not in open_page(made.url).text
    assert press(made).status_code == 303
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["subscription"]})
    assert (done.payment_status, done.subscription.status) == ("no_payment_required", "trialing")
    assert done.subscription.default_payment_method is None
    assert client.v1.setup_intents.list().data == []
    asked = session(client, price(client, 1500), customer=buyer, **free)
    assert 'name="cardNumber"' in open_page(asked.url).text


def test_completed_page_says_so(client):
    made = session(client, price(client, 1500), customer=customer(client, None))
    submit(made.url)
    page = open_page(made.url)
    assert "all done" in page.text
    assert f"{SHOP}/done?session={made.id}" in page.text


def test_unknown_pages(sandbox):
    for path in ("checkout", "authenticate", "invoice", "receipt"):
        answer = open_page(f"{sandbox.base_url}/pages/{path}/nothing")
        assert (answer.status_code, "Not found" in answer.text) == (404, True)


def test_page_whose_time_has_passed_takes_nothing(client, advance):
    time = clock(client, START)
    made = session(
        client,
        price(client, 1500),
        customer=customer(client, None, test_clock=time),
        subscription_data={"billing_cycle_anchor": START + 600, "proration_behavior": "none"},
    )
    advance(time, START + 1200)
    answer = submit(made.url)
    assert answer.status_code == 400
    assert "past" in answer.text
    assert client.v1.setup_intents.list().data == []


def test_setup_page(client):
    made = setup_session(client, customer=customer(client, None))
    page = open_page(made.url)
    assert "Save your card" in page.text
    assert "Nothing is charged now" in page.text


def test_three_d_secure_page_names_amount_and_card(client, account):
    made = session(client, price(client, 1500), customer=customer(client, None))
    asked = submit(made.url, ASKS)
    page = open_page(asked.headers["Location"])
    for words in ("$15.00", "3220", account.name):
        assert words in page.text
    authenticate(asked)
    assert "Nothing to confirm" in open_page(asked.headers["Location"]).text


def test_pages_are_not_shared_or_framed(client):
    headers = open_page(session(client, price(client, 1500)).url).headers
    assert (headers["Cache-Control"], headers["X-Frame-Options"]) == ("private, no-cache", "DENY")


def test_page_goes_on_after_the_state_was_restored(client, sandbox):
    made = session(client, price(client, 1500), customer=customer(client, None))
    asked = submit(made.url, ASKS)
    state = requests.get(f"{sandbox.base_url}/_sandbox/state", timeout=30).json()
    requests.post(f"{sandbox.base_url}/_sandbox/reset", timeout=30)
    assert open_page(made.url).status_code == 404
    requests.put(f"{sandbox.base_url}/_sandbox/state", json=state, timeout=30)
    authenticate(asked)
    assert client.v1.checkout.sessions.retrieve(made.id).status == "complete"
    assert client.v1.subscriptions.list().data[0].status == "active"
