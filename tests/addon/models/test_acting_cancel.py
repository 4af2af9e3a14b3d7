from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import TransactionCase, new_test_user, tagged

from tests.addon.acting_common import DAY, ActingCommon


@tagged("post_install", "-at_install")
class TestActingCancel(ActingCommon, TransactionCase):
    """Ending a subscription, at once or later, and taking that back."""

    def setUp(self):
        super().setUp()
        self.subscription = self.make_subscription()

    # --- at the end of the period

    def test_cancel_at_period_end(self):
        """S1-22"""
        self.subscription._stripe_cancel("period_end", "too_expensive", "Sorry")
        obj = self.there(self.subscription)
        self.assertTrue(obj["cancel_at_period_end"])
        self.assertEqual(obj["cancellation_details"]["feedback"], "too_expensive")
        self.assertEqual(obj["cancellation_details"]["comment"], "Sorry")
        self.assertEqual(self.subscription.status, "active")
        self.assertEqual(self.subscription.cancel_at, self.subscription.current_period_end)
        self.assertFalse(self.subscription.next_charge_at)
        message = self.said(self.subscription)
        self.assertIn("Cancellation scheduled: it ends on", message)
        self.assertIn("It's too expensive, “Sorry”", message)
        author = self.subscription.sudo().message_ids.sorted("id")[-1].author_id
        self.assertEqual(author, self.user.partner_id)

    def test_what_is_offered_while_it_ends(self):
        self.assertNotIn("resume", self.subscription.offered_actions)
        self.subscription._stripe_cancel("period_end")
        self.assertIn("resume", self.subscription.offered_actions)
        self.assertNotIn("cancel_later", self.subscription.offered_actions)
        with self.assertRaisesRegex(UserError, "its end is scheduled"):
            self.subscription._stripe_cancel("period_end")
        # What was scheduled can still be done at once.
        self.subscription._stripe_cancel("now")
        self.assertEqual(self.subscription.status, "canceled")

    def test_resume(self):
        """S1-22"""
        with self.assertRaisesRegex(UserError, "its end is not scheduled"):
            self.subscription._stripe_resume()
        self.subscription._stripe_cancel("period_end")
        self.subscription._stripe_resume()
        self.assertFalse(self.there(self.subscription)["cancel_at_period_end"])
        self.assertFalse(self.subscription.cancel_at)
        self.assertEqual(self.subscription.next_charge_at, self.subscription.current_period_end)
        self.assertIn("taken back", self.said(self.subscription))

    def test_resume_what_ends_on_a_date(self):
        # Stripe's own pages set a date, not the flag.
        ends = self.there(self.subscription)["items"]["data"][0]["current_period_end"]
        self.stripe.subscriptions.update(
            self.subscription.stripe_id, {"cancel_at": ends + 40 * DAY}
        )
        self.refresh(self.subscription)
        self.subscription._stripe_resume()
        self.assertIsNone(self.there(self.subscription)["cancel_at"])

    def test_there_and_back_again_and_again(self):
        # Each has its own key, although what is asked for is the same.
        for _turn in range(3):
            self.subscription._stripe_cancel("period_end")
            self.assertTrue(self.there(self.subscription)["cancel_at_period_end"])
            self.subscription._stripe_resume()
            self.assertFalse(self.there(self.subscription)["cancel_at_period_end"])

    # --- at once

    def test_cancel_now(self):
        """S1-22"""
        self.subscription._stripe_cancel("now", "unused")
        self.assertEqual(self.there(self.subscription)["status"], "canceled")
        self.assertEqual(self.subscription.status, "canceled")
        self.assertTrue(self.subscription.ended_at)
        self.assertFalse(self.subscription.mrr)
        self.assertIn("Canceled at once. Reason: No longer used", self.said(self.subscription))
        self.assertEqual(len(self.invoices(self.subscription)), 1)
        self.assertFalse(self.subscription.offered_actions)
        with self.assertRaisesRegex(UserError, "“Canceled”: this cannot be done"):
            self.subscription._stripe_cancel("now")

    def test_cancel_now_with_credit(self):
        self.pass_time(days=10)
        form = self.wizard("stripe.subscription.cancel", self.subscription)
        form.when = "now"
        form.settlement = "credit"
        preview = form.preview
        self.assertFalse(form.preview_error)
        self.assertIn("Unused time on Team", form.preview_html)
        form.save().action_confirm()
        invoice = self.invoices(self.subscription)[-1]
        self.assertLess(invoice.total, 0)
        self.assertEqual(float(preview["total"]), invoice.total / 100)
        move = self.subscription.move_ids.sudo().filtered(
            lambda move: move.stripe_invoice_id == invoice.id
        )
        self.assertEqual((move.move_type, move.state), ("out_refund", "posted"))
        self.assertEqual(move.amount_total, -invoice.total / 100)
        self.assertIn("credited", self.said(self.subscription))

    def test_cancel_now_with_refund(self):
        self.settle()
        accountant = new_test_user(
            self.env,
            "accountant_actor",
            groups="stripe_subscriptions.group_stripe_subscriptions_user,"
            "account.group_account_invoice",
        )
        self.pass_time(days=15)
        form = self.wizard("stripe.subscription.cancel", self.subscription, accountant)
        form.when = "now"
        form.settlement = "refund"
        self.assertAlmostEqual(form.refund_amount, 10, delta=0.5)
        self.assertEqual(form.refundable_amount, 20)
        form.refund_amount = 21
        with self.assertRaisesRegex(UserError, "Between 0 and 20"):
            form.save().action_confirm()
        form.refund_amount = 12.34
        form.save().action_confirm()
        self.assertEqual(self.subscription.status, "canceled")
        notes = self.stripe.credit_notes.list({"customer": self.buyer.id}).data
        self.assertEqual([note.total for note in notes], [1234])
        self.assertEqual(self.stripe.refunds.list().data[0].amount, 1234)
        self.assertIn("12.34", self.said(self.subscription))

    def test_refund_needs_accounting(self):
        with self.assertRaises(AccessError):
            self.subscription._stripe_cancel("now", refund=5)
        self.assertEqual(self.there(self.subscription)["status"], "active")
        settlements = self.env["stripe.subscription.cancel"].with_user(self.user)
        self.assertNotIn("refund", dict(settlements._get_settlements()))

    def test_refund_that_fails_does_not_hide_the_cancellation(self):
        self.subscription.sudo()._stripe_cancel("now", refund=500)
        self.assertEqual(self.there(self.subscription)["status"], "canceled")
        self.assertEqual(self.subscription.status, "canceled")
        self.assertIn("The refund of", self.said(self.subscription))
        self.assertEqual(self.subscription.sudo().activity_ids.summary, "Refund failed")

    def test_cancel_incomplete(self):
        subscription = self.make_subscription(payment_behavior="default_incomplete")
        self.assertEqual(subscription.status, "incomplete")
        self.assertEqual(set(subscription.offered_actions), {"cancel", "retry"})
        with self.assertRaisesRegex(UserError, "Incomplete"):
            subscription._stripe_cancel("period_end")
        subscription._stripe_cancel("now")
        self.assertEqual(subscription.status, "canceled")

    # --- once

    def test_crash_after_stripe_has_done_it(self):
        for action, arguments in (
            ("_stripe_cancel", ("period_end",)),
            ("_stripe_resume", ()),
            ("_stripe_cancel", ("now",)),
        ):
            method = getattr(self.subscription, action)
            self.crash_before_end(lambda method=method, arguments=arguments: method(*arguments))
            # Settling a charge takes a moment and has an event, too.
            told = {
                "types": ["customer.subscription.updated", "customer.subscription.deleted"],
                "limit": 100,
            }
            events = len(self.stripe.events.list(told).data)
            method(*arguments)
            # Stripe gave its first answer again, or had nothing left to do.
            self.assertEqual(len(self.stripe.events.list(told).data), events, action)
        self.assertEqual(self.subscription.status, "canceled")

    def test_refused_is_tried_anew(self):
        # Stripe remembers the refusal for a day; it must not stand for the second try.
        self.account.faults.add(
            target="api", kind="500", path="/v1/subscriptions", method="POST", times=3
        )
        with self.assertRaisesRegex(UserError, "does not answer"):
            self.subscription._stripe_cancel("period_end")
        self.subscription._stripe_cancel("period_end")
        self.assertTrue(self.there(self.subscription)["cancel_at_period_end"])

    def test_somebody_else_is_at_it(self):
        """Two connections to the database, as two users have them."""
        with self.registry.cursor() as cr:
            env = self.env(cr=cr, user=SUPERUSER_ID, context={})
            partner = env["res.partner"].create({"name": "At it"})
            record = env["stripe.subscription"].create(
                {"name": "At it", "partner_id": partner.id, "provider_id": self.provider.id}
            )
            cr.commit()
            try:
                self.assertTrue(record.try_lock_for_update(allow_referencing=True))
                with self.registry.cursor() as other:
                    mine = record.with_env(env(cr=other))
                    with self.assertRaisesRegex(UserError, "Somebody else is changing At it"):
                        mine._stripe_begin("cancel")
            finally:
                record.unlink()
                partner.unlink()
                cr.commit()

    # --- who

    def test_rights(self):
        for user in (self.readonly_user, self.portal_user):
            for method, arguments in (("_stripe_cancel", ("now",)), ("_stripe_resume", ())):
                with self.assertRaises(AccessError):
                    getattr(self.subscription.with_user(user), method)(*arguments)
            with self.assertRaises(AccessError):
                self.env["stripe.subscription.cancel"].with_user(user).create({})
        self.assertEqual(self.there(self.subscription)["status"], "active")

    def test_nobody_calls_them_from_outside(self):
        names = [
            name
            for name in dir(type(self.subscription))
            if name.startswith("_stripe_") and callable(getattr(type(self.subscription), name))
        ]
        self.assertIn("_stripe_cancel", names)
        for name in names:
            with self.assertRaises(AccessError):
                get_public_method(self.subscription, name)

    def test_draft(self):
        _obj, price = self.make_price()
        draft = self.make_draft(price)
        with self.assertRaisesRegex(UserError, "Not subscribed"):
            draft._stripe_cancel("now")
        with self.assertRaisesRegex(UserError, "Not subscribed"):
            self.wizard("stripe.subscription.cancel", draft)

    # --- the question

    def test_question_once(self):
        wizard = self.wizard("stripe.subscription.cancel", self.subscription).save()
        self.assertEqual(wizard.when, "period_end")
        self.assertEqual(wizard.action_confirm(), {"type": "ir.actions.act_window_close"})
        # A second click, or another tab: it was answered.
        self.assertEqual(wizard.action_confirm(), {"type": "ir.actions.act_window_close"})
        self.assertTrue(self.there(self.subscription)["cancel_at_period_end"])

    def test_question_is_shown_again_when_the_money_changed(self):
        form = self.wizard("stripe.subscription.cancel", self.subscription)
        form.when = "now"
        form.settlement = "credit"
        wizard = form.save()
        self.stripe.invoice_items.create(
            {
                "customer": self.buyer.id,
                "subscription": self.subscription.stripe_id,
                "amount": 700,
                "currency": "usd",
                "description": "Training",
            }
        )
        action = wizard.action_confirm()
        self.assertEqual((action["res_model"], action["res_id"]), (wizard._name, wizard.id))
        self.assertTrue(wizard.changed)
        self.assertIn("Training", wizard.preview_html)
        self.assertEqual(self.there(self.subscription)["status"], "active")
        wizard.action_confirm()
        self.assertEqual(self.there(self.subscription)["status"], "canceled")
        self.assertEqual(
            float(wizard.preview["total"]), self.invoices(self.subscription)[-1].total / 100
        )

    def test_stripe_error_is_shown_in_the_question(self):
        form = self.wizard("stripe.subscription.cancel", self.subscription)
        self.account.faults.add(
            target="api", kind="500", path="/v1/invoices/create_preview", times=3
        )
        form.when = "now"
        form.settlement = "credit"
        self.assertIn("does not answer", form.preview_error)
        self.assertFalse(form.preview)
