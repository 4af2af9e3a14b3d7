"""Keys, versions, addresses and connections."""

from __future__ import annotations

import http.client
import json

import pytest
import requests
import stripe

from stripe_sandbox.core import contract
from stripe_sandbox.core import server as server_module
from tests.sandbox.core_setup import call


def test_answer_has_stripes_headers(sandbox):
    answer = call(sandbox, "GET", "/v1/account")
    assert answer.status_code == 200
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == contract.API_VERSION
    assert answer.headers["Content-Type"] == "application/json"


def test_key_may_be_given_as_basic_user(sandbox, account):
    key = server_module.DEFAULT_KEY
    answer = requests.get(f"{sandbox.base_url}/v1/account", auth=(key, ""), timeout=10)
    assert answer.json()["id"] == account.id


@pytest.mark.parametrize("key", ["sk_test_wrong0000000000001234", "sk_live_0000000000000000001234"])
def test_unknown_key_is_refused_and_not_repeated(sandbox, key):
    client = stripe.StripeClient(key, base_addresses={"api": sandbox.base_url})
    with pytest.raises(stripe.AuthenticationError) as caught:
        client.v1.accounts.retrieve_current()
    assert caught.value.http_status == 401
    assert "Invalid API Key provided" in str(caught.value)
    assert key not in str(caught.value)


def test_missing_key_is_refused(sandbox):
    answer = requests.get(f"{sandbox.base_url}/v1/account", timeout=10)
    assert answer.status_code == 401
    assert "did not provide an API key" in answer.json()["error"]["message"]


def test_each_key_has_an_account_of_its_own():
    sandbox, server = server_module.start(keys=("sk_test_one", "sk_test_two"))
    try:
        one, two = (
            stripe.StripeClient(key, base_addresses={"api": sandbox.base_url}).v1
            for key in ("sk_test_one", "sk_test_two")
        )
        product = one.products.create({"name": "Gold"})
        assert one.accounts.retrieve_current().id != two.accounts.retrieve_current().id
        assert two.products.list().data == []
        with pytest.raises(stripe.InvalidRequestError):
            two.products.retrieve(product.id)
    finally:
        server_module.stop(sandbox, server)


def test_other_version_is_refused(sandbox):
    answer = call(sandbox, "GET", "/v1/account", Stripe_Version="2024-06-20")
    assert answer.status_code == 400
    assert contract.API_VERSION in answer.json()["error"]["message"]


def test_connected_accounts_are_refused(sandbox, account):
    answer = call(sandbox, "GET", "/v1/account", Stripe_Account="acct_other")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "account_invalid")
    assert call(sandbox, "GET", "/v1/account", Stripe_Account=account.id).status_code == 200


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/v1/nothing"),
        ("POST", "/v1/customers/cus_1/nothing"),
        ("GET", "/v1/invoices/upcoming/lines"),
        ("PUT", "/v1/customers"),
    ],
)
def test_unknown_address(sandbox, verb, path):
    answer = call(sandbox, verb, path)
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_missing_object_is_named(client):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.products.retrieve("prod_none")
    error = caught.value
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", "id")
    assert error.user_message == "No such product: 'prod_none'"


def test_connection_is_kept_alive_over_answers_of_all_kinds(sandbox):
    host = sandbox.base_url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.connect()
    first = connection.sock
    headers = {
        "Authorization": f"Bearer {server_module.DEFAULT_KEY}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    for verb, path, body in (
        ("POST", "/v1/products", "name=Gold"),
        ("GET", "/v1/products", None),
        ("POST", "/nowhere", "left=unread"),
        ("POST", "/v1/products", "nome=Gold"),
        ("GET", "/v1/account", None),
    ):
        connection.request(verb, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
    assert json.loads(content)["object"] == "account"
    assert connection.sock is first
    connection.close()


def test_stopped_sandbox_answers_nobody():
    sandbox, server = server_module.start()
    session = requests.Session()
    url = f"{sandbox.base_url}/v1/account"
    headers = {"Authorization": f"Bearer {server_module.DEFAULT_KEY}"}
    assert session.get(url, headers=headers, timeout=10).status_code == 200
    server_module.stop(sandbox, server)
    with pytest.raises(requests.ConnectionError):
        session.get(url, headers=headers, timeout=10)


def test_overview_page_shows_what_there_is(sandbox, client):
    client.v1.customers.create({"name": "<Ada>", "email": "ada@example.com"})
    client.v1.test_helpers.test_clocks.create({"frozen_time": 1893456000, "name": "Renewals"})
    page = requests.get(f"{sandbox.base_url}/_sandbox", timeout=10).text
    assert "&lt;Ada&gt;" in page
    assert "Renewals" in page
    assert "Webhook deliveries" in page
    assert server_module.DEFAULT_KEY not in page
