from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from tests.addon.mails_common import MailsCommon


@tagged("post_install", "-at_install")
class TestPaymentPage(MailsCommon, HttpCase):
    """The link of a mail to Stripe's page of an invoice."""

    def setUp(self):
        super().setUp()
        self.record_here = self.subscribed()
        self.pay_with("pm_card_chargeCustomerFail")
        self.renew()
        self.mail = self.the(self.told(), "payment_failed")
        self.move = self.record_here.dunning_move_id
        self.authenticate(None, None)

    def open(self, url):
        answer = self.url_open(url, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        return answer.headers["Location"]

    def invoice(self):
        return self.stripe.invoices.retrieve(self.move.stripe_invoice_id)

    def test_link_of_the_mail(self):
        link = self.move._stripe_get_pay_link()
        self.assertIn(link.replace("&", "&amp;"), self.queued(self.mail).body_html)
        path = "/" + link.split("/", 3)[3]
        self.assertEqual(self.open(path), self.invoice().hosted_invoice_url)
        # Paid meanwhile: to the invoice in Odoo.
        self.pay_with("pm_card_visa")
        self.stripe.invoices.pay(self.move.stripe_invoice_id)
        self.assertIn(f"/my/invoices/{self.move.id}", self.open(path))

    def test_stranger(self):
        path = f"/my/subscriptions/pay/{self.move.id}"
        for url in (path, f"{path}?access_token=wrong", "/my/subscriptions/pay/999999999"):
            self.assertTrue(self.open(url).endswith("/my"), url)

    def test_stripe_is_out_of_reach(self):
        self.account.faults.add(target="api", kind="500", path="/v1/invoices", times=None)
        link = self.move._stripe_get_pay_link()
        with mute_logger("odoo.addons.stripe_subscriptions.controllers.payment", "stripe"):
            target = self.open("/" + link.split("/", 3)[3])
        self.assertIn(f"/my/invoices/{self.move.id}", target)

    def test_invoice_that_is_not_stripes(self):
        other = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.buyer.id}
        )
        token = other._portal_ensure_token()
        target = self.open(f"/my/subscriptions/pay/{other.id}?access_token={token}")
        self.assertIn(f"/my/invoices/{other.id}", target)
