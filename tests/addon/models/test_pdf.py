from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.addons.stripe_subscriptions.models import account_move_pdf
from odoo.addons.stripe_subscriptions.stripe_errors import StripeRequestRefused, StripeUnavailable
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from tests.addon.sandbox_common import SandboxCommon

LOGGER = "odoo.addons.stripe_subscriptions.models.account_move_pdf"


@tagged("post_install", "-at_install")
class TestPdf(SandboxCommon, TransactionCase):
    """Stripe's own PDFs are attached some time after the documents were booked, once."""

    def setUp(self):
        super().setUp()
        self.provider.stripe_billing_attach_pdf = True
        self.at_stripe = self.make_stripe_customer(self.partner)

    def book_one(self):
        subscription = self.subscribe(self.at_stripe)
        self.catch_up()
        return self.move_of("stripe_invoice_id", subscription.latest_invoice)

    def move_of(self, field, stripe_id):
        move = self.env["account.move"].search([(field, "=", stripe_id)])
        self.assertEqual(move.state, "posted")
        return move

    def fetch(self):
        self.run_cron("ir_cron_fetch_pdfs")

    def attachments(self, move):
        return self.env["ir.attachment"].search(
            [("res_model", "=", "account.move"), ("res_id", "=", move.id)]
        )

    def hurry(self, move):
        """Let the time until the next attempt pass."""
        self.assertGreater(move.stripe_pdf_due, fields.Datetime.now())
        move.stripe_pdf_due = fields.Datetime.now() - timedelta(seconds=1)

    def failing(self, error):
        return patch.object(account_move_pdf, "fetch_pdf", side_effect=error)

    def test_off_unless_wanted(self):
        self.assertFalse(self.provider.copy().stripe_billing_attach_pdf)
        self.provider.stripe_billing_attach_pdf = False
        move = self.book_one()
        self.assertFalse(move.stripe_pdf_due)
        self.fetch()
        self.assertFalse(self.attachments(move))

    def test_invoice(self):
        move = self.book_one()
        self.assertFalse(self.attachments(move), "not while it is booked")
        modified = move.is_manually_modified
        self.fetch()
        pdf = self.attachments(move)
        self.assertRecordValues(
            pdf, [{"name": f"{move.ref}.pdf", "mimetype": "application/pdf", "type": "binary"}]
        )
        self.assertTrue(pdf.raw.startswith(b"%PDF-"))
        self.assertEqual(move.stripe_pdf_id, pdf)
        self.assertFalse(move.stripe_pdf_due)
        self.assertEqual(move.is_manually_modified, modified)
        # Again: nothing is due; and whatever else happens to the invoice does not bring another one.
        self.fetch()
        self.provider._stripe_sync([("invoice", move.stripe_invoice_id)])
        self.fetch()
        self.assertEqual(self.attachments(move), pdf)

    def test_address_is_asked_for_and_not_kept(self):
        move = self.book_one()
        self.fetch()
        [row] = move.read([])
        row.pop("attachment_ids", None)
        self.assertNotIn("/pages/invoice/", repr(row))

    def test_credit_note(self):
        move = self.book_one()
        note = move._stripe_refund(5.0, "duplicate")
        self.assertTrue(note.stripe_credit_note_id)
        self.fetch()
        self.assertEqual(self.attachments(note).name, f"{note.ref}.pdf")
        self.assertEqual(self.attachments(move).name, f"{move.ref}.pdf")

    def test_stripe_is_out_of_reach(self):
        move = self.book_one()
        with self.failing(StripeUnavailable("Stripe does not answer.")):
            self.fetch()
            self.assertEqual((move.state, move.payment_state), ("posted", "paid"))
            self.hurry(move)
            self.fetch()
        self.assertEqual(move.stripe_pdf_attempts, 2)
        delay = move.stripe_pdf_due - fields.Datetime.now()
        self.assertGreater(delay, timedelta(seconds=account_move_pdf.RETRY_DELAY))
        self.hurry(move)
        self.fetch()
        self.assertEqual(len(self.attachments(move)), 1)

    def test_given_up_with_a_word(self):
        move = self.book_one()
        move.stripe_pdf_attempts = account_move_pdf.MAX_ATTEMPTS - 1
        with self.failing(StripeRequestRefused("Stripe serves text/html instead of a PDF.")):
            self.fetch()
        self.assertFalse(move.stripe_pdf_due)
        self.assertIn("text/html instead of a PDF", move.message_ids[0].body)
        # Until somebody asks for it.
        move.action_stripe_fetch_pdf()
        self.fetch()
        self.assertEqual(len(self.attachments(move)), 1)

    def test_one_bad_document_does_not_hold_up_the_others(self):
        first, second = self.book_one(), self.book_one()
        outcomes = [ZeroDivisionError("what"), b"%PDF-1.4"]
        with self.failing(outcomes), mute_logger(LOGGER):
            self.fetch()
        self.assertFalse(first.stripe_pdf_id)
        self.assertTrue(first.stripe_pdf_due)
        self.assertTrue(second.stripe_pdf_id)

    def test_account_that_is_switched_off(self):
        move = self.book_one()
        self.provider.state = "disabled"
        self.fetch()
        self.assertTrue(move.stripe_pdf_due)
        self.provider.state = "test"
        self.hurry(move)
        self.fetch()
        self.assertTrue(move.stripe_pdf_id)

    def test_for_older_invoices(self):
        self.provider.stripe_billing_attach_pdf = False
        move = self.book_one()
        other = self.env["account.move"].create({"move_type": "entry"})
        with self.assertRaisesRegex(UserError, "lacks a PDF"):
            other.action_stripe_fetch_pdf()
        reader = new_test_user(self.env, "reader", groups="account.group_account_readonly")
        with self.assertRaises(AccessError):
            move.with_user(reader).action_stripe_fetch_pdf()
        clerk = new_test_user(self.env, "clerk", groups="account.group_account_invoice")
        (move | other).with_user(clerk).action_stripe_fetch_pdf()
        self.fetch()
        self.assertEqual(len(self.attachments(move)), 1)
        self.assertFalse(self.attachments(other))
        with self.assertRaisesRegex(UserError, "lacks a PDF"):
            move.action_stripe_fetch_pdf()
