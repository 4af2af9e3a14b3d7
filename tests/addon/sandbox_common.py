"""Tests that talk to a stand-in for Stripe of their own, in a thread of the test process."""

import copy
import os
import time

import stripe
from odoo.addons.stripe_subscriptions.stripe_gateway import API_BASE_VARIABLE

from stripe_sandbox.core import clocks, state
from stripe_sandbox.core import server as sandbox_server
from tests.addon.common import KEY, StripeCommon

# Seconds in which Stripe settles a charge, opens a dispute, pays out.
MOMENT = 4


class SandboxCommon(StripeCommon):
    """A Stripe account of the test class: each test finds it as it was when the class was set up.

    What the class has made at Stripe is kept by `keep_stripe`; it is in Odoo as well.
    """

    @classmethod
    def setUpClass(cls):
        cls.sandbox_process, server = sandbox_server.start(keys=[KEY])
        cls.addClassCleanup(sandbox_server.stop, cls.sandbox_process, server)
        base_url = cls.sandbox_process.base_url
        # Not `patch.dict`: Odoo's tests cannot cope with one that lasts.
        cls.addClassCleanup(os.environ.update, {API_BASE_VARIABLE: os.environ[API_BASE_VARIABLE]})
        os.environ[API_BASE_VARIABLE] = base_url
        cls.stripe = stripe.StripeClient(
            KEY, base_addresses={"api": base_url}, max_network_retries=0
        ).v1
        super().setUpClass()
        # The one link that the base class makes has no customer at this Stripe.
        cls.customer.unlink()
        cls.account = cls.sandbox_process.accounts[KEY]
        cls.env["stripe.event"].search([]).unlink()
        cls.env["stripe.job"].search([]).unlink()
        cls.price = cls.make_stripe_price()
        cls.provider.action_stripe_billing_fetch_catalogue()
        cls.keep_stripe()

    def setUp(self):
        super().setUp()
        state.load([self.account], copy.deepcopy(self.kept))

    # === STRIPE === #

    @classmethod
    def keep_stripe(cls):
        """Have each test begin with what is at Stripe now."""
        cls.kept = copy.deepcopy(state.dump([cls.account]))

    @classmethod
    def make_stripe_price(cls, **values):
        """A recurring price at Stripe; not in Odoo yet."""
        return cls.stripe.prices.create(
            {
                "currency": "usd",
                "unit_amount": 2000,
                "recurring": {"interval": "month"},
                "product_data": {"name": "Team"},
                **values,
            }
        )

    @classmethod
    def make_stripe_customer(cls, partner=None, **values):
        """A customer with a card that works; made by this database when a partner is given."""
        if partner:
            values["metadata"] = {
                "odoo_partner_id": str(partner.id),
                "odoo_database": cls.provider._stripe_database(),
            }
        return cls.stripe.customers.create(
            {
                "name": "Buyer",
                "payment_method": "pm_card_visa",
                "invoice_settings": {"default_payment_method": "pm_card_visa"},
                **values,
            }
        )

    @classmethod
    def subscribe(cls, customer, quantity=1, price=None, **values):
        """An active subscription with its first invoice, which is paid; to the price of the class at first."""
        return cls.stripe.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": (price or cls.price).id, "quantity": quantity}],
                **values,
            }
        )

    def refund(self, subscription, amount=None):
        """Give back what the latest invoice of a subscription brought."""
        payments = self.stripe.invoice_payments.list({"invoice": subscription.latest_invoice})
        params = {"payment_intent": payments.data[0].payment.payment_intent}
        return self.stripe.refunds.create(params | ({"amount": amount} if amount else {}))

    def settle(self):
        """Have Stripe make the balance transactions of all charges."""
        self.hurry_stripe()
        charges = self.stripe.charges.list({"limit": 100}).data
        for charge in charges:
            self.assertTrue(charge.balance_transaction or charge.status != "succeeded")

    def hurry_stripe(self):
        """Have Stripe do at once what it does within a moment, such as settling."""
        clocks.run_due(self.account, int(time.time()) + MOMENT)

    # === ODOO === #

    def run_cron(self, name):
        """Run one of the addon's cron jobs."""
        with self.enter_registry_test_mode():
            self.env.ref(f"stripe_subscriptions.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def run_job(self, kind, **values):
        """Make a job, work it through, and return it."""
        job = self.env["stripe.job"]._start(self.provider, kind, **values)
        self.run_cron("ir_cron_run_jobs")
        return job

    def catch_up(self):
        """Fetch the events that no webhook has brought, and work them through."""
        job = self.run_job("catch_up")
        self.assertEqual((job.state, job.error), ("done", False))
        self.run_cron("ir_cron_process_events_1")
        return job

    def differences(self):
        """What the last audit has found and is still open: kind and field."""
        return [
            (row.kind, row.field_name)
            for row in self.env["stripe.difference"].search([("state", "=", "open")], order="id")
        ]
