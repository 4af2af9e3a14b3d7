from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.acting_common import DAY, ActingCommon

PAUSE, UNPAUSE = "stripe.subscription.pause", "stripe.subscription.unpause"


@tagged("post_install", "-at_install")
class TestActingPause(ActingCommon, TransactionCase):
    """Pausing the subscription, or only the collection of its payments."""

    def setUp(self):
        super().setUp()
        self.subscription = self.make_subscription()

    def shown(self, form):
        return float(form.preview["total"])

    # --- the subscription

    def test_pause_and_go_on(self):
        self.pass_time(days=10)
        form = self.wizard(PAUSE, self.subscription)
        self.assertEqual(form.kind, "pause")
        self.assertFalse(form.preview)
        form.save().action_confirm()
        self.assertEqual(self.there(self.subscription)["status"], "paused")
        self.assertEqual(self.subscription.status, "paused")
        self.assertFalse(self.subscription.next_charge_at)
        self.assertIn("nothing is billed", self.said(self.subscription))
        self.assertEqual(
            set(self.subscription.offered_actions),
            {"cancel", "card", "coupon", "unpause"},
        )
        self.pass_time(days=50)
        self.assertEqual(len(self.invoices(self.subscription)), 1)
        form = self.wizard(UNPAUSE, self.subscription)
        self.assertIn("Due now", form.preview_html)
        form.save().action_confirm()
        self.assertEqual(self.subscription.status, "active")
        invoice = self.invoices(self.subscription)[-1]
        self.assertEqual((self.shown(form), invoice.total, invoice.status), (20, 2000, "paid"))
        self.assertIn("Resumed", self.said(self.subscription))

    def test_pause_with_credit(self):
        self.pass_time(days=10)
        form = self.wizard(PAUSE, self.subscription, credit="credit")
        self.assertIn("Credited to the customer", form.preview_html)
        form.save().action_confirm()
        invoice = self.invoices(self.subscription)[-1]
        self.assertLess(invoice.total, 0)
        self.assertEqual(self.shown(form), invoice.total / 100)
        self.assertEqual(self.stripe.customers.retrieve(self.buyer.id).balance, invoice.total)
        form = self.wizard(UNPAUSE, self.subscription, cycle="unchanged")
        form.save().action_confirm()
        made = self.invoices(self.subscription)[-1]
        self.assertEqual(self.shown(form), made.total / 100)
        self.assertEqual(made.total, -invoice.total)

    def test_going_on_with_a_card_that_is_declined(self):
        self.subscription._stripe_pause()
        self.set_card("pm_card_chargeCustomerFail")
        self.subscription._stripe_unpause()
        self.assertEqual(self.subscription.status, "past_due")
        self.assertIn("retry", self.subscription.offered_actions)

    def test_classic_cannot_stand_still(self):
        subscription = self.make_subscription(billing_mode={"type": "classic"})
        with self.assertRaisesRegex(UserError, "classic mode"):
            subscription._stripe_pause()
        form = self.wizard(PAUSE, subscription)
        self.assertEqual((form.kind, form.can_stand_still), ("pause_collection", False))
        self.assertIn("classic mode", form.reason_not)

    def test_crash_after_stripe_has_done_it(self):
        self.crash_before_end(lambda: self.subscription._stripe_pause(credit=True))
        self.subscription._stripe_pause(credit=True)
        self.assertEqual(len(self.invoices(self.subscription)), 2)
        self.crash_before_end(self.subscription._stripe_unpause)
        self.subscription._stripe_unpause()
        self.assertEqual(len(self.invoices(self.subscription)), 3)
        self.assertEqual(self.subscription.status, "active")

    def test_guards(self):
        with self.assertRaisesRegex(UserError, "“Active”"):
            self.subscription._stripe_unpause()
        self.subscription._stripe_cancel("period_end")
        with self.assertRaisesRegex(UserError, "its end is scheduled"):
            self.subscription._stripe_pause()
        calls = ("_stripe_pause", "_stripe_unpause", "_stripe_resume_collection")
        for user in (self.readonly_user, self.portal_user):
            for method in (*calls, "_stripe_pause_collection"):
                with self.assertRaises(AccessError):
                    getattr(self.subscription.with_user(user), method)()

    # --- its payments

    def test_pause_collection(self):
        form = self.wizard(PAUSE, self.subscription, kind="pause_collection")
        form.behavior = "keep_as_draft"
        form.save().action_confirm()
        self.assertEqual(self.subscription.status, "active")
        self.assertEqual(self.subscription.collection_pause, "keep_as_draft")
        self.assertEqual(
            self.there(self.subscription)["pause_collection"],
            {"behavior": "keep_as_draft", "resumes_at": None},
        )
        self.assertIn("kept as drafts", self.said(self.subscription))
        self.pass_time(days=32)
        self.assertEqual(
            [invoice.status for invoice in self.invoices(self.subscription)], ["paid", "draft"]
        )
        with self.assertRaisesRegex(UserError, "paused already"):
            self.subscription._stripe_pause_collection()
        form = self.wizard(
            "stripe.subscription.confirm", self.subscription, action="resume_collection"
        )
        form.save().action_confirm()
        self.assertIsNone(self.there(self.subscription)["pause_collection"])
        self.assertFalse(self.subscription.collection_pause)
        with self.assertRaisesRegex(UserError, "payments are being collected"):
            self.subscription._stripe_resume_collection()

    def test_pause_collection_until(self):
        until = self.subscription._get_today().replace(day=1)
        until = until.replace(year=until.year + 1)
        form = self.wizard(PAUSE, self.subscription, kind="pause_collection", resumes_on=until)
        form.save().action_confirm()
        self.assertEqual(self.subscription.collection_resumes_at.date(), until)
        self.assertIn("begins again on", self.said(self.subscription))

    def test_pause_collection_until_yesterday(self):
        self.subscription.sudo().stripe_customer_id.test_clock = False
        yesterday = self.subscription._get_today().replace(year=2020)
        form = self.wizard(PAUSE, self.subscription, kind="pause_collection", resumes_on=yesterday)
        with self.assertRaisesRegex(UserError, "a day in the future"):
            form.save().action_confirm()

    def test_many(self):
        subscriptions = self.subscription | self.make_subscription()
        action = self.wizard(PAUSE, subscriptions).save().action_confirm()
        self.run_cron("ir_cron_run_jobs")
        job = self.env["stripe.job"].browse(action["res_id"])
        self.assertEqual(
            (job.state, job.action, set(job.act_ids.mapped("state"))), ("done", "pause", {"done"})
        )
        self.assertEqual(set(subscriptions.mapped("status")), {"paused"})
        self.wizard(UNPAUSE, subscriptions).save().action_confirm()
        self.run_cron("ir_cron_run_jobs")
        self.assertEqual(set(subscriptions.mapped("status")), {"active"})
        form = self.wizard(PAUSE, subscriptions, kind="pause_collection")
        form.save().action_confirm()
        self.run_cron("ir_cron_run_jobs")
        self.assertEqual(set(subscriptions.mapped("collection_pause")), {"void"})
        form = self.wizard("stripe.subscription.confirm", subscriptions, action="resume_collection")
        form.save().action_confirm()
        self.run_cron("ir_cron_run_jobs")
        self.assertEqual(set(subscriptions.mapped("collection_pause")), {False})

    def test_pause_ends_by_itself(self):
        self.subscription._stripe_pause_collection("void", self.now() + 5 * DAY)
        self.pass_time(days=6)
        self.refresh(self.subscription)
        self.assertFalse(self.subscription.collection_pause)
