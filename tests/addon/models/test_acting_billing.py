from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.acting_common import ActingCommon

CHARGE = "stripe.subscription.charge"


@tagged("post_install", "-at_install")
class TestActingBilling(ActingCommon, TransactionCase):
    """Retrying a payment, the card, one-off items."""

    def setUp(self):
        super().setUp()
        self.subscription = self.make_subscription()

    def shown(self, form):
        return float(form.preview["total"])

    def fall_behind(self):
        """The renewal cannot be collected."""
        self.set_card("pm_card_chargeCustomerFail")
        self.pass_time(days=32)
        self.refresh(self.subscription)
        self.assertEqual(self.subscription.status, "past_due")

    # --- retrying

    def test_retry(self):
        self.assertNotIn("retry", self.subscription.offered_actions)
        with self.assertRaisesRegex(UserError, "no invoice of it is open"):
            self.subscription._stripe_retry_payment()
        self.fall_behind()
        self.assertIn("retry", self.subscription.offered_actions)
        form = self.wizard("stripe.subscription.confirm", self.subscription, action="retry")
        self.assertIn("20.00", form.text)
        # Declined again and again: each try is one, none is answered from Stripe's memory.
        invoice = self.invoices(self.subscription)[-1]
        tried = self.count_charges()
        for number in (1, 2):
            with self.assertRaisesRegex(UserError, "Stripe says: Your card was declined"):
                form.save().action_confirm()
            self.assertEqual(self.count_charges(), tried + number)
        self.set_card("pm_card_visa")
        form.save().action_confirm()
        self.assertEqual(self.subscription.status, "active")
        move = self.subscription.sudo().move_ids.filtered(
            lambda move: move.stripe_invoice_id == invoice.id
        )
        self.assertEqual(move.payment_state, "paid")
        self.assertIn(f"Payment of invoice {move.name} collected", self.said(self.subscription))

    def count_charges(self):
        return len(self.stripe.charges.list({"customer": self.buyer.id, "limit": 100}).data)

    def test_retry_after_a_crash(self):
        self.fall_behind()
        self.set_card("pm_card_visa")
        self.crash_before_end(self.subscription._stripe_retry_payment)
        tried = self.count_charges()
        self.subscription._stripe_retry_payment()
        self.assertEqual(self.count_charges(), tried)
        self.assertEqual(self.subscription.status, "active")

    def test_retry_what_was_paid_meanwhile(self):
        self.fall_behind()
        self.stripe.invoices.pay(
            self.invoices(self.subscription)[-1].id, {"paid_out_of_band": True}
        )
        self.subscription._stripe_retry_payment()
        self.assertEqual(self.subscription.status, "active")

    def test_retry_what_needs_the_customer(self):
        self.fall_behind()
        self.set_card("pm_card_authenticationRequired")
        with self.assertRaisesRegex(UserError, "additional user action"):
            self.subscription._stripe_retry_payment()

    def test_unpaid(self):
        """Its later invoices stay drafts: the newest one is finalized and paid."""
        self.account.retries.final_action = "unpaid"
        self.fall_behind()
        self.pass_time(days=60)
        self.refresh(self.subscription)
        self.assertEqual(self.subscription.status, "unpaid")
        self.assertIn("draft", [invoice.status for invoice in self.invoices(self.subscription)])
        self.set_card("pm_card_visa")
        self.subscription._stripe_retry_payment()
        self.refresh(self.subscription)
        self.assertIn("paid", [i.status for i in self.invoices(self.subscription)[1:]])

    def test_invoices_to_be_paid_are_not_charged(self):
        subscription = self.make_subscription(collection_method="send_invoice", days_until_due=7)
        self.pass_time(hours=2)
        self.refresh(subscription)
        self.assertNotIn("retry", subscription.offered_actions)
        for method, arguments in (("_stripe_retry_payment", ()), ("_stripe_set_card", ("pm_1",))):
            with self.assertRaisesRegex(UserError, "there is no card to be charged"):
                getattr(subscription, method)(*arguments)

    # --- card

    def test_card(self):
        other = self.attach("pm_card_mastercard")
        form = self.wizard("stripe.subscription.card", self.subscription)
        shown = []
        for number in range(2):
            with form.line_ids.edit(number) as line:
                self.assertRegex(line.expires, r"^\d\d / \d{4}$")
                shown.append((line.name, line.chosen))
        self.assertEqual(shown, [("Mastercard •••• 4444", False), ("Visa •••• 4242", True)])
        with form.line_ids.edit(0) as line:
            line.chosen = True
        with form.line_ids.edit(1) as line:
            self.assertFalse(line.chosen)
        form.save().action_confirm()
        self.assertEqual(self.there(self.subscription)["default_payment_method"], other)
        self.assertIn("Mastercard •••• 4444", self.said(self.subscription))
        cards = self.subscription._stripe_get_cards()
        self.assertEqual([card["is_default"] for card in cards], [True, False])
        # What was chosen is what is charged.
        self.pass_time(days=32)
        charge = self.stripe.charges.list({"customer": self.buyer.id}).data[0]
        self.assertEqual(charge.payment_method, other)

    def test_card_of_another_customer(self):
        stranger = self.make_stripe_customer()
        card = self.stripe.payment_methods.attach("pm_card_visa", {"customer": stranger.id})
        with self.assertRaisesRegex(UserError, "not the customer's"):
            self.subscription._stripe_set_card(card.id)

    def test_no_card_is_stored(self):
        self.wizard("stripe.subscription.card", self.subscription).save()
        for model in ("stripe.customer", "stripe.subscription.card.line"):
            columns = {name for name, field in self.env[model]._fields.items() if field.store}
            self.assertFalse({"name", "brand", "last4", "expires", "exp_month"} & columns)

    def test_cards_while_stripe_is_away(self):
        self.account.faults.add(target="api", kind="500", path="/v1/customers", times=3)
        form = self.wizard("stripe.subscription.card", self.subscription)
        self.assertIn("does not answer", form.preview_error)
        with self.assertRaisesRegex(UserError, "Choose a card"):
            form.save().action_confirm()

    # --- one-off items

    def test_with_the_next_invoice(self):
        """S2-19"""
        form = self.wizard(CHARGE, self.subscription, description="Training", amount=35.5)
        self.assertEqual(self.shown(form), 55.5)
        self.assertIn("Next charge on", form.preview_html)
        form.save().action_confirm()
        self.assertEqual(len(self.invoices(self.subscription)), 1)
        self.assertIn("“Training” comes with the next invoice", self.said(self.subscription))
        self.pass_time(days=32)
        self.assertEqual(self.invoices(self.subscription)[-1].total, 5550)

    def test_now_with_taxes_and_discount(self):
        rate = self.stripe.tax_rates.create(
            {"display_name": "VAT", "percentage": 19, "inclusive": False}
        )
        coupon = self.stripe.coupons.create({"percent_off": 10, "duration": "forever"})
        self.provider.action_stripe_billing_fetch_catalogue()
        self.env["stripe.tax.rate"].search([("stripe_id", "=", rate.id)]).action_create_tax()
        self.stripe.subscriptions.update(
            self.subscription.stripe_id,
            {"default_tax_rates": [rate.id], "discounts": [{"coupon": coupon.id}]},
        )
        self.refresh(self.subscription)
        form = self.wizard(CHARGE, self.subscription, description="Training", amount=33.33)
        form.when = "now"
        self.assertIn("Due now", form.preview_html)
        self.assertNotIn("Next charge", form.preview_html)
        form.save().action_confirm()
        invoice = self.invoices(self.subscription)[-1]
        self.assertEqual(self.shown(form), invoice.total / 100)
        self.assertEqual((invoice.total, invoice.status), (3570, "paid"))
        move = self.subscription.sudo().move_ids.filtered(
            lambda move: move.stripe_invoice_id == invoice.id
        )
        self.assertEqual((move.state, move.amount_total), ("posted", 35.7))
        self.assertIn("billed at once", self.said(self.subscription))

    def test_declined_stays_open(self):
        self.set_card("pm_card_chargeCustomerFail")
        wizard = self.wizard(
            CHARGE, self.subscription, description="Training", amount=10, when="now"
        ).save()
        action = wizard.action_confirm()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(self.invoices(self.subscription)[-1].status, "open")
        self.assertIn("stays open: Your card was declined", self.said(self.subscription))
        self.assertIn("retry", self.subscription.offered_actions)

    def test_sent_to_who_pays_invoices(self):
        subscription = self.make_subscription(collection_method="send_invoice", days_until_due=7)
        subscription._stripe_charge_once("Training", 10, "now")
        invoice = self.invoices(subscription)[-1]
        self.assertEqual((invoice.status, invoice.total), ("open", 1000))
        self.assertTrue(invoice.due_date)

    def test_credit(self):
        form = self.wizard(CHARGE, self.subscription, description="Sorry", amount=-5)
        self.assertEqual(self.shown(form), 15)
        form.save().action_confirm()
        self.pass_time(days=32)
        self.assertEqual(self.invoices(self.subscription)[-1].total, 1500)

    def test_crash_at_each_step(self):
        """Three requests, each done once whatever happens in between."""
        for path in ("/v1/invoiceitems", "/v1/invoices", "/v1/invoices/in_"):
            self.account.faults.add(
                target="api", kind="500", path=path, method="POST", after=True, times=3
            )
            with self.assertRaisesRegex(UserError, "does not answer"):
                self.subscription._stripe_charge_once("Training", 10, "now")
        self.subscription._stripe_charge_once("Training", 10, "now")
        self.assertEqual(
            [invoice.total for invoice in self.invoices(self.subscription)], [2000, 1000]
        )
        # The same once more is another charge.
        self.subscription._stripe_charge_once("Training", 10, "now")
        self.assertEqual(len(self.invoices(self.subscription)), 3)

    def test_two_clicks(self):
        wizard = self.wizard(
            CHARGE, self.subscription, description="Training", amount=10, when="now"
        ).save()
        wizard.action_confirm()
        wizard.action_confirm()
        self.assertEqual(len(self.invoices(self.subscription)), 2)

    def test_guards(self):
        for description, amount in (("", 5), ("Training", 0), (" ", 5)):
            with self.assertRaisesRegex(UserError, "Say what is charged"):
                self.subscription._stripe_charge_once(description, amount)
        for user in (self.readonly_user, self.portal_user):
            for method, arguments in (
                ("_stripe_charge_once", ("x", 1)),
                ("_stripe_retry_payment", ()),
                ("_stripe_set_card", ("pm_1",)),
            ):
                with self.assertRaises(AccessError):
                    getattr(self.subscription.with_user(user), method)(*arguments)

    def test_yen(self):
        yen = self.make_stripe_price(currency="jpy", unit_amount=2000)
        self.provider.action_stripe_billing_fetch_catalogue()
        other = self.env["res.partner"].create({"name": "Tokyo", "is_company": True})
        buyer = self.make_stripe_customer(other, test_clock=self.clock.id)
        self.provider._stripe_sync([("customer", buyer.id)])
        obj = self.stripe.subscriptions.create({"customer": buyer.id, "items": [{"price": yen.id}]})
        self.provider._stripe_sync([("subscription", obj.id), ("invoice", obj.latest_invoice)])
        subscription = self.find(obj.id).with_user(self.user)
        form = self.wizard(CHARGE, subscription, description="研修", amount=500)
        self.assertEqual(self.shown(form), 2500)
        form.save().action_confirm()
        self.assertEqual(self.stripe.invoice_items.list({"customer": buyer.id}).data[0].amount, 500)
