import json
import logging
import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import freezegun
import requests
from odoo.addons.stripe_subscriptions.models.stripe_mixin import StripeMixin
from odoo.tests import TransactionCase, tagged

from tests.addon.sandbox_common import SandboxCommon
from tests.addon.year import (
    happened,
    happenings_invoices,
    happenings_money,
    happenings_plans,
    tampering,
)
from tests.addon.year.books import Here, There
from tests.addon.year.catalogue import Catalogue
from tests.addon.year.clock import Clock
from tests.addon.year.desk import Desk
from tests.addon.year.story import KINDS, Story

_logger = logging.getLogger(__name__)

# A Monday, in the future of the database, whose time does not stand still.
BEGINNING = datetime(2030, 1, 7, 6, tzinfo=UTC)
# Hours of a week at which something may happen at Stripe; at the last one Odoo follows.
STOPS = (33, 110)
# Customers, months and seed; the whole year is YEAR=100,12,1.
CUSTOMERS, MONTHS, SEED = map(int, os.environ.get("YEAR", "10,3,1").split(","))
# Weeks more for what has not been possible yet, and those in which the last money arrives.
MORE_WEEKS, LAST_WEEKS = 6, 5
HAPPENINGS = (happenings_invoices, happenings_money, happenings_plans)


@tagged("post_install", "-at_install")
class TestYear(SandboxCommon, TransactionCase):
    """Months of a company at Stripe, which Odoo follows week by week; then both sides agree to the cent.

    A whole year of a hundred customers: see the README.
    """

    takes_long = True

    maxDiff = None

    def setUp(self):
        self.sandbox_process.ticker.stop()
        self.clock = Clock(self.account_of_key(), BEGINNING)
        self.addCleanup(self.clock.stop)
        # The database's clock is the only one that goes on.
        patcher = patch.object(StripeMixin, "_stripe_now", lambda model: time.time())
        patcher.start()
        self.addCleanup(patcher.stop)
        super().setUp()
        self.company.partner_id.tz = "America/New_York"
        self.provider.stripe_billing_write_off = True
        self.catalogue = Catalogue(self.stripe)
        self.catalogue.create()
        self.provider.action_stripe_billing_fetch_catalogue()
        self.env["stripe.tax.rate"].search([("tax_id", "=", False)]).action_create_tax()
        self.admin("payouts", interval="weekly")
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {n}", "is_company": True} for n in range(CUSTOMERS)]
        )
        self.weeks = round(MONTHS * 52 / 12)
        stops = self.weeks * len(STOPS)
        self.story = Story(self, self.catalogue, self.clock, partners.ids, stops, SEED)
        self.desk = Desk(self, self.story, SEED)

    def account_of_key(self):
        return next(iter(self.sandbox_process.accounts.values()))

    # === STRIPE === #

    def admin(self, name, **body):
        """What a person would do in the Dashboard."""
        url = f"{self.sandbox_process.base_url}/_sandbox/{name}"
        answer = requests.post(url, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def live_through(self):
        """The whole time, week by week; at the end nobody is left, and a last payout empties the balance."""
        week, proven = 0, self.clock.now.month
        while week < self.weeks or (self.story.planned and week < self.weeks + MORE_WEEKS):
            monday = self.begin_week(week)
            stops = range(week * len(STOPS), (week + 1) * len(STOPS))
            for stop, hours in zip(stops, STOPS, strict=True):
                self.clock.go_to(monday + timedelta(hours=hours))
                self.story.act(stop)
            self.clock.wait(minutes=5)
            self.desk.follow()
            for stop in stops:
                self.story.act_at_desk(stop)
            self.desk.routine()
            if self.clock.now.month != proven:
                proven = self.clock.now.month
                with self.subTest("proof of two months", until=f"{self.clock.now:%Y-%m-%d}"):
                    self.assert_proven()
            if week >= self.weeks // 2 and not self.story.counts["failed_payout"]:
                self.fail_payout()
            week += 1
        self.story.everybody_leaves()
        for later in range(week, week + LAST_WEEKS):
            self.begin_week(later)
            self.story.answer_disputes(all_of_them=True)
            self.clock.wait(days=5)
            self.desk.follow()
            self.desk.routine()
        self.ended = self.clock.now

    def begin_week(self, week):
        monday = BEGINNING + timedelta(weeks=week)
        self.clock.go_to(monday)
        self.desk.set_rates()
        return monday

    def fail_payout(self):
        """The bank refuses a payout; the next one brings its money again."""
        self.story.sell_until_available()
        self.admin("payout", failure="could_not_process")
        self.clock.wait(seconds=5)
        self.story.counts["failed_payout"] += 1

    # === PROOF === #

    def prove(self, **values):
        job = self.run_job("proof", **values)
        self.assertEqual((job.state, job.error), ("done", False))
        return job

    def differing(self):
        """What differs: period, currency, measure, both sums, documents."""
        return [
            (
                line.period,
                line.currency_id.name,
                line.measure,
                line.there,
                line.here,
                line.stripe_ids,
            )
            for line in self.env["stripe.proof.line"].search([("differs", "=", True)])
        ]

    def assert_proven(self, **values):
        job = self.prove(**values)
        self.assertEqual(self.differing(), [])
        return job

    # === TESTS === #

    def test_year(self):
        started = freezegun.api.real_perf_counter()
        self.live_through()
        lived = freezegun.api.real_perf_counter()
        figures = {"seed": SEED, "customers": CUSTOMERS, "months": MONTHS}
        for check in (
            self.check_happened,
            self.check_events,
            self.check_accounts,
            self.check_customers,
            self.check_count,
            self.check_numbers,
            self.check_audit,
            self.check_proof,
            self.check_proof_can_fail,
        ):
            with self.subTest(check.__name__):
                figures |= check() or {}
        figures["seconds"] = {
            "lived": round(lived - started),
            "checked": round(freezegun.api.real_perf_counter() - lived),
        }
        _logger.info("Year: %s", json.dumps(figures))
        print(json.dumps(figures))

    def check_happened(self):
        """Everything that is to happen in a year has happened."""
        counts = self.story.counts
        self.assertEqual(self.story.planned, [])
        for name, row in KINDS.items():
            least = self.story.get_least(row, self.weeks * len(STOPS))
            self.assertGreaterEqual(counts[name], least, name)
        self.assertGreater(counts["followed_by_webhooks"], 3)
        self.assertGreater(counts["followed_by_catch_up"], 3)
        found = happened.count(self.account.store)
        self.assertEqual([name for name in happened.WANTED if not found[name]], [])
        return {"done": dict(sorted(counts.items())), "happened": dict(sorted(found.items()))}

    def check_events(self):
        """Nothing waits, nothing has failed."""
        left = self.env["stripe.event"].search([("state", "in", ("pending", "failed"))])
        self.assertEqual([(e.event_type, e.object_id, e.state, e.error) for e in left], [])
        number = self.env["stripe.event"].search_count([("state", "=", "done")])
        return {"events": number}

    def check_accounts(self):
        """The clearing account is empty, and what is decided has left the accounts on which it waited."""
        balance = self.stripe.balance.retrieve()
        for part in (*balance.available, *balance.pending):
            self.assertEqual(part.amount, 0, "the last payout took everything")
        here = Here(self.env, self.provider)
        for name in ("clearing", "dispute", "suspense"):
            self.assertEqual(here.left_on(name), [], name)
        self.assertEqual(here.open_on("clearing"), [])
        self.assertEqual(here.open_on("dispute"), [])
        payouts = self.env["stripe.payout"].search([("status", "=", "paid")])
        self.assertEqual(set(payouts.mapped("clearing_difference")), {0.0})
        self.assertEqual(here.trial_balance(), 0)
        self.assertEqual(here.unbalanced(), [])
        return {"payouts": len(payouts)}

    def check_customers(self):
        """Each customer owes, and has to its credit, what Stripe says."""
        there, here = There(self.account.store), Here(self.env, self.provider)
        self.assertEqual(here.owed(), there.owed())
        self.assertEqual(here.balances(), there.balances())

    def check_count(self):
        """Sums and numbers, counted without the product's own proof."""
        there, here = There(self.account.store), Here(self.env, self.provider)
        self.assertEqual(here.totals(), there.totals())
        self.assertEqual(here.sums(), there.sums())
        return {"there": there.totals(), "sums": there.sums()}

    def check_numbers(self):
        """The numbers of no journal have a gap."""
        self.assertEqual(Here(self.env, self.provider).gaps(), [])

    def check_audit(self):
        self.run_job("audit", since=BEGINNING.date())
        self.assertEqual(self.differences(), [])

    def check_proof(self):
        """Of all months and payouts: nothing differs, and the sums are those of the count."""
        job = self.assert_proven(date_from=BEGINNING.date(), date_to=self.ended.date())
        lines = self.env["stripe.proof.line"].search([("job_id", "=", job.id)])
        self.assertEqual(set(lines.mapped("difference")), {0.0})
        self.assertEqual(set(lines.mapped("differing_count")), {0})
        return {"proof": {"lines": len(lines), "counts": job.counts}}

    # === TAMPERING === #

    @contextmanager
    def undone(self):
        """Forget afterwards what was done in the database."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.transaction.clear()

    def check_proof_can_fail(self):
        """Whatever somebody tampers with, the proof names that document and nothing else."""
        for tamper in (
            tampering.payment_canceled,
            tampering.line_changed,
            tampering.tax_line_changed,
            tampering.credit_note_set_back,
            tampering.refund_deleted,
            tampering.fee_reversed,
            tampering.payout_deleted,
            tampering.dispute_changed,
        ):
            with self.subTest(tamper.__name__), self.undone():
                day, expected = tamper(self.env, self.provider)
                # With the month after, as the payout may come then.
                self.prove(date_from=day, date_to=day + timedelta(days=35))
                found = {
                    (measure, document)
                    for _period, _currency, measure, _there, _here, documents in self.differing()
                    for document in documents
                }
                self.assertEqual(found, expected)
