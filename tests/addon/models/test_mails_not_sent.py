from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.addons.stripe_subscriptions import stripe_mails
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from tests.addon.mails_common import DAY, MailsCommon

SENDING = "odoo.addons.stripe_subscriptions.models.stripe_mail_sending"


@tagged("post_install", "-at_install")
class TestMailsNotSent(MailsCommon, TransactionCase):
    """What nobody is told: what was imported, repaired, is old, is switched off or not true any more."""

    def rows(self):
        return self.env["stripe.mail"].search([])

    def test_import_tells_nobody(self):
        self.at_stripe = self.subscribe(self.there, 3)
        self.refund(self.at_stripe, 500)
        self.stripe.subscriptions.update(self.at_stripe.id, {"cancel_at_period_end": True})
        self.import_all()
        self.assertEqual(self.record().status, "active")
        self.assertTrue(self.record().cancel_at)
        self.assertEqual(self.record().move_ids.payment_state, "paid")
        self.assertFalse(self.rows())
        # The events of all that are still to come.
        self.assertEqual(self.kinds(self.told(), "sent", "pending", "failed"), [])

    def import_all(self):
        """Import as the job does; what is on a test clock is on none of the lists that it walks."""
        expand = {"expand": ["discounts"]}
        found = [self.stripe.subscriptions.retrieve(self.at_stripe.id, expand)]
        invoices = [
            self.stripe.invoices.retrieve(one.id, {"expand": ["payments", "discounts"]})
            for one in self.stripe.invoices.list({"customer": self.there.id}).data
        ]
        refunds = self.stripe.refunds.list({"limit": 10}).data
        job = self.env["stripe.job"].create({"provider_id": self.provider.id, "kind": "import"})
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            job = job.with_env(self.env(cr=cr))
            for kind, objects in (
                ("subscription", found),
                ("invoice", invoices),
                ("refund", refunds),
            ):
                objects = [obj.to_dict(for_json=True) for obj in objects]
                job._take(kind, objects, f"{kind}s")
        self.env.invalidate_all()

    def test_import_of_a_failing_payment_then_its_next_attempt(self):
        self.at_stripe = self.subscribe(self.there)
        self.pay_with("pm_card_chargeCustomerFail")
        self.renew()
        self.import_all()
        self.assertEqual(self.record().last_payment_state, "failed")
        self.assertFalse(self.rows())
        self.assertEqual(self.kinds(self.told(), "sent", "pending"), ["renewal"])
        self.advance(3 * DAY + 60)
        self.assertEqual(self.kinds(self.told()), ["payment_failed"])

    def test_repair_tells_nobody(self):
        record = self.subscribed()
        self.stripe.subscriptions.cancel(self.at_stripe.id)
        provider = self.provider.with_context(stripe_repair=True)
        provider._stripe_write(provider._stripe_fetch([("subscription", self.at_stripe.id)]))
        self.assertEqual(record.status, "canceled")
        self.assertEqual(self.kinds(self.told(), "sent", "pending"), [])

    def test_old_happenings_are_no_news(self):
        """An outage of more than three days; without a test clock, whose time says nothing."""
        there = self.make_stripe_customer(
            self.env["res.partner"].create({"name": "Rose", "email": "rose@rose.example"})
        )
        self.at_stripe = self.subscribe(there)
        self.told()
        self.stripe.subscriptions.update(self.at_stripe.id, {"cancel_at_period_end": True})
        long_ago = -stripe_mails.MAX_AGE - 3600
        with self.account.lock:
            for event in list(self.account.store.select("event")):
                self.account.store.update(event, created=event["created"] + long_ago)
        self.assertEqual(self.kinds(self.told(), "sent", "pending"), [])
        self.assertTrue(self.record().cancel_at)

    def test_copy_of_a_database_tells_nobody(self):
        self.at_stripe = self.subscribe(self.there)
        self.bring()
        rows = self.rows()
        self.assertTrue(rows)
        with patch.object(type(self.provider), "stripe_billing_is_copy", True):
            self.told()
            self.assertEqual(set(rows.mapped("reason")), {"This database is a copy."})
            rows.unlink()
            self.stripe.subscriptions.cancel(self.at_stripe.id)
            self.assertFalse(self.told())
        self.assertEqual(self.record().status, "canceled")

    def test_each_can_be_switched_off(self):
        """S1-19"""
        settings = self.provider.stripe_mail_setting_ids
        self.assertEqual(sorted(settings.mapped("kind")), sorted(self.all_kinds()))
        settings.enabled = False
        self.at_stripe = self.subscribe(self.there)
        self.told()
        self.pay_with("pm_card_chargeCustomerFail")
        self.renew()
        self.stripe.subscriptions.cancel(self.at_stripe.id)
        self.assertFalse(self.told())
        settings.filtered(lambda s: s.kind == "welcome").enabled = True
        template = self.env.ref("stripe_subscriptions.mail_template_subscription_welcome")
        template.write({"subject": "Our own words", "body_html": "<p>Hello</p>"})
        self.at_stripe = self.subscribe(self.there, default_payment_method=self.good_card())
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["welcome"])
        self.assertEqual(rows.message_id.subject, "Our own words")

    def good_card(self):
        method = self.stripe.payment_methods.attach("pm_card_visa", {"customer": self.there.id})
        return method.id

    def test_switched_off_while_it_waits(self):
        self.at_stripe = self.subscribe(self.there)
        self.bring()
        self.provider.stripe_mail_setting_ids.enabled = False
        rows = self.told()
        self.assertEqual(set(rows.mapped("reason")), {"Mails of this kind are switched off."})

    def test_nobody_to_write_to(self):
        (self.contact | self.buyer).email = False
        self.at_stripe = self.subscribe(self.there)
        row = self.told().filtered(lambda row: row.kind == "welcome")
        self.assertEqual(row.state, "skipped")
        self.assertIn("has no e-mail address", row.reason)

    def test_older_answer_of_stripe_tells_nothing(self):
        record = self.subscribed()
        known = dict(record.stripe_data)
        self.stripe.subscriptions.update(self.at_stripe.id, {"cancel_at_period_end": True})
        self.assertEqual(self.kinds(self.told()), ["cancel_scheduled"])
        self.env["stripe.subscription"].with_context(stripe_fetched_at=1.0)._stripe_apply(
            self.provider, [known]
        )
        self.assertEqual(self.kinds(self.told(), "sent", "pending"), [])

    # === TROUBLE === #

    def test_broken_template(self):
        template = self.env.ref("stripe_subscriptions.mail_template_subscription_welcome")
        template.body_html = '<p>Sum: <t t-out="1 / 0"/></p>'
        self.at_stripe = self.subscribe(self.there)
        with mute_logger(SENDING, "odoo.addons.mail.models.mail_render_mixin"):
            rows = self.told()
        row = rows.filtered(lambda row: row.kind == "welcome")
        self.assertEqual((row.state, row.attempts), ("pending", 1))
        self.assertIn("division by zero", row.reason)
        self.assertGreater(row.due_at, fields.Datetime.now())
        self.assertEqual(self.record().status, "active")
        self.assertEqual(self.record().move_ids.payment_state, "paid")
        self.assertIn("subscribed_staff", self.kinds(rows), "the others are sent")
        for _attempt in range(4):
            row.due_at = fields.Datetime.now() - timedelta(seconds=1)
            with mute_logger(SENDING, "odoo.addons.mail.models.mail_render_mixin"):
                self.run_cron("ir_cron_send_mails")
        self.assertEqual((row.state, row.attempts), ("failed", 5))
        activity = self.record().activity_ids
        self.assertIn("could not be sent", activity.summary)
        self.assertEqual(activity.user_id, self.provider.stripe_billing_user_id)
        # The receipt does not wait for it for ever.
        receipt = rows.filtered(lambda row: row.kind == "receipt")
        receipt.action_send()
        template.body_html = "<p>Mended</p>"
        self.run_cron("ir_cron_send_mails")
        self.assertEqual(receipt.state, "sent")
        row.action_send()
        self.run_cron("ir_cron_send_mails")
        self.assertEqual((row.state, row.reason), ("sent", False))

    def test_pdf_that_cannot_be_made(self):
        self.at_stripe = self.subscribe(self.there)
        error = UserError("Unable to find Wkhtmltopdf")

        def refuse(*_arguments, **_more):
            raise error

        report = self.env["account.move.send"]
        self.patch(type(report), "_prepare_invoice_pdf_report", refuse)
        with mute_logger(SENDING):
            row = self.the(self.told(), "welcome")
        self.assertIn("Unable to find Wkhtmltopdf", row.reason)
        self.assertNotIn("attached", row.message_id.body)

    def test_outage_of_stripe_while_an_amount_is_asked(self):
        self.subscribed()
        self.advance(31 * DAY - 8 * DAY)
        self.bring()
        self.account.faults.add(
            target="api", kind="500", path="/v1/invoices/create_preview", times=None
        )
        with mute_logger("stripe"):
            row = self.told().filtered(lambda row: row.kind == "renewal")
        self.assertEqual((row.state, row.attempts), ("pending", 1))
        self.account.faults.clear()
        row.action_send()
        self.run_cron("ir_cron_send_mails")
        self.assertEqual(row.state, "sent")

    # === PEOPLE === #

    def test_rights(self):
        self.at_stripe = self.subscribe(self.there)
        self.bring()
        rows = self.rows()
        group = "stripe_subscriptions.group_stripe_subscriptions_"
        user = new_test_user(self.env, "mail_user", groups=f"{group}user")
        manager = new_test_user(self.env, "mail_manager", groups=f"{group}manager")
        self.assertTrue(rows.with_user(user).mapped("display_name"))
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            rows.with_user(user).action_send()
        rows.with_user(manager).action_skip()
        self.assertEqual(set(rows.mapped("state")), {"skipped"})
        with self.assertRaisesRegex(UserError, "pending or have failed"):
            rows.with_user(manager).action_send()
        setting = self.provider.stripe_mail_setting_ids[0]
        setting.with_user(manager).enabled = False
        self.assertNotIn(setting.kind, self.provider._stripe_get_mail_kinds())

    def test_who_of_staff_is_told(self):
        boss = new_test_user(self.env, "boss", groups="base.group_user", email="b@company.example")
        setting = self.provider.stripe_mail_setting_ids.filtered(
            lambda s: s.kind == "subscribed_staff"
        )
        setting.user_ids = boss
        self.at_stripe = self.subscribe(self.there)
        row = self.the(self.told(), "subscribed_staff")
        self.assertEqual(row.message_id.partner_ids, boss.partner_id)
        setting.user_ids = False
        self.provider.stripe_billing_user_id = False
        self.at_stripe = self.subscribe(self.there)
        row = self.told().filtered(lambda row: row.kind == "subscribed_staff")
        self.assertEqual((row.state, row.reason), ("skipped", "Nobody is told."))

    def test_rows_are_forgotten(self):
        self.subscribed()
        rows = self.rows()
        rows.write({"create_date": fields.Datetime.now() - timedelta(days=400)})
        self.env.cr.execute(
            "UPDATE stripe_mail SET create_date = create_date - interval '400 days' WHERE id IN %s",
            [tuple(rows.ids)],
        )
        rows.invalidate_recordset()
        rows._gc_mails()
        self.assertFalse(rows.exists())
