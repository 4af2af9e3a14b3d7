"""Run in Odoo's shell: lanes book two Stripe accounts while accountants post and pay, each in transactions of their own.

ACCOUNTANT holds, as JSON, how many invoices each account has, how often each accountant posts, and the name
of the file to which what comes of it is written, as JSON too.
"""

import json
import os
import threading
import time
from unittest.mock import patch

import psycopg2
from odoo import SUPERUSER_ID, Command, api
from odoo.addons.stripe_subscriptions.models.payment_provider import PaymentProvider
from odoo.tools import SQL

from tests.addon import ledger_objects as at_stripe
from tests.addon import stripe_objects
from tests.addon.common import FakeGateway

CUSTOMERS = 4
LANES = 3
# That of Stripe's objects, so that numbers are taken from the same sequence.
DAY = "2025-03-03"
# Odoo repeats a request that often when another transaction was in its way.
TRIES = 5
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


class SlowGateway(FakeGateway):
    """Answers after a moment, as Stripe does, so that lanes get into each other's way."""

    def retrieve_many(self, requests):
        time.sleep(0.05)
        return super().retrieve_many(requests)


class Stage:
    """Two Stripe accounts of one company, with everything that is to be booked."""

    def __init__(self, env, invoices, postings):
        self.env = env
        self.invoices = invoices
        self.postings = postings
        self.registry = env.registry
        self.company = env.ref("base.main_company")
        env["stripe.event"].search([]).unlink()
        self.gateways = {}
        for number in range(2):
            self.make_account(number)
        self.sale, self.bank, self.misc = (
            env["account.journal"].search(
                [("type", "=", kind), ("company_id", "=", self.company.id)], order="id", limit=1
            )
            for kind in ("sale", "bank", "general")
        )
        self.partner = env["res.partner"].create({"name": "Customer of the accountants"})
        env.cr.commit()

    def make_account(self, number):
        """A Stripe account whose invoices were paid, whose fees are known and of which some is refunded."""
        provider = self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("company_id", "=", self.company.id)], limit=1
        )
        if number:
            provider = provider.copy()
        provider.write(
            {
                "state": "test",
                "stripe_secret_key": f"sk_test_{number}",
                "stripe_publishable_key": "pk_test_x",
                "stripe_billing_webhook_secret": "whsec_x",
            }
        )
        gateway = self.gateways[provider.id] = SlowGateway()
        links = [
            self.env["stripe.customer"]
            .with_context(
                stripe_customer_partners={
                    f"cus_{row}": self.env["res.partner"].create({"name": f"Buyer {row}"}).id
                }
            )
            ._stripe_apply(
                provider, [{"id": f"cus_{row}", "object": "customer", "livemode": False}]
            )
            for row in range(CUSTOMERS)
        ]
        events = []
        for row in range(self.invoices):
            customer = links[row % CUSTOMERS].stripe_id
            invoice = at_stripe.invoice(
                at_stripe.item(1000 + row), customer=customer, id=f"in_{row}", number=f"N-{row:03d}"
            )
            part = {"id": f"inpay_{row}", "invoice": invoice["id"]}
            invoice["payments"]["data"][0].update(part)
            charge = {**at_stripe.charge(invoice, 30), "invoice_payments": [part]}
            told = [("invoice.paid", invoice), ("charge.updated", charge)]
            if row % 4 == 0:
                refund = at_stripe.refund(invoice, 100, settled=-100)
                told.append(("refund.created", {**refund, "invoice_payments": [part]}))
            for kind, obj in told:
                gateway.put(obj["object"], obj)
                events.append(stripe_objects.event(kind, obj))
        self.env["stripe.event"]._stripe_store(provider, events)

    # === AT WORK === #

    def work(self, errors):
        """Lanes and accountants at the same time, to the end."""
        jobs = [(self.lane, ())] * LANES
        jobs += [
            (self.accountant, (post,)) for post in (self.post_entry, self.sell, self.take_money)
        ]
        threads = [
            threading.Thread(target=self.guarded, args=(errors, function, *arguments))
            for function, arguments in jobs
        ]
        gateways = self.gateways
        with patch.object(
            PaymentProvider, "_stripe_client", lambda provider: gateways[provider.id]
        ):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def guarded(self, errors, function, *arguments):
        """Run something in a thread; what it raises is kept."""
        threading.current_thread().dbname = self.env.cr.dbname
        try:
            function(*arguments)
        except Exception as error:
            errors.append(f"{function.__name__}: {type(error).__name__}: {error}")

    def lane(self):
        """What a cron lane does, again and again until nothing is pending."""
        until = time.monotonic() + 240
        while time.monotonic() < until:
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                env["stripe.event"]._cron_process()
                if not env["stripe.event"].search_count([("state", "=", "pending")], limit=1):
                    return
            time.sleep(0.2)

    def accountant(self, post):
        """Post again and again, each time in a transaction that is repeated as Odoo repeats requests."""
        for number in range(self.postings):
            for attempt in range(TRIES):
                try:
                    with self.registry.cursor() as cr:
                        post(api.Environment(cr, SUPERUSER_ID, {}), number)
                    break
                except (psycopg2.OperationalError, psycopg2.errors.UniqueViolation):
                    if attempt == TRIES - 1:
                        raise

    def post_entry(self, env, number):
        """An entry in another journal, on accounts that lanes use too."""
        accounts = env["account.account"].search(
            [("account_type", "in", ("expense", "income"))], limit=2
        )
        env["account.move"].create(
            {
                "journal_id": self.misc.id,
                "date": DAY,
                "line_ids": [
                    Command.create({"account_id": account.id, "balance": balance})
                    for account, balance in zip(accounts, (number + 1, -number - 1), strict=True)
                ],
            }
        ).action_post()

    def sell(self, env, number):
        """An invoice that has nothing to do with Stripe."""
        self.make_invoice(env, number).action_post()

    def take_money(self, env, number):
        """A payment in the bank journal in which Stripe's payments are booked too."""
        move = self.make_invoice(env, number)
        move.action_post()
        env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"journal_id": self.bank.id, "payment_date": DAY})._create_payments()

    def make_invoice(self, env, number):
        lines = [Command.create({"name": "Work", "price_unit": number + 1, "tax_ids": []})]
        return env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "journal_id": self.sale.id,
                "invoice_date": DAY,
                "invoice_line_ids": lines,
            }
        )

    # === AFTERWARDS === #

    def result(self, errors, seconds):
        """What is in the books, and in the inbox."""
        self.env.cr.rollback()
        self.env.invalidate_all()
        events = self.env["stripe.event"].search([])
        moves = self.env["account.move"].search([("stripe_invoice_id", "!=", False)])
        journals = self.env["account.move"]._read_group(
            [("state", "=", "posted")],
            ["journal_id", "sequence_prefix"],
            ["__count", "sequence_number:min", "sequence_number:max"],
        )
        [(deadlocks,)] = self.env.execute_query(SQL(DEADLOCKS))
        return {
            "errors": errors,
            "seconds": round(seconds),
            "deadlocks": deadlocks,
            "events": {state: len(group) for state, group in events.grouped("state").items()},
            "event_errors": sorted({event.error for event in events if event.error}),
            "invoices": {
                provider.name: len(group)
                for provider, group in moves.grouped("stripe_provider_id").items()
            },
            "paid": sorted(set(moves.mapped("payment_state"))),
            "journals": {
                f"{journal.code} {prefix}": [count, lowest, highest]
                for journal, prefix, count, lowest, highest in journals
            },
        }


def main(env):
    """All of it."""
    given = json.loads(os.environ["ACCOUNTANT"])
    stage, errors = Stage(env, given["invoices"], given["postings"]), []
    began = time.monotonic()
    stage.work(errors)
    result = stage.result(errors, time.monotonic() - began)
    with open(given["file"], "w") as file:
        json.dump(result, file)
