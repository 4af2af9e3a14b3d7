from odoo import fields
from odoo.tests import TransactionCase, tagged

from tests.addon import ledger_objects as at_stripe
from tests.addon.lock_common import DAY, LATER, LOCKED, OPEN, LockCommon


@tagged("post_install", "-at_install")
class TestLockDates(LockCommon, TransactionCase):
    """What happened at Stripe in a period that is closed is booked on the first open day, and says why."""

    # === INVOICES AND CREDIT NOTES === #

    def test_open_books(self):
        obj = self.taxed()
        self.write(obj)
        move = self.move_of(obj)
        self.assertInPlace(move)
        self.assertInPlace(move.reconciled_payment_ids.move_id)

    def test_invoice_and_payment(self):
        self.lock()
        obj = self.taxed()
        self.write(obj)
        move = self.move_of(obj)
        self.assertMoved(move)
        self.assertEqual((str(move.invoice_date), move.payment_state), (DAY, "paid"))
        self.assertEqual((move.amount_total, move.amount_tax), (120.0, 20.0))
        payment = move.reconciled_payment_ids
        self.assertMoved(payment.move_id)
        self.assertEqual((str(payment.date), payment.state), (DAY, "paid"))
        self.assertIn(OPEN, payment.message_ids[0].body)
        self.write(obj)
        self.assertEqual(move.reconciled_payment_ids, payment)

    def test_each_kind_of_lock(self):
        for name, label in (
            ("fiscalyear", "Global Lock Date"),
            ("sale", "Sales Lock Date"),
            ("tax", "Tax Return Lock Date"),
            ("hard", "Hard Lock Date"),
        ):
            with self.subTest(lock=name), self.env.cr.savepoint() as savepoint:
                self.lock(name)
                obj = self.taxed()
                plain = at_stripe.invoice(at_stripe.item(5000))
                self.write(obj, plain)
                self.assertMoved(self.move_of(obj), lock=label)
                payment = self.move_of(obj).reconciled_payment_ids.move_id
                if name in ("fiscalyear", "hard"):
                    self.assertMoved(payment, lock=label)
                else:
                    self.assertInPlace(payment)
                if name == "tax":
                    self.assertInPlace(self.move_of(plain))
                else:
                    self.assertMoved(self.move_of(plain), lock=label)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_the_latest_of_several_locks_counts(self):
        self.company.write({"fiscalyear_lock_date": "2025-03-10", "tax_lock_date": LOCKED})
        obj = self.taxed()
        self.write(obj)
        self.assertMoved(self.move_of(obj), lock="Tax Return Lock Date")
        self.assertEqual(str(self.move_of(obj).reconciled_payment_ids.move_id.date), "2025-03-11")

    def test_locked_until_later_than_today(self):
        """Who closes a month before it is over wants nothing in it any more."""
        today = fields.Date.today()
        end = fields.Date.add(today, days=20)
        self.company.fiscalyear_lock_date = end
        obj = self.taxed()
        self.write(obj)
        move = self.move_of(obj)
        self.assertEqual((move.state, move.date), ("posted", fields.Date.add(end, days=1)))
        self.assertEqual(str(move.stripe_date), DAY)

    def test_amounts_at_the_rate_of_stripes_day(self):
        self.lock()
        obj = self.taxed(currency="eur")
        self.write(obj)
        move = self.move_of(obj)
        self.assertMoved(move)
        self.assertEqual((move.amount_total, move.amount_total_signed), (120.0, 150.0))
        [liquidity] = move.reconciled_payment_ids.move_id.line_ids.filtered("debit")
        self.assertEqual((liquidity.amount_currency, liquidity.balance), (120.0, 150.0))
        self.assertFalse(
            self.env["account.move"].search(
                [("journal_id", "=", self.company.currency_exchange_journal_id.id)]
            )
        )

    def test_payment_at_another_rate(self):
        """The exchange difference, which Odoo makes, does not fall into the closed period either."""
        self.lock()
        obj = at_stripe.open_invoice(at_stripe.item(8000), currency="eur")
        self.write(obj)
        self.write(at_stripe.pay(obj, 8000, at=at_stripe.LATER))
        move = self.move_of(obj)
        payment = move.reconciled_payment_ids
        self.assertMoved(payment.move_id, day=LATER)
        self.assertEqual(payment.move_id.amount_total_signed, 160.0)
        [difference] = self.env["account.move"].search(
            [("journal_id", "=", self.company.currency_exchange_journal_id.id)]
        )
        self.assertEqual(difference.state, "posted")
        self.assertEqual(sum(difference.line_ids.mapped("debit")), 60.0)
        self.assertGreater(str(difference.date), LOCKED)
        self.assertEqual(move.amount_residual, 0.0)

    def test_credit_note_and_refund(self):
        obj = self.taxed()
        self.write(obj)
        self.lock()
        refund = at_stripe.refund(obj, 1200, at=at_stripe.LATER)
        note = at_stripe.credit_note(
            obj, at_stripe.item(1000, at_stripe.VAT, 200), refunds=[refund], at=at_stripe.LATER
        )
        self.write(refund, note)
        self.assertInPlace(self.move_of(obj))
        credit, payment = self.move_of(note), self.payment_of(refund)
        self.assertMoved(credit, day=LATER)
        self.assertEqual((str(credit.invoice_date), credit.amount_residual), (LATER, 0.0))
        self.assertMoved(payment.move_id, day=LATER)
        self.assertEqual((str(payment.date), payment.state), (LATER, "paid"))

    def test_draft_that_is_mended_after_closing(self):
        """A document that did not agree with Stripe, and was posted by a person, says so too."""
        obj = {**self.taxed(), "total": 99999}
        self.write(obj)
        move = self.move_of(obj)
        self.assertEqual(move.state, "draft")
        self.lock()
        move.stripe_booking_error = False
        move.action_post()
        self.assertMoved(move)

    # === ENTRIES === #

    def test_fee_dispute_and_payout(self):
        obj = self.taxed()
        self.write(obj)
        self.lock()
        charge = at_stripe.charge(obj, 300)
        taken = at_stripe.movement("adjustment", -5000, 1500, at=at_stripe.LATER)
        dispute = at_stripe.dispute(charge, "needs_response", taken, amount=5000)
        payout = at_stripe.payout(5200, charge, {**taken, "source": "du_table"}, at=at_stripe.LATER)
        self.write(charge, dispute, payout)
        self.assertMoved(self.entry_of(charge["balance_transaction"]["id"]))
        self.assertMoved(self.entry_of(taken["id"]), day=LATER)
        self.assertMoved(self.entry_of("po_table"), day=LATER)
        self.assertEqual(
            {role: self.balance(role) for role in ("clearing", "fee", "dispute", "payout")},
            {"clearing": 0.0, "fee": 18.0, "dispute": 50.0, "payout": 52.0},
        )
        [record] = self.env["stripe.payout"].search([])
        self.assertEqual(record.clearing_difference, 0.0)

    def test_settlement_in_another_currency(self):
        """What Stripe has converted is booked at the amounts of its own day."""
        obj = at_stripe.invoice(at_stripe.item(8000), currency="eur")
        self.write(obj)
        self.lock()
        charge = at_stripe.charge(obj, 300, settled=9900)
        self.write(charge, at_stripe.payout(9600, charge))
        self.assertMoved(self.entry_of(charge["balance_transaction"]["id"]))
        self.assertEqual(self.balance("clearing"), 0.0)
        self.assertEqual(self.balance("fee"), 3.0)

    def test_customer_balance(self):
        self.lock()
        self.write(at_stripe.customer(at_stripe.balance_transaction(-2500)))
        [entry] = self.env["account.move"].search([("stripe_customer_balance_id", "!=", False)])
        self.assertMoved(entry)
        self.assertEqual(self.balance("balance"), -25.0)

    def test_payout_that_fails(self):
        obj = self.taxed()
        charge = at_stripe.charge(obj)
        payout = at_stripe.payout(12000, charge)
        self.write(obj, charge, payout)
        self.lock()
        self.write({**payout, "status": "failed"})
        entry = self.entry_of("po_table")
        self.assertInPlace(entry)
        [reversal] = entry.reversal_move_ids
        self.assertEqual(reversal.state, "posted")
        self.assertGreater(str(reversal.date), LOCKED)
        self.assertEqual(self.balance("payout"), 0.0)
