"""``make chaos``: months of subscriptions while webhooks, API, Odoo and its database fail; then nothing differs.

What happens at Stripe is a function of the seed. The last line is one JSON object; the exit code is 1 when the
books differ in anything.
"""

import argparse
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any

from dev import chaos_check, paths
from dev.chaos_faults import Accidents, Faults, answers_to_webhooks
from dev.chaos_stage import Service, Stage
from dev.chaos_stripe import CUSTOMERS_PER_CLOCK, STOPS, Api, Plans, Timeline
from dev.console import say, step
from dev.processes import Group

CLOCKS_AT_ONCE = 4
# Seconds for which deliveries are waited for at each stop before time passes on: so that what happens and
# what Odoo makes of it overlap, without drifting apart altogether.
BREATH, BREATH_EACH = 2, 0.03
# The same at the end; what is still on its way then arrives during the catch-up, which asks for all of it.
LAST_BREATH = 30


class Chaos:
    """One run."""

    def __init__(self, stage: Stage, options: argparse.Namespace):
        self.stage = stage
        self.options = options
        self.api = Api(stage.sandbox_url, options.seed)
        self.faults = Faults(stage.sandbox_url, options.seed)
        stops = options.months * (len(STOPS) + 1)
        self.accidents = Accidents(
            stage, options.seed, stops, options.kills, options.postgres_restarts
        )
        self.timelines: list[Timeline] = []

    def run(self) -> dict[str, Any]:
        """All of it; returns the row of figures."""
        started = time.monotonic()
        self._people()
        plans = Plans.read(self.api)
        self.faults.on()
        self._months(plans)
        self.faults.off()
        with step("deliveries"):
            self.faults.settle(LAST_BREATH)
        recovery = chaos_check.Recovery(self.stage)
        error = None
        try:
            recovery.run()
        except RuntimeError as failure:
            # The figures say best what is wrong.
            error = str(failure)
        row = self._figures()
        row["retried"] = recovery.retried
        row["error"] = error
        row["seconds"] = round(time.monotonic() - started)
        row["ok"] = is_ok(row)
        return row

    def _people(self) -> None:
        """Contacts in Odoo; their customers at Stripe, three on a clock."""
        odoo = self.stage.rpc()
        database = odoo.call("ir.config_parameter", "get_param", "database.uuid")
        with step(f"{self.options.subscriptions} customers"):
            partners = odoo.call(
                "res.partner",
                "create",
                [
                    {"name": f"Customer {number}", "email": f"customer{number}@chaos.example"}
                    for number in range(self.options.subscriptions)
                ],
            )
            self.timelines = [
                Timeline(
                    self.api,
                    self.options.seed,
                    number,
                    partners[first : first + CUSTOMERS_PER_CLOCK],
                    database,
                )
                for number, first in enumerate(range(0, len(partners), CUSTOMERS_PER_CLOCK))
            ]
            self._each(Timeline.prepare)

    def _months(self, plans: Plans) -> None:
        """Subscribe, and let time pass from stop to stop."""
        began = time.monotonic()
        stops = [timeline.stops(self.options.months) for timeline in self.timelines]
        breath = BREATH + BREATH_EACH * self.options.subscriptions

        def subscribe(timeline: Timeline) -> None:
            timeline.subscribe(plans)

        self._each(subscribe)
        per_month = len(STOPS) + 1
        for stop in range(len(stops[0])):

            def pass_time(timeline: Timeline, stop: int = stop) -> None:
                timeline.go_to(stops[timeline.number][stop])
                timeline.change(plans, self.options.changes)

            with self.accidents.during(stop):
                self._each(pass_time)
                self.faults.settle(breath)
            if stop % per_month == per_month - 1:
                happened = self.accidents.happened
                say(
                    f"  month {stop // per_month + 1}: {sum(self._changes().values())} changes, "
                    f"{happened['kill_odoo']} kills, {happened['crash_postgres']} database restarts, "
                    f"{time.monotonic() - began:.0f} s"
                )

    def _each(self, work: Callable[[Timeline], None]) -> None:
        """Do something on all clocks, several at a time; the first error ends it."""
        executor = ThreadPoolExecutor(CLOCKS_AT_ONCE)
        try:
            for future in as_completed([executor.submit(work, one) for one in self.timelines]):
                future.result()
        except BaseException:
            self.api.stopping.set()
            raise
        finally:
            executor.shutdown(cancel_futures=True)

    def _changes(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for timeline in self.timelines:
            found.update(timeline.counts)
        return found

    def _figures(self) -> dict[str, Any]:
        """Everything that is counted, on both sides."""
        with step("counting"):
            customers = [c.id for timeline in self.timelines for c in timeline.customers]
            there = chaos_check.at_stripe(self.api, customers)
            here = chaos_check.in_odoo(self.stage)
            statuses = answers_to_webhooks(self.stage)
            return {
                "seed": self.options.seed,
                "subscriptions": self.options.subscriptions,
                "months": self.options.months,
                "kills": self.accidents.happened["kill_odoo"],
                "postgres_restarts": self.accidents.happened["crash_postgres"],
                "changes": dict(sorted(self._changes().items())),
                "webhooks": {**self.faults.webhooks, "answered": dict(sorted(statuses.items()))},
                "api_faults": self.faults.api,
                "events": chaos_check.events(self.stage),
                **{
                    name: {"here": here[name], "there": there[name]}
                    for name in ("invoices", "payments", "refunds")
                },
                "differences": chaos_check.differences(self.stage),
                "duplicates": chaos_check.duplicates(self.stage),
            }


def is_ok(row: dict[str, Any]) -> bool:
    """Whether Odoo has what Stripe has, once, and nothing is left to do."""
    same = all(
        row[name]["here"] == row[name]["there"] for name in ("invoices", "payments", "refunds")
    )
    settled = not row["error"] and not {"pending", "failed"} & row["events"].keys()
    return same and settled and not row["differences"] and not row["duplicates"]


@contextmanager
def stage(name: str) -> Iterator[Stage]:
    """A running stage, of which nothing runs any more afterwards."""
    with Group() as group, Service() as service:
        one = Stage(name, group, service)
        try:
            one.start()
            yield one
        finally:
            service.stop()
            group.stop()
            one.close()


def main() -> int:
    """Run it; 0 if the books agree."""
    parser = argparse.ArgumentParser(prog="make chaos ARGS=...", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--subscriptions", type=int, default=300)
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--kills", type=int, default=10, help="of Odoo, by SIGKILL")
    parser.add_argument(
        "--restarts", type=int, default=2, dest="postgres_restarts", help="of PostgreSQL"
    )
    parser.add_argument(
        "--changes",
        type=float,
        default=0.18,
        help="share of the customers who do something, three times a month",
    )
    parser.add_argument("--name", default="chaos", help="of its database and files below .dev")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with stage(options.name) as one:
            row = Chaos(one, options).run()
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130
    say(f"Logs are in {paths.LOGS}." if row["ok"] else f"The books differ; logs: {paths.LOGS}")
    say(json.dumps(row))
    return 0 if row["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
