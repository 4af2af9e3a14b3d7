"""What the tests of the core share: a receiver of webhooks, requests without the package, admin calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stripe

from stripe_sandbox.core.server import DEFAULT_KEY


@dataclass
class Delivery:
    """One request that the receiver got."""

    body: bytes
    signature: str

    @property
    def timestamp(self) -> int:
        return int(self.signature.split(",")[0].removeprefix("t="))

    @property
    def proofs(self) -> list[str]:
        return [part[3:] for part in self.signature.split(",") if part.startswith("v1=")]

    def event(self, secret: str) -> stripe.Event:
        """The event, when the package finds the signature right."""
        return stripe.StripeClient(DEFAULT_KEY).construct_event(self.body, self.signature, secret)


@dataclass
class Receiver:
    """A webhook endpoint; answers with ``statuses`` in turn, then with 200."""

    url: str = ""
    got: list[Delivery] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def types(self, secret: str) -> list[str]:
        return [delivery.event(secret).type for delivery in self.got]


class running_receiver:
    """A receiver on a free port, for the time of a ``with`` block."""

    def __enter__(self) -> Receiver:
        receiver = Receiver()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(Delivery(body, self.headers["Stripe-Signature"]))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", receiver.url)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format, *args):
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        receiver.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return receiver

    def __exit__(self, *details: Any) -> None:
        self._server.shutdown()
        self._server.server_close()


def admin(sandbox: Any, verb: str, name: str, body: Any = None) -> Any:
    """Call the admin API; a refusal is an error."""
    answer = requests.request(
        verb, f"{sandbox.base_url}/_sandbox/{name}", json=body or {}, timeout=30
    )
    answer.raise_for_status()
    return answer.json()


def call(sandbox: Any, verb: str, path: str, data: Any = None, **headers: str) -> Any:
    """One request without the package; dashes in header names are written as underscores."""
    sent = {"Authorization": f"Bearer {DEFAULT_KEY}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(verb, sandbox.base_url + path, data=data, headers=sent, timeout=30)


def endpoint(client: Any, receiver: Receiver, *events: str) -> Any:
    """A webhook endpoint for the receiver, with its secret."""
    params = {"url": receiver.url, "enabled_events": list(events) or ["*"]}
    return client.v1.webhook_endpoints.create(params)


def settle(sandbox: Any) -> None:
    """Wait until every delivery, retries included, has been made or given up."""
    assert admin(sandbox, "POST", "settle", {"seconds": 20})["settled"]


def wait_for(met: Callable[[], Any], seconds: float = 10) -> None:
    until = time.time() + seconds
    while not met():
        assert time.time() < until, "it did not happen in time"
        time.sleep(0.01)


def refused(**expected: Any) -> Any:
    """Expect Stripe's error for a request that makes no sense; check members of its body."""
    return _Refused(expected)


class _Refused:
    def __init__(self, expected: dict[str, Any]):
        self._expected = expected
        self._raises = pytest.raises(stripe.InvalidRequestError)

    def __enter__(self) -> Any:
        self._caught = self._raises.__enter__()
        return self._caught

    def __exit__(self, *details: Any) -> bool:
        handled = self._raises.__exit__(*details)
        error = self._caught.value
        body = {"status": error.http_status, **error.json_body["error"]}
        assert {key: body.get(key) for key in self._expected} == self._expected, body
        return handled
