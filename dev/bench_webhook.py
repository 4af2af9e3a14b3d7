"""Figures of the webhook: taking in an event, with signature, row and waking a lane, beside a bare route.

Odoo's threaded server answers both, without cron threads: only the acknowledging is measured.
"""

import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import chain

import psycopg2
import stripe

from dev.bench_figures import percentile_row, row
from dev.bench_odoo import SECRET

ROUNDS = 6
# For a number of clients: blocks of each kind in a round, requests of each client in a block.
BLOCKS = {1: (8, 10), 8: (2, 10)}
MEDIAN_TARGET, P99_TARGET = 1.5, 2.0
# Pairs of requests of which each event finds the lanes asleep.
WAKING = 60
# Makes an event about as large as that of a subscription.
PADDING = "a" * 4000
# Path, body, headers.
Request = tuple[str, str, dict[str, str]]


def acknowledge(url: str, key: str, clients: int) -> list[dict]:
    """Median and 99th percentile with a number of clients at a time."""
    crowd = [http.client.HTTPConnection(url.removeprefix("http://")) for _ in range(clients)]
    blocks, requests = BLOCKS[clients]
    kinds = (lambda: _event(key), _bare)
    # For each kind the answer times by round, and the seconds of all blocks.
    latencies: tuple[list, list] = ([], [])
    seconds = [0.0, 0.0]
    for make in kinds:
        _block(crowd, make, requests)
    for _ in range(ROUNDS):
        for part in latencies:
            part.append([])
        for _ in range(blocks):
            for kind, make in enumerate(kinds):
                times, lasted = _block(crowd, make, requests)
                latencies[kind][-1] += times
                seconds[kind] += lasted
    number = ROUNDS * blocks * requests * clients
    rounds = list(zip(*latencies, strict=True))
    title = f"webhook: acknowledge, {clients} client{'s' if clients > 1 else ''}"
    rate = number / seconds[0], number / seconds[1]
    return [
        percentile_row(
            f"{title}, median (beside a bare route)",
            *(50, rounds),
            target=MEDIAN_TARGET,
            per_second=rate,
        ),
        percentile_row(f"{title}, p99 (beside a bare route)", 99, rounds, target=P99_TARGET),
    ]


def wake(url: str, key: str, database: str) -> dict:
    """An event that comes while no lane is about to work anyway: one has to be woken."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    pairs = []
    with closing(psycopg2.connect(dbname=database)) as postgres, postgres.cursor() as cursor:
        postgres.autocommit = True
        for _ in range(WAKING):
            cursor.execute("DELETE FROM ir_cron_trigger")
            pairs.append((_send(connection, *_event(key)), _send(connection, *_bare())))
    return row("webhook: acknowledge and wake a lane, 1 client (beside a bare route)", "ms", pairs)


def _block(
    crowd: Sequence[http.client.HTTPConnection], make: Callable[[], Request], number: int
) -> tuple[list[float], float]:
    """Requests of all clients, each sent when the one before is answered: their seconds, and those of all."""
    results: list[list[float]] = [[] for _ in crowd]
    requests = [[make() for _ in range(number)] for _ in crowd]
    barrier = threading.Barrier(len(crowd) + 1)

    def work(position: int) -> None:
        barrier.wait()
        for request in requests[position]:
            results[position].append(_send(crowd[position], *request))

    threads = [threading.Thread(target=work, args=[position]) for position in range(len(crowd))]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    lasted = time.perf_counter() - started
    times = list(chain.from_iterable(results))
    assert len(times) == number * len(crowd), "A request has failed."
    return times, lasted


def _send(
    connection: http.client.HTTPConnection, path: str, body: str, headers: dict[str, str]
) -> float:
    started = time.perf_counter()
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    seconds = time.perf_counter() - started
    assert (answer.status, json.loads(content)) == (200, {"status": "received"}), content
    return seconds


def _event(key: str) -> Request:
    """An event that is new, signed."""
    payload = {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": "customer.updated",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"id": "cus_bench", "object": "customer", "description": PADDING}},
    }
    body = json.dumps(payload)
    signature = stripe.WebhookSignature.generate_signature_header(body, SECRET)
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
    return f"/stripe_subscriptions/webhook/{key}", body, headers


def _bare() -> Request:
    """As many bytes for the route that does nothing."""
    body = json.dumps({"description": PADDING + "a" * 200})
    return "/stripe_subscriptions_bench/bare", body, {"Content-Type": "application/json"}
