from odoo import Command
from odoo.tests import TransactionCase, new_test_user, tagged

from tests.addon import ledger_objects as at_stripe
from tests.addon import stripe_objects
from tests.addon.companies_common import CompaniesCommon


@tagged("post_install", "-at_install")
class TestBranches(CompaniesCommon, TransactionCase):
    """A branch sells with the Stripe account of its company, or with one of its own."""

    def setUp(self):
        super().setUp()
        self.branch = self.make_branch("Branch North")
        self.seller = new_test_user(
            self.env,
            "seller_north",
            groups="stripe_subscriptions.group_stripe_subscriptions_user,account.group_account_invoice",
            company_id=self.branch.id,
            company_ids=[Command.set(self.branch.ids)],
        )

    def as_seller(self, records):
        return records.with_user(self.seller).with_context(allowed_company_ids=self.branch.ids)

    def make_plan(self, provider):
        obj = stripe_objects.price()
        self.write(provider, obj)
        return obj, self.find("stripe.price", provider, stripe_id=obj["id"])

    def sell(self, plan):
        """What somebody of the branch does: a draft, by the one account that there is."""
        return self.as_seller(self.env["stripe.subscription"]).create(
            {
                "name": "Team",
                "partner_id": self.partner.id,
                "item_ids": [Command.create({"price_id": plan.id})],
            }
        )

    def subscribe(self, provider, draft, plan, key="cus_north"):
        """The customer subscribes; the invoice has tax, is paid, refunded in part, and paid out."""
        self.link(provider, self.partner, key)
        rate = stripe_objects.tax_rate(20.0)
        self.write(provider, rate)
        mapped = self.find("stripe.tax.rate", provider, stripe_id=rate["id"])
        if not mapped.tax_id:
            mapped.action_create_tax()
        metadata = {
            "odoo_subscription_id": str(draft.id),
            "odoo_database": provider._stripe_database(),
        }
        subscription = self.subscription_object(key, plan, metadata=metadata)
        line = {
            **at_stripe.item(10000, rate["id"], 2000),
            "pricing": {"price_details": {"price": plan["id"]}},
        }
        parent = {"subscription_details": {"subscription": subscription["id"]}}
        invoice = at_stripe.invoice(line, customer=key, parent=parent)
        charge = at_stripe.charge(invoice, 300)
        refund = at_stripe.refund(invoice, 1200, settled=-1200)
        note = at_stripe.credit_note(
            invoice, at_stripe.item(1000, rate["id"], 200), refunds=[refund], customer=key
        )
        payout = at_stripe.payout(10500, charge, refund)
        self.write(provider, subscription, invoice, charge)
        self.write(provider, refund, note, payout)
        return invoice, note

    def check_books(self, provider, invoice, note, company):
        """The documents of the sale are of one company, and tie."""
        move = self.find("account.move", provider, stripe_invoice_id=invoice["id"])
        credit = self.find("account.move", provider, stripe_credit_note_id=note["id"])
        payments = self.find("account.payment", provider)
        documents = move | credit | payments.move_id
        self.assertEqual(len(documents), 4)
        self.assertEqual(documents.company_id | payments.company_id, company)
        self.assertEqual(set(documents.mapped("state")), {"posted"})
        self.assertEqual((move.amount_residual, credit.amount_residual), (0.0, 0.0))
        self.assertEqual((move.amount_tax, credit.amount_tax), (20.0, 2.0))
        self.assertEqual(move.journal_id, provider.stripe_billing_journal_id)
        [payout] = self.find("stripe.payout", provider)
        self.assertEqual(payout.clearing_difference, 0.0)
        self.assertEqual(self.balance(provider, "clearing"), 0.0)
        self.assertEqual(self.balance(provider, "fee"), 3.0)
        return move

    # === THE ACCOUNT OF THE COMPANY === #

    def test_sold_by_the_branch_with_the_account_of_the_company(self):
        obj, plan = self.make_plan(self.provider)
        draft = self.sell(plan)
        self.assertEqual(draft.sudo().provider_id, self.provider)
        self.assertEqual(draft.company_id, self.branch)
        self.assertFalse(draft.has_provider_choice)
        invoice, note = self.subscribe(self.provider, draft, obj)
        self.assertTrue(draft.stripe_id)
        move = self.check_books(self.provider, invoice, note, self.branch)
        self.assertEqual(move.journal_id.company_id, self.company)
        self.assertEqual(self.as_seller(move).read(["name"])[0]["name"], move.name)
        self.assertEqual(self.as_seller(draft).move_ids, move | move.reversal_move_ids)
        customer = self.as_seller(draft.stripe_customer_id)
        self.assertIn(self.partner.name, customer.display_name)

    def test_company_and_branch_side_by_side(self):
        obj, plan = self.make_plan(self.provider)
        draft = self.sell(plan)
        own = self.make_draft(plan)
        self.link(self.provider, self.partner, "cus_side")
        invoices = {}
        for record in (draft, own):
            metadata = {
                "odoo_subscription_id": str(record.id),
                "odoo_database": self.provider._stripe_database(),
            }
            subscription = self.subscription_object("cus_side", obj, metadata=metadata)
            parent = {"subscription_details": {"subscription": subscription["id"]}}
            invoices[record] = at_stripe.invoice(
                at_stripe.item(5000), customer="cus_side", parent=parent
            )
            self.write(self.provider, subscription)
        loose = at_stripe.invoice(at_stripe.item(700), customer="cus_side")
        self.write(self.provider, *invoices.values(), loose)
        companies = {
            move.stripe_invoice_id: move.company_id
            for move in self.find("account.move", self.provider).filtered("stripe_invoice_id")
        }
        self.assertEqual(
            companies,
            {
                invoices[draft]["id"]: self.branch,
                invoices[own]["id"]: self.company,
                loose["id"]: self.company,
            },
        )
        self.assertEqual(own.company_id, self.company)
        seen = self.as_seller(self.env["stripe.subscription"]).search([])
        self.assertEqual(seen, draft, "not what the company itself sells")

    def test_balance_void_and_write_off_of_the_branch(self):
        obj, plan = self.make_plan(self.provider)
        draft = self.sell(plan)
        self.provider.stripe_billing_write_off = True
        self.link(self.provider, self.partner, "cus_north")
        metadata = {
            "odoo_subscription_id": str(draft.id),
            "odoo_database": self.provider._stripe_database(),
        }
        subscription = self.subscription_object("cus_north", obj, metadata=metadata)
        self.write(self.provider, subscription)
        common = {
            "customer": "cus_north",
            "parent": {"subscription_details": {"subscription": subscription["id"]}},
        }
        negative = at_stripe.invoice(
            at_stripe.item(-3000), balance=[-3000], **common, status="paid"
        )
        lost = at_stripe.open_invoice(at_stripe.item(4000), **common)
        void = at_stripe.open_invoice(at_stripe.item(6000), **common)
        for part in negative["balance_transactions"]:
            part["customer"] = "cus_north"
        self.write(self.provider, negative, lost, void)
        self.write(self.provider, {**lost, "status": "uncollectible"}, {**void, "status": "void"})
        moves = self.env["account.move"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(moves.company_id, self.branch)
        self.assertEqual(set(moves.mapped("state")), {"posted"})
        self.assertEqual(self.balance(self.provider, "loss"), 40.0)
        self.assertEqual(self.balance(self.provider, "balance"), -30.0)
        receivable = moves.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.assertEqual(sum(receivable.mapped("amount_residual")), 0.0)

    # === AN ACCOUNT OF ITS OWN === #

    def test_branch_with_an_account_of_its_own(self):
        own = self.make_provider(self.branch, "Stripe North")
        self.assertEqual(own.journal_id.company_id, self.company, "it has no bank of its own")
        obj, plan = self.make_plan(own)
        self.make_plan(self.provider)
        draft = self.sell(plan)
        self.assertEqual(draft.sudo().provider_id, own, "before that of the company")
        self.assertTrue(draft.has_provider_choice)
        invoice, note = self.subscribe(own, draft, obj)
        move = self.check_books(own, invoice, note, self.branch)
        self.assertEqual(move.journal_id.company_id, self.branch)
        self.assertEqual(self.provider.stripe_billing_journal_id.name, "Stripe Subscriptions")
        self.assertEqual(move.journal_id.name, "Stripe Subscriptions: Branch North")
        accounts = move.line_ids.account_id
        self.assertEqual(accounts.company_ids, self.company, "one chart of accounts for both")
        entries = self.find("account.move", own)
        self.assertEqual(entries.company_id, self.branch)
        for role in ("clearing", "fee"):
            first, second = (
                provider._stripe_billing_account(role) for provider in (self.provider, own)
            )
            self.assertNotEqual(first, second)
        self.assertFalse(self.find("account.move", self.provider))

    def test_set_up_of_a_branch(self):
        """It is that of the company, until the branch has an account of its own."""
        setup = self.env["stripe.setup"].with_company(self.branch)
        self.assertEqual(setup._default_provider_id(), self.provider)
        own = self.provider.copy({"company_id": self.branch.id})
        self.assertEqual((own.state, setup._default_provider_id()), ("disabled", own))

    def test_bank_journal_of_the_branch_comes_first(self):
        bank = self.env["account.journal"].create(
            {"name": "Bank North", "type": "bank", "company_id": self.branch.id}
        )
        own = self.make_provider(self.branch, "Stripe North")
        self.assertEqual(own.journal_id, bank)

    def test_other_branches_see_nothing(self):
        _obj, plan = self.make_plan(self.provider)
        draft = self.sell(plan)
        south = self.make_branch("Branch South")
        stranger = new_test_user(
            self.env,
            "seller_south",
            groups="stripe_subscriptions.group_stripe_subscriptions_user",
            company_id=south.id,
            company_ids=[Command.set(south.ids)],
        )
        seen = (
            self.env["stripe.subscription"]
            .with_user(stranger)
            .with_context(allowed_company_ids=south.ids)
        )
        self.assertFalse(seen.search([("id", "=", draft.id)]))
