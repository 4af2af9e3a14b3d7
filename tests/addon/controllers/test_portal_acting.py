"""What customers do with a running subscription in the portal."""

from datetime import timedelta

import requests
from lxml import html
from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.addon.acting_common import DAY
from tests.addon.controllers.portal_sandbox import PortalSandbox
from tests.sandbox.payments_setup import open_page, submit


@tagged("post_install", "-at_install")
class TestPortalActing(PortalSandbox):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.subscription = cls.portal_subscription(quantity=3)
        cls.keep_stripe()

    def setUp(self):
        super().setUp()
        self.sign_in(self.owner)

    def page(self, suffix=""):
        return self.get(self.address(self.subscription, suffix, token=False))

    def twice(self, page, selector="//form[contains(@class, 'o_stripe_once')]", **fields):
        """Send a form, and then once more as it is."""
        url, found = self.fields_of(page, selector)
        first = self.follow(self.post(url, **{**found, **fields}))
        before = self.changes_at_stripe()
        again = self.follow(self.post(url, **{**found, **fields}))
        self.assertSays(again, "Already changed")
        self.assertEqual(self.changes_at_stripe(), before)
        return first

    # === CANCELING === #

    def test_cancel_at_the_end_and_take_it_back(self):
        """S1-23"""
        page = self.page("/cancel")
        self.assertSays(page, "the end of the period that is paid", "At once")
        page = self.twice(page, reason="too_expensive", comment="Sorry <b>")
        self.assertSays(page, "Canceled: it ends with the period", "This subscription ends on")
        there = self.there(self.subscription)
        self.assertTrue(there["cancel_at_period_end"])
        details = there["cancellation_details"]
        self.assertEqual((details["feedback"], details["comment"]), ("too_expensive", "Sorry <b>"))
        [note] = self.subscription.message_ids.filtered(lambda m: "scheduled" in (m.body or ""))
        self.assertEqual(note.author_id, self.owner.partner_id)
        page = self.twice(page, "//form[contains(@action, '/resume')]")
        self.assertSays(page, "Your subscription goes on.")
        self.assertFalse(self.there(self.subscription)["cancel_at_period_end"])

    def test_cancel_at_once(self):
        """S1-23"""
        page = self.twice(self.page("/cancel"), when="now", reason="nonsense")
        self.assertSays(page, "Canceled. Nothing is charged any more.", "has ended")
        there = self.there(self.subscription)
        self.assertEqual(there["status"], "canceled")
        self.assertIsNone(there["cancellation_details"]["feedback"])
        self.assertEqual(len(self.invoices(self.subscription)), 1)

    # === PLANS === #

    def test_change_of_quantity_costs_what_was_shown(self):
        self.pass_time(days=10)
        item = self.subscription.item_ids
        url = self.address(self.subscription, "/change", token=False)
        page = self.get(f"{url}?quantity_{item.id}=5")
        first, second = (
            cell.text_content().replace("\xa0", " ").strip()
            for cell in page.xpath("//*[contains(@class, 'o_stripe_preview_result')]")
        )
        self.assertSays(page, "Due now", "Charged on")
        self.assertEqual(second, "$ 100.00")
        page = self.twice(page, "//form[contains(@class, 'o_stripe_confirm')]")
        self.assertSays(page, "Your subscription was changed.")
        invoice = self.invoices(self.subscription)[-1]
        self.assertEqual(first, f"$ {invoice.total / 100:.2f}")
        self.assertEqual((invoice.status, item.quantity), ("paid", 5))

    def test_change_of_plan(self):
        other = self.stripe.prices.create(
            {
                "product": self.price.product,
                "currency": "usd",
                "unit_amount": 3500,
                "recurring": {"interval": "month"},
            }
        )
        hidden = self.make_stripe_price(unit_amount=100)
        self.provider.action_stripe_billing_fetch_catalogue()
        plans = {
            name: self.env["stripe.price"]._stripe_find(self.provider, [obj.id])
            for name, obj in (("other", other), ("hidden", hidden))
        }
        page = self.page("/change")
        offered = page.xpath("//select[starts-with(@name, 'plan_')]/option/@value")
        self.assertEqual(
            set(offered), {str(self.subscription.item_ids.price_id.id), str(plans["other"].id)}
        )
        name = f"plan_{self.subscription.item_ids.id}"
        url = self.address(self.subscription, "/change", token=False)
        page = self.get(f"{url}?{name}={plans['hidden'].id}")
        self.assertSays(page, "not offered any more")
        page = self.get(f"{url}?{name}={plans['other'].id}")
        page = self.send(page, "//form[contains(@class, 'o_stripe_confirm')]")
        self.assertSays(page, "Your subscription was changed.")
        self.assertEqual(self.subscription.item_ids.price_id, plans["other"])
        self.assertEqual(self.subscription.item_ids.quantity, 3)

    def test_change_that_was_made_already(self):
        """Odoo handles a request again when a lane wrote what Stripe had done by then: it is no failure."""
        self.pass_time(days=10)
        item = self.subscription.item_ids
        url = self.address(self.subscription, "/change", token=False)
        page = self.get(f"{url}?quantity_{item.id}=5")
        self.stripe.subscription_items.update(item.stripe_id, {"quantity": 5})
        self.subscription._stripe_refresh()
        page = self.send(page, "//form[contains(@class, 'o_stripe_confirm')]")
        self.assertSays(page, "Your subscription was changed.")
        self.assertEqual(item.quantity, 5)

    def test_change_with_another_moment_or_amount(self):
        """Neither the moment from which on time is prorated nor the amount is the customer's to choose."""
        self.pass_time(days=10)
        item = self.subscription.item_ids
        url = self.address(self.subscription, "/change", token=False)
        page = self.get(f"{url}?quantity_{item.id}=50")
        selector = "//form[contains(@class, 'o_stripe_confirm')]"
        _url, found = self.fields_of(page, selector)
        for fields_ in (
            {"at": str(int(found["at"]) + 19 * DAY)},
            {"at": str(int(found["at"]) - 3 * DAY)},
            {"at": "x"},
            {"at": "9" * 4400},
            {"due": "0.00 0.00"},
        ):
            with self.subTest(fields_):
                page = self.send(self.get(f"{url}?quantity_{item.id}=50"), selector, **fields_)
                self.assertSays(page, "The amounts have changed since they were shown")
                self.assertEqual(item.quantity, 3)

    def test_change_that_the_bank_refuses(self):
        self.set_card("pm_card_chargeCustomerFail")
        item = self.subscription.item_ids
        url = self.address(self.subscription, "/change", token=False)
        page = self.get(f"{url}?quantity_{item.id}=5")
        page = self.send(page, "//form[contains(@class, 'o_stripe_confirm')]")
        self.assertSays(page, "Nothing was changed. The bank has refused", "Use another card")
        self.assertEqual(self.there(self.subscription)["items"]["data"][0]["quantity"], 3)

    def test_quantities_that_are_none(self):
        item = self.subscription.item_ids
        for text in ("0", "-1", "1.5", "x", "", "1000000", "٣" * 7, "9" * 4400):
            url = self.address(self.subscription, "/change", token=False)
            page = self.get(f"{url}?quantity_{item.id}={text}")
            self.assertFalse(page.xpath("//form[contains(@class, 'o_stripe_confirm')]"), text)

    # === PAUSING, CODES === #

    def test_pause_and_go_on(self):
        self.pass_time(days=10)
        page = self.twice(self.page("/pause"))
        self.assertSays(page, "Your subscription is paused", "Paused")
        page = self.page("/unpause")
        self.assertSays(page, "Due now", "$ 60.00")
        page = self.twice(page)
        self.assertSays(page, "Your subscription goes on.", "Active")
        self.assertEqual(self.invoices(self.subscription)[-1].amount_paid, 6000)

    def test_promotion_code(self):
        coupon = self.stripe.coupons.create(
            {"name": "Spring", "percent_off": 50, "duration": "once"}
        )
        self.stripe.promotion_codes.create(
            {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"}
        )
        page = self.page("/discount")
        form = "//form[contains(@action, '/discount')]"
        url, found = self.fields_of(page, form)
        answer = self.post(url, **{**found, "code": "WINTER"})
        self.assertEqual(answer.status_code, 200)
        self.assertIn("The code WINTER is not valid", answer.text)
        self.assertEqual(self.subscription.promotion_failures, 1)
        self.subscription.promotion_failures = 20
        self.assertIn("Too many codes", self.post(url, **{**found, "code": "SPRING"}).text)
        self.subscription.promotion_failures = 0
        page = html.fromstring(self.post(url, **{**found, "code": "spring"}).text)
        self.assertSays(page, "Your next invoice with it", "$ 30.00")
        page = self.twice(page, "//form[contains(@class, 'o_stripe_confirm')]")
        self.assertSays(page, "The discount is yours", "Spring")
        self.assertEqual(len(self.there(self.subscription, "discounts")["discounts"]), 1)
        # One at a time.
        self.assertNotIn("coupon", self.subscription._portal_get_actions())

    # === MONEY === #

    def test_pay_what_is_owed(self):
        self.set_card("pm_card_chargeCustomerFail")
        self.pass_time(days=32)
        self.refresh(self.subscription)
        self.assertEqual(self.subscription.status, "past_due")
        page = self.page()
        self.assertSays(page, "The last payment did not go through", "The bank has refused", "Pay")
        answer = self.url_open(
            self.address(self.subscription, "/pay", token=False), allow_redirects=False
        )
        invoice = self.invoices(self.subscription)[-1]
        self.assertEqual(answer.headers["Location"], invoice.hosted_invoice_url)
        self.set_card("pm_card_visa")
        self.stripe.invoices.pay(invoice.id)
        answer = self.follow(
            self.url_open(
                self.address(self.subscription, "/pay", token=False), allow_redirects=False
            )
        )
        self.assertSays(answer, "There is nothing to pay any more")

    def test_renewal_that_the_bank_asks_about(self):
        """3-D Secure while nobody is there: the customer confirms on Stripe's page, and it is paid."""
        self.set_card("pm_card_threeDSecure2Required")
        self.pass_time(days=32)
        self.refresh(self.subscription)
        page = self.page()
        self.assertSays(page, "A payment waits for you. Your bank asks you to confirm it.")
        [link] = page.xpath("//a[normalize-space()='Confirm the payment']/@href")
        address = self.url_open(link, allow_redirects=False).headers["Location"]
        stripe_page = html.fromstring(open_page(address).text)
        [bank] = stripe_page.xpath("//a[@data-testid='confirm-payment']/@href")
        for result, said in (("fail", "was not confirmed with the bank"), ("complete", "Active")):
            answer = requests.post(bank, {"result": result}, allow_redirects=False, timeout=30)
            self.assertEqual(answer.headers["Location"], address)
            if result == "fail":
                self.refresh(self.subscription)
                self.assertSays(self.page(), "The last payment did not go through", said)
                # Another attempt with the same card: the bank asks again.
                answer = submit(address, "4000000000003220")
                bank = answer.headers["Location"]
        self.refresh(self.subscription)
        page = self.page()
        self.assertSays(page, "Active")
        self.assertNotIn("Confirm the payment", self.text(page))
        self.assertEqual(self.subscription.last_payment_state, "paid")
        self.assertEqual(
            set(self.subscription.move_ids.mapped("payment_state")) - {"in_payment"}, {"paid"}
        )

    def test_receipt(self):
        move = self.subscription.move_ids
        page = self.page()
        [link] = page.xpath("//a[contains(@href, '/my/subscriptions/receipt/')]/@href")
        self.assertEqual(link, f"/my/subscriptions/receipt/{move.id}")
        answer = self.url_open(link, allow_redirects=False)
        self.assertIn("/pages/receipt/", answer.headers["Location"])

    def test_stripe_is_out_of_reach(self):
        self.account.faults.add(target="api", kind="500", path="/v1/subscriptions", times=None)
        with mute_logger("stripe"):
            page = self.send(self.page("/cancel"))
        self.assertSays(page, "Stripe does not answer at the moment")
        self.account.faults.clear()
        self.send(page)
        self.assertTrue(self.there(self.subscription)["cancel_at_period_end"])

    # === WHAT THE SETTINGS ALLOW === #

    def test_settings(self):
        def offered():
            return {
                suffix
                for suffix in ("/cancel", "/change", "/pause", "/discount")
                if self.page().xpath(f"//a[contains(@href, '{suffix}')]")
            }

        self.assertEqual(offered(), {"/cancel", "/change", "/pause", "/discount"})
        self.company.write(
            {
                "stripe_portal_cancel": "no",
                "stripe_portal_change_plan": False,
                "stripe_portal_change_quantity": False,
                "stripe_portal_pause": False,
            }
        )
        self.assertEqual(offered(), {"/discount"})
        count = str(self.subscription.acting_count)
        before = self.changes_at_stripe()
        for suffix, more in (
            ("/cancel", {"when": "now"}),
            ("/cancel", {"when": "period_end"}),
            ("/change", {f"quantity_{self.subscription.item_ids.id}": "1"}),
            ("/pause", {}),
        ):
            url = self.address(self.subscription, suffix, token=False)
            self.post(url, count=count, **more)
            page = self.page()
            self.assertSays(page, "This cannot be done here")
        self.company.stripe_portal_cancel = "period_end"
        self.assertEqual(len(self.page("/cancel").xpath("//input[@name='when']")), 1)
        self.post(self.address(self.subscription, "/cancel", token=False), count=count, when="now")
        self.assertSays(self.page(), "This cannot be done here")
        self.assertEqual(self.changes_at_stripe(), before)

    def test_history(self):
        self.subscription.message_post(body="Seen by the customer", subtype_xmlid="mail.mt_comment")
        self.subscription.message_post(body="For staff", subtype_xmlid="mail.mt_note")
        page = self.page()
        self.assertSays(page, "History", "Subscribed", "Seen by the customer")
        self.assertNotIn("For staff", self.text(page))

    def test_another_contact_gets_another_link(self):
        before = self.subscription.access_token
        self.subscription.contact_id = self.colleague.partner_id
        self.assertNotEqual(self.subscription.access_token, before)
        self.subscription.name = "Renamed"
        after = self.subscription.access_token
        self.sign_in(None)
        answer = self.url_open(self.address(self.subscription, token=before), allow_redirects=False)
        self.assertEqual(answer.headers["Location"], "/my")
        self.get(self.address(self.subscription, token=after))

    def test_day_of_the_next_charge(self):
        end = fields.Datetime.now() + timedelta(days=40)
        self.subscription.with_context(stripe_sync=True).current_period_end = end
        self.assertSays(self.page(), "Next charge")
