from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from tests.addon import ledger_objects, stripe_objects
from tests.addon.common import StripeCommon


@tagged("post_install", "-at_install")
class TestLedgerAccounts(StripeCommon, TransactionCase):
    """To which accounts and taxes documents go, and that nobody's decision is taken back."""

    def setUp(self):
        super().setUp()
        journal = self.provider._stripe_billing_ensure_journal()
        self.income = journal.default_account_id
        self.special = self.make_account("Special Income", "income")

    def make_account(self, name, account_type, **values):
        code = self.env["account.account"]._search_new_account_code("405000")
        return self.env["account.account"].create(
            {"name": name, "code": code, "account_type": account_type, **values}
        )

    def make_plan(self, income=None):
        """A plan with a product; returns what a line of it says."""
        obj, price = self.make_price()
        price.product_id = self.env["product.product"].create(
            {"name": "Sold", "property_account_income_id": income and income.id}
        )
        return {"pricing": {"price_details": {"price": obj["id"]}}}

    def invoice(self, *lines, **values):
        return stripe_objects.invoice(self.customer.stripe_id, list(lines), **values)

    def credit(self, obj, *lines):
        note = ledger_objects.credit_note(obj, *lines, customer=self.customer.stripe_id)
        return self.env["stripe.credit.note"]._stripe_apply(self.provider, [note])

    def make_fiscal_position(self, **values):
        position = self.env["account.fiscal.position"].create({"name": "Abroad", **values})
        self.partner.property_account_position_id = position
        return position

    # === ACCOUNTS OF LINES === #

    def test_line_without_a_product_is_not_guessed(self):
        """Odoo would take the account that the customer has had most often."""
        self.make_account("Unused", "income")
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2026-01-01",
                "invoice_line_ids": [
                    (0, 0, {"name": name, "price_unit": 1, "account_id": self.special.id})
                    for name in "abc"
                ],
            }
        )
        invoice.action_post()
        move = self.book(self.invoice(stripe_objects.line(2000)))
        self.assertEqual(move.invoice_line_ids.account_id, self.income)

    def test_fiscal_position_maps_accounts(self):
        foreign = self.make_account("Income from Abroad", "income")
        self.make_fiscal_position(
            account_ids=[
                (0, 0, {"account_src_id": account.id, "account_dest_id": foreign.id})
                for account in (self.income, self.special)
            ]
        )
        obj = self.invoice(
            stripe_objects.line(2000, description="Setup"),
            stripe_objects.line(500, description="Plan", **self.make_plan(self.special)),
        )
        move = self.book(obj)
        self.assertEqual(move.invoice_line_ids.account_id, foreign)
        self.assertEqual(len(move.invoice_line_ids), 2)
        note = self.credit(obj, stripe_objects.line(100, description="Setup"))
        self.assertEqual(note.invoice_line_ids.account_id, foreign)

    def test_credit_note_goes_where_its_line_went(self):
        obj = self.invoice(
            stripe_objects.line(2000, description="Setup"),
            stripe_objects.line(500, description="Plan", **self.make_plan(self.special)),
        )
        move = self.book(obj)
        setup, plan = move.invoice_line_ids
        self.assertEqual((setup.account_id, plan.account_id), (self.income, self.special))
        # An accountant books it elsewhere.
        setup.account_id = self.make_account("Setup", "income_other")
        note = self.credit(
            obj,
            stripe_objects.line(200, description="Setup"),
            stripe_objects.line(50, description="Plan"),
            stripe_objects.line(10, description="For the trouble"),
        )
        self.assertEqual(
            note.invoice_line_ids.mapped(lambda line: (line.account_id, line.product_id)),
            [
                (setup.account_id, self.env["product.product"]),
                (self.special, plan.product_id),
                (self.income, self.env["product.product"]),
            ],
        )

    def test_credit_of_a_plain_amount_goes_to_the_only_product(self):
        plan = self.make_plan(self.special)
        obj = self.invoice(
            stripe_objects.line(-500, description="Unused", **plan),
            stripe_objects.line(2000, description="Remaining", **plan),
        )
        move = self.book(obj)
        note = self.credit(obj, stripe_objects.line(10, description="For the trouble"))
        self.assertEqual(note.invoice_line_ids.product_id, move.invoice_line_ids.product_id)
        self.assertEqual(note.invoice_line_ids.account_id, self.special)

    # === TAXES === #

    def test_reverse_charge_takes_the_tax_of_the_fiscal_position(self):
        rate = self.make_tax(20.0)
        tax = self.env["stripe.tax.rate"].search([("stripe_id", "=", rate)]).tax_id
        position = self.make_fiscal_position()
        nothing = self.env["account.tax"].create(
            {
                "name": "0 % Reverse Charge",
                "amount": 0,
                "type_tax_use": "sale",
                "fiscal_position_ids": [(4, position.id)],
                "original_tax_ids": [(4, tax.id)],
            }
        )
        owed_by_customer = {
            **stripe_objects.tax(rate, 0, 0),
            "taxability_reason": "reverse_charge",
        }
        obj = self.invoice(
            stripe_objects.line(10000, taxes=[owed_by_customer]),
            stripe_objects.line(1000, taxes=[stripe_objects.tax(rate, 200, 1000)]),
        )
        move = self.book(obj)
        self.assertFalse(move.stripe_booking_error)
        first, second = move.invoice_line_ids
        # Amounts are Stripe's whatever the fiscal position says.
        self.assertEqual((first.tax_ids, second.tax_ids), (nothing, tax))
        self.assertEqual((move.amount_tax, move.amount_total), (2.0, 112.0))
        note = self.credit(obj, stripe_objects.line(4000, taxes=[owed_by_customer]))
        self.assertEqual((note.state, note.invoice_line_ids.tax_ids), ("posted", nothing))

    # === CLEARING ACCOUNT === #

    def test_payments_follow_the_clearing_account(self):
        self.book(self.invoice(stripe_objects.line(2000)))
        lines = self.env["account.payment.method.line"].search(
            [("payment_provider_id", "=", self.provider.id), ("journal_id", "!=", False)]
        )
        self.assertEqual(lines.payment_account_id, self.provider.stripe_billing_clearing_account_id)
        other = self.make_account("Other Clearing", "asset_current", reconcile=True)
        self.provider.stripe_billing_clearing_account_id = other
        self.assertEqual(lines.payment_account_id, other)
        obj = self.invoice(stripe_objects.line(2000))
        move = self.book(obj)
        self.assertEqual(move.reconciled_payment_ids.outstanding_account_id, other)

    def test_method_line_without_the_account_heals(self):
        clearing = self.provider._stripe_billing_account("clearing")
        line = self.env["account.payment"]._get_stripe_payment_method_line(self.provider)
        line.payment_account_id = False
        move = self.book(self.invoice(stripe_objects.line(2000)))
        self.assertEqual(line.payment_account_id, clearing)
        self.assertEqual(move.reconciled_payment_ids.outstanding_account_id, clearing)

    # === WHAT PERSONS DECIDE === #

    def test_write_off_that_a_person_reversed_stays_so(self):
        self.provider.stripe_billing_write_off = True
        obj = self.invoice(stripe_objects.line(2000), paid=False)
        move = self.book(obj)
        self.book({**obj, "status": "uncollectible"})
        entry = self.env["account.move"].search([("stripe_entry_ref", "like", obj["id"])])
        self.assertEqual(move.amount_residual, 0)
        entry._reverse_moves([{}], cancel=True)
        self.assertEqual(move.amount_residual, 20)
        self.book({**obj, "status": "uncollectible"})
        self.assertEqual(move.amount_residual, 20)
        self.book({**obj, "status": "void"})
        self.assertEqual(move.payment_state, "reversed")

    # === DISPUTES === #

    def test_activity_of_a_dispute(self):
        obj = self.invoice(stripe_objects.line(2000))
        self.book(obj)
        charge = ledger_objects.charge(obj)
        dispute_model = self.env["stripe.dispute"]

        def apply(status):
            dispute = ledger_objects.dispute(charge, status)
            return dispute_model._stripe_apply(self.provider, [dispute])

        record = apply("needs_response")
        self.assertTrue(record.activity_ids.date_deadline)
        apply("lost")
        self.assertFalse(record.activity_ids)
        apply("appeal_needs_response")
        self.assertTrue(record.activity_ids)
        with mute_logger("odoo.addons.stripe_subscriptions.models.stripe_mixin"):
            apply("a_word_of_the_future")
        self.assertEqual((record.status, len(record.activity_ids)), ("other", 1))
        self.assertEqual(record.stripe_data["status"], "a_word_of_the_future")
        apply("appeal_under_review")
        self.assertFalse(record.activity_ids)
