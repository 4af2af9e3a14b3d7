from unittest.mock import patch

from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.tests import TransactionCase, tagged

from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestBookingPages(SandboxCommon, TransactionCase):
    """An event, and an invoice that is fetched, carry only the first ten lines."""

    def setUp(self):
        super().setUp()
        self.rate = self.stripe.tax_rates.create(
            {"display_name": "Odd", "percentage": 7.77, "inclusive": False}
        )
        self.provider.action_stripe_billing_fetch_catalogue()
        self.env["stripe.tax.rate"].search([("stripe_id", "=", self.rate.id)]).action_create_tax()
        self.stripe_customer = self.make_stripe_customer(self.partner)
        self.subscribe(self.stripe_customer)
        self.catch_up()

    def bill(self, count):
        """An invoice of many one-off items, of which each costs another amount."""
        for number in range(count):
            self.stripe.invoice_items.create(
                {
                    "customer": self.stripe_customer.id,
                    "currency": "usd",
                    "amount": 100 + number,
                    "description": f"Item {number}",
                    "tax_rates": [self.rate.id],
                }
            )
        draft = self.stripe.invoices.create(
            {
                "customer": self.stripe_customer.id,
                "pending_invoice_items_behavior": "include",
                "auto_advance": False,
            }
        )
        self.stripe.invoices.finalize_invoice(draft.id)
        return self.stripe.invoices.pay(draft.id, {"off_session": True})

    def test_more_lines_than_an_invoice_carries(self):
        for count in (11, 101):
            invoice = self.bill(count)
            self.assertLess(len(invoice.lines.data), count)
            self.catch_up()
            move = self.env["account.move"].search([("stripe_invoice_id", "=", invoice.id)])
            self.assertRecordValues(
                move,
                [
                    {
                        "state": "posted",
                        "payment_state": "paid",
                        "amount_total": invoice.total / 100,
                        "amount_untaxed": sum(range(100, 100 + count)) / 100,
                    }
                ],
            )
            names = {row._get_stripe_description() for row in move.invoice_line_ids}
            self.assertEqual(names, {f"Item {number}" for number in range(count)})

    def test_lines_that_are_missing_are_noticed(self):
        """Should the pages ever not be read, the totals differ and nothing is posted."""
        invoice = self.bill(11)
        with patch.object(StripeGateway, "_complete_lines", lambda gateway, obj, service: None):
            self.catch_up()
        move = self.env["account.move"].search([("stripe_invoice_id", "=", invoice.id)])
        self.assertEqual(move.state, "draft")
        self.assertIn(f"{invoice.total / 100}", move.stripe_booking_error)
