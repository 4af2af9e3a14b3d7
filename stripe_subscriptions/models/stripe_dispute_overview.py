from odoo import api, fields, models
from odoo.tools import format_amount


class StripeDispute(models.Model):
    """How a dispute is shown."""

    _inherit = "stripe.dispute"

    # === FIELDS === #

    reason_text = fields.Char(string="Reason", compute="_compute_reason_text")
    invoice_ids = fields.Many2many(
        string="Invoices", comodel_name="account.move", compute="_compute_invoice_ids"
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "amount", "currency_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for dispute in self:
            parts = [
                dispute.partner_id.display_name,
                dispute.currency_id
                and format_amount(self.env, dispute.amount, dispute.currency_id),
            ]
            dispute.display_name = ", ".join(part for part in parts if part) or dispute.stripe_id

    @api.depends("reason")
    def _compute_reason_text(self):
        for dispute in self:
            dispute.reason_text = (dispute.reason or "").replace("_", " ").capitalize()

    @api.depends("payment_id")
    def _compute_invoice_ids(self):
        for dispute in self:
            dispute.invoice_ids = dispute.payment_id.reconciled_invoice_ids
