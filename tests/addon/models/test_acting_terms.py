from datetime import date, timedelta

from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.acting_common import DAY, ActingCommon

TRIAL, COUPON = "stripe.subscription.trial", "stripe.subscription.coupon"
DATE = "stripe.subscription.billing.date"


@tagged("post_install", "-at_install")
class TestActingTerms(ActingCommon, TransactionCase):
    """Trial, coupon and day of billing."""

    def shown(self, form):
        return float(form.preview["total"])

    def day(self, days):
        """A day so far from that of the test clock."""
        return date.fromtimestamp(self.now()) + timedelta(days=days)

    # --- trial

    def test_extend_a_trial(self):
        subscription = self.make_subscription(trial_end=self.now() + 5 * DAY)
        form = self.wizard(TRIAL, subscription)
        self.assertFalse(form.preview)
        form.date = self.day(20)
        self.assertIn("Next charge on", form.preview_html)
        form.save().action_confirm()
        self.assertEqual(subscription.status, "trialing")
        self.assertEqual(subscription.trial_end.date(), self.day(20))
        self.assertEqual(subscription.next_charge_at.date(), self.day(20))
        self.assertIn("The first charge is on", self.said(subscription))
        self.pass_time(days=21)
        self.assertEqual(self.invoices(subscription)[-1].total / 100, self.shown(form))

    def test_end_a_trial(self):
        subscription = self.make_subscription(trial_end=self.now() + 5 * DAY)
        form = self.wizard(TRIAL, subscription, when="now")
        self.assertIn("Due now", form.preview_html)
        form.save().action_confirm()
        self.assertEqual(subscription.status, "active")
        invoice = self.invoices(subscription)[-1]
        self.assertEqual((invoice.total, invoice.status), (2000, "paid"))
        self.assertEqual(self.shown(form), 20)
        with self.assertRaisesRegex(UserError, "“Active”"):
            subscription._stripe_change_trial("now")

    def test_end_a_trial_with_a_card_that_is_declined(self):
        subscription = self.make_subscription(trial_end=self.now() + 5 * DAY)
        self.set_card("pm_card_chargeCustomerFail")
        with self.assertRaisesRegex(UserError, "declined"):
            subscription._stripe_change_trial("now")
        self.assertEqual(self.there(subscription)["status"], "trialing")
        self.set_card("pm_card_visa")
        subscription._stripe_change_trial("now")
        self.assertEqual(subscription.status, "active")

    def test_trial_of_a_first_billing_date(self):
        first = self.day(10)
        subscription = self.make_subscription(
            trial_end=utils.local_time(first, "UTC"),
            metadata={const.METADATA_FIRST_BILLING: first.isoformat()},
        )
        self.assertEqual(subscription.status, "future")
        form = self.wizard(TRIAL, subscription)
        form.date = self.day(30)
        form.save().action_confirm()
        self.assertEqual(subscription.status, "future")
        self.assertEqual(subscription.first_billing_date, self.day(30))
        subscription._stripe_change_trial("now")
        self.assertEqual((subscription.status, subscription.mrr), ("active", 20))

    def test_bounds(self):
        subscription = self.make_subscription(trial_end=self.now() + 5 * DAY)
        for moment in (self.now() - 1, self.now() + 731 * DAY):
            with self.assertRaisesRegex(UserError, "at most 730 days ahead"):
                subscription._stripe_change_trial(moment)
        form = self.wizard(TRIAL, subscription)
        form.date = self.day(-3)
        self.assertIn("in the future", form.preview_error)

    # --- coupon

    def make_coupon(self, **values):
        coupon = self.stripe.coupons.create({"percent_off": 25, "duration": "forever", **values})
        self.provider.action_stripe_billing_fetch_catalogue()
        return self.env["stripe.coupon"].search([("stripe_id", "=", coupon.id)])

    def test_coupon(self):
        """S2-09"""
        subscription, coupon = self.make_subscription(), self.make_coupon(name="Friends")
        form = self.wizard(COUPON, subscription)
        form.coupon_id = coupon
        self.assertEqual(self.shown(form), 15)
        self.assertIn("Discount", form.preview_html)
        form.save().action_confirm()
        self.assertEqual(subscription.coupon_id, coupon)
        self.assertIn("Friends (25% off)", self.said(subscription))
        self.pass_time(days=32)
        self.assertEqual(self.invoices(subscription)[-1].total, 1500)
        # Another one takes its place, and none.
        other = self.make_coupon(percent_off=50)
        subscription._stripe_set_coupon(other.id)
        obj = self.there(subscription, "discounts")
        self.assertEqual([row["source"]["coupon"] for row in obj["discounts"]], [other.stripe_id])
        form = self.wizard(COUPON, subscription)
        self.assertEqual(form.current_id, other)
        self.assertEqual(self.shown(form), 20)
        form.save().action_confirm()
        self.assertFalse(self.there(subscription)["discounts"])
        self.assertFalse(subscription.coupon_id)
        self.assertIn("taken away", self.said(subscription))

    def test_coupon_that_does_not_fit(self):
        subscription = self.make_subscription()
        euros = self.make_coupon(percent_off=None, amount_off=100, currency="eur")
        gone = self.make_coupon()
        gone.active = False
        for coupon in (euros, gone):
            with self.assertRaisesRegex(UserError, "not valid for"):
                subscription._stripe_set_coupon(coupon.id)
        form = self.wizard(COUPON, subscription)
        with self.assertRaisesRegex(UserError, "Choose a coupon"):
            form.save().action_confirm()

    def test_coupon_for_many(self):
        subscriptions = self.make_subscription() | self.make_subscription()
        coupon = self.make_coupon(max_redemptions=1)
        form = self.wizard(COUPON, subscriptions)
        form.coupon_id = coupon
        action = form.save().action_confirm()
        self.run_cron("ir_cron_run_jobs")
        job = self.env["stripe.job"].browse(action["res_id"])
        self.assertEqual(job.act_ids.mapped("state"), ["done", "failed"])
        self.assertIn("expired", job.act_ids[1].message)
        self.assertEqual(job.act_ids[0].subscription_id.coupon_id, coupon)

    def test_crash_after_stripe_has_done_it(self):
        subscription, coupon = self.make_subscription(), self.make_coupon()
        self.crash_before_end(lambda: subscription._stripe_set_coupon(coupon.id))
        subscription._stripe_set_coupon(coupon.id)
        self.assertEqual(self.stripe.coupons.retrieve(coupon.stripe_id).times_redeemed, 1)
        self.crash_before_end(lambda: subscription._stripe_change_billing_date("now"))
        subscription._stripe_change_billing_date("now")
        self.assertEqual(len(self.invoices(subscription)), 2)

    # --- day of billing

    def test_new_period_now(self):
        subscription = self.make_subscription()
        self.pass_time(days=10)
        form = self.wizard(DATE, subscription, when="now")
        self.assertEqual(form.proration, "create_prorations")
        self.assertIn("Unused time", form.preview_html)
        self.assertIn("Next charge on", form.preview_html)
        form.save().action_confirm()
        invoice = self.invoices(subscription)[-1]
        self.assertEqual(self.shown(form), invoice.total / 100)
        self.assertLess(invoice.total, 2000)
        self.assertEqual(subscription.current_period_start, utils.to_datetime(self.now()))
        self.assertEqual(utils.to_datetime(form.preview["next_at"]), subscription.next_charge_at)
        self.assertEqual(form.preview["next_total"], "20.00")
        self.assertIn("began at once", self.said(subscription))

    def test_later_day(self):
        subscription = self.make_subscription()
        form = self.wizard(DATE, subscription)
        self.assertEqual(form.proration, "none")
        form.date = self.day(45)
        form.save().action_confirm()
        self.assertEqual(subscription.next_charge_at.date(), self.day(45))
        self.assertEqual(subscription.status, "trialing")
        self.assertIn("the next charge is on", self.said(subscription))
        self.pass_time(days=44)
        self.assertEqual([i.total for i in self.invoices(subscription)], [2000, 0])
        self.pass_time(days=2)
        self.refresh(subscription)
        self.assertEqual(subscription.status, "active")
        self.assertEqual(self.invoices(subscription)[-1].total, 2000)

    def test_later_day_of_what_was_future_once(self):
        first = self.day(5)
        subscription = self.make_subscription(
            trial_end=utils.local_time(first, "UTC"),
            metadata={const.METADATA_FIRST_BILLING: first.isoformat()},
        )
        self.pass_time(days=6)
        self.refresh(subscription)
        self.assertEqual(subscription.status, "active")
        subscription._stripe_change_billing_date(self.now() + 50 * DAY)
        self.assertEqual(subscription.status, "trialing")
        self.assertEqual(subscription.first_billing_date, first)

    def test_rights(self):
        subscription = self.make_subscription()
        for user in (self.readonly_user, self.portal_user):
            for method, arguments in (
                ("_stripe_change_trial", ("now",)),
                ("_stripe_set_coupon", ()),
                ("_stripe_change_billing_date", ("now",)),
            ):
                with self.assertRaises(AccessError):
                    getattr(subscription.with_user(user), method)(*arguments)
