"""Webhooks: signatures, retries, secrets, and the faults that can befall them."""

from __future__ import annotations

import time

import pytest
import stripe

from stripe_sandbox.core import contract, delivery
from tests.sandbox.core_setup import admin, endpoint, refused, running_receiver, settle, wait_for


@pytest.fixture
def receiver():
    with running_receiver() as receiver:
        yield receiver


def test_event_is_delivered_and_its_signature_is_right(sandbox, client, receiver):
    hook = endpoint(client, receiver, "product.created")
    product = client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    (got,) = receiver.got
    event = got.event(hook.secret)
    assert (event.type, event.data.object.id) == ("product.created", product.id)
    assert event.api_version == contract.API_VERSION
    assert event.livemode is False
    assert abs(got.timestamp - time.time()) < 10
    assert event.id == client.v1.events.list({"type": "product.created"}).data[0].id


def test_signature_holds_for_this_secret_and_body_only(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    got = receiver.got[0]
    with pytest.raises(stripe.SignatureVerificationError):
        got.event("whsec_other")
    got.body = got.body.replace(b"Gold", b"Lead")
    with pytest.raises(stripe.SignatureVerificationError):
        got.event(hook.secret)


def test_letters_of_all_languages_are_signed_as_sent(sandbox, client, receiver):
    hook = endpoint(client, receiver, "customer.created")
    client.v1.customers.create({"name": "Zoë 東京 🎉"})
    settle(sandbox)
    assert receiver.got[0].event(hook.secret).data.object.name == "Zoë 東京 🎉"


def test_only_events_that_are_wanted_are_sent(sandbox, client, receiver):
    hook = endpoint(client, receiver, "product.updated", "customer.created")
    product = client.v1.products.create({"name": "Gold"})
    client.v1.products.update(product.id, {"name": "Silver"})
    client.v1.customers.create({"name": "Ada"})
    settle(sandbox)
    assert receiver.types(hook.secret) == ["product.updated", "customer.created"]
    (updated,) = client.v1.events.list({"type": "product.updated"}).data
    assert updated.data.previous_attributes["name"] == "Gold"


def test_each_endpoint_has_its_own_secret(sandbox, client, receiver):
    with running_receiver() as other:
        hooks = [endpoint(client, receiver), endpoint(client, other)]
        client.v1.products.create({"name": "Gold"})
        settle(sandbox)
        for hook, target in zip(hooks, (receiver, other), strict=True):
            assert target.types(hook.secret) == ["product.created"]
    assert hooks[0].secret != hooks[1].secret


def test_secret_is_told_once(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    secret = hook.secret
    assert "secret" not in client.v1.webhook_endpoints.retrieve(hook.id)
    assert "secret" not in client.v1.webhook_endpoints.update(hook.id, {"description": "x"})
    assert all("secret" not in row for row in client.v1.webhook_endpoints.list())
    settle(sandbox)
    assert secret not in str(admin(sandbox, "GET", "deliveries"))


def test_disabled_or_deleted_endpoint_gets_nothing(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    client.v1.webhook_endpoints.update(hook.id, {"disabled": True})
    client.v1.products.create({"name": "Gold"})
    client.v1.webhook_endpoints.update(hook.id, {"disabled": False})
    client.v1.products.create({"name": "Silver"})
    settle(sandbox)
    client.v1.webhook_endpoints.delete(hook.id)
    client.v1.products.create({"name": "Lead"})
    settle(sandbox)
    names = [got.event(hook.secret).data.object.name for got in receiver.got]
    assert names == ["Silver"]


# --- retries


def test_failed_delivery_is_tried_again_with_a_fresh_signature(sandbox, client, receiver):
    sandbox.deliverer.retry_delays = (1.1, 0.05, 0.05)
    hook = endpoint(client, receiver)
    receiver.statuses[:] = [500]
    client.v1.products.create({"name": "Gold"})
    wait_for(lambda: receiver.got)
    (waiting,) = client.v1.events.list({"delivery_success": False}).data
    assert waiting.pending_webhooks == 1
    settle(sandbox)
    first, second = receiver.got
    assert first.event(hook.secret).id == second.event(hook.secret).id
    assert second.timestamp > first.timestamp
    assert first.proofs != second.proofs
    assert client.v1.events.list({"delivery_success": False}).data == []
    assert client.v1.events.retrieve(waiting.id).pending_webhooks == 0


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_given_up_after_three_retries(sandbox, client, receiver, status):
    sandbox.deliverer.retry_delays = (0.02, 0.02, 0.02)
    endpoint(client, receiver)
    receiver.statuses[:] = [status] * 10
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    assert len(receiver.got) == 4
    attempts = admin(sandbox, "GET", "deliveries")["attempts"]
    assert [(row["number"], row["status"]) for row in attempts] == [
        (number, status) for number in range(4)
    ]
    assert client.v1.events.list({"delivery_success": False}).data[0].pending_webhooks == 1


def test_endpoint_that_is_not_there_is_tried_again_too(sandbox, client):
    sandbox.deliverer.retry_delays = (0.02, 0.02, 0.02)
    with running_receiver() as receiver:
        endpoint(client, receiver)
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    attempts = admin(sandbox, "GET", "deliveries")["attempts"]
    assert [row["error"] for row in attempts] == ["ConnectionError"] * 4


def test_default_is_three_retries_over_a_few_hours():
    assert len(delivery.DEFAULT_RETRY_DELAYS) == 3
    assert 3600 < sum(delivery.DEFAULT_RETRY_DELAYS) < 12 * 3600


def test_failing_endpoint_does_not_hold_up_the_others(sandbox, client, receiver):
    sandbox.deliverer.retry_delays = (5, 5, 5)
    with running_receiver() as broken:
        broken.statuses[:] = [500] * 10
        endpoint(client, broken)
        hook = endpoint(client, receiver)
        client.v1.products.create({"name": "Gold"})
        client.v1.products.create({"name": "Silver"})
        wait_for(lambda: len(receiver.got) == 2)
        assert receiver.types(hook.secret) == ["product.created"] * 2
        pending = [row.pending_webhooks for row in client.v1.events.list()]
        assert pending == [1, 1]


# --- secrets that are rolled


def test_rolled_secret_signs_beside_the_old_one(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    new = admin(sandbox, "POST", "roll_secret", {"endpoint": hook.id})["secret"]
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    (got,) = receiver.got
    assert len(got.proofs) == 2
    assert got.event(hook.secret).id == got.event(new).id


def test_old_secret_ends_when_it_is_said(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    body = {"endpoint": hook.id, "keep_seconds": 0}
    new = admin(sandbox, "POST", "roll_secret", body)["secret"]
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    (got,) = receiver.got
    assert len(got.proofs) == 1
    assert got.event(new).type == "product.created"
    with pytest.raises(stripe.SignatureVerificationError):
        got.event(hook.secret)


# --- by hand


def test_event_is_resent_by_hand(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    first = receiver.got[0].event(hook.secret)
    assert admin(sandbox, "POST", "resend", {"event": first.id}) == 1
    settle(sandbox)
    assert [got.event(hook.secret).id for got in receiver.got] == [first.id] * 2


def test_test_event_is_about_an_object_that_does_not_exist(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    for _time in range(2):
        admin(sandbox, "POST", "test_event", {"type": "customer.updated"})
    settle(sandbox)
    event = receiver.got[0].event(hook.secret)
    assert (event.id, event.type) == ("evt_00000000000000", "customer.updated")
    assert len(receiver.got) == 2
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.update(event.data.object.id, {"name": "x"})
    assert [row.id for row in client.v1.events.list()] == ["evt_00000000000000"]


# --- faults


def test_dropped_event_is_lost_but_can_be_found(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    fault = {"target": "webhook", "kind": "drop", "types": ["product.created"]}
    admin(sandbox, "POST", "faults", fault)
    client.v1.products.create({"name": "Gold"})
    client.v1.products.create({"name": "Silver"})
    settle(sandbox)
    assert [got.event(hook.secret).data.object.name for got in receiver.got] == ["Silver"]
    (lost,) = client.v1.events.list({"delivery_success": False}).data
    assert lost.data.object.name == "Gold"


def test_duplicated_event_comes_twice_with_one_id(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    admin(sandbox, "POST", "faults", {"target": "webhook", "kind": "duplicate"})
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    one, two = (got.event(hook.secret).id for got in receiver.got)
    assert one == two


def test_reordered_event_comes_after_the_next_one(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    fault = {"target": "webhook", "kind": "reorder", "types": ["product.created"], "seconds": 20}
    admin(sandbox, "POST", "faults", fault)
    product = client.v1.products.create({"name": "Gold"})
    client.v1.products.update(product.id, {"name": "Silver"})
    settle(sandbox)
    assert receiver.types(hook.secret) == ["product.updated", "product.created"]


def test_reordered_event_without_a_next_one_comes_all_the_same(sandbox, client, receiver):
    hook = endpoint(client, receiver)
    admin(sandbox, "POST", "faults", {"target": "webhook", "kind": "reorder", "seconds": 0.1})
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    assert receiver.types(hook.secret) == ["product.created"]


def test_delayed_event_is_late(sandbox, client, receiver):
    endpoint(client, receiver)
    admin(sandbox, "POST", "faults", {"target": "webhook", "kind": "delay", "seconds": 0.4})
    start = time.monotonic()
    client.v1.products.create({"name": "Gold"})
    settle(sandbox)
    assert time.monotonic() - start >= 0.4


# --- endpoints


def test_plain_http_is_for_this_machine_only(client):
    for url in ("http://example.com/hook", "ftp://example.com/hook", "example.com/hook"):
        with refused(param="url", code="url_invalid"):
            client.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})


def test_unknown_event_type_is_refused(client):
    with refused(param="enabled_events[0]"):
        client.v1.webhook_endpoints.create(
            {"url": "https://example.com", "enabled_events": ["subscription.created"]}
        )


def test_version_of_an_endpoint_cannot_be_changed(client, receiver):
    hook = endpoint(client, receiver)
    with refused(param="api_version", code="parameter_unknown"):
        client.v1.webhook_endpoints.update(hook.id, {"api_version": contract.API_VERSION})


def test_sixteen_endpoints_at_most(client):
    for number in range(16):
        client.v1.webhook_endpoints.create(
            {"url": f"https://example.com/{number}", "enabled_events": ["*"]}
        )
    with refused(status=400):
        client.v1.webhook_endpoints.create({"url": "https://example.com", "enabled_events": ["*"]})
