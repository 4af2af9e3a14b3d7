import re
import typing

from odoo.addons.stripe_subscriptions import const, stripe_events
from odoo.addons.stripe_subscriptions.models.payment_provider_sync import WRITERS
from odoo.tests import BaseCase, tagged
from stripe.params import WebhookEndpointCreateParams

# Families whose events may matter to a back office of Stripe Billing.
FAMILIES = (
    *("checkout.session", "customer", "invoice", "invoiceitem", "invoice_payment", "credit_note"),
    *("payment_intent", "setup_intent", "charge", "refund", "payment_method", "mandate", "radar"),
    *("product", "price", "plan", "coupon", "promotion_code", "tax_rate", "subscription_schedule"),
    *("billing", "entitlements", "billing_portal", "quote", "payout", "test_helpers", "review"),
)


@tagged("post_install", "-at_install")
class TestStripeEvents(BaseCase):
    """One table says of each event whether it is handled or why it is not."""

    def known_types(self):
        """All that Stripe's package knows, from the type of `enabled_events`."""
        hints = str(WebhookEndpointCreateParams.__annotations__["enabled_events"])
        found = set(re.findall(r"'([a-z_0-9]+(?:\.[a-z_0-9]+)+)'", hints))
        if not found:
            namespace = typing.get_type_hints(WebhookEndpointCreateParams)
            found = set(re.findall(r"'([a-z_.0-9]+)'", str(namespace["enabled_events"])))
        return {name for name in found if not name.startswith("v1.")}

    def test_no_event_is_in_both(self):
        self.assertFalse(stripe_events.HANDLED.keys() & stripe_events.IGNORED.keys())

    def test_all_exist_at_stripe(self):
        ours = stripe_events.HANDLED.keys() | stripe_events.IGNORED.keys()
        self.assertGreater(len(self.known_types()), 200)
        self.assertFalse(ours - self.known_types())

    def test_none_is_forgotten(self):
        ours = stripe_events.HANDLED.keys() | stripe_events.IGNORED.keys()
        forgotten = {
            name
            for name in self.known_types() - ours
            if any(name.startswith(f"{family}.") for family in FAMILIES)
        }
        self.assertEqual(forgotten, set())

    def test_each_kind_can_be_fetched_and_written(self):
        without_writer = {"product", "checkout.session", "invoice_payment", "charge"}
        for kind in set(stripe_events.HANDLED.values()):
            self.assertIn(kind, const.FETCH_SPECS)
            self.assertTrue(kind in WRITERS or kind in without_writer, kind)
