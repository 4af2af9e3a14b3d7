"""Tests of what staff do with a subscription, against a stand-in for Stripe of their own."""

import time
from unittest.mock import patch

from odoo.addons.stripe_subscriptions.models.stripe_subscription_acting import StripeSubscription
from odoo.tests import Form, new_test_user

from tests.addon.sandbox_common import SandboxCommon

DAY = 86400


class ActingCommon(SandboxCommon):
    """An active subscription with a paid invoice, its customer on a test clock that stands still."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "stripe_subscriptions.group_stripe_subscriptions_user"
        cls.user = new_test_user(cls.env, "actor", groups=groups)
        cls.readonly_user = new_test_user(
            cls.env, "looker", groups="account.group_account_readonly"
        )
        cls.portal_user = new_test_user(cls.env, "portal_actor", groups="base.group_portal")
        cls.portal_user.partner_id.parent_id = cls.partner
        cls.clock = cls.stripe.test_helpers.test_clocks.create({"frozen_time": int(time.time())})
        cls.buyer = cls.make_stripe_customer(cls.partner, test_clock=cls.clock.id)
        cls.env["stripe.customer"].search([("partner_id", "=", cls.partner.id)]).unlink()
        cls.provider._stripe_sync([("customer", cls.buyer.id)])
        cls.keep_stripe()

    @classmethod
    def make_subscription(cls, **values):
        """A subscription at Stripe and in Odoo, as the user who acts sees it."""
        obj = cls.subscribe(cls.buyer, **values)
        cls.provider._stripe_sync([("subscription", obj.id)])
        if obj.latest_invoice:
            cls.provider._stripe_sync([("invoice", obj.latest_invoice)])
        return cls.find(obj.id).with_user(cls.user)

    @classmethod
    def find(cls, stripe_id):
        """The record of a Stripe subscription."""
        return cls.env["stripe.subscription"].search([("stripe_id", "=", stripe_id)])

    def there(self, subscription, *expand):
        """The subscription at Stripe."""
        return self.stripe.subscriptions.retrieve(
            subscription.stripe_id, {"expand": list(expand)}
        ).to_dict(for_json=True)

    def invoices(self, subscription, **filters):
        """The invoices of a subscription at Stripe, oldest first."""
        params = {"subscription": subscription.stripe_id, "limit": 100, **filters}
        return self.stripe.invoices.list(params).data[::-1]

    def pass_time(self, days=0, hours=0):
        """Let the test clock run, and bring what happened into Odoo."""
        clocks = self.stripe.test_helpers.test_clocks
        now = clocks.retrieve(self.clock.id).frozen_time
        clocks.advance(self.clock.id, {"frozen_time": now + days * DAY + hours * 3600})
        for _attempt in range(200):
            if clocks.retrieve(self.clock.id).status == "ready":
                break
            time.sleep(0.05)
        else:
            self.fail("the test clock did not get ready")

    def refresh(self, subscription):
        """Bring what Stripe has of a subscription and its invoices into Odoo."""
        requests = [("invoice", obj.id) for obj in self.invoices(subscription)]
        self.provider._stripe_sync([("subscription", subscription.stripe_id), *requests])

    def now(self):
        """The time of the test clock."""
        return self.stripe.test_helpers.test_clocks.retrieve(self.clock.id).frozen_time

    def set_card(self, card):
        """Give the customer another card to be charged."""
        self.stripe.customers.update(
            self.buyer.id,
            {"invoice_settings": {"default_payment_method": self.attach(card)}},
        )

    def attach(self, card):
        """A card of the customer's; returns its id."""
        return self.stripe.payment_methods.attach(card, {"customer": self.buyer.id}).id

    def wizard(self, model, subscriptions, user=None, action=None, **answers):
        """A question as the user answers it in the browser; `action` of the general one."""
        env = self.env(user=user or self.user)
        form = Form(
            env[model].with_context(
                active_model="stripe.subscription",
                active_ids=subscriptions.ids,
                allowed_company_ids=self.company.ids,
                **({"default_action": action} if action else {}),
            )
        )
        for name, value in answers.items():
            setattr(form, name, value)
        return form

    def crash_before_end(self, function):
        """Run an action that dies after Stripe has done it."""

        class Killed(Exception):
            pass

        def die(*_args, **_kwargs):
            raise Killed

        with patch.object(StripeSubscription, "_stripe_end", die):
            try:
                with self.env.cr.savepoint():
                    function()
            except Killed:
                self.env.invalidate_all()
                return
        self.fail("it did not get so far")

    def said(self, subscription):
        """The newest message in the chatter, as text."""
        messages = subscription.sudo().message_ids.sorted("id")
        return messages[-1:].preview or ""

    def requests(self, path):
        """Idempotency keys that Stripe remembers, of requests to a path."""
        rows = self.account.idempotency.dump()
        return [key for key in rows if path in key]
