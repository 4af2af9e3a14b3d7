"""From the keys to the first subscription, what is missing, and what customers may do alone."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from tests.addon.common import KEY
from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestSetup(SandboxCommon, TransactionCase):
    def setUp(self):
        super().setUp()
        self.provider.write(
            {
                "state": "disabled",
                "stripe_secret_key": False,
                "stripe_publishable_key": False,
                "stripe_billing_account": False,
                "stripe_billing_webhook_secret": False,
                "stripe_billing_webhook_endpoint": False,
                "stripe_billing_journal_id": False,
            }
        )
        self.env["stripe.tax.rate"].search([]).tax_id = False
        self.setup = self.env["stripe.setup"].create({"provider_id": self.provider.id})

    def again(self):
        self.setup.invalidate_recordset()
        return self.setup

    def connect(self):
        self.setup.write({"secret_key": KEY, "publishable_key": "pk_test_1"})
        self.setup.action_connect()
        return self.again()

    def test_nothing_is_done(self):
        self.assertFalse(self.setup.is_connected)
        self.assertFalse(self.setup.has_webhook)

    def test_connect(self):
        self.stripe.tax_rates.create(
            {"display_name": "Odd", "percentage": 3.21, "inclusive": False}
        )
        setup = self.connect()
        self.assertTrue(setup.is_connected)
        self.assertEqual((self.provider.state, self.provider.stripe_secret_key), ("test", KEY))
        self.assertEqual(setup.price_count, 1)
        self.assertEqual((setup.rate_count, setup.unmapped_rate_count), (1, 1))

    def test_key_that_is_none(self):
        for secret, publishable in (("", "pk_test_1"), ("pk_test_1", "pk_test_1"), (KEY, "")):
            self.setup.write({"secret_key": secret, "publishable_key": publishable})
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.setup.action_connect()
        self.assertEqual(self.provider.state, "disabled")

    def test_key_that_stripe_refuses(self):
        self.setup.write({"secret_key": "sk_test_wrong", "publishable_key": "pk_test_1"})
        with self.assertRaisesRegex(UserError, "Stripe says") as refused, self.env.cr.savepoint():
            self.setup.action_connect()
        self.assertNotIn("sk_test_wrong", str(refused.exception))

    def test_mistake_does_not_stop_what_works(self):
        """What is entered reaches the payment provider only once Stripe has taken it."""
        setup = self.connect()
        self.assertFalse(setup.secret_key)
        setup.write({"secret_key": "sk_test_wrong", "publishable_key": "pk_test_2"})
        self.assertRecordValues(
            self.provider, [{"stripe_secret_key": KEY, "stripe_publishable_key": "pk_test_1"}]
        )
        with self.assertRaisesRegex(UserError, "Stripe says"), self.env.cr.savepoint():
            setup.action_connect()
        # The key that is kept is used again where none is entered.
        setup.secret_key = False
        setup.action_connect()
        self.assertRecordValues(
            self.provider, [{"stripe_secret_key": KEY, "stripe_publishable_key": "pk_test_2"}]
        )

    def test_all_steps(self):
        setup = self.connect()
        self.assertEqual(setup.done_count, 3, "connected, plans, no rate to map")
        setup.action_journal()
        self.provider.stripe_billing_webhook_endpoint = "we_1"
        self.provider.stripe_billing_webhook_secret = "whsec_1"
        self.assertEqual(self.again().done_count, 5)

    def test_unmapped_rate_is_a_step_to_do(self):
        self.stripe.tax_rates.create(
            {"display_name": "Odd", "percentage": 3.21, "inclusive": False}
        )
        before = self.connect().done_count
        self.env["stripe.tax.rate"].search([("tax_id", "=", False)]).action_create_tax()
        self.assertEqual(self.again().done_count, before + 1)

    def test_opens_for_administrators_only(self):
        self.assertEqual(self.env["stripe.setup"].action_open()["res_model"], "stripe.setup")
        user = new_test_user(
            self.env,
            "subscriptions_manager",
            groups="stripe_subscriptions.group_stripe_subscriptions_manager",
        )
        with self.assertRaises(AccessError):
            self.env["stripe.setup"].with_user(user).action_open()

    def test_company_without_a_provider(self):
        company = self.env["res.company"].create({"name": "Alone"})
        self.env["payment.provider"].search([("company_id", "=", company.id)]).write(
            {"code": "none"}
        )
        with self.assertRaisesRegex(UserError, "no payment provider"):
            self.env["stripe.setup"].with_company(company).action_open()

    # === SETTINGS === #

    def test_default_terms(self):
        self.company.stripe_default_terms = "<p>Pay in time.</p>"
        form = Form(self.env["stripe.subscription"].with_company(self.company))
        self.assertIn("Pay in time", form.terms)

    def test_imported_subscription_has_no_terms_of_ours(self):
        self.connect()
        self.company.stripe_default_terms = "<p>Pay in time.</p>"
        there = self.subscribe(self.make_stripe_customer(self.partner))
        self.provider._stripe_sync([("subscription", there.id)])
        record = self.env["stripe.subscription"].search([("stripe_id", "=", there.id)])
        self.assertFalse(record.terms)

    # === ACCESS === #

    def test_products_of_a_customer(self):
        """S2-06, S2-22"""
        self.connect()
        contact = self.env["res.partner"].create({"name": "Ann", "parent_id": self.partner.id})
        buyer = self.make_stripe_customer(self.partner)
        there, another = self.subscribe(buyer, quantity=3), self.subscribe(buyer, quantity=2)
        keys = [("subscription", there.id), ("subscription", another.id)]
        self.provider._stripe_sync(keys)
        record = self.env["stripe.subscription"].search([("stripe_id", "=", there.id)])
        product = record.item_ids.price_id.product_id
        self.assertTrue(record.gives_access)
        self.assertEqual(contact._get_subscribed_products(), {product: 5})
        self.stripe.subscriptions.cancel(there.id)
        self.provider._stripe_sync(keys)
        self.assertFalse(record.gives_access)
        self.assertEqual(contact._get_subscribed_products(), {product: 2})
        self.stripe.subscriptions.cancel(another.id)
        self.provider._stripe_sync(keys)
        self.assertEqual(self.partner._get_subscribed_products(), {})
