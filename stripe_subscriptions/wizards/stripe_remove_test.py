from odoo import api, fields, models


class StripeRemoveTest(models.TransientModel):
    """Shows what is left of test mode before it is removed."""

    _name = "stripe.remove.test"
    _description = "Remove Test Data"

    # === FIELDS === #

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    preview = fields.Html(compute="_compute_preview")
    total = fields.Integer(compute="_compute_preview")

    # === COMPUTE METHODS === #

    @api.depends("provider_id")
    def _compute_preview(self):
        job_model = self.env["stripe.job"]
        labels = job_model._get_test_labels()
        for wizard in self:
            counts = job_model._count_test_records(wizard.provider_id)
            rows = [(labels[name], number) for name, number in counts.items() if number]
            wizard.total = sum(counts.values())
            wizard.preview = self.env["ir.qweb"]._render(
                "stripe_subscriptions.job_summary", {"rows": rows}
            )

    # === ACTION METHODS === #

    def action_remove(self):
        """Remove it, in the background."""
        self.ensure_one()
        return self.env["stripe.job"]._start(self.provider_id, "remove_test").action_start()
