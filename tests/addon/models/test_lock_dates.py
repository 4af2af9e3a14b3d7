from odoo import fields
from odoo.tests import TransactionCase, tagged

from tests.addon import ledger_objects as at_stripe
from tests.addon.common import StripeCommon
from tests.addon.ledger_objects import CUSTOMER

LOCKED = "2025-03-31"
OPEN = "2025-04-01"
DAY = "2025-03-03"
LATER = "2025-03-20"


@tagged("post_install", "-at_install")
class TestLockDates(StripeCommon, TransactionCase):
    """What happened at Stripe in a period that is closed is booked on the first open day, and says why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "UTC"
        cls.env["res.lang"].search([]).date_format = "%Y-%m-%d"
        cls.partner = cls.env["res.partner"].create({"name": "Buyer of the Past"})
        cls.env["stripe.customer"].with_context(
            stripe_customer_partners={CUSTOMER: cls.partner.id}
        )._stripe_apply(cls.provider, [{"id": CUSTOMER, "object": "customer", "livemode": False}])
        rates = cls.env["stripe.tax.rate"]._stripe_apply(cls.provider, at_stripe.TAX_RATES)
        rates.tax_id = False
        rates.action_create_tax()
        cls.eur = cls.env.ref("base.EUR")
        cls.eur.active = True
        cls.eur.rate_ids.unlink()
        cls.env["res.currency.rate"].create(
            [
                {"name": "2025-01-01", "currency_id": cls.eur.id, "rate": 0.8},
                {"name": "2025-03-20", "currency_id": cls.eur.id, "rate": 0.5},
                {"name": "2025-04-01", "currency_id": cls.eur.id, "rate": 0.25},
            ]
        )

    # === HELPERS === #

    def lock(self, *names):
        """Close the books until the end of March."""
        self.company.write({f"{name}_lock_date": LOCKED for name in names or ("fiscalyear",)})

    def write(self, *objects):
        self.provider._stripe_write({(obj["object"], obj["id"]): obj for obj in objects})

    def move_of(self, obj):
        field = "stripe_credit_note_id" if obj["object"] == "credit_note" else "stripe_invoice_id"
        [move] = self.env["account.move"].search([(field, "=", obj["id"])])
        return move

    def payment_of(self, obj):
        ref = obj["id"] if obj["object"] == "refund" else obj["payment_intent"]
        [payment] = self.env["account.payment"].search([("stripe_payment_ref", "=", ref)])
        return payment

    def entry_of(self, key):
        [move] = self.env["account.move"].search([("stripe_entry_ref", "=", key)])
        return move

    def balance(self, role):
        account = self.provider._stripe_billing_account(role)
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return round(sum(lines.mapped("balance")), 2)

    def assertMoved(self, move, day=DAY, lock="Global Lock Date", to=OPEN):
        """Booked on the first open day, with Stripe's day and the reason."""
        self.assertEqual(
            (move.state, str(move.date), str(move.stripe_date)), ("posted", to, day), move.ref
        )
        reasons = [body for body in move.message_ids.mapped("body") if "At Stripe" in body]
        self.assertEqual(len(reasons), 1)
        for word in (day, lock, LOCKED, to):
            self.assertIn(word, reasons[0])

    def assertInPlace(self, move, day=DAY):
        """Booked on Stripe's day, without a word."""
        self.assertEqual((move.state, str(move.date)), ("posted", day))
        self.assertFalse(move.stripe_date)
        self.assertFalse([body for body in move.message_ids.mapped("body") if "At Stripe" in body])

    def taxed(self, **values):
        return at_stripe.invoice(at_stripe.item(10000, at_stripe.VAT, 2000), **values)

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

    # === REVERSALS === #

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

    def test_refund_that_fails_after_other_payments(self):
        obj = self.taxed()
        refund = at_stripe.refund(obj, 1200)
        self.write(obj, refund)
        self.write(self.taxed())
        payment = self.payment_of(refund)
        self.write({**refund, "status": "failed"})
        self.assertEqual(payment.state, "canceled")
