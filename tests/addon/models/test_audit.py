from unittest.mock import patch

from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.models import stripe_job_audit
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway, StripeNotFound
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestAudit(SandboxCommon, TransactionCase):
    """What differs from Stripe is found, listed, and repaired through the normal writers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls("setUp")
        cls.stripe_customer = cls.make_stripe_customer(cls.partner)
        cls.stripe_subscription = cls.subscribe(cls.stripe_customer, quantity=2)
        case.refund(cls.stripe_subscription, 500)
        case.catch_up()
        cls.subscription = cls.env["stripe.subscription"].search(
            [("partner_id", "=", cls.partner.id)]
        )
        cls.move = cls.subscription.move_ids
        cls.keep_stripe()

    def audit(self, **values):
        job = self.run_job("audit", **values)
        self.assertEqual((job.state, job.error), ("done", False))
        return job

    def repair_all(self):
        action = self.env["stripe.difference"].action_repair_all()
        self.run_cron("ir_cron_run_jobs")
        job = self.env["stripe.job"].browse(action["res_id"])
        self.assertEqual((job.state, job.error), ("done", False))
        return job

    def assertRepaired(self):
        """All differences can be repaired, and afterwards there are none."""
        self.assertTrue(self.differences())
        self.repair_all()
        # A repair is followed by another audit by itself, which has found nothing.
        self.assertEqual(self.env["stripe.job"].search([], limit=1).kind, "audit")
        self.assertEqual(self.differences(), [])

    def test_nothing_differs(self):
        job = self.audit()
        self.assertEqual(self.differences(), [])
        self.assertEqual(job.counts["checked"], 4, "customer, subscription, invoice, refund")
        self.assertFalse(job.activity_ids)

    def test_subscription_differs(self):
        self.stripe.subscriptions.update(
            self.stripe_subscription.id,
            {
                "items": [{"id": self.stripe_subscription["items"].data[0].id, "quantity": 5}],
                "cancel_at_period_end": True,
            },
        )
        job = self.audit()
        names = ("cancel_at", "canceled_at", "cancellation_reason", "item_ids")
        self.assertCountEqual(self.differences(), [("subscription", name) for name in names])
        difference = self.env["stripe.difference"].search([("field_name", "=", "item_ids")])
        self.assertEqual(difference.here, f"2 × {self.price.id}")
        self.assertEqual(difference.there, f"5 × {self.price.id}")
        self.assertTrue(difference.since)
        self.assertEqual(job.activity_ids.user_id, self.provider.stripe_billing_user_id)
        self.assertEqual(self.subscription.item_ids.quantity, 2, "nothing is repaired silently")
        self.assertRepaired()
        self.assertEqual(self.subscription.item_ids.quantity, 5)

    def test_event_that_is_still_pending_is_no_difference(self):
        self.stripe.subscriptions.update(
            self.stripe_subscription.id, {"cancel_at_period_end": True}
        )
        self.run_job("catch_up")
        self.audit()
        self.assertEqual(self.differences(), [])
        self.run_cron("ir_cron_process_events_1")
        self.assertTrue(self.subscription.cancel_at)

    def test_missing_invoice(self):
        self.stripe.subscriptions.update(
            self.stripe_subscription.id,
            {
                "items": [{"id": self.stripe_subscription["items"].data[0].id, "quantity": 4}],
                "proration_behavior": "always_invoice",
            },
        )
        self.audit()
        self.assertIn(("invoice", "stripe_invoice_id"), self.differences())
        self.assertRepaired()
        self.assertEqual(len(self.subscription.move_ids), 2)
        self.assertEqual(set(self.subscription.move_ids.mapped("payment_state")), {"paid"})

    def test_missing_refund(self):
        self.refund(self.stripe_subscription, 700)
        self.audit()
        self.assertEqual(self.differences(), [("refund", "stripe_payment_ref")])
        self.assertRepaired()

    def test_canceled_payment(self):
        payment = self.move.reconciled_payment_ids
        payment.action_draft()
        payment.action_cancel()
        self.audit()
        [(kind, name)] = self.differences()
        self.assertEqual((kind, name.split("/")[0]), ("invoice", "payment"))
        self.assertRepaired()
        self.assertEqual(self.move.payment_state, "paid")

    def test_payment_taken_off_its_invoice(self):
        self.move.line_ids.remove_move_reconcile()
        self.audit()
        self.assertRepaired()
        self.assertEqual(self.move.payment_state, "paid")

    def test_document_set_back_to_draft(self):
        self.move.line_ids.remove_move_reconcile()
        self.move.button_draft()
        self.audit()
        self.assertEqual(self.differences(), [("invoice", "state")])
        self.assertRepaired()
        self.assertEqual((self.move.state, self.move.payment_state), ("posted", "paid"))

    def test_other_total_is_left_to_a_person(self):
        self.move.line_ids.remove_move_reconcile()
        self.move.button_draft()
        self.move.invoice_line_ids[0].price_unit += 1
        self.move.action_post()
        self.audit()
        self.assertIn(("invoice", "amount_total"), self.differences())
        job = self.repair_all()
        self.assertEqual(job.counts["left"], 1)
        difference = self.env["stripe.difference"].search([("state", "=", "open")])
        self.assertIn("reset it to draft", difference.error)

    def test_gone_at_stripe(self):
        self.stripe.customers.delete(self.stripe_customer.id)
        self.audit()
        self.assertIn(("customer", "active"), self.differences())
        self.assertIn(("subscription", "status"), self.differences())
        self.assertRepaired()
        self.assertEqual(self.subscription.status, "canceled")

    def test_customer_that_is_not_linked(self):
        self.subscribe(self.make_stripe_customer(name="Stranger"))
        self.audit()
        self.assertEqual(self.differences(), [("subscription", "stripe_customer_id")])
        self.repair_all()
        difference = self.env["stripe.difference"].search([("state", "=", "open")])
        self.assertIn("import the customer", difference.error)
        difference.action_ignore()
        self.audit()
        self.assertEqual(self.differences(), [])

    def test_gone_by_itself(self):
        self.stripe.subscriptions.update(
            self.stripe_subscription.id, {"cancel_at_period_end": True}
        )
        self.audit()
        difference = self.env["stripe.difference"].search([("field_name", "=", "cancel_at")])
        since = difference.since
        self.audit()
        self.assertEqual(difference.since, since, "seen before")
        self.stripe.subscriptions.update(
            self.stripe_subscription.id, {"cancel_at_period_end": False}
        )
        self.audit()
        self.assertEqual(difference.state, "gone")

    def test_test_clock(self):
        clock = self.stripe.test_helpers.test_clocks.create({"frozen_time": 1893456000})
        partner = self.env["res.partner"].create({"name": "On a clock"})
        customer = self.make_stripe_customer(partner, test_clock=clock.id)
        subscription = self.subscribe(customer)
        self.refund(subscription)
        self.audit()
        self.assertIn(("customer", "stripe_id"), self.differences())
        # The customer first, then its invoice, then what gives that back.
        self.repair_all()
        self.repair_all()
        self.assertRepaired()
        record = self.env["stripe.subscription"].search([("partner_id", "=", partner.id)])
        self.assertEqual(record.move_ids.payment_state, "paid")

    def test_test_clock_that_is_deleted_meanwhile(self):
        clock = self.stripe.test_helpers.test_clocks.create({"frozen_time": 1893456000})
        partner = self.env["res.partner"].create({"name": "On a clock"})
        customer = self.make_stripe_customer(partner, test_clock=clock.id)
        self.subscribe(customer)
        self.catch_up()
        original, asked = StripeGateway.call, []

        def call(gateway, service, method, *ids, params=None, **arguments):
            if (params or {}).get("test_clock") == clock.id:
                asked.append(service)
                if len(asked) == 1:
                    self.stripe.test_helpers.test_clocks.delete(clock.id)
                raise StripeNotFound(f"No such test clock: '{clock.id}'")
            return original(gateway, service, method, *ids, params=params, **arguments)

        with patch.object(StripeGateway, "call", call):
            job = self.audit()
        self.assertEqual(asked, ["customers"])
        self.assertEqual(job.counts["checked"], 4 + 2, "what was on it is looked at too")
        self.assertIn(("customer", "active"), self.differences())
        self.assertIn(("subscription", "status"), self.differences())

    def test_repair_survives_a_bad_record(self):
        """The database refuses one of them: the others are repaired, and its reason is kept."""
        partner = self.env["res.partner"].create({"name": "Other"})
        second = self.subscribe(self.make_stripe_customer(partner))
        self.catch_up()
        for subscription in (self.stripe_subscription, second):
            self.stripe.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
        self.audit()
        model = type(self.env["stripe.subscription"])
        original = model._stripe_apply

        def apply(records, provider, objects):
            if second.id in [obj["id"] for obj in objects]:
                records.env.cr.execute(
                    "INSERT INTO ir_config_parameter (key, value) "
                    "SELECT key, value FROM ir_config_parameter LIMIT 1"
                )
            return original(records, provider, objects)

        writer = "odoo.addons.stripe_subscriptions.models.payment_provider_sync"
        with (
            patch.object(model, "_stripe_apply", apply),
            mute_logger("odoo.sql_db", writer),
        ):
            self.repair_all()
        open_rows = self.env["stripe.difference"].search([("state", "=", "open")])
        self.assertEqual(set(open_rows.mapped("stripe_id")), {second.id})
        for row in open_rows:
            self.assertRegex(row.error, "^UniqueViolation: duplicate key .*ir_config_parameter")
        self.assertTrue(self.subscription.cancel_at)
        self.assertRepaired()

    def test_many_pages(self):
        """Each page covers a span of time; what is here and not there is found wherever it lies."""
        for number in range(7):
            partner = self.env["res.partner"].create({"name": f"Partner {number}"})
            self.subscribe(self.make_stripe_customer(partner))
        self.catch_up()
        lost = self.env["stripe.subscription"].search([], limit=3, offset=2)
        keys = lost.mapped("stripe_id")
        with self.account.lock:
            for key in keys:
                self.account.store.remove(self.account.store.get("subscription", key))
        with patch.object(const, "PAGE_SIZE", 2):
            self.audit()
        found = self.env["stripe.difference"].search([("field_name", "=", "status")])
        self.assertEqual(set(found.mapped("stripe_id")), set(keys))
        self.assertEqual(len(self.differences()), len(keys))

    def test_phases_have_writers(self):
        for kind, *_rest in stripe_job_audit.PHASES:
            self.assertIn(kind, const.FETCH_SPECS)
