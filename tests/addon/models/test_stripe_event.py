from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeKeyRefused, StripeUnavailable
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon


@tagged("post_install", "-at_install")
class TestStripeEvent(StripeCommon, TransactionCase):
    """The inbox: nothing lost, nothing doubled, a bad event holds nobody up."""

    def setUp(self):
        super().setUp()
        self.env["stripe.event"].search([]).unlink()
        self.gateway = self.fake_stripe()

    def receive(self, kind, obj):
        event = stripe_objects.event(kind, {"id": obj["id"], "object": obj["object"]})
        self.env["stripe.event"]._stripe_receive(self.provider, event)
        return self.env["stripe.event"].search([("stripe_id", "=", event["id"])])

    def invoice(self, **values):
        obj = stripe_objects.invoice(self.customer.stripe_id, [stripe_objects.line(2000)], **values)
        return self.gateway.put("invoice", obj)

    def work(self):
        with self.enter_registry_test_mode():
            self.env.ref("stripe_subscriptions.ir_cron_process_events_1").method_direct_trigger()
        self.env.invalidate_all()

    def moves(self, *invoices):
        keys = [obj["id"] for obj in invoices]
        return self.env["account.move"].search([("stripe_invoice_id", "in", keys)])

    def test_event_becomes_paid_invoice(self):
        """S1-34, S2-21"""
        invoice = self.invoice()
        event = self.receive("invoice.paid", invoice)
        self.work()
        self.assertEqual((event.state, event.error), ("done", False))
        self.assertTrue(event.processed_at)
        self.assertRecordValues(
            self.moves(invoice),
            [{"state": "posted", "payment_state": "paid", "amount_total": 20.0}],
        )

    def test_object_is_fetched_once_for_many_events(self):
        invoice = self.invoice()
        events = self.env["stripe.event"]
        for kind in ("invoice.finalized", "invoice.updated", "invoice.paid"):
            events |= self.receive(kind, invoice)
        self.work()
        self.assertEqual(set(events.mapped("state")), {"done"})
        self.assertEqual(self.gateway.requested.count(("invoice", invoice["id"])), 1)
        self.assertEqual(len(self.moves(invoice)), 1)

    def test_worker_killed_after_claiming(self):
        invoice = self.invoice()
        event = self.receive("invoice.paid", invoice)
        self.assertEqual(self.env["stripe.event"]._claim(10), event)
        # The worker dies here. Others see that somebody owned the event ...
        self.assertFalse(self.env["stripe.event"]._claim(10))
        self.work()
        self.assertFalse(self.moves(invoice))
        # ... until the lease is over.
        event.next_attempt_at = fields.Datetime.now() - timedelta(seconds=1)
        self.work()
        self.assertEqual((event.state, event.attempts), ("done", 2))
        self.assertEqual(len(self.moves(invoice)), 1)

    def test_bad_event_does_not_hold_up_others(self):
        rate = stripe_objects.tax_rate(7.77)
        self.env["stripe.tax.rate"]._stripe_apply(self.provider, [rate])
        bad = self.gateway.put(
            "invoice",
            stripe_objects.invoice(
                self.customer.stripe_id,
                [stripe_objects.line(1000, taxes=[stripe_objects.tax(rate["id"], 78, 1000)])],
            ),
        )
        good = self.invoice()
        failing, passing = self.receive("invoice.paid", bad), self.receive("invoice.paid", good)
        self.work()
        self.assertEqual((failing.state, passing.state), ("pending", "done"))
        self.assertIn("Choose the Odoo tax", failing.error)
        self.assertEqual(self.moves(bad, good).stripe_invoice_id, good["id"])
        self.assertGreater(failing.next_attempt_at, fields.Datetime.now())
        # Once mapped, it runs.
        tax_rate = self.env["stripe.tax.rate"].search([("stripe_id", "=", rate["id"])])
        tax_rate.action_create_tax()
        failing.action_retry()
        self.work()
        self.assertEqual((failing.state, failing.error), ("done", False))

    def test_gives_up_and_calls_a_person(self):
        event = self.receive("invoice.paid", self.invoice())
        event.attempts = const.EVENT_MAX_ATTEMPTS - 1
        with patch.object(
            type(self.gateway), "retrieve_many", side_effect=StripeKeyRefused("Expired API Key")
        ):
            self.work()
        self.assertEqual(event.state, "failed")
        self.assertIn("secret key", event.error)
        self.assertIn("Expired API Key", event.error)
        self.assertEqual(event.activity_ids.user_id, self.provider.stripe_billing_user_id)
        event.action_retry()
        self.assertFalse(event.activity_ids)
        self.work()
        self.assertEqual(event.state, "done")

    def test_outage_of_stripe_fails_no_event(self):
        event = self.receive("invoice.paid", self.invoice())
        for _day in range(20):
            event.next_attempt_at = fields.Datetime.now()
            with patch.object(
                type(self.gateway), "retrieve_many", side_effect=StripeUnavailable("down")
            ):
                self.work()
        self.assertEqual((event.state, event.attempts), ("pending", 0))
        self.assertIn("did not answer", event.error)
        self.assertGreater(event.next_attempt_at, fields.Datetime.now())
        event.next_attempt_at = fields.Datetime.now()
        self.work()
        self.assertEqual((event.state, event.error), ("done", False))

    def test_waits_longer_after_each_failure(self):
        event = self.receive("invoice.paid", self.invoice())
        waits = []
        for attempts in (1, 3, 5, 50):
            event.attempts = attempts
            event.with_context(tracking_disable=True)._fail(UserError("no"))
            waits.append((event.next_attempt_at - fields.Datetime.now()).total_seconds())
        self.assertEqual(waits, sorted(waits))
        self.assertLess(waits[-1], const.EVENT_RETRY_MAX_DELAY * 1.3)

    def test_object_of_a_stranger_is_ignored(self):
        invoice = self.gateway.put(
            "invoice", stripe_objects.invoice("cus_stranger", [stripe_objects.line(500)])
        )
        event = self.receive("invoice.paid", invoice)
        self.work()
        self.assertEqual(event.state, "ignored")
        self.assertTrue(event.error)
        self.assertFalse(self.moves(invoice))

    def test_object_that_is_gone(self):
        event = self.receive(
            "customer.deleted", {"id": self.customer.stripe_id, "object": "customer"}
        )
        self.work()
        self.assertEqual(event.state, "done")
        self.assertFalse(self.customer.active)

    def test_mismatch_fails_the_event_and_leaves_a_draft(self):
        invoice = self.invoice()
        invoice["total"] += 1
        event = self.receive("invoice.paid", invoice)
        self.work()
        self.assertEqual(event.state, "pending")
        self.assertIn("20.01", event.error)
        self.assertEqual(self.moves(invoice).state, "draft")

    def test_programming_error_is_contained(self):
        event = self.receive("invoice.paid", self.invoice())
        with (
            patch.object(
                type(self.env["account.move"]), "_stripe_apply", side_effect=KeyError("x")
            ),
            self.assertLogs("odoo.addons.stripe_subscriptions", "ERROR"),
        ):
            self.work()
        self.assertEqual(event.state, "pending")
        self.assertIn("KeyError", event.error)

    def test_old_events_are_removed(self):
        event = self.receive("invoice.paid", self.invoice())
        self.work()
        self.env["stripe.event"]._gc_events()
        self.assertTrue(event.exists())
        event.received_at = fields.Datetime.now() - timedelta(days=91)
        self.env["stripe.event"]._gc_events()
        self.assertFalse(event.exists())

    # === ACTIONS === #

    def make_failed(self, event):
        event.write({"state": "failed", "attempts": const.EVENT_MAX_ATTEMPTS, "error": "No."})

    def test_retry_all_failed(self):
        events = self.receive("invoice.paid", self.invoice())
        events |= self.receive("invoice.paid", self.invoice())
        for event in events:
            self.make_failed(event)
        answer = self.env["stripe.event"].action_retry_all_failed()
        self.assertIn("2", answer["params"]["message"])
        self.work()
        self.assertEqual(set(events.mapped("state")), {"done"})

    def test_ignore(self):
        event = self.receive("invoice.paid", self.invoice())
        self.make_failed(event)
        event._call_person("No.")
        event.action_ignore()
        self.assertEqual(event.state, "ignored")
        self.assertFalse(event.activity_ids)

    def test_retry_of_what_is_done_or_of_no_use(self):
        event = self.receive("invoice.paid", self.invoice())
        self.work()
        with self.assertRaises(UserError):
            event.action_retry()
        other = self.receive("quote.created", {"id": "qt_1", "object": "quote"})
        self.assertEqual(other.state, "ignored")
        with self.assertRaises(UserError):
            other.action_retry()

    def test_links_both_ways(self):
        invoice = self.invoice()
        event = self.receive("invoice.paid", invoice)
        self.work()
        move = self.moves(invoice)
        self.assertEqual(event.action_open_record()["res_id"], move.id)
        action = move.action_stripe_events()
        self.assertIn(event, self.env["stripe.event"].search(action["domain"]))
        nobody = self.receive("customer.updated", {"id": "cus_0", "object": "customer"})
        with self.assertRaises(UserError):
            nobody.action_open_record()

    # === LANES === #

    def test_locks_are_given_back(self):
        invoice = self.invoice()
        keys = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )

        def held():
            self.env.cr.execute(keys)
            return self.env.cr.fetchone()[0]

        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            provider = self.provider.with_env(self.env(cr=cr))
            before = held()
            with (
                self.assertRaises(ZeroDivisionError),
                provider._stripe_lock({("invoice", invoice["id"]): invoice}),
            ):
                self.assertEqual(held() - before, 2, "the customer and the journal")
                raise ZeroDivisionError
            self.assertEqual(held(), before)

    def test_lanes_are_woken(self):
        lanes = self.env["stripe.event"]._get_lanes()
        triggers = self.env["ir.cron.trigger"]
        domain = [("cron_id", "in", lanes.ids)]
        triggers.search(domain).unlink()
        self.receive("invoice.paid", self.invoice())
        self.assertEqual(len(triggers.search(domain)), 1)
        payloads = [
            stripe_objects.event("customer.updated", {"id": f"cus_{n}", "object": "customer"})
            for n in range(const.EVENT_BATCH_SIZE + 1)
        ]
        triggers.search(domain).unlink()
        self.env["stripe.event"]._stripe_store(self.provider, payloads)
        self.assertEqual(triggers.search(domain).cron_id, lanes, "all of them for many events")
