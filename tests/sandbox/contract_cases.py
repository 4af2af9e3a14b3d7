"""What the contract tests share: a client that checks all that passes, and a register of cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import stripe

from stripe_sandbox.core import contract, forms, operations

Case = Callable[[Any], Any]

#: "POST /v1/products" -> functions that call the operation through the fixtures' client.
CASES: dict[str, list[Case]] = {}


def contract_case(*names: str) -> Callable[[Case], Case]:
    """Register a function ``(world) -> None`` as the case of operations such as ``POST /v1/products``.

    ``world`` has the client and helpers of :mod:`tests.sandbox.test_contract`. The case fails when one of
    the operations was not called in it.
    """

    def register(function: Case) -> Case:
        for name in names:
            CASES.setdefault(name, []).append(function)
        return function

    return register


#: Operations whose every call the sandbox refuses, as Stripe does for what it has.
ALWAYS_REFUSED = frozenset({"POST /v1/refunds/{refund}/cancel"})


class Recorder:
    """Checks requests and answers that pass, and remembers which operations were called."""

    def __init__(self) -> None:
        self.called: set[str] = set()

    def http_client(self) -> stripe.HTTPClient:
        """A client of the package that reports here."""
        recorder = self

        class Client(stripe.RequestsClient):
            def request(self, method, url, headers, post_data=None):
                answer = super().request(method, url, headers, post_data)
                recorder.check(method.upper(), url, post_data, answer)
                return answer

        return Client(timeout=30)

    def check(self, verb: str, url: str, post_data: Any, answer: tuple) -> None:
        """Check one exchange; refused requests are only remembered when they were answered."""
        body, status, _headers = answer
        parts = urlsplit(url)
        if status == 404:
            return
        found, _keys = operations.find(verb, parts.path)
        if status != 200:
            self.called |= {f"{verb} {found.contract.path}"} & ALWAYS_REFUSED
            return
        text = post_data if verb == "POST" else parts.query
        found.contract.read(forms.decode(text or ""))
        problems = found.contract.check_answer(json.loads(body))
        assert not problems, problems
        self.called.add(f"{verb} {found.contract.path}")


def names() -> set[str]:
    """All operations that the sandbox has."""
    return {f"{verb} {path}" for verb, path in operations.OPERATIONS}


def version() -> str:
    """The API version that all of this is about."""
    return contract.API_VERSION
