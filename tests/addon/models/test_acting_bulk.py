from unittest.mock import patch

from odoo.addons.stripe_subscriptions.models.stripe_job_act import METHODS
from odoo.addons.stripe_subscriptions.models.stripe_subscription_acting import StripeSubscription
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from tests.addon.acting_common import ActingCommon


@tagged("post_install", "-at_install")
class TestActingBulk(ActingCommon, TransactionCase):
    """The same for many subscriptions: each for itself, each with its result."""

    def setUp(self):
        super().setUp()
        self.subscriptions = self.env["stripe.subscription"].with_user(self.user)
        for _number in range(3):
            self.subscriptions |= self.make_subscription()

    def confirm(self, model, **answers):
        """Ask for all of them; returns the job."""
        action = self.wizard(model, self.subscriptions, **answers).save().action_confirm()
        self.assertEqual(action["res_model"], "stripe.job")
        return self.env["stripe.job"].browse(action["res_id"])

    def count_changes(self):
        """How often Stripe has changed a subscription."""
        params = {"type": "customer.subscription.updated", "limit": 100}
        return len(self.stripe.events.list(params).data)

    def results(self, job):
        return [(act.state, act.message or "") for act in job.act_ids]

    def test_cancel_many(self):
        self.subscriptions[1]._stripe_cancel("now")
        job = self.confirm("stripe.subscription.cancel", when="period_end", reason="other")
        self.assertEqual(job.state, "waiting")
        self.assertFalse(self.there(self.subscriptions[0])["cancel_at_period_end"])
        self.run_cron("ir_cron_run_jobs")
        self.assertEqual((job.state, job.progress, job.error), ("done", 100, False))
        states, messages = zip(*self.results(job), strict=True)
        self.assertEqual(states, ("done", "failed", "done"))
        self.assertIn("“Canceled”: this cannot be done", messages[1])
        self.assertIn("Not possible", job.summary)
        for subscription in (self.subscriptions[0], self.subscriptions[2]):
            self.assertTrue(self.there(subscription)["cancel_at_period_end"])
            self.assertIn("Other reason", self.said(subscription))
            author = subscription.sudo().message_ids.sorted("id")[-1].author_id
            self.assertEqual(author, self.user.partner_id)

    def test_killed_between(self):
        """A worker that dies leaves what Stripe did undone in Odoo; the job does it once all the same."""
        job = self.confirm("stripe.subscription.cancel", when="period_end")
        end, calls, before = StripeSubscription._stripe_end, [], self.count_changes()

        class Killed(BaseException):
            pass

        def die(subscription, *arguments):
            calls.append(subscription.id)
            if len(calls) == 2:
                raise Killed
            return end(subscription, *arguments)

        with patch.object(StripeSubscription, "_stripe_end", die):
            for _turn in range(3):
                try:
                    with self.env.cr.savepoint():
                        job._step_act()
                except Killed:
                    self.env.invalidate_all()
        self.assertEqual(
            [state for state, _message in self.results(job)], ["done", "done", "waiting"]
        )
        ids = job.act_ids.subscription_id.ids
        self.assertEqual(calls, [ids[0], ids[1], ids[1]])
        self.run_cron("ir_cron_run_jobs")
        self.assertEqual(self.count_changes(), before + 3)

    def test_stripe_is_out_of_reach(self):
        """That is no result of a subscription: the job waits and goes on."""
        job = self.confirm("stripe.subscription.cancel", when="now")
        self.account.faults.add(target="api", kind="500", path="/v1/subscriptions/", times=3)
        self.run_cron("ir_cron_run_jobs")
        self.assertEqual(job.state, "running")
        self.assertIn("does not answer", job.error)
        job.next_step_at = "2020-01-01"
        self.run_cron("ir_cron_run_jobs")
        self.assertEqual({state for state, _message in self.results(job)}, {"done"})

    def test_rights_are_those_of_who_started_it(self):
        job = self.confirm("stripe.subscription.cancel", when="now")
        self.user.group_ids -= self.env.ref("stripe_subscriptions.group_stripe_subscriptions_user")
        self.run_cron("ir_cron_run_jobs")
        self.assertEqual({state for state, _message in self.results(job)}, {"failed"})
        self.assertEqual(self.there(self.subscriptions[0].sudo())["status"], "active")

    def test_who_may_start_it(self):
        with self.assertRaises(AccessError):
            self.env["stripe.job"].with_user(self.readonly_user)._start_acts(
                self.subscriptions.with_user(self.readonly_user), "cancel", {"when": "now"}
            )

    def test_only_known_methods(self):
        fields = self.env["stripe.job"].fields_get(["action"])
        self.assertEqual({key for key, _label in fields["action"]["selection"]}, set(METHODS))
        for method in METHODS.values():
            self.assertTrue(hasattr(self.subscriptions, method), method)
