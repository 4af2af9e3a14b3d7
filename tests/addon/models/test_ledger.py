import time
from unittest.mock import patch

import requests
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestLedger(SandboxCommon, TransactionCase):
    """What happens at Stripe after an invoice is posted has its documents, and the accounts tie."""

    def setUp(self):
        super().setUp()
        self.stripe_customer = self.make_stripe_customer(self.partner)

    # === STRIPE === #

    def pay_out(self):
        """Have Stripe send what is available, in the sandbox's own way, and wait until it has arrived."""
        self.settle()
        url = f"{self.sandbox_process.base_url}/_sandbox/payout"
        answer = requests.post(url, json={"until": int(time.time()) + 30 * 86400}, timeout=5)
        answer.raise_for_status()
        self.hurry_stripe()
        for payout in self.stripe.payouts.list({}).data:
            self.assertEqual(payout.reconciliation_status, "completed")

    # === ODOO === #

    def account_of(self, name):
        return self.provider._stripe_billing_account(name)

    def balance(self, name):
        """What is on an account, in the company's currency."""
        lines = self.env["account.move.line"].search(
            [("account_id", "=", self.account_of(name).id), ("parent_state", "=", "posted")]
        )
        return round(sum(lines.mapped("balance")), 2)

    def receivable(self):
        """What the customer still owes by the books."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.partner.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        return round(sum(lines.mapped("amount_residual")), 2)

    def move_of(self, stripe_id):
        return self.env["account.move"].search([("stripe_invoice_id", "=", stripe_id)])

    def test_payment_with_fee(self):
        self.subscribe(self.stripe_customer, quantity=5)
        self.settle()
        self.catch_up()
        [transaction] = self.env["stripe.balance.transaction"].search([])
        self.assertEqual((transaction.amount, transaction.net), (100.0, 100.0 - transaction.fee))
        self.assertGreater(transaction.fee, 0)
        self.assertEqual(self.balance("fee"), transaction.fee)
        self.assertEqual(self.balance("clearing"), transaction.net)
        self.assertEqual(self.receivable(), 0)

    def test_payout(self):
        self.subscribe(self.stripe_customer, quantity=5)
        self.pay_out()
        self.catch_up()
        [payout] = self.env["stripe.payout"].search([])
        self.assertRecordValues(payout, [{"status": "paid", "reconciliation_status": "completed"}])
        self.assertEqual(self.balance("clearing"), 0)
        self.assertEqual(self.balance("payout"), payout.amount)
        self.assertEqual(payout.clearing_difference, 0)
        self.assertFalse(payout.activity_ids)

    def test_foreign_currency(self):
        price = self.make_stripe_price(currency="eur", unit_amount=5000)
        eur = self.env.ref("base.EUR")
        eur.active = True
        self.env["res.currency.rate"].create(
            {"name": "2020-01-01", "currency_id": eur.id, "rate": 0.8}
        )
        self.subscribe(self.stripe_customer, price=price)
        self.pay_out()
        self.catch_up()
        [payout] = self.env["stripe.payout"].search([])
        self.assertEqual(payout.clearing_difference, 0)
        self.assertEqual(self.balance("clearing"), 0)
        self.assertEqual(self.receivable(), 0)

    def test_refund_with_credit_note(self):
        subscription = self.subscribe(self.stripe_customer, quantity=5)
        self.stripe.credit_notes.create(
            {"invoice": subscription.latest_invoice, "amount": 4000, "refund_amount": 4000}
        )
        self.settle()
        self.catch_up()
        move = self.move_of(subscription.latest_invoice)
        [note] = move.reversal_move_ids
        self.assertRecordValues(
            note, [{"state": "posted", "amount_total": 40.0, "payment_state": "paid"}]
        )
        self.assertEqual(self.receivable(), 0)
        self.pay_out()
        self.catch_up()
        self.assertEqual(self.balance("clearing"), 0)

    def test_credit_note_to_balance_pays_the_next_invoice(self):
        subscription = self.subscribe(self.stripe_customer, quantity=5)
        self.stripe.credit_notes.create(
            {"invoice": subscription.latest_invoice, "amount": 4000, "credit_amount": 4000}
        )
        self.catch_up()
        self.assertEqual(self.balance("balance"), -40)
        self.assertEqual(self.receivable(), 0)
        self.stripe.subscriptions.update(
            subscription.id,
            {
                "items": [{"id": subscription["items"].data[0].id, "quantity": 8}],
                "proration_behavior": "always_invoice",
            },
        )
        self.settle()
        self.catch_up()
        self.assertEqual(self.receivable(), 0)
        latest = self.stripe.subscriptions.retrieve(subscription.id).latest_invoice
        self.assertIn(self.move_of(latest).payment_state, ("paid", "in_payment"))
        customer = self.stripe.customers.retrieve(self.stripe_customer.id)
        self.assertEqual(self.balance("balance"), customer.balance / 100)

    def test_credit_note_on_an_open_invoice(self):
        subscription = self.subscribe(
            self.stripe_customer, 5, collection_method="send_invoice", days_until_due=30
        )
        self.stripe.invoices.finalize_invoice(subscription.latest_invoice)
        self.stripe.credit_notes.create({"invoice": subscription.latest_invoice, "amount": 3000})
        self.catch_up()
        move = self.move_of(subscription.latest_invoice)
        self.assertEqual((move.amount_residual, move.payment_state), (70.0, "partial"))

    def test_negative_invoice(self):
        subscription = self.subscribe(self.stripe_customer, quantity=5)
        self.stripe.subscriptions.update(
            subscription.id,
            {
                "items": [{"id": subscription["items"].data[0].id, "quantity": 1}],
                "proration_behavior": "always_invoice",
            },
        )
        self.catch_up()
        refund = self.env["account.move"].search(
            [("move_type", "=", "out_refund"), ("stripe_invoice_id", "!=", False)]
        )
        self.assertTrue(refund)
        self.assertEqual(self.receivable(), 0)
        customer = self.stripe.customers.retrieve(self.stripe_customer.id)
        self.assertEqual(self.balance("balance"), customer.balance / 100)

    def test_granted_credit(self):
        self.catch_up()
        subscription = self.subscribe(self.stripe_customer)
        self.catch_up()
        self.stripe.customers.balance_transactions.create(
            self.stripe_customer.id, {"amount": -700, "currency": "usd"}
        )
        self.catch_up()
        self.assertEqual(self.balance("balance"), -7)
        self.assertEqual(self.balance("credit"), 7)
        self.assertTrue(subscription)

    def test_dispute_lost_and_won(self):
        for evidence, loss in (("losing_evidence", True), ("winning_evidence", False)):
            before = self.balance("loss")
            partner = self.env["res.partner"].create({"name": evidence})
            customer = self.make_stripe_customer(
                partner,
                payment_method="pm_card_createDispute",
                invoice_settings={"default_payment_method": "pm_card_createDispute"},
            )
            self.subscribe(customer, quantity=5)
            self.settle()
            dispute = self.wait_for_dispute(customer)
            self.catch_up()
            record = self.env["stripe.dispute"].search([("stripe_id", "=", dispute.id)])
            self.assertEqual(record.status, "needs_response")
            self.assertTrue(record.activity_ids.date_deadline)
            self.assertEqual(self.balance("dispute"), 100)
            self.stripe.disputes.update(
                dispute.id, {"evidence": {"uncategorized_text": evidence}, "submit": True}
            )
            self.wait_for_dispute(customer, "lost" if loss else "won")
            self.catch_up()
            self.assertEqual(record.status, "lost" if loss else "won")
            self.assertFalse(record.activity_ids)
            self.assertEqual(self.balance("dispute"), 0)
            self.assertEqual(self.balance("loss") - before, 100 if loss else 0)
        self.pay_out()
        self.catch_up()
        self.assertEqual(self.balance("clearing"), 0)

    def wait_for_dispute(self, customer, status="needs_response"):
        self.hurry_stripe()
        for dispute in self.stripe.disputes.list({}).data:
            charge = self.stripe.charges.retrieve(dispute.charge)
            if charge.customer == customer.id and dispute.status == status:
                return dispute
        return self.fail("no dispute")

    def test_uncollectible(self):
        self.provider.stripe_billing_write_off = True
        subscription = self.subscribe(
            self.stripe_customer, 5, collection_method="send_invoice", days_until_due=30
        )
        self.stripe.invoices.finalize_invoice(subscription.latest_invoice)
        self.stripe.invoices.mark_uncollectible(subscription.latest_invoice)
        self.catch_up()
        self.assertEqual(self.balance("loss"), 100)
        self.assertEqual(self.receivable(), 0)
        self.stripe.invoices.pay(subscription.latest_invoice, {"off_session": True})
        self.settle()
        self.catch_up()
        self.assertEqual(self.balance("loss"), 0)
        self.assertEqual(self.receivable(), 0)
        self.assertIn(
            self.move_of(subscription.latest_invoice).payment_state, ("paid", "in_payment")
        )

    def test_unmapped_tax_waits_for_a_person(self):
        rate = self.stripe.tax_rates.create(
            {"display_name": "Odd", "percentage": 7.77, "inclusive": False}
        )
        subscription = self.subscribe(self.stripe_customer, default_tax_rates=[rate.id])
        self.catch_up()
        self.assertFalse(self.move_of(subscription.latest_invoice))
        parked = self.env["stripe.event"].search([("waits_for", "!=", False)])
        self.assertTrue(parked)
        self.assertEqual(set(parked.mapped("state")), {"pending"})
        record = self.env["stripe.tax.rate"].search([("stripe_id", "=", rate.id)])
        self.assertEqual(record.activity_ids.user_id, self.provider.stripe_billing_user_id)
        record.action_create_tax()
        self.assertFalse(record.activity_ids)
        self.run_cron("ir_cron_process_events_1")
        self.assertEqual(self.move_of(subscription.latest_invoice).payment_state, "paid")
        self.assertEqual(set(parked.mapped("error")), {False})
        self.assertEqual(set(parked.mapped("state")), {"done"})

    # === ACTING === #

    def refund_in_odoo(self, move, amount):
        wizard = self.env["stripe.refund"].create({"move_id": move.id, "amount": amount})
        return self.env["account.move"].browse(wizard.action_refund()["res_id"])

    def test_refund_made_in_odoo(self):
        subscription = self.subscribe(self.stripe_customer, quantity=5)
        self.settle()
        self.catch_up()
        move = self.move_of(subscription.latest_invoice)
        note = self.refund_in_odoo(move, 30)
        self.assertRecordValues(
            note, [{"state": "posted", "amount_total": 30.0, "payment_state": "paid"}]
        )
        # Its own webhook, and those of others, change nothing any more.
        self.catch_up()
        self.assertEqual(move.reversal_move_ids, note)
        [refund] = self.stripe.refunds.list({}).data
        self.assertEqual(refund.amount, 3000)
        self.assertEqual(self.receivable(), 0)
        wizard = self.env["stripe.refund"].create({"move_id": move.id})
        self.assertEqual((wizard.refundable_amount, wizard.amount), (70.0, 70.0))
        for amount in (0, -1, 70.01):
            wizard.amount = amount
            with self.assertRaises(UserError):
                wizard.action_refund()

    def test_refund_is_made_once(self):
        subscription = self.subscribe(self.stripe_customer, quantity=5)
        self.catch_up()
        move = self.move_of(subscription.latest_invoice)
        with (
            patch.object(
                type(self.provider), "_stripe_sync", side_effect=UserError("the line is dead")
            ),
            self.assertRaises(UserError),
            self.env.cr.savepoint(),
        ):
            self.refund_in_odoo(move, 30)
        self.refund_in_odoo(move, 30)
        self.assertEqual(len(self.stripe.refunds.list({}).data), 1)
        self.assertEqual(len(move.reversal_move_ids), 1)

    def test_paid_outside_stripe(self):
        subscription = self.subscribe(
            self.stripe_customer, 5, collection_method="send_invoice", days_until_due=30
        )
        self.stripe.invoices.finalize_invoice(subscription.latest_invoice)
        self.catch_up()
        move = self.move_of(subscription.latest_invoice)
        with self.assertRaises(UserError):
            move.action_stripe_mark_paid()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
        move.action_stripe_mark_paid()
        self.assertEqual(self.stripe.invoices.retrieve(subscription.latest_invoice).status, "paid")
        self.assertEqual(move.stripe_invoice_status, "paid")
        self.catch_up()
        self.assertEqual(self.receivable(), 0)
        self.run_job("audit")
        self.assertEqual(self.differences(), [])

    def test_currency_without_rate(self):
        chf = self.env.ref("base.CHF")
        chf.rate_ids.unlink()
        price = self.make_stripe_price(currency="chf", unit_amount=5000)
        subscription = self.subscribe(self.stripe_customer, price=price)
        self.catch_up()
        self.assertFalse(self.move_of(subscription.latest_invoice))
        events = self.env["stripe.event"].search([("error", "like", "exchange rate")])
        self.assertTrue(events)
        self.env["res.currency.rate"].create(
            {"name": "2020-01-01", "currency_id": chf.id, "rate": 0.9}
        )
        events.action_retry()
        self.run_cron("ir_cron_process_events_1")
        self.assertEqual(self.move_of(subscription.latest_invoice).payment_state, "paid")
