"""Invoices made by hand or by subscriptions: taxes, discounts, balance, states, usage."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.billing_setup import (
    at,
    clock,
    customer,
    event_types,
    invoices,
    lines,
    price,
    subscribe,
)

START = at(2027, 1, 1)


def draft(client, buyer, amount=1000, **more):
    """A draft invoice of one item."""
    invoice = client.v1.invoices.create({"customer": buyer, "currency": "usd", **more})
    client.v1.invoice_items.create({"customer": buyer, "invoice": invoice.id, "amount": amount})
    return client.v1.invoices.retrieve(invoice.id)


def rate(client, percentage, *, inclusive=False):
    params = {"display_name": "Tax", "percentage": percentage, "inclusive": inclusive}
    return client.v1.tax_rates.create(params).id


def coupon(client, **params):
    return client.v1.coupons.create(params).id


def test_default_and_own_tax_rates(client):
    """10.00 x 3 with 19 % on top = 5.70; 12.00 with 20 % inside = 2.00 of it; total 35.70 +
    12.00.
    """
    outside, inside = rate(client, 19), rate(client, 20, inclusive=True)
    sub = client.v1.subscriptions.create(
        {
            "customer": customer(client),
            "items": [
                {"price": price(client, 1000), "quantity": 3},
                {"price": price(client, 1200), "tax_rates": [inside]},
            ],
            "default_tax_rates": [outside],
        }
    )
    invoice = invoices(client, sub)[0]
    assert (invoice.subtotal, invoice.total, invoice.total_excluding_tax) == (4200, 4770, 4000)
    assert [(t.amount, t.tax_behavior) for t in invoice.total_taxes] == [
        (570, "exclusive"),
        (200, "inclusive"),
    ]
    line = invoice.lines.data[0]
    assert line.taxes[0].tax_rate_details.tax_rate == outside
    assert line.taxes[0].taxable_amount == 3000
    assert sub.default_tax_rates[0].id == outside


def test_once_repeating_and_forever(client, advance):
    """10.00 a month; half once, 2.00 for two months, 10 % for ever, in this order:
    5.00 - 2.00 = 3.00 - 0.30 = 2.70; then 8.00 - 0.80 = 7.20; then 10.00 - 1.00 = 9.00."""
    time = clock(client, START)
    given = (
        coupon(client, percent_off=50, duration="once"),
        coupon(client, amount_off=200, currency="usd", duration="repeating", duration_in_months=2),
        coupon(client, percent_off=10, duration="forever"),
    )
    sub = subscribe(
        client,
        customer(client, test_clock=time),
        price(client, 1000),
        discounts=[{"coupon": key} for key in given],
    )
    assert len(client.v1.subscriptions.retrieve(sub.id).discounts) == 2
    for month in (2, 3):
        advance(time, at(2027, month, 1, 2))
    assert [i.total for i in invoices(client, sub)] == [270, 720, 900]
    assert client.v1.coupons.retrieve(given[0]).times_redeemed == 1
    first = client.v1.invoices.retrieve(
        invoices(client, sub)[0].id, {"expand": ["total_discount_amounts.discount"]}
    )
    assert [row.amount for row in first.total_discount_amounts] == [500, 200, 30]
    assert len(client.v1.subscriptions.retrieve(sub.id).discounts) == 1


def test_coupon_for_one_product(client):
    wanted, other = price(client, 1000), price(client, 700)
    product = client.v1.prices.retrieve(wanted).product
    limited = coupon(
        client, percent_off=100, duration="forever", applies_to={"products": [product]}
    )
    sub = client.v1.subscriptions.create(
        {
            "customer": customer(client),
            "items": [{"price": wanted}, {"price": other}],
            "discounts": [{"coupon": limited}],
        }
    )
    assert invoices(client, sub)[0].total == 700


def test_promotion_code_is_used_up(client):
    code = client.v1.promotion_codes.create(
        {
            "promotion": {"type": "coupon", "coupon": coupon(client, percent_off=10)},
            "max_redemptions": 1,
        }
    ).id
    buyer, plan = customer(client), price(client, 1000)
    sub = subscribe(client, buyer, plan, discounts=[{"promotion_code": code}])
    assert invoices(client, sub)[0].total == 900
    with pytest.raises(stripe.InvalidRequestError, match="promotion code"):
        subscribe(client, buyer, plan, discounts=[{"promotion_code": code}])


@pytest.mark.parametrize(
    ("currency", "amount", "quantity", "percentage", "total"),
    [
        ("jpy", 105, 1, 10, 116),  # 10.5 yen of tax -> 11
        ("kwd", 1230, 1, 5, 1290),  # 61.5 fils of tax -> 60, amounts end in 0
        ("eur", 999, 3, 19, 3566),  # 29.97 x 19 % = 5.6943 -> 5.69
    ],
)
def test_currencies(client, currency, amount, quantity, percentage, total):
    sub = subscribe(
        client,
        customer(client),
        price(client, amount, currency=currency),
        quantity,
        default_tax_rates=[rate(client, percentage)],
    )
    assert invoices(client, sub)[0].amount_paid == total


def test_one_invoice_through_its_states(client):
    buyer = customer(client)
    invoice = draft(client, buyer, 1500, description="Consulting")
    assert (invoice.status, invoice.total, invoice.number) == ("draft", 1500, None)
    opened = client.v1.invoices.finalize_invoice(invoice.id)
    assert (opened.status, opened.amount_due) == ("open", 1500)
    assert opened.status_transitions.finalized_at
    with pytest.raises(stripe.InvalidRequestError, match="Finalized"):
        client.v1.invoices.update(invoice.id, {"description": "other"})
    paid = client.v1.invoices.pay(invoice.id)
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 1500, 0)
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice.id}).data
    assert (payment.status, payment.amount_paid, payment.is_default) == ("paid", 1500, True)
    intent = payment.payment.payment_intent
    by_intent = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    assert client.v1.invoice_payments.list(by_intent).data[0].invoice == invoice.id
    for refused in (client.v1.invoices.pay, client.v1.invoices.void_invoice):
        with pytest.raises(stripe.InvalidRequestError):
            refused(invoice.id)


def test_void_uncollectible_and_out_of_band(client):
    buyer = customer(client)
    open_ids = [client.v1.invoices.finalize_invoice(draft(client, buyer).id).id for _ in range(3)]
    assert client.v1.invoices.void_invoice(open_ids[0]).status == "void"
    written_off = client.v1.invoices.mark_uncollectible(open_ids[1])
    assert written_off.status_details.uncollectible.reason == "user_forgiven"
    assert client.v1.invoices.pay(open_ids[1]).status == "paid"
    paid = client.v1.invoices.pay(open_ids[2], {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid_off_stripe) == ("paid", 1000)
    types = event_types(client, "invoice.")
    assert types.count("invoice.paid") == 2
    assert types.count("invoice.payment_succeeded") == 1
    payments = client.v1.invoice_payments.list({"invoice": open_ids[2]}).data
    assert [payment.status for payment in payments] == ["canceled"]


def test_only_own_drafts_can_be_deleted(client):
    buyer = customer(client)
    invoice = draft(client, buyer)
    assert client.v1.invoices.delete(invoice.id).deleted
    assert client.v1.invoice_items.list({"customer": buyer}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such invoice"):
        client.v1.invoices.retrieve(invoice.id)
    sub = subscribe(client, buyer, price(client, 1000))
    with pytest.raises(stripe.InvalidRequestError, match="draft"):
        client.v1.invoices.delete(sub.latest_invoice)


def test_waiting_items_join_on_request(client):
    buyer = customer(client)
    item = client.v1.invoice_items.create(
        {"customer": buyer, "currency": "usd", "unit_amount_decimal": "12.5", "quantity": 3}
    )
    assert item.amount == 38
    empty = client.v1.invoices.create({"customer": buyer})
    assert empty.total == 0
    full = client.v1.invoices.create(
        {"customer": buyer, "pending_invoice_items_behavior": "include"}
    )
    assert full.total == 38
    client.v1.invoice_items.update(item.id, {"quantity": 4})
    assert client.v1.invoices.retrieve(full.id).total == 50
    client.v1.invoice_items.delete(item.id)
    assert client.v1.invoices.retrieve(full.id).total == 0


def test_amounts_below_the_minimum_roll_over(client):
    """0.30 cannot be charged: it is owed and comes with the next 10.00."""
    buyer = customer(client)
    first = client.v1.invoices.finalize_invoice(draft(client, buyer, 30).id)
    assert (first.status, first.amount_due, first.ending_balance) == ("paid", 0, 30)
    assert client.v1.customers.retrieve(buyer).balance == 30
    second = client.v1.invoices.finalize_invoice(draft(client, buyer, 1000).id)
    assert (second.starting_balance, second.amount_due, second.ending_balance) == (30, 1030, 0)


def test_credit_is_used_and_comes_back_when_voided(client):
    buyer = customer(client, balance=-400)
    invoice = client.v1.invoices.finalize_invoice(draft(client, buyer, 1000).id)
    assert (invoice.starting_balance, invoice.amount_due, invoice.total) == (-400, 600, 1000)
    assert client.v1.customers.retrieve(buyer).balance == 0
    client.v1.invoices.void_invoice(invoice.id)
    assert client.v1.customers.retrieve(buyer).balance == -400


def test_usage_is_billed_when_the_period_is_over(client, advance):
    """100 included, then 0.5 cents each: 12 + 300 = 312 calls: 212 x 0.5 = 1.06."""
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    meter = client.v1.billing.meters.create(
        {
            "display_name": "Calls",
            "event_name": "calls",
            "default_aggregation": {"formula": "sum"},
        }
    )
    plan = price(
        client,
        None,
        billing_scheme="tiered",
        tiers_mode="graduated",
        tiers=[
            {"up_to": 100, "unit_amount": 0},
            {"up_to": "inf", "unit_amount_decimal": "0.5"},
        ],
        recurring={"usage_type": "metered", "meter": meter.id},
    )
    items = [{"price": plan}, {"price": price(client, 900)}]
    sub = client.v1.subscriptions.create({"customer": buyer, "items": items})
    assert lines(invoices(client, sub)[0]) == [("1 × Plan 900 (at $9.00 / month)", 900)]
    for value in ("12", "300"):
        client.v1.billing.meter_events.create(
            {"event_name": "calls", "payload": {"stripe_customer_id": buyer, "value": value}}
        )
    advance(time, at(2027, 2, 1, 2))
    assert [amount for _, amount in lines(invoices(client, sub)[-1])] == [0, 106, 900]


def test_lines_are_paged(client):
    buyer = customer(client)
    invoice = draft(client, buyer, 1)
    for amount in range(2, 14):
        client.v1.invoice_items.create({"customer": buyer, "invoice": invoice.id, "amount": amount})
    invoice = client.v1.invoices.retrieve(invoice.id)
    assert (len(invoice.lines.data), invoice.lines.has_more) == (10, True)
    listed = client.v1.invoices.line_items.list(invoice.id, {"limit": 5})
    assert [line.amount for line in listed.auto_paging_iter()] == list(range(1, 14))
    assert invoice.total == 91


def test_list_filters(client):
    buyer, other = customer(client), customer(client)
    opened = client.v1.invoices.finalize_invoice(draft(client, buyer).id)
    kept = draft(client, other)

    def ids(**params):
        return [invoice.id for invoice in client.v1.invoices.list(params).data]

    assert ids() == [kept.id, opened.id]
    assert ids(status="open") == ids(customer=buyer) == [opened.id]
    assert ids(collection_method="send_invoice") == ids(due_date={"gte": 1}) == []
