from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.addons.stripe_subscriptions.models.stripe_subscription import StripeSubscription
from odoo.tests import TransactionCase, tagged

from tests.addon.mails_common import DAY, MailsCommon

REFUSED = "pm_card_chargeCustomerFail"
ASKS = "pm_card_authenticationRequired"


@tagged("post_install", "-at_install")
class TestDunning(MailsCommon, TransactionCase):
    """The state of the payments of a subscription, and the people who are called for it."""

    def assertState(self, record, **expected):
        self.assertEqual({name: record[name] for name in expected}, expected)

    def people(self, record):
        return record.activity_ids.mapped("summary")

    def test_fails_is_tried_again_and_recovers(self):
        """S2-11"""
        record = self.subscribed()
        first = record.last_payment_at
        self.assertState(record, last_payment_state="paid", payment_attempt_count=0)
        self.assertTrue(first)
        self.pay_with(REFUSED)
        self.renew()
        self.bring()
        move = record.move_ids.sorted("id")[-1]
        self.assertState(
            record,
            status="past_due",
            last_payment_state="failed",
            last_payment_at=first,
            dunning_move_id=move,
            payment_attempt_count=1,
            payment_failure_code="generic_decline",
            requires_action=False,
        )
        self.assertIn("refused the payment", record.payment_failure_message)
        due = record.next_payment_attempt_at
        self.assertTrue(due)
        self.assertFalse(self.people(record), "Stripe tries again by itself")
        self.advance(3 * DAY + 60)
        self.bring()
        self.assertState(record, last_payment_state="failed", payment_attempt_count=2)
        self.assertGreater(record.next_payment_attempt_at, due)
        self.pay_with("pm_card_visa")
        self.advance(5 * DAY + 60)
        self.bring()
        self.assertState(
            record,
            status="active",
            last_payment_state="paid",
            dunning_move_id=move.browse(),
            payment_attempt_count=0,
            next_payment_attempt_at=False,
            payment_failure_code=False,
            payment_failure_message=False,
        )
        self.assertGreater(record.last_payment_at, first)
        self.assertFalse(self.people(record))

    def test_message_in_the_language_of_who_reads_it(self):
        record = self.subscribed()
        self.pay_with("pm_card_chargeCustomerFail")
        self.renew()
        self.bring()
        text = "Die Bank hat abgelehnt."
        with patch("odoo.tools.translate.CodeTranslations.get_python_translations") as terms:
            terms.return_value = {
                "The bank has refused the payment without saying why.": text,
                "The bank has refused the payment without saying why. It can tell you more.": "X",
            }
            german = record.with_context(lang="nl_NL")
            self.assertEqual(german.payment_failure_message, text)
            move = german.dunning_move_id
            self.assertEqual(move._stripe_get_failure_reason(), "X")

    def test_given_up_and_unpaid(self):
        self.account.retries.waits = [3 * DAY]
        self.account.retries.final_action = "unpaid"
        record = self.subscribed()
        self.pay_with(REFUSED)
        self.renew()
        self.bring()
        self.advance(3 * DAY + 60)
        self.bring()
        self.assertState(
            record, status="unpaid", last_payment_state="failed", next_payment_attempt_at=False
        )
        [activity] = record.activity_ids
        self.assertEqual(activity.user_id, self.provider.stripe_billing_user_id)
        self.assertIn("refused", activity.note)
        # Paid by hand: the person is dismissed.
        self.pay_with("pm_card_visa")
        self.stripe.invoices.pay(record.dunning_move_id.stripe_invoice_id)
        self.bring()
        self.assertState(record, status="active", last_payment_state="paid")
        self.assertFalse(self.people(record))

    def test_canceled_for_want_of_payment(self):
        self.account.retries.waits = []
        record = self.subscribed()
        self.pay_with(REFUSED)
        self.renew()
        self.bring()
        self.assertEqual(record.status, "canceled")
        self.assertEqual(len(record.activity_ids), 1)

    def test_confirmation(self):
        record = self.subscribed()
        self.pay_with(ASKS)
        self.renew()
        self.bring()
        self.assertState(
            record, last_payment_state="requires_action", requires_action=True, status="past_due"
        )
        self.run_cron("ir_cron_cards")
        self.assertFalse(self.people(record))
        long_ago = fields.Datetime.now() - timedelta(days=4)
        record.dunning_move_id.stripe_action_since = long_ago
        self.run_cron("ir_cron_cards")
        self.run_cron("ir_cron_cards")
        self.assertEqual(self.people(record), ["The customer has not confirmed the payment"])

    def test_page_to_pay_on_is_asked_for_each_time(self):
        record = self.subscribed()
        self.pay_with(REFUSED)
        self.renew()
        self.bring()
        action = record.action_stripe_payment_page()
        invoice = self.stripe.invoices.retrieve(record.dunning_move_id.stripe_invoice_id)
        self.assertEqual(action["url"], invoice.hosted_invoice_url)
        stored = [
            field.name
            for model in (record, record.dunning_move_id)
            for field in model._fields.values()
            if field.store and invoice.hosted_invoice_url in str(model[field.name])
        ]
        self.assertFalse(stored)
        self.pay_with("pm_card_visa")
        self.stripe.invoices.pay(invoice.id)
        self.assertEqual(record.action_stripe_payment_page()["tag"], "display_notification")

    def test_all_is_written_through_write(self):
        """What automation rules see: each change by `write`, with the new value among its values."""
        seen = []
        write = StripeSubscription.write

        def record_changes(records, vals):
            names = ("status", "last_payment_state", "payment_attempt_count", "requires_action")
            old = [{name: record[name] for name in names} for record in records]
            result = write(records, vals)
            for record, before in zip(records, old, strict=True):
                for name in names:
                    if record[name] != before[name]:
                        self.assertIn(name, vals, "changed behind the back of automation rules")
                        seen.append((name, before[name], record[name]))
            return result

        record = self.subscribed()
        with patch.object(StripeSubscription, "write", record_changes):
            self.pay_with(REFUSED)
            self.renew()
            self.bring()
            self.stripe.subscriptions.cancel(self.at_stripe.id)
            self.bring()
        self.assertEqual(record.status, "canceled")
        self.assertEqual(
            [change for change in seen if change[0] == "status"],
            [("status", "active", "past_due"), ("status", "past_due", "canceled")],
        )
        self.assertIn(("last_payment_state", "paid", "failed"), seen)
        self.assertIn(("payment_attempt_count", 0, 1), seen)
