"""Faults on demand: an API that fails, webhooks that get lost, come twice, late or in another order."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

API_KINDS = ("429", "lock_timeout", "500", "timeout", "reset")
WEBHOOK_KINDS = ("drop", "duplicate", "delay", "reorder")


@dataclass
class Fault:
    """One fault.

    ``target`` is api or webhook; ``times`` how often it strikes (None: until cleared). For the API:
    ``path`` prefix, ``method``, ``after`` = the work is done and the answer lost. For webhooks: ``types``
    of events (none: all). ``seconds``: length of a delay or of a time-out; an event that is to come out of
    order waits for the next one, at most that long. ``probability``: how likely it strikes each time it
    could, drawn for itself; without one it strikes always, and of those for webhooks only one at a time.
    """

    target: str
    kind: str
    times: int | None = 1
    path: str = ""
    method: str = ""
    after: bool = False
    types: list[str] = field(default_factory=list)
    seconds: float = 1.0
    probability: float | None = None

    def __post_init__(self) -> None:
        allowed = {"api": API_KINDS, "webhook": WEBHOOK_KINDS}.get(self.target)
        if allowed is None or self.kind not in allowed:
            raise ValueError(f"no such fault: {self.target} {self.kind}")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ValueError("probability is a number from 0 to 1")
        self.seed(None)

    def seed(self, seed: str | None) -> None:
        """Draw from a sequence that is always the same for a seed; without one, from chance."""
        self._random = random.Random(seed)

    def strikes(self) -> bool:
        """Draw whether it strikes now."""
        return self.probability is None or self._random.random() < self.probability


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seed: int | None = None
        self._seeded = 0
        self._lock = threading.Lock()

    def add(self, **details: Any) -> Fault:
        """Switch a fault on."""
        fault = Fault(**details)
        with self._lock:
            self._sow(fault)
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def seed(self, seed: int | None) -> None:
        """Make what is drawn repeat itself, for the faults that are there and those that will be added.

        Each fault draws from a sequence of its own, given by the seed and by its number since then, so that
        no fault changes what becomes of another one.
        """
        with self._lock:
            self._seed, self._seeded = seed, 0
            for fault in self._faults:
                self._sow(fault)

    def _sow(self, fault: Fault) -> None:
        fault.seed(None if self._seed is None else f"{self._seed}/{self._seeded}")
        self._seeded += 1

    def dump(self) -> list[dict[str, Any]]:
        """The faults as data."""
        return [asdict(fault) for fault in self._faults]

    def for_request(self, method: str, path: str) -> Fault | None:
        """The fault that strikes a request, used up by it: the first that does."""

        def fits(fault: Fault) -> bool:
            return path.startswith(fault.path) and fault.method.upper() in ("", method)

        with self._lock:
            for fault in self._matching("api", fits):
                if fault.strikes():
                    self._use(fault)
                    return fault
        return None

    def for_event(self, kind: str) -> list[Fault]:
        """The faults that strike a delivery, used up by it, in the order in which they were added.

        Those with a probability strike each for itself, of the others only the first one.
        """
        found: list[Fault] = []
        with self._lock:
            for fault in self._matching("webhook", lambda f: not f.types or kind in f.types):
                alone = fault.probability is None
                if alone and any(f.probability is None for f in found):
                    continue
                if fault.strikes():
                    self._use(fault)
                    found.append(fault)
        return found

    def _matching(self, target: str, fits: Callable[[Fault], bool]) -> list[Fault]:
        return [fault for fault in self._faults if fault.target == target and fits(fault)]

    def _use(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults[:] = [other for other in self._faults if other is not fault]
