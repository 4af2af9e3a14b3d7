from datetime import timedelta
from unittest.mock import patch

import psycopg2
from odoo import fields
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeUnavailable
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from tests.addon.common import StripeCommon

LOGGER = "odoo.addons.stripe_subscriptions.models.stripe_job"


@tagged("post_install", "-at_install")
class TestStripeJob(StripeCommon, TransactionCase):
    """Jobs: in steps, each committed with its place; what is in the way does not end them."""

    def setUp(self):
        super().setUp()
        self.env["stripe.job"].search([]).unlink()
        self.steps = []
        patcher = patch.object(
            self.registry["stripe.job"], "_step_audit", lambda job: self.step(job)
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def step(self, job):
        """Count to five, as a job does that walks five pages."""
        place = (job.cursor or {}).get("place", 0) + 1
        self.steps.append(place)
        job._advance(place / 5, place=place)
        job._count(checked=10)
        return place == 5

    def start(self):
        return self.env["stripe.job"]._start(self.provider, "audit")

    def work(self):
        with self.enter_registry_test_mode():
            self.env.ref("stripe_subscriptions.ir_cron_run_jobs").method_direct_trigger()
        self.env.invalidate_all()

    def test_works_to_the_end(self):
        job = self.start()
        self.assertEqual(job.state, "waiting")
        self.work()
        self.assertRecordValues(job, [{"state": "done", "progress": 100, "error": False}])
        self.assertEqual(self.steps, [1, 2, 3, 4, 5])
        self.assertEqual(job.counts["checked"], 50)
        self.assertIn("50", job.summary)

    def test_one_of_a_kind_at_a_time(self):
        job = self.start()
        self.assertEqual(self.start(), job)
        self.work()
        self.assertNotEqual(self.start(), job)

    def test_goes_on_where_it_was_killed(self):
        job = self.start()
        job.write({"state": "running", "cursor": {"place": 3}, "counts": {"checked": 30}})
        self.work()
        self.assertEqual(self.steps, [4, 5])
        self.assertEqual(job.counts["checked"], 50)

    def test_stripe_out_of_reach(self):
        job = self.start()
        with patch.object(
            self.registry["stripe.job"], "_step_audit", side_effect=StripeUnavailable("down")
        ):
            self.work()
        self.assertEqual((job.state, job.attempts), ("running", 1))
        self.assertIn("asked again", job.error)
        self.assertGreater(job.next_step_at, fields.Datetime.now())
        self.work()
        self.assertFalse(self.steps, "it is not time yet")
        job.next_step_at = fields.Datetime.now() - timedelta(seconds=1)
        self.work()
        self.assertRecordValues(job, [{"state": "done", "attempts": 0, "error": False}])

    @mute_logger("odoo.sql_db")
    def test_other_work_in_the_way(self):
        job = self.start()
        conflict = psycopg2.errors.SerializationFailure("could not serialize access")
        with patch.object(self.registry["stripe.job"], "_step_audit", side_effect=conflict):
            self.work()
        self.assertEqual((job.state, job.attempts), ("running", 1))
        job.next_step_at = fields.Datetime.now() - timedelta(seconds=1)
        self.work()
        self.assertEqual(job.state, "done")

    def test_what_a_person_has_to_mend(self):
        job = self.start()
        with patch.object(
            self.registry["stripe.job"], "_step_audit", side_effect=UserError("Map the tax rate.")
        ):
            self.work()
        self.assertEqual((job.state, job.error), ("failed", "Map the tax rate."))
        self.assertEqual(job.activity_ids.user_id, self.provider.stripe_billing_user_id)
        job.action_start()
        self.assertFalse(job.activity_ids)
        self.work()
        self.assertEqual(job.state, "done")

    @mute_logger(LOGGER)
    def test_defect_does_not_hold_up_the_lane(self):
        job = self.start()
        with patch.object(
            self.registry["stripe.job"], "_step_audit", side_effect=ZeroDivisionError("x")
        ):
            self.work()
        self.assertEqual((job.state, job.error), ("failed", "x"))

    def test_canceled(self):
        job = self.start()
        job.action_cancel()
        self.work()
        self.assertFalse(self.steps)
        self.assertEqual(job.state, "canceled")
