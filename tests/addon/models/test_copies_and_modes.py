import re
from pathlib import Path

from odoo.addons.stripe_subscriptions.stripe_gateway import StripeReadOnly
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon

ADDON = Path(__file__).parents[3] / "stripe_subscriptions"


@tagged("post_install", "-at_install")
class TestCopies(StripeCommon, TransactionCase):
    """A copy of the database reads from a live account, and never writes to it."""

    def setUp(self):
        super().setUp()
        self.provider.write({"state": "enabled", "stripe_secret_key": "sk_live_1"})

    def restore_elsewhere(self):
        """The database gets the id that a restored copy gets."""
        self.env["ir.config_parameter"].set_param("database.uuid", "00000000-copy")
        self.provider.invalidate_recordset()

    def test_original_writes(self):
        self.assertFalse(self.provider.stripe_billing_is_copy)
        self.assertFalse(self.provider._stripe_client()._read_only)

    def test_copy_does_not_write(self):
        self.restore_elsewhere()
        self.assertTrue(self.provider.stripe_billing_is_copy)
        gateway = self.provider._stripe_client()
        for service, method, ids in (
            ("subscriptions", "cancel", ["sub_1"]),
            ("subscriptions", "update", ["sub_1"]),
            ("customers", "create", []),
            ("invoices", "pay", ["in_1"]),
            ("webhook_endpoints", "delete", ["we_1"]),
        ):
            with self.assertRaises(StripeReadOnly):
                gateway.call(service, method, *ids)
        with self.assertRaisesRegex(UserError, "This database is a copy"):
            self.provider._stripe_request("customers", "create", params={"name": "x"})

    def test_reading_methods_are_all_there_is(self):
        """What the gateway is asked for in the addon and counts as reading really only reads."""
        gateway = self.provider._stripe_client()
        self.assertEqual(
            gateway.READING_METHODS,
            {"retrieve", "retrieve_current", "list", "search", "create_preview", "preview"},
        )

    def test_take_over(self):
        self.restore_elsewhere()
        self.provider.action_stripe_billing_take_over()
        self.assertFalse(self.provider.stripe_billing_is_copy)
        self.assertFalse(self.provider._stripe_client()._read_only)

    def test_who_enters_the_key_uses_the_account(self):
        self.restore_elsewhere()
        self.provider.stripe_secret_key = "sk_live_2"
        self.assertFalse(self.provider.stripe_billing_is_copy)

    def test_test_mode_is_free(self):
        self.restore_elsewhere()
        self.provider.write({"state": "test", "stripe_secret_key": "sk_test_1"})
        self.provider.stripe_billing_database = "another"
        self.assertFalse(self.provider.stripe_billing_is_copy)

    def test_neutralized(self):
        sql = (ADDON / "data/neutralize.sql").read_text()
        self.provider.write(
            {
                "stripe_billing_webhook_secret": "whsec_new",
                "stripe_billing_webhook_endpoint": "we_1",
            }
        )
        self.env.flush_all()
        self.env.cr.execute(sql)
        self.env.invalidate_all()
        for name in self.provider._fields:
            if re.fullmatch(r"stripe_.*(key|secret|endpoint)", name):
                self.assertFalse(self.provider[name], name)


@tagged("post_install", "-at_install")
class TestModes(StripeCommon, TransactionCase):
    """Test mode and live mode do not mix; what is left of the first can be removed."""

    def setUp(self):
        super().setUp()
        self.env["stripe.job"].search([]).unlink()
        price, self.price = self.make_price()
        obj = stripe_objects.subscription(self.customer.stripe_id, [(price, 2)])
        self.subscription = self.env["stripe.subscription"]._stripe_apply(self.provider, [obj])
        self.draft = self.make_draft(self.price)
        parent = {"subscription_details": {"subscription": obj["id"]}}
        line = stripe_objects.line(4000)
        invoice = stripe_objects.invoice(self.customer.stripe_id, [line], parent=parent)
        self.move = self.book(invoice)
        self.payment = self.move.reconciled_payment_ids
        self.env["stripe.event"]._stripe_store(
            self.provider, [stripe_objects.event("invoice.paid", invoice)]
        )

    def go_live(self):
        self.provider.write({"state": "enabled", "stripe_secret_key": "sk_live_1"})

    def remove(self):
        wizard = self.env["stripe.remove.test"].create({"provider_id": self.provider.id})
        action = wizard.action_remove()
        with self.enter_registry_test_mode():
            self.env.ref("stripe_subscriptions.ir_cron_run_jobs").method_direct_trigger()
        self.env.invalidate_all()
        return self.env["stripe.job"].browse(action["res_id"])

    def test_objects_of_the_other_mode_are_refused(self):
        self.go_live()
        with self.assertRaisesRegex(UserError, "other mode"):
            self.env["stripe.price"]._stripe_apply(self.provider, [stripe_objects.price()])

    def test_plan_of_the_other_mode_cannot_be_sold(self):
        self.go_live()
        with self.assertRaisesRegex(UserError, "test mode"):
            self.draft._check_mode()

    def test_offered_once_live(self):
        self.assertFalse(self.provider.stripe_billing_has_test_data)
        self.go_live()
        self.provider.invalidate_recordset()
        self.assertTrue(self.provider.stripe_billing_has_test_data)

    def test_preview(self):
        self.go_live()
        wizard = self.env["stripe.remove.test"].create({"provider_id": self.provider.id})
        for label in ("Subscriptions deleted", "Posted invoices canceled", "Payments canceled"):
            self.assertIn(label, wizard.preview)
        self.assertTrue(wizard.total)

    def test_removed(self):
        """S1-30"""
        self.go_live()
        number = self.move.name
        job = self.remove()
        self.assertEqual((job.state, job.error), ("done", False))
        for record in (self.subscription, self.draft, self.customer, self.price):
            self.assertFalse(record.exists(), record)
        self.assertEqual((self.move.state, self.move.name), ("cancel", number), "not deleted")
        self.assertEqual(self.payment.state, "canceled")
        self.assertTrue(self.partner.exists())
        self.assertFalse(self.env["stripe.event"].search([("provider_id", "=", self.provider.id)]))
        self.assertEqual(job.counts["subscriptions"], 2)
        self.provider.invalidate_recordset()
        self.assertFalse(self.provider.stripe_billing_has_test_data)

    def test_closed_books_are_reversed(self):
        self.go_live()
        self.company.fiscalyear_lock_date = self.move.date
        job = self.remove()
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(self.move.state, "posted")
        self.assertEqual(self.move.payment_state, "reversed")

    def test_live_data_stays(self):
        self.go_live()
        live = stripe_objects.price(livemode=True)
        price = self.env["stripe.price"]._stripe_apply(self.provider, [live])
        self.remove()
        self.assertTrue(price.exists())

    def test_refused_in_test_mode(self):
        job = self.remove()
        self.assertEqual(job.state, "failed")
        self.assertIn("in use", job.error)
        self.assertTrue(self.subscription.exists())
