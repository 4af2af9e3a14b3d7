from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.companies_common import CompaniesCommon


@tagged("post_install", "-at_install")
class TestCompanyCheck(CompaniesCommon, TransactionCase):
    """What a lane books together is refused as Odoo refuses it where it belongs to another company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.journal = cls.provider._stripe_billing_ensure_journal()
        cls.foreign = cls.second._stripe_billing_ensure_journal()
        cls.stranger = cls.env["res.partner"].create(
            {"name": "Buyer of the Other", "company_id": cls.other.id}
        )

    def entry(self, **values):
        account = self.journal.default_account_id.id
        line = {"account_id": account, "balance": 0.0, "name": "Nothing"}
        return {
            "move_type": "entry",
            "company_id": self.company.id,
            "journal_id": self.journal.id,
            "line_ids": [Command.create({**line, **values.pop("line", {})})],
            **values,
        }

    def refusal(self, model, vals_list, **context):
        """The words in which records are refused; empty when they are made."""
        try:
            with self.env.cr.savepoint() as savepoint:
                model.with_context(**context).create(vals_list)
                savepoint.rollback()
        except UserError as error:
            return str(error)
        return ""

    def test_as_odoo_says_it(self):
        payment = {
            "amount": 1,
            "company_id": self.company.id,
            "journal_id": self.env["account.payment"]
            ._get_stripe_payment_method_line(self.provider)
            .journal_id.id,
        }
        foreign_account = self.foreign.default_account_id
        cases = [
            ("account.move", self.entry(), {"journal_id": self.foreign.id}),
            ("account.move", self.entry(), {"partner_id": self.stranger.id}),
            ("account.move", self.entry(), self.entry(line={"account_id": foreign_account.id})),
            ("account.payment", payment, {"partner_id": self.stranger.id}),
            ("account.payment", payment, {"destination_account_id": foreign_account.id}),
        ]
        for name, good, bad in cases:
            model = self.env[name].with_company(self.company)
            batch = [good, {**good, **bad}, good]
            with self.subTest(model=name, bad=[*bad][-1]):
                self.assertEqual(self.refusal(model, [good, good], stripe_sync=True), "")
                said = self.refusal(model, batch, stripe_sync=True)
                self.assertIn("belongs to another company", said)
                self.assertEqual(said, self.refusal(model, batch))

    def test_moved_to_another_company(self):
        """What is written later is looked at too, and what a shared contact is stays allowed."""
        moves = (
            self.env["account.move"]
            .with_context(stripe_sync=True)
            .create([self.entry(partner_id=self.partner.id) for _ in range(2)])
        )
        moves.write({"partner_id": self.env.user.partner_id.id})
        with self.assertRaisesRegex(UserError, "belongs to another company"):
            moves.write({"partner_id": self.stranger.id})
