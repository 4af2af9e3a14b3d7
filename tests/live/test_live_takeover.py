from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from tests.live.live_account import wait_until
from tests.live.live_common import LiveCase


@tagged("post_install", "-at_install")
class TestLiveTakeover(LiveCase):
    """A customer that somebody else made at Stripe is taken over; those of others are left out.

    On no test clock: what is on one is on none of Stripe's lists, from which an import reads.
    """

    def setUp(self):
        super().setUp()
        self.price = self.account.make_price(4900, name="Takeover")
        self.customer = self.account.make_customer()
        self.subscription = self.account.subscribe(self.customer, self.price)
        self.invoice = self.account.latest_invoice(self.subscription)
        self.partner = self.env["res.partner"].create(
            {"name": "Known", "email": self.customer.email.upper()}
        )
        for service, params in (
            ("customers", {"email": self.customer.email}),
            ("subscriptions", {"customer": self.customer.id}),
            ("invoices", {"customer": self.customer.id}),
        ):
            objects = getattr(self.v1, service)
            wait_until(f"{service} are listed", lambda o=objects, p=params: o.list(p).data)

    def run_import(self, button):
        """Press a button of the wizard."""
        wizard = self.env["stripe.import"].create(
            {
                "provider_id": self.provider.id,
                "book_from": fields.Date.today() - timedelta(days=1),
            }
        )
        action = getattr(wizard, button)()
        return self.finish(self.env["stripe.job"].browse(action["res_id"]))

    def record(self):
        """The subscription in Odoo, empty without one."""
        return self.env["stripe.subscription"].search([("stripe_id", "=", self.subscription.id)])

    def test_dry_run_then_import(self):
        job = self.run_import("action_dry_run")
        lines = self.env["stripe.import.line"].search([("provider_id", "=", self.provider.id)])
        line = lines.filtered(lambda line: line.stripe_id == self.customer.id)
        self.assertRecordValues(line, [{"outcome": "email", "partner_id": self.partner.id}])
        for name in ("customers_matched", "subscriptions_new", "invoices_new"):
            self.assertGreaterEqual(job.counts[name], 1, name)
        self.assertFalse(self.env["stripe.customer"].search([("partner_id", "=", self.partner.id)]))
        self.assertFalse(self.record())

        (lines - line).action_skip()
        self.run_import("action_import")
        self.assertEqual(line.outcome, "linked")
        record = self.record()
        self.assertRecordValues(
            record, [{"partner_id": self.partner.id, "status": "active", "mrr": 49.0}]
        )
        self.assertRecordValues(
            record.move_ids,
            [{"amount_total": 49.0, "payment_state": "paid", "ref": self.invoice.number}],
        )

        moves = record.move_ids
        job = self.run_import("action_import")
        self.assertEqual((self.record(), record.move_ids), (record, moves), "nothing twice")
        self.assertGreaterEqual(job.counts["invoices_known"], 1)

        self.run_job("audit")
        ours = [self.customer.id, self.subscription.id, self.invoice.id]
        found = self.env["stripe.difference"].search(
            [("stripe_id", "in", ours), ("state", "=", "open")]
        )
        self.assertFalse(found)
