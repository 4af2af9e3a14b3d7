from odoo import fields, models


class StripeAccountMixin(models.AbstractModel):
    """What belongs to one Stripe account, and goes with it when it is deleted."""

    _name = "stripe.account.mixin"
    _description = "Part of a Stripe Account"

    # === FIELDS === #

    provider_id = fields.Many2one(
        string="Stripe Account",
        comodel_name="payment.provider",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        domain=[("code", "=", "stripe")],
    )
    company_id = fields.Many2one(related="provider_id.company_id")
