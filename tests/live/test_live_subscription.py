from odoo.tests import tagged

from tests.live.live_account import DAY
from tests.live.live_common import LiveBillingCase


@tagged("post_install", "-at_install")
class TestLiveSubscription(LiveBillingCase):
    """The life of subscriptions at Stripe, as Odoo has it."""

    def test_subscribed_and_renewed(self):
        customer = self.make_customer()
        subscription = self.account.subscribe(customer, self.price, quantity=3)
        first = self.account.latest_invoice(subscription)
        self.assertEqual((first.status, first.total), ("paid", 6000))
        self.catch_up(("customer.subscription.created", subscription), ("invoice.paid", first))
        record = self.record(subscription)
        end = self.account.period_end(subscription)
        self.assertRecordValues(
            record,
            [{"status": "active", "mrr": 60.0, "cancel_at": False, "next_charge_at": self.at(end)}],
        )
        self.assertEqual(record.stripe_customer_id.stripe_id, customer.id)
        self.assertBooked(customer)

        second = self.account.renew(self.clock, subscription)
        self.assertEqual((second.status, second.total), ("paid", 6000))
        self.catch_up(("invoice.paid", second))
        self.assertEqual(record.current_period_start, self.at(end))
        self.assertEqual(len(record.move_ids), 2)
        self.assertBooked(customer)
        self.assertNoDifferences()

    def test_caught_up_again(self):
        customer = self.make_customer()
        subscription = self.account.subscribe(customer, self.price)
        paid = ("invoice.paid", self.account.latest_invoice(subscription))
        self.catch_up(paid)
        record = self.record(subscription)
        documents = record.move_ids, record.move_ids.reconciled_payment_ids
        self.assertTrue(all(documents))
        self.settle()
        events = self.env["stripe.event"].search([("origin", "=", "catch_up")])
        self.catch_up()
        again = self.env["stripe.event"].search([("origin", "=", "catch_up")]) - events
        self.assertNotIn(subscription.id, again.mapped("object_id"), "nothing is fetched twice")
        # As if Odoo had never heard of them.
        events.filtered(lambda event: event.state == "done").unlink()
        self.catch_up(paid)
        self.assertEqual((record.move_ids, record.move_ids.reconciled_payment_ids), documents)
        self.assertBooked(customer)

    def test_quantity_is_prorated(self):
        customer = self.make_customer()
        subscription = self.account.subscribe(customer, self.price, quantity=2)
        [item] = subscription["items"].data
        self.account.advance(self.clock, self.clock.frozen_time + 10 * DAY + 4567)
        self.v1.subscriptions.update(
            subscription.id,
            {
                "items": [{"id": item.id, "quantity": 5}],
                "proration_behavior": "always_invoice",
            },
        )
        more = self.account.latest_invoice(subscription)
        self.assertEqual(more.status, "paid")
        self.assertTrue(0 < more.total < 3 * 2000)
        self.catch_up(("invoice.paid", more))
        record = self.record(subscription)
        self.assertEqual(record.item_ids.mapped("quantity"), [5])
        self.assertEqual(record.mrr, 100.0)
        self.assertBooked(customer)

        self.v1.subscriptions.update(
            subscription.id,
            {
                "items": [{"id": item.id, "quantity": 4}],
                "proration_behavior": "create_prorations",
            },
        )
        renewal = self.account.renew(self.clock, subscription)
        self.assertTrue(3 * 2000 < renewal.total < 4 * 2000, "with what was paid too much")
        self.catch_up(("invoice.paid", renewal))
        self.assertEqual(record.item_ids.mapped("quantity"), [4])
        self.assertEqual(len(record.move_ids), 3)
        self.assertBooked(customer)
        self.assertNoDifferences()

    def test_trial(self):
        customer = self.make_customer()
        subscription = self.account.subscribe(customer, self.price, trial_period_days=14)
        self.assertEqual(subscription.status, "trialing")
        nothing = self.account.latest_invoice(subscription)
        self.assertEqual((nothing.status, nothing.total), ("paid", 0))
        self.catch_up(
            ("customer.subscription.created", subscription), ("invoice.finalized", nothing)
        )
        record = self.record(subscription)
        self.assertRecordValues(
            record,
            [{"status": "trialing", "mrr": 0.0, "trial_end": self.at(subscription.trial_end)}],
        )
        self.assertBooked(customer)
        invoice = self.account.renew(self.clock, subscription)
        self.catch_up(("customer.subscription.updated", subscription), ("invoice.paid", invoice))
        self.assertRecordValues(record, [{"status": "active", "mrr": 20.0}])
        self.assertEqual(self.move(invoice).amount_total, 20.0)
        self.assertBooked(customer)
        self.assertNoDifferences()

    def test_canceled_at_the_end_of_the_period(self):
        customer = self.make_customer()
        subscription = self.account.subscribe(customer, self.price)
        invoice = self.account.latest_invoice(subscription)
        self.catch_up(("invoice.paid", invoice))
        record = self.record(subscription)
        end = self.account.period_end(subscription)
        self.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
        self.catch_up(("customer.subscription.updated", subscription))
        self.assertRecordValues(
            record,
            [{"status": "active", "cancel_at": self.at(end), "next_charge_at": False}],
        )
        self.account.advance(self.clock, end + 3600)
        self.catch_up(("customer.subscription.deleted", subscription))
        self.assertRecordValues(record, [{"status": "canceled", "mrr": 0.0}])
        there = self.v1.subscriptions.retrieve(subscription.id)
        self.assertEqual(record.ended_at, self.at(there.ended_at))
        self.assertEqual(len(record.move_ids), 1)
        self.assertBooked(customer)
        self.assertNoDifferences()
