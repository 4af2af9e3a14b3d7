"""What goes wrong during chaos: webhooks, the API, Odoo's process and its database server."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import requests

from dev import paths
from dev.chaos_stage import Stage

FOR_EVER = 10**9  # times; what is missing from it later is how often a fault has struck
DROPPED = 0.3
DUPLICATED = 0.3
API_FAILURES = 0.1
API_KINDS = (
    {"kind": "429"},
    {"kind": "500"},
    {"kind": "timeout", "seconds": 0.5},
    # The work is done, only the answer is lost.
    {"kind": "reset", "after": True},
)
# Seconds and probability: their sums shuffle what is sent, and nothing comes at once.
DELAYS = {0.1: 1, 0.4: 0.5, 1.1: 0.5, 2.7: 0.5, 6.0: 0.2}
# Seconds after the beginning of a stop, or after the accident before, at which something is struck down.
PAUSE = (0.5, 5.0)
RECEIVED = re.compile(r'"POST /stripe_subscriptions/webhook/\S+ HTTP/1\.1" (\d+)')


class Faults:
    """The stand-in's faults: switched on, switched off, counted."""

    def __init__(self, url: str, seed: int):
        self._url = f"{url}/_sandbox"
        self._seed = seed
        self.webhooks: dict[str, int] = {}
        self.api: dict[str, int] = {}

    def ask(self, verb: str, name: str, **body: Any) -> Any:
        """A call of the stand-in's own API."""
        answer = requests.request(verb, f"{self._url}/{name}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def on(self) -> None:
        """Let things go wrong from now on."""
        self.ask("POST", "seed", seed=self._seed)
        # Each strikes for itself: a duplicate of what is dropped is dropped as well.
        self._add("webhook", "drop", DROPPED)
        self._add("webhook", "duplicate", DUPLICATED)
        for seconds, probability in DELAYS.items():
            self._add("webhook", "delay", probability, seconds=seconds)
        # Each is asked in turn whether it strikes; together they strike as often as wanted.
        each = 1 - (1 - API_FAILURES) ** (1 / len(API_KINDS))
        for kind in API_KINDS:
            self._add("api", probability=each, path="/v1/", **kind)

    def _add(self, target: str, kind: str, probability: float, **more: Any) -> None:
        self.ask(
            "POST",
            "faults",
            target=target,
            kind=kind,
            times=FOR_EVER,
            probability=probability,
            **more,
        )

    def off(self) -> None:
        """Let nothing go wrong any more, and count what did."""
        rows = [(f, FOR_EVER - f["times"]) for f in self.ask("GET", "faults")]
        self.ask("DELETE", "faults")
        self.api = {fault["kind"]: times for fault, times in rows if fault["target"] == "api"}
        struck = {fault["kind"]: times for fault, times in rows if fault["probability"] < 1}
        # One delay strikes always: it counts what there was to send.
        [sent] = [times for fault, times in rows if fault["probability"] == 1]
        self.webhooks = {
            "sent": sent,
            "dropped": struck["drop"],
            "duplicated": struck["duplicate"],
        }

    def settle(self, seconds: float) -> bool:
        """Wait until no webhook is on its way."""
        return self.ask("POST", "settle", seconds=seconds)["settled"]


def answers_to_webhooks(stage: Stage) -> Counter[str]:
    """How often Odoo has given each HTTP status to a webhook, in all its lives."""
    found: Counter[str] = Counter()
    for log in paths.LOGS.glob(f"odoo-{stage.database}-*.log"):
        found.update(RECEIVED.findall(log.read_text(errors="replace")))
    return found


class Accidents:
    """When Odoo is killed and the database server crashes: at stops that the seed chooses."""

    def __init__(self, stage: Stage, seed: int, stops: int, kills: int, restarts: int):
        self._random = Random(f"{seed}-accidents")
        self._plan: list[list[Callable[[], None]]] = [[] for _ in range(stops)]
        for accident in [stage.kill_odoo] * kills + [stage.crash_postgres] * restarts:
            self._random.choice(self._plan).append(accident)
        self.happened: Counter[str] = Counter()

    @contextmanager
    def during(self, stop: int) -> Iterator[None]:
        """Let the accidents of a stop happen while the block runs, and wait until they are over."""
        errors: list[BaseException] = []

        def strike() -> None:
            try:
                for accident in self._plan[stop]:
                    time.sleep(self._random.uniform(*PAUSE))
                    accident()
                    self.happened[accident.__name__] += 1
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=strike, name=f"accidents-{stop}")
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if errors:
            raise errors[0]
