from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from tests.live.live_common import LiveBillingCase


@tagged("post_install", "-at_install")
class TestLiveCheckout(LiveBillingCase):
    """What Odoo itself asks of Stripe when somebody subscribes, up to Stripe's page.

    The page is for people with a browser; what follows from it arrives as events, as in the other tests.
    """

    def setUp(self):
        super().setUp()
        base_url = f"https://{self.account.run}.example.com"
        self.env["ir.config_parameter"].set_param("web.base.url", base_url)
        self.provider.stripe_billing_test_clock = self.clock.id
        self.coupon = self.account.make_coupon(percent_off=50, duration="once")
        self.rate = self.account.make_tax_rate(10, False)
        self.provider.action_stripe_billing_fetch_catalogue()
        self.partner = self.env["res.partner"].create(
            {
                "name": "Signer Ltd",
                "is_company": True,
                "email": f"{self.account.run}-signer@example.com",
                "street": "Main Street 1",
                "city": "Springfield",
                "zip": "12345",
                "country_id": self.env.ref("base.us").id,
            }
        )

    def make_draft(self, **values):
        """A subscription that nobody has subscribed to."""
        price = self.env["stripe.price"]._stripe_find(self.provider, [self.price.id])
        return self.env["stripe.subscription"].create(
            {
                "name": "Team",
                "partner_id": self.partner.id,
                "item_ids": [(0, 0, {"price_id": price.id, "quantity": 3})],
                **values,
            }
        )

    def session(self, draft):
        """The session at Stripe, which is closed after the test."""
        session = self.v1.checkout.sessions.retrieve(draft.checkout_session)
        if session.status == "open":
            self.addCleanup(self.expire, session)
        return session

    def expire(self, session):
        """Close a session, unless it is closed."""
        if self.v1.checkout.sessions.retrieve(session.id).status == "open":
            self.v1.checkout.sessions.expire(session.id)

    def test_page(self):
        draft = self.make_draft(
            coupon_id=self.env["stripe.coupon"]._stripe_find(self.provider, [self.coupon.id]).id,
            tax_rate_ids=self.env["stripe.tax.rate"]._stripe_find(self.provider, [self.rate.id]),
        )
        url = draft._stripe_get_checkout_url()
        session = self.session(draft)
        self.assertEqual((session.status, session.url), ("open", url))
        self.assertEqual(session.amount_total, 3300)
        self.assertEqual(session.client_reference_id, str(draft.id))
        customer = self.v1.customers.retrieve(session.customer)
        self.assertEqual((customer.name, customer.email), ("Signer Ltd", self.partner.email))
        self.assertEqual(customer.address.country, "US")
        self.assertEqual(customer.test_clock, self.clock.id)
        self.assertEqual(draft._stripe_get_checkout_url(), url, "the same page for a second tab")

        self.customers.append(customer)
        draft.item_ids.quantity = 2
        self.assertNotEqual(draft._stripe_get_checkout_url(), url)
        again = self.session(draft)
        self.assertEqual((again.customer, again.amount_total), (session.customer, 2200))
        self.assertEqual(self.v1.checkout.sessions.retrieve(session.id).status, "expired")
        self.catch_up(("checkout.session.expired", session))
        self.assertEqual(draft.status, "draft")

    def test_first_billing_later(self):
        for days in (1, 10):
            day = fields.Date.today() + timedelta(days=days)
            draft = self.make_draft(first_billing_date=day)
            draft._stripe_get_checkout_url()
            session = self.session(draft)
            self.assertEqual(session.amount_total, 0, f"nothing is due {days} days before")
