from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import file_open

from tests.addon.common import KEY, StripeCommon


@tagged("post_install", "-at_install")
class TestPaymentProvider(StripeCommon, TransactionCase):
    """The buttons against the stand-in for Stripe, keys and secrets."""

    def message(self, action):
        return action["params"]["message"]

    def test_connection(self):
        message = self.message(self.provider.action_stripe_billing_test_connection())
        self.assertIn("test mode", message)
        self.assertTrue(self.provider.stripe_billing_account.startswith("acct_"))

    def test_wrong_key_is_said_without_the_key(self):
        self.provider.stripe_secret_key = "sk_test_thisKeyIsWrong123456"
        with self.assertRaisesRegex(UserError, "Invalid API Key") as caught:
            self.provider.action_stripe_billing_test_connection()
        self.assertNotIn("thisKeyIsWrong", str(caught.exception))

    def test_key_of_the_other_mode(self):
        """S1-29"""
        self.provider.stripe_secret_key = "sk_live_x"
        with self.assertRaisesRegex(UserError, "does not fit"):
            self.provider._stripe_client()
        self.provider.write({"stripe_secret_key": KEY, "state": "enabled"})
        with self.assertRaisesRegex(UserError, "does not fit"):
            self.provider._stripe_client()

    def test_not_set_up(self):
        """S1-01"""
        self.provider.state = "disabled"
        with self.assertRaisesRegex(UserError, "not set up"):
            self.provider.action_stripe_billing_test_connection()

    def test_catalogue(self):
        """S1-03, S1-14"""
        v1 = self.sandbox()
        product = v1.products.create({"name": "Fetched", "unit_label": "seat"})
        recurring = {"interval": "month", "interval_count": 3}
        price = v1.prices.create(
            {
                "currency": "kwd",
                "unit_amount": 12550,
                "product": product.id,
                "recurring": recurring,
            }
        )
        once = v1.prices.create({"currency": "usd", "unit_amount": 100, "product": product.id})
        rate = v1.tax_rates.create({"display_name": "GST", "percentage": 7.5, "inclusive": True})
        coupon = v1.coupons.create({"percent_off": 12.5, "duration": "once", "name": "Hello"})
        self.provider.action_stripe_billing_fetch_catalogue()
        find = self.env["stripe.price"]._stripe_find
        record = find(self.provider, [price.id])
        self.assertRecordValues(
            record,
            [
                {
                    "name": "Fetched",
                    "unit_amount": 12.55,
                    "interval": "month",
                    "interval_count": 3,
                    "usage_type": "licensed",
                    "active": True,
                }
            ],
        )
        self.assertEqual(record.currency_id.name, "KWD")
        self.assertIn("per seat / 3 months", record.price_text)
        self.assertEqual(record.product_id.name, "Fetched")
        self.assertFalse(find(self.provider, [once.id]), "one-time prices are no plans")
        rates = self.env["stripe.tax.rate"]._stripe_find(self.provider, [rate.id])
        self.assertRecordValues(rates, [{"percentage": 7.5, "inclusive": True, "name": "GST"}])
        coupons = self.env["stripe.coupon"]._stripe_find(self.provider, [coupon.id])
        self.assertEqual(coupons.display_name, "Hello (12.5% off once)")
        # Archived at Stripe: out of the choices, not out of the database.
        v1.prices.update(price.id, {"active": False})
        self.provider.action_stripe_billing_fetch_catalogue()
        self.assertFalse(record.active)

    def test_tiers_are_priced(self):
        v1 = self.sandbox()
        product = v1.products.create({"name": "Tiers"})
        tiers = [{"up_to": 10, "unit_amount": 1000}, {"up_to": "inf", "unit_amount": 500}]
        prices = [
            v1.prices.create(
                {
                    "currency": "usd",
                    "product": product.id,
                    "billing_scheme": "tiered",
                    "tiers_mode": mode,
                    "tiers": tiers,
                    "recurring": {"interval": "month"},
                }
            ).id
            for mode in ("graduated", "volume")
        ]
        self.provider.action_stripe_billing_fetch_catalogue()
        graduated, volume = (
            self.env["stripe.price"]._stripe_find(self.provider, [key]) for key in prices
        )
        # 12 units: 10 x 10.00 + 2 x 5.00, or 12 x 5.00.
        self.assertEqual(graduated._get_monthly_amount(12), 110.0)
        self.assertEqual(volume._get_monthly_amount(12), 60.0)
        self.assertIn("2 tiers", graduated.price_text)

    def test_webhook(self):
        """S1-02"""
        v1 = self.sandbox()
        self.provider.write(
            {"stripe_billing_webhook_secret": False, "stripe_billing_webhook_endpoint": False}
        )
        self.provider.action_stripe_billing_create_webhook()
        key = self.provider.stripe_billing_webhook_endpoint
        secret = self.provider.stripe_billing_webhook_secret
        self.assertTrue(secret.startswith("whsec_"))
        endpoint = v1.webhook_endpoints.retrieve(key)
        self.assertEqual(endpoint.api_version, "2026-10-28.endive")
        self.assertTrue(endpoint.url.endswith(self.provider.stripe_billing_webhook_key))
        self.assertIn("invoice.paid", endpoint.enabled_events)
        # Again: the same one, brought up to date.
        self.provider.stripe_billing_webhook_key = "anotherKey1"
        self.provider.action_stripe_billing_create_webhook()
        self.assertEqual(self.provider.stripe_billing_webhook_endpoint, key)
        self.assertTrue(v1.webhook_endpoints.retrieve(key).url.endswith("anotherKey1"))
        # The secret is lost: Stripe does not tell it twice, so the endpoint is replaced.
        self.provider.stripe_billing_webhook_secret = False
        self.provider.action_stripe_billing_create_webhook()
        self.assertNotEqual(self.provider.stripe_billing_webhook_endpoint, key)
        self.assertNotIn(key, [e.id for e in v1.webhook_endpoints.list({"limit": 100}).data])
        v1.webhook_endpoints.delete(self.provider.stripe_billing_webhook_endpoint)

    def test_webhook_key(self):
        """S1-31"""
        self.provider.stripe_billing_webhook_key = "Perfectly4lphanumeric"
        self.assertTrue(self.provider.stripe_billing_webhook_url.endswith("/Perfectly4lphanumeric"))
        for key in ("with space", "a/b", "../x", "ä"):
            with self.assertRaises(ValidationError):
                self.provider.stripe_billing_webhook_key = key
        copy = self.provider.copy()
        self.assertEqual(len(copy.stripe_billing_webhook_key), 32)
        self.assertFalse(copy.stripe_billing_webhook_secret)

    def test_journal_of_its_own(self):
        journal = self.provider._stripe_billing_ensure_journal()
        self.assertEqual(journal, self.provider._stripe_billing_ensure_journal())
        self.assertRecordValues(journal, [{"type": "sale", "company_id": self.company.id}])
        self.assertTrue(journal.default_account_id)

    def test_idempotency_keys_are_derived(self):
        key = self.provider._stripe_idempotency_key
        self.assertEqual(key("checkout", 1), key("checkout", 1))
        self.assertNotEqual(key("checkout", 1), key("checkout", 2))

    def test_customer_is_made_once(self):
        """S1-24, S2-14"""
        partner = self.env["res.partner"].create({"name": "New", "email": "new@buyer.example"})
        model = self.env["stripe.customer"]
        made = model._stripe_get_or_create(self.provider, partner)
        self.assertEqual(model._stripe_get_or_create(self.provider, partner), made)
        # The answer was lost: the same request again gives the same customer.
        key = made.stripe_id
        made.unlink()
        self.assertEqual(model._stripe_get_or_create(self.provider, partner).stripe_id, key)
        at_stripe = self.sandbox().customers.retrieve(key)
        self.assertEqual(at_stripe.metadata["odoo_partner_id"], str(partner.id))

    def test_unreachable(self):
        with (
            patch.dict("os.environ", {"STRIPE_API_BASE": "http://127.0.0.1:9"}),
            self.assertRaisesRegex(UserError, "does not answer"),
        ):
            self.provider.action_stripe_billing_test_connection()

    def test_neutralize(self):
        with file_open("stripe_subscriptions/data/neutralize.sql") as file:
            self.env.flush_all()
            self.env.cr.execute(file.read())
        self.env.invalidate_all()
        for field in (
            "stripe_secret_key",
            "stripe_publishable_key",
            "stripe_billing_webhook_key",
            "stripe_billing_webhook_secret",
            "stripe_billing_webhook_endpoint",
        ):
            self.assertFalse(self.provider[field], field)
