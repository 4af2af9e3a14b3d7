"""A running sandbox and the real ``stripe`` package in front of it."""

from __future__ import annotations

import time

import pytest
import stripe

from stripe_sandbox.core import server as server_module
from tests.sandbox.contract_cases import Recorder

KEY = server_module.DEFAULT_KEY


@pytest.fixture(scope="session")
def running():
    """The sandbox of this test process, with its HTTP server."""
    sandbox, server = server_module.start(retry_delays=(0.2, 0.2, 0.2))
    yield sandbox
    server_module.stop(sandbox, server)


@pytest.fixture
def sandbox(running):
    """The sandbox as if it had just been started."""
    running.deliverer.forget()
    running.deliverer.retry_delays = (0.2, 0.2, 0.2)
    for account in running.accounts.values():
        with account.lock:
            account.clear()
    return running


@pytest.fixture
def account(sandbox):
    """The account behind the key."""
    return next(iter(sandbox.accounts.values()))


@pytest.fixture
def recorder():
    """Checks every request and every answer of the client against the package's types."""
    return Recorder()


@pytest.fixture
def client(sandbox, recorder):
    """The package's own client."""
    return stripe.StripeClient(
        KEY,
        base_addresses={"api": sandbox.base_url},
        max_network_retries=0,
        http_client=recorder.http_client(),
    )


@pytest.fixture
def advance(client):
    """Advance a test clock to unix seconds and wait until it is ready."""

    def run(clock_id: str, frozen_time: int):
        client.v1.test_helpers.test_clocks.advance(clock_id, {"frozen_time": frozen_time})
        until = time.time() + 30
        while time.time() < until:
            clock = client.v1.test_helpers.test_clocks.retrieve(clock_id)
            if clock.status != "advancing":
                assert clock.status == "ready"
                return clock
            time.sleep(0.02)
        raise AssertionError("the test clock did not get ready")

    return run
