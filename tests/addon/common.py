"""What the tests of the addon share."""

import os
import uuid
from unittest.mock import patch

import stripe
from odoo.addons.stripe_subscriptions.models.payment_provider import PaymentProvider
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeNotFound

from tests.addon import stripe_objects
from tests.addon.warm_caches import WarmCaches

KEY = "sk_test_sandbox0000000000000000"
WEBHOOK_SECRET = "whsec_of_the_tests"


class FakeGateway:
    """Stands where `stripe_gateway.StripeGateway` does: answers from `objects`, records requests."""

    def __init__(self):
        self.objects = {}
        self.requested = []

    def put(self, kind, obj):
        """Have an object at Stripe."""
        self.objects[kind, obj["id"]] = obj
        return obj

    def retrieve_many(self, requests):
        """Answer as the real one: an object or an error for each request."""
        self.requested += requests
        missing = StripeNotFound("No such object")
        return {request: self.objects.get(request, missing) for request in requests}


class StripeCommon(WarmCaches):
    """A Stripe account in test mode with a customer; for TransactionCase and HttpCase."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")
        cls.env = cls.env(
            context={
                **cls.env.context,
                "allowed_company_ids": cls.company.ids,
                "tracking_disable": True,
            }
        )
        cls.provider = cls.env["payment.provider"].search(
            [("code", "=", "stripe"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.provider.write(
            {
                "state": "test",
                "stripe_secret_key": KEY,
                "stripe_publishable_key": "pk_test_sandbox",
                "stripe_billing_webhook_secret": WEBHOOK_SECRET,
                "stripe_billing_user_id": cls.env.ref("base.user_admin").id,
            }
        )
        # Made at the first booking otherwise, in each test again.
        cls.provider._stripe_billing_ensure_journal()
        cls.provider._stripe_billing_account("clearing")
        # Booking in a foreign currency needs a rate; that of one for one keeps the figures readable.
        currencies = cls.env["res.currency"].with_context(active_test=False)
        foreign = currencies.search([("name", "!=", cls.company.currency_id.name)])
        cls.env["res.currency.rate"].create(
            [
                {"currency_id": currency.id, "name": "2000-01-01", "rate": 1.0}
                for currency in foreign
                if not currency.rate_ids
            ]
        )
        cls.partner = cls.env["res.partner"].create(
            {"name": "Buyer Ltd", "is_company": True, "email": "office@buyer.example"}
        )
        cls.customer = cls.make_customer(cls.partner)

    @classmethod
    def make_customer(cls, partner):
        """Link a partner with a customer at Stripe."""
        key = f"cus_{uuid.uuid4().hex[:14]}"
        return (
            cls.env["stripe.customer"]
            .with_context(stripe_customer_partners={key: partner.id})
            ._stripe_apply(cls.provider, [{"id": key, "object": "customer", "livemode": False}])
        )

    def make_price(self, **values):
        """A plan; returns the Stripe object and the record."""
        obj = stripe_objects.price(**values)
        return obj, self.env["stripe.price"]._stripe_apply(self.provider, [obj])

    def make_tax(self, percentage, inclusive=False):
        """A tax rate with an Odoo tax; returns the id at Stripe."""
        obj = stripe_objects.tax_rate(percentage, inclusive)
        rate = self.env["stripe.tax.rate"]._stripe_apply(self.provider, [obj])
        if not rate.tax_id:
            rate.action_create_tax()
        return obj["id"]

    @classmethod
    def make_draft(cls, price, **values):
        """A subscription that nobody has subscribed to."""
        return cls.env["stripe.subscription"].create(
            {
                "name": "Team",
                "partner_id": cls.partner.id,
                "item_ids": [(0, 0, {"price_id": price.id, "quantity": 1})],
                **values,
            }
        )

    def book(self, *invoices):
        """Apply Stripe invoices; returns the moves."""
        return self.env["account.move"]._stripe_apply(self.provider, list(invoices))

    def fake_stripe(self):
        """Answer the addon's requests from a dictionary for the rest of the test."""
        gateway = FakeGateway()
        patcher = patch.object(PaymentProvider, "_stripe_client", lambda provider: gateway)
        patcher.start()
        self.addCleanup(patcher.stop)
        return gateway

    @staticmethod
    def sandbox():
        """The real package in front of the stand-in for Stripe that the test run has started."""
        return stripe.StripeClient(
            KEY, base_addresses={"api": os.environ["STRIPE_API_BASE"]}, max_network_retries=1
        ).v1
