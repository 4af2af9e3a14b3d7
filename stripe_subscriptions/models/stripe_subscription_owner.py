from odoo import api, fields, models


class StripeSubscription(models.Model):
    """Who looks after a subscription. Users who see only their own see those, and those of nobody."""

    _inherit = "stripe.subscription"

    # === FIELDS === #

    user_id = fields.Many2one(
        string="Salesperson",
        help="Looks after the subscription: the customer's salesperson, else who has made it.",
        comodel_name="res.users",
        compute="_compute_user_id",
        compute_sudo=False,  # else nobody could tell a user from the writer
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        tracking=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_user_id(self):
        # What Stripe's events bring was made by nobody here.
        made_by = self.env["res.users"] if self.env.su else self.env.user
        for subscription in self:
            partner = subscription.partner_id
            subscription.user_id = (
                partner.user_id or partner.commercial_partner_id.user_id or subscription.user_id
            ) or made_by
