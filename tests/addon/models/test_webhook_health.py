from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.addons.stripe_subscriptions import const, stripe_events
from odoo.addons.stripe_subscriptions.models import payment_provider_health
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from tests.addon import stripe_objects
from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestWebhookHealth(SandboxCommon, HttpCase):
    """An administrator sees whether events arrive, and can mend it by one button."""

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("web.base.url", self.base_url())
        self.provider.write(
            {"stripe_billing_webhook_secret": False, "stripe_billing_webhook_endpoint": False}
        )
        self.provider.stripe_billing_webhook_key = self.provider._stripe_billing_make_key()
        self.provider.action_stripe_billing_create_webhook()
        self.env["stripe.job"].search([]).unlink()

    @property
    def endpoint(self):
        return self.stripe.webhook_endpoints.retrieve(self.provider.stripe_billing_webhook_endpoint)

    def check(self):
        """What is wrong, in words."""
        self.provider._stripe_billing_check_health()
        return self.provider.stripe_billing_problem or ""

    def receive(self, **values):
        event = stripe_objects.event("customer.updated", {"id": "cus_1", "object": "customer"})
        self.env["stripe.event"]._stripe_store(self.provider, [event], **values)

    # === STATE === #

    def test_all_is_well(self):
        self.assertEqual(self.check(), "")
        self.assertRecordValues(
            self.provider,
            [
                {
                    "stripe_billing_endpoint_status": "enabled",
                    "stripe_billing_endpoint_version": const.API_VERSION,
                }
            ],
        )
        self.assertEqual(self.provider.action_stripe_billing_check()["params"]["type"], "success")

    def test_disabled(self):
        self.stripe.webhook_endpoints.update(self.endpoint.id, {"disabled": True})
        self.assertIn("disabled", self.check())
        activity = self.env["mail.activity"].search([("res_model", "=", "stripe.job")])
        self.assertEqual(activity.user_id, self.provider.stripe_billing_user_id)
        self.check()
        again = self.env["mail.activity"].search([("res_model", "=", "stripe.job")])
        self.assertEqual(again, activity, "a problem that is known is told once")
        self.provider.action_stripe_billing_create_webhook()
        self.assertEqual(self.check(), "")

    def test_missing(self):
        self.stripe.webhook_endpoints.delete(self.endpoint.id)
        self.assertIn("does not exist", self.check())
        self.assertEqual(self.provider.stripe_billing_endpoint_status, "missing")
        self.provider.action_stripe_billing_create_webhook()
        self.assertEqual(self.check(), "")

    def test_other_version(self):
        original = StripeGateway.call

        def older(gateway, service, method, *ids, **arguments):
            answer = original(gateway, service, method, *ids, **arguments)
            return answer | {"api_version": "2025-03-31.basil"}

        with patch.object(StripeGateway, "call", older):
            self.assertIn("2025-03-31.basil", self.check())
        self.provider.action_stripe_billing_replace_secret()
        self.assertEqual(self.check(), "")

    def test_other_address(self):
        self.provider.stripe_billing_webhook_key = "Handmade1"
        self.assertIn("another address", self.check())
        self.provider.action_stripe_billing_create_webhook()
        self.assertEqual(self.check(), "")
        self.assertTrue(self.endpoint.url.endswith("/Handmade1"))

    def test_events_lacking(self):
        self.stripe.webhook_endpoints.update(self.endpoint.id, {"enabled_events": ["invoice.paid"]})
        self.assertIn("does not send all events", self.check())
        self.provider.action_stripe_billing_create_webhook()
        self.assertEqual(set(self.endpoint.enabled_events), set(stripe_events.HANDLED))

    def test_key_refused(self):
        self.provider.stripe_secret_key = "sk_test_revoked"
        self.assertIn("refuses the secret key", self.check())

    def test_nothing_arrives_although_stripe_has_events(self):
        self.receive()
        self.assertEqual(self.check(), "")
        self.env["stripe.event"].search([]).received_at = fields.Datetime.now() - timedelta(hours=2)
        self.provider.stripe_billing_webhook_since = "2020-01-01 00:00:00"
        self.receive(origin="catch_up")
        self.env.invalidate_all()
        self.assertIn("had to be fetched", self.check())
        self.receive()
        self.env["stripe.event"].search([], order="id desc", limit=1).received_at += timedelta(
            seconds=1
        )
        self.env.invalidate_all()
        self.assertEqual(self.check(), "", "something has arrived since")

    def test_wrong_secret(self):
        self.provider.stripe_billing_webhook_secret = "whsec_typo"
        self.provider.stripe_billing_previous_secret = False
        event = stripe_objects.event("invoice.paid", {"id": "in_1", "object": "invoice"})
        answer = self.url_open(
            self.provider.stripe_billing_webhook_url,
            data=str(event),
            headers={"Stripe-Signature": "t=1,v1=00"},
        )
        self.assertEqual(answer.status_code, 400)
        self.env.invalidate_all()
        self.assertEqual(self.provider.stripe_billing_refused_reason, "signature")
        self.assertIn("Replace secret", self.check())

    def test_inbox_figures(self):
        self.receive()
        event = self.env["stripe.event"].search([])
        event.received_at = fields.Datetime.now() - timedelta(hours=3)
        self.assertEqual(self.provider.stripe_billing_pending_count, 1)
        self.assertAlmostEqual(self.provider.stripe_billing_lag, 3, 1)
        event.write({"state": "failed", "error": "Map the rate."})
        self.env.invalidate_all()
        self.assertEqual(self.provider.stripe_billing_failed_count, 1)
        self.assertEqual(
            self.provider.stripe_billing_last_failure, "customer.updated: Map the rate."
        )

    # === TEST EVENT === #

    def test_test_event_arrives(self):
        def arrive(_seconds):
            """What the webhook does, which cannot be reached during a test."""
            [event] = self.stripe.events.list({"type": "product.updated", "limit": 1}).data
            self.env["stripe.event"]._stripe_receive(self.provider, event.to_dict(for_json=True))
            self.env.flush_all()

        with (
            self.enter_registry_test_mode(),
            patch.object(payment_provider_health.time, "sleep", arrive),
        ):
            answer = self.provider.action_stripe_billing_send_test_event()
        self.assertEqual(answer["params"]["type"], "success")
        self.assertIn("Yes", answer["params"]["message"])

    def test_test_event_does_not_arrive(self):
        self.stripe.webhook_endpoints.update(self.endpoint.id, {"disabled": True})
        with (
            self.enter_registry_test_mode(),
            patch.object(payment_provider_health, "TEST_EVENT_SECONDS", 1),
        ):
            answer = self.provider.action_stripe_billing_send_test_event()
        self.assertEqual(answer["params"]["type"], "danger")
        self.assertIn("No", answer["params"]["message"])
        self.assertIn("disabled", answer["params"]["message"])

    # === SECRET AND KEY === #

    def test_replace_secret(self):
        old_endpoint, old_secret = self.endpoint.id, self.provider.stripe_billing_webhook_secret
        self.provider.action_stripe_billing_replace_secret()
        new_secret = self.provider.stripe_billing_webhook_secret
        self.assertNotEqual(new_secret, old_secret)
        self.assertEqual(self.provider._stripe_billing_get_secrets(), [new_secret, old_secret])
        [endpoint] = self.stripe.webhook_endpoints.list({}).data
        self.assertEqual(endpoint.id, self.provider.stripe_billing_webhook_endpoint)
        self.assertNotEqual(endpoint.id, old_endpoint)
        with patch.object(
            fields.Datetime, "now", return_value=fields.Datetime.now() + timedelta(hours=25)
        ):
            self.assertEqual(self.provider._stripe_billing_get_secrets(), [new_secret])

    def test_replace_secret_by_hand(self):
        old_secret = self.provider.stripe_billing_webhook_secret
        self.provider.stripe_billing_webhook_secret = "whsec_rolled_in_the_dashboard"
        self.assertIn(old_secret, self.provider._stripe_billing_get_secrets())

    def test_replace_key(self):
        """S1-31"""
        old_url = self.provider.stripe_billing_webhook_url
        wizard = self.env["stripe.webhook.key"].create({"provider_id": self.provider.id})
        self.assertTrue(wizard.key.isalnum())
        wizard.key = "Abc123"
        wizard.action_replace()
        self.assertNotEqual(self.provider.stripe_billing_webhook_url, old_url)
        self.assertEqual(self.endpoint.url, self.provider.stripe_billing_webhook_url)
        self.assertTrue(self.endpoint.url.endswith("/Abc123"))

    def test_key_that_odoo_refuses_is_not_told_to_stripe(self):
        old_url = self.endpoint.url
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.provider._stripe_billing_replace_key("no blanks")
        other = self.provider.copy({"stripe_billing_webhook_key": "Taken1"})
        self.assertEqual(other.stripe_billing_webhook_key, "Taken1")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            self.provider._stripe_billing_replace_key("Taken1")
        self.assertEqual(self.endpoint.url, old_url)

    # === SETTINGS === #

    def test_lanes(self):
        settings = self.env["res.config.settings"].create({"stripe_billing_lanes": 4})
        settings.execute()
        self.assertEqual(len(self.env["stripe.event"]._get_lanes()), 4)
        self.env["res.config.settings"].create({"stripe_billing_lanes": 1}).execute()
        self.assertEqual(len(self.env["stripe.event"]._get_lanes()), 1)
        with self.assertRaises(UserError):
            self.env["stripe.event"]._set_lanes(0)
        with self.assertRaises(UserError):
            self.env["stripe.event"]._set_lanes(const.MAX_EVENT_LANES + 1)

    def test_retention(self):
        self.receive()
        event = self.env["stripe.event"].search([])
        event.write({"state": "done", "received_at": fields.Datetime.now() - timedelta(days=40)})
        self.env["stripe.event"]._gc_events()
        self.assertTrue(event.exists())
        self.env["res.config.settings"].create(
            {"stripe_billing_event_retention_days": 30}
        ).execute()
        event.state = "pending"
        self.env["stripe.event"]._gc_events()
        self.assertTrue(event.exists(), "what is not done is kept")
        event.state = "ignored"
        self.env["stripe.event"]._gc_events()
        self.assertFalse(event.exists())
