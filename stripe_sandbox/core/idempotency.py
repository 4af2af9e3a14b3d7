"""Idempotency keys (docs.stripe.com/api/idempotent_requests).

The first answer to a key is given again for 24 hours, whether it was a success or not, once the operation has
begun. Requests that were refused before that (unknown parameters, wrong types, rate limits) are not remembered.
The same key for something else is an error.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from stripe_sandbox.core import errors

KEPT_SECONDS = 24 * 3600
MAX_LENGTH = 255

#: HTTP status, body, and whether the operation had begun.
Answer = tuple[int, dict[str, Any], bool]


class Keys:
    """The keys of one account."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def run(
        self, key: str, verb: str, path: str, form: Any, work: Callable[[], Answer]
    ) -> tuple[int, dict[str, Any], bool]:
        """Do the work of a key once; return status, body, and whether they were remembered."""
        if len(key) > MAX_LENGTH:
            raise errors.invalid(f"Idempotency keys may have up to {MAX_LENGTH} characters.")
        text = json.dumps([verb, path, form], sort_keys=True)
        print_ = hashlib.sha256(text.encode()).hexdigest()
        with self._lock:
            self._forget_old()
            row = self._rows.get(key)
            if row and row["print"] != print_:
                raise errors.idempotency(
                    "Keys for idempotent requests can only be used with the same parameters they "
                    f"were first used with. Try using a key other than '{key}' if you meant to "
                    "execute a different request."
                )
            if row:
                return row["status"], row["body"], True
            if key in self._running:
                raise errors.idempotency(
                    f"There is currently another in-progress request using this key: {key}", 409
                )
            self._running.add(key)
        try:
            status, body, begun = work()
            if begun:
                with self._lock:
                    self._rows[key] = {
                        "print": print_,
                        "status": status,
                        "body": body,
                        "at": time.time(),
                    }
        finally:
            with self._lock:
                self._running.discard(key)
        return status, body, False

    def _forget_old(self) -> None:
        """Rows are in order of time, the oldest first."""
        limit = time.time() - KEPT_SECONDS
        while self._rows and next(iter(self._rows.values()))["at"] < limit:
            del self._rows[next(iter(self._rows))]

    def dump(self) -> dict[str, Any]:
        """The remembered answers."""
        return dict(self._rows)

    def load(self, rows: dict[str, Any]) -> None:
        """Replace the remembered answers."""
        self._rows = dict(rows)
