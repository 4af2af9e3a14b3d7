from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.addons.stripe_subscriptions.models.payment_provider import PaymentProvider
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from tests.addon.sandbox_common import SandboxCommon

GROUPS = "stripe_subscriptions.group_stripe_subscriptions_"


@tagged("post_install", "-at_install")
class TestCustomerCards(SandboxCommon, TransactionCase):
    """S1-25: the contact's form shows brand and last four digits as Stripe has them; Odoo keeps nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "card_reader", groups=f"{GROUPS}user")

    def setUp(self):
        super().setUp()
        self.buyer = self.make_stripe_customer(self.partner)
        self.provider._stripe_sync([("customer", self.buyer.id)])
        self.link = self.env["stripe.customer"]._stripe_find(self.provider, [self.buyer.id])

    def cards(self, user=None, partner=None):
        self.env.invalidate_all()
        partner = (partner or self.partner).with_user(user or self.user)
        return partner.with_context(allowed_company_ids=self.company.ids).get_stripe_cards()

    def test_as_stripe_has_them_now(self):
        second = self.stripe.payment_methods.attach(
            "pm_card_mastercard", {"customer": self.buyer.id}
        )
        [section] = self.cards()
        self.assertEqual(section["name"], f"{self.provider.name} · {self.buyer.id}")
        shown = [
            (card["name"], card["expires"], card["state"], card["is_default"])
            for card in section["cards"]
        ]
        self.assertEqual(
            shown,
            [
                ("Visa •••• 4242", "12 / 2034", "", True),
                ("Mastercard •••• 4444", "12 / 2034", "", False),
            ],
        )
        self.stripe.customers.update(
            self.buyer.id, {"invoice_settings": {"default_payment_method": second.id}}
        )
        [section] = self.cards()
        shown = [(card["id"], card["is_default"]) for card in section["cards"]]
        self.assertEqual(shown[0], (second.id, True))
        self.assertEqual([is_default for _key, is_default in shown], [True, False])
        for card in section["cards"]:
            self.stripe.payment_methods.detach(card["id"])
        [section] = self.cards()
        self.assertEqual((section["cards"], section["error"]), ([], ""))

    def test_state(self):
        today = fields.Date.today()
        for day, state in (
            (today, "expiring"),
            (today.replace(day=1) - timedelta(days=1), "expired"),
            (today + timedelta(days=70), ""),
            (today + timedelta(days=9000), ""),
        ):
            with self.subTest(day=day):
                self.assertEqual(self.link._get_card_state(day.month, day.year), state)

    def test_what_is_no_card(self):
        account = {
            "brand": "",
            "bank": "",
            "type": "sepa_debit",
            "last4": "3000",
            "exp_month": 0,
            "exp_year": 0,
        }
        row = self.link._get_card_row({"id": "pm_1", "is_default": True, **account})
        self.assertEqual(
            (row["name"], row["expires"], row["state"]), ("SEPA debit •••• 3000", "", "")
        )
        bank = {**account, "type": "us_bank_account", "bank": "Test Bank", "last4": "6789"}
        self.assertEqual(self.link._get_card_text(bank), "Test Bank •••• 6789")
        wallet = {**account, "type": "link", "last4": ""}
        self.assertEqual(self.link._get_card_text(wallet), "Link")

    def test_who_may_see_them(self):
        others = (
            "base.group_user,base.group_partner_manager",
            "account.group_account_manager",
            "account.group_account_readonly",
            "base.group_portal",
        )
        with patch.object(PaymentProvider, "_stripe_client", side_effect=AssertionError) as client:
            for number, groups in enumerate(others):
                user = new_test_user(self.env, f"no_cards_{number}", groups=groups)
                with self.subTest(groups=groups), self.assertRaises(AccessError):
                    self.cards(user)
            client.assert_not_called()
        chief = new_test_user(self.env, "card_chief", groups=f"{GROUPS}manager")
        self.assertEqual(len(self.cards(chief)[0]["cards"]), 1)

    def test_of_another_company(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env, "far", groups=f"{GROUPS}user", company_id=other.id, company_ids=other.ids
        )
        partner = self.partner.with_user(user).with_context(allowed_company_ids=other.ids)
        self.env.invalidate_all()
        self.assertEqual(partner.get_stripe_cards(), [])

    def test_nobody_is_asked_without_need(self):
        """Neither for who is no customer at Stripe, nor when the form is opened."""
        stranger = self.env["res.partner"].create({"name": "No customer"})
        with patch.object(PaymentProvider, "_stripe_client", side_effect=AssertionError):
            self.assertEqual(self.cards(partner=stranger), [])
            partner = self.partner.with_user(self.user)
            views = partner.get_views([(False, "form")])["views"]
            self.assertIn("stripe_customer_cards", views["form"]["arch"])
            partner.web_read({"stripe_customer_ids": {"fields": {"stripe_id": {}}}})

    def test_trouble_is_a_sentence(self):
        self.account.faults.add(target="api", kind="500", path="/v1/customers", times=3)
        [section] = self.cards()
        self.assertEqual(section["cards"], [])
        self.assertIn("does not answer", section["error"])
        self.link.livemode = True
        self.assertIn("other mode", self.cards()[0]["error"])

    def test_nothing_is_stored(self):
        self.cards()
        for model in ("stripe.customer", "res.partner"):
            stored = {name for name, field in self.env[model]._fields.items() if field.store}
            kept = {name for name in stored if "card" in name or name in ("last4", "brand")}
            self.assertFalse(kept, model)
        self.env.flush_all()
        self.env.cr.execute("SELECT stripe_data::text FROM stripe_customer")
        self.assertNotIn("4242", str(self.env.cr.fetchall()))
