"""Runs in an Odoo shell (`env`) and carries out what `make bench` asks for through a pipe.

The number of the pipe is put before this text as CHANNEL. Seconds are those of a clock that all processes of
the machine share.
"""

# ruff: noqa: F821
import time
from multiprocessing.connection import Connection

from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway

channel = Connection(CHANNEL)
provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
env = env(context={**env.context, "allowed_company_ids": provider.company_id.ids})
provider = provider.with_env(env)
gateway = provider._stripe_client()
bare_page = StripeGateway.page


def peak_memory():
    """The most memory that this process ever had, in MB.

    Linux's own figure: that of getrusage begins with the peak of the process that started this one.
    """
    with open("/proc/self/status") as file:
        [kilobytes] = [line.split()[1] for line in file if line.startswith("VmHWM:")]
    return int(kilobytes) / 1024


def store(events):
    """Put events into the inbox, as the webhook does."""
    stored = env["stripe.event"]._stripe_store(provider, events)
    env.cr.commit()
    assert len(stored) == len(events)


def process():
    """Empty the inbox, as a lane; answers when it began and ended."""
    started = time.monotonic()
    env["stripe.event"]._cron_process()
    return started, time.monotonic()


def states():
    """How many events are in which state."""
    # What other lanes did after this one saw that nothing is left.
    env.cr.commit()
    return dict(env["stripe.event"]._read_group([], ["state"], ["__count"]))


def fetch(requests):
    """Fetch objects by the bare gateway; answers the seconds it took."""
    started = time.monotonic()
    answers = gateway.retrieve_many([tuple(request) for request in requests])
    seconds = time.monotonic() - started
    assert all(isinstance(answer, dict) for answer in answers.values())
    return seconds


def run_job(kind, values, every):
    """Run a job to its end, step by step, as its cron does.

    Every few pages the bare gateway fetches the same page once more.

    :param str kind: Kind of the job.
    :param dict values: Fields of the job.
    :param int every: How many pages that is; 0 for never.
    :return: Pages in their order, each a dict of list, objects, seconds, queries, and bare seconds or
        None; peak memory before and after in MB; the job's counts; seconds of the whole.
    :rtype: dict
    """
    pages, listed = [], []
    job_class = type(env["stripe.job"])
    original = job_class._run_step

    def page(self, service, *ids, **arguments):
        answer = bare_page(self, service, *ids, **arguments)
        listed.append((service, ids, arguments, len(answer[0])))
        return answer

    def run_step(self):
        listed.clear()
        queries, started = env.cr.sql_log_count, time.monotonic()
        result = original(self)
        seconds, queries = time.monotonic() - started, env.cr.sql_log_count - queries
        if len(listed) == 1 and listed[0][3]:
            [(service, ids, arguments, number)] = listed
            bare = None
            if every and len(pages) % every == 0:
                started = time.monotonic()
                bare_page(gateway, service, *ids, **arguments)
                bare = time.monotonic() - started
            pages.append(
                {
                    "list": service,
                    "objects": number,
                    "seconds": seconds,
                    "queries": queries,
                    "bare": bare,
                }
            )
        return result

    memory, started = peak_memory(), time.monotonic()
    StripeGateway.page, job_class._run_step = page, run_step
    try:
        job = env["stripe.job"]._start(provider, kind, **values)
        env.cr.commit()
        env["stripe.job"]._cron_run()
    finally:
        StripeGateway.page, job_class._run_step = bare_page, original
    assert job.state == "done", (job.state, job.error)
    return {
        "pages": pages,
        "memory": (memory, peak_memory()),
        "counts": job.counts,
        "seconds": time.monotonic() - started,
    }


def book_from(day):
    """Set the day from which invoices are booked, or none."""
    provider.stripe_billing_book_from = day
    env.cr.commit()


functions = {f.__name__: f for f in (store, process, states, fetch, run_job, book_from)}
while True:
    try:
        name, arguments = channel.recv()
    except EOFError:
        break
    channel.send(functions[name](*arguments))
