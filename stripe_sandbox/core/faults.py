"""Faults on demand: an API that fails, webhooks that get lost, come twice, late or in another order."""

from __future__ import annotations

import threading
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
    order waits for the next one, at most that long.
    """

    target: str
    kind: str
    times: int | None = 1
    path: str = ""
    method: str = ""
    after: bool = False
    types: list[str] = field(default_factory=list)
    seconds: float = 1.0

    def __post_init__(self) -> None:
        allowed = {"api": API_KINDS, "webhook": WEBHOOK_KINDS}.get(self.target)
        if allowed is None or self.kind not in allowed:
            raise ValueError(f"no such fault: {self.target} {self.kind}")


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, **details: Any) -> Fault:
        """Switch a fault on."""
        fault = Fault(**details)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def dump(self) -> list[dict[str, Any]]:
        """The faults as data."""
        return [asdict(fault) for fault in self._faults]

    def for_request(self, method: str, path: str) -> Fault | None:
        """The fault that strikes a request, used up by it."""
        return self._take(
            lambda f: (
                f.target == "api" and path.startswith(f.path) and f.method.upper() in ("", method)
            )
        )

    def for_event(self, kind: str) -> Fault | None:
        """The fault that strikes a delivery, used up by it."""
        return self._take(lambda f: f.target == "webhook" and (not f.types or kind in f.types))

    def _take(self, matches: Any) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if matches(fault):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._faults.remove(fault)
                    return fault
        return None
