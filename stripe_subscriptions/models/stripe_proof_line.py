from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import stripe_proof
from odoo.addons.stripe_subscriptions.models.stripe_job_proof_ledger import DOCUMENTS
from odoo.exceptions import UserError
from odoo.fields import Domain

# Measure -> kind of its documents; tax has invoices and credit notes.
KINDS = {
    "invoiced": ("invoice",),
    "tax": ("invoice", "credit_note"),
    "credited": ("credit_note",),
    "collected": ("invoice_payment",),
    "refunded": ("refund",),
    "payouts": ("payout",),
}


class StripeProofLine(models.Model):
    """A sum at Stripe and in Odoo's ledger: of a month or a payout, a currency and a measure."""

    _name = "stripe.proof.line"
    _description = "Stripe and Ledger"
    _inherit = ["stripe.account.mixin"]
    _order = "period_kind, date desc, period desc, currency_id, sequence, id"
    _rec_name = "period"

    # === FIELDS === #

    job_id = fields.Many2one(
        string="Proof", comodel_name="stripe.job", readonly=True, index=True, ondelete="set null"
    )
    proven_at = fields.Datetime(readonly=True)
    period_kind = fields.Selection(
        [("month", "Month"), ("payout", "Payout")], required=True, readonly=True, index=True
    )
    period = fields.Char(help="A month, or the id of a payout.", required=True, readonly=True)
    date = fields.Date(
        help="First day of the month, or day on which the payout arrives.", readonly=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    measure = fields.Selection(
        [
            ("invoiced", "Invoiced"),
            ("tax", "Tax"),
            ("credited", "Credited"),
            ("collected", "Collected"),
            ("refunded", "Refunded"),
            ("gross", "Before Fees"),
            ("fees", "Fees"),
            ("disputes", "Disputed"),
            ("payouts", "Paid Out"),
            ("net", "After Fees"),
        ],
        help="Tax is that of invoices less that of credit notes.",
        required=True,
        readonly=True,
    )
    sequence = fields.Integer(readonly=True, aggregator=None)
    there = fields.Monetary(string="At Stripe", readonly=True)
    here = fields.Monetary(string="In Odoo", readonly=True)
    difference = fields.Monetary(help="In Odoo less at Stripe.", readonly=True)
    differs = fields.Boolean(
        help="Also when it is less than the currency's smallest unit.", readonly=True
    )
    differing_count = fields.Integer(string="Documents That Differ", readonly=True)
    # The Stripe id of each document that differs, with its amounts at Stripe and in Odoo as exact texts.
    stripe_ids = fields.Json(readonly=True)

    # === GROUPS === #

    @api.model
    @api.readonly
    def formatted_read_group(self, domain, groupby=(), aggregates=(), *args, **kwargs):
        """Override of `web`: what is invoiced and what is collected have no sum together."""
        groups = super().formatted_read_group(domain, groupby, aggregates, *args, **kwargs)
        self._empty_mixed_sums(domain, groupby, groups)
        return groups

    @api.model
    @api.readonly
    def formatted_read_grouping_sets(self, domain, grouping_sets, aggregates=(), **kwargs):
        """Override of `web`: see `formatted_read_group`."""
        result = super().formatted_read_grouping_sets(domain, grouping_sets, aggregates, **kwargs)
        for groupby, groups in zip(grouping_sets, result, strict=True):
            self._empty_mixed_sums(domain, groupby, groups)
        return result

    @api.model
    def _empty_mixed_sums(self, domain, groupby, groups):
        """Take the amounts out of groups in which there is more than one measure.

        :param list domain: What the groups are made of.
        :param list[str] groupby: By which they are made.
        :param list[dict] groups: The groups, changed in place.
        """
        conditions = Domain(domain).iter_conditions()
        if "measure" in groupby or any(part.field_expr == "measure" for part in conditions):
            return
        for group in groups:
            for key in group:
                if key.split(":")[0] in ("there", "here", "difference"):
                    group[key] = False

    # === ACTION METHODS === #

    def action_documents(self):
        """Open Odoo's documents of what differs, and say which ones Odoo lacks.

        :return: The action, after a notification when something is missing.
        :raise UserError: When nothing differs.
        """
        self.ensure_one()
        stripe_ids = list(self.stripe_ids or {})
        if not stripe_ids:
            raise UserError(self.env._("All documents agree."))
        kinds = self._get_kinds()
        documents = {}
        for kind in kinds:
            documents |= self._find_documents(kind, stripe_ids)
        found = self.env[DOCUMENTS[kinds[0]][0]].union(*documents.values())
        action = found and {
            "type": "ir.actions.act_window",
            "name": self.env._("Documents that differ"),
            "res_model": found._name,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", found.ids)],
            "context": {"create": False},
        }
        missing = [stripe_id for stripe_id in stripe_ids if stripe_id not in documents]
        if not missing:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Missing in Odoo: %s", len(missing)),
                "message": ", ".join(missing[:20]) + ("…" if len(missing) > 20 else ""),
                "type": "warning",
                "sticky": True,
                **({"next": action} if action else {}),
            },
        }

    def action_export(self):
        """Download the lines, or all when none is chosen, as a spreadsheet."""
        chosen = f"?ids={','.join(map(str, self.ids))}" if self else ""
        return {
            "type": "ir.actions.act_url",
            "url": f"/stripe_subscriptions/proof.xlsx{chosen}",
            "target": "download",
        }

    # === BUSINESS METHODS === #

    def _get_kinds(self):
        """Return the kinds of the documents that the line adds up."""
        if self.period_kind == "payout":
            return ("balance_transaction",)
        return KINDS.get(self.measure, ("balance_transaction",))

    def _find_documents(self, kind, stripe_ids):
        """Return Odoo's documents by Stripe id."""
        job = self.env["stripe.job"].new({"provider_id": self.provider_id.id})
        return job._find_documents(kind, [(DOCUMENTS[kind][1], "in", stripe_ids)])

    @api.model
    def _replace(self, job):
        """Put the sums of a proof in place of those of earlier ones.

        :param stripe.job job: The proof, with its sums.
        :rtype: stripe.proof.line
        """
        arrivals = dict(job.cursor["payouts"])
        rows = list(stripe_proof.Sums(job.cursor["sums"]).rows())
        self.search(
            [
                ("provider_id", "=", job.provider_id.id),
                *("|", ("period", "in", [row[0] for row in rows])),
                *("&", ("date", ">=", job.date_from)),
                ("date", "<=", job.date_to),
            ]
        ).unlink()
        measures = list(dict(self._fields["measure"].selection))
        return self.create(
            [
                {
                    "provider_id": job.provider_id.id,
                    "job_id": job.id,
                    "proven_at": fields.Datetime.now(),
                    "period_kind": "payout" if period in arrivals else "month",
                    "period": period,
                    "date": arrivals.get(period) or f"{period}-01",
                    "currency_id": self.env["res.currency"]._stripe_get(currency).id,
                    "measure": measure,
                    "sequence": measures.index(measure),
                    "there": float(row.there),
                    "here": float(row.here),
                    "difference": float(row.here - row.there),
                    "differs": row.here != row.there,
                    "differing_count": row.differing,
                    "stripe_ids": row.documents,
                }
                for period, currency, measure, row in rows
            ]
        )
