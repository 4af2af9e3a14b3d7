"""Subscribing in the portal, against a stand-in for Stripe: what it costs, codes, saved cards, banks."""

from datetime import timedelta

from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway, StripeUnavailable
from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.addon.controllers.portal_sandbox import PortalSandbox
from tests.sandbox.payments_setup import submit

FORM = "//form[contains(@class, 'o_stripe_subscription_form')]"
LOGGER = "odoo.addons.stripe_subscriptions.controllers.portal_sign_up"
CODE = "//form[contains(@class, 'o_stripe_subscription_code')]"


@tagged("post_install", "-at_install")
class TestPortalSignUp(PortalSandbox):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.env["stripe.price"]._stripe_find(cls.provider, [cls.price.id])
        cls.draft = cls.make_draft(cls.plan, name="Team for Buyer", sent_at="2026-01-01")
        cls.draft.item_ids.quantity = 2

    def page(self):
        return self.get(self.address(self.draft))

    def rows(self, page):
        """What it costs: label and amount."""
        return [
            tuple(" ".join(cell.text_content().split()) for cell in row)
            for row in page.xpath("//table[contains(@class, 'o_stripe_subscription_offer')]//tr")
        ]

    def subscribe_with(self, card, times=1):
        """Choose one of the cards and press the button; the page that follows."""
        page = self.page()
        radios = page.xpath("//input[@name='payment_method']")
        self.assertIn(card, [radio.get("value") for radio in radios])
        for _time in range(times):
            page_after = self.send(page, FORM, payment_method=card)
        return page_after

    def subscriptions(self):
        return self.stripe.subscriptions.list({"status": "all", "test_clock": self.clock.id}).data

    # === WHAT IT COSTS === #

    def test_what_it_costs(self):
        rate = self.stripe.tax_rates.create(
            {"display_name": "VAT", "percentage": 20, "inclusive": False}
        )
        self.provider.action_stripe_billing_fetch_catalogue()
        rates = self.env["stripe.tax.rate"]
        self.draft.tax_rate_ids = rates._stripe_find(self.provider, [rate.id])
        rows = self.rows(self.page())
        self.assertEqual(
            rows,
            [
                ("Subtotal", "$ 40.00"),
                ("Tax", "$ 8.00"),
                ("Due when subscribing", "$ 48.00"),
                ("Then every month", "$ 48.00"),
            ],
        )

    def test_trial_in_words(self):
        self.draft.trial_days = 14
        page = self.page()
        day = self.draft._get_today() + timedelta(days=14)
        self.assertSays(page, "trial of 14 days", f"first time on {day:%B} {day.day}, {day.year}")
        self.assertIn(("Due when subscribing", "$ 0.00"), self.rows(page))

    def test_paid_by_invoice(self):
        self.draft.write({"collection_method": "send_invoice", "days_until_due": 10})
        page = self.page()
        self.assertSays(page, "to be paid within 10 days")
        self.assertFalse(page.xpath("//input[@name='payment_method']"))
        page = self.send(page, FORM)
        self.assertSays(page, "Active")
        self.assertEqual(len(self.subscriptions()), 1)

    def test_stripe_is_out_of_reach(self):
        self.account.faults.add(target="api", kind="500", path="/v1", times=None)
        with mute_logger("stripe"), self.assertLogs(LOGGER, "WARNING"):
            page = self.page()
        self.assertEqual(self.rows(page), [])
        self.assertSays(page, "cannot be shown at the moment. Stripe does not answer")
        self.assertSays(page, "It shows the exact total, tax included")

    def test_discount_that_is_gone(self):
        """Staff deleted the coupon at Stripe after the offer was sent: the page says why there is no total."""
        coupon = self.stripe.coupons.create({"percent_off": 5, "duration": "once"})
        self.provider.action_stripe_billing_fetch_catalogue()
        self.draft.coupon_id = self.env["stripe.coupon"]._stripe_find(self.provider, [coupon.id])
        self.stripe.coupons.delete(coupon.id)
        with self.assertLogs(LOGGER, "WARNING"):
            page = self.page()
        self.assertEqual(self.rows(page), [])
        self.assertSays(
            page, f"cannot be shown at the moment. Stripe says: No such coupon: '{coupon.id}'"
        )

    # === PROMOTION CODES === #

    def test_promotion_code(self):
        coupon = self.stripe.coupons.create(
            {"name": "Spring", "percent_off": 50, "duration": "once"}
        )
        self.stripe.promotion_codes.create(
            {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"}
        )
        page = self.send(self.page(), CODE, code="winter")
        self.assertSays(page, "The code winter is not valid")
        self.assertEqual((self.draft.promotion_failures, self.draft.coupon_id.id), (1, False))
        page = self.send(page, CODE, code=" spring ")
        self.assertSays(page, "Promotion code SPRING", "50% off once")
        self.assertIn(("Due when subscribing", "$ 20.00"), self.rows(page))
        self.assertIn(("Then every month", "$ 40.00"), self.rows(page))
        page = self.send(page, CODE)
        self.assertIn(("Due when subscribing", "$ 40.00"), self.rows(page))
        self.send(page, CODE, code="SPRING")
        url = self.post(self.address(self.draft, "/subscribe")).headers["Location"]
        submit(url)
        self.draft._stripe_sync_session(self.draft.checkout_session)
        self.assertEqual(self.draft.move_ids.amount_total, 20)
        self.assertEqual(
            self.stripe.promotion_codes.list({"code": "SPRING"}).data[0].times_redeemed, 1
        )

    def test_promotion_code_beside_a_discount(self):
        coupon = self.stripe.coupons.create({"percent_off": 5, "duration": "once"})
        self.provider.action_stripe_billing_fetch_catalogue()
        self.draft.coupon_id = self.env["stripe.coupon"]._stripe_find(self.provider, [coupon.id])
        self.assertFalse(self.page().xpath(CODE))
        self.post(self.address(self.draft, "/code"), code="X")
        self.assertSays(self.page(), "There is a discount already")

    # === SAVED CARDS === #

    def test_saved_card_by_one_click(self):
        page = self.page()
        [checked] = page.xpath("//input[@name='payment_method'][@checked]")
        card = checked.get("value")
        self.assertSays(page, "Visa •••• 4242", "Use another card")
        page = self.subscribe_with(card, times=2)
        self.assertSays(page, "Active")
        [there] = self.subscriptions()
        self.assertEqual((there.default_payment_method, there.id), (card, self.draft.stripe_id))
        self.assertEqual(len(self.stripe.charges.list({"customer": self.buyer.id}).data), 1)

    def test_another_card(self):
        answer = self.post(self.address(self.draft, "/subscribe"), payment_method="")
        self.assertIn("/pages/checkout/", answer.headers["Location"])
        self.assertEqual(self.subscriptions(), [])

    def test_open_checkout_and_then_a_saved_card(self):
        """Two tabs, two ways: one subscription."""
        checkout = self.post(self.address(self.draft, "/subscribe")).headers["Location"]
        card = self.page().xpath("//input[@name='payment_method'][@checked]/@value")[0]
        self.subscribe_with(card)
        self.assertEqual(submit(checkout).status_code, 410)
        self.assertEqual(len(self.subscriptions()), 1)

    def test_card_of_somebody_else(self):
        other = self.make_stripe_customer()
        card = self.stripe.customers.payment_methods.list(other.id).data[0].id
        self.post(self.address(self.draft, "/subscribe"), payment_method=card)
        self.assertSays(self.page(), "This card is not yours any more")
        self.assertEqual(self.subscriptions(), [])

    def test_bank_asks(self):
        card = self.attach("pm_card_authenticationRequired")
        page = self.subscribe_with(card)
        self.assertSays(page, "Your first payment is not confirmed yet", "Your bank asks you")
        [link] = page.xpath("//a[normalize-space()='Confirm the payment']/@href")
        answer = self.url_open(link, allow_redirects=False)
        [there] = self.subscriptions()
        invoice = self.stripe.invoices.retrieve(there.latest_invoice)
        self.assertEqual(answer.headers["Location"], invoice.hosted_invoice_url)
        # Confirmed at Stripe, and the webhook is not there yet: looking again is enough.
        self.stripe.invoices.pay(invoice.id, {"payment_method": self.attach("pm_card_visa")})
        self.draft.stripe_fetched_at -= 60
        self.assertSays(self.page(), "Active")

    def test_bank_refuses(self):
        card = self.attach("pm_card_chargeCustomerFail")
        page = self.subscribe_with(card)
        self.assertSays(page, "Your first payment is not confirmed yet", "The bank has refused")
        self.assertTrue(page.xpath("//a[normalize-space()='Complete the payment']"))
        self.assertEqual(len(self.subscriptions()), 1)

    def test_answer_is_lost(self):
        """Stripe has made it, Odoo has not heard of it: the next click finds the same subscription."""
        card = self.page().xpath("//input[@name='payment_method'][@checked]/@value")[0]
        call, lost = StripeGateway.call, []

        def lose(gateway, service, method, *ids, **arguments):
            answer = call(gateway, service, method, *ids, **arguments)
            if (service, method) == ("subscriptions", "create") and not lost:
                lost.append(answer["id"])
                raise StripeUnavailable("lost")
            return answer

        self.patch(StripeGateway, "call", lose)
        page = self.subscribe_with(card)
        self.assertSays(page, "Stripe does not answer at the moment")
        self.subscribe_with(card)
        self.assertEqual([s.id for s in self.subscriptions()], lost)
        self.assertEqual(self.draft.stripe_id, lost[0])
