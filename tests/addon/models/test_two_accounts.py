from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon import ledger_objects as at_stripe
from tests.addon import stripe_objects
from tests.addon.companies_common import CompaniesCommon


@tagged("post_install", "-at_install")
class TestTwoAccounts(CompaniesCommon, TransactionCase):
    """Two Stripe accounts in one company: set up by themselves, each with its journals and accounts."""

    def setUp(self):
        super().setUp()
        self.uk = self.make_provider(self.company, "Stripe UK")

    def method_line(self, provider):
        self.assertTrue(provider.journal_id)
        lines = self.env["account.payment.method.line"].search(
            [("payment_provider_id", "=", provider.id)]
        )
        self.assertEqual(len(lines), 1)
        return lines

    def live(self, provider, customer="cus_same", **ids):
        """An invoice that is paid, with fee, refund, lost dispute and payout."""
        line = at_stripe.item(10000, id="il_same")
        invoice = at_stripe.invoice(line, number="SAME-1", id="in_same", customer=customer)
        invoice["payments"]["data"][0]["id"] = "inpay_same"
        invoice["payments"]["data"][0]["payment"]["payment_intent"] = "pi_same"
        charge = at_stripe.charge(invoice, 300)
        charge["id"], charge["balance_transaction"]["id"] = "ch_same", "txn_same"
        refund = at_stripe.refund(invoice, 2000, settled=-2000, id="re_same")
        refund["balance_transaction"]["id"] = "txn_same_refund"
        taken = at_stripe.movement("adjustment", -5000, 1500, id="txn_same_dispute")
        dispute = at_stripe.dispute(charge, "lost", taken, amount=5000)
        payout = at_stripe.payout(1200, charge, refund, {**taken, "source": "du_table"})
        objects = [invoice, charge, refund, dispute, payout]
        self.write(provider, *objects)
        return objects

    # === SET-UP === #

    def test_second_of_the_same_name(self):
        """Nobody has to invent names, journals or accounts."""
        first = self.method_line(self.provider)
        copy = self.provider.copy()
        self.assertEqual(copy.name, f"{self.provider.name} (2)")
        again = self.provider.create(
            {
                "name": self.provider.name,
                "code": "stripe",
                "company_id": self.company.id,
                "state": "test",
                "stripe_secret_key": "sk_test_again",
                "stripe_publishable_key": "pk_test_again",
            }
        )
        second = self.method_line(again)
        self.assertEqual(first.journal_id, second.journal_id)
        self.assertEqual((first.name, second.name), ("Stripe", "Stripe (2)"))
        again.name = "Stripe US"
        again.journal_id = again.journal_id
        self.assertEqual(second.name, "Stripe US")

    def test_copy_for_another_company_keeps_its_name(self):
        company = self.env["res.company"].create({"name": "Third"})
        copy = self.provider.copy({"company_id": company.id})
        self.assertEqual(copy.name, self.provider.name)

    def test_journals_and_accounts_of_their_own(self):
        for role in ("clearing", "fee", "dispute", "balance", "credit", "loss"):
            first, second = (
                provider._stripe_billing_account(role) for provider in (self.provider, self.uk)
            )
            self.assertNotEqual(first, second)
            self.assertEqual(second.name, f"{first.name}: Stripe UK")
            self.assertNotEqual(first.code, second.code)
        for make in ("_stripe_billing_ensure_journal", "_stripe_billing_ensure_entry_journal"):
            first, second = (getattr(provider, make)() for provider in (self.provider, self.uk))
            self.assertNotEqual((first, first.code), (second, second.code))
            self.assertEqual(second.name, f"{first.name}: Stripe UK")

    def test_account_of_the_first_is_not_handed_on(self):
        """Odoo gives the second provider of a kind the account into which the first is paid."""
        clearing = self.provider._stripe_billing_account("clearing")
        self.method_line(self.provider).payment_account_id = clearing
        third = self.make_provider(self.company, "Stripe Third")
        line = self.method_line(third)
        self.assertTrue(line.payment_account_id)
        self.assertNotEqual(line.payment_account_id, clearing)
        self.assertEqual(self.method_line(self.provider).payment_account_id, clearing)

    # === BOOKING === #

    def test_books_are_apart(self):
        for provider in (self.provider, self.uk):
            self.link(provider, self.partner, "cus_same")
            self.live(provider)
            self.live(provider)
        for provider in (self.provider, self.uk):
            with self.subTest(provider=provider.name):
                [move] = self.find("account.move", provider, stripe_invoice_id="in_same")
                self.assertEqual(move.journal_id, provider.stripe_billing_journal_id)
                self.assertEqual((move.sequence_number, move.state), (1, "posted"))
                payments = self.find("account.payment", provider)
                self.assertCountEqual(payments.mapped("payment_type"), ["inbound", "outbound"])
                clearing = provider._stripe_billing_account("clearing")
                self.assertEqual(payments.outstanding_account_id, clearing)
                self.assertEqual(
                    payments.filtered(
                        lambda payment: payment.payment_type == "inbound"
                    ).payment_method_line_id,
                    self.method_line(provider),
                )
                [payout] = self.find("stripe.payout", provider)
                self.assertEqual(payout.clearing_difference, 0.0)
                self.assertEqual(
                    {
                        role: self.balance(provider, role)
                        for role in ("clearing", "fee", "loss", "dispute")
                    },
                    {"clearing": 0.0, "fee": 18.0, "loss": 50.0, "dispute": 0.0},
                )
                matched = payments.move_id.line_ids._all_reconciled_lines().move_id
                self.assertEqual(matched.stripe_provider_id | payments.stripe_provider_id, provider)
        customers = self.env["stripe.customer"].search([("stripe_id", "=", "cus_same")])
        self.assertEqual(customers.provider_id, self.provider | self.uk)
        self.assertEqual(customers.partner_id, self.partner)

    def test_objects_of_one_are_not_taken_for_those_of_the_other(self):
        """The second account has the customer, but neither the invoice nor the payment."""
        self.link(self.provider, self.partner, "cus_same")
        self.link(self.uk, self.partner, "cus_same")
        _invoice, charge, refund, dispute, _payout = self.live(self.provider)
        before = self.env["account.move"].search_count([])
        applied = self.write(self.uk, charge, refund, dispute)
        self.assertFalse(applied)
        self.assertEqual(self.env["account.move"].search_count([]), before)

    def test_draft_is_sold_by_one_of_them(self):
        plan = stripe_objects.price()
        self.write(self.provider, plan)
        self.write(self.uk, plan)
        theirs = self.find("stripe.price", self.uk, stripe_id=plan["id"])
        draft = self.env["stripe.subscription"].create(
            {
                "name": "Team",
                "partner_id": self.partner.id,
                "provider_choice": str(self.uk.id),
                "item_ids": [Command.create({"price_id": theirs.id})],
            }
        )
        self.assertEqual(draft.provider_id, self.uk)
        self.link(self.provider, self.partner, "cus_same")
        self.link(self.uk, self.partner, "cus_same")
        metadata = {
            "odoo_subscription_id": str(draft.id),
            "odoo_database": self.provider._stripe_database(),
        }
        obj = self.subscription_object("cus_same", plan, metadata=metadata)
        self.write(self.provider, obj)
        self.assertFalse(draft.stripe_id, "it is the other account's draft")
        self.write(self.uk, obj)
        self.assertEqual(draft.stripe_id, obj["id"])

    def test_what_belongs_to_the_other_is_refused(self):
        """Plan, coupon, tax rate and customer of the other account are not taken, wherever they are given."""
        plan, theirs = stripe_objects.price(), stripe_objects.price()
        rate = stripe_objects.tax_rate(20.0)
        coupon = {
            "id": "TEN",
            "object": "coupon",
            "duration": "once",
            "livemode": False,
            "percent_off": 10,
            "valid": True,
        }
        self.write(self.provider, plan)
        self.write(self.uk, theirs, rate, coupon)
        plan = self.find("stripe.price", self.provider, stripe_id=plan["id"])
        theirs = self.find("stripe.price", self.uk, stripe_id=theirs["id"])
        rate = self.find("stripe.tax.rate", self.uk, stripe_id=rate["id"])
        coupon = self.find("stripe.coupon", self.uk, stripe_id="TEN")
        self.link(self.provider, self.partner, "cus_own")
        draft = self.make_draft(plan, partner_id=self.partner.id)
        for values in (
            {"item_ids": [Command.create({"price_id": theirs.id})]},
            {"tax_rate_ids": [Command.set(rate.ids)]},
            {"coupon_id": coupon.id},
            {"provider_choice": str(self.uk.id)},
        ):
            with self.subTest(values=values), self.assertRaises(UserError), self.cr.savepoint():
                draft.write(values)
        obj = self.subscription_object("cus_own", plan.stripe_data)
        self.write(self.provider, obj)
        subscription = self.find("stripe.subscription", self.provider, stripe_id=obj["id"])
        change = [{"price_id": theirs.id, "quantity": 1}]
        for refused in (
            lambda: subscription._prepare_changed_items(change),
            lambda: subscription._prepare_discounts(coupon),
        ):
            with self.assertRaises(UserError):
                refused()
        cards = self.env["stripe.customer"]._stripe_get(self.uk, self.partner)
        self.assertFalse(cards, "the customer of one account is none of the other's")
