"""After chaos: Odoo catches up with the product's own buttons, then both sides are counted."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from dev.chaos_stage import Stage
from dev.chaos_stripe import Api
from dev.console import step

JOB_SECONDS = 1800
# Seconds without any event processed after which they will not be any more.
STUCK_SECONDS = 180
# Seconds for which nobody works before *Retry* is pressed for what waits: for the end of the lease of a lane
# that was killed, or for the next attempt after Stripe did not answer.
PATIENCE = 8
DECIMALS = {"jpy": 0, "kwd": 3}
REMOTE_IDS = (
    "stripe_id",
    "stripe_invoice_id",
    "stripe_credit_note_id",
    "stripe_invoice_payment_id",
    "stripe_payment_ref",
)
# Tables whose rows are about objects; several may be about one.
NOT_MIRRORS = ("stripe_difference", "stripe_job")

#: Number of documents, and their sum in minor units by currency.
Side = dict[str, Any]


# --- settling


class Recovery:
    """What a person does after chaos, by the product's buttons."""

    def __init__(self, stage: Stage):
        self._odoo = stage.rpc()
        [self._provider] = self._odoo.call(
            "payment.provider", "search", [["code", "=", "stripe"]], limit=1
        )
        self.retried = 0

    def run(self) -> None:
        """Catch up, process all events, compare; raises RuntimeError when a job does not end well."""
        with step("events catch up"):
            self._job("catch_up", "action_stripe_billing_catch_up")
        with step("pending events"):
            self._events()
        with step("comparison with Stripe"):
            self._job("audit", "action_stripe_billing_compare")

    def _jobs(self, domain: list) -> list[dict]:
        fields = ["state", "kind", "error", "counts"]
        return self._odoo.call("stripe.job", "search_read", domain, fields, order="id desc")

    def _job(self, kind: str, button: str) -> None:
        """Start a job when none of its kind is at work, and wait for its end."""
        mine = ["kind", "=", kind]
        self._until(
            f"an earlier job {kind}",
            lambda: not self._jobs([mine, ["state", "in", ("waiting", "running")]]),
        )
        self._odoo.call("payment.provider", button, [self._provider])
        job = self._jobs([mine])[0]

        def ended() -> bool:
            job.update(self._jobs([["id", "=", job["id"]]])[0])
            return job["state"] not in ("waiting", "running")

        self._until(f"the job {kind}", ended)
        if job["state"] != "done":
            raise RuntimeError(f"the job {kind} is {job['state']}: {job['error']}")

    def _events(self) -> None:
        """Wait until no event is pending; press *Retry* when all that are left wait for a time to come."""
        pending = ["state", "=", "pending"]
        least, progress = None, time.monotonic()
        idle = time.monotonic()
        while left := self._odoo.call("stripe.event", "search_count", [pending]):
            now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
            due = [pending, ["next_attempt_at", "<=", now]]
            if least is None or left < least:
                least, progress = left, time.monotonic()
            elif time.monotonic() - progress > STUCK_SECONDS:
                raise RuntimeError(f"{left} events stay pending")
            if self._odoo.call("stripe.event", "search_count", due, limit=1):
                idle = time.monotonic()
            elif time.monotonic() - idle > PATIENCE:
                self._retry([pending])
                idle = time.monotonic()
            time.sleep(1)

    def _retry(self, domain: list) -> None:
        """Press *Retry* on events, one by one: a lane may have done one of them a moment ago."""
        for event in self._odoo.call("stripe.event", "search", domain):
            try:
                self._odoo.call("stripe.event", "action_retry", [event])
            except RuntimeError:
                if self._odoo.call("stripe.event", "search_count", [["id", "=", event], *domain]):
                    raise
            else:
                self.retried += 1

    def _until(self, what: str, question: Callable[[], bool]) -> None:
        end = time.monotonic() + JOB_SECONDS
        while not question():
            if time.monotonic() > end:
                raise RuntimeError(f"{what}: not within {JOB_SECONDS} s")
            time.sleep(0.5)


# --- counting


def at_stripe(api: Api, customers: Iterable[str]) -> dict[str, Side]:
    """What the customers' documents at Stripe are, from its API."""
    with ThreadPoolExecutor(4) as executor:
        found = list(executor.map(lambda customer: _of_customer(api, customer), customers))
    return {
        name: _side(row for documents in found for row in documents[name])
        for name in ("invoices", "payments", "refunds")
    }


def _of_customer(api: Api, customer: str) -> dict[str, list[tuple[str, int]]]:
    """Currency and minor units of each document of a customer.

    An invoice of nothing has no payment, at Stripe as in Odoo.
    """
    listed = api.every("invoices.list", {"customer": customer, "expand": ["data.payments"]})
    invoices = [i for i in listed if i.status not in ("draft", "void")]
    payments = [
        payment
        for invoice in invoices
        for payment in invoice.payments.data
        if payment.status == "paid" and payment.amount_paid
    ]
    refunds = [
        refund
        for charge in api.every("charges.list", {"customer": customer})
        if charge.amount_refunded
        for refund in api.every("refunds.list", {"payment_intent": charge.payment_intent})
        if refund.status == "succeeded"
    ]
    return {
        "invoices": [(invoice.currency, invoice.total) for invoice in invoices],
        "payments": [(payment.currency, payment.amount_paid) for payment in payments],
        "refunds": [(refund.currency, refund.amount) for refund in refunds],
    }


def in_odoo(stage: Stage) -> dict[str, Side]:
    """The same, of what is posted in Odoo."""
    payment = (
        "SELECT lower(c.name) AS currency, p.amount FROM account_payment p "
        "JOIN res_currency c ON c.id = p.currency_id WHERE p.state IN ('in_process', 'paid') AND "
    )
    queries = {
        "invoices": "SELECT lower(c.name) AS currency, m.amount_total_in_currency_signed AS amount "
        "FROM account_move m JOIN res_currency c ON c.id = m.currency_id WHERE m.state = 'posted' "
        "AND m.stripe_invoice_id IS NOT NULL AND m.stripe_invoice_status <> 'void'",
        "payments": f"{payment} p.stripe_invoice_payment_id IS NOT NULL",
        "refunds": f"{payment} p.payment_type = 'outbound' AND p.stripe_payment_ref LIKE 're\\_%'",
    }
    return {
        name: _side((row["currency"], _minor(**row)) for row in stage.rows(sql))
        for name, sql in queries.items()
    }


def _minor(currency: str, amount: float) -> int:
    return round(amount * 10 ** DECIMALS.get(currency, 2))


def _side(rows: Iterable[tuple[str, int]]) -> Side:
    sums: Counter[str] = Counter()
    count = 0
    for currency, amount in rows:
        sums[currency] += amount
        count += 1
    return {"count": count, "sums": dict(sorted(sums.items()))}


def differences(stage: Stage) -> list[dict]:
    """What the comparison found and nobody has settled."""
    return stage.rows(
        "SELECT kind, stripe_id, field_name, here, there FROM stripe_difference WHERE state = 'open'"
    )


def duplicates(stage: Stage) -> list[str]:
    """Remote ids that two rows of one table have."""
    names = ", ".join(f"'{name}'" for name in REMOTE_IDS)
    others = ", ".join(f"'{name}'" for name in NOT_MIRRORS)
    columns = stage.rows(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c "
        "JOIN information_schema.tables t USING (table_schema, table_name) "
        f"WHERE t.table_type = 'BASE TABLE' AND c.column_name IN ({names}) "
        f"AND c.data_type = 'character varying' AND c.table_name NOT IN ({others})"
    )
    return [
        f"{table}.{column} {row['remote']}"
        for table, column in (column.values() for column in columns)
        for row in stage.rows(
            f"SELECT {column} AS remote FROM {table} WHERE {column} IS NOT NULL "
            f"GROUP BY {column} HAVING count(*) > 1"
        )
    ]


def events(stage: Stage) -> dict[str, int]:
    """Number of events in the inbox by state."""
    rows = stage.rows("SELECT state, count(*) AS n FROM stripe_event GROUP BY state ORDER BY state")
    return {row["state"]: row["n"] for row in rows}
