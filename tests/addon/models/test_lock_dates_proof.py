from odoo import fields
from odoo.tests import TransactionCase, tagged

from tests.addon.proof_common import ProofCommon


@tagged("post_install", "-at_install")
class TestLockDatesProof(ProofCommon, TransactionCase):
    """The whole month was closed before Odoo heard of it: lanes book it in the next one, and the proof agrees."""

    @classmethod
    def fill_books(cls):
        cls.end = fields.Date.end_of(fields.Date.today(), "month")
        cls.company.fiscalyear_lock_date = cls.end
        super().fill_books()

    def test_proof(self):
        events = self.env["stripe.event"].search([("provider_id", "=", self.provider.id)])
        self.assertEqual(
            [(e.event_type, e.error) for e in events if e.state not in ("done", "ignored")], []
        )
        moves = self.env["account.move"].search(
            ["|", ("stripe_provider_id", "=", self.provider.id), ("stripe_date", "!=", False)]
        )
        self.assertGreater(len(moves), 10)
        self.assertEqual(set(moves.mapped("state")), {"posted"})
        self.assertEqual(set(moves.mapped("date")), {fields.Date.add(self.end, days=1)})
        self.assertLessEqual(max(moves.mapped("stripe_date")), self.end)
        # As Stripe tells it: nothing is in the next month.
        self.prove(date_to=fields.Date.add(self.end, days=20), date_from=self.end)
        self.assertEqual(self.differing(), set())
        for currency, measure in (
            *(("USD", "invoiced"), ("EUR", "tax"), ("USD", "collected"), ("USD", "refunded")),
            *(("USD", "fees"), ("EUR", "invoiced")),
        ):
            there, here = self.sums(currency, measure)
            self.assertTrue(there, measure)
            self.assertEqual(there, here, measure)
        later = f"{fields.Date.add(self.end, days=1):%Y-%m}"
        self.assertFalse(self.env["stripe.proof.line"].search([("period", "=", later)]))
