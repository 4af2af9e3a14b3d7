from unittest.mock import patch

from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestRefund(SandboxCommon, TransactionCase):
    """Refunds made in Odoo give back money and taxes, to the cent and once."""

    def setUp(self):
        super().setUp()
        self.stripe_customer = self.make_stripe_customer(self.partner)

    def make_rate(self, percentage, inclusive=False):
        rate = self.stripe.tax_rates.create(
            {"display_name": "Odd", "percentage": percentage, "inclusive": inclusive}
        )
        self.provider.action_stripe_billing_fetch_catalogue()
        record = self.env["stripe.tax.rate"].search([("stripe_id", "=", rate.id)])
        if not record.tax_id:
            record.action_create_tax()
        return rate.id

    def paid_invoice(self, quantity=5, **values):
        subscription = self.subscribe(self.stripe_customer, quantity, **values)
        self.settle()
        self.catch_up()
        return self.env["account.move"].search(
            [("stripe_invoice_id", "=", subscription.latest_invoice)]
        )

    def refund(self, move, amount):
        wizard = self.env["stripe.refund"].create({"move_id": move.id, "amount": amount})
        return self.env["account.move"].browse(wizard.action_refund()["res_id"])

    def refundable(self, move):
        return self.env["stripe.refund"].create({"move_id": move.id}).refundable_amount

    def refunded(self):
        return sum(refund.amount for refund in self.stripe.refunds.list({}).data) / 100

    # === TAXES === #

    def test_taxes_go_back(self):
        for inclusive, untaxed, taxed in ((False, 28.04, 2.16), (True, 27.85, 2.15)):
            rate = self.make_rate(7.7, inclusive)
            move = self.paid_invoice(default_tax_rates=[rate])
            amount = 30.20 if not inclusive else 30.0
            note = self.refund(move, amount)
            self.assertRecordValues(
                note,
                [
                    {
                        "state": "posted",
                        "payment_state": "paid",
                        "amount_untaxed": untaxed,
                        "amount_tax": taxed,
                        "amount_total": amount,
                    }
                ],
            )
            self.assertEqual(note.invoice_line_ids.tax_ids, move.invoice_line_ids.tax_ids)
            self.assertEqual(note.invoice_line_ids.product_id, move.invoice_line_ids.product_id)

    def test_until_nothing_is_left(self):
        """Three odd amounts and the rest come to exactly the invoice, taxes too."""
        coupon = self.stripe.coupons.create({"percent_off": 12.5, "duration": "once"})
        move = self.paid_invoice(
            default_tax_rates=[self.make_rate(7.7), self.make_rate(2.125)],
            discounts=[{"coupon": coupon.id}],
        )
        for amount in (0.01, 33.33, 17.19):
            self.assertEqual(self.refund(move, amount).amount_total, amount)
        rest = self.refundable(move)
        self.assertAlmostEqual(rest, move.amount_total - 50.53)
        self.refund(move, rest)
        notes = move.reversal_move_ids
        self.assertEqual(len(notes), 4)
        self.assertEqual(set(notes.mapped("payment_state")), {"paid"})
        self.assertAlmostEqual(sum(notes.mapped("amount_total")), move.amount_total)
        self.assertAlmostEqual(sum(notes.mapped("amount_tax")), move.amount_tax, delta=0.02)
        self.assertAlmostEqual(self.refunded(), move.amount_total)
        self.assertEqual(self.refundable(move), 0)
        with self.assertRaisesRegex(UserError, "Nothing is left"):
            move.action_stripe_refund()

    def test_upgrade_with_credit_for_unused_time(self):
        self.paid_invoice(quantity=1)
        [subscription] = self.stripe.subscriptions.list({}).data
        changed = self.stripe.subscriptions.update(
            subscription.id,
            {
                "items": [{"id": subscription["items"].data[0].id, "quantity": 4}],
                "proration_behavior": "always_invoice",
            },
        )
        self.settle()
        self.catch_up()
        move = self.env["account.move"].search([("stripe_invoice_id", "=", changed.latest_invoice)])
        self.assertTrue(any(row.price_subtotal < 0 for row in move.invoice_line_ids))
        note = self.refund(move, move.amount_total)
        self.assertEqual((note.amount_total, note.payment_state), (move.amount_total, "paid"))

    def test_in_another_way_counted_at_stripe(self):
        """Should Stripe round otherwise than expected, the preview says so before anything is given back."""
        move = self.paid_invoice(default_tax_rates=[self.make_rate(7.7)])
        call = StripeGateway.call

        def dearer(gateway, service, method, *ids, **values):
            answer = call(gateway, service, method, *ids, **values)
            if method == "preview":
                answer["total"] += 1
            return answer

        with (
            patch.object(StripeGateway, "call", dearer),
            self.assertRaisesRegex(UserError, "must equal|exactly this amount"),
        ):
            self.refund(move, 30.0)
        self.assertEqual(self.refunded(), 0)

    # === HOW MUCH === #

    def test_paid_from_the_balance_is_not_refundable(self):
        self.paid_invoice(quantity=1)
        self.stripe.customers.balance_transactions.create(
            self.stripe_customer.id, {"amount": -3000, "currency": "usd"}
        )
        self.catch_up()
        move = self.paid_invoice(quantity=5)
        self.assertEqual((move.amount_total, move.payment_state), (100.0, "paid"))
        self.assertEqual(self.refundable(move), 70.0)
        self.assertEqual(self.refund(move, 70.0).payment_state, "paid")

    def test_paid_outside_is_not_refundable(self):
        subscription = self.subscribe(
            self.stripe_customer, 5, collection_method="send_invoice", days_until_due=30
        )
        self.stripe.invoices.finalize_invoice(subscription.latest_invoice)
        self.stripe.invoices.pay(subscription.latest_invoice, {"paid_out_of_band": True})
        self.catch_up()
        move = self.env["account.move"].search(
            [("stripe_invoice_id", "=", subscription.latest_invoice)]
        )
        with self.assertRaisesRegex(UserError, "paid in another way"):
            move.action_stripe_refund()

    def test_credit_to_the_balance_is_taken_off(self):
        move = self.paid_invoice()
        self.stripe.credit_notes.create(
            {"invoice": move.stripe_invoice_id, "amount": 4000, "credit_amount": 4000}
        )
        self.catch_up()
        self.assertEqual(self.refundable(move), 60.0)

    # === ONCE === #

    def test_webhook_comes_first(self):
        """Stripe's events about the refund are worked through before its answer is."""
        move = self.paid_invoice()
        sync = type(self.provider)._stripe_sync

        def slow(provider, requests):
            self.settle()
            self.catch_up()
            return sync(provider, requests)

        with patch.object(type(self.provider), "_stripe_sync", slow):
            note = self.refund(move, 30.0)
        self.catch_up()
        self.assertEqual(move.reversal_move_ids, note)
        self.assertEqual(self.refunded(), 30.0)
        payments = self.env["account.payment"].search(
            [("payment_type", "=", "outbound"), ("stripe_provider_id", "=", self.provider.id)]
        )
        self.assertEqual(payments.mapped("amount"), [30.0])

    def test_all_of_it_after_a_crash(self):
        """The first try has reached Stripe; Odoo lost the answer. The second finds it again."""
        move = self.paid_invoice(default_tax_rates=[self.make_rate(7.7)])
        with (
            patch.object(
                type(self.provider), "_stripe_sync", side_effect=UserError("the line is dead")
            ),
            self.assertRaises(UserError),
            self.env.cr.savepoint(),
        ):
            self.refund(move, move.amount_total)
        note = self.refund(move, move.amount_total)
        self.assertEqual(note.payment_state, "paid")
        self.assertEqual(len(self.stripe.credit_notes.list({}).data), 1)
        self.assertEqual(self.refunded(), move.amount_total)

    def test_twice_on_purpose(self):
        move = self.paid_invoice()
        self.refund(move, 30.0)
        self.refund(move, 30.0)
        self.assertEqual(self.refunded(), 60.0)
        self.assertEqual(self.refundable(move), 40.0)

    # === WHO === #

    def test_sellers_do_not_refund(self):
        move = self.paid_invoice()
        seller = new_test_user(
            self.env, "seller", groups="stripe_subscriptions.group_stripe_subscriptions_user"
        )
        with self.assertRaises(AccessError):
            self.env["stripe.refund"].with_user(seller).create({"move_id": move.id})
        clerk = new_test_user(self.env, "clerk", groups="account.group_account_invoice")
        wizard = self.env["stripe.refund"].with_user(clerk).create({"move_id": move.id})
        wizard.action_refund()
        self.assertEqual(self.refunded(), 100.0)
