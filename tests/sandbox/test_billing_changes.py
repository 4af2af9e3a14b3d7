"""Changes in the middle of a period, and that previews show exactly what the change then does."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.billing_setup import (
    FAILS_LATER,
    at,
    clock,
    customer,
    event_types,
    invoices,
    item_id,
    lines,
    price,
    subscribe,
)

START, MIDDLE = at(2027, 4, 1), at(2027, 4, 16)


@pytest.fixture
def monthly(client, advance):
    """A subscription of $10.00 a month, half of April over: (subscription, customer, clock)."""
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 1000))
    advance(time, MIDDLE)
    return sub, buyer, time


def change(client, sub, **params):
    return client.v1.subscriptions.update(sub.id, params)


def preview(client, sub, **details):
    params = {"subscription": sub.id, "subscription_details": details}
    return client.v1.invoices.create_preview(params)


def test_upgrade_waits_for_the_next_invoice(client, monthly, advance):
    """Stripe's example: $10 to $20 in the middle: -5.00 + 10.00, billed with the next 20.00."""
    sub, buyer, time = monthly
    items = [{"id": item_id(sub), "price": price(client, 2000)}]
    seen = preview(client, sub, items=items)
    change(client, sub, items=items)
    assert len(invoices(client, sub)) == 1
    waiting = client.v1.invoice_items.list({"customer": buyer, "pending": True}).data
    assert sorted(item.amount for item in waiting) == [-500, 1000]
    assert all(item.proration and not item.discountable for item in waiting)
    advance(time, at(2027, 5, 1, 2))
    invoice = invoices(client, sub)[-1]
    assert lines(invoice) == [
        ("Unused time on Plan 1000 after 16 Apr 2027", -500),
        ("Remaining time on Plan 2000 after 16 Apr 2027", 1000),
        ("1 × Plan 2000 (at $20.00 / month)", 2000),
    ]
    assert (invoice.total, invoice.status) == (2500, "paid")
    assert (lines(seen), seen.total) == (lines(invoice), 2500)
    assert seen.id.startswith("upcoming_in")


def test_credit_names_the_line_it_gives_back(client, monthly):
    sub, buyer, _time = monthly
    change(client, sub, items=[{"id": item_id(sub), "quantity": 2}])
    line = invoices(client, sub)[0].lines.data[0]
    waiting = client.v1.invoice_items.list({"customer": buyer}).data
    credit = next(item for item in waiting if item.amount < 0)
    named = credit.proration_details.credited_items.invoice_line_item_details
    assert (named.invoice, named.invoice_line_items) == (line.invoice, [line.id])


def test_always_invoice_charges_now(client, monthly):
    sub, _buyer, _time = monthly
    items = [{"id": item_id(sub), "quantity": 3}]
    seen = preview(client, sub, items=items, proration_behavior="always_invoice")
    changed = change(client, sub, items=items, proration_behavior="always_invoice")
    assert changed["items"].data[0].quantity == 3
    invoice = invoices(client, sub)[-1]
    assert (
        lines(invoice)
        == lines(seen)
        == [
            ("Unused time on Plan 1000 after 16 Apr 2027", -500),
            ("Remaining time on 3 × Plan 1000 after 16 Apr 2027", 1500),
        ]
    )
    assert (invoice.billing_reason, invoice.status, invoice.total, seen.total) == (
        "subscription_update",
        "paid",
        1000,
        1000,
    )
    assert changed.latest_invoice == invoice.id
    assert event_types(client, "invoiceitem") == ["invoiceitem.created"] * 2


def test_no_proration(client, monthly):
    sub, buyer, _time = monthly
    change(client, sub, items=[{"id": item_id(sub), "quantity": 3}], proration_behavior="none")
    assert client.v1.invoice_items.list({"customer": buyer}).data == []


def test_downgrade_becomes_credit(client, monthly):
    sub, buyer, _time = monthly
    items = [{"id": item_id(sub), "price": price(client, 400)}]
    change(client, sub, items=items, proration_behavior="always_invoice")
    invoice = invoices(client, sub)[-1]
    assert (invoice.total, invoice.amount_due, invoice.ending_balance) == (-300, 0, -300)
    assert client.v1.customers.retrieve(buyer).balance == -300


def test_changing_twice_credits_only_what_was_billed(client, monthly, advance):
    """16 April: 1 -> 2 (-5.00 + 10.00). 24 April (7 of 30 days left): the debit of 10.00 for 15
    days is
    given back for 7 of them: 4.67; 3 x 10.00 x 7/30 = 7.00."""
    sub, buyer, time = monthly
    change(client, sub, items=[{"id": item_id(sub), "quantity": 2}])
    advance(time, at(2027, 4, 24))
    change(client, sub, items=[{"id": item_id(sub), "quantity": 3}])
    waiting = client.v1.invoice_items.list({"customer": buyer}).data[::-1]
    assert [item.amount for item in waiting] == [-500, 1000, -467, 700]


def test_change_and_back_in_one_second_costs_nothing(client, monthly):
    sub, buyer, _time = monthly
    for quantity in (5, 1):
        change(client, sub, items=[{"id": item_id(sub), "quantity": quantity}])
    waiting = client.v1.invoice_items.list({"customer": buyer}).data[::-1]
    assert [item.amount for item in waiting] == [-500, 2500, -2500, 500]


def test_added_and_removed_items(client, monthly):
    sub, buyer, _time = monthly
    added = client.v1.subscription_items.create(
        {"subscription": sub.id, "price": price(client, 600), "quantity": 1}
    )
    assert added.current_period_end == at(2027, 5, 1)
    client.v1.subscription_items.delete(added.id)
    waiting = client.v1.invoice_items.list({"customer": buyer}).data[::-1]
    assert [item.amount for item in waiting] == [300, -300]
    with pytest.raises(stripe.InvalidRequestError, match="at least one"):
        client.v1.subscription_items.delete(item_id(sub))


def test_credit_is_what_was_paid_after_discounts(client, advance):
    """50 % once: 10.00 became 5.00, so half a month gives back 2.50; the new plan has no
    discount.
    """
    time = clock(client, START)
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"}).id
    sub = subscribe(
        client,
        customer(client, test_clock=time),
        price(client, 1000),
        discounts=[{"coupon": coupon}],
    )
    advance(time, MIDDLE)
    change(
        client,
        sub,
        items=[{"id": item_id(sub), "price": price(client, 2000)}],
        proration_behavior="always_invoice",
    )
    assert [amount for _, amount in lines(invoices(client, sub)[-1])] == [-250, 1000]


def test_another_interval_starts_a_new_period(client, monthly):
    sub, _buyer, _time = monthly
    items = [{"id": item_id(sub), "price": price(client, 10000, "year")}]
    seen = preview(client, sub, items=items)
    changed = change(client, sub, items=items)
    assert changed.billing_cycle_anchor == MIDDLE
    assert changed["items"].data[0].current_period_end == at(2028, 4, 16)
    invoice = invoices(client, sub)[-1]
    assert [amount for _, amount in lines(invoice)] == [-500, 10000]
    assert lines(seen) == lines(invoice)
    assert invoice.status == "paid"


def test_anchor_now(client, monthly):
    sub, _buyer, _time = monthly
    changed = change(client, sub, billing_cycle_anchor={"type": "now"})
    assert changed["items"].data[0].current_period_end == at(2027, 5, 16)
    assert [amount for _, amount in lines(invoices(client, sub)[-1])] == [-500, 1000]


def test_trial_is_shortened_or_ended(client, advance):
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 1000), trial_end=at(2027, 5, 1))
    later = change(client, sub, trial_end=at(2027, 5, 5))
    assert (later.status, later["items"].data[0].current_period_end) == (
        "trialing",
        at(2027, 5, 5),
    )
    assert len(invoices(client, sub)) == 1
    change(client, sub, items=[{"id": item_id(sub), "quantity": 2}])
    assert client.v1.invoice_items.list({"customer": buyer}).data == []
    advance(time, MIDDLE)
    ended = change(client, sub, trial_end="now")
    assert (ended.status, ended.billing_cycle_anchor) == ("active", MIDDLE)
    assert invoices(client, sub)[-1].amount_paid == 2000


def test_failing_change_is_taken_back(client, monthly):
    sub, buyer, _time = monthly
    failing = client.v1.payment_methods.attach(FAILS_LATER, {"customer": buyer}).id
    change(client, sub, default_payment_method=failing)
    items = [{"id": item_id(sub), "quantity": 9}]
    with pytest.raises(stripe.CardError):
        change(
            client,
            sub,
            items=items,
            proration_behavior="always_invoice",
            payment_behavior="error_if_incomplete",
        )
    kept = client.v1.subscriptions.retrieve(sub.id)
    assert (kept["items"].data[0].quantity, kept.status) == (1, "active")
    assert len(invoices(client, sub)) == 1
    change(client, sub, items=items, proration_behavior="always_invoice")
    assert client.v1.subscriptions.retrieve(sub.id).status == "past_due"


def test_preview_of_a_new_subscription_stores_nothing(client):
    buyer, plan = customer(client), price(client, 1000)
    product = client.v1.prices.retrieve(plan).product
    before = len(client.v1.prices.list({"product": product}).data)
    recurring = {"interval": "month"}
    data = {"currency": "usd", "product": product, "unit_amount": 250, "recurring": recurring}
    seen = client.v1.invoices.create_preview(
        {
            "customer": buyer,
            "subscription_details": {
                "items": [{"price": plan, "quantity": 3}, {"price_data": data}]
            },
        }
    )
    assert (seen.total, seen.status, seen.billing_reason) == (3250, "draft", "subscription_create")
    assert len(client.v1.prices.list({"product": product}).data) == before
    assert client.v1.subscriptions.list({"customer": buyer, "status": "all"}).data == []
    assert client.v1.invoices.list({"customer": buyer}).data == []


def test_preview_of_cancellation(client, monthly):
    sub, _buyer, _time = monthly
    assert preview(client, sub, cancel_now=True).total == -500
    assert preview(client, sub, cancel_now=True, proration_behavior="none").total == 0


def test_proration_date_gives_the_same_figures(client, monthly, advance):
    sub, _buyer, time = monthly
    items = [{"id": item_id(sub), "quantity": 2}]
    seen = preview(client, sub, items=items, proration_date=MIDDLE)
    advance(time, MIDDLE + 3600)
    change(client, sub, items=items, proration_date=MIDDLE, proration_behavior="always_invoice")
    assert lines(invoices(client, sub)[-1]) == lines(seen)[:2]
    with pytest.raises(stripe.InvalidRequestError, match="proration_date"):
        change(client, sub, items=items, proration_date=START - 1)


def test_paused_and_resumed(client, monthly, advance):
    """Half of 10.00 comes back as credit; a new month from 20 April costs 10.00 - 5.00."""
    sub, _buyer, time = monthly
    paused = client.v1.subscriptions.pause(sub.id)
    assert (paused.status, paused.status_details.paused.subscription.type) == (
        "paused",
        "pause_requested",
    )
    advance(time, at(2027, 5, 3))
    assert len(invoices(client, sub)) == 1
    resumed = client.v1.subscriptions.resume(sub.id)
    assert (resumed.status, resumed.status_details) == ("active", None)
    assert resumed["items"].data[0].current_period_end == at(2027, 6, 3)
    assert [amount for _, amount in lines(invoices(client, sub)[-1])] == [-500, 1000]
    advance(time, at(2027, 6, 3, 2))
    assert invoices(client, sub)[-1].amount_paid == 1000
    kinds = event_types(client, "customer.subscription")
    assert {"customer.subscription.paused", "customer.subscription.resumed"} <= set(kinds)


def test_resumed_in_the_old_cycle(client, monthly, advance):
    """Resumed on 24 April: 7 of 30 days of 10.00 = 2.33 wait beside the credit of 5.00."""
    sub, buyer, time = monthly
    client.v1.subscriptions.pause(sub.id)
    advance(time, at(2027, 4, 24))
    back = client.v1.subscriptions.resume(sub.id, {"billing_cycle_anchor": {"type": "unchanged"}})
    assert back["items"].data[0].current_period_end == at(2027, 5, 1)
    waiting = client.v1.invoice_items.list({"customer": buyer, "pending": True}).data[::-1]
    assert [item.amount for item in waiting] == [-500, 233]
    with pytest.raises(stripe.InvalidRequestError, match="cannot be resumed"):
        client.v1.subscriptions.resume(sub.id)


def test_new_discount_on_an_item_of_a_running_subscription(client, monthly):
    """Two for $10.00 each at half price from the middle of the period on: -5.00 + 2 x 5.00 / 2."""
    sub, buyer, _time = monthly
    coupon = client.v1.coupons.create({"percent_off": 50.0, "duration": "forever"}).id
    items = [{"id": item_id(sub), "quantity": 2, "discounts": [{"coupon": coupon}]}]
    seen = preview(client, sub, items=items)
    change(client, sub, items=items)
    waiting = client.v1.invoice_items.list({"customer": buyer, "pending": True}).data
    assert sorted(item.amount for item in waiting) == [-500, 500]
    assert [amount for _text, amount in lines(seen)][:2] == [-500, 500]
    changed = client.v1.subscriptions.retrieve(sub.id)["items"].data[0]
    assert len(changed.discounts) == 1
