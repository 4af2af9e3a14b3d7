import time

from odoo.tests import TransactionCase, tagged

from tests.addon.mails_common import DAY, MONTH, MailsCommon

ASKS = "pm_card_authenticationRequired"
REFUSED = "pm_card_chargeCustomerFail"


@tagged("post_install", "-at_install")
class TestMailsSent(MailsCommon, TransactionCase):
    """Each mail goes out once, on what it tells, to the right person; not again on repetition."""

    def assertNoMore(self):
        """Nothing more is told, however often Stripe repeats itself."""
        self.assertEqual(self.kinds(self.happen_again(), "sent", "pending", "failed"), [])
        record = self.record()
        record._stripe_refresh()
        self.assertEqual(self.kinds(self.told(), "sent", "pending", "failed"), [])

    # === SUBSCRIBING === #

    def test_welcome_with_the_first_invoice(self):
        self.at_stripe = self.subscribe(self.there, 3)
        staff = self.provider.stripe_billing_user_id
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["subscribed_staff", "welcome"])
        self.assertEqual(self.kinds(rows, "skipped"), ["receipt"])
        welcome = self.the(rows, "welcome")
        self.assertTold(welcome, "$ 60,00", "3 × Team", "first invoice is attached")
        self.assertEqual(len(welcome.message_id.attachment_ids), 1)
        self.assertIn("pdf", welcome.message_id.attachment_ids.mimetype + ".pdf")
        self.assertTold(self.the(rows, "subscribed_staff"), "$ 60.00", to=staff.partner_id)
        self.assertTrue(self.the(rows, "subscribed_staff").message_id.subtype_id.internal)
        self.assertNoMore()

    def test_welcome_then_receipt_when_the_invoice_comes_later(self):
        self.at_stripe = self.subscribe(self.there)
        self.provider._stripe_sync([("subscription", self.at_stripe.id)])
        self.env["stripe.mail"].search([]).action_send()
        self.run_cron("ir_cron_send_mails")
        welcome = self.env["stripe.mail"].search([("kind", "=", "welcome")])
        self.assertEqual(welcome.state, "sent")
        self.assertNotIn("attached", welcome.message_id.body)
        self.seen = self.env["stripe.mail"].search([])
        self.assertEqual(self.kinds(self.told()), ["receipt"])

    def test_welcome_to_a_trial_and_its_end(self):
        ends_at = int(time.time()) + 14 * DAY
        self.at_stripe = self.subscribe(self.there, 2, trial_end=ends_at)
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["subscribed_staff", "welcome"])
        self.assertTold(self.the(rows, "welcome"), "Free until")
        self.advance(11 * DAY + 3600)
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["trial_ending"])
        self.assertTold(self.the(rows, "trial_ending"), "$ 40,00")
        self.assertNoMore()

    def test_trial_that_is_short_is_not_announced_twice(self):
        self.at_stripe = self.subscribe(self.there, trial_end=int(time.time()) + 2 * DAY)
        self.assertEqual(self.kinds(self.told()), ["subscribed_staff", "welcome"])

    def test_language_button_and_sender(self):
        template = self.env.ref("stripe_subscriptions.mail_template_subscription_welcome")
        template.with_context(lang="nl_NL").subject = "Welkom bij {{ object.name }}"
        self.at_stripe = self.subscribe(self.there)
        row = self.the(self.told(), "welcome")
        self.assertEqual(row.message_id.subject, "Welkom bij Team")
        mail = self.queued(row)
        self.assertIn("ada@tulip.example", mail.recipient_ids.mapped("email"))
        self.assertIn("billing@company.example", mail.email_from)
        self.assertIn(f"access_token={self.record().access_token}", mail.body_html)
        self.assertIn("/mail/view", mail.body_html)
        self.assertEqual(mail.state, "outgoing")

    # === PAYMENTS === #

    def test_receipt(self):
        self.subscribed(2)
        self.renew()
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["receipt", "renewal"])
        receipt = self.the(rows, "receipt")
        move = self.record().move_ids.sorted("id")[-1]
        self.assertEqual((receipt.res_model, receipt.res_id), ("account.move", move.id))
        self.assertTold(receipt, "$ 40,00", move.name, "attached")
        self.assertEqual(receipt.message_id.attachment_ids.name, move.invoice_pdf_report_id.name)
        self.assertTrue(move.is_move_sent)
        self.assertIn(f"access_token={move.access_token}", self.queued(receipt).body_html)
        self.assertNoMore()

    def test_receipt_says_what_credit_paid(self):
        self.subscribed(2)
        self.stripe.customers.balance_transactions.create(
            self.there.id, {"amount": -1500, "currency": "usd"}
        )
        self.renew()
        self.assertTold(self.the(self.told(), "receipt"), "$ 40,00", "from your credit", "$ 15,00")

    def test_invoice_of_nothing_has_no_receipt(self):
        free = self.make_stripe_price(unit_amount=0)
        self.provider.action_stripe_billing_fetch_catalogue()
        self.at_stripe = self.stripe.subscriptions.create(
            {"customer": self.there.id, "items": [{"price": free.id}]}
        )
        rows = self.told()
        self.assertEqual(self.kinds(rows, "sent", "skipped"), ["subscribed_staff", "welcome"])

    def test_payment_failed_once_for_each_attempt(self):
        self.subscribed()
        self.pay_with(REFUSED)
        self.renew()
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["payment_failed", "renewal"])
        row = self.the(rows, "payment_failed")
        self.assertTold(row, "$ 20,00", "has refused the payment", "Next attempt")
        self.assertIn(f"/my/subscriptions/pay/{row.res_id}?access_token=", self.pay_button(row))
        self.advance(3 * DAY + 60)
        self.assertTold(self.the(self.told(), "payment_failed"), "Next attempt")
        self.advance(5 * DAY + 60)
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["canceled", "payment_failed"])
        self.assertTold(self.the(rows, "payment_failed"), "We will not try again")
        self.assertTold(self.the(rows, "canceled"), "because it could not be paid")
        self.assertNoMore()

    def pay_button(self, row):
        """The address behind the button of a mail."""
        return self.queued(row).body_html.replace("&amp;", "&")

    def test_payment_that_succeeds_meanwhile_is_not_called_failed(self):
        self.subscribed()
        self.pay_with(REFUSED)
        self.renew()
        self.catch_up()
        self.pay_with("pm_card_visa")
        self.advance(3 * DAY + 60)
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["receipt", "renewal"])
        failed = rows.filtered(lambda row: row.kind == "payment_failed")
        self.assertEqual(
            (failed.state, failed.reason), ("skipped", "Nothing is to be paid any more.")
        )

    def test_confirmation_of_a_renewal_is_asked_once(self):
        self.subscribed()
        self.pay_with(ASKS)
        self.renew()
        rows = self.told(wait=False)
        self.assertEqual(self.kinds(rows), ["action_required", "renewal"])
        row = self.the(rows, "action_required")
        self.assertTold(row, "$ 20,00", "3-D Secure")
        self.assertIn(f"/my/subscriptions/pay/{row.res_id}?access_token=", self.pay_button(row))
        self.advance(3 * DAY + 60)
        self.assertEqual(self.kinds(self.told()), [])
        self.assertNoMore()

    def test_confirmation_is_not_asked_while_the_customer_is_there(self):
        self.pay_with(ASKS)
        self.at_stripe = self.subscribe(self.there)
        self.assertEqual(self.at_stripe.status, "incomplete")
        rows = self.told(wait=False)
        self.assertEqual(self.kinds(rows), [])
        [row] = rows
        self.assertEqual((row.kind, row.state), ("action_required", "pending"))
        self.assertAlmostEqual((row.due_at - row.happened_at).total_seconds(), 3600, delta=60)
        self.pay_with("pm_card_visa")
        self.stripe.invoices.pay(self.at_stripe.latest_invoice, {"off_session": False})
        rows |= self.told()
        row.action_send()
        self.run_cron("ir_cron_send_mails")
        self.assertEqual((row.state, row.reason), ("skipped", "Nothing is to be paid any more."))
        self.assertEqual(self.kinds(rows), ["subscribed_staff", "welcome"])

    def test_refund_once_each(self):
        self.subscribed(2)
        for amount in (500, 700):
            self.refund(self.at_stripe, amount)
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["refunded", "refunded"])
        shown = " ".join(rows.message_id.mapped("subject")).replace("\xa0", " ")
        self.assertIn("$ 5,00 refunded", shown)
        self.assertIn("$ 7,00 refunded", shown)
        self.assertNoMore()

    # === WHAT IS AHEAD === #

    def test_renewal_is_announced(self):
        record = self.subscribed(2)
        self.advance(MONTH - 8 * DAY)
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["renewal"])
        self.assertTold(self.the(rows, "renewal"), "$ 40,00", "2 × Team")
        self.assertEqual(self.the(rows, "renewal").key, str(record.next_charge_at))
        self.assertNoMore()

    def test_renewal_that_was_canceled_meanwhile_is_not_announced(self):
        self.subscribed()
        self.advance(MONTH - 8 * DAY)
        self.stripe.subscriptions.update(self.at_stripe.id, {"cancel_at_period_end": True})
        self.assertEqual(self.kinds(self.told()), ["cancel_scheduled"])

    def test_card_that_expires(self):
        record = self.subscribed()
        method = self.pay_with("pm_card_visa")
        soon = time.gmtime(time.time() + 20 * DAY)
        this_month = time.gmtime()
        if soon.tm_mon == this_month.tm_mon:
            soon = this_month
        expiry = {"exp_month": this_month.tm_mon, "exp_year": this_month.tm_year}
        self.stripe.payment_methods.update(method, {"card": expiry})
        self.told()
        self.run_cards()
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["card_expiring"])
        row = self.the(rows, "card_expiring")
        self.assertEqual(row.subscription_id, record)
        self.assertTold(row, "expires before the next charge")
        self.assertNotIn("4242", row.message_id.body)
        self.run_cards()
        self.assertEqual(self.kinds(self.told()), [])

    def run_cards(self):
        self.run_cron("ir_cron_cards")
        self.run_cron("ir_cron_run_jobs")
        job = self.env["stripe.job"].search([("kind", "=", "cards")], limit=1)
        self.assertEqual((job.state, job.error), ("done", False))

    def test_card_that_lasts_or_is_not_charged_any_more(self):
        self.subscribed()
        self.run_cards()
        self.assertEqual(self.kinds(self.told()), [])
        method = self.pay_with("pm_card_visa")
        now = time.gmtime()
        expiry = {"exp_month": now.tm_mon, "exp_year": now.tm_year}
        self.stripe.payment_methods.update(method, {"card": expiry})
        self.stripe.subscriptions.update(self.at_stripe.id, {"cancel_at_period_end": True})
        self.told()
        self.run_cards()
        self.assertEqual(self.kinds(self.told()), [])

    def test_card_that_the_bank_has_renewed(self):
        """S1-27, S2-12"""
        self.subscribed()
        method = self.stripe.customers.retrieve(
            self.there.id
        ).invoice_settings.default_payment_method
        self.renew_card(method)
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["card_updated"])
        self.assertTold(self.the(rows, "card_updated"), "Your bank has renewed the card")
        other = self.stripe.payment_methods.attach("pm_card_visa", {"customer": self.there.id})
        self.renew_card(other.id)
        self.assertEqual(self.kinds(self.told()), [], "a card that nothing is charged to")
        self.assertNoMore()

    def renew_card(self, method):
        """Have the bank renew a card with the network."""
        from stripe_sandbox.resources import payment_methods

        payment_methods.renew(
            self.account, {"payment_method": method, "exp_month": 5, "exp_year": 2040}
        )

    # === CHANGES === #

    def test_cancellation_is_scheduled_taken_back_and_carried_out(self):
        self.subscribed()
        update = self.stripe.subscriptions.update
        update(self.at_stripe.id, {"cancel_at_period_end": True})
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["cancel_scheduled"])
        self.assertTold(self.the(rows, "cancel_scheduled"), "You will not be charged again")
        update(self.at_stripe.id, {"cancel_at_period_end": False})
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["resumed"])
        self.assertTold(self.the(rows, "resumed"), "cancellation", "$ 20,00")
        update(self.at_stripe.id, {"cancel_at_period_end": True})
        self.assertEqual(self.kinds(self.told()), ["cancel_scheduled"])
        self.advance(MONTH)
        rows = self.told()
        self.assertEqual(self.kinds(rows), ["canceled"])
        self.assertNotIn("could not be paid", self.the(rows, "canceled").message_id.body)
        self.assertNoMore()

    def test_canceled_at_once(self):
        self.subscribed()
        self.stripe.subscriptions.cancel(self.at_stripe.id)
        self.assertEqual(self.kinds(self.told()), ["canceled"])
        self.assertNoMore()

    def test_resumed_from_a_pause(self):
        self.subscribed()
        bill_for = {
            "outstanding_usage_through": {"type": "now"},
            "unused_time_from": {"type": "none"},
        }
        self.stripe.subscriptions.pause(self.at_stripe.id, {"bill_for": bill_for})
        self.assertEqual(self.kinds(self.told()), [])
        self.assertEqual(self.record().status, "paused")
        self.stripe.subscriptions.resume(self.at_stripe.id)
        rows = self.told()
        self.assertIn("resumed", self.kinds(rows))
        self.assertTold(self.the(rows, "resumed"), "The pause of")

    def test_change_of_plan_there_and_back(self):
        self.subscribed(3)
        item = self.at_stripe["items"].data[0].id
        items = self.stripe.subscription_items
        for quantity, before in ((5, 3), (3, 5), (5, 3)):
            items.update(item, {"quantity": quantity, "proration_behavior": "none"})
            rows = self.told()
            self.assertEqual(self.kinds(rows), ["changed"])
            self.assertTold(
                self.the(rows, "changed"), f"{before} × Team", f"{quantity} × Team", "on"
            )
        self.assertNoMore()

    def test_status_is_told_in_the_chatter(self):
        record = self.subscribed()
        self.stripe.subscriptions.cancel(self.at_stripe.id)
        self.told()
        bodies = " ".join(record.message_ids.mapped("body"))
        self.assertIn("Status: Active → Canceled", bodies)
