from odoo import api, fields, models


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

    @api.depends("balance_transaction_ids.kind")
    def _compute_movement_ids(self):
        for payout in self:
            payout.movement_ids = payout.balance_transaction_ids.filtered(
                lambda movement: movement.kind != "payout"
            )
            payout.movement_count = len(payout.movement_ids)
