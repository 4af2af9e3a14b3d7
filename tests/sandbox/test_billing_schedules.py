"""Subscriptions that begin later, by a schedule."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.billing_setup import (
    DAY,
    at,
    clock,
    customer,
    event_types,
    invoices,
    price,
    subscribe,
)

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


# --- a subscription that exists


@pytest.fixture
def planned(client, advance):
    """A monthly subscription that is to have another plan and quantity from its renewal on."""
    time = clock(client, at(2026, 3, 1))
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 3100), metadata={"a": "b"})
    other = price(client, 500)
    schedule = client.v1.subscription_schedules.create({"from_subscription": sub.id})
    now = schedule.phases[0]
    first = {
        "items": [{"price": now["items"][0].price, "quantity": 1}],
        "start_date": now.start_date,
        "end_date": now.end_date,
    }
    then = {
        "items": [{"price": other, "quantity": 3}],
        "duration": {"interval": "month", "interval_count": 1},
        "proration_behavior": "none",
    }
    client.v1.subscription_schedules.update(schedule.id, {"phases": [first, then]})
    return client.v1, sub, schedule, time, first, then


def test_planned_change_takes_effect_with_the_renewal(client, planned, advance):
    api, sub, schedule, time, first, _then = planned
    attached = api.subscriptions.retrieve(sub.id, {"expand": ["schedule"]})
    assert attached.schedule.phases[1]["items"][0].quantity == 3
    assert api.invoices.create_preview({"subscription": sub.id}).total == 1500
    advance(time, first["end_date"] + 2 * 3600)
    renewed = api.subscriptions.retrieve(sub.id)
    assert [(i.price.unit_amount, i.quantity) for i in renewed["items"].data] == [(500, 3)]
    assert renewed.metadata.a == "b"
    made = invoices(client, sub)
    assert [invoice.total for invoice in made] == [3100, 1500]
    assert renewed.schedule == schedule.id
    advance(time, first["end_date"] + 32 * DAY)
    ended = api.subscriptions.retrieve(sub.id)
    assert (ended.schedule, ended.status) == (None, "active")
    assert api.subscription_schedules.retrieve(schedule.id).status == "released"
    assert invoices(client, sub)[-1].total == 1500


def test_planned_change_of_the_interval(client, planned, advance):
    api, sub, schedule, time, first, then = planned
    yearly = {**then, "items": [{"price": price(client, 9900, "year"), "quantity": 1}]}
    yearly["duration"] = {"interval": "year", "interval_count": 1}
    api.subscription_schedules.update(schedule.id, {"phases": [first, yearly]})
    advance(time, first["end_date"] + 2 * 3600)
    item = api.subscriptions.retrieve(sub.id)["items"].data[0]
    assert item.current_period_start == first["end_date"]
    assert item.current_period_end == at(2027, 4, 1)
    assert invoices(client, sub)[-1].total == 9900


def test_dropped_plan(client, planned, advance):
    api, sub, schedule, time, first, _then = planned
    api.subscription_schedules.release(schedule.id)
    assert api.subscriptions.retrieve(sub.id).schedule is None
    advance(time, first["end_date"] + 2 * 3600)
    assert invoices(client, sub)[-1].total == 3100


def test_what_a_schedule_forbids(planned):
    api, sub, schedule, _time, first, then = planned
    refused = stripe.InvalidRequestError
    for params in ({"cancel_at_period_end": True}, {"cancel_at": 4102444800}):
        with pytest.raises(refused, match="managed by the subscription schedule"):
            api.subscriptions.update(sub.id, params)
    with pytest.raises(refused, match="schedule"):
        api.subscriptions.pause(sub.id)
    with pytest.raises(refused, match="already attached"):
        api.subscription_schedules.create({"from_subscription": sub.id})
    with pytest.raises(refused, match="cannot be set together"):
        api.subscription_schedules.create({"from_subscription": sub.id, "metadata": {"a": "b"}})
    for phases, words in (
        ([{**first, "start_date": first["start_date"] + 1}], "start date"),
        ([first, {**then, "start_date": first["end_date"] + 1}], "without a gap"),
        ([first, then, then], "more than one"),
    ):
        with pytest.raises(refused, match=words):
            api.subscription_schedules.update(schedule.id, {"phases": phases})
    api.subscriptions.cancel(sub.id)
    assert api.subscription_schedules.retrieve(schedule.id).status == "canceled"
