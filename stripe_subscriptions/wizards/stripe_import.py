from odoo import api, fields, models


class StripeImport(models.TransientModel):
    """Asks how an existing Stripe account is to be taken over."""

    _name = "stripe.import"
    _description = "Import of a Stripe Account"

    # === FIELDS === #

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    book_from = fields.Date(
        string="Book Invoices From",
        help="Of what was invoiced before, only subscriptions and the links of customers are taken "
        "over: those invoices are in your books already.",
    )
    last_job_id = fields.Many2one(
        string="Last Dry Run", comodel_name="stripe.job", compute="_compute_last_job_id"
    )
    last_summary = fields.Html(related="last_job_id.summary")
    undecided_count = fields.Integer(compute="_compute_last_job_id")

    # === COMPUTE METHODS === #

    @api.depends("provider_id")
    def _compute_last_job_id(self):
        for wizard in self:
            provider = wizard.provider_id
            wizard.last_job_id = self.env["stripe.job"].search(
                [
                    ("provider_id", "=", provider.id),
                    ("kind", "=", "import"),
                    ("dry_run", "=", True),
                    ("state", "=", "done"),
                ],
                limit=1,
            )
            wizard.undecided_count = self.env["stripe.import.line"].search_count(
                [("provider_id", "=", provider.id), ("outcome", "=", "ambiguous")]
            )

    # === ACTION METHODS === #

    def action_dry_run(self):
        """Show what an import would make and match; writes nothing but the list of customers."""
        return self._start(dry_run=True)

    def action_import(self):
        """Take the account over, in the background."""
        return self._start(dry_run=False)

    def action_view_customers(self):
        """Open the list of customers with the contacts they become."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stripe_subscriptions.action_stripe_import_line"
        )
        return {**action, "domain": [("provider_id", "=", self.provider_id.id)]}

    def _start(self, dry_run):
        self.ensure_one()
        job = self.env["stripe.job"]._start(
            self.provider_id, "import", dry_run=dry_run, book_from=self.book_from
        )
        return job.action_start()
