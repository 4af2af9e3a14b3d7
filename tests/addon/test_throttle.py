from unittest.mock import patch

from odoo.addons.stripe_subscriptions import stripe_throttle
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.tests import BaseCase, TransactionCase, tagged

from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestThrottle(BaseCase):
    """Requests are kept apart for as long as Stripe refuses some, and no longer."""

    def setUp(self):
        super().setUp()
        self.throttle = stripe_throttle.Throttle()

    def test_no_gap_at_first(self):
        with patch.object(stripe_throttle.time, "sleep") as sleep:
            for _request in range(100):
                self.throttle.wait()
                self.throttle.accepted()
        sleep.assert_not_called()

    def test_each_refusal_doubles_the_gap(self):
        gaps = []
        for _refusal in range(3):
            self.throttle.refused()
            gaps.append(self.throttle.gap)
        first = stripe_throttle.FIRST_GAP
        self.assertEqual(gaps, [first, 2 * first, 4 * first])
        for _refusal in range(50):
            self.throttle.refused()
        self.assertEqual(self.throttle.gap, stripe_throttle.MAX_GAP)

    def test_requests_wait_for_each_other(self):
        self.throttle.refused()
        with patch.object(stripe_throttle.time, "sleep") as sleep:
            for _request in range(3):
                self.throttle.wait()
        waited = [call.args[0] for call in sleep.call_args_list]
        self.assertEqual(len(waited), 2)
        self.assertGreater(waited[1], waited[0])

    def test_success_eases_it(self):
        self.throttle.refused()
        for _request in range(100):
            self.throttle.accepted()
        self.assertEqual(self.throttle.gap, 0)


@tagged("post_install", "-at_install")
class TestRateLimit(SandboxCommon, TransactionCase):
    """Too many requests, or Stripe's lock on an object, slow a lane down and fail no event."""

    def setUp(self):
        super().setUp()
        self.subscribe(self.make_stripe_customer(self.partner))
        self.run_job("catch_up")
        self.addCleanup(self.account.faults.clear)
        # How slow it becomes is seen above, and need not be waited for here.
        self.startPatcher(patch.object(stripe_throttle, "MAX_GAP", 0.1))
        # The gateway is one per key and process: a slow one must not slow down other tests.
        self.addCleanup(StripeGateway._instances.clear)

    def check(self, kind, times):
        self.account.faults.add(target="api", kind=kind, times=times)
        self.run_cron("ir_cron_process_events_1")
        events = self.env["stripe.event"].search([("provider_id", "=", self.provider.id)])
        return set(events.mapped("state")), max(events.mapped("attempts"))

    def test_too_many_requests(self):
        states, attempts = self.check("429", 4)
        self.assertEqual((states, attempts), ({"done"}, 1))
        self.assertGreater(self.provider._stripe_client()._throttle.gap, 0)

    def test_lock_timeout(self):
        states, attempts = self.check("lock_timeout", 2)
        self.assertEqual((states, attempts), ({"done"}, 1))

    def test_nothing_else_for_a_while(self):
        states, attempts = self.check("429", None)
        self.assertEqual((states, attempts), ({"pending"}, 0), "no attempt is counted")
        self.account.faults.clear()
        self.env["stripe.event"].search([]).next_attempt_at = "2020-01-01 00:00:00"
        self.run_cron("ir_cron_process_events_1")
        events = self.env["stripe.event"].search([("provider_id", "=", self.provider.id)])
        self.assertEqual(set(events.mapped("state")), {"done"})
