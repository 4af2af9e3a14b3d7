"""Sessions, cards and forms that the tests of payments and hosted pages share."""

from __future__ import annotations

import html
import re
import time
from typing import Any

import requests

SUCCESS, DECLINED, NO_FUNDS = "4242424242424242", "4000000000000002", "4000000000009995"
FAILS_LATER = "4000000000000341"
ASKS, ASKS_UNLESS_SET_UP = "4000000000003220", "4000002500003155"
ASKS_THEN_NO_FUNDS = "4000008260003178"

#: Nothing listens there: tests look at the address that the customer is sent to.
SHOP = "http://shop.example"


def session(client: Any, price_id: str, quantity: int | None = 1, **more: Any) -> Any:
    """A Checkout Session that sells a subscription to one price."""
    line = {"price": price_id} | ({} if quantity is None else {"quantity": quantity})
    return client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [line],
            "success_url": f"{SHOP}/done?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{SHOP}/cart",
            **more,
        }
    )


def setup_session(client: Any, **more: Any) -> Any:
    """A Checkout Session that only saves a card."""
    params = {"mode": "setup", "currency": "usd", "success_url": f"{SHOP}/done", **more}
    return client.v1.checkout.sessions.create(params)


def settled(client: Any, charge_id: str) -> Any:
    """Balance transaction of a charge, which takes a moment to appear."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        expand = {"expand": ["balance_transaction.source"]}
        charge = client.v1.charges.retrieve(charge_id, expand)
        if charge.balance_transaction:
            return charge.balance_transaction
        time.sleep(0.05)
    raise AssertionError(f"{charge_id} has not been settled")


def disputed(client: Any, intent: Any) -> Any:
    """The dispute of a payment by one of the cards for that, which takes a moment to come."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = client.v1.disputes.list({"payment_intent": intent.id}).data
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"{intent.id} has not been disputed")


def form(number: str = SUCCESS, **more: str) -> dict[str, str]:
    """The filled-in card form."""
    return {
        "email": "ada@example.com",
        "cardNumber": number,
        "cardExpiry": "12 / 34",
        "cardCvc": "123",
        "billingName": "Ada Lovelace",
        "billingCountry": "GB",
        **more,
    }


def submit(url: str, number: str = SUCCESS, **more: str) -> requests.Response:
    """Press the button of a hosted page; redirects are not followed."""
    return requests.post(url, form(number, **more), allow_redirects=False, timeout=30)


def open_page(url: str) -> requests.Response:
    """Open a hosted page; redirects are not followed."""
    return requests.get(url, allow_redirects=False, timeout=30)


def authenticate(answer: requests.Response, result: str = "complete") -> requests.Response:
    """Press a button of the 3-D Secure page to which ``answer`` sends the customer."""
    url = answer.headers["Location"]
    assert "/pages/authenticate/" in url
    return requests.post(url, {"result": result}, allow_redirects=False, timeout=30)


def alerts(answer: requests.Response) -> list[str]:
    """What the page says in its alerts."""
    found = re.findall(r'role="alert"[^>]*>(.*?)</', answer.text, re.S)
    return [html.unescape(text).strip() for text in found]


def faults(answer: requests.Response) -> list[str]:
    """What the page says beside its fields."""
    return [
        html.unescape(text) for text in re.findall(r'class="error"[^>]*>(.*?)</p>', answer.text)
    ]
