"""Faults of the API that a test can ask for."""

from __future__ import annotations

import pytest
import requests
import stripe

from tests.sandbox.core_setup import admin, call


def fault(sandbox, kind, **more):
    return admin(sandbox, "POST", "faults", {"target": "api", "kind": kind, **more})


def test_rate_limit(sandbox, client):
    fault(sandbox, "429")
    with pytest.raises(stripe.RateLimitError) as caught:
        client.v1.products.list()
    error = caught.value
    assert (error.http_status, error.json_body["error"]["code"]) == (429, "rate_limit")
    assert error.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert client.v1.products.list().data == []


def test_object_that_is_locked(sandbox, client):
    fault(sandbox, "lock_timeout")
    with pytest.raises(stripe.StripeError) as caught:
        client.v1.products.create({"name": "Gold"})
    error = caught.value
    assert (error.http_status, error.json_body["error"]["code"]) == (429, "lock_timeout")
    assert client.v1.products.list().data == []


def test_failure_of_the_server_is_survived_by_retries(sandbox):
    patient = stripe.StripeClient(
        "sk_test_sandbox0000000000000000",
        base_addresses={"api": sandbox.base_url},
        max_network_retries=2,
    )
    fault(sandbox, "500", times=2)
    patient.v1.products.create({"name": "Gold"})
    assert admin(sandbox, "GET", "faults") == []
    assert len(patient.v1.products.list().data) == 1


def test_lost_answer_is_survived_without_doing_it_twice(sandbox):
    patient = stripe.StripeClient(
        "sk_test_sandbox0000000000000000",
        base_addresses={"api": sandbox.base_url},
        max_network_retries=1,
    )
    fault(sandbox, "reset", after=True, method="POST")
    product = patient.v1.products.create({"name": "Gold"})
    assert [row.id for row in patient.v1.products.list()] == [product.id]


def test_reset_before_the_work_leaves_nothing(sandbox, client):
    fault(sandbox, "reset")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.products.create({"name": "Gold"})
    assert client.v1.products.list().data == []


def test_time_out(sandbox):
    fault(sandbox, "timeout", seconds=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(
            f"{sandbox.base_url}/v1/products",
            headers={"Authorization": "Bearer sk_test_sandbox0000000000000000"},
            timeout=0.2,
        )


def test_others_are_answered_while_one_waits(sandbox):
    fault(sandbox, "timeout", seconds=30, path="/v1/products")
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(
            f"{sandbox.base_url}/v1/products",
            headers={"Authorization": "Bearer sk_test_sandbox0000000000000000"},
            timeout=0.2,
        )
    answer = requests.get(
        f"{sandbox.base_url}/v1/customers",
        headers={"Authorization": "Bearer sk_test_sandbox0000000000000000"},
        timeout=20,
    )
    assert answer.status_code == 200


def test_fault_of_some_paths_and_methods_only(sandbox, client):
    fault(sandbox, "500", path="/v1/prod", method="post", times=None)
    client.v1.customers.create({"name": "Ada"})
    client.v1.products.list()
    for _attempt in range(3):
        with pytest.raises(stripe.APIError):
            client.v1.products.create({"name": "Gold"})
    assert admin(sandbox, "DELETE", "faults") is None
    client.v1.products.create({"name": "Gold"})


@pytest.mark.parametrize(
    "body",
    [
        {"target": "api", "kind": "drop"},
        {"target": "webhook", "kind": "500"},
        {"target": "moon", "kind": "500"},
        {"target": "api", "kind": "500", "colour": "red"},
        {"kind": "500"},
    ],
)
def test_fault_that_makes_no_sense(sandbox, body):
    answer = requests.post(f"{sandbox.base_url}/_sandbox/faults", json=body, timeout=10)
    assert answer.status_code == 400
    assert admin(sandbox, "GET", "faults") == []


def test_keys_are_checked_before_faults(sandbox):
    fault(sandbox, "500")
    answer = call(sandbox, "GET", "/v1/products", Authorization="Bearer sk_test_wrong")
    assert answer.status_code == 401
    assert len(admin(sandbox, "GET", "faults")) == 1
