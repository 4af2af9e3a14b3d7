"""Test clocks, scheduled work, and events in time."""

from __future__ import annotations

import time

import pytest

from stripe_sandbox.core import clocks, events
from tests.sandbox.billing_setup import DAY, at, clock, customer, event_types, price, subscribe
from tests.sandbox.core_setup import refused, wait_for

START = at(2027, 1, 1)
NOTED: list[tuple[str, int]] = []


@clocks.scheduled("tests.note")
def note(ctx, key):
    NOTED.append((key, ctx.now))
    if key == "fails":
        raise ValueError("asked for")
    if key == "again" and len(NOTED) < 3:
        ctx.account.schedule(ctx.now + 10, "tests.note", "again", ctx.clock)


@pytest.fixture(autouse=True)
def forget():
    NOTED.clear()


def test_work_runs_in_order_of_time_with_the_clock_at_its_time(client, account, advance):
    key = clock(client, START)
    account.schedule(START + 300, "tests.note", "late", key)
    account.schedule(START + 100, "tests.note", "early", key)
    account.schedule(START + 900, "tests.note", "never", key)
    advance(key, START + 500)
    assert NOTED == [("early", START + 100), ("late", START + 300)]


def test_work_that_plans_more_work_runs_up_to_the_target(client, account, advance):
    key = clock(client, START)
    account.schedule(START + 5, "tests.note", "again", key)
    advance(key, START + 60)
    assert NOTED == [("again", START + 5), ("again", START + 15), ("again", START + 25)]


def test_clocks_do_not_touch_each_other(client, account, advance):
    one, two = clock(client, START), clock(client, START)
    account.schedule(START + 5, "tests.note", "one", one)
    account.schedule(START + 5, "tests.note", "two", two)
    advance(one, START + 60)
    assert NOTED == [("one", START + 5)]


def test_work_on_the_wall_clock_runs_by_itself(account):
    account.schedule(int(time.time()) - 1, "tests.note", "wall")
    account.schedule(int(time.time()) + 3600, "tests.note", "later")
    wait_for(lambda: NOTED)
    assert [key for key, _at in NOTED] == ["wall"]


def test_clock_fails_when_its_work_does(client, account):
    key = clock(client, START)
    account.schedule(START + 5, "tests.note", "fails", key)
    api = client.v1.test_helpers.test_clocks
    api.advance(key, {"frozen_time": START + 60})
    wait_for(lambda: api.retrieve(key).status == "internal_failure")
    assert event_types(client, "test_helpers")[-1] == "test_helpers.test_clock.internal_failure"
    with refused(code="test_clock_not_ready"):
        api.advance(key, {"frozen_time": START + 120})


def test_events_of_a_clock(client, advance):
    key = clock(client, START)
    advance(key, START + DAY)
    client.v1.test_helpers.test_clocks.delete(key)
    assert event_types(client, "test_helpers") == [
        f"test_helpers.test_clock.{name}" for name in ("created", "advancing", "ready", "deleted")
    ]


def test_clock_never_goes_back(client):
    key = clock(client, START)
    for target in (START, START - DAY):
        with refused(param="frozen_time"):
            client.v1.test_helpers.test_clocks.advance(key, {"frozen_time": target})


def test_clock_goes_two_intervals_of_the_shortest_subscription_at_most(client, advance):
    key = clock(client, START)
    buyer = customer(client, test_clock=key)
    subscribe(client, buyer, price(client, 9000, "year"))
    subscribe(client, buyer, price(client, 100, "day"))
    with refused(param="frozen_time"):
        client.v1.test_helpers.test_clocks.advance(key, {"frozen_time": START + 2 * DAY + 1})
    assert advance(key, START + 2 * DAY).frozen_time == START + 2 * DAY


def test_clock_takes_three_customers(client):
    key = clock(client, START)
    for _number in range(3):
        client.v1.customers.create({"test_clock": key})
    with refused(param="test_clock"):
        client.v1.customers.create({"test_clock": key})


def test_customer_gets_its_clock_when_it_is_made_only(client):
    key = clock(client, START)
    buyer = customer(client)
    with refused(code="parameter_unknown", param="test_clock"):
        client.v1.customers.update(buyer, {"test_clock": key})


def test_what_belongs_to_a_clock_is_made_at_its_time(client):
    buyer = customer(client, test_clock=clock(client, START))
    sub = subscribe(client, buyer, price(client, 1000))
    assert (sub.created, sub.start_date) == (START, START)
    assert client.v1.customers.retrieve(buyer).created == START


def test_deleted_clock_takes_its_customers_along(client):
    key = clock(client, START)
    buyer = customer(client, test_clock=key)
    sub = subscribe(client, buyer, price(client, 1000))
    client.v1.test_helpers.test_clocks.delete(key)
    assert client.v1.customers.retrieve(buyer).deleted
    with refused(status=404):
        client.v1.subscriptions.retrieve(sub.id)


# --- events


def test_events_of_a_clock_far_in_the_past_are_kept(client):
    customer(client, test_clock=clock(client, at(2020, 1, 1)))
    (event,) = client.v1.events.list({"type": "customer.created"}).data
    assert client.v1.events.retrieve(event.id).id == event.id


def test_events_are_kept_for_thirty_days(client, account):
    client.v1.products.create({"name": "Gold"})
    (event,) = account.store.select("event")
    age = int(time.time()) - events.KEPT_SECONDS
    account.store.update(event, _stored_at=age + 60)
    assert client.v1.events.retrieve(event["id"])
    account.store.update(event, _stored_at=age - 60)
    with refused(status=404, code="resource_missing"):
        client.v1.events.retrieve(event["id"])
    assert client.v1.events.list().data == []


def test_snapshot_stays_as_it_was(client):
    product = client.v1.products.create({"name": "Gold"})
    client.v1.products.update(product.id, {"name": "Silver"})
    updated, created = client.v1.events.list().data
    assert (created.data.object.name, updated.data.object.name) == ("Gold", "Silver")
    assert "previous_attributes" not in created.data


def test_change_that_changes_nothing_is_no_event(client):
    product = client.v1.products.create({"name": "Gold"})
    client.v1.products.update(product.id, {"name": "Gold"})
    assert event_types(client, "product") == ["product.created"]


def test_filters_of_events(client):
    product = client.v1.products.create({"name": "Gold"})
    client.v1.products.update(product.id, {"name": "Silver"})
    client.v1.customers.create({"name": "Ada"})

    def kinds(**params):
        return [event.type for event in client.v1.events.list(params)]

    assert kinds(type="product.created") == ["product.created"]
    assert kinds(type="product.*") == ["product.updated", "product.created"]
    assert kinds(types=["customer.created", "product.created"]) == [
        "customer.created",
        "product.created",
    ]
    assert kinds(created={"gt": int(time.time()) + 5}) == []
    with refused(param="types"):
        client.v1.events.list({"types": ["a.b"] * 21})
    with refused(status=400):
        client.v1.events.list({"type": "a.b", "types": ["a.b"]})
