"""What staff decide before the customer subscribes, and ways to subscribe without Checkout."""

from datetime import timedelta
from unittest.mock import patch

from odoo.addons.stripe_subscriptions import utils
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from tests.addon.test_lessons_common import LessonsCommon
from tests.sandbox.payments_setup import submit

DAY = 86400


@tagged("post_install", "-at_install")
class TestSubscriptionOffer(LessonsCommon, TransactionCase):
    def setUp(self):
        super().setUp()
        self.plan = self.env["stripe.price"]._stripe_find(self.provider, [self.price.id])
        self.draft = self.make_draft(self.plan)

    def pay(self, card="4242424242424242"):
        """Subscribe through Stripe's payment page and come back."""
        answer = submit(self.draft._stripe_get_subscribe_url(), card)
        self.assertEqual(answer.status_code, 303, answer.text)
        self.draft._stripe_sync_session(self.draft.checkout_session)

    def there(self):
        [subscription] = self.stripe.subscriptions.list({"status": "all"}).data
        return subscription

    def days_ahead(self, days):
        return self.draft._get_today() + timedelta(days=days)

    # === WHAT CONTRADICTS ITSELF === #

    def test_one_start_only(self):
        self.draft.trial_days = 14
        for values in (
            {"trial_until": self.days_ahead(9)},
            {"first_billing_date": self.days_ahead(9)},
        ):
            with self.assertRaisesRegex(ValidationError, "Choose one of them"):
                self.draft.write(values)

    def test_trial_out_of_bounds(self):
        for values in (
            {"trial_days": -1},
            {"trial_days": 731},
            {"trial_until": self.days_ahead(0)},
            {"trial_until": self.days_ahead(800)},
        ):
            with self.assertRaises(ValidationError):
                self.draft.write(values)

    def test_due_days(self):
        with self.assertRaisesRegex(ValidationError, "at least one day"):
            self.draft.write({"collection_method": "send_invoice", "days_until_due": 0})

    def test_taxes_by_one_way_only(self):
        self.make_tax(20)
        rate = self.env["stripe.tax.rate"].search([("provider_id", "=", self.provider.id)], limit=1)
        self.draft.tax_rate_ids = rate
        with self.assertRaisesRegex(ValidationError, "Either Stripe Tax"):
            self.draft.automatic_tax = True

    def test_frozen_once_subscribed(self):
        self.pay()
        for values in (
            {"trial_days": 3},
            {"collection_method": "send_invoice"},
            {"automatic_tax": True},
        ):
            with self.assertRaisesRegex(UserError, "exists at Stripe"):
                self.draft.write(values)

    # === TRIAL === #

    def test_trial_of_days_by_checkout(self):
        """S2-08"""
        self.draft.trial_days = 14
        self.pay()
        there = self.there()
        self.assertEqual(there.trial_end - there.trial_start, 14 * DAY)
        self.assertEqual(self.draft.status, "trialing")
        self.assertEqual(utils.to_timestamp(self.draft.trial_end), there.trial_end)
        self.assertEqual(self.moves().amount_total, 0)

    def test_trial_until_a_day_by_checkout(self):
        self.draft.trial_until = self.days_ahead(20)
        self.pay()
        tz = self.company.partner_id.tz
        day = utils.to_local_date(self.there().trial_end, tz)
        self.assertEqual(day, self.draft.trial_until)

    def test_trial_until_tomorrow_by_checkout(self):
        """Checkout takes no end of a trial within 48 hours, but it takes a day."""
        self.draft.trial_until = self.days_ahead(1)
        self.pay()
        there = self.there()
        self.assertEqual(there.trial_end - there.trial_start, DAY)
        self.assertEqual(self.draft.status, "trialing")

    def test_trial_that_has_passed_is_none(self):
        self.draft.trial_until = self.days_ahead(1)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stripe_subscription SET trial_until = %s WHERE id = %s",
            [self.days_ahead(-1), self.draft.id],
        )
        self.draft.invalidate_recordset()
        self.pay()
        self.assertIsNone(self.there().trial_end)
        self.assertEqual(self.draft.status, "active")

    # === DESCRIPTION === #

    def test_description_is_printed_on_invoices(self):
        self.draft.write({"description": "Seats <3>\nof Berlin", "print_description": True})
        self.pay()
        self.assertEqual(self.there().invoice_settings.description, "Seats <3>\nof Berlin")
        self.assertIn(
            "Seats &lt;3&gt;<br/>of Berlin", str(self.moves().narration).replace("<br>", "<br/>")
        )

    def test_description_is_not_printed(self):
        self.draft.description = "Seats of Berlin"
        self.pay()
        self.assertEqual(self.there().description, "Seats of Berlin")
        self.assertNotIn("Berlin", str(self.moves().narration or ""))

    # === BY INVOICE === #

    def test_by_invoice(self):
        self.draft.write({"collection_method": "send_invoice", "days_until_due": 14})
        url = self.draft._stripe_get_subscribe_url()
        self.assertEqual(url, self.draft.get_portal_url())
        there = self.there()
        self.assertEqual((there.collection_method, there.days_until_due), ("send_invoice", 14))
        self.assertEqual((self.draft.status, self.draft.stripe_id), ("active", there.id))
        invoice = self.stripe.invoices.finalize_invoice(there.latest_invoice)
        self.catch_up()
        move = self.moves()
        self.assertEqual((move.payment_state, move.amount_residual), ("not_paid", 20))
        tz = self.company.partner_id.tz
        self.assertEqual(move.invoice_date_due, utils.to_local_date(invoice.due_date, tz))

    def test_by_invoice_with_first_billing_date(self):
        self.draft.write(
            {"collection_method": "send_invoice", "first_billing_date": self.days_ahead(1)}
        )
        self.draft._stripe_get_subscribe_url()
        self.assertEqual(self.draft.status, "future")
        self.assertEqual(self.draft.first_billing_date, self.days_ahead(1))

    def test_by_invoice_twice_is_once(self):
        self.draft.collection_method = "send_invoice"
        call = StripeGateway.call

        def crash(gateway, service, method, *ids, **kwargs):
            answer = call(gateway, service, method, *ids, **kwargs)
            if (service, method) == ("subscriptions", "create"):
                raise ConnectionError("the server is killed")
            return answer

        with patch.object(StripeGateway, "call", crash), self.assertRaises(ConnectionError):
            self.draft._stripe_get_subscribe_url()
        self.assertFalse(self.draft.stripe_id)
        self.draft._stripe_get_subscribe_url()
        self.draft._stripe_get_subscribe_url()
        self.assertEqual(self.there().id, self.draft.stripe_id)

    def test_open_payment_page_is_closed(self):
        self.draft._stripe_get_subscribe_url()
        session = self.draft.checkout_session
        self.draft.collection_method = "send_invoice"
        self.draft._stripe_get_subscribe_url()
        self.assertEqual(self.stripe.checkout.sessions.retrieve(session).status, "expired")
        self.assertEqual(self.there().id, self.draft.stripe_id)

    def test_payment_page_that_was_completed_meanwhile(self):
        submit(self.draft._stripe_get_subscribe_url())
        self.draft.collection_method = "send_invoice"
        self.draft._stripe_get_subscribe_url()
        there = self.there()
        self.assertEqual(there.id, self.draft.stripe_id)
        self.assertEqual(self.draft.collection_method, "charge_automatically", "as it is there")

    # === BY A SAVED CARD === #

    def saved_card(self, kind="pm_card_visa"):
        customer = self.env["stripe.customer"]._stripe_get_or_create(self.provider, self.partner)
        return self.stripe.payment_methods.attach(kind, {"customer": customer.stripe_id})

    def test_saved_card(self):
        """S1-28, S2-07"""
        card = self.saved_card()
        self.draft._stripe_get_subscribe_url(card.id)
        self.assertSubscribedWith(card)
        self.assertBookedOnce()

    def assertSubscribedWith(self, card):
        self.assertEqual(self.there().default_payment_method, card.id)
        self.assertEqual(self.draft.status, "active")

    def test_saved_card_that_is_declined(self):
        card = self.saved_card("pm_card_chargeCustomerFail")
        self.draft._stripe_get_subscribe_url(card.id)
        self.assertEqual(self.draft.status, "incomplete")
        self.assertEqual(self.moves().payment_state, "not_paid")

    def test_card_of_somebody_else(self):
        other = self.make_stripe_customer()
        card = self.stripe.payment_methods.list({"customer": other.id}).data[0]
        with self.assertRaisesRegex(UserError, "Stripe says"):
            self.draft._stripe_get_subscribe_url(card.id)
        self.assertFalse(self.draft.stripe_id)

    def test_card_that_asks_for_more(self):
        card = self.saved_card("pm_card_authenticationRequired")
        self.draft._stripe_get_subscribe_url(card.id)
        self.assertEqual(self.draft.status, "incomplete")
