"""Lessons about the ledger: nothing twice, nothing missing, nothing where it does not belong."""

from unittest.mock import patch

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from tests.addon.test_lessons_common import LessonsCommon


@tagged("post_install", "-at_install")
class TestLessonsBooks(LessonsCommon, TransactionCase):
    """The customer's account in Odoo and the customer's money at Stripe tell the same."""

    def balance(self):
        """What the customer owes by Odoo's books, less what is to the customer's credit, in cents."""
        credit = self.provider._stripe_billing_account("balance")
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.partner.id),
                ("parent_state", "=", "posted"),
                "|",
                ("account_id.account_type", "=", "asset_receivable"),
                ("account_id", "=", credit.id),
            ]
        )
        return round(sum(lines.mapped("amount_currency")) * 100)

    def change(self, subscription, **item):
        """Change the one item of a subscription, and charge or credit for it at once."""
        item["id"] = subscription["items"].data[0].id
        params = {"items": [item], "proration_behavior": "always_invoice"}
        return self.stripe.subscriptions.update(subscription.id, params)

    def test_17_payment_without_a_fee_yet(self):
        """The fee is known some time after the charge; who waits for it books nothing."""
        self.subscribe(self.make_stripe_customer(self.partner))
        [charged] = self.at_stripe("charge.succeeded")
        self.assertIsNone(charged["data"]["object"]["balance_transaction"])
        self.store(self.at_stripe())
        self.work()
        self.assertBookedOnce()
        row = self.rows.filtered(lambda event: event.event_type == "charge.succeeded")
        self.assertEqual(row.payload, charged, "kept")
        self.assertIn(row.state, ("done", "ignored"))
        # Gross, in the account from which the payout with its fees is reconciled.
        [debit] = self.payments().move_id.line_ids.filtered("debit")
        self.assertEqual(debit.debit, 20.0)
        self.assertFalse(debit.reconciled)

    def test_26_killed_between_booking_and_settling(self):
        """The job dies after the invoice was made and before it was noted, and bills again."""
        self.subscribe(self.make_stripe_customer(self.partner))
        self.store(self.at_stripe())
        with (
            patch.object(
                type(self.env["stripe.event"]), "_settle", side_effect=MemoryError("killed")
            ),
            mute_logger("odoo.addons.stripe_subscriptions.models.stripe_event_processing"),
        ):
            self.work()
        self.assertEqual(self.states(), {"pending", "ignored"})
        self.assertFalse(self.moves(), "all of it or nothing")
        self.hurry()
        self.work()
        self.assertSettled()
        self.assertBookedOnce()

    def test_26_two_ways_to_the_same_invoice(self):
        """A button, an import, an event and a repair all find the invoice of the period."""
        subscription = self.subscribe(self.make_stripe_customer(self.partner))
        self.run_job("import")
        self.subscription().action_refresh()
        self.provider._stripe_sync([("invoice", subscription.latest_invoice)])
        self.catch_up()
        self.env["stripe.difference"]._report(
            self.env["stripe.job"].search([], limit=1),
            {("invoice", subscription.latest_invoice): [("state", "", "paid")]},
        )
        self.env["stripe.difference"].search([]).action_repair()
        self.assertBookedOnce()
        self.assertAgreed()

    def test_28_payment_is_an_entry_and_the_invoice_is_closed(self):
        """The customer has paid, and in the books the invoice is open and the money nowhere."""
        self.subscribe(self.make_stripe_customer(self.partner))
        # Nothing but the payment is told.
        self.store(self.at_stripe("invoice_payment.paid"))
        self.work()
        self.assertSettled()
        self.assertBookedOnce()
        self.assertEqual(self.balance(), 0)
        payment, move = self.payments(), self.moves()
        self.assertRecordValues(payment.move_id, [{"state": "posted", "amount_total": 20.0}])
        self.assertEqual(payment.reconciled_invoice_ids, move)
        income = move.line_ids.filtered(lambda row: row.account_id.account_type == "income")
        self.assertEqual(sum(income.mapped("credit")), 20.0)

    def test_31_refund_is_told_four_times(self):
        """One refund makes events of refund and charge alike, and the charge does not say which."""
        subscription = self.subscribe(self.make_stripe_customer(self.partner))
        refunds = [self.refund(subscription, amount) for amount in (500, 700, 500)]
        events = self.at_stripe()
        told = {event["type"] for event in events}
        self.assertLessEqual({"refund.created", "charge.refunded"}, told)
        for _time in range(2):
            self.store(
                {**event, "id": f"{event['id']}_{_time}"} for event in reversed(self.at_stripe())
            )
            self.work()
        self.assertSettled()
        self.assertCountEqual(
            self.payments("outbound").mapped(lambda p: (p.stripe_payment_ref, p.amount)),
            [(refund.id, refund.amount / 100) for refund in refunds],
        )
        self.assertAgreed()

    def test_31_refund_that_fails_later(self):
        customer = self.make_stripe_customer(self.partner)
        card = self.stripe.payment_methods.attach("pm_card_refundFail", {"customer": customer.id})
        subscription = self.subscribe(customer, default_payment_method=card.id)
        refund = self.refund(subscription, 500)
        self.catch_up()
        self.hurry_stripe()
        self.assertEqual(self.stripe.refunds.retrieve(refund.id).status, "failed")
        self.catch_up()
        self.assertSettled()
        self.assertLessEqual(set(self.payments("outbound").mapped("state")), {"canceled"})
        self.assertAgreed()

    def test_36_downgrade(self):
        """A downgrade makes an invoice below zero, which becomes credit, not a refund."""
        customer = self.make_stripe_customer(self.partner)
        subscription = self.subscribe(customer, quantity=3)
        self.change(subscription, quantity=1)
        self.catch_up()
        self.assertSettled()
        self.assertCountEqual(self.moves().mapped("move_type"), ["out_invoice", "out_refund"])
        self.assertEqual(set(self.moves().mapped("state")), {"posted"})
        self.assertFalse(self.payments("outbound"))
        credit = self.stripe.customers.retrieve(customer.id).balance
        self.assertLess(credit, 0)
        self.assertEqual(self.balance(), credit, "Odoo owes what Stripe owes")
        # The credit is used up by the next invoices.
        self.change(subscription, quantity=9)
        self.catch_up()
        self.assertEqual(self.stripe.customers.retrieve(customer.id).balance, 0)
        self.assertEqual(self.balance(), 0)
        self.assertAgreed()

    def test_36_below_the_minimum(self):
        """Too little for a card is carried over: the invoice counts as paid, and nobody paid."""
        price = self.make_stripe_price(unit_amount=30)
        customer = self.make_stripe_customer(self.partner)
        subscription = self.subscribe(customer, price=price)
        invoice = self.stripe.invoices.retrieve(subscription.latest_invoice)
        self.assertEqual((invoice.status, invoice.total), ("paid", 30))
        self.catch_up()
        self.assertSettled()
        self.assertRecordValues(self.moves(), [{"state": "posted", "amount_total": 0.3}])
        self.assertFalse(self.payments(), "no money has moved")
        self.assertEqual(self.balance(), self.stripe.customers.retrieve(customer.id).balance)
        self.assertEqual(self.balance(), 30)
        self.assertAgreed()

    def test_36_invoice_without_lines(self):
        """An invoice with nothing on it is still an invoice that Stripe has finalized."""
        customer = self.make_stripe_customer(self.partner)
        self.subscribe(customer)
        params = {"customer": customer.id, "pending_invoice_items_behavior": "exclude"}
        invoice = self.stripe.invoices.create(params)
        self.stripe.invoices.finalize_invoice(invoice.id)
        self.assertEqual(self.stripe.invoices.retrieve(invoice.id).status, "paid")
        self.catch_up()
        self.assertSettled()
        self.assertEqual(set(self.moves().mapped("state")), {"posted"})
        self.assertAgreed()

    def test_36_void_takes_back_the_whole_debt(self):
        """Voiding does not always give the credit back that was used; the books say so."""
        customer = self.make_stripe_customer(self.partner)
        subscription = self.subscribe(customer, quantity=3)
        self.change(subscription, quantity=1)
        self.stripe.invoice_items.create(
            {"customer": customer.id, "amount": 9000, "currency": "usd"}
        )
        params = {"customer": customer.id, "pending_invoice_items_behavior": "include"}
        invoice = self.stripe.invoices.create({**params, "auto_advance": False})
        self.stripe.invoices.finalize_invoice(invoice.id, {"auto_advance": False})
        self.catch_up()
        self.assertEqual(self.stripe.invoices.retrieve(invoice.id).status, "open")
        owed = self.stripe.invoices.retrieve(invoice.id).amount_remaining
        self.assertEqual(self.balance(), owed)
        self.stripe.invoices.void_invoice(invoice.id)
        self.catch_up()
        self.assertSettled()
        self.assertEqual(self.balance(), self.stripe.customers.retrieve(customer.id).balance)
        self.assertAgreed()
