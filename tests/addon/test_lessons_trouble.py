"""Lessons about a Stripe that does not answer, and about subscriptions in trouble."""

from unittest.mock import patch

import stripe
from odoo.addons.stripe_subscriptions import const, stripe_throttle
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.test_lessons_common import LessonsCommon
from tests.sandbox.payments_setup import ASKS, authenticate, submit

DAY = 86400
MONTH = 31 * DAY


@tagged("post_install", "-at_install")
class TestLessonsTrouble(LessonsCommon, TransactionCase):
    """Requests are few and repeated with patience; what Stripe says of a subscription is shown."""

    def setUp(self):
        super().setUp()
        # The patience, without the time that it takes.
        self.startPatcher(patch.object(stripe_throttle, "MAX_GAP", 0.01))
        self.startPatcher(patch.object(stripe.HTTPClient, "MAX_DELAY", 0.01))
        self.startPatcher(patch.object(stripe.HTTPClient, "INITIAL_DELAY", 0.01))

    # === REQUESTS === #

    def test_08_one_request_for_a_flurry(self):
        """Fetching for each event runs into Stripe's limit on requests."""
        subscription = self.subscribe(self.make_stripe_customer(self.partner))
        for number in range(20):
            self.stripe.subscriptions.update(subscription.id, {"metadata": {"n": str(number)}})
        self.store(self.at_stripe())
        self.assertGreater(len(self.pending), 25)
        with patch.object(
            StripeGateway, "call", autospec=True, side_effect=StripeGateway.call
        ) as call:
            self.work()
        self.assertEqual(self.states(), {"done", "ignored"})
        parts = "customer, tax ids and balance, subscription, invoice and payment, charge and its invoice"
        self.assertLessEqual(call.call_count, 9, parts)
        self.assertEqual(self.subscription().stripe_data["metadata"], {"n": "19"})

    def test_08_too_many_requests(self):
        """What was refused for want of capacity comes later, and then with what is true by then."""
        subscription = self.subscribe(self.make_stripe_customer(self.partner))
        self.store(self.at_stripe())
        self.fault("429", times=None)
        with patch.object(const, "FETCH_THREADS", 1):
            self.work()
        self.assertEqual(self.states(), {"pending", "ignored"})
        self.assertEqual(set(self.pending.mapped("attempts")), {0}, "nothing is wrong with them")
        self.assertFalse(self.rows.activity_ids)
        self.account.faults.clear()
        self.stripe.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
        self.hurry()
        self.work()
        self.assertEqual(self.states(), {"done", "ignored"})
        self.assertTrue(self.subscription().cancel_at, "not what it was when the event came")
        self.assertBookedOnce()

    def test_13_stripes_own_locks_and_failures(self):
        """Stripe, too, lets two requests for one object wait for each other until one gives up."""
        for kind in ("lock_timeout", "500", "reset", "429"):
            partner = self.env["res.partner"].create({"name": kind})
            self.subscribe(self.make_stripe_customer(partner))
            self.store(self.at_stripe())
            self.fault(kind, "/v1/subscriptions", times=2)
            self.work()
            self.assertFalse(self.account.faults.dump(), kind)
            self.assertEqual(self.states(), {"done", "ignored"}, kind)
            self.assertEqual(self.moves(partner).payment_state, "paid", kind)
        self.assertEqual(set(self.rows.mapped("attempts")), {0, 1})

    def test_13_a_person_who_waits_is_told(self):
        self.fault("lock_timeout", "/v1/customers", times=None)
        plan = self.env["stripe.price"]._stripe_find(self.provider, [self.price.id])
        draft = self.make_draft(plan)
        with self.assertRaisesRegex(UserError, "try again in a minute"):
            draft._stripe_get_checkout_url()
        self.account.faults.clear()
        self.assertTrue(draft._stripe_get_checkout_url())

    # === CUSTOMERS === #

    def test_05_deleted_customer(self):
        """What is left of a deleted customer is an id, and all that is linked with it breaks."""
        customer = self.make_stripe_customer(self.partner)
        subscription = self.subscribe(customer)
        self.catch_up()
        self.refund(subscription, 500)
        self.stripe.customers.delete(customer.id)
        self.catch_up()
        self.assertSettled()
        self.assertBookedOnce()
        self.assertEqual(self.payments("outbound").mapped("amount"), [5.0])
        record = self.subscription()
        self.assertRecordValues(record, [{"status": "canceled", "mrr": 0.0}])
        self.assertFalse(record.next_charge_at)
        link = record.stripe_customer_id
        self.assertEqual((link.partner_id, link.active), (self.partner, False))
        # All of it told once more, with nothing but the id of the customer.
        for row in self.rows:
            row.state = "pending" if row.state == "done" else row.state
        self.hurry()
        self.work()
        self.assertSettled()
        self.assertBookedOnce()
        self.assertAgreed()
        again = self.env["stripe.customer"]._stripe_get_or_create(self.provider, self.partner)
        self.assertNotEqual(again.stripe_id, customer.id)
        self.assertTrue(again.active)

    # === STATUSES === #

    def test_19_two_ways_to_end(self):
        """The flag for "ends with the period" stays off when the end was chosen in the portal."""
        customer = self.make_stripe_customer(self.partner)
        subscription = self.subscribe(customer)
        end = subscription["items"].data[0].current_period_end
        self.catch_up()
        record = self.subscription()
        self.assertTrue(record.next_charge_at)
        for way in ({"cancel_at_period_end": True}, {"cancel_at": "min_period_end"}):
            self.stripe.subscriptions.update(subscription.id, way)
            self.catch_up()
            self.assertEqual(int(record.cancel_at.timestamp()), end, way)
            self.assertFalse(record.next_charge_at, way)
            self.assertEqual(record.status, "active")
            off = {"cancel_at_period_end": False}
            self.stripe.subscriptions.update(
                subscription.id, off if "cancel_at_period_end" in way else {"cancel_at": ""}
            )
            self.catch_up()
            self.assertFalse(record.cancel_at, way)
            self.assertTrue(record.next_charge_at, way)

    def test_33_renewal_that_the_bank_asks_about(self):
        """The renewal waits for the customer's bank, and neither customer nor staff learn of it."""
        clock = self.make_clock()
        self.provider.stripe_billing_test_clock = clock.id
        plan = self.env["stripe.price"]._stripe_find(self.provider, [self.price.id])
        draft = self.make_draft(plan)
        authenticate(submit(draft._stripe_get_checkout_url(), ASKS))
        self.advance(clock, MONTH + 2 * 3600)
        self.catch_up()
        self.assertEqual(draft.status, "past_due")
        paid, waiting = self.moves()
        self.assertEqual((paid.payment_state, waiting.payment_state), ("paid", "not_paid"))
        self.assertFalse(waiting._has_to_be_paid(), "Odoo offers no payment of its own")
        overdue = self.env["stripe.subscription"].search([("status", "=", "past_due")])
        self.assertIn(draft, overdue, "staff find it")
        # The customer pays at Stripe, by the payment that belongs to the invoice.
        page = self.stripe.invoices.retrieve(waiting.stripe_invoice_id).hosted_invoice_url
        authenticate(submit(page, ASKS))
        self.catch_up()
        self.assertEqual((waiting.payment_state, draft.status), ("paid", "active"))
        self.assertEqual(len(self.payments()), 2)

    def test_34_unpaid_keeps_new_invoices_as_drafts(self):
        """Paying the old invoice does not bring an unpaid subscription back to life."""
        self.account.retries.waits, self.account.retries.final_action = [], "unpaid"
        clock = self.make_clock()
        customer = self.make_stripe_customer(self.partner, test_clock=clock.id)
        subscription = self.subscribe(customer)
        good = {"payment_method": customer.invoice_settings.default_payment_method}
        card = self.stripe.payment_methods.attach(
            "pm_card_chargeCustomerFail", {"customer": customer.id}
        )
        self.stripe.customers.update(
            customer.id, {"invoice_settings": {"default_payment_method": card.id}}
        )
        for _month in range(2):
            self.advance(clock, MONTH + 2 * 3600)
            self.catch_up()
        record = self.subscription()
        self.assertRecordValues(record, [{"status": "unpaid", "mrr": 0.0}])
        self.assertFalse(record.next_charge_at)
        drafts = self.stripe.invoices.list({"subscription": subscription.id, "status": "draft"})
        self.assertEqual(len(drafts.data), 1)
        self.assertEqual(self.moves().mapped("payment_state"), ["paid", "not_paid"])
        self.stripe.invoices.pay(self.moves()[1].stripe_invoice_id, good)
        self.catch_up()
        self.assertEqual(self.moves().mapped("payment_state"), ["paid", "paid"])
        now = self.stripe.subscriptions.retrieve(subscription.id).status
        self.assertEqual(record.status, now, "as Stripe says, not as one would think")
        self.stripe.invoices.finalize_invoice(drafts.data[0].id)
        self.stripe.invoices.pay(drafts.data[0].id, good)
        self.catch_up()
        self.assertEqual(record.status, "active")
        self.assertEqual(self.moves().mapped("payment_state"), ["paid"] * 3)
        self.assertAgreed()
