"""Subscriptions that begin later, by a schedule."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.billing_setup import at, clock, customer, event_types, invoices, price

START = at(2027, 1, 10)


def plan_later(client, buyer, **more):
    phase = {
        "items": [{"price": price(client, 1000), "quantity": 2}],
        "duration": {"interval": "month", "interval_count": 2},
    }
    return client.v1.subscription_schedules.create(
        {"customer": buyer, "start_date": at(2027, 3, 1), "phases": [phase], **more}
    )


def test_it_starts_on_its_date_and_is_released(client, advance):
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    schedule = plan_later(client, buyer)
    assert (schedule.status, schedule.subscription) == ("not_started", None)
    assert client.v1.subscriptions.list({"customer": buyer, "status": "all"}).data == []
    advance(time, at(2027, 3, 1, 0, 30))
    schedule = client.v1.subscription_schedules.retrieve(schedule.id)
    assert (schedule.status, schedule.current_phase.end_date) == ("active", at(2027, 5, 1))
    sub = client.v1.subscriptions.retrieve(schedule.subscription)
    assert (sub.status, sub.schedule, sub.start_date) == ("active", schedule.id, at(2027, 3, 1))
    assert invoices(client, sub)[0].status == "draft"
    advance(time, at(2027, 3, 1, 1))
    assert invoices(client, sub)[0].amount_paid == 2000
    advance(time, at(2027, 4, 20))
    advance(time, at(2027, 5, 2))
    schedule = client.v1.subscription_schedules.retrieve(schedule.id)
    assert (schedule.status, schedule.released_subscription) == ("released", sub.id)
    sub = client.v1.subscriptions.retrieve(sub.id)
    assert (sub.status, sub.schedule) == ("active", None)
    assert event_types(client, "subscription_schedule") == [
        "subscription_schedule.created",
        "subscription_schedule.updated",
        "subscription_schedule.released",
    ]


def test_it_is_canceled_before_it_starts(client, advance):
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    schedule = plan_later(client, buyer)
    assert client.v1.subscription_schedules.cancel(schedule.id).status == "canceled"
    advance(time, at(2027, 3, 2))
    assert client.v1.subscriptions.list({"customer": buyer, "status": "all"}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="cannot cancel"):
        client.v1.subscription_schedules.cancel(schedule.id)


def test_it_ends_its_subscription(client, advance):
    time = clock(client, START)
    schedule = plan_later(client, customer(client, test_clock=time), end_behavior="cancel")
    for month in (3, 4, 5):
        advance(time, at(2027, month, 2))
    schedule = client.v1.subscription_schedules.retrieve(schedule.id)
    assert schedule.status == "completed"
    assert client.v1.subscriptions.retrieve(schedule.subscription).status == "canceled"
