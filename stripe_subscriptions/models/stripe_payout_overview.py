from odoo import api, fields, models
from odoo.tools import format_amount, format_date


class StripePayout(models.Model):
    """How a payout is shown: with the movements that it pays out, without its own."""

    _inherit = "stripe.payout"

    # === FIELDS === #

    movement_ids = fields.Many2many(
        string="Paid Out",
        comodel_name="stripe.balance.transaction",
        compute="_compute_movement_ids",
    )
    movement_count = fields.Integer(string="Movements", compute="_compute_movement_ids")

    # === COMPUTE METHODS === #

    @api.depends("amount", "currency_id", "arrival_date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for payout in self:
            parts = [
                payout.currency_id and format_amount(self.env, payout.amount, payout.currency_id),
                payout.arrival_date and format_date(self.env, payout.arrival_date),
            ]
            payout.display_name = ", ".join(part for part in parts if part) or payout.stripe_id

    @api.depends("balance_transaction_ids.kind")
    def _compute_movement_ids(self):
        for payout in self:
            payout.movement_ids = payout.balance_transaction_ids.filtered(
                lambda movement: movement.kind != "payout"
            )
            payout.movement_count = len(payout.movement_ids)
