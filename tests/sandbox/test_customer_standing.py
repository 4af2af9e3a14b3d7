"""What a customer says of how it pays, and in which currency."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.billing_setup import (
    DAY,
    FAILS_LATER,
    VISA,
    at,
    clock,
    customer,
    event_types,
    invoices,
    price,
    subscribe,
)
from tests.sandbox.core_setup import admin

START = at(2030, 1, 1)


def changes(client, name):
    """The values of a property before each change that an event told, oldest first."""
    told = client.v1.events.list({"type": "customer.updated"}).data[::-1]
    previous = [event.data.previous_attributes.to_dict() for event in told]
    return [row[name] for row in previous if name in row]


def delinquent(client, buyer):
    return client.v1.customers.retrieve(buyer).delinquent


def use_card(client, buyer, card):
    method = client.v1.payment_methods.attach(card, {"customer": buyer})
    settings = {"default_payment_method": method.id}
    client.v1.customers.update(buyer, {"invoice_settings": settings})


def test_first_use_decides_the_currency_and_says_so(client):
    buyer = customer(client)
    assert client.v1.customers.retrieve(buyer).currency is None
    sub = subscribe(client, buyer, price(client, 1_000, currency="eur"))
    assert client.v1.customers.retrieve(buyer).currency == "eur"
    assert changes(client, "currency") == [None]
    client.v1.invoice_items.create({"customer": buyer, "amount": 100, "currency": "eur"})
    client.v1.subscriptions.cancel(sub.id)
    assert changes(client, "currency") == [None]
    order = event_types(client, "customer.updated", "customer.subscription.created")
    assert order == ["customer.updated", "customer.subscription.created"]


def test_refused_subscription_leaves_no_currency(client):
    buyer = customer(client, FAILS_LATER)
    params = {"payment_behavior": "error_if_incomplete"}
    with pytest.raises(stripe.CardError):
        subscribe(client, buyer, price(client, 1_000), **params)
    assert client.v1.customers.retrieve(buyer).currency is None
    assert (changes(client, "currency"), delinquent(client, buyer)) == ([], False)


def test_failed_renewal_makes_delinquent_until_it_is_paid(client, advance):
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 2_000))
    use_card(client, buyer, FAILS_LATER)
    assert not delinquent(client, buyer)
    advance(time, at(2030, 2, 1, 2))
    assert delinquent(client, buyer)
    advance(time, at(2030, 2, 5))
    assert changes(client, "delinquent") == [False], "the second failure changes nothing"
    use_card(client, buyer, VISA)
    client.v1.invoices.pay(invoices(client, sub)[-1].id)
    assert not delinquent(client, buyer)
    assert changes(client, "delinquent") == [False, True]


def test_attempt_by_hand_does_not_make_delinquent(client):
    buyer = customer(client, FAILS_LATER)
    client.v1.invoice_items.create({"customer": buyer, "amount": 500, "currency": "usd"})
    params = {"customer": buyer, "pending_invoice_items_behavior": "include"}
    invoice = client.v1.invoices.create({**params, "auto_advance": False})
    with pytest.raises(stripe.CardError):
        client.v1.invoices.pay(invoice.id)
    assert not delinquent(client, buyer)


def test_due_date_that_passes(client, advance):
    """Marking it uncollectible by request ends it, whether or not another one is still open."""
    time = clock(client, START)
    buyer = customer(client, None, test_clock=time)
    sub = subscribe(
        client, buyer, price(client, 2_000), collection_method="send_invoice", days_until_due=10
    )
    advance(time, START + 9 * DAY)
    assert not delinquent(client, buyer)
    advance(time, START + 11 * DAY)
    assert delinquent(client, buyer)
    advance(time, at(2030, 2, 12))
    first, second = invoices(client, sub)
    client.v1.invoices.mark_uncollectible(first.id)
    assert client.v1.invoices.retrieve(second.id).status == "open"
    assert not delinquent(client, buyer)


def test_what_billing_gives_up_stays_delinquent(client, sandbox, advance):
    """Collection is paused: what is marked uncollectible then was asked for by nobody."""
    admin(sandbox, "POST", "retries", {"final_action": "past_due"})
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 2_000))
    use_card(client, buyer, FAILS_LATER)
    advance(time, at(2030, 2, 1, 2))
    client.v1.subscriptions.update(sub.id, {"pause_collection": {"behavior": "mark_uncollectible"}})
    advance(time, at(2030, 3, 1, 2))
    assert invoices(client, sub)[-1].status == "uncollectible"
    assert delinquent(client, buyer)
