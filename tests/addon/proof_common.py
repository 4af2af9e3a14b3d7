import time
from unittest.mock import patch

import requests
from odoo import fields
from odoo.addons.stripe_subscriptions.models import stripe_job_proof

from tests.addon.sandbox_common import SandboxCommon


class ProofCommon(SandboxCommon):
    """Subscriptions in several currencies, with taxes and a refund, all in Odoo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fill_books()
        cls.keep_stripe()

    @classmethod
    def fill_books(cls):
        """Have everything happen at Stripe and come into Odoo."""
        # What tests do to bring something into Odoo, the class does through one of its own.
        case = cls("setUp")
        rate = cls.stripe.tax_rates.create(
            {"display_name": "VAT", "percentage": 19, "inclusive": False}
        )
        case.catch_up()
        cls.env["stripe.tax.rate"].search([("stripe_id", "=", rate.id)]).action_create_tax()
        cls.rate = rate
        cls.stripe_customer = cls.make_stripe_customer(cls.partner)
        cls.dollar = cls.subscribe(cls.stripe_customer, quantity=2)
        case.subscribe_in("jpy", 3000, tax_rates=[rate.id])
        case.subscribe_in("kwd", 12340)
        cls.taxed = case.subscribe_in("eur", 1999, tax_rates=[rate.id])
        case.refund(cls.dollar, 500)
        case.settle()
        case.catch_up()
        cls.month = f"{fields.Date.today():%Y-%m}"

    def setUp(self):
        super().setUp()
        patcher = patch.object(stripe_job_proof, "SETTLE_SECONDS", 0)
        patcher.start()
        self.addCleanup(patcher.stop)

    def subscribe_in(self, currency, unit_amount, tax_rates=(), **values):
        """Another customer with a subscription in a currency of its own."""
        partner = self.env["res.partner"].create({"name": f"Buyer in {currency}"})
        price = self.make_stripe_price(currency=currency, unit_amount=unit_amount)
        item = {"price": price.id, "quantity": 3}
        if tax_rates:
            item["tax_rates"] = list(tax_rates)
        customer = self.make_stripe_customer(partner, **values)
        return self.subscribe(customer, items=[item])

    def pay_out(self):
        """Have Stripe send everything to the bank, and wait until it has arrived."""
        self.settle()
        url = f"{self.sandbox_process.base_url}/_sandbox/payout"
        answer = requests.post(url, json={"until": int(time.time()) + 30 * 86400}, timeout=5)
        answer.raise_for_status()
        self.hurry_stripe()
        self.assertEqual({payout.status for payout in self.stripe.payouts.list({}).data}, {"paid"})

    @staticmethod
    def sleep_past_this_second():
        """Stripe's times have no fractions."""
        time.sleep(1.05 - time.time() % 1)

    def prove(self, **values):
        job = self.run_job("proof", **values)
        self.assertEqual((job.state, job.error), ("done", False))
        return job

    def line(self, currency, measure, period=None):
        """The line of a sum; this month's."""
        return self.env["stripe.proof.line"].search(
            [
                ("period", "=", period or self.month),
                ("currency_id.name", "=", currency),
                ("measure", "=", measure),
            ]
        )

    def sums(self, currency, measure):
        line = self.line(currency, measure)
        return line.there, line.here

    def differing(self):
        lines = self.env["stripe.proof.line"].search([("differs", "=", True)])
        return {(line.currency_id.name, line.measure) for line in lines}

    def move_of(self, subscription):
        return self.env["account.move"].search(
            [("stripe_invoice_id", "=", subscription.latest_invoice)]
        )
