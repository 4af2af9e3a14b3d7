"""Subscriptions from creation to their end, through the real client."""

from __future__ import annotations

import pytest
import stripe

from stripe_sandbox.billing import invoicing, lifecycle, preview
from stripe_sandbox.payments import collect
from tests.sandbox.billing_setup import (
    DAY,
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

START = at(2027, 1, 1)


def test_first_invoice_is_paid_at_once(client):
    sub = subscribe(client, customer(client), price(client, 1000), 2, metadata={"odoo": "7"})
    assert sub.status == "active"
    (invoice,) = invoices(client, sub)
    assert (invoice.status, invoice.total, invoice.amount_paid) == ("paid", 2000, 2000)
    assert invoice.billing_reason == "subscription_create"
    assert lines(invoice) == [("2 × Plan 1000 (at $10.00 / month)", 2000)]
    assert invoice.parent.subscription_details.subscription == sub.id
    assert invoice.parent.subscription_details.metadata["odoo"] == "7"
    assert invoice.number.endswith("-0001")
    assert invoice.hosted_invoice_url and invoice.invoice_pdf.endswith("/pdf")
    line = invoice.lines.data[0]
    assert line.pricing.price_details.price == sub["items"].data[0].price.id
    assert line.parent.subscription_item_details.subscription_item == item_id(sub)


def test_events_of_creation_come_in_stripes_order(client):
    subscribe(client, customer(client), price(client, 1000))
    assert event_types(client, "customer.subscription", "invoice") == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice.updated",
        "customer.subscription.updated",
    ]
    created, updated = (
        client.v1.events.list({"type": f"customer.subscription.{name}"}).data[0]
        for name in ("created", "updated")
    )
    assert created.data.object["status"] == "incomplete"
    assert updated.data.object["status"] == "active"
    assert updated.data.previous_attributes["status"] == "incomplete"


def test_renewal_waits_an_hour_and_charges(client, advance):
    time = clock(client, START)
    sub = subscribe(client, customer(client, test_clock=time), price(client, 1000))
    advance(time, at(2027, 2, 1, 0, 30))
    draft = invoices(client, sub)[-1]
    assert (draft.status, draft.billing_reason) == ("draft", "subscription_cycle")
    assert draft.automatically_finalizes_at == at(2027, 2, 1, 1)
    assert draft.number is None and draft.hosted_invoice_url is None
    item = client.v1.subscriptions.retrieve(sub.id)["items"].data[0]
    assert (item.current_period_start, item.current_period_end) == (at(2027, 2, 1), at(2027, 3, 1))
    advance(time, at(2027, 2, 1, 1))
    paid = client.v1.invoices.retrieve(draft.id)
    assert (paid.status, paid.total) == ("paid", 1000)
    assert (paid.period_start, paid.period_end) == (START, at(2027, 2, 1))
    period = paid.lines.data[0].period
    assert (period.start, period.end) == (at(2027, 2, 1), at(2027, 3, 1))


def test_failed_renewal_is_retried_and_canceled(client, account, advance):
    account.retries.waits, account.retries.final_action = [DAY, 2 * DAY], "cancel"
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 1000))
    failing = client.v1.payment_methods.attach(FAILS_LATER, {"customer": buyer}).id
    client.v1.subscriptions.update(sub.id, {"default_payment_method": failing})
    advance(time, at(2027, 2, 1, 2))
    invoice = invoices(client, sub)[-1]
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert invoice.next_payment_attempt == at(2027, 2, 2, 1)
    assert client.v1.subscriptions.retrieve(sub.id).status == "past_due"
    advance(time, at(2027, 2, 5))
    ended = client.v1.subscriptions.retrieve(sub.id)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")
    invoice = client.v1.invoices.retrieve(invoice.id)
    assert (invoice.status, invoice.attempt_count, invoice.auto_advance) == ("open", 3, False)


@pytest.mark.parametrize("action", ["unpaid", "past_due"])
def test_other_final_actions_and_recovery(client, account, advance, action):
    account.retries.waits, account.retries.final_action = [], action
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 1000))
    good = client.v1.customers.retrieve(buyer).invoice_settings.default_payment_method
    failing = client.v1.payment_methods.attach(FAILS_LATER, {"customer": buyer}).id
    client.v1.subscriptions.update(sub.id, {"default_payment_method": failing})
    advance(time, at(2027, 2, 1, 2))
    assert client.v1.subscriptions.retrieve(sub.id).status == action
    invoice = invoices(client, sub)[-1]
    client.v1.invoices.pay(invoice.id, {"payment_method": good})
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"


def test_unpaid_subscription_keeps_new_invoices_as_drafts(client, account, advance):
    account.retries.waits, account.retries.final_action = [], "unpaid"
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 1000))
    failing = client.v1.payment_methods.attach(FAILS_LATER, {"customer": buyer}).id
    client.v1.subscriptions.update(sub.id, {"default_payment_method": failing})
    advance(time, at(2027, 2, 1, 2))
    advance(time, at(2027, 3, 2))
    latest = invoices(client, sub)[-1]
    assert (latest.status, latest.auto_advance) == ("draft", False)


def test_declined_first_payment_leaves_it_incomplete_and_it_expires(client, advance):
    time = clock(client, START)
    sub = subscribe(client, customer(client, FAILS_LATER, test_clock=time), price(client, 1000))
    assert sub.status == "incomplete"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.update(sub.id, {"description": "x"})
    assert client.v1.subscriptions.update(sub.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    advance(time, START + 23 * 3600)
    assert client.v1.subscriptions.retrieve(sub.id).status == "incomplete_expired"
    assert invoices(client, sub)[0].status == "void"


def test_error_if_incomplete_leaves_nothing(client):
    buyer, plan = customer(client, FAILS_LATER), price(client, 1000)
    with pytest.raises(stripe.CardError):
        subscribe(client, buyer, plan, payment_behavior="error_if_incomplete")
    assert client.v1.subscriptions.list({"customer": buyer, "status": "all"}).data == []
    assert client.v1.invoices.list({"customer": buyer}).data == []
    assert event_types(client, "customer.subscription", "invoice") == []


def test_default_incomplete_waits_for_the_customer(client):
    sub = client.v1.subscriptions.create(
        {
            "customer": customer(client, None),
            "items": [{"price": price(client, 1000)}],
            "payment_behavior": "default_incomplete",
            "payment_settings": {"save_default_payment_method": "on_subscription"},
            "expand": ["latest_invoice.confirmation_secret", "latest_invoice.payments"],
        }
    )
    assert (sub.status, sub.latest_invoice.status) == ("incomplete", "open")
    assert sub.latest_invoice.attempt_count == 0
    assert sub.latest_invoice.confirmation_secret.client_secret
    assert sub.latest_invoice.payments.data[0].status == "open"


def test_no_payment_method_is_an_error(client):
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        subscribe(client, customer(client, None), price(client, 1000))


def test_trial_bills_nothing_until_it_ends(client, advance):
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 1000), trial_period_days=14)
    assert (sub.status, sub.trial_end) == ("trialing", at(2027, 1, 15))
    first = invoices(client, sub)[0]
    assert (first.status, first.total) == ("paid", 0)
    assert lines(first) == [("Trial period for Plan 1000", 0)]
    advance(time, at(2027, 1, 12, 1))
    assert "customer.subscription.trial_will_end" in event_types(client, "customer")
    advance(time, at(2027, 1, 15, 2))
    sub = client.v1.subscriptions.retrieve(sub.id)
    assert (sub.status, sub.billing_cycle_anchor) == ("active", at(2027, 1, 15))
    assert invoices(client, sub)[-1].amount_paid == 1000


@pytest.mark.parametrize(
    ("action", "status"),
    [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")],
)
def test_trial_without_a_card(client, advance, action, status):
    time = clock(client, START)
    sub = subscribe(
        client,
        customer(client, None, test_clock=time),
        price(client, 1000),
        trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": action}},
    )
    advance(time, at(2027, 1, 8, 2))
    assert client.v1.subscriptions.retrieve(sub.id).status == status


def test_cancel_at_period_end_and_back(client, advance):
    time = clock(client, START)
    sub = subscribe(client, customer(client, test_clock=time), price(client, 1000))
    asked = client.v1.subscriptions.update(
        sub.id,
        {"cancel_at_period_end": True, "cancellation_details": {"feedback": "too_expensive"}},
    )
    assert (asked.cancel_at, asked.status) == (at(2027, 2, 1), "active")
    assert asked.cancellation_details.reason == "cancellation_requested"
    back = client.v1.subscriptions.update(sub.id, {"cancel_at_period_end": False})
    assert (back.cancel_at, back.canceled_at) == (None, None)
    client.v1.subscriptions.update(sub.id, {"cancel_at_period_end": True})
    advance(time, at(2027, 2, 2))
    ended = client.v1.subscriptions.retrieve(sub.id)
    assert (ended.status, ended.ended_at) == ("canceled", at(2027, 2, 1))
    assert len(invoices(client, sub)) == 1


def test_cancel_now_credits_unused_time(client, advance):
    """31-day January, canceled on the 11th: 21/31 of 10.00 = 6.77 back as credit."""
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 1000))
    advance(time, at(2027, 1, 11))
    ended = client.v1.subscriptions.cancel(sub.id, {"invoice_now": True, "prorate": True})
    assert ended.status == "canceled"
    last = invoices(client, sub)[-1]
    assert lines(last) == [("Unused time on Plan 1000 after 11 Jan 2027", -677)]
    assert (last.status, last.amount_due, last.ending_balance) == ("paid", 0, -677)
    assert client.v1.customers.retrieve(buyer).balance == -677
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        client.v1.subscriptions.cancel(sub.id)


def test_sent_invoices_fall_due(client, advance):
    time = clock(client, START)
    sub = subscribe(
        client,
        customer(client, None, test_clock=time),
        price(client, 1000),
        collection_method="send_invoice",
        days_until_due=5,
    )
    assert sub.status == "active"
    assert invoices(client, sub)[0].status == "draft"
    advance(time, START + 3600)
    invoice = invoices(client, sub)[0]
    assert (invoice.status, invoice.due_date) == ("open", START + 3600 + 5 * DAY)
    advance(time, START + 6 * DAY)
    assert client.v1.subscriptions.retrieve(sub.id).status == "past_due"
    client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"


def test_anchor_in_the_future_bills_a_shortened_period(client, advance):
    """From 1 to 11 January of a period that would start on 11 December: 10/31 of 10.00 = 3.23."""
    time = clock(client, START)
    buyer, plan = customer(client, test_clock=time), price(client, 1000)
    sub = subscribe(client, buyer, plan, billing_cycle_anchor=at(2027, 1, 11))
    assert invoices(client, sub)[0].total == 323
    free = subscribe(
        client, buyer, plan, billing_cycle_anchor=at(2027, 1, 11), proration_behavior="none"
    )
    assert (free.status, free.latest_invoice) == ("active", None)
    advance(time, at(2027, 1, 11, 2))
    assert [i.total for i in invoices(client, free)] == [1000]


def test_paused_collection_voids_or_keeps_drafts(client, advance):
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    voided, kept = (subscribe(client, buyer, price(client, n)) for n in (1000, 2000))
    for sub, behavior in ((voided, "void"), (kept, "keep_as_draft")):
        client.v1.subscriptions.update(sub.id, {"pause_collection": {"behavior": behavior}})
    advance(time, at(2027, 2, 2))
    assert invoices(client, voided)[-1].status == "void"
    assert invoices(client, kept)[-1].status == "draft"
    assert client.v1.subscriptions.retrieve(voided.id).status == "active"


def test_list_hides_canceled_ones(client):
    buyer, plan = customer(client), price(client, 1000)
    first, second = subscribe(client, buyer, plan), subscribe(client, buyer, plan)
    client.v1.subscriptions.cancel(first.id)

    def ids(**params):
        return [s.id for s in client.v1.subscriptions.list(params).data]

    assert ids() == [second.id]
    assert ids(status="all") == [second.id, first.id]
    assert ids(status="ended") == ids(status="canceled") == [first.id]
    assert ids(price=plan, customer=buyer) == [second.id]
    assert ids(price=price(client, 5)) == []


def test_what_stripe_refuses(client):
    buyer, plan = customer(client), price(client, 1000)
    one_time, euro = price(client, 500, None), price(client, 500, currency="eur")
    subscribe(client, buyer, plan)
    for params, words in (
        ({"items": []}, "items"),
        ({"items": [{"price": one_time}]}, "type=recurring"),
        ({"items": [{"price": euro}]}, "combine currencies"),
        ({"items": [{"price": plan}, {"price": plan}]}, "same plan"),
        ({"items": [{"price": plan}], "days_until_due": 3}, "days_until_due"),
        ({"items": [{"price": plan}], "collection_method": "send_invoice"}, "days_until_due"),
        ({"items": [{"price": plan}], "trial_end": 1000}, "future"),
        ({"items": [{"price": plan}], "coupon": "x"}, "unknown parameter"),
        ({"items": [{"price": plan}], "transfer_data": {"destination": "a"}}, "implement"),
        ({"items": [{"price": plan}], "payment_behavior": "pending_if_incomplete"}, "behavior"),
        ({"items": [{"price": plan}], "default_payment_method": "pm_none"}, "No such"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=words):
            client.v1.subscriptions.create({"customer": buyer, **params})


def test_three_d_secure_completes_later(client, account):
    """The bank asks at once: incomplete; once the customer has authenticated, the invoice is
    paid.
    """
    sub = subscribe(client, customer(client, "pm_card_authenticationRequired"), price(client, 900))
    assert sub.status == "incomplete"
    assert "invoice.payment_action_required" in event_types(client, "invoice")
    invoice = invoices(client, sub)[0]
    assert (invoice.status, invoice.next_payment_attempt) == ("open", None)
    with pytest.raises(stripe.CardError) as caught:
        client.v1.invoices.pay(invoice.id)
    assert caught.value.code == "invoice_payment_intent_requires_action"
    with account.lock:
        ctx = account.context()
        stored = ctx.store.get("invoice", invoice.id)
        intent = ctx.store.get("payment_intent", stored["_payment_intent"])
        outcome = collect.authenticate(ctx, intent, True)
        invoicing.apply_payment(ctx, stored, outcome.payment_intent)
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"


def test_checkout_pays_before_the_subscription_exists(client, account):
    """Checkout charges the preview's amount first; the invoice then names that PaymentIntent."""
    buyer, plan = customer(client), price(client, 1000)
    method = client.v1.customers.retrieve(buyer).invoice_settings.default_payment_method
    params = {"customer": buyer, "items": [{"price": plan, "quantity": 2}]}
    with account.lock:
        ctx = account.context()
        due = preview.preview_new(ctx, params)["amount_due"]
        intent = collect.new_intent(ctx, due, "usd", customer=buyer)
        collect.confirm(ctx, intent, ctx.store.get("payment_method", method), off_session=False)
        sub = lifecycle.create_subscription(
            ctx, params, payment_method=method, paid_by=intent, from_checkout=True
        )
    shown = client.v1.subscriptions.retrieve(sub["id"], {"expand": ["latest_invoice.payments"]})
    assert (shown.status, shown.default_payment_method) == ("active", method)
    (payment,) = shown.latest_invoice.payments.data
    assert (payment.payment.payment_intent, payment.amount_paid) == (intent["id"], 2000)


def test_incomplete_ones_end_with_their_invoice(client):
    """Voiding the first invoice expires the subscription; canceling voids the invoice."""
    buyer, plan = customer(client, FAILS_LATER), price(client, 1000)
    expired, canceled = subscribe(client, buyer, plan), subscribe(client, buyer, plan)
    client.v1.invoices.void_invoice(expired.latest_invoice)
    assert client.v1.subscriptions.retrieve(expired.id).status == "incomplete_expired"
    assert client.v1.subscriptions.cancel(canceled.id).status == "canceled"
    assert client.v1.invoices.retrieve(canceled.latest_invoice).status == "void"


def test_first_successful_card_becomes_the_default(client):
    buyer, plan = customer(client), price(client, 1000)
    method = client.v1.customers.retrieve(buyer).invoice_settings.default_payment_method
    settings = {"save_default_payment_method": "on_subscription"}
    sub = subscribe(client, buyer, plan, payment_settings=settings)
    assert sub.default_payment_method == method
    assert subscribe(client, buyer, plan).default_payment_method is None


def test_planned_end_shortens_the_last_period(client, advance):
    """Ends on 15 February: the February period is 14 of 28 days, 5.00 of 10.00."""
    time = clock(client, START)
    sub = subscribe(
        client,
        customer(client, test_clock=time),
        price(client, 1000),
        cancel_at=at(2027, 2, 15),
    )
    assert sub.cancel_at == at(2027, 2, 15)
    advance(time, at(2027, 2, 1, 2))
    assert invoices(client, sub)[-1].amount_paid == 500
    advance(time, at(2027, 2, 16))
    assert client.v1.subscriptions.retrieve(sub.id).ended_at == at(2027, 2, 15)
