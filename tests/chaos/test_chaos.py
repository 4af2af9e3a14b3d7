"""A short chaos: the same as `make chaos`, smaller."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from dev import catalogue, chaos_check, paths
from dev.chaos_faults import Faults
from dev.chaos_stripe import Api, Plans, Timeline
from stripe_sandbox.core import server

SIZE = "--subscriptions 9 --months 2 --kills 2 --restarts 1 --changes 0.6"
RUN = f"--seed 11 --name chaos_test {SIZE}"


def test_nothing_differs_after_chaos():
    """Odoo has what Stripe has, once, after everything that should go wrong did."""
    result = subprocess.run(
        [sys.executable, "-m", "dev.chaos", *RUN.split()],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode in (0, 1), f"{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
    figures = json.loads(result.stdout.splitlines()[-1])
    for name in ("invoices", "payments", "refunds"):
        assert figures[name]["here"] == figures[name]["there"], name
        assert figures[name]["here"]["count"] > 0, name
    assert figures["error"] is None
    assert figures["differences"] == []
    assert figures["duplicates"] == []
    assert set(figures["events"]) <= {"done", "ignored"}, figures["events"]
    assert figures["ok"]
    assert (figures["kills"], figures["postgres_restarts"]) == (2, 1)
    assert figures["webhooks"]["dropped"] > 0 < figures["webhooks"]["duplicated"]
    assert set(figures["api_faults"]) == {"429", "500", "timeout", "reset"}
    assert all(figures["api_faults"].values()), figures["api_faults"]


def test_what_happens_at_stripe_is_a_function_of_the_seed():
    """Whatever the API's failures, the same seed gives the same history, another one another."""
    with ThreadPoolExecutor(3) as executor:
        first, again, other = executor.map(_history, (5, 5, 6), (1, 2, 1))
    assert first == again
    assert first != other
    _changes, documents = first
    assert documents["invoices"]["count"] >= 10


def _history(seed, chance):
    """Changes and documents of two months of six customers, whose requests fail by chance."""
    sandbox, http = server.start()
    try:
        catalogue.create(sandbox.base_url)
        api = Api(sandbox.base_url, seed)
        plans = Plans.read(api)
        Faults(sandbox.base_url, chance).on()
        timelines = [Timeline(api, seed, number, [1, 2, 3], "database") for number in range(2)]

        def live(timeline):
            timeline.prepare()
            timeline.subscribe(plans)
            for moment in timeline.stops(2):
                timeline.go_to(moment)
                timeline.change(plans, 0.6)

        with ThreadPoolExecutor(2) as executor:
            list(executor.map(live, timelines))
        customers = [customer.id for timeline in timelines for customer in timeline.customers]
        return [t.counts for t in timelines], chaos_check.at_stripe(api, customers)
    finally:
        server.stop(sandbox, http)
