"""Sending events to webhook endpoints: signed, in order, tried again when not acknowledged.

docs.stripe.com/webhooks: anything but 2xx is a failure, redirects included; in a sandbox an event is tried
three more times over a few hours; every attempt is signed with a fresh timestamp.
"""

from __future__ import annotations

import heapq
import json
import logging
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import requests
import stripe

from stripe_sandbox.core import events

if TYPE_CHECKING:
    from stripe_sandbox.core.account import Account

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
DEFAULT_RETRY_DELAYS = (600, 3600, 3 * 3600)
KEPT_ATTEMPTS = 5000


@dataclass
class Attempt:
    """One attempt to deliver: when (unix seconds), what to whom, and the HTTP status or the error."""

    at: float
    event: str
    type: str
    endpoint: str
    number: int
    status: int | None
    error: str | None


class Deliverer:
    """Delivers the events of all accounts; each endpoint has a thread of its own, so order holds."""

    def __init__(self, retry_delays: tuple[float, ...] = DEFAULT_RETRY_DELAYS):
        self.retry_delays = retry_delays
        self.attempts: deque[Attempt] = deque(maxlen=KEPT_ATTEMPTS)
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._lock = threading.Lock()

    def enqueue(self, account: Account, event_id: str, endpoint_id: str) -> None:
        """Deliver an event to an endpoint as soon as its turn comes; faults strike here."""
        with account.lock:
            event = account.store.find("event", event_id)
        if event is None:
            return
        lane = self._lane(account, endpoint_id)
        faults = account.faults.for_event(event["type"])
        kinds = [fault.kind for fault in faults]
        if "drop" in kinds:
            logger.info("event %s is dropped by a fault", event_id)
            return
        now = time.time()
        late = now + sum(fault.seconds for fault in faults if fault.kind == "delay")
        held = [now + fault.seconds for fault in faults if fault.kind == "reorder"]
        if held:
            lane.hold(max(late, *held), event_id)
        else:
            lane.add(late, event_id, 0)
        for _copy in range(kinds.count("duplicate")):
            lane.add(now, event_id, 0)
        if not held:
            lane.release()

    def _lane(self, account: Account, endpoint_id: str) -> _Lane:
        with self._lock:
            key = (account.id, endpoint_id)
            if key not in self._lanes:
                self._lanes[key] = _Lane(self, account, endpoint_id)
                self._lanes[key].start()
            return self._lanes[key]

    def pending(self) -> int:
        """How many deliveries wait, retries included."""
        with self._lock:
            return sum(lane.size() for lane in self._lanes.values())

    def dump(self) -> list[dict[str, Any]]:
        """The latest attempts, oldest first."""
        return [asdict(attempt) for attempt in list(self.attempts)]

    def forget(self) -> None:
        """Drop what waits and what is remembered."""
        with self._lock:
            for lane in self._lanes.values():
                lane.stop()
            self._lanes.clear()
        self.attempts.clear()


class _Lane(threading.Thread):
    """Deliveries to one endpoint."""

    def __init__(self, owner: Deliverer, account: Account, endpoint_id: str):
        super().__init__(name=f"deliver-{endpoint_id}", daemon=True)
        self._owner, self._account, self._endpoint_id = owner, account, endpoint_id
        self._heap: list[tuple[float, int, str, int]] = []
        self._held: set[str] = set()
        self._number = 0
        self._busy = False
        self._stopped = False
        self._condition = threading.Condition()
        self._session = requests.Session()
        self._session.trust_env = False

    def add(self, at: float, event_id: str, number: int) -> None:
        with self._condition:
            heapq.heappush(self._heap, (at, self._number, event_id, number))
            self._number += 1
            self._condition.notify()

    def hold(self, until: float, event_id: str) -> None:
        """Keep an event back until the next one has been queued, at most until a time."""
        with self._condition:
            self._held.add(event_id)
        self.add(until, event_id, 0)

    def release(self) -> None:
        """Let events that are kept back follow the one that was queued just now."""
        with self._condition:
            held, self._held = self._held, set()
            freed = [row for row in self._heap if row[2] in held]
            self._heap[:] = [row for row in self._heap if row[2] not in held]
            heapq.heapify(self._heap)
        for _at, _number, event_id, number in freed:
            self.add(time.time(), event_id, number)

    def size(self) -> int:
        with self._condition:
            return len(self._heap) + self._busy

    def stop(self) -> None:
        with self._condition:
            self._stopped = True
            self._heap.clear()
            self._condition.notify()

    def run(self) -> None:
        while True:
            with self._condition:
                self._busy = False
                while not self._stopped and (not self._heap or self._heap[0][0] > time.time()):
                    wait = self._heap[0][0] - time.time() if self._heap else None
                    self._condition.wait(wait)
                if self._stopped:
                    return
                _at, _number, event_id, number = heapq.heappop(self._heap)
                self._busy = True
            try:
                self._deliver(event_id, number)
            except Exception:
                logger.exception("delivery of %s failed", event_id)

    def _deliver(self, event_id: str, number: int) -> None:
        account = self._account
        with account.lock:
            event = account.store.find("event", event_id)
            endpoint = account.store.find("webhook_endpoint", self._endpoint_id)
            if event is None or endpoint is None or endpoint["status"] != "enabled":
                return
            body = json.dumps(account.render(event), indent=2).encode()
            url = endpoint["url"]
            now = int(time.time())
            secrets = [endpoint["_secret"]]
            if endpoint.get("_old_secret") and endpoint["_old_secret_until"] > now:
                secrets.append(endpoint["_old_secret"])
        status, error = self._post(url, body, signature(body, secrets, now))
        delivered = status is not None and 200 <= status < 300
        self._owner.attempts.append(
            Attempt(now, event_id, event["type"], self._endpoint_id, number, status, error)
        )
        if delivered:
            with account.lock:
                events.acknowledged(account, event, self._endpoint_id)
        elif number < len(self._owner.retry_delays):
            self.add(time.time() + self._owner.retry_delays[number], event_id, number + 1)

    def _post(self, url: str, body: bytes, header: str) -> tuple[int | None, str | None]:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": header,
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            answer = self._session.post(
                url, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            return None, type(error).__name__
        return answer.status_code, None


def signature(body: bytes, secrets: list[str], now: int) -> str:
    """The header ``Stripe-Signature``: one v1 for each secret that is valid."""
    text, parts = body.decode(), [f"t={now}"]
    for secret in secrets:
        header = stripe.WebhookSignature.generate_signature_header(text, secret, now)
        parts += [part for part in header.split(",") if part.startswith("v1=")]
    return ",".join(parts)
