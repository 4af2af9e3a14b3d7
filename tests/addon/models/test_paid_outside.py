from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.proof_common import ProofCommon


@tagged("post_install", "-at_install")
class TestPaidOutside(ProofCommon, TransactionCase):
    """An invoice that is paid by bank: registered in Odoo, told Stripe by a button, and the proof ties."""

    def setUp(self):
        super().setUp()
        customer = self.make_stripe_customer(self.env["res.partner"].create({"name": "Banker"}))
        self.by_bank = self.subscribe(
            customer,
            5,
            collection_method="send_invoice",
            days_until_due=30,
            default_tax_rates=[self.rate.id],
        )
        self.stripe.invoices.finalize_invoice(self.by_bank.latest_invoice)
        self.catch_up()
        self.move = self.move_of(self.by_bank)

    def pay(self, **values):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.move.ids
        ).create(values)._create_payments()

    def status_at_stripe(self):
        return self.stripe.invoices.retrieve(self.by_bank.latest_invoice).status

    def test_marked_paid(self):
        self.pay()
        self.assertEqual(self.status_at_stripe(), "open", "a payment alone tells Stripe nothing")
        self.move.action_stripe_mark_paid()
        self.catch_up()
        self.assertEqual(self.status_at_stripe(), "paid")
        self.assertRecordValues(
            self.move, [{"stripe_invoice_status": "paid", "amount_residual": 0.0}]
        )
        self.assertEqual(len(self.move.reconciled_payment_ids), 1, "Stripe collected nothing")
        self.sleep_past_this_second()
        self.prove()
        self.assertEqual(self.differing(), set())
        # 119.00 are invoiced on both sides and collected on none.
        self.assertEqual(self.sums("USD", "invoiced"), (159.0, 159.0))
        self.assertEqual(self.sums("USD", "collected"), (40.0, 40.0))
        self.run_job("audit")
        self.assertEqual(self.differences(), [])
        with self.assertRaises(UserError):
            self.move.action_stripe_mark_paid()
        self.assertEqual(self.move._stripe_get_refundable_amount(), 0)

    def test_paid_in_part(self):
        self.pay(amount=19.0)
        with self.assertRaisesRegex(UserError, "Register the payment"):
            self.move.action_stripe_mark_paid()
        self.assertEqual(self.status_at_stripe(), "open")

    def test_marked_paid_at_stripe_first(self):
        """The other way round: Stripe knows, the bank statement is yet to come."""
        self.stripe.invoices.pay(self.by_bank.latest_invoice, {"paid_out_of_band": True})
        self.catch_up()
        self.assertRecordValues(
            self.move, [{"stripe_invoice_status": "paid", "amount_residual": 119.0}]
        )
        self.pay()
        self.sleep_past_this_second()
        self.prove()
        self.assertEqual(self.differing(), set())
        self.assertEqual(self.move.amount_residual, 0)
