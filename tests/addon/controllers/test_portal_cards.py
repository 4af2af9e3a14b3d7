"""The customer's own cards and billing details in the portal."""

from datetime import UTC, datetime

from odoo.tests import tagged

from tests.addon.controllers.portal_sandbox import PortalSandbox
from tests.sandbox.payments_setup import ASKS, authenticate, submit

CARDS = "/my/payment-cards"


@tagged("post_install", "-at_install")
class TestPortalCards(PortalSandbox):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.subscription = cls.portal_subscription()
        cls.link = cls.subscription.stripe_customer_id
        cls.keep_stripe()

    def setUp(self):
        super().setUp()
        self.sign_in(self.owner)

    def default(self):
        return self.stripe.customers.retrieve(self.buyer.id).invoice_settings.default_payment_method

    def add(self):
        """Press the button that leads to Stripe's page; its address."""
        url, fields = self.fields_of(self.get(CARDS), f"//form[@action='{CARDS}/add']")
        first, again = (self.post(url, **fields).headers["Location"] for _time in range(2))
        self.assertEqual(first, again, "The same form leads to one page.")
        return first

    def test_who(self):
        page = self.get(CARDS)
        self.assertSays(page, "Visa •••• 4242", "valid until 12 / 2034", "Charged")
        for user in (self.colleague, self.stranger):
            self.sign_in(user)
            self.assertSays(self.get(CARDS), "There is nothing here yet")
            for suffix in ("add", "default", "remove", "stripe"):
                answer = self.post(f"{CARDS}/{suffix}", customer=str(self.link.id), card="pm_1")
                self.assertEqual(answer.headers["Location"], "/my")
        self.sign_in(None)
        self.assertIn("/web/login", self.url_open(CARDS).url)

    def test_home_counts(self):
        for user, count in ((self.owner, 1), (self.colleague, 0), (self.stranger, 0)):
            self.sign_in(user)
            answer = self.make_jsonrpc_request("/my/counters", {"counters": ["stripe_card_count"]})
            self.assertEqual(answer, {"stripe_card_count": count})

    def test_new_card_is_charged_from_now_on(self):
        """S1-26: Also by the subscription that has a card of its own, such as one that Checkout has made."""
        self.stripe.subscriptions.update(
            self.subscription.stripe_id, {"default_payment_method": self.default()}
        )
        self.refresh(self.subscription)
        answer = submit(self.add(), "5555555555554444")
        back = answer.headers["Location"]
        for _time in range(2):
            page = self.follow(self.url_open(back, allow_redirects=False))
            self.assertSays(page, "Your new card is charged from now on", "Mastercard •••• 4444")
        there = self.there(self.subscription)
        self.assertEqual(there["default_payment_method"], self.default())
        card = self.stripe.payment_methods.retrieve(self.default()).card
        self.assertEqual(card.last4, "4444")

    def test_bank_asks_about_a_new_card(self):
        answer = authenticate(submit(self.add(), ASKS))
        page = self.follow(self.url_open(answer.headers["Location"], allow_redirects=False))
        self.assertSays(page, "Your new card is charged from now on")

    def test_page_of_another_customer(self):
        other = self.make_stripe_customer()
        session = self.stripe.checkout.sessions.create(
            {
                "mode": "setup",
                "currency": "usd",
                "customer": other.id,
                "success_url": "http://x.example",
            }
        )
        submit(session.url, "5555555555554444")
        before = self.default()
        url = f"{CARDS}/return?customer={self.link.id}&session_id={session.id}"
        page = self.follow(self.url_open(url, allow_redirects=False))
        self.assertSays(page, "This page belongs to another customer")
        self.assertEqual(self.default(), before)

    def test_choose_and_remove(self):
        second = self.attach("pm_card_mastercard")
        first = self.default()
        remove = f"//form[@action='{CARDS}/remove']"
        page = self.send(self.get(CARDS), remove, card=first)  # the form of the other one
        self.assertSays(page, "Choose another one for them first")
        page = self.send(self.get(CARDS), f"//form[@action='{CARDS}/default']")
        self.assertSays(page, "This card is charged from now on")
        self.assertEqual(self.default(), second)
        url, fields = self.fields_of(self.get(CARDS), remove)
        for _time in range(2):
            page = self.follow(self.post(url, **{**fields, "card": first}))
            self.assertSays(page, "The card was removed")
        self.assertNotIn("4242", self.text(page))
        others = self.stripe.payment_methods.attach(
            "pm_card_visa", {"customer": self.make_stripe_customer().id}
        )
        for suffix in ("default", "remove"):
            url = f"{CARDS}/{suffix}"
            self.post(url, customer=str(self.link.id), card=others.id)
        self.assertEqual(self.default(), second)
        self.assertTrue(self.stripe.payment_methods.retrieve(others.id).customer)

    def test_expiry_is_announced(self):
        now = self.env["stripe.price"]._stripe_now()
        today = datetime.fromtimestamp(now, UTC)
        for card, (month, year) in {
            "pm_card_mastercard": (1, 2020),
            "pm_card_amex": (today.month, today.year),
        }.items():
            method = self.attach(card)
            self.stripe.payment_methods.update(
                method, {"card": {"exp_month": month, "exp_year": year}}
            )
        self.assertSays(self.get(CARDS), "Expired", "Expires soon")

    def test_stripe_s_own_portal(self):
        self.assertFalse(self.get(CARDS).xpath(f"//form[@action='{CARDS}/stripe']"))
        self.post(f"{CARDS}/stripe", customer=str(self.link.id))
        self.assertSays(self.get(CARDS), "This is not offered here")
        self.company.stripe_portal_billing = True
        url, fields = self.fields_of(self.get(CARDS), f"//form[@action='{CARDS}/stripe']")
        self.assertIn("/pages/portal/", self.post(url, **fields).headers["Location"])

    # === BILLING DETAILS === #

    def test_billing_details(self):
        germany = self.env.ref("base.de")
        page = self.get("/my/billing")
        form = "//form[@action='/my/billing']"
        values = {
            "street": "Hafenstr. 1",
            "zip": "20095",
            "city": "Hamburg",
            "country_id": str(germany.id),
            "vat": "DE123456788",
        }
        page = self.send(page, form, **values)
        self.assertSays(page, "Your billing details were changed")
        self.assertRecordValues(
            self.partner,
            [{"street": "Hafenstr. 1", "country_id": germany.id, "vat": "DE123456788"}],
        )
        self.run_cron("ir_cron_tell_details")
        there = self.stripe.customers.retrieve(self.buyer.id)
        self.assertEqual((there.address.city, there.address.country), ("Hamburg", "DE"))
        [tax_id] = self.stripe.customers.tax_ids.list(self.buyer.id).data
        self.assertEqual(tax_id.value, "DE123456788")

    def test_billing_details_that_are_wrong(self):
        url, fields = self.fields_of(self.get("/my/billing"), "//form[@action='/my/billing']")
        state = self.env.ref("base.state_us_5")
        for wrong, words in (
            ({"street": " "}, "Please fill this in"),
            ({"country_id": "999999"}, "Please fill this in"),
            ({"country_id": "x"}, "Please fill this in"),
            ({"state_id": str(state.id)}, "This state is not in that country"),
        ):
            right = {"street": "1", "city": "2", "country_id": str(self.env.ref("base.de").id)}
            answer = self.post(url, **{**fields, **right, **wrong})
            self.assertEqual(answer.status_code, 422)
            self.assertIn(words, answer.text)
        self.assertFalse(self.partner.street)

    def test_who_changes_billing_details(self):
        for user in (self.colleague, self.stranger):
            self.sign_in(user)
            for answer in (
                self.post("/my/billing", street="Mine", city="Mine", country_id="1"),
                self.url_open("/my/billing", allow_redirects=False),
            ):
                self.assertEqual(answer.headers["Location"], "/my")
        self.assertFalse(self.partner.street)
