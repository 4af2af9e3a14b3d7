"""Lessons about companies, copies of databases, takeovers, and who notices when it stands still."""

import contextlib
from datetime import timedelta
from unittest.mock import patch

import stripe
from odoo import fields
from odoo.addons.stripe_subscriptions.hooks import post_init_hook
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon import stripe_objects
from tests.addon.common import KEY, StripeCommon
from tests.addon.test_lessons_common import LessonsCommon


class Killed(BaseException):
    """The process ends here, without a last word."""


@tagged("post_install", "-at_install")
class TestLessonsDatabases(LessonsCommon, TransactionCase):
    """A takeover is counted and can be broken off; a standstill is noticed."""

    def test_09_counted_and_incremental(self):
        """A backfill says "0 synced", whatever it did, and begins from nothing each time."""
        names = ("customers_new", "subscriptions_new", "invoices_new", "refunds_new")

        def run(**values):
            job = self.run_job("import", **values)
            self.assertEqual((job.state, job.error, job.progress), ("done", False, 100))
            return [job.counts.get(name, 0) for name in names], job

        subscriptions = [
            self.subscribe(self.make_stripe_customer(email=f"{number}@shop.example"))
            for number in range(3)
        ]
        self.refund(subscriptions[0])
        planned, _job = run(dry_run=True)
        self.assertEqual(planned, [3, 3, 3, 1])
        self.assertEqual(run()[0], planned)
        self.subscribe(self.make_stripe_customer(email="late@shop.example"))
        counts, job = run()
        self.assertEqual(counts, [1, 1, 1, 0])
        self.assertEqual(job.counts["invoices_known"], 3)
        self.assertAgreed()

    def test_09_killed_without_a_word(self):
        for number in range(3):
            self.subscribe(self.make_stripe_customer(email=f"{number}@shop.example"))
        call, asked = StripeGateway.call, []

        def deadly(gateway, service, method, *ids, **arguments):
            asked.append(service)
            if service == "subscriptions" and asked.count(service) == 1:
                raise Killed
            return call(gateway, service, method, *ids, **arguments)

        with patch.object(StripeGateway, "call", deadly):
            # Not `assertRaises`, which would take back what was committed.
            with contextlib.suppress(Killed):
                self.run_job("import")
            self.env.invalidate_all()
            job = self.env["stripe.job"].search([], limit=1)
            self.assertEqual((job.state, job.counts["customers_new"]), ("running", 3))
            self.run_cron("ir_cron_run_jobs")
        self.assertEqual(job.state, "done")
        self.assertEqual(asked.count("customers"), 1, "what was done is not done again")
        self.assertEqual(job.counts["invoices_new"], 3)
        self.assertAgreed()

    def test_40_standstill_is_told(self):
        """Invoices come days late because nothing works through the events, and nobody sees it."""
        self.subscribe(self.make_stripe_customer(self.partner))
        self.store(self.at_stripe())
        self.rows.received_at = fields.Datetime.now() - timedelta(days=2)
        self.assertGreater(self.provider.stripe_billing_lag, 47)
        self.provider._stripe_billing_check_health()
        self.assertTrue(self.provider.stripe_billing_problem)
        activity = self.env["mail.activity"].search([("res_model", "=", "stripe.job")])
        self.assertEqual(activity.user_id, self.provider.stripe_billing_user_id)

    def test_40_lag_ends_with_the_work(self):
        self.subscribe(self.make_stripe_customer(self.partner))
        self.store(self.at_stripe())
        self.rows.received_at = fields.Datetime.now() - timedelta(days=2)
        self.assertGreater(self.provider.stripe_billing_lag, 47)
        self.work()
        self.store(
            [stripe_objects.event("customer.updated", {"id": "cus_1", "object": "customer"})]
        )
        self.work()
        self.env.invalidate_all()
        self.assertLess(self.provider.stripe_billing_lag, 1)
        self.assertEqual(self.provider.stripe_billing_pending_count, 0)


@tagged("post_install", "-at_install")
class TestLessonsAccounts(StripeCommon, TransactionCase):
    """Accounts, modes and databases keep to themselves."""

    def setUp(self):
        super().setUp()
        self.env["stripe.event"].search([]).unlink()

    def run_cron(self, name):
        with self.enter_registry_test_mode():
            self.env.ref(f"stripe_subscriptions.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def go_live(self):
        self.provider.write({"state": "enabled", "stripe_secret_key": "sk_live_1"})

    def restore_elsewhere(self):
        """The database gets the id that a restored copy gets."""
        self.env["ir.config_parameter"].set_param("database.uuid", "00000000-copy")
        self.env.invalidate_all()

    def link_same(self, provider):
        """Link the partner with a customer whose id is the same at all accounts."""
        model = self.env["stripe.customer"]
        model.search([("partner_id", "=", self.partner.id)]).filtered(
            lambda link: link.provider_id == provider
        ).unlink()
        model.with_context(stripe_customer_partners={"cus_same": self.partner.id})._stripe_apply(
            provider, [{"id": "cus_same", "object": "customer", "livemode": False}]
        )

    def book_same(self, *providers):
        """Book one and the same invoice for several accounts; returns the moves."""
        obj = stripe_objects.invoice("cus_same", [stripe_objects.line(2000)])
        return [self.env["account.move"]._stripe_apply(p, [obj]) for p in providers]

    def test_07_switched_to_the_other_mode_meanwhile(self):
        """Somebody tries test mode for an hour while events of live mode wait."""
        self.go_live()
        obj = {"id": "cus_live", "object": "customer", "livemode": True}
        model = self.env["stripe.customer"]
        partner = self.env["res.partner"].create({"name": "Live"})
        link = model.with_context(stripe_customer_partners={"cus_live": partner.id})._stripe_apply(
            self.provider, [obj]
        )
        event = stripe_objects.event("customer.updated", obj, livemode=True)
        self.env["stripe.event"]._stripe_receive(self.provider, event)
        self.provider.write({"state": "test", "stripe_secret_key": KEY})
        self.fake_stripe()
        self.run_cron("ir_cron_process_events_1")
        self.assertTrue(link.active, "Stripe was asked for it with a key that does not know it")

    def test_23_two_companies_with_an_account_each(self):
        """The second company's payments end in the books of the first."""
        company = self.env["res.company"].create({"name": "Second"})
        self.env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        keys = {"stripe_secret_key": KEY, "stripe_publishable_key": "pk_test_x"}
        self.provider.stripe_billing_webhook_endpoint = "we_1"
        self.provider._stripe_billing_ensure_journal()
        other = self.provider.copy({"company_id": company.id, "state": "test", **keys})
        own = ("webhook_key", "webhook_secret", "webhook_endpoint", "journal_id", "cursor")
        for name in own:
            value = other[f"stripe_billing_{name}"]
            self.assertNotEqual(value or None, self.provider[f"stripe_billing_{name}"], name)
        self.link_same(other)
        self.link_same(self.provider)
        providers = (other, self.provider)
        booked = dict(zip(providers, self.book_same(*providers), strict=True))
        for provider, move in booked.items():
            payment = move.reconciled_payment_ids
            self.assertEqual((move.state, move.payment_state), ("posted", "paid"))
            self.assertEqual(move.journal_id, provider.stripe_billing_journal_id)
            self.assertEqual(payment.payment_method_line_id.payment_provider_id, provider)
            for record in (move, payment, move.journal_id, payment.journal_id):
                self.assertEqual(record.company_id, provider.company_id)
        self.assertEqual(len(set(booked.values())), 2)

    def test_23_two_accounts_of_one_company(self):
        """Two accounts whose payments end in one journal cannot be told apart any more."""
        keys = {"stripe_secret_key": KEY, "stripe_publishable_key": "pk_test_x"}
        other = self.provider.copy({"name": "Second account", "state": "test", **keys})
        other.journal_id = self.env["account.journal"].create(
            {"name": "Second bank", "type": "bank", "code": "BNK9"}
        )
        self.link_same(other)
        self.link_same(self.provider)
        [first, second] = self.book_same(self.provider, other)
        self.assertNotEqual(first.journal_id, second.journal_id)
        self.assertEqual(second.reconciled_payment_ids.journal_id, other.journal_id)
        self.assertEqual(first.reconciled_payment_ids.journal_id, self.provider.journal_id)
        self.assertNotEqual(self.provider.journal_id, other.journal_id)

    def test_32_copy_sends_nothing_that_changes_anything(self):
        """A clone of the database paused the subscriptions and took the cards of real customers."""
        self.go_live()
        price = stripe_objects.price(livemode=True)
        plan = self.env["stripe.price"]._stripe_apply(self.provider, [price])
        obj = {"id": "cus_live", "object": "customer", "livemode": True}
        self.env["stripe.customer"].with_context(
            stripe_customer_partners={"cus_live": self.partner.id}
        )._stripe_apply(self.provider, [obj])
        mirror = self.env["stripe.subscription"]._stripe_apply(
            self.provider, [stripe_objects.subscription("cus_live", [(price, 1)], livemode=True)]
        )
        draft = self.make_draft(plan)
        stranger = self.make_draft(
            plan,
            partner_id=self.env["res.partner"].create({"name": "New", "email": "n@x.example"}).id,
        )
        self.provider.stripe_billing_webhook_endpoint = "we_live"
        event = stripe_objects.event("customer.updated", obj, livemode=True)
        self.env["stripe.event"]._stripe_receive(self.provider, event)
        self.restore_elsewhere()
        methods = []

        def refuse(_client, method, *_args, **_kwargs):
            methods.append(method)
            raise stripe.APIConnectionError("no way out", should_retry=False)

        self.startPatcher(patch.object(stripe.RequestsClient, "request", refuse))
        for change in (
            draft._stripe_get_checkout_url,
            stranger._stripe_get_checkout_url,
            self.provider.action_stripe_billing_create_webhook,
            self.provider.action_stripe_billing_replace_secret,
            self.provider.action_stripe_billing_send_test_event,
        ):
            with self.assertRaisesRegex(UserError, "This database is a copy"):
                change()
        self.assertFalse(methods)
        for name in (
            self.env["ir.model.data"]
            .search([("module", "=", "stripe_subscriptions"), ("model", "=", "ir.cron")])
            .mapped("name")
        ):
            self.run_cron(name)
        self.assertEqual(set(methods), {"get"}, "it may look")
        self.assertEqual(mirror.status, "active")

    def test_32_key_from_before_the_addon(self):
        """Whose key was there before the addon has no mark by which a copy is told."""
        self.go_live()
        self.provider.stripe_billing_database = False
        post_init_hook(self.env)
        self.restore_elsewhere()
        self.assertTrue(self.provider.stripe_billing_is_copy)
