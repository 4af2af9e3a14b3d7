"""Lessons about events on their way in: twice, in flurries, by chance, in another shape."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields, sql_db
from odoo.addons.stripe_subscriptions import const, stripe_events
from odoo.addons.stripe_subscriptions.models.stripe_event import StripeEvent
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import SerializationFailure

from tests.addon import stripe_objects
from tests.addon.test_lessons_common import LessonsCommon


@tagged("post_install", "-at_install")
class TestLessonsInbox(LessonsCommon, HttpCase):
    """What reaches the webhook is kept, answered with success, and applied once."""

    def test_01_same_event_twice(self):
        """Stripe repeats an event, before or after it was worked on: no failure, nothing double."""
        self.subscribe(self.make_stripe_customer(self.partner))
        events = self.at_stripe()
        self.assertGreater(len(events), 5)
        for repeated in (False, True, True):
            answers = [self.post(event) for event in events]
            self.assertEqual({answer.status_code for answer in answers}, {200})
            words = {answer.json()["status"] for answer in answers}
            self.assertEqual(words, {"duplicate"} if repeated else {"received", "ignored"})
            self.work()
        self.assertEqual(len(self.rows), len(events))
        self.assertEqual(self.states(), {"done", "ignored"})
        self.assertBookedOnce()

    def test_02_flurry_with_a_duplicate_key(self):
        """A duplicate key in a flurry of events spoils the transaction for all that come after."""
        twins = [self.make_stripe_customer(self.partner) for _time in range(2)]
        other = self.env["res.partner"].create({"name": "Bystander"})
        for customer in (*twins, self.make_stripe_customer(other)):
            self.subscribe(customer)
        self.store(self.at_stripe())
        with self.assertLogs("odoo.sql_db", "ERROR"):
            self.work()
        self.assertEqual(self.states(), {"done", "ignored"})
        self.assertEqual(self.moves(other).payment_state, "paid")
        # One of the twins has the contact; the other one is none of ours, and the audit says so.
        self.assertBookedOnce()
        self.run_job("audit")
        self.assertEqual(self.differences(), [("subscription", "stripe_customer_id")])

    def test_03_locks_are_taken_in_one_order(self):
        """Two lanes that write the same customers each the other way round wait for ever."""
        customers = []
        for name in "AB":
            partner = self.env["res.partner"].create({"name": name})
            customers.append(self.make_stripe_customer(partner))
            self.subscribe(customers[-1])
        self.catch_up()
        taken, orders = [], []
        execute = sql_db.Cursor.execute

        def listen(cursor, query, params=None, *more, **kwargs):
            if "pg_advisory_lock" in str(query) or "pg_advisory_unlock" in str(query):
                taken.append(("unlock" in str(query), *params))
            return execute(cursor, query, params, *more, **kwargs)

        for batch in (customers, customers[::-1]):
            self.store(
                stripe_objects.event("customer.updated", {"id": c.id, "object": "customer"})
                for c in batch
            )
            taken.clear()
            with patch.object(sql_db.Cursor, "execute", listen):
                self.work()
            orders.append([key for unlock, key in taken if not unlock])
            self.assertCountEqual([key for unlock, key in taken if unlock], orders[-1])
        self.assertGreaterEqual(len(orders[0]), 2)
        self.assertEqual(orders[0], orders[1])

    def test_06_deletion_of_what_is_gone_already(self):
        """Told about the deletion of a customer one has removed oneself, a handler says "not found"
        and Stripe tries for days."""
        removed, linked = self.make_stripe_customer(), self.make_stripe_customer(self.partner)
        self.subscribe(linked)
        self.catch_up()
        for customer in (removed, linked):
            self.stripe.customers.delete(customer.id)
        self.run_job("audit")
        self.env["stripe.difference"].action_repair_all()
        self.run_cron("ir_cron_run_jobs")
        link = self.env["stripe.customer"]._stripe_find(self.provider, [linked.id])
        self.assertFalse(link.active, "known to be gone before the event comes")
        events = self.at_stripe("customer.deleted")
        self.assertEqual(len(events), 2)
        self.assertEqual({self.post(event).status_code for event in events}, {200})
        self.work()
        rows = self.rows.filtered(lambda event: event.event_type == "customer.deleted")
        self.assertEqual(
            {row.object_id: (row.state, row.attempts) for row in rows},
            {removed.id: ("ignored", 1), linked.id: ("done", 1)},
        )
        self.assertFalse(rows.activity_ids)

    def test_07_live_and_test_at_one_address(self):
        """Events of the other mode come to the same address; without words nobody finds out why."""
        self.subscribe(self.make_stripe_customer(self.partner))
        event = self.at_stripe("invoice.paid")[0]
        answer = self.post(event, livemode=True)
        self.assertEqual((answer.status_code, answer.json()["status"]), (400, "livemode"))
        self.assertFalse(self.rows)
        self.assertEqual(self.provider.stripe_billing_refused_reason, "livemode")
        self.provider._stripe_billing_check_health()
        self.assertIn("another mode", self.provider.stripe_billing_problem)
        self.assertEqual(self.post(event).json()["status"], "received")

    def test_18_shape_of_another_version(self):
        """The endpoint's API version decides the shape; a guard that looks at the wrong place is
        silent."""
        subscription = self.subscribe(self.make_stripe_customer(self.partner), quantity=3)
        old = {
            "2020-08-27": {"invoice": {"subscription": "sub_wrong", "charge": "ch_wrong"}},
            "2024-09-30.acacia": {
                "subscription": {"current_period_end": 1, "status": "incomplete"}
            },
            "2025-03-31.basil": {"invoice": {"parent": None, "lines": {"data": []}, "total": 1}},
            "2031-01-01.fable": {"invoice": "unknown", "subscription": [None]},
        }
        for version, shapes in old.items():
            for event in self.at_stripe("invoice.paid", "customer.subscription.created"):
                obj = event["data"]["object"]
                changes = shapes.get(obj["object"], {})
                hint = {"id": obj["id"], "object": obj["object"]}
                hint |= changes if isinstance(changes, dict) else {"what": changes}
                event |= {"id": f"{event['id']}{version}", "api_version": version}
                answer = self.post({**event, "data": {"object": hint}})
                self.assertEqual(answer.status_code, 200, version)
            self.work()
            self.assertEqual(self.states(), {"done"}, version)
            self.assertBookedOnce(60.0)
            record = self.subscription()
            self.assertEqual(self.moves().stripe_subscription_id, record)
            item = subscription["items"].data[0]
            self.assertEqual(record.current_period_end.timestamp(), item.current_period_end)
            self.assertEqual(record.status, "active")

    def test_21_object_that_nobody_knows(self):
        """Failures about unknown objects made Stripe switch an endpoint off, for everybody."""
        kinds = [*stripe_events.HANDLED, *stripe_events.IGNORED, "from.the.future"]
        for number, kind in enumerate(kinds):
            obj = {"id": f"unknown_{number}", "object": stripe_events.HANDLED.get(kind, "thing")}
            answer = self.post(stripe_objects.event(kind, obj))
            self.assertEqual(answer.status_code, 200, kind)
        self.work()
        self.assertEqual(len(self.rows), len(kinds))
        settled = self.rows.filtered(lambda event: event.state in ("done", "ignored"))
        failed = (self.rows - settled).mapped("event_type")
        self.assertFalse(failed)
        self.assertFalse(self.rows.activity_ids)

    def test_22_serialization_conflict(self):
        """Two that write at once: one is refused by the database, and its payment was forgotten."""
        self.subscribe(self.make_stripe_customer(self.partner))
        self.store(self.at_stripe())
        model = type(self.env["account.move"])
        apply, conflicts = model._stripe_apply, iter(range(3))

        def sometimes(moves, provider, objects):
            records = apply(moves, provider, objects)
            if objects and next(conflicts, None) is not None:
                raise SerializationFailure("could not serialize access")
            return records

        with patch.object(model, "_stripe_apply", sometimes):
            self.work()
        self.assertEqual(self.states(), {"done", "ignored"}, "tried again at once")
        self.assertBookedOnce()

    def test_22_serialization_conflict_that_lasts(self):
        self.subscribe(self.make_stripe_customer(self.partner))
        self.store(self.at_stripe("invoice.paid"))
        model = type(self.env["account.move"])
        error = SerializationFailure("could not serialize access")
        for _time in range(3):
            with patch.object(model, "_stripe_apply", side_effect=error):
                self.work()
            self.assertEqual((self.rows.state, self.rows.attempts), ("pending", 0))
            self.hurry()
        self.work()
        self.assertEqual(self.states(), {"done"})
        self.assertBookedOnce()

    def test_29_failure_to_store_is_told_to_stripe(self):
        """Saying "fine" to everything, also when the event could not be kept, ends Stripe's
        retries."""
        self.subscribe(self.make_stripe_customer(self.partner))
        [event] = self.at_stripe("invoice.paid")
        with (
            patch.object(StripeEvent, "_stripe_store", side_effect=RuntimeError("disk full")),
            mute_logger("odoo.http"),
        ):
            self.assertEqual(self.post(event).status_code, 500)
        self.assertFalse(self.rows)
        self.assertEqual(self.post(event).json()["status"], "received", "Stripe tries again")
        self.work()
        self.assertBookedOnce()

    def test_35_acknowledged_before_anything_is_done(self):
        """Until the drafted invoice is acknowledged Stripe may hold it back for days, so nothing
        slow may come first."""
        self.subscribe(self.make_stripe_customer(self.partner))
        events = self.at_stripe()
        self.assertIn("invoice.created", [event["type"] for event in events])
        with patch.object(StripeGateway, "call", side_effect=AssertionError("not now")) as call:
            self.assertEqual({self.post(event).status_code for event in events}, {200})
        call.assert_not_called()
        self.assertFalse(self.moves())
        self.assertLessEqual(self.states(), {"pending", "ignored"})
        self.work()
        self.assertBookedOnce()

    def test_39_any_order(self):
        """Nobody promises the order of events, not even of those of one request."""
        orders = [(2, 1, 0), (1, 2, 0), (2, 0, 1)]
        partners = self.env["res.partner"].create([{"name": f"No. {n}"} for n in orders])
        for partner, order in zip(partners, orders, strict=True):
            self.subscribe(self.make_stripe_customer(partner))
            events = self.at_stripe(
                "customer.subscription.created", "invoice.finalized", "invoice_payment.paid"
            )[-3:]
            for number in order:
                self.assertEqual(self.post(events[number]).status_code, 200)
                self.work()
            self.assertEqual(len(self.subscription(partner)), 1, order)
            self.assertEqual(self.moves(partner).payment_state, "paid", order)
            self.assertEqual(self.moves(partner).stripe_subscription_id.status, "active", order)

    def test_39_outage_longer_than_stripe_remembers(self):
        """After 30 days the events are gone: who has no other way has lost what they said."""
        subscription = self.subscribe(self.make_stripe_customer(self.partner))
        self.refund(subscription, 700)
        self.forget_events()
        self.assertFalse(self.at_stripe("customer.subscription.created", "invoice.paid"))
        for _time in range(3):
            # The customer, then the invoice, then what gives a part of it back.
            self.repair()
        self.assertBookedOnce()
        self.assertEqual(self.payments("outbound").mapped("amount"), [7.0])
        self.assertAgreed()

    def test_39_log_outlasts_stripes(self):
        event = stripe_objects.event("from.the.future", {"id": "x_1", "object": "x"})
        self.store([event])
        days = const.STRIPE_EVENT_DAYS + 1
        self.rows.received_at = fields.Datetime.now() - timedelta(days=days)
        self.env["stripe.event"]._gc_events()
        self.assertEqual(self.rows.payload, event)
