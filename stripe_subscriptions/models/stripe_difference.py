import logging

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions.models.payment_provider_sync import WRITERS
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class StripeDifference(models.Model):
    """What an audit found to be different in Odoo and at Stripe: one row for each field."""

    _name = "stripe.difference"
    _description = "Difference from Stripe"
    _inherit = ["stripe.account.mixin"]
    _order = "since desc, id desc"
    _rec_name = "stripe_id"

    # === FIELDS === #

    job_id = fields.Many2one(
        string="Audit",
        help="The last comparison that found it.",
        comodel_name="stripe.job",
        readonly=True,
        index=True,
        ondelete="set null",
    )
    kind = fields.Selection(
        [
            ("customer", "Customer"),
            ("subscription", "Subscription"),
            ("invoice", "Invoice"),
            ("refund", "Refund"),
        ],
        string="Object",
        required=True,
        readonly=True,
    )
    stripe_id = fields.Char(string="Stripe ID", required=True, readonly=True)
    field_name = fields.Char(string="Technical Field", required=True, readonly=True)
    field_label = fields.Char(string="Field", compute="_compute_field_label")
    here = fields.Char(string="In Odoo", readonly=True)
    there = fields.Char(string="At Stripe", readonly=True)
    since = fields.Datetime(
        help="When it was first seen: it came about after the comparison before.", readonly=True
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("repaired", "Repaired"),
            ("gone", "Gone by itself"),
            ("ignored", "Ignored"),
        ],
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    error = fields.Char(string="Not Repaired Because", readonly=True)

    _open_uniq = models.UniqueIndex(
        "(provider_id, kind, stripe_id, field_name) WHERE state IN ('open', 'ignored')",
        "This difference is known already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "field_name")
    def _compute_field_label(self):
        for difference in self:
            name = difference.field_name
            model = self.env[WRITERS[difference.kind]]
            if name in ("stripe_id", "stripe_invoice_id", "stripe_payment_ref"):
                label = self.env._("Missing in Odoo")
            elif name.startswith("payment/"):
                label = self.env._("Payment")
            else:
                field = model._fields.get(name)
                label = field._description_string(self.env) if field else name
            difference.field_label = label

    # === ACTION METHODS === #

    def action_repair(self):
        """Make Odoo equal to Stripe, through the writers by which everything comes from there.

        :return: A notification that says what became of it.
        :raise UserError: When Stripe cannot be reached.
        """
        self.check_access("write")
        chosen = self.filtered(lambda difference: difference.state == "open")
        for provider, differences in chosen.grouped("provider_id").items():
            try:
                differences._repair(provider)
            except StripeGatewayError as error:
                raise provider._stripe_user_error(error) from error
        repaired = chosen.filtered(lambda difference: difference.state == "repaired")
        rest = len(chosen) - len(repaired)
        message = self.env._("%s repaired.", len(repaired))
        if rest:
            message += " " + self.env._("%s could not be; the reason is shown with each.", rest)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "warning" if rest else "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def action_repair_all(self):
        """Repair all open differences, in the background.

        :return: The action that shows the job, or a notification when there is nothing to do.
        """
        self.browse().check_access("write")
        job_model = self.env["stripe.job"]
        jobs = job_model.browse()
        for [provider] in self._read_group([("state", "=", "open")], ["provider_id"]):
            jobs |= job_model._start(provider, "repair")
        if not jobs:
            raise UserError(self.env._("Odoo and Stripe agree: there is nothing to repair."))
        return jobs._get_records_action(name=self.env._("Repair differences"))

    def action_ignore(self):
        """Live with the differences: later comparisons do not report them again."""
        self.filtered(lambda difference: difference.state == "open").state = "ignored"

    def action_open_record(self):
        """Open the record that differs.

        :raise UserError: When there is none.
        """
        self.ensure_one()
        record = self.provider_id._stripe_get_record(self.kind, self.stripe_id)
        if not record:
            raise UserError(self.env._("Nothing in Odoo belongs to this object."))
        return record._get_records_action()

    def action_stripe_dashboard(self):
        """Open the object in Stripe's Dashboard."""
        self.ensure_one()
        folder = {"refund": "refunds", "invoice": "invoices", "customer": "customers"}
        mode = "" if self.provider_id._stripe_livemode() else "test/"
        path = f"{mode}{folder.get(self.kind, 'subscriptions')}/{self.stripe_id}"
        return {
            "type": "ir.actions.act_url",
            "url": f"https://dashboard.stripe.com/{path}",
            "target": "new",
        }

    # === BUSINESS METHODS === #

    @api.model
    def _report(self, job, found):
        """Write down what an audit found; what was known already keeps the time it was first seen.

        :param stripe.job job: The audit.
        :param dict[tuple[str, str], list[tuple[str, str, str]]] found: For each kind and Stripe id
            the fields that differ: name, here, there.
        :return: How many are new.
        :rtype: int
        """
        now = fields.Datetime.now()
        values = [
            (
                *(job.provider_id.id, job.id, kind, stripe_id, name, here[:500], there[:500]),
                *(now, "open", self.env.uid, self.env.uid, now, now),
            )
            for (kind, stripe_id), rows in found.items()
            for name, here, there in rows
        ]
        if not values:
            return 0
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO stripe_difference
                            (provider_id, job_id, kind, stripe_id, field_name, here, there, since,
                             state, create_uid, write_uid, create_date, write_date)
                     VALUES %s
                ON CONFLICT (provider_id, kind, stripe_id, field_name)
                      WHERE state IN ('open', 'ignored')
                  DO UPDATE SET job_id = EXCLUDED.job_id, here = EXCLUDED.here,
                                there = EXCLUDED.there
                  RETURNING (xmax = 0)
                """,
                SQL(", ").join(SQL("%s", row) for row in values),
            )
        )
        self.invalidate_model()
        return sum(row[0] for row in rows)

    def _repair(self, provider):
        """Fetch the objects again, apply them, and look whether they agree now.

        :param payment.provider provider: The Stripe account of the differences.
        :raise StripeGatewayError: When Stripe cannot be reached.
        """
        requests = list(dict.fromkeys((d.kind, d.stripe_id) for d in self))
        fetched_at = self.env["stripe.price"]._stripe_now()
        provider = provider.sudo().with_context(stripe_repair=True)
        fetched = provider._stripe_fetch(requests)
        provider = provider.with_context(stripe_fetched_at=fetched_at)
        _applied, errors = provider._stripe_write_apart(
            fetched, requests, lambda request: provider._stripe_fetch([request])
        )
        remaining = provider._stripe_compare({key: fetched[key] for key in requests})
        for difference in self:
            key = difference.kind, difference.stripe_id
            rows = {name: row for name, *row in remaining.get(key, ())}
            if difference.field_name in rows:
                here, there = rows[difference.field_name]
                reason = errors.get(key) or self._get_advice(key[0])
                difference.write({"here": here, "there": there, "error": reason})
            else:
                difference.write({"state": "repaired", "error": False})
                _logger.info("Stripe %s %s was repaired", *key)

    @api.model
    def _get_advice(self, kind):
        """Return what a person can do about a difference that the writers do not mend."""
        if kind == "subscription":
            return self.env._("Link or import the customer first (Import on the Stripe account).")
        if kind == "invoice":
            return self.env._(
                "A posted document is not changed by itself: reset it to draft or reverse it."
            )
        return self.env._("Look at both sides; the writers see nothing to change.")
