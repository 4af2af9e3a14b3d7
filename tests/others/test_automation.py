from odoo import Command
from odoo.tests import TransactionCase, tagged

from tests.addon.mails_common import MailsCommon


@tagged("post_install", "-at_install")
class TestAutomation(MailsCommon, TransactionCase):
    """Odoo's automation rules act on what Stripe's events bring, although writers track nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.env["ir.model"]._get("stripe.subscription")

    def rule(self, name, field, domain, before="[]"):
        """A rule that gives the subscription an activity when a field is changed to what it looks for."""
        action = self.env["ir.actions.server"].create(
            {
                "name": name,
                "model_id": self.model.id,
                "state": "code",
                "code": f"record.activity_schedule('mail.mail_activity_data_todo', summary={name!r})",
                "usage": "base_automation",
            }
        )
        return self.env["base.automation"].create(
            {
                "name": name,
                "model_id": self.model.id,
                "trigger": "on_create_or_write",
                "trigger_field_ids": [
                    Command.link(self.env["ir.model.fields"]._get("stripe.subscription", field).id)
                ],
                "filter_pre_domain": before,
                "filter_domain": domain,
                "action_server_ids": [Command.link(action.id)],
            }
        )

    def acted(self, record):
        return sorted(record.activity_ids.mapped("summary"))

    def test_status_and_payments(self):
        """S2-18"""
        self.provider.stripe_billing_user_id = False
        self.rule("begun", "status", "[('status', '=', 'active')]")
        self.rule(
            "late",
            "status",
            "[('status', '=', 'past_due')]",
            before="[('status', '=', 'active')]",
        )
        self.rule("failed", "last_payment_state", "[('last_payment_state', '=', 'failed')]")
        self.rule("attempt", "payment_attempt_count", "[('payment_attempt_count', '>=', 2)]")
        self.rule("lost", "status", "[('status', '=', 'canceled')]")
        self.rule("access", "gives_access", "[('gives_access', '=', False)]")
        record = self.subscribed()
        self.assertEqual(self.acted(record), ["begun"])
        self.pay_with("pm_card_chargeCustomerFail")
        self.renew()
        self.bring()
        self.assertEqual(self.acted(record), ["begun", "failed", "late"])
        self.advance(3 * 86400 + 60)
        self.bring()
        self.assertEqual(self.acted(record), ["attempt", "begun", "failed", "late"])
        self.stripe.subscriptions.cancel(self.at_stripe.id)
        self.bring()
        expected = ["access", "attempt", "begun", "failed", "late", "lost"]
        self.assertEqual(self.acted(record), expected)
