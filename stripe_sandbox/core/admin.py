"""What Stripe's Dashboard and command line do, for tests and people: below ``/_sandbox``.

Every call may name its account by ``?account=<secret key>``; the first one is meant otherwise.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_sandbox.core import clocks, dashboard, events, ids, state
from stripe_sandbox.core.account import Account, Retries
from stripe_sandbox.core.errors import ApiError

if TYPE_CHECKING:
    from stripe_sandbox.core.server import Sandbox

Call = Callable[[Account, dict[str, Any]], Any]
#: Calls of parts beyond the core, by verb and name.
CALLS: dict[tuple[str, str], Call] = {}
DAY = 86400
TEST_EVENT = "evt_00000000000000"


def admin_call(verb: str, name: str) -> Callable[[Call], Call]:
    """Register a call ``(account, body)``; a ValueError, TypeError or KeyError answers 400."""

    def register(function: Call) -> Call:
        CALLS[verb, name] = function
        return function

    return register


class Admin:
    """The admin API of a sandbox."""

    def __init__(self, sandbox: Sandbox):
        self._sandbox = sandbox
        self._calls: dict[tuple[str, str], Call] = {
            **CALLS,
            ("GET", "state"): lambda account, body: state.dump(self._accounts),
            ("PUT", "state"): self._restore,
            ("POST", "reset"): self._reset,
            ("GET", "faults"): lambda account, body: account.faults.dump(),
            ("POST", "faults"): lambda account, body: asdict(account.faults.add(**body)),
            ("DELETE", "faults"): lambda account, body: account.faults.clear(),
            ("POST", "seed"): lambda account, body: account.faults.seed(body["seed"]),
            ("GET", "deliveries"): self._deliveries,
            ("POST", "deliveries"): self._set_delays,
            ("POST", "resend"): self._resend,
            ("POST", "test_event"): self._test_event,
            ("POST", "roll_secret"): self._roll_secret,
            ("GET", "retries"): lambda account, body: asdict(account.retries),
            ("POST", "retries"): self._set_retries,
            ("POST", "settle"): self._settle,
        }

    @property
    def _accounts(self) -> list[Account]:
        return list(self._sandbox.accounts.values())

    def answer(self, request: Request) -> Response:
        """Answer a request below ``/_sandbox``."""
        account = self._sandbox.accounts.get(request.args.get("account", ""), self._accounts[0])
        name = request.path.removeprefix("/_sandbox").strip("/")
        if not name:
            return Response(dashboard.page(account), content_type="text/html; charset=utf-8")
        if (request.method, name) == ("POST", "advance"):
            return self._advance(account, request)
        call = self._calls.get((request.method, name))
        if call is None:
            return _json({"error": f"no such call: {request.method} {request.path}"}, 404)
        try:
            body = json.loads(request.get_data() or b"{}")
            return _json(call(account, body))
        except (ValueError, TypeError, KeyError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)
        except ApiError as error:
            return _json({"error": error.body}, error.status)

    def _restore(self, account: Account, body: dict[str, Any]) -> None:
        self._sandbox.deliverer.forget()
        state.load(self._accounts, body)

    def _reset(self, account: Account, body: dict[str, Any]) -> None:
        self._sandbox.deliverer.forget()
        for one in self._accounts:
            with one.lock:
                one.clear()

    def _deliveries(self, account: Account, body: dict[str, Any]) -> dict[str, Any]:
        deliverer = self._sandbox.deliverer
        return {"pending": deliverer.pending(), "attempts": deliverer.dump()}

    def _set_delays(self, account: Account, body: dict[str, Any]) -> None:
        self._sandbox.deliverer.retry_delays = tuple(float(part) for part in body["retry_delays"])

    def _resend(self, account: Account, body: dict[str, Any]) -> int:
        with account.lock:
            event = account.store.get("event", body["event"])
            return events.queue(account, event, body.get("endpoint"))

    def _test_event(self, account: Account, body: dict[str, Any]) -> dict[str, Any]:
        """Send an event about an object that does not exist, as the Dashboard does."""
        with account.lock:
            earlier = account.store.find("event", TEST_EVENT)
            if earlier is not None:
                account.store.remove(earlier)
            event = events.emit(
                account.context(),
                body.get("type", "customer.updated"),
                {"id": "cus_00000000000000", "object": "customer", "deleted": True},
                key=TEST_EVENT,
            )
            return account.render(event)

    def _roll_secret(self, account: Account, body: dict[str, Any]) -> dict[str, str]:
        with account.lock:
            endpoint = account.store.get("webhook_endpoint", body["endpoint"])
            account.store.update(
                endpoint,
                _old_secret=endpoint["_secret"],
                _old_secret_until=int(time.time() + body.get("keep_seconds", DAY)),
                _secret=f"whsec_{ids.secret(32)}",
            )
            return {"secret": endpoint["_secret"]}

    def _set_retries(self, account: Account, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("final_action", "cancel") not in ("cancel", "unpaid", "past_due"):
            raise ValueError("final_action is cancel, unpaid or past_due")
        account.retries = Retries(**body)
        return asdict(account.retries)

    def _settle(self, account: Account, body: dict[str, Any]) -> dict[str, bool]:
        """Wait until no delivery is due, at most ``seconds``."""
        until = time.time() + body.get("seconds", 10)
        while self._sandbox.deliverer.pending() and time.time() < until:
            time.sleep(0.02)
        return {"settled": not self._sandbox.deliverer.pending()}

    def _advance(self, account: Account, request: Request) -> Response:
        """The button of the overview: advance a test clock by days."""
        days = int(request.form.get("days", "1"))
        with account.lock:
            clock = account.store.get("test_helpers.test_clock", request.form["clock"])
            target = clock["frozen_time"] + days * DAY
        clocks.advance(account, clock["id"], target)
        return redirect("/_sandbox", 303)


def _json(data: Any, status: int = 200) -> Response:
    return Response(json.dumps(data), status, content_type="application/json")
