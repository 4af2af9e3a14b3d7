"""Idempotency keys: done once, answered again, never used for something else."""

from __future__ import annotations

import threading

import pytest
import stripe

from stripe_sandbox.core import idempotency
from tests.sandbox.billing_setup import customer, price, subscribe
from tests.sandbox.core_setup import admin, call, refused

KEY = {"idempotency_key": "order-7"}


def test_same_key_gives_the_same_answer(sandbox, client):
    first = client.v1.products.create({"name": "Gold"}, KEY)
    again = client.v1.products.create({"name": "Gold"}, KEY)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Idempotency-Key"] == "order-7"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(client.v1.products.list().data) == 1


@pytest.mark.parametrize(
    ("path", "form"), [("products", "name=Silver"), ("customers", "name=Gold")]
)
def test_key_of_another_request_is_refused(sandbox, client, path, form):
    client.v1.products.create({"name": "Gold"}, KEY)
    answer = call(sandbox, "POST", f"/v1/{path}", form, Idempotency_Key="order-7")
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "idempotency_error"


def test_the_package_has_an_error_of_its_own_for_it(client):
    client.v1.products.create({"name": "Gold"}, KEY)
    with pytest.raises(stripe.IdempotencyError):
        client.v1.products.create({"name": "Silver"}, KEY)


def test_request_that_never_began_may_be_corrected(client):
    with refused(code="parameter_unknown"):
        client.v1.products.create({"nome": "Gold"}, KEY)
    assert client.v1.products.create({"name": "Gold"}, KEY).name == "Gold"


def test_refusal_of_an_operation_is_given_again(client):
    plan = price(client, 1000)
    buyer = customer(client, card=None)
    params = {"customer": buyer, "items": [{"price": plan}]}
    with refused(status=400) as first:
        client.v1.subscriptions.create(params, KEY)
    client.v1.payment_methods.attach("pm_card_visa", {"customer": buyer})
    with refused(status=400) as again:
        client.v1.subscriptions.create(params, KEY)
    assert again.value.json_body == first.value.json_body


def test_declined_card_is_not_charged_again(client):
    buyer = customer(client, card=None)
    method = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": buyer}).id
    invoice = client.v1.invoices.create({"customer": buyer, "currency": "usd"}).id
    client.v1.invoice_items.create({"customer": buyer, "invoice": invoice, "amount": 900})
    client.v1.invoices.finalize_invoice(invoice, {"auto_advance": False})
    for _attempt in range(2):
        with pytest.raises(stripe.CardError):
            client.v1.invoices.pay(invoice, {"payment_method": method}, KEY)
    assert len(client.v1.events.list({"type": "charge.failed"}).data) == 1


def test_answer_that_got_lost_is_given_on_the_second_try(sandbox, client):
    fault = {"target": "api", "kind": "reset", "path": "/v1/products", "after": True}
    admin(sandbox, "POST", "faults", fault)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.products.create({"name": "Gold"}, KEY)
    made = client.v1.products.create({"name": "Gold"}, KEY)
    assert [row.id for row in client.v1.products.list()] == [made.id]


def test_key_in_use_is_a_conflict():
    keys, inside, go_on = idempotency.Keys(), threading.Event(), threading.Event()

    def slow() -> idempotency.Answer:
        inside.set()
        assert go_on.wait(10)
        return 200, {}, True

    thread = threading.Thread(target=keys.run, args=("k", "POST", "/v1/products", {}, slow))
    thread.start()
    assert inside.wait(10)
    with pytest.raises(idempotency.errors.ApiError) as caught:
        keys.run("k", "POST", "/v1/products", {}, slow)
    go_on.set()
    thread.join()
    assert (caught.value.status, caught.value.body["code"]) == (409, "idempotency_key_in_use")
    assert keys.run("k", "POST", "/v1/products", {}, slow) == (200, {}, True)


def test_key_is_forgotten_after_a_day(monkeypatch):
    keys = idempotency.Keys()
    now = [1_000_000.0]
    monkeypatch.setattr(idempotency.time, "time", lambda: now[0])
    answers = iter(["one", "two"])

    def work() -> idempotency.Answer:
        return 200, {"answer": next(answers)}, True

    assert keys.run("k", "POST", "/v1/x", {}, work) == (200, {"answer": "one"}, False)
    now[0] += idempotency.KEPT_SECONDS - 1
    assert keys.run("k", "POST", "/v1/x", {}, work) == (200, {"answer": "one"}, True)
    now[0] += 2
    assert keys.run("k", "POST", "/v1/x", {"other": "1"}, work) == (200, {"answer": "two"}, False)
    assert len(keys.dump()) == 1


def test_key_may_have_255_characters(client):
    client.v1.products.create({"name": "Gold"}, {"idempotency_key": "k" * 255})
    with refused(status=400):
        client.v1.products.create({"name": "Gold"}, {"idempotency_key": "k" * 256})


def test_event_names_the_key_and_the_request(client):
    made = client.v1.products.create({"name": "Gold"}, KEY)
    event = client.v1.events.list({"type": "product.created"}).data[0]
    assert event.request.idempotency_key == "order-7"
    assert event.request.id == made.last_response.request_id


def test_one_subscription_however_often_it_is_asked_for(client):
    buyer, plan = customer(client), price(client, 1000)
    params = {"customer": buyer, "items": [{"price": plan}]}
    found, conflicts = set(), []

    def ask() -> None:
        try:
            found.add(client.v1.subscriptions.create(params, KEY).id)
        except stripe.APIError as error:
            conflicts.append(error.http_status)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert set(conflicts) <= {409}
    assert len(client.v1.subscriptions.list({"customer": buyer}).data) == 1
    assert subscribe(client, buyer, plan).id not in found
