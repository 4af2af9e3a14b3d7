import json

import stripe
from odoo.tests import HttpCase, tagged

from tests.addon import stripe_objects
from tests.addon.companies_common import CompaniesCommon


@tagged("post_install", "-at_install")
class TestWebhookAccounts(CompaniesCommon, HttpCase):
    """The webhook's key tells the accounts apart, of one company or of several."""

    def setUp(self):
        super().setUp()
        self.uk = self.make_provider(self.company, "Stripe UK")
        self.branch = self.make_provider(self.make_branch("Branch"), "Stripe Branch")
        self.accounts = self.provider | self.second | self.uk | self.branch
        self.event = stripe_objects.event("invoice.paid", {"id": "in_same", "object": "invoice"})

    def post(self, provider, secret_of=None):
        body = json.dumps(self.event)
        secret = (secret_of or provider).stripe_billing_webhook_secret
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": stripe.WebhookSignature.generate_signature_header(body, secret),
        }
        url = f"/stripe_subscriptions/webhook/{provider.stripe_billing_webhook_key}"
        answer = self.url_open(url, data=body.encode(), headers=headers)
        return answer.status_code, answer.json()["status"]

    def rows(self):
        self.env.invalidate_all()
        return self.env["stripe.event"].search([("stripe_id", "=", self.event["id"])])

    def test_each_has_a_key_of_its_own(self):
        self.assertEqual(len(set(self.accounts.mapped("stripe_billing_webhook_key"))), 4)

    def test_the_same_event_reaches_each(self):
        for provider in self.accounts:
            self.assertEqual(self.post(provider), (200, "received"))
            self.assertEqual(self.post(provider), (200, "duplicate"))
        self.assertEqual(self.rows().provider_id, self.accounts)
        self.assertEqual(len(self.rows()), 4)

    def test_secret_of_another_account_is_refused(self):
        for provider in self.accounts - self.uk:
            self.assertEqual(self.post(self.uk, secret_of=provider), (400, "signature"))
        self.assertFalse(self.rows())
