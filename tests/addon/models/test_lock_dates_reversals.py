from odoo.tests import TransactionCase, tagged

from tests.addon import ledger_objects as at_stripe
from tests.addon.lock_common import LATER, LOCKED, LockCommon


@tagged("post_install", "-at_install")
class TestLockDatesReversals(LockCommon, TransactionCase):
    """What is not true any more is taken back on an open day; what is closed stays as it is."""

    def test_void(self):
        obj = at_stripe.open_invoice(at_stripe.item(10000, at_stripe.VAT, 2000))
        self.write(obj)
        self.lock()
        voided = {
            **obj,
            "status": "void",
            "status_transitions": {**obj["status_transitions"], "voided_at": at_stripe.LATER},
        }
        self.write(voided)
        move = self.move_of(obj)
        self.assertInPlace(move)
        [reversal] = move.reversal_move_ids
        self.assertMoved(reversal, day=LATER)
        self.assertEqual(str(reversal.invoice_date), LATER)
        self.assertEqual((move.payment_state, move.amount_residual), ("reversed", 0.0))
        self.write(voided)
        self.assertEqual(move.reversal_move_ids, reversal)

    def test_void_after_a_tax_return(self):
        obj = at_stripe.open_invoice(at_stripe.item(10000, at_stripe.VAT, 2000))
        self.write(obj)
        self.lock("tax")
        transitions = {**obj["status_transitions"], "voided_at": at_stripe.LATER}
        self.write({**obj, "status": "void", "status_transitions": transitions})
        [reversal] = self.move_of(obj).reversal_move_ids
        self.assertMoved(reversal, day=LATER, lock="Tax Return Lock Date")

    def test_write_off_and_paid_after_all(self):
        self.provider.stripe_billing_write_off = True
        obj = at_stripe.open_invoice(at_stripe.item(4000))
        self.write(obj)
        self.lock()
        transitions = {
            **obj["status_transitions"],
            "marked_uncollectible_at": at_stripe.LATER,
        }
        obj = {**obj, "status": "uncollectible", "status_transitions": transitions}
        self.write(obj)
        key = f"{obj['id']}/write_off"
        entry = self.entry_of(key)
        self.assertMoved(entry, day=LATER)
        self.assertEqual(self.balance("loss"), 40.0)
        self.company.fiscalyear_lock_date = "2025-04-30"
        self.write(at_stripe.pay(obj, 4000, at=at_stripe.LATER))
        self.assertEqual(self.balance("loss"), 0.0)
        self.assertEqual(self.move_of(obj).payment_state, "paid")
        for move in self.env["account.move"].search(
            [("partner_id", "=", self.partner.id), ("date", ">", LOCKED), ("id", ">", entry.id)]
        ):
            self.assertGreater(str(move.date), "2025-04-30")

    def test_refund_that_fails(self):
        """A payment in closed books is not set back: it is reversed."""
        obj = self.taxed()
        refund = at_stripe.refund(obj, 1200)
        self.write(obj, refund)
        payment = self.payment_of(refund)
        self.assertInPlace(payment.move_id)
        self.lock()
        self.write({**refund, "status": "failed"})
        self.assertEqual((payment.state, payment.move_id.state), ("canceled", "posted"))
        [reversal] = payment.move_id.reversal_move_ids
        self.assertEqual(reversal.state, "posted")
        self.assertGreater(str(reversal.date), LOCKED)
        self.assertEqual(self.balance("clearing"), 120.0)
        receivable = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.partner.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        self.assertEqual(sum(receivable.mapped("amount_residual")), 0.0)
        self.write({**refund, "status": "failed"})
        self.assertEqual(len(payment.move_id.reversal_move_ids), 1)

    def test_refund_that_fails_in_open_books(self):
        obj = self.taxed()
        refund = at_stripe.refund(obj, 1200)
        self.write(obj, refund)
        self.write({**refund, "status": "failed"})
        payment = self.payment_of(refund)
        self.assertEqual((payment.state, payment.move_id.state), ("canceled", "cancel"))

    def test_refund_that_fails_in_another_currency(self):
        """What Stripe had converted is taken back too."""
        obj = at_stripe.invoice(at_stripe.item(8000), currency="eur")
        refund = at_stripe.refund(obj, 4000, settled=-5100, at=at_stripe.LATER)
        self.write(obj, at_stripe.charge(obj, 300, settled=9900), refund)
        self.lock()
        back = at_stripe.movement("refund_failure", 5100, source=refund["id"], at=at_stripe.LATER)
        self.write({**refund, "status": "failed"})
        self.env["stripe.balance.transaction"]._stripe_apply(self.provider, [back])
        self.assertEqual(self.payment_of(refund).state, "canceled")
        self.assertEqual(self.balance("clearing"), 96.0)
        self.assertEqual(self.balance("suspense"), 0.0)

    def test_refund_that_fails_in_a_journal_with_hashes(self):
        obj = self.taxed()
        refund = at_stripe.refund(obj, 1200)
        self.write(obj, refund)
        payment = self.payment_of(refund)
        payment.journal_id.restrict_mode_hash_table = True
        (payment.move_id | self.move_of(obj).reconciled_payment_ids.move_id).button_hash()
        self.assertTrue(payment.move_id.inalterable_hash)
        self.write({**refund, "status": "failed"})
        self.assertEqual((payment.state, payment.move_id.state), ("canceled", "posted"))
        self.assertEqual(payment.move_id.reversal_move_ids.state, "posted")
        self.assertEqual(self.balance("clearing"), 120.0)

    def test_refund_that_fails_leaves_no_gap(self):
        """Its number stays taken, whatever was booked since."""
        self.company.restrictive_audit_trail = True
        obj = self.taxed()
        refund = at_stripe.refund(obj, 1200)
        self.write(obj, refund)
        self.write(self.taxed())
        payment = self.payment_of(refund)
        number = payment.move_id.name
        self.write({**refund, "status": "failed"})
        self.assertEqual(
            (payment.state, payment.move_id.state, payment.move_id.name),
            ("canceled", "cancel", number),
        )

    def test_credit_note_that_is_void(self):
        obj = at_stripe.open_invoice(at_stripe.item(10000, at_stripe.VAT, 2000))
        note = at_stripe.credit_note(
            obj, at_stripe.item(1000, at_stripe.VAT, 200), off_open=1200, at=at_stripe.LATER
        )
        self.write(obj, note)
        self.lock()
        self.write({**note, "status": "void", "voided_at": at_stripe.LATER})
        credit = self.move_of(note)
        [reversal] = credit.reversal_move_ids
        self.assertMoved(reversal, day=LATER)
        self.assertEqual(self.move_of(obj).amount_residual, 120.0)

    def test_dispute_that_is_lost(self):
        obj = self.taxed()
        charge = at_stripe.charge(obj)
        taken = at_stripe.movement("adjustment", -12000, at=at_stripe.LATER)
        self.write(obj, charge, at_stripe.dispute(charge, "needs_response", taken))
        self.lock()
        self.write(at_stripe.dispute(charge, "lost", taken))
        self.assertEqual((self.balance("dispute"), self.balance("loss")), (0.0, 120.0))
        dispute = self.env["stripe.dispute"].search([])
        self.assertEqual(set(dispute.move_ids.mapped("state")), {"posted"})
