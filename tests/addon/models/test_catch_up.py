from unittest.mock import patch

from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway, StripeUnavailable
from odoo.tests import TransactionCase, tagged

from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestCatchUp(SandboxCommon, TransactionCase):
    """Events that no webhook brought are found in Stripe's list."""

    def test_finds_what_no_webhook_brought(self):
        self.subscribe(self.make_stripe_customer(self.partner), quantity=3)
        job = self.catch_up()
        self.assertGreater(job.counts["new"], 3)
        events = self.env["stripe.event"].search([("provider_id", "=", self.provider.id)])
        self.assertEqual(set(events.mapped("origin")), {"catch_up"})
        self.assertFalse(events.filtered(lambda event: event.state in ("pending", "failed")))
        subscription = self.env["stripe.subscription"].search(
            [("partner_id", "=", self.partner.id)]
        )
        self.assertRecordValues(subscription, [{"status": "active", "mrr": 60.0}])
        self.assertEqual(subscription.move_ids.mapped("amount_total"), [60.0])
        self.assertEqual(subscription.move_ids.payment_state, "paid")

    def test_finds_nothing_twice(self):
        self.subscribe(self.make_stripe_customer(self.partner))
        self.settle()
        self.catch_up()
        number = self.env["stripe.event"].search_count([])
        job = self.catch_up()
        self.assertFalse(job.counts.get("new"))
        self.assertEqual(self.env["stripe.event"].search_count([]), number)
        moves = self.env["account.move"].search(
            [("partner_id", "=", self.partner.id), ("stripe_invoice_id", "!=", False)]
        )
        self.assertEqual(len(moves), 1)

    def test_begins_where_the_last_but_one_began(self):
        customer = self.make_stripe_customer(self.partner)
        for _time in range(2):
            self.catch_up()
            # As if the catch-up had been hours ago.
            place = dict(self.provider.stripe_billing_cursor)
            self.provider.stripe_billing_cursor = {**place, "moved_at": "2020-01-01 00:00:00"}
        self.assertTrue(self.provider.stripe_billing_cursor["previous"])
        self.subscribe(customer)
        with patch.object(
            StripeGateway, "call", autospec=True, side_effect=StripeGateway.call
        ) as call:
            job = self.catch_up()
        self.assertGreater(job.counts["new"], 3)
        lists = [
            c.kwargs["params"] for c in call.call_args_list if c.args[1:3] == ("events", "list")
        ]
        self.assertTrue(any("ending_before" in params for params in lists))
        self.assertFalse(any("starting_after" in params for params in lists))

    def test_place_that_stripe_has_forgotten(self):
        self.provider.stripe_billing_cursor = {
            "previous": "evt_gone",
            "newest": "evt_gone_too",
            "moved_at": "2020-01-01 00:00:00",
        }
        self.subscribe(self.make_stripe_customer(self.partner))
        self.assertGreater(self.catch_up().counts["new"], 3)

    def test_many_pages(self):
        customer = self.make_stripe_customer(self.partner)
        subscription = self.subscribe(customer)
        for number in range(120):
            self.stripe.subscriptions.update(subscription.id, {"metadata": {"n": str(number)}})
        job = self.catch_up()
        self.assertGreater(job.counts["new"], 120)
        fetched = self.env["stripe.event"].search([("object_id", "=", subscription.id)])
        self.assertEqual(set(fetched.mapped("state")), {"done"})

    def test_killed_on_the_way(self):
        customer = self.make_stripe_customer(self.partner)
        subscription = self.subscribe(customer)
        for number in range(120):
            self.stripe.subscriptions.update(subscription.id, {"metadata": {"n": str(number)}})
        original, calls = StripeGateway.call, []

        def failing(gateway, service, method, *ids, **arguments):
            calls.append((service, method))
            if calls.count(("events", "list")) == 3:
                raise StripeUnavailable("the line is dead")
            return original(gateway, service, method, *ids, **arguments)

        with patch.object(StripeGateway, "call", failing):
            job = self.run_job("catch_up")
        self.assertEqual(job.state, "running")
        before = job.counts["new"]
        self.assertTrue(before, "the first page is kept")
        job.next_step_at = job.create_date
        self.run_cron("ir_cron_run_jobs")
        self.assertEqual(job.state, "done")
        self.assertGreater(job.counts["new"], before)

    def test_scheduled_for_accounts_with_a_webhook(self):
        self.run_cron("ir_cron_catch_up")
        job = self.env["stripe.job"].search([("kind", "=", "catch_up")])
        self.assertEqual(job.provider_id, self.provider)
        job.unlink()
        self.provider.stripe_billing_webhook_secret = False
        self.run_cron("ir_cron_catch_up")
        self.assertFalse(self.env["stripe.job"].search([("kind", "=", "catch_up")]))
