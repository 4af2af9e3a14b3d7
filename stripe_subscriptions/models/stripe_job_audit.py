# A job sees what others write meanwhile: pylint: disable=invalid-commit
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.addons.stripe_subscriptions.models.payment_provider_sync import WRITERS
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeNotFound

# Days back for which invoices and refunds are compared; older ones only while they are open.
RECENT_DAYS = 35
REPAIR_BATCH = 20

# What is compared, in this order: phase, kind, service, filters, properties to expand, and the local
# records that must be on Stripe's list too. SINCE stands for the beginning of the recent days.
SINCE = object()
PHASES = (
    ("customer", "customers", {}, (), []),
    (
        "subscription",
        "subscriptions",
        {},
        ("data.discounts", "data.schedule"),
        [("status", "in", [*const.LIVE_STATUSES, "incomplete"])],
    ),
    (
        "invoice",
        "invoices",
        {"status": "open", "created": {"lt": SINCE}},
        ("data.payments", "data.discounts"),
        [("stripe_invoice_status", "=", "open"), ("stripe_created_at", "<", SINCE)],
    ),
    (
        "invoice",
        "invoices",
        {"created": {"gte": SINCE}},
        ("data.payments", "data.discounts"),
        [("stripe_created_at", ">=", SINCE)],
    ),
    (
        "refund",
        "refunds",
        {"created": {"gte": SINCE}},
        (),
        [("stripe_created_at", ">=", SINCE), ("payment_type", "=", "outbound")],
    ),
)


class StripeJob(models.Model):
    """Audit: walking both sides next to each other, in pages, newest first.

    Stripe's lists are ordered by creation, so each page covers a span of time. What Odoo has in that
    span and the page has not is asked for by its id. What seems to differ is fetched again before it is
    reported, and left out while one of its events is still to be processed.
    """

    _inherit = "stripe.job"

    since = fields.Date(
        string="Recent Since",
        help="Invoices and refunds created before are compared only while they are open.",
        readonly=True,
    )
    difference_ids = fields.One2many(
        "stripe.difference",
        "job_id",
        readonly=True,
        groups="stripe_subscriptions.group_stripe_subscriptions_user_all",
    )

    # === BUSINESS METHODS - AUDIT === #

    @api.model
    def _cron_audit(self):
        """Start an audit of every account that has subscriptions or customers."""
        for provider in self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("state", "!=", "disabled")]
        ):
            linked = self.env["stripe.customer"].search_count(
                [("provider_id", "=", provider.id)], limit=1
            )
            if linked:
                self._start(provider, "audit")

    def _step_audit(self):
        """Compare one page, or one customer's invoices on a test clock."""
        cursor = self.cursor or {}
        if "clocks" not in cursor:
            self.since = self.since or fields.Date.today() - timedelta(days=RECENT_DAYS)
            clocks = self._get_test_clocks()
            place = {"phase_index": 0, "after": None, "upper": None, "edge": []}
            self._advance(0, clocks=clocks, clock=0, **place)
        elif cursor["phase_index"] < len(PHASES):
            self._audit_page()
        elif cursor["clock"] < len(cursor["clocks"]):
            self._audit_test_clock(cursor["clocks"][cursor["clock"]])
        else:
            return True
        return False

    def _audit_page(self):
        """Compare one page of a list."""
        cursor = self.cursor or {}
        kind, service, filters, expand, domain = self._get_audit_phase(cursor["phase_index"])
        objects, after = self.provider_id._stripe_client().page(
            service, params={**filters, "expand": list(expand)}, after=cursor["after"]
        )
        self.env.cr.commit()
        lower = objects[-1]["created"] if after else None
        absent = self._get_absent(kind, domain, objects, cursor["upper"], lower)
        # What shares the second at which a page ends may be on either side of the boundary.
        edge = [obj["id"] for obj in objects if obj["created"] == lower]
        absent = [stripe_id for stripe_id in absent if stripe_id not in set(cursor["edge"])]
        if cursor["upper"] == lower:
            edge += cursor["edge"]
        self._audit_objects(kind, objects, absent)
        kinds = dict(self.env["stripe.difference"]._fields["kind"]._description_selection(self.env))
        done = cursor["phase_index"] + (0.5 if after else 1)
        self._advance(
            done / (len(PHASES) + bool(cursor["clocks"])),
            phase=kinds[kind],
            after=after,
            upper=lower,
            edge=edge,
            phase_index=cursor["phase_index"] + (not after),
        )

    def _get_audit_phase(self, index):
        """Return a phase with the job's dates in place of `SINCE`."""
        since = fields.Datetime.to_datetime(self.since)

        def fill(value, date):
            if value is SINCE:
                return date
            if isinstance(value, dict):
                return {key: fill(part, date) for key, part in value.items()}
            return value

        kind, service, filters, expand, domain = PHASES[index]
        filters = fill(filters, utils.to_timestamp(since))
        domain = [(name, operator, fill(value, since)) for name, operator, value in domain]
        return kind, service, filters, expand, domain

    def _get_absent(self, kind, domain, objects, upper, lower):
        """Return the Stripe ids of what Odoo has in a page's span of time and the page has not.

        Objects on test clocks are on no list and have their own steps.

        :param str kind: Kind of the objects.
        :param list domain: Further conditions.
        :param list[dict] objects: The page.
        :param int|None upper: Unix seconds where the page before ended, None for the first page.
        :param int|None lower: Unix seconds where this page ends, None for the last page.
        :rtype: list[str]
        """
        model = self.env[WRITERS[kind]].with_context(active_test=True)
        provider_field = "provider_id" if "provider_id" in model._fields else "stripe_provider_id"
        id_field, clock_field = {
            "customer": ("stripe_id", "test_clock"),
            "subscription": ("stripe_id", "stripe_customer_id.test_clock"),
            "invoice": ("stripe_invoice_id", None),
            "refund": ("stripe_payment_ref", None),
        }[kind]
        domain = [(provider_field, "=", self.provider_id.id), (id_field, "!=", False), *domain]
        if "livemode" in model._fields:
            domain.append(("livemode", "=", self.provider_id._stripe_livemode()))
        if clock_field:
            domain.append((clock_field, "=", False))
        else:
            domain.append(("partner_id", "not in", self._get_clock_partners().ids))
        if upper is not None:
            domain.append(("stripe_created_at", "<=", utils.to_datetime(upper)))
        if lower is not None:
            domain.append(("stripe_created_at", ">", utils.to_datetime(lower)))
        listed = {obj["id"] for obj in objects}
        rows = model.search_read(domain, [id_field])
        return [row[id_field] for row in rows if row[id_field] not in listed]

    def _audit_objects(self, kind, objects, absent):
        """Compare objects, look again at what differs, and report what still does.

        :param str kind: Kind of the objects.
        :param list[dict] objects: A page of a list.
        :param list[str] absent: Ids that Odoo has and the page has not.
        :raise StripeGatewayError: When what seems to differ cannot be fetched.
        """
        provider = self.provider_id
        found = provider._stripe_compare({(kind, obj["id"]): obj for obj in objects})
        suspects = provider._stripe_without_pending(
            [*found, *((kind, stripe_id) for stripe_id in absent)]
        )
        numbers = {"checked": len(objects) + len(absent)}
        if suspects:
            self.env.cr.commit()
            fetched = provider._stripe_client().retrieve_many(suspects)
            self.env.cr.commit()
            found = provider._stripe_compare(fetched)
            numbers["differences"] = sum(map(len, found.values()))
            numbers["new"] = self.env["stripe.difference"]._report(self, found)
        self._count(**numbers)

    # === BUSINESS METHODS - TEST CLOCKS === #

    def _get_test_clocks(self):
        """Return the test clocks of the account; what is on one is not on the ordinary lists.

        :rtype: list[str]
        """
        if self.provider_id._stripe_livemode():
            return []
        clocks = self.provider_id._stripe_client().list("test_helpers.test_clocks")
        return [clock["id"] for clock in clocks]

    def _get_clock_partners(self):
        return (
            self.env["stripe.customer"]
            .search([("provider_id", "=", self.provider_id.id), ("test_clock", "!=", False)])
            .partner_id
        )

    def _fetch_test_clock(self, clock):
        """Return everything on a test clock.

        :param str clock: Id of the test clock.
        :return: Customers, subscriptions, invoices, refunds.
        :rtype: tuple[list[dict], list[dict], list[dict], list[dict]]
        :raise StripeNotFound: When it is gone.
        """
        gateway = self.provider_id._stripe_client()
        on_clock = {"test_clock": clock}
        customers = list(gateway.list("customers", params=on_clock))
        params = {
            **on_clock,
            "status": "all",
            "expand": ["data.discounts", "data.schedule"],
        }
        subscriptions = list(gateway.list("subscriptions", params=params))
        invoices, refunds = [], []
        for customer in customers:
            params = {"customer": customer["id"], "expand": ["data.payments", "data.discounts"]}
            invoices += gateway.list("invoices", params=params)
            for charge in gateway.list("charges", params={"customer": customer["id"]}):
                if charge["amount_refunded"] or charge["refunded"]:
                    refunds += gateway.list("refunds", params={"charge": charge["id"]})
        return customers, subscriptions, invoices, refunds

    def _audit_test_clock(self, clock):
        """Compare everything on a test clock.

        :param str clock: Id of the test clock.
        """
        provider, cursor = self.provider_id, self.cursor
        try:
            customers, subscriptions, invoices, refunds = self._fetch_test_clock(clock)
        except StripeNotFound:
            # Deleted meanwhile, with everything on it: what Odoo has of that is asked for by its id.
            customers, subscriptions, invoices, refunds = [], [], [], []
        self.env.cr.commit()
        domain = [("provider_id", "=", provider.id)]
        links = self.env["stripe.customer"].search([*domain, ("test_clock", "=", clock)])
        records = self.env["stripe.subscription"].search(
            [*domain, ("stripe_customer_id", "in", links.ids), ("stripe_id", "!=", False)]
        )
        for kind, objects, known in (
            ("customer", customers, links.mapped("stripe_id")),
            ("subscription", subscriptions, records.mapped("stripe_id")),
            ("invoice", invoices, ()),
            ("refund", refunds, ()),
        ):
            listed = {obj["id"] for obj in objects}
            absent = [stripe_id for stripe_id in known if stripe_id not in listed]
            self._audit_objects(kind, objects, absent)
        share = (cursor["clock"] + 1) / len(cursor["clocks"])
        done = (len(PHASES) + share) / (len(PHASES) + 1)
        self._advance(done, phase=self.env._("Test clocks"), clock=cursor["clock"] + 1)

    # === BUSINESS METHODS - END === #

    def _finish_audit(self):
        """What this audit did not find any more is gone; what it found needs a person."""
        differences = self.env["stripe.difference"]
        domain = [("provider_id", "=", self.provider_id.id), ("state", "=", "open")]
        differences.search([*domain, ("job_id", "!=", self.id)]).state = "gone"
        number = differences.search_count(domain)
        self.activity_unlink(["mail.mail_activity_data_warning"])
        if number:
            self._call_person(
                self.env._("%s differences from Stripe", number),
                self.env._("Look at them in Subscriptions > Configuration > Differences."),
            )

    def _get_count_labels(self):
        """Override of `stripe.job`."""
        labels = super()._get_count_labels()
        if self.kind == "audit":
            labels |= {
                "checked": self.env._("Objects compared"),
                "differences": self.env._("Differences"),
                "new": self.env._("Differences not seen before"),
            }
        elif self.kind == "repair":
            labels |= {
                "repaired": self.env._("Differences repaired"),
                "left": self.env._("Differences that need a person"),
            }
        return labels

    # === BUSINESS METHODS - REPAIR === #

    def _finish_repair(self):
        """Compare again: what was missing may have hidden more."""
        self._start(self.provider_id, "audit")

    def _step_repair(self):
        """Repair some of the open differences of the account."""
        differences = self.env["stripe.difference"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("state", "=", "open"),
                ("id", ">", (self.cursor or {}).get("last", 0)),
            ],
            order="id",
            limit=REPAIR_BATCH,
        )
        if not differences:
            return True
        if "total" not in (self.cursor or {}):
            domain = [("provider_id", "=", self.provider_id.id), ("state", "=", "open")]
            self._advance(total=differences.search_count(domain), tried=0)
        last = differences[-1].id
        differences._repair(self.provider_id)
        repaired = len(differences.filtered(lambda d: d.state == "repaired"))
        self._count(repaired=repaired, left=len(differences) - repaired)
        tried = self.cursor["tried"] + len(differences)
        self._advance(tried / max(self.cursor["total"], 1), last=last, tried=tried)
        return False
