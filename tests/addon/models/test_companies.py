from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from tests.addon import ledger_objects as at_stripe
from tests.addon import stripe_objects
from tests.addon.companies_common import CompaniesCommon

GROUPS = (
    "stripe_subscriptions.group_stripe_subscriptions_manager,"
    "account.group_account_manager,base.group_system"
)
# Global rules, by which every model that belongs to an account is shut off from other companies.
SHARED_WITH_BRANCHES = {"stripe.price", "stripe.tax.rate", "stripe.coupon", "stripe.customer"}


@tagged("post_install", "-at_install")
class TestCompanies(CompaniesCommon, TransactionCase):
    """Two companies, each with its Stripe account: nothing of one is ever seen or booked in the other."""

    def story(self, provider, currency):
        """An invoice with tax, its payment, fee, refund, dispute and payout; the same ids every time."""
        rate = stripe_objects.tax_rate(20.0, id="txr_same")
        plan = stripe_objects.price(
            id="price_same",
            currency=currency,
            product={"id": "prod_same", "object": "product", "name": "Team", "active": True},
        )
        line = {
            **at_stripe.item(10000, "txr_same", 2000, id="il_same"),
            "pricing": {"price_details": {"price": "price_same"}},
        }
        invoice = at_stripe.invoice(
            line,
            id="in_same",
            number="SAME-1",
            currency=currency,
            customer="cus_same",
            payments=[],
            status="open",
        )
        invoice = at_stripe.pay(invoice, 12000, intent="pi_same")
        invoice["payments"]["data"][0]["id"] = "inpay_same"
        charge = at_stripe.charge(invoice, 300, currency=currency)
        charge["id"], charge["balance_transaction"]["id"] = "ch_same", "txn_same"
        refund = at_stripe.refund(invoice, 2000, settled=-2000, currency=currency, id="re_same")
        refund["balance_transaction"]["id"] = "txn_same_refund"
        payout = at_stripe.payout(
            9700, charge, refund, id="po_same", currency=currency, customer="cus_same"
        )
        invoice["parent"] = {"subscription_details": {"subscription": "sub_same"}}
        subscription = self.subscription_object(
            "cus_same", plan, id="sub_same", currency=currency, default_tax_rates=[rate]
        )
        subscription["items"]["data"][0]["id"] = "si_same"
        return [rate], [plan, subscription, invoice, charge, refund, payout]

    def live_the_same(self):
        """Both accounts have objects of the same ids for the same partner."""
        for provider, currency in ((self.provider, "usd"), (self.second, "eur")):
            self.link(provider, self.partner, "cus_same")
            rates, objects = self.story(provider, currency)
            self.write(provider, *rates)
            rate = self.find("stripe.tax.rate", provider, stripe_id="txr_same")
            if not rate.tax_id:
                rate.action_create_tax()
            self.write(provider, *objects)

    def test_books_are_apart(self):
        self.live_the_same()
        for provider, company in ((self.provider, self.company), (self.second, self.other)):
            with self.subTest(company=company.name):
                move = self.find("account.move", provider, stripe_invoice_id="in_same")
                self.assertRecordValues(
                    move,
                    [
                        {
                            "state": "posted",
                            "company_id": company.id,
                            "currency_id": company.currency_id.id,
                            "journal_id": provider.stripe_billing_journal_id.id,
                            "amount_total": 120.0,
                            "amount_tax": 20.0,
                            "amount_residual": 0.0,
                            "stripe_subscription_id": self.find(
                                "stripe.subscription", provider, stripe_id="sub_same"
                            ).id,
                        }
                    ],
                )
                self.assertEqual(move.journal_id.company_id, company)
                lines = self.env["account.move.line"].search(
                    [("move_id.partner_id", "=", self.partner.id), ("company_id", "=", company.id)]
                )
                self.assertEqual(lines.account_id.company_ids, company)
                self.assertEqual((lines.tax_ids | lines.tax_line_id).company_id, company)
                receivable = self.partner.with_company(company).property_account_receivable_id
                self.assertIn(receivable, lines.account_id)
                own = self.find("account.move", provider)
                self.assertEqual(own.company_id, company)
                self.assertEqual(own.line_ids.account_id.company_ids, company)
                payments = self.find("account.payment", provider)
                self.assertEqual(len(payments), 2, "one payment, one refund")
                self.assertEqual(payments.company_id | payments.move_id.company_id, company)
                payout = self.find("stripe.payout", provider)
                self.assertEqual((len(payout), payout.clearing_difference), (1, 0.0))
                self.assertEqual(self.balance(provider, "clearing"), 0.0)
                self.assertEqual(self.balance(provider, "fee"), 3.0)
                self.assertEqual(self.balance(provider, "payout"), 97.0)

    def test_again_changes_nothing(self):
        self.live_the_same()
        before = self.env["account.move"].search_count([])
        self.live_the_same()
        self.assertEqual(self.env["account.move"].search_count([]), before)

    def test_time_zone_of_the_company(self):
        # Noon of the 3rd in UTC is the 4th in Auckland.
        self.live_the_same()
        for provider, day in ((self.provider, "2025-03-03"), (self.second, "2025-03-04")):
            provider.company_id.partner_id.tz = provider.company_id.partner_id.tz or "UTC"
            move = self.find("account.move", provider, stripe_invoice_id="in_same")
            payment = self.find("account.payment", provider, payment_type="inbound")
            entry = self.find("stripe.payout", provider).move_id
            self.assertEqual(
                [
                    str(record)
                    for record in (move.invoice_date, move.date, payment.date, entry.date)
                ],
                [day] * 4,
            )

    def test_numbers_of_the_own_journal(self):
        self.live_the_same()
        first, second = (
            self.find("account.move", provider, stripe_invoice_id="in_same")
            for provider in (self.provider, self.second)
        )
        for move in (first, second):
            self.assertTrue(move.name.startswith(f"{move.journal_id.code}/"), move.name)
            self.assertEqual(move.sequence_number, 1)
        self.assertNotEqual(first.journal_id, second.journal_id)

    def test_webhook_events_of_the_same_id(self):
        payload = stripe_objects.event("invoice.paid", {"id": "in_1", "object": "invoice"})
        store = self.env["stripe.event"]._stripe_store
        self.assertEqual(store(self.provider, [payload]).provider_id, self.provider)
        self.assertEqual(store(self.second, [payload]).provider_id, self.second)
        self.assertFalse(store(self.second, [payload]))

    # === CURRENCIES === #

    def invoice_in(self, currency, **values):
        self.link(self.second, self.partner, "cus_money")
        obj = at_stripe.open_invoice(
            at_stripe.item(10000), currency=currency, customer="cus_money", **values
        )
        self.write(self.second, obj)
        return self.find("account.move", self.second, stripe_invoice_id=obj["id"])

    def test_foreign_currency_without_a_rate(self):
        currency = self.env["res.currency"].with_context(active_test=False)
        sek = currency.search([("name", "=", "SEK")])
        sek.rate_ids.unlink()
        sek.active = False
        with self.assertRaisesRegex(UserError, "SEK has no exchange rate"):
            self.invoice_in("sek")
        self.assertTrue(sek.active, "activated all the same")
        self.env["res.currency.rate"].create(
            {"name": "2025-01-01", "currency_id": sek.id, "company_id": self.company.id, "rate": 10}
        )
        with self.assertRaisesRegex(UserError, "SEK has no exchange rate"):
            self.invoice_in("sek")
        self.env["res.currency.rate"].create(
            {"name": "2025-01-01", "currency_id": sek.id, "company_id": self.other.id, "rate": 4}
        )
        move = self.invoice_in("sek")
        self.assertEqual((move.amount_total, move.amount_total_signed), (100.0, 25.0))

    def test_currency_of_the_company_needs_no_rate(self):
        self.eur.rate_ids.unlink()
        self.assertEqual(self.invoice_in("eur").amount_total_signed, 100.0)

    def test_currency_of_the_first_company(self):
        usd = self.company.currency_id
        usd.rate_ids.unlink()
        self.eur.rate_ids.unlink()
        with self.assertRaisesRegex(UserError, "USD has no exchange rate"):
            self.invoice_in("usd")
        # What the first company calls 0.8 euros for a dollar, in rates that all companies share.
        self.env["res.currency.rate"].create(
            {"name": "2025-01-01", "currency_id": self.eur.id, "company_id": False, "rate": 0.8}
        )
        self.assertEqual(self.invoice_in("usd").amount_total_signed, 80.0)

    # === WHO SEES WHAT === #

    def test_every_model_is_shut_off(self):
        rules = self.env["ir.rule"].search([("groups", "=", False)])
        for name, model in self.env.registry.items():
            if not name.startswith("stripe.") or model._abstract or model._transient:
                continue
            with self.subTest(model=name):
                domains = rules.filtered(lambda rule, name=name: rule.model_id.model == name)
                self.assertEqual(len(domains), 1)
                self.assertIn("company_ids", domains.domain_force)
                operator = "parent_of" if name in SHARED_WITH_BRANCHES else "in"
                self.assertIn(f"'{operator}', company_ids", domains.domain_force)

    def test_nothing_of_the_other_company_is_seen(self):
        self.live_the_same()
        for provider in (self.provider, self.second):
            self.env["stripe.event"]._stripe_store(
                provider, [stripe_objects.event("invoice.paid", {"id": "in_same"})]
            )
            self.env["stripe.job"]._start(provider, "audit")
        users = {
            company: new_test_user(
                self.env,
                f"chief_{company.id}",
                groups=GROUPS,
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            for company in (self.company, self.other)
        }
        for model in (
            *("stripe.subscription", "stripe.subscription.item", "stripe.customer", "stripe.price"),
            *("stripe.tax.rate", "stripe.event", "stripe.job", "stripe.payout"),
            *("stripe.balance.transaction", "account.move", "account.payment"),
        ):
            for company, user in users.items():
                with self.subTest(model=model, company=company.name):
                    everything = self.env[model].with_context(active_test=False).search([])
                    seen = (
                        self.env[model]
                        .with_user(user)
                        .with_context(active_test=False, allowed_company_ids=company.ids)
                        .search([])
                    )
                    self.assertEqual(seen.company_id, company)
                    others = everything - seen
                    self.assertTrue(others)
                    with self.assertRaises(AccessError):
                        others[0].with_user(user).with_context(
                            allowed_company_ids=company.ids
                        ).read(["display_name"])

    def test_account_to_sell_with(self):
        draft_model = self.env["stripe.subscription"]
        for company, provider in ((self.company, self.provider), (self.other, self.second)):
            draft = draft_model.with_company(company).new({})
            self.assertEqual(draft.provider_id._origin, provider)
            self.assertEqual(draft.company_id._origin, company)
            one = draft_model.with_context(allowed_company_ids=company.ids).new({})
            self.assertFalse(one.has_provider_choice)
        both = draft_model.new({})
        self.assertTrue(both.has_provider_choice)
        self.assertIn(
            (str(self.second.id), "Stripe (Other GmbH)"), draft_model._get_provider_choices()
        )

    def test_choosing_the_account_of_another_company(self):
        plan = stripe_objects.price(currency="eur")
        self.write(self.second, plan)
        draft = self.env["stripe.subscription"].create(
            {"name": "Team", "partner_id": self.partner.id}
        )
        self.assertEqual((draft.company_id, draft.provider_id), (self.company, self.provider))
        draft.provider_choice = str(self.second.id)
        self.assertEqual((draft.company_id, draft.provider_id), (self.other, self.second))
        self.assertEqual(draft.currency_id, self.eur)
        draft.item_ids = [
            Command.create({"price_id": self.find("stripe.price", self.second).id, "quantity": 1})
        ]
        with self.assertRaisesRegex(UserError, "of the subscription's Stripe account"):
            draft.provider_choice = str(self.provider.id)

    def test_account_of_a_company_that_is_not_the_users(self):
        seller = new_test_user(
            self.env,
            "seller",
            groups="stripe_subscriptions.group_stripe_subscriptions_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaisesRegex(UserError, "another company"):
            self.env["stripe.subscription"].with_user(seller).with_context(
                allowed_company_ids=self.company.ids
            ).create(
                {
                    "name": "Team",
                    "partner_id": self.partner.id,
                    "provider_choice": str(self.second.id),
                }
            )
