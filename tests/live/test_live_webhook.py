from odoo.addons.stripe_subscriptions import const, stripe_events
from odoo.tests import tagged

from tests.live.live_common import LiveCase


@tagged("post_install", "-at_install")
class TestLiveWebhook(LiveCase):
    """The webhook endpoint, which Odoo makes, looks after and replaces by itself."""

    def setUp(self):
        super().setUp()
        # An address that is well formed and that nobody answers at: nothing of the account goes there.
        base_url = f"https://{self.account.run}.example.com"
        self.env["ir.config_parameter"].set_param("web.base.url", base_url)
        self.provider.write(
            {"stripe_billing_webhook_secret": False, "stripe_billing_webhook_endpoint": False}
        )
        self.provider.stripe_billing_webhook_key = self.provider._stripe_billing_make_key()

    def endpoint(self):
        """The endpoint at Stripe."""
        return self.v1.webhook_endpoints.retrieve(self.provider.stripe_billing_webhook_endpoint)

    def check(self):
        """What the button says is wrong, empty when all is well."""
        answer = self.provider.action_stripe_billing_check()
        return "" if answer["params"]["type"] == "success" else answer["params"]["message"]

    def test_from_beginning_to_end(self):
        self.provider.action_stripe_billing_create_webhook()
        endpoint = self.endpoint()
        self.assertEqual(endpoint.url, self.provider.stripe_billing_webhook_url)
        self.assertEqual(endpoint.api_version, const.API_VERSION)
        self.assertEqual(set(endpoint.enabled_events), set(stripe_events.HANDLED))
        self.assertTrue(self.provider.stripe_billing_webhook_secret.startswith("whsec_"))
        self.assertEqual(self.check(), "")
        self.assertEqual(self.provider.stripe_billing_endpoint_status, "enabled")

        self.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
        self.assertIn("disabled", self.check())
        self.provider.action_stripe_billing_create_webhook()
        self.assertEqual(self.check(), "")
        self.assertEqual(self.endpoint().id, endpoint.id, "brought up to date, not made anew")

        self.v1.webhook_endpoints.update(endpoint.id, {"enabled_events": ["invoice.paid"]})
        self.assertIn("all events", self.check())
        self.provider.action_stripe_billing_create_webhook()
        self.assertEqual(self.check(), "")

        old_secret = self.provider.stripe_billing_webhook_secret
        self.provider.action_stripe_billing_replace_secret()
        self.assertNotEqual(self.endpoint().id, endpoint.id)
        self.assertNotEqual(self.provider.stripe_billing_webhook_secret, old_secret)
        self.assertIn(old_secret, self.provider._stripe_billing_get_secrets())
        self.assertEqual(self.check(), "")
        self.assertEqual([self.endpoint().id], self.ours())

        key = self.provider._stripe_billing_make_key()
        wizard = self.env["stripe.webhook.key"].create(
            {"provider_id": self.provider.id, "key": key}
        )
        wizard.action_replace()
        self.assertTrue(self.endpoint().url.endswith(key))
        self.assertEqual(self.check(), "")

        self.v1.webhook_endpoints.delete(self.endpoint().id)
        self.assertIn("does not exist", self.check())
        self.provider.action_stripe_billing_create_webhook()
        self.assertEqual(self.check(), "")
        self.assertEqual([self.endpoint().id], self.ours())

    def ours(self):
        """The endpoints at Stripe that this test has made."""
        endpoints = self.v1.webhook_endpoints.list({"limit": 100}).data
        return [endpoint.id for endpoint in endpoints if self.account.run in endpoint.url]
