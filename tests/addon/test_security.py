from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from tests.addon.common import StripeCommon


@tagged("post_install", "-at_install")
class TestSecurity(StripeCommon, TransactionCase):
    """Who may see and do what."""

    def setUp(self):
        super().setUp()
        _obj, self.price = self.make_price()
        self.draft = self.make_draft(self.price)
        groups = "stripe_subscriptions.group_stripe_subscriptions_"
        self.user = new_test_user(self.env, "seller", groups=f"{groups}user")
        self.manager = new_test_user(self.env, "chief", groups=f"{groups}manager")
        self.employee = new_test_user(self.env, "employee", groups="base.group_user")
        self.portal = new_test_user(self.env, "buyer", groups="base.group_portal")
        self.portal.partner_id.parent_id = self.partner
        self.stranger = new_test_user(self.env, "stranger", groups="base.group_portal")

    def sees(self, user):
        return self.draft in self.model("stripe.subscription", user).search([])

    def model(self, name, user):
        """A model as a user of their own companies sees it."""
        return self.env[name].with_user(user).with_context(allowed_company_ids=user.company_ids.ids)

    def test_portal_sees_what_was_sent_to_the_own_company(self):
        self.assertFalse(self.sees(self.portal))
        self.draft.sent_at = "2026-01-01"
        self.assertTrue(self.sees(self.portal))
        self.assertFalse(self.sees(self.stranger))
        items = self.env["stripe.subscription.item"]
        self.assertEqual(items.with_user(self.portal).search([]), self.draft.item_ids)
        self.assertFalse(items.with_user(self.stranger).search([]))

    def test_portal_changes_nothing(self):
        self.draft.sent_at = "2026-01-01"
        mine = self.draft.with_user(self.portal)
        for change in (
            lambda: mine.write({"name": "x"}),
            lambda: mine.unlink(),
            lambda: mine.item_ids.write({"quantity": 9}),
            lambda: mine.copy(),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_portal_sees_no_plumbing(self):
        for model in ("stripe.event", "stripe.customer", "stripe.price", "stripe.tax.rate"):
            self.assertFalse(self.env[model].with_user(self.portal).has_access("read"), model)

    def test_employee_without_group(self):
        self.assertFalse(
            self.env["stripe.subscription"].with_user(self.employee).has_access("read")
        )

    def test_seller_works_without_seeing_the_account(self):
        """S1-06"""
        draft = (
            self.env["stripe.subscription"]
            .with_user(self.user)
            .create(
                {
                    "name": "By the seller",
                    "partner_id": self.partner.id,
                    "item_ids": [(0, 0, {"price_id": self.price.id})],
                }
            )
        )
        self.assertEqual(draft.currency_id.name, "USD")
        self.assertEqual(draft.sudo().provider_id, self.provider)
        action = draft.action_send_by_email()
        self.assertEqual(action["res_model"], "mail.compose.message")
        with self.assertRaises(AccessError):
            self.provider.with_user(self.user).read(["name"])
        with self.assertRaises(AccessError):
            self.price.with_user(self.user).write({"product_id": False})

    def test_manager_maps(self):
        self.price.with_user(self.manager).product_id = self.env["product.product"].create(
            {"name": "Other"}
        )

    def test_secrets_are_for_the_system_group(self):
        secrets = ["checkout_session", "stripe_data"]
        with self.assertRaises(AccessError):
            self.draft.with_user(self.manager).read(secrets)
        self.draft.with_user(self.env.ref("base.user_admin")).read(secrets)
        fields = self.env["payment.provider"]._fields
        for name in (
            "stripe_billing_webhook_key",
            "stripe_billing_webhook_secret",
            "stripe_billing_webhook_url",
        ):
            self.assertEqual(fields[name].groups, "base.group_system", name)

    def test_companies_are_apart(self):
        other = self.env["res.company"].create({"name": "Other company"})
        outsider = new_test_user(
            self.env,
            "outsider",
            groups="stripe_subscriptions.group_stripe_subscriptions_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertTrue(self.sees(self.user))
        self.assertFalse(self.sees(outsider))
        for model in ("stripe.price", "stripe.customer", "stripe.event"):
            self.assertFalse(self.model(model, outsider).search([]), model)
