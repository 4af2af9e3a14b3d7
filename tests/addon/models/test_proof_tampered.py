from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from tests.addon.proof_common import ProofCommon


@tagged("post_install", "-at_install")
class TestProofTampered(ProofCommon, TransactionCase):
    """Whatever somebody does to the journals behind the documents, the proof names the document."""

    def change_items(self, lines, more):
        """Change journal items where nothing in Odoo looks."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE account_move_line SET amount_currency = amount_currency + %s WHERE id IN %s",
                more,
                tuple(lines.ids),
            )
        )
        self.env.invalidate_all()

    def named(self):
        """Measure and document of all that differs in a proof."""
        self.prove()
        lines = self.env["stripe.proof.line"].search([("differs", "=", True)])
        return {(line.measure, document) for line in lines for document in line.stripe_ids}

    def test_item_of_income(self):
        move = self.move_of(self.taxed)
        self.change_items(move.invoice_line_ids, 0.01)
        self.assertEqual(self.named(), {("invoiced", move.stripe_invoice_id)})
        self.assertEqual(self.sums("EUR", "invoiced"), (71.36, 71.35))

    def test_item_of_what_is_owed(self):
        move = self.move_of(self.taxed)
        owed = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.change_items(owed, 0.01)
        self.assertEqual(self.named(), {("invoiced", move.stripe_invoice_id)})
        self.assertEqual(self.sums("EUR", "invoiced"), (71.36, 71.37))

    def test_item_of_tax(self):
        """What is tax there is income here: the total is right, the tax is not."""
        move = self.move_of(self.taxed)
        self.change_items(move.line_ids.filtered(lambda line: line.display_type == "tax"), 1)
        self.change_items(move.invoice_line_ids, -1)
        self.assertEqual(self.named(), {("tax", move.stripe_invoice_id)})
        self.assertEqual(self.sums("EUR", "tax"), (11.39, 10.39))

    def test_item_of_a_payment(self):
        payment = self.move_of(self.taxed).reconciled_payment_ids
        money = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.outstanding_account_id
        )
        self.change_items(money, -0.01)
        self.assertEqual(self.named(), {("collected", payment.stripe_invoice_payment_id)})
        self.assertEqual(self.sums("EUR", "collected"), (71.36, 71.35))

    def test_fee_that_was_reversed(self):
        refunded = self.move_of(self.dollar).reconciled_payment_ids
        [fee] = self.env["stripe.balance.transaction"].search(
            [("payment_id", "=", refunded.id), ("fee", ">", 0)]
        )
        fee.move_id._reverse_moves(cancel=True)
        self.assertEqual(self.named(), {("fees", fee.stripe_id)})

    def test_draft_reversal_changes_nothing(self):
        fees = self.env["stripe.balance.transaction"].search([("fee", ">", 0)])
        fees.move_id._reverse_moves()
        self.assertEqual(self.named(), set())
