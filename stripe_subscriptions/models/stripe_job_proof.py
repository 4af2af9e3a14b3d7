# A job sees what others write meanwhile: pylint: disable=invalid-commit
import time
from calendar import monthrange
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import stripe_proof, utils
from odoo.addons.stripe_subscriptions.models.stripe_job_proof_ledger import DOCUMENTS
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeNotFound

# Days before the first month in which what counts in it may have been drafted.
MARGIN_DAYS = 35
# Seconds in which what has just happened at Stripe may still be on its way to Odoo, and hours after which
# an event that waits does not excuse a difference any more.
SETTLE_SECONDS = 60
PENDING_HOURS = 1
# Documents that are fetched one by one in a step.
OLDER_BATCH = 25


class ProofList(NamedTuple):
    """One of Stripe's lists.

    :param str kind: What is on it.
    :param str service: Service of the Stripe client.
    :param tuple expand: Properties to expand.
    :param int margin: Days before the first month.
    """

    kind: str
    service: str
    expand: tuple = ()
    margin: int = MARGIN_DAYS


LISTS = (
    ProofList("invoice", "invoices"),
    ProofList("invoice_payment", "invoice_payments", ("data.invoice",)),
    ProofList("credit_note", "credit_notes", ("data.invoice",)),
    ProofList("refund", "refunds", margin=0),
    ProofList("balance_transaction", "balance_transactions", ("data.source",), margin=0),
    ProofList("payout", "payouts", margin=0),
    # For payments of invoices that were finalized before the lists above begin.
    ProofList("charge", "charges", ("data.payment_intent",), margin=0),
)


class StripeJob(models.Model):
    """Proof: what the documents of whole months add up to, at Stripe and in Odoo's ledger.

    Stripe's lists are walked in pages. A page covers a span of time, and what both sides have of that
    span is added up and compared document by document, so that neither side is taken from the other. Only
    sums and the ids of what differs are kept from page to page.
    """

    _inherit = "stripe.job"

    date_from = fields.Date(string="From", readonly=True)
    date_to = fields.Date(string="To", readonly=True)

    # === ACTION METHODS === #

    def action_view_proof(self):
        """Open the sums of the proof."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stripe_subscriptions.action_stripe_proof_line"
        )
        return {**action, "domain": [("job_id", "in", self.ids)]}

    # === BUSINESS METHODS - PROOF === #

    @api.model
    def _cron_proof(self):
        """Start a proof of every account that has customers."""
        for provider in self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("state", "!=", "disabled")]
        ):
            linked = self.env["stripe.customer"].search_count(
                [("provider_id", "=", provider.id)], limit=1
            )
            if linked:
                self._start(provider, "proof")

    def _step_proof(self):
        """Compare one page, a few old documents, a part of a payout, or what is on a test clock."""
        cursor = self.cursor or {}
        if "list" not in cursor:
            self._prove_begin()
        elif cursor["list"] < len(LISTS):
            self._prove_page(LISTS[cursor["list"]])
        elif cursor["older"]:
            self._prove_older()
        elif cursor["payout"] < len(cursor["payouts"]):
            self._prove_payout(cursor["payouts"][cursor["payout"]])
        elif cursor["clock"] < len(cursor["clocks"]):
            self._prove_test_clock(cursor["clocks"][cursor["clock"]])
        else:
            return True
        return False

    def _prove_begin(self):
        """Choose whole months, and the moment until which both sides are expected to agree."""
        today = fields.Date.context_today(self.with_context(tz=self._get_span_tz()))
        date_to = self.date_to or today
        date_from = self.date_from or date_to.replace(day=1) - timedelta(days=1)
        last = monthrange(date_to.year, date_to.month)[1]
        self.write({"date_from": date_from.replace(day=1), "date_to": date_to.replace(day=last)})
        self._advance(
            0,
            list=0,
            after=None,
            upper=None,
            edge=[],
            until=min(
                self._get_settled_time(),
                utils.local_time(self.date_to + timedelta(days=1), self._get_span_tz(), 0) - 1,
            ),
            sums={},
            older=["invoice", 0],
            payouts=[],
            payout=0,
            clocks=self._get_test_clocks(),
            clock=0,
        )

    def _get_span_tz(self):
        return self.provider_id.company_id.partner_id.tz or "UTC"

    def _get_span(self):
        """Return the months that are proven.

        :rtype: stripe_proof.Span
        """
        return stripe_proof.Span(self.date_from, self.date_to, self._get_span_tz())

    def _get_settled_time(self):
        """Return until when what has happened at Stripe has arrived in Odoo: unix seconds."""
        settled = int(time.time()) - SETTLE_SECONDS
        recent = fields.Datetime.now() - timedelta(hours=PENDING_HOURS)
        oldest = self.env["stripe.event"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("state", "=", "pending"),
                ("created_at", ">", recent),
            ],
            order="created_at",
            limit=1,
        )
        return min(settled, utils.to_timestamp(oldest.created_at) - 1) if oldest else settled

    # === BUSINESS METHODS - STEPS === #

    def _prove_page(self, spec):
        """Compare one page of a list.

        :param ProofList spec: The list.
        """
        cursor, until = self.cursor, self.cursor["until"]
        since = self._get_since(spec.margin)
        params = {"created": {"gte": since, "lte": until}, "expand": list(spec.expand)}
        objects, after = self._fetch_page(spec.service, params, cursor["after"])
        lower = objects[-1]["created"] if after else since - 1
        if spec.kind == "charge":
            self._prove_late("invoice_payment", self._get_late_payments(objects))
        else:
            upper = until if cursor["upper"] is None else cursor["upper"]
            domain = [
                ("stripe_created_at", "<=", utils.to_datetime(upper)),
                ("stripe_created_at", ">", utils.to_datetime(lower)),
            ]
            self._prove(spec.kind, objects, domain, cursor["edge"], until)
        if spec.kind == "invoice_payment":
            # A draft may have waited for longer than the list of invoices goes back.
            invoices = [part["invoice"] for part in objects if part["is_default"]]
            self._prove_late("invoice", [obj for obj in invoices if obj["created"] < since])
        elif spec.kind == "payout":
            self._remember_payouts(objects)
        edge = [obj["id"] for obj in objects if obj["created"] == lower]
        if lower == cursor["upper"]:
            edge += cursor["edge"]
        share = (until - lower) / (until - since + 1) if after else 1
        self._advance(
            (cursor["list"] + min(max(share, 0), 1)) / (len(LISTS) + 2),
            phase=self.env._("Stripe's lists"),
            after=after,
            upper=lower if after else None,
            edge=edge if after else [],
            list=cursor["list"] + (not after),
        )

    def _get_since(self, margin):
        """Return the unix seconds at which a list begins."""
        first = self.date_from - timedelta(days=margin)
        return utils.local_time(first, self._get_span_tz(), hour=0)

    def _get_margin(self, kind):
        """Return how many days before the first month the list of a kind begins."""
        return next(spec.margin for spec in LISTS if spec.kind == kind)

    def _get_late_payments(self, charges):
        """Return the invoice payments of charges whose invoices are too old for the lists.

        :param list[dict] charges: Stripe charges with their payment intents.
        :rtype: list[dict]
        """
        since = self._get_since(MARGIN_DAYS)
        customers = self.env["stripe.customer"]._stripe_find(
            self.provider_id, list({utils.object_id(obj.get("customer")) for obj in charges})
        )
        linked = set(customers.mapped("stripe_id"))
        intents = {
            obj["payment_intent"]["id"]
            for obj in charges
            if obj["status"] == "succeeded"
            and utils.object_id(obj.get("customer")) in linked
            and isinstance(obj.get("payment_intent"), dict)
            and obj["payment_intent"]["created"] < since
        }
        gateway = self.provider_id._stripe_client()
        payments = []
        for intent in sorted(intents):
            payment = {"type": "payment_intent", "payment_intent": intent}
            params = {"payment": payment, "expand": ["data.invoice"]}
            payments += gateway.list("invoice_payments", params=params)
        self.env.cr.commit()
        return [part for part in payments if part["created"] < since]

    def _prove_late(self, kind, objects):
        """Compare what is too old for its list; what Odoo has of that has a step of its own.

        :param str kind: Kind of the objects.
        :param list[dict] objects: Stripe objects.
        """
        if objects:
            ids = [obj["id"] for obj in objects]
            domain = [(DOCUMENTS[kind][1], "in", ids), *self._get_older_domain(kind)]
            known = self._find_documents(kind, domain)
            rest = [obj for obj in objects if obj["id"] not in known]
            self._prove(kind, rest, until=self.cursor["until"])

    def _prove_older(self):
        """Compare documents that Odoo has in these months, but whose objects were made long before."""
        kinds = ["invoice", "invoice_payment", "credit_note", "refund"]
        kind, last = self.cursor["older"]
        clocks = self._get_clock_partners()
        domain = [("id", ">", last), ("partner_id", "not in", clocks.ids)]
        domain += self._get_older_domain(kind)
        records = self._find_documents(kind, domain, limit=OLDER_BATCH)
        if records:
            fetched = self.provider_id._stripe_client().retrieve_many(
                [(kind, stripe_id) for stripe_id in records]
            )
            self.env.cr.commit()
            objects = [obj for obj in fetched.values() if not isinstance(obj, StripeNotFound)]
            if error := next((obj for obj in objects if isinstance(obj, Exception)), None):
                raise error
            if kind == "credit_note":
                invoices = self._fetch_all([("invoice", obj["invoice"]) for obj in objects])
                objects = [
                    {**obj, "invoice": invoices["invoice", obj["invoice"]]} for obj in objects
                ]
            ids = [record.id for record in records.values()]
            since = self._get_since(self._get_margin(kind))
            listed = [obj["id"] for obj in objects if obj["created"] >= since]
            self._prove(kind, objects, [("id", "in", ids)], skip=listed)
        place = [kind, max((record.id for record in records.values()), default=0)]
        if len(records) < OLDER_BATCH:
            rest = kinds[kinds.index(kind) + 1 :]
            place = [rest[0], 0] if rest else None
        self._advance(
            len(LISTS) / (len(LISTS) + 2), phase=self.env._("Older documents"), older=place
        )

    def _get_older_domain(self, kind):
        """Return which documents of the months are on no page of the lists, as they are too old."""
        since = self._get_since(self._get_margin(kind))
        date_field = "invoice_date" if kind in ("invoice", "credit_note") else "date"
        return [
            (date_field, ">=", self.date_from),
            (date_field, "<=", self.date_to),
            *("|", ("stripe_created_at", "=", False)),
            ("stripe_created_at", "<", utils.to_datetime(since)),
        ]

    def _remember_payouts(self, objects):
        """Plan the comparison of the payouts whose parts Stripe can say."""
        ids = [obj["id"] for obj in objects]
        known = self._find_documents("payout", [("stripe_id", "in", ids)])
        left = self._get_left_out("payout", [obj for obj in objects if obj["id"] not in known])
        payouts = [
            [obj["id"], str(utils.to_local_date(obj["arrival_date"], "UTC"))]
            for obj in objects
            if obj.get("reconciliation_status") == "completed" and obj["id"] not in left
        ]
        self._advance(payouts=self.cursor["payouts"] + payouts)

    def _prove_payout(self, payout):
        """Compare one page of what a payout consists of.

        :param list[str] payout: Its id and the day on which it arrives.
        """
        cursor = self.cursor
        objects, after = self._fetch_page(
            "balance_transactions", {"payout": payout[0]}, cursor["after"]
        )
        objects = [obj for obj in objects if obj["type"] not in stripe_proof.PAYOUT_TYPES]
        self._prove_movements(payout[0], objects)
        done = (cursor["payout"] + 1) / len(cursor["payouts"])
        self._advance(
            (len(LISTS) + done) / (len(LISTS) + 2),
            phase=self.env._("Payouts"),
            after=after,
            payout=cursor["payout"] + (not after),
        )

    def _prove_test_clock(self, clock):
        """Compare everything on a test clock, which is on no list.

        :param str clock: Id of the test clock.
        """
        gateway = self.provider_id._stripe_client()
        invoices, notes, refunds = [], [], []
        for customer in gateway.list("customers", params={"test_clock": clock}):
            params = {"customer": customer["id"]}
            invoices += gateway.list("invoices", params={**params, "expand": ["data.payments"]})
            notes += gateway.list("credit_notes", params={**params, "expand": ["data.invoice"]})
            for charge in gateway.list("charges", params=params):
                if charge["amount_refunded"] or charge["refunded"]:
                    refunds += gateway.list("refunds", params={"charge": charge["id"]})
        self.env.cr.commit()
        parts = [
            {**part, "invoice": obj}
            for obj in invoices
            for part in utils.path(obj, "payments.data", [])
        ]
        links = self.env["stripe.customer"].search(
            [("provider_id", "=", self.provider_id.id), ("test_clock", "=", clock)]
        )
        for kind, objects in (
            ("invoice", invoices),
            ("invoice_payment", parts),
            ("credit_note", notes),
            ("refund", refunds),
        ):
            domain = [("partner_id", "in", links.partner_id.ids)]
            self._prove(kind, objects, domain, clocks=True)
        done = (self.cursor["clock"] + 1) / len(self.cursor["clocks"])
        self._advance(
            (len(LISTS) + 1 + done) / (len(LISTS) + 2),
            phase=self.env._("Test clocks"),
            clock=self.cursor["clock"] + 1,
        )

    # === BUSINESS METHODS - END === #

    def _finish_proof(self):
        """Keep the result; what does not agree needs a person."""
        lines = self.env["stripe.proof.line"]._replace(self)
        self.cursor = False
        differing = lines.filtered("differs")
        self._count(lines_differing=len(differing))
        earlier = self.search(
            [("provider_id", "=", self.provider_id.id), ("kind", "=", "proof")]
        ).filtered("activity_ids")
        earlier.activity_unlink(["mail.mail_activity_data_warning"])
        if differing:
            self._call_person(
                self.env._("Stripe and the ledger differ in %s sums", len(differing)),
                self.env._("Look at them in Subscriptions > Reporting > Stripe and Ledger."),
            )

    def _get_count_labels(self):
        """Override of `stripe.job`."""
        labels = super()._get_count_labels()
        if self.kind == "proof":
            labels |= {
                "proven": self.env._("Documents compared"),
                "lines_differing": self.env._("Sums that differ"),
                "documents_differing": self.env._("Documents that differ"),
                "left_customer": self.env._("Left out: of customers that are not linked"),
                "left_before": self.env._("Left out: from before the day from which is booked"),
                "left_other": self.env._("Left out: no payments of invoices"),
                "left_recent": self.env._("Left out: changed within the last minutes"),
            }
        return labels
