"""Faults that strike by chance, and webhook faults that strike together."""

from __future__ import annotations

import pytest
import requests

from stripe_sandbox.core.faults import Faults
from tests.sandbox.core_setup import admin, call, endpoint, running_receiver, settle

HALF = {"target": "webhook", "probability": 0.5, "times": None}


@pytest.fixture
def receiver():
    with running_receiver() as receiver:
        yield receiver


def draws(faults, count=200):
    return [[fault.kind for fault in faults.for_event("invoice.paid")] for _ in range(count)]


def test_chance_is_about_as_likely_as_it_says():
    faults = Faults()
    faults.seed(1)
    faults.add(target="webhook", kind="drop", probability=0.25, times=None)
    struck = sum(map(bool, draws(faults, 4000)))
    assert 900 < struck < 1100


@pytest.mark.parametrize(("probability", "struck"), [(0, 0), (1, 50)])
def test_never_and_always(probability, struck):
    faults = Faults()
    faults.add(target="webhook", kind="drop", probability=probability, times=None)
    assert sum(map(bool, draws(faults, 50))) == struck


def test_same_seed_makes_the_same_sequence():
    found = []
    for _run in range(2):
        faults = Faults()
        faults.seed(7)
        faults.add(kind="duplicate", **HALF)
        faults.add(kind="delay", **HALF)
        found.append(draws(faults))
        faults.seed(7)
        assert draws(faults) == found[-1]
    assert found[0] == found[1]
    faults.seed(8)
    assert draws(faults) != found[0]


def test_faults_strike_independently_of_each_other():
    alone, both = Faults(), Faults()
    for faults in (alone, both):
        faults.seed(7)
        faults.add(kind="duplicate", **HALF)
    both.add(kind="delay", **HALF)
    together = draws(both)
    assert [["duplicate"] if "duplicate" in kinds else [] for kinds in together] == draws(alone)
    assert {tuple(kinds) for kinds in together} == {
        (),
        ("duplicate",),
        ("delay",),
        ("duplicate", "delay"),
    }


def test_times_counts_only_what_struck():
    faults = Faults()
    faults.seed(3)
    faults.add(target="webhook", kind="drop", probability=0.5, times=2)
    assert sum(map(bool, draws(faults, 50))) == 2
    assert faults.dump() == []


def test_faults_without_probability_strike_one_at_a_time_as_ever():
    faults = Faults()
    faults.add(target="webhook", kind="drop")
    faults.add(target="webhook", kind="delay", times=None, probability=1)
    faults.add(target="webhook", kind="duplicate")
    assert draws(faults, 3) == [["drop", "delay"], ["delay", "duplicate"], ["delay"]]


def test_requests_that_fail_by_chance(sandbox):
    def statuses():
        return [call(sandbox, "GET", "/v1/products").status_code for _ in range(40)]

    fault = {"target": "api", "kind": "500", "times": None, "probability": 0.5}
    admin(sandbox, "POST", "seed", {"seed": 11})
    shown = admin(sandbox, "POST", "faults", fault)
    assert (shown["probability"], shown["times"]) == (0.5, None)
    first = statuses()
    assert set(first) == {200, 500}
    admin(sandbox, "POST", "seed", {"seed": 11})
    assert statuses() == first
    admin(sandbox, "DELETE", "faults")
    assert set(statuses()) == {200}


@pytest.mark.parametrize("probability", [-0.1, 1.1, "often"])
def test_what_is_no_probability(sandbox, probability):
    body = {"target": "api", "kind": "500", "probability": probability}
    answer = requests.post(f"{sandbox.base_url}/_sandbox/faults", json=body, timeout=10)
    assert answer.status_code == 400
    assert admin(sandbox, "GET", "faults") == []


def strike(sandbox, *kinds, **more):
    for kind in kinds:
        body = {"target": "webhook", "kind": kind, "probability": 1, "times": 1, **more}
        admin(sandbox, "POST", "faults", body)


def test_delayed_and_duplicated(sandbox, client, receiver):
    hook = endpoint(client, receiver, "product.created", "customer.created")
    strike(sandbox, "delay", "duplicate", types=["product.created"], seconds=3)
    client.v1.products.create({"name": "Gold"})
    client.v1.customers.create({"name": "Ada"})
    settle(sandbox)
    assert receiver.types(hook.secret) == ["product.created", "customer.created", "product.created"]
    ids = {delivery.event(hook.secret).id for delivery in receiver.got}
    assert len(ids) == 2


def test_reordered_and_delayed_comes_after_the_next_one(sandbox, client, receiver):
    hook = endpoint(client, receiver, "product.created", "customer.created")
    strike(sandbox, "reorder", "delay", types=["product.created"], seconds=20)
    client.v1.products.create({"name": "Gold"})
    client.v1.customers.create({"name": "Ada"})
    settle(sandbox)
    assert receiver.types(hook.secret) == ["customer.created", "product.created"]


def test_dropped_wins(sandbox, client, receiver):
    endpoint(client, receiver, "product.created")
    strike(sandbox, "duplicate", "drop", "reorder")
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    assert receiver.got == []
    assert admin(sandbox, "GET", "faults") == []
