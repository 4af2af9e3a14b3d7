from odoo.exceptions import UserError
from odoo.tests import tagged

from tests.live.live_common import LiveCase


@tagged("post_install", "-at_install")
class TestLiveConnection(LiveCase):
    """The first two buttons: whose account it is, and what it sells."""

    def test_key_is_accepted(self):
        answer = self.provider.action_stripe_billing_test_connection()
        self.assertEqual(answer["params"]["type"], "success")
        self.assertIn("test mode", answer["params"]["message"])
        account = self.v1.accounts.retrieve_current()
        self.assertEqual(self.provider.stripe_billing_account, account.id)

    def test_key_is_refused(self):
        wrong = f"sk_test_{'0' * 24}"
        self.provider.stripe_secret_key = wrong
        with self.assertRaises(UserError) as caught:
            self.provider.action_stripe_billing_test_connection()
        self.assertIn("Stripe says", str(caught.exception))
        self.assertNotIn(wrong, str(caught.exception))

    def test_catalogue(self):
        monthly = self.account.make_price(1999)
        daily = self.account.make_price(
            None,
            "jpy",
            "Metered finely",
            unit_amount_decimal="0.35",
            recurring={"interval": "day", "interval_count": 3},
        )
        tiered = self.account.make_price(
            None,
            "eur",
            "Tiers",
            billing_scheme="tiered",
            tiers_mode="graduated",
            tiers=[{"up_to": 5, "unit_amount": 1000}, {"up_to": "inf", "unit_amount": 600}],
        )
        once = self.account.make_price(500, name="Once", recurring=None)
        rate = self.account.make_tax_rate(7.125, False)
        coupon = self.account.make_coupon(percent_off=10, duration="once")
        answer = self.provider.action_stripe_billing_fetch_catalogue()
        self.assertEqual(answer["params"]["type"], "success")
        price_model = self.env["stripe.price"]
        self.assertRecordValues(
            price_model._stripe_find(self.provider, [monthly.id]),
            [{"unit_amount": 19.99, "interval": "month", "interval_count": 1, "active": True}],
        )
        self.assertRecordValues(
            price_model._stripe_find(self.provider, [daily.id]),
            [{"unit_amount": 0.35, "interval": "day", "interval_count": 3}],
        )
        tiers = price_model._stripe_find(self.provider, [tiered.id])
        self.assertEqual(tiers.billing_scheme, "tiered")
        self.assertIn("2 tiers", tiers.price_text)
        self.assertFalse(price_model._stripe_find(self.provider, [once.id]))
        self.assertRecordValues(
            self.env["stripe.tax.rate"]._stripe_find(self.provider, [rate.id]),
            [{"percentage": 7.125, "inclusive": False}],
        )
        self.assertTrue(self.env["stripe.coupon"]._stripe_find(self.provider, [coupon.id]))
