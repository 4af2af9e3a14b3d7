"""What the tests of other projects' lessons share."""

import json
import time

import stripe

from tests.addon.common import WEBHOOK_SECRET
from tests.addon.sandbox_common import SandboxCommon


class LessonsCommon(SandboxCommon):
    """Stripe's events by the ways in which they reach Odoo, and what became of them."""

    # === STRIPE === #

    def at_stripe(self, *kinds):
        """Events that Stripe has made, oldest first; of some types only when those are given."""
        events = [event.to_dict(for_json=True) for event in self.stripe.events.list({"limit": 100})]
        return [event for event in reversed(events) if not kinds or event["type"] in kinds]

    def fault(self, kind, path="/v1/", **details):
        """Have Stripe's API fail, once unless `times` says otherwise."""
        return self.account.faults.add(target="api", kind=kind, path=path, **details)

    def forget_events(self):
        """Stripe forgets its events, as it does after 30 days."""
        with self.account.lock:
            for event in list(self.account.store.select("event")):
                self.account.store.remove(event)

    def make_clock(self, now=None):
        """A test clock at Stripe."""
        params = {"frozen_time": now or int(time.time())}
        return self.stripe.test_helpers.test_clocks.create(params)

    def advance(self, clock, seconds):
        """Let time pass on a test clock."""
        clocks = self.stripe.test_helpers.test_clocks
        target = clocks.retrieve(clock.id).frozen_time + seconds
        clocks.advance(clock.id, {"frozen_time": target})
        for _time in range(1200):
            if clocks.retrieve(clock.id).status == "ready":
                return
            time.sleep(0.05)
        self.fail("the test clock is not ready")

    # === WEBHOOK === #

    def post(self, event, livemode=None):
        """Send an event to the webhook as Stripe does; needs an HttpCase."""
        if livemode is not None:
            event = {**event, "livemode": livemode}
        text = json.dumps(event)
        header = stripe.WebhookSignature.generate_signature_header(text, WEBHOOK_SECRET)
        return self.url_open(
            f"/stripe_subscriptions/webhook/{self.provider.stripe_billing_webhook_key}",
            data=text.encode(),
            headers={"Content-Type": "application/json", "Stripe-Signature": header},
        )

    # === ODOO === #

    def store(self, events):
        """Put events into the inbox, as the webhook does."""
        for event in events:
            self.env["stripe.event"]._stripe_receive(self.provider, event)

    def work(self):
        """Work through what is pending."""
        self.run_cron("ir_cron_process_events_1")

    def hurry(self):
        """What waits for its next attempt has waited long enough."""
        self.pending.next_attempt_at = self.env.cr.now()

    @property
    def rows(self):
        """The inbox of the account."""
        self.env.invalidate_all()
        return self.env["stripe.event"].search([("provider_id", "=", self.provider.id)])

    @property
    def pending(self):
        return self.rows.filtered(lambda event: event.state == "pending")

    def states(self):
        """The states that occur in the inbox."""
        return set(self.rows.mapped("state"))

    def subscription(self, partner=None):
        """The subscriptions of a partner."""
        return self.env["stripe.subscription"].search(
            [("partner_id", "=", (partner or self.partner).id), ("stripe_id", "!=", False)]
        )

    def moves(self, partner=None):
        """The documents of a partner that come from Stripe, oldest first."""
        return self.env["account.move"].search(
            [("partner_id", "=", (partner or self.partner).id), ("stripe_invoice_id", "!=", False)],
            order="stripe_created_at, id",
        )

    def payments(self, kind="inbound", partner=None):
        """The payments of a partner that come from Stripe, oldest first."""
        return self.env["account.payment"].search(
            [
                ("partner_id", "=", (partner or self.partner).id),
                ("payment_type", "=", kind),
                ("stripe_payment_ref", "!=", False),
            ],
            order="stripe_created_at, id",
        )

    def assertSettled(self):
        """Nothing waits and nothing has failed."""
        self.assertTrue(self.rows)
        self.assertLessEqual(self.states(), {"done", "ignored"}, self.rows.mapped("error"))

    def assertBookedOnce(self, total=20.0):
        """One subscription, one posted invoice, and one payment that pays it."""
        self.assertEqual(len(self.subscription()), 1)
        self.assertRecordValues(
            self.moves(), [{"state": "posted", "payment_state": "paid", "amount_total": total}]
        )
        self.assertRecordValues(self.payments(), [{"amount": total}])

    def assertAgreed(self):
        """Nothing differs from Stripe."""
        job = self.run_job("audit")
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(self.differences(), [])

    def repair(self):
        """Audit, and repair what it finds."""
        self.run_job("audit")
        self.env["stripe.difference"].action_repair_all()
        self.run_cron("ir_cron_run_jobs")
