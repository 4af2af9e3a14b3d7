"""What the live tests share: an Odoo company whose payment provider uses the Stripe test account."""

import itertools
import time
from urllib.parse import urlsplit

from odoo import fields
from odoo.tests import TransactionCase
from odoo.tests.common import _super_send

from tests.live.live_account import PATIENCE, LiveAccount, wait_until

# Digits after the point by currency, told apart from the addon's own table.
DIGITS = {"usd": 2, "jpy": 0}
# Events that are looked through for the one that is waited for.
EVENTS_LOOKED_AT = 2000
# Seconds for a job that walks the whole account.
JOB_PATIENCE = 900
# Seconds before something is asked again, and how often it is.
PAUSE = 3
CHECKS = 4


class LiveCase(TransactionCase):
    """Odoo in front of a Stripe test account in which others may be at work too.

    In Odoo everything is undone after each test, at Stripe everything that bears the mark of the run is
    removed after each class.
    """

    @classmethod
    def setUpClass(cls):
        cls.account = LiveAccount()
        cls.v1 = cls.account.v1
        cls.addClassCleanup(cls.account.remove)
        super().setUpClass()
        company = cls.env.ref("base.main_company")
        context = {"allowed_company_ids": company.ids, "tracking_disable": True}
        cls.env = cls.env(context={**cls.env.context, **context})
        # By this Odoo recognizes what it has made: no other run is mistaken for this one.
        cls.env["ir.config_parameter"].set_param("database.uuid", cls.account.run)
        cls.provider = cls.env["payment.provider"].search(
            [("code", "=", "stripe"), ("company_id", "=", company.id)], limit=1
        )
        cls.provider.write(
            {
                "state": "test",
                "stripe_secret_key": cls.account.key,
                "stripe_publishable_key": "pk_test_unused",
                "stripe_billing_user_id": cls.env.ref("base.user_admin").id,
            }
        )

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        """Override of Odoo's guard: tests may ask Stripe, and nobody else."""
        if urlsplit(r.url).hostname == cls.account.host:
            return _super_send(s, r, **kw)
        return super()._request_handler(s, r, **kw)

    # === JOBS === #

    def run_cron(self, name):
        """Run one of the addon's cron jobs."""
        with self.enter_registry_test_mode():
            self.env.ref(f"stripe_subscriptions.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def finish(self, job):
        """Work through a job, also when Stripe asks for a pause."""
        until = time.monotonic() + JOB_PATIENCE
        self.run_cron("ir_cron_run_jobs")
        while job.state in ("waiting", "running") and time.monotonic() < until:
            time.sleep(PAUSE)
            self.run_cron("ir_cron_run_jobs")
        self.assertEqual((job.state, job.error), ("done", False))
        return job

    def run_job(self, kind):
        """Start a job by its button, and work it through."""
        button = {"catch_up": "catch_up", "audit": "compare"}[kind]
        action = getattr(self.provider, f"action_stripe_billing_{button}")()
        return self.finish(self.env["stripe.job"].browse(action["res_id"]))


class LiveBillingCase(LiveCase):
    """Customers on test clocks, of which Odoo hears by fetching Stripe's events."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.price = cls.account.make_price(2000)
        cls.provider.action_stripe_billing_fetch_catalogue()

    def setUp(self):
        super().setUp()
        self.customers = []
        self.clock = self.account.make_clock()
        self.addCleanup(self.v1.test_helpers.test_clocks.delete, self.clock.id)
        # What happened before, and to others, is not looked into.
        self.run_job("catch_up")
        self.env["stripe.event"].search([("state", "=", "pending")]).action_ignore()

    def make_customer(self, card="pm_card_visa", **values):
        """A customer on the clock that this database has made for a contact."""
        partner = self.env["res.partner"].create({"name": "Buyer Ltd", "is_company": True})
        metadata = {"odoo_partner_id": str(partner.id), "odoo_database": self.account.run}
        customer = self.account.make_customer(
            card=card, metadata=metadata, **{"test_clock": self.clock.id, **values}
        )
        self.customers.append(customer)
        return customer

    # === EVENTS === #

    def catch_up(self, *expected):
        """Wait until Stripe lists events, then fetch all that are new and work them through.

        :param expected: Pairs of type and object of events that Odoo does not have yet.
        """
        wait_until(
            f"events {', '.join(f'{name} of {obj.id}' for name, obj in expected)}",
            lambda: {(name, obj.id) for name, obj in expected} <= self._listed(expected),
        )
        job = self.run_job("catch_up")
        self._process()
        return job

    def _listed(self, expected):
        """Pairs of type and object id of the events that Odoo does not have yet."""
        types = sorted({name for name, _obj in expected})
        if not types:
            return set()
        events = self.v1.events.list({"types": types, "limit": 100}).auto_paging_iter()
        new = {
            event.id: (event.type, event.data.object.id)
            for event in itertools.islice(events, EVENTS_LOOKED_AT)
        }
        known = self.env["stripe.event"].search([("stripe_id", "in", list(new))])
        return {pair for key, pair in new.items() if key not in known.mapped("stripe_id")}

    def _process(self):
        """Process events until none of ours waits; Stripe may want a pause between."""
        until = time.monotonic() + PATIENCE
        self.run_cron("ir_cron_process_events_1")
        # What Stripe asked to be repeated counts as no attempt; what has failed is not waited for.
        while (waiting := self._waiting()) and not any(waiting.mapped("attempts")):
            if time.monotonic() > until:
                break
            time.sleep(PAUSE)
            self.run_cron("ir_cron_process_events_1")
        self.assertFalse(waiting.mapped(lambda event: (event.event_type, event.error)))

    def _waiting(self):
        """Events that are not done, except those of customers of others."""
        ours = {customer.id for customer in self.customers}

        def is_ours(event):
            obj = event.payload["data"]["object"]
            customer = obj["id"] if obj["object"] == "customer" else obj.get("customer")
            return not customer or customer in ours

        events = self.env["stripe.event"].search([("state", "in", ("pending", "failed"))])
        return events.filtered(is_ours)

    # === RECORDS === #

    def record(self, subscription):
        """The subscription in Odoo."""
        record = self.env["stripe.subscription"].search([("stripe_id", "=", subscription.id)])
        self.assertEqual(len(record), 1, f"subscription {subscription.id} in Odoo")
        return record

    def move(self, invoice):
        """The document of an invoice, empty without one."""
        return self.env["account.move"].search([("stripe_invoice_id", "=", invoice.id)])

    def eventually(self, check):
        """Check something that may need events which Stripe lists late."""
        for _time in range(CHECKS - 1):
            try:
                return check()
            except AssertionError:
                time.sleep(PAUSE)
                self.catch_up()
        return check()

    def assertBooked(self, customer):
        """Every invoice of a customer is in the books, to the cent, and nothing else is."""
        self.eventually(lambda: self._check_books(customer))

    def _check_books(self, customer):
        invoices = self.account.invoices(customer)
        final = [invoice for invoice in invoices if invoice.status != "draft"]
        link = self.env["stripe.customer"].search([("stripe_id", "=", customer.id)])
        moves = self.env["account.move"].search(
            [("partner_id", "=", link.partner_id.id), ("stripe_invoice_id", "!=", False)]
        )
        self.assertEqual(set(moves.mapped("stripe_invoice_id")), {i.id for i in final})
        self.assertEqual(len(moves), len(final))
        for invoice in final:
            self.assertEqualToStripe(self.move(invoice), invoice)

    def assertEqualToStripe(self, move, invoice):
        """A document has the amounts of its invoice, and the payments."""
        self.assertEqual(move.state, "posted", move.stripe_booking_error)
        self.assertEqual(move.stripe_invoice_status, invoice.status)
        payments = self.env["account.payment"].search(
            [
                ("stripe_invoice_payment_id", "in", [part.id for part in invoice.payments.data]),
                ("payment_type", "=", "inbound"),
            ]
        )
        tax = sum(part.amount for part in invoice.total_taxes or [])
        here = {
            "currency": move.currency_id.name.lower(),
            "total": self._minor(move, move.amount_total),
            "tax": self._minor(move, move.amount_tax),
            "remaining": self._minor(move, move.amount_residual),
            "paid": self._minor(move, sum(payments.mapped("amount"))),
            "number": move.ref,
        }
        there = {
            "currency": invoice.currency,
            "total": invoice.total,
            "tax": tax,
            "remaining": invoice.amount_remaining,
            "paid": invoice.amount_paid,
            "number": invoice.number,
        }
        self.assertEqual(here, there)
        if invoice.status == "paid":
            self.assertEqual(move.payment_state, "paid")

    def _minor(self, move, amount):
        return round(amount * 10 ** DIGITS[move.currency_id.name.lower()])

    def assertNoDifferences(self):
        """The audit has looked at everything of the customers and found nothing."""
        self.settle()
        self.eventually(self._check_differences)

    def settle(self):
        """Catch up until Stripe has nothing new about the customers any more."""

        def nothing_new():
            before = self.env["stripe.event"].search([])
            self.catch_up()
            new = self.env["stripe.event"].search([]) - before
            return not set(new.mapped("object_id")) & set(self._everything())

        wait_until("no event is new any more", nothing_new)

    def _check_differences(self):
        job = self.run_job("audit")
        ours = self._everything()
        self.assertGreaterEqual(job.counts["checked"], len(ours))
        rows = self.env["stripe.difference"].search(
            [("state", "=", "open"), ("stripe_id", "in", ours)]
        )
        self.assertFalse(rows.mapped(lambda r: (r.kind, r.field_name, r.here, r.there)))

    def _everything(self):
        """Ids of all that Stripe has of the customers."""
        ids = [customer.id for customer in self.customers]
        for customer in self.customers:
            params = {"customer": customer.id, "status": "all", "limit": 100}
            ids += [subscription.id for subscription in self.v1.subscriptions.list(params).data]
            ids += [invoice.id for invoice in self.account.invoices(customer)]
            ids += [refund.id for refund in self.account.refunds(customer)]
        return ids

    def at(self, seconds):
        """Unix seconds as Odoo stores them."""
        return fields.Datetime.to_datetime(time.strftime("%F %T", time.gmtime(seconds)))
