"""One Stripe account of the sandbox, and the context in which a request or scheduled work runs."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox.core import clocks, events, rendering
from stripe_sandbox.core.faults import Faults
from stripe_sandbox.core.idempotency import Keys
from stripe_sandbox.core.store import Store

Wire = dict[str, Any]

#: Properties that lead from an object or from parameters to a test clock.
CLOCK_LINKS = (
    "customer",
    "subscription",
    "invoice",
    "test_clock",
    "payment_intent",
    "setup_intent",
    "charge",
)


@dataclass
class Retries:
    """What happens when a renewal cannot be charged; at Stripe a setting of the Dashboard.

    ``waits`` are seconds between attempts; ``final_action`` is cancel, unpaid or past_due.
    """

    waits: list[int] = field(default_factory=lambda: [3 * 86400, 5 * 86400, 7 * 86400])
    final_action: str = "cancel"


@dataclass
class Payouts:
    """When the available balance is paid out by itself; at Stripe a setting of the Dashboard.

    ``interval`` is daily, weekly (on Mondays), monthly (on the first) or manual; ``plan`` is the id of the
    plan that counts, so that an older one does nothing.
    """

    interval: str = "manual"
    plan: str = ""


class Account:
    """State of the account that one secret key opens."""

    def __init__(self, api_key: str, base_url: str):
        self.api_key = api_key
        self.base_url = base_url
        digest = hashlib.sha256(api_key.encode()).hexdigest()
        self.id = f"acct_{digest[:16]}"
        self.name = "Sandbox account"
        self.country = "US"
        self.currency = "usd"
        self.lock = threading.RLock()
        self.faults = Faults()
        self.deliverer: Any = None
        self.clear()

    def clear(self) -> None:
        """Forget everything, as if the account were new."""
        self.store = Store()
        self.schedule_book = clocks.Schedule()
        self.retries = Retries()
        self.payouts = Payouts()
        #: Kinds of payment methods that pages offer; at Stripe a setting of the Dashboard.
        self.payment_methods: list[str] = ["card"]
        #: What one unit of a currency is worth in US dollars, where that is not the default.
        self.rates: dict[str, str] = {}
        self.outbox: list[tuple[str, str]] = []
        self.idempotency = Keys()
        self.faults.clear()

    def context(
        self,
        *,
        clock: str | None = None,
        now: int | None = None,
        request_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Context:
        """The context for one piece of work."""
        return Context(self, clock, now, request_id, idempotency_key)

    def schedule(self, at: int, kind: str, key: str, clock: str | None = None) -> None:
        """Plan work of a registered kind (see :func:`clocks.scheduled`) at unix seconds."""
        self.schedule_book.add(int(at), kind, key, clock)

    def render(self, obj: Wire, expand: list[str] | tuple[str, ...] = ()) -> Wire:
        """An object as it goes over the wire."""
        return rendering.render(self, obj, expand)

    def deliver(self) -> None:
        """Hand what was emitted to the webhook deliverer; never while the lock is held."""
        with self.lock:
            waiting, self.outbox = self.outbox, []
        if self.deliverer is not None:
            for event_id, endpoint_id in waiting:
                self.deliverer.enqueue(self, event_id, endpoint_id)

    @contextmanager
    def undoable(
        self, ctx: Context, when: bool | Callable[[Exception], bool] = True
    ) -> Iterator[None]:
        """Take back all that was stored, planned and emitted when the block ends with an error.

        ``when`` says whether, or decides by the error.
        """
        plans, waiting = self.schedule_book.snapshot(), list(self.outbox)
        with self.store.journal() as undo:
            try:
                yield
            except Exception as error:
                if when(error) if callable(when) else when:
                    undo()
                    self.schedule_book.restore(plans)
                    self.outbox[:] = waiting
                raise


class Context:
    """What a handler works with: the account, the time, and where events go."""

    def __init__(
        self,
        account: Account,
        clock: str | None,
        now: int | None,
        request_id: str | None,
        idempotency_key: str | None,
    ):
        self.account = account
        self.clock = clock
        self._now = now
        self.request_id = request_id
        self.idempotency_key = idempotency_key

    @property
    def store(self) -> Store:
        """The account's objects."""
        return self.account.store

    @property
    def now(self) -> int:
        """Unix seconds on the clock of what is being worked on."""
        if self._now is not None:
            return self._now
        clock = self.clock and self.store.find("test_helpers.test_clock", self.clock)
        return clock["frozen_time"] if clock else int(time.time())

    def follow(self, source: Mapping[str, Any] | None) -> Context:
        """Use the test clock that an object or parameters belong to, if any; return the context."""
        clock = self._clock_of(source) if source else None
        if clock:
            self.clock = clock
        return self

    def now_for(self, obj: Mapping[str, Any]) -> int:
        """Unix seconds on the clock that an object belongs to."""
        return self.account.context().follow(obj).now

    def emit(self, kind: str, obj: Wire, previous: Mapping[str, Any] | None = None) -> Wire:
        """Store an event with a snapshot of the object, and queue its deliveries."""
        return events.emit(self, kind, obj, previous)

    def _clock_of(self, source: Mapping[str, Any], depth: int = 2) -> str | None:
        if source.get("object") == "test_helpers.test_clock":
            return source["id"]
        for link in CLOCK_LINKS:
            value = source.get(link)
            if not isinstance(value, str):
                continue
            if link == "test_clock":
                return value
            linked = self.store.find_any(value)
            found = linked and depth and self._clock_of(linked, depth - 1)
            if found:
                return found
        return None
