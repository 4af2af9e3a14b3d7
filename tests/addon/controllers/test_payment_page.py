from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from tests.addon.mails_common import MailsCommon


@tagged("post_install", "-at_install")
class TestPaymentPage(MailsCommon, HttpCase):
    """The link of a mail to Stripe's page of an invoice."""

    def open(self, url):
        answer = self.url_open(url, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        return answer.headers["Location"]

    def test_link_of_the_mail(self):
        record = self.subscribed()
        self.pay_with("pm_card_chargeCustomerFail")
        self.renew()
        mail = self.the(self.told(), "payment_failed")
        move = record.dunning_move_id
        self.authenticate(None, None)
        link = move._stripe_get_pay_link()
        self.assertIn(link.replace("&", "&amp;"), self.queued(mail).body_html)

        # Strangers.
        path = f"/my/subscriptions/pay/{move.id}"
        for url in (path, f"{path}?access_token=wrong", "/my/subscriptions/pay/999999999"):
            self.assertTrue(self.open(url).endswith("/my"), url)

        # An invoice that is not Stripe's.
        other = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.buyer.id}
        )
        token = other._portal_ensure_token()
        target = self.open(f"/my/subscriptions/pay/{other.id}?access_token={token}")
        self.assertIn(f"/my/invoices/{other.id}", target)

        # Stripe is out of reach: to the invoice in Odoo.
        path = "/" + link.split("/", 3)[3]
        self.account.faults.add(target="api", kind="500", path="/v1/invoices", times=None)
        with mute_logger("odoo.addons.stripe_subscriptions.controllers.payment", "stripe"):
            self.assertIn(f"/my/invoices/{move.id}", self.open(path))
        self.account.faults.clear()

        # To Stripe's page; paid meanwhile: to the invoice in Odoo.
        invoice = self.stripe.invoices.retrieve(move.stripe_invoice_id)
        self.assertEqual(self.open(path), invoice.hosted_invoice_url)
        self.pay_with("pm_card_visa")
        self.stripe.invoices.pay(move.stripe_invoice_id)
        self.assertIn(f"/my/invoices/{move.id}", self.open(path))
