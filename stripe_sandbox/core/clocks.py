"""Time and what is to happen at a time.

Work to come is data: a kind, the id of an object, and a time (unix seconds, UTC), on the wall clock or on
a test clock. So it can be saved, and runs in order of time when a test clock is advanced.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stripe_sandbox.core.account import Account, Context

logger = logging.getLogger(__name__)

Work = Callable[["Context", str], None]
KINDS: dict[str, Work] = {}
TICK_SECONDS = 0.25
TEST_CLOCK = "test_helpers.test_clock"


def scheduled(kind: str) -> Callable[[Work], Work]:
    """Register what happens when work of a kind is due: called with context and object id."""

    def register(function: Work) -> Work:
        KINDS[kind] = function
        return function

    return register


class Schedule:
    """What is to happen in one account, per clock."""

    def __init__(self) -> None:
        self._heaps: dict[str | None, list[tuple[int, int, str, str]]] = {}
        self._next = 0

    def add(self, at: int, kind: str, key: str, clock: str | None = None) -> None:
        """Plan work."""
        if kind not in KINDS:
            raise ValueError(f"nothing is registered for {kind}")
        heapq.heappush(self._heaps.setdefault(clock, []), (at, self._next, kind, key))
        self._next += 1

    def pop_due(self, now: int, clock: str | None = None) -> tuple[int, str, str] | None:
        """Take the earliest work that is due: time, kind and object id."""
        heap = self._heaps.get(clock)
        if not heap or heap[0][0] > now:
            return None
        at, _number, kind, key = heapq.heappop(heap)
        return at, kind, key

    def next_at(self, clock: str | None = None) -> int | None:
        """When the earliest work is due, in unix seconds; None when nothing is planned."""
        heap = self._heaps.get(clock)
        return heap[0][0] if heap else None

    def drop_clock(self, clock: str) -> None:
        """Forget the work of a clock that is deleted."""
        self._heaps.pop(clock, None)

    def snapshot(self) -> dict[str | None, list[tuple[int, int, str, str]]]:
        """What is planned now, for :meth:`restore`."""
        return {clock: list(heap) for clock, heap in self._heaps.items()}

    def restore(self, snapshot: dict[str | None, list[tuple[int, int, str, str]]]) -> None:
        """Go back to a snapshot."""
        self._heaps = snapshot

    def dump(self) -> list[list[Any]]:
        """Everything planned, as rows of time, number, kind, id and clock."""
        return sorted([*row, clock] for clock, heap in self._heaps.items() for row in heap)

    def load(self, rows: list[list[Any]]) -> None:
        """Replace everything by saved rows."""
        self.__init__()
        for at, number, kind, key, clock in rows:
            heapq.heappush(self._heaps.setdefault(clock, []), (at, number, kind, key))
            self._next = max(self._next, number + 1)


def run_due(account: Account, until: int, clock: str | None = None) -> int:
    """Run what is due, each with the time at which it was due; return how many were run."""
    count = 0
    while True:
        with account.lock:
            frozen = account.store.find(TEST_CLOCK, clock) if clock else None
            if clock and (frozen is None or frozen["status"] != "advancing"):
                break  # deleted, or the state was replaced
            work = account.schedule_book.pop_due(until, clock)
            if work is None:
                break
            at, kind, key = work
            if frozen is not None:
                at = max(at, frozen["frozen_time"])
                account.store.update(frozen, frozen_time=at)
            KINDS[kind](account.context(clock=clock, now=at), key)
            count += 1
        account.deliver()
    return count


class Ticker(threading.Thread):
    """Runs what is due on the wall clock, for all accounts."""

    def __init__(self, accounts: Callable[[], list[Account]]):
        super().__init__(name="ticker", daemon=True)
        self._accounts = accounts
        self._stop_event = threading.Event()

    def run(self) -> None:
        while not self._stop_event.wait(TICK_SECONDS):
            for account in self._accounts():
                try:
                    run_due(account, int(time.time()))
                except Exception:
                    logger.exception("scheduled work failed")

    def stop(self) -> None:
        """End the thread."""
        self._stop_event.set()


def advance(account: Account, clock_id: str, target: int) -> threading.Thread:
    """Let a test clock run to a time, in the background as Stripe does; return the thread."""
    with account.lock:
        clock = account.store.get(TEST_CLOCK, clock_id)
        ctx = account.context(clock=clock_id)
        previous = account.store.update(
            clock, status="advancing", status_details={"advancing": {"target_frozen_time": target}}
        )
        ctx.emit(f"{TEST_CLOCK}.advancing", clock, previous)
    return _start(account, clock)


def resume(account: Account) -> None:
    """Let clocks run on that were advancing when the state was saved."""
    for clock in account.store.select(TEST_CLOCK, status="advancing"):
        _start(account, clock)


def _start(account: Account, clock: dict[str, Any]) -> threading.Thread:
    thread = threading.Thread(
        target=_run, args=(account, clock), name=f"advance-{clock['id']}", daemon=True
    )
    thread.start()
    return thread


def _run(account: Account, clock: dict[str, Any]) -> None:
    key, target = clock["id"], clock["status_details"]["advancing"]["target_frozen_time"]
    try:
        run_due(account, target, key)
        status = "ready"
    except Exception:
        logger.exception("test clock %s failed", key)
        status = "internal_failure"
    with account.lock:
        if account.store.find(TEST_CLOCK, key) is not clock:
            return
        changes: dict[str, Any] = {"status": status, "status_details": {}}
        if status == "ready":
            changes["frozen_time"] = target
        before = account.store.update(clock, **changes)
        account.context(clock=key).emit(f"{TEST_CLOCK}.{status}", clock, before)
    account.deliver()
