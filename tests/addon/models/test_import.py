from datetime import date, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway, StripeUnavailable
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestImport(SandboxCommon, TransactionCase):
    """An account with a history is taken over: matched, counted, and nothing twice."""

    def setUp(self):
        super().setUp()
        self.env["stripe.price"].search([("provider_id", "=", self.provider.id)]).unlink()
        self.partner_model = self.env["res.partner"]

    def run_import(self, **values):
        job = self.run_job("import", **values)
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(job.progress, 100)
        return job

    def line(self, customer):
        return self.env["stripe.import.line"].search([("stripe_id", "=", customer.id)])

    def everything(self):
        """How much of everything there is."""
        names = (
            *("res.partner", "stripe.customer", "stripe.price", "stripe.subscription"),
            *("account.move", "account.payment", "mail.mail", "mail.message"),
        )
        return {name: self.env[name].search_count([]) for name in names}

    def test_dry_run_writes_nothing(self):
        self.subscribe(self.make_stripe_customer(email="new@shop.example"))
        before = self.everything()
        job = self.run_import(dry_run=True)
        after = self.everything()
        # The job itself may be followed by people, nothing else is made.
        before.pop("mail.message"), after.pop("mail.message")
        self.assertEqual(after, before)
        self.assertEqual(job.counts["customers_new"], 1)
        self.assertEqual(job.counts["subscriptions_new"], 1)
        self.assertEqual(job.counts["invoices_new"], 1)
        self.assertEqual(job.counts["catalogue"], 1)
        self.assertIn("Customers that become new contacts", job.summary)

    def test_import(self):
        customer = self.make_stripe_customer(
            name="Nova GmbH",
            email="office@nova.example",
            address={"line1": "Ring 1", "city": "Wien", "postal_code": "1010", "country": "AT"},
        )
        subscription = self.subscribe(customer, quantity=3)
        self.refund(subscription, 1000)
        before = self.everything()
        job = self.run_import()
        record = self.env["stripe.subscription"].search([("stripe_id", "=", subscription.id)])
        self.assertRecordValues(
            record.partner_id,
            [{"name": "Nova GmbH", "email": "office@nova.example", "city": "Wien"}],
        )
        self.assertEqual(record.partner_id.country_id.code, "AT")
        self.assertRecordValues(record, [{"status": "active", "mrr": 60.0}])
        self.assertEqual(record.move_ids.payment_state, "paid")
        refund = self.env["account.payment"].search([("payment_type", "=", "outbound")], limit=1)
        self.assertEqual(refund.amount, 10.0)
        for name in ("subscriptions_new", "invoices_new", "refunds_new", "customers_new"):
            self.assertEqual(job.counts[name], 1, name)
        self.assertEqual(
            self.everything()["mail.mail"], before["mail.mail"], "nobody is written to"
        )

    def test_nothing_twice(self):
        self.subscribe(self.make_stripe_customer(email="new@shop.example"))
        self.run_import()
        before = self.everything()
        job = self.run_import()
        self.assertEqual(self.everything() | {"mail.message": 0}, before | {"mail.message": 0})
        self.assertEqual(job.counts["customers_linked"], 1)
        self.assertEqual(job.counts["invoices_known"], 1)
        self.assertFalse(job.counts.get("invoices_new"))
        self.run_job("audit")
        self.assertEqual(self.differences(), [])

    def test_matching(self):
        by_mail = self.partner_model.create({"name": "A", "email": "a@shop.example"})
        by_tax_id = self.partner_model.create({"name": "B", "vat": "ATU12345675"})
        by_id = self.partner_model.create({"name": "C", "email": "c@shop.example"})
        contact = self.partner_model.create(
            {"name": "D", "email": "d@shop.example", "parent_id": by_mail.id}
        )
        customers = {
            "email": self.make_stripe_customer(email="A@shop.example"),
            "tax_id": self.make_stripe_customer(
                email="other@shop.example",
                tax_id_data=[{"type": "eu_vat", "value": "ATU12345675"}],
            ),
            "id": self.make_stripe_customer(by_id, email="somebody@shop.example"),
        }
        self.run_import(dry_run=True)
        for outcome, customer in customers.items():
            self.assertEqual(self.line(customer).outcome, outcome)
        self.assertEqual(self.line(customers["email"]).partner_id, by_mail)
        self.assertEqual(self.line(customers["tax_id"]).partner_id, by_tax_id)
        self.assertEqual(self.line(customers["id"]).partner_id, by_id)
        # A contact of a company that is somebody's already is not given away twice.
        second = self.make_stripe_customer(email=contact.email)
        self.run_import()
        self.assertEqual(self.line(second).outcome, "ambiguous")
        self.assertIn("another customer", self.line(second).reason)

    def test_ambiguous_is_left_to_a_person(self):
        twins = self.partner_model.create(
            [{"name": name, "email": "twin@shop.example"} for name in ("Twin 1", "Twin 2")]
        )
        customer = self.make_stripe_customer(email="twin@shop.example")
        subscription = self.subscribe(customer)
        job = self.run_import()
        line = self.line(customer)
        self.assertEqual((line.outcome, line.candidate_ids), ("ambiguous", twins))
        self.assertEqual(job.counts["subscriptions_left"], 1)
        self.assertEqual(job.counts["invoices_left"], 1)
        self.assertEqual(job.activity_ids.user_id, self.provider.stripe_billing_user_id)
        line.partner_id = twins[1]
        self.assertEqual(line.outcome, "chosen")
        self.run_import()
        self.assertEqual(line.outcome, "linked")
        record = self.env["stripe.subscription"].search([("stripe_id", "=", subscription.id)])
        self.assertEqual(record.partner_id, twins[1])
        self.assertEqual(record.move_ids.payment_state, "paid")
        with self.assertRaises(UserError):
            line.partner_id = twins[0]

    def test_decisions(self):
        twins = [{"name": name, "email": "twin@shop.example"} for name in ("Twin 1", "Twin 2")]
        self.partner_model.create(twins)
        first = self.make_stripe_customer(email="twin@shop.example", name="New Twin")
        second = self.make_stripe_customer(email="twin@shop.example")
        self.run_import(dry_run=True)
        self.line(first).action_new_contact()
        self.line(second).action_skip()
        job = self.run_import()
        self.assertEqual(self.line(first).partner_id.name, "New Twin")
        self.assertEqual(self.line(second).outcome, "skip")
        self.assertEqual(job.counts["customers_skip"], 1)

    def test_book_from(self):
        customer = self.make_stripe_customer(email="new@shop.example")
        subscription = self.subscribe(customer)
        tomorrow = fields.Date.today() + timedelta(days=1)
        self.run_import(book_from=tomorrow)
        record = self.env["stripe.subscription"].search([("stripe_id", "=", subscription.id)])
        self.assertEqual(record.status, "active")
        self.assertFalse(record.move_ids)
        self.assertEqual(self.provider.stripe_billing_book_from, tomorrow)
        # Nor does a webhook or the audit book it later.
        self.catch_up()
        self.assertFalse(record.move_ids)
        self.run_job("audit")
        self.assertEqual(self.differences(), [])
        self.run_import(book_from=date(2020, 1, 1))
        self.assertEqual(record.move_ids.payment_state, "paid")

    def test_killed_on_the_way(self):
        for number in range(5):
            self.subscribe(self.make_stripe_customer(email=f"{number}@shop.example"))
        original = StripeGateway.call
        calls = []

        def failing(gateway, service, method, *ids, **arguments):
            calls.append(service)
            if service == "invoices" and calls.count("invoices") == 2:
                raise StripeUnavailable("the line is dead")
            return original(gateway, service, method, *ids, **arguments)

        page = "odoo.addons.stripe_subscriptions.models.stripe_job_import.INVOICE_PAGE"
        with patch(page, 2), patch.object(StripeGateway, "call", failing):
            job = self.run_job("import")
            self.assertEqual(job.state, "running")
            self.assertEqual(job.counts["invoices_new"], 2, "the first page is kept")
            job.next_step_at = job.create_date
            self.run_cron("ir_cron_run_jobs")
        self.assertEqual(job.state, "done")
        self.assertEqual(job.counts["invoices_new"], 5)
        self.assertEqual(job.counts["customers_new"], 5)
        self.assertEqual(calls.count("customers"), 1, "what was done is not done again")

    def test_invoice_that_cannot_be_booked(self):
        rate = self.stripe.tax_rates.create(
            {"display_name": "Odd", "percentage": 7.77, "inclusive": False}
        )
        bad = self.subscribe(
            self.make_stripe_customer(email="bad@shop.example"), default_tax_rates=[rate.id]
        )
        good = self.subscribe(self.make_stripe_customer(email="good@shop.example"))
        job = self.run_import()
        self.assertEqual((job.counts["invoices_failed"], job.counts["invoices_new"]), (1, 1))
        [difference] = self.env["stripe.difference"].search([("kind", "=", "invoice")])
        self.assertEqual(difference.stripe_id, bad.latest_invoice)
        self.assertIn("Choose the Odoo tax", difference.here)
        moves = self.env["account.move"].search([("stripe_invoice_id", "=", good.latest_invoice)])
        self.assertEqual(moves.payment_state, "paid")

    def test_invoice_that_the_database_refuses(self):
        bad = self.subscribe(self.make_stripe_customer(email="bad@shop.example"))
        good = self.subscribe(self.make_stripe_customer(email="good@shop.example"))
        model = type(self.env["account.move"])
        original = model._prepare_stripe_move_values

        def prepare(moves, provider, obj, *arguments):
            values = original(moves, provider, obj, *arguments)
            # As if its currency were not in the database.
            return values if obj["id"] != bad.latest_invoice else {**values, "currency_id": 987654}

        writer = "odoo.addons.stripe_subscriptions.models.payment_provider_sync"
        with (
            patch.object(model, "_prepare_stripe_move_values", prepare),
            mute_logger("odoo.sql_db", writer),
        ):
            job = self.run_import()
        self.assertEqual((job.counts["invoices_failed"], job.counts["invoices_new"]), (1, 1))
        [difference] = self.env["stripe.difference"].search([("kind", "=", "invoice")])
        self.assertEqual(difference.stripe_id, bad.latest_invoice)
        self.assertTrue(difference.here)
        moves = self.env["account.move"].search([("stripe_invoice_id", "!=", False)])
        self.assertEqual(moves.mapped("stripe_invoice_id"), [good.latest_invoice])
        self.run_import()
        self.assertEqual(len(moves.search([("stripe_invoice_id", "!=", False)])), 2)

    def test_constant_number_of_queries(self):
        for number in range(40):
            self.subscribe(self.make_stripe_customer(email=f"{number}@shop.example"))
        self.run_import(dry_run=True)
        counts = {}
        job = self.env["stripe.job"].create({"provider_id": self.provider.id, "kind": "import"})
        gateway = self.provider._stripe_client()
        customers = list(gateway.list("customers", params={"expand": ["data.tax_ids"]}))
        params = {"status": "all", "expand": ["data.discounts"]}
        subscriptions = list(gateway.list("subscriptions", params=params))
        self.provider.action_stripe_billing_fetch_catalogue()
        self.startPatcher(patch.object(self.env.cr, "commit", lambda: None))
        for size in (4, 36):
            page, rest = customers[:size], subscriptions[:size]
            del customers[:size], subscriptions[:size]
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            lines = self.env["stripe.import.line"]._plan(self.provider, page)
            lines._link(page)
            job._take("subscription", rest, "subscriptions")
            self.env.flush_all()
            counts[size] = self.env.cr.sql_log_count - before
        self.assertLess(counts[36], counts[4] + 10, counts)
