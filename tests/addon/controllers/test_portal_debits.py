"""Bank debits in the portal, against a stand-in for Stripe: days pass until the bank says whether it pays."""

from odoo.tests import tagged

from stripe_sandbox.payments import debits
from tests.addon.controllers.portal_sandbox import PortalSandbox
from tests.sandbox.payments_setup import submit

SLOW, RETURNED_LATER = "DE08370400440532013003", "DE78370400440532013004"
FORM = "//form[contains(@class, 'o_stripe_subscription_form')]"


@tagged("post_install", "-at_install")
class TestPortalDebits(PortalSandbox):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("base.EUR").active = True
        debits.set_kinds(cls.account, {"types": ["sepa_debit"]})
        price = cls.make_stripe_price(currency="eur", product_data={"name": "Crew"})
        cls.provider.action_stripe_billing_fetch_catalogue()
        plan = cls.env["stripe.price"]._stripe_find(cls.provider, [price.id])
        cls.keep_stripe()
        cls.draft = cls.make_draft(
            plan,
            name="Crew for Buyer",
            sent_at="2026-01-01",
            currency_id=cls.env.ref("base.EUR").id,
        )

    def page(self):
        return self.get(self.address(self.draft))

    def subscribe_by(self, iban):
        """Subscribe on Stripe's page by a bank account; the page on which the customer comes back."""
        answer = self.post(self.address(self.draft, "/subscribe"), payment_method="")
        back = submit(answer.headers["Location"], paymentMethod="sepa_debit", iban=iban)
        path = back.headers["Location"].split("/my/", 1)[1]
        return self.get(f"/my/{path}")

    def banks_answer(self):
        """The banks say whether they pay, and Odoo hears of it."""
        debits.hurry(self.account, {})
        self.refresh(self.draft)

    def mails(self):
        """Kinds of the mails about the invoices of the subscription, oldest first."""
        ids = self.draft.move_ids.ids
        domain = [("res_model", "=", "account.move"), ("res_id", "in", ids)]
        return self.env["stripe.mail"].search(domain, order="id").mapped("kind")

    def test_processed_then_paid(self):
        page = self.subscribe_by(SLOW)
        self.assertSays(page, "Thank you, you have subscribed", "Your payment is being processed")
        self.refresh(self.draft)
        page = self.page()
        self.assertSays(page, "Active", "Payment being processed", "Being processed")
        self.assertFalse(page.xpath("//a[normalize-space()='Pay' or normalize-space()='Pay now']"))
        move = self.draft.move_ids
        self.assertEqual((move.state, move.payment_state), ("posted", "not_paid"))
        self.assertEqual(self.draft.last_payment_state, "processing")
        self.sign_in(self.owner)
        self.assertSays(self.get("/my/subscriptions"), "Active Payment being processed")
        self.assertSays(self.get("/my/payment-cards"), "SEPA debit •••• 3003", "Charged")
        self.assertEqual(self.mails(), [])
        self.banks_answer()
        page = self.page()
        self.assertNotIn("processed", self.text(page))
        self.assertSays(page, "Paid", "Receipt")
        self.assertIn(move.payment_state, ("paid", "in_payment"))
        self.assertEqual(self.draft.last_payment_state, "paid")
        self.assertEqual(self.mails(), ["receipt"])

    def test_first_debit_is_returned(self):
        """Stripe voids the invoice and lets the subscription go on: everybody is told."""
        self.subscribe_by(RETURNED_LATER)
        self.refresh(self.draft)
        self.banks_answer()
        self.assertEqual((self.draft.status, self.draft.last_payment_state), ("active", "failed"))
        move = self.draft.dunning_move_id
        self.assertEqual((move.stripe_invoice_status, move.payment_state), ("void", "reversed"))
        self.sign_in(self.owner)
        page = self.page()
        self.assertSays(page, "Your bank did not pay. The bank has refused the payment", "Void")
        self.assertTrue(page.xpath("//a[@href='/my/payment-cards'][contains(., 'Use another')]"))
        self.assertEqual(self.mails(), ["payment_failed"])
        self.assertEqual(self.draft.activity_ids.summary, "Payment failed for good")
        template = self.provider._stripe_get_mail_template("payment_failed")
        body = template._render_field("body_html", move.ids)[move.id]
        self.assertIn("This invoice was canceled, and your subscription goes on", body)
        self.assertIn("20.00", body)

    def test_saved_account_and_a_renewal_that_is_returned(self):
        good, bad = self.attach("pm_successDelayed_de"), self.attach("pm_failedDelayed_de")
        page = self.page()
        self.assertSays(page, "SEPA debit •••• 3003", "Visa •••• 4242")
        page = self.send(page, FORM, payment_method=good)
        self.assertSays(page, "Your payment is being processed")
        self.banks_answer()
        self.assertEqual(self.draft.last_payment_state, "paid")
        self.draft._stripe_set_card(bad)
        self.pass_time(days=32)
        self.refresh(self.draft)
        self.assertEqual(
            (self.draft.status, self.draft.last_payment_state), ("active", "processing")
        )
        self.pass_time(days=5)
        self.refresh(self.draft)
        self.assertEqual((self.draft.status, self.draft.last_payment_state), ("past_due", "failed"))
        page = self.page()
        self.assertSays(page, "The last payment did not go through. The bank has refused")
        [link] = page.xpath("//a[normalize-space()='Pay now']/@href")
        stripe_page = self.url_open(link, allow_redirects=False).headers["Location"]
        submit(stripe_page, paymentMethod="sepa_debit", iban=SLOW)
        self.refresh(self.draft)
        self.assertSays(self.page(), "Your payment is being processed")
        self.assertNotIn("did not go through", self.text(self.page()))
        self.banks_answer()
        self.assertEqual((self.draft.status, self.draft.last_payment_state), ("active", "paid"))

    def test_account_in_another_currency_is_not_offered(self):
        self.attach("pm_usBankAccount_success")
        self.attach("pm_success_de")
        page = self.page()
        self.assertSays(page, "SEPA debit •••• 3000")
        self.assertNotIn("6789", self.text(page))
