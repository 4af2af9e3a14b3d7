from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const
from odoo.exceptions import ValidationError


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # === FIELDS === #

    stripe_billing_lanes = fields.Integer(
        string="Event Lanes",
        help="How many cron jobs share the events from Stripe. More lanes need more cron workers.",
        compute="_compute_stripe_billing_lanes",
        inverse="_inverse_stripe_billing_lanes",
    )
    stripe_billing_event_retention_days = fields.Integer(
        string="Keep Events",
        help="Days after which events that are done or ignored are deleted.",
        config_parameter="stripe_subscriptions.event_retention_days",
        default=const.EVENT_RETENTION_DAYS,
    )
    stripe_portal_show = fields.Boolean(related="company_id.stripe_portal_show", readonly=False)
    stripe_portal_colleagues = fields.Boolean(
        related="company_id.stripe_portal_colleagues", readonly=False
    )
    stripe_portal_cancel = fields.Selection(
        related="company_id.stripe_portal_cancel", readonly=False
    )
    stripe_portal_resume = fields.Boolean(related="company_id.stripe_portal_resume", readonly=False)
    stripe_portal_change_plan = fields.Boolean(
        related="company_id.stripe_portal_change_plan", readonly=False
    )
    stripe_portal_change_quantity = fields.Boolean(
        related="company_id.stripe_portal_change_quantity", readonly=False
    )
    stripe_portal_pause = fields.Boolean(related="company_id.stripe_portal_pause", readonly=False)
    stripe_portal_billing = fields.Boolean(
        related="company_id.stripe_portal_billing", readonly=False
    )
    stripe_default_terms = fields.Html(related="company_id.stripe_default_terms", readonly=False)

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_stripe_billing_lanes(self):
        self.stripe_billing_lanes = len(self.env["stripe.event"]._get_lanes())

    def _inverse_stripe_billing_lanes(self):
        for settings in self:
            self.env["stripe.event"]._set_lanes(settings.stripe_billing_lanes)

    # === CONSTRAINT METHODS === #

    @api.constrains("stripe_billing_event_retention_days")
    def _check_stripe_billing_event_retention_days(self):
        if any(settings.stripe_billing_event_retention_days < 1 for settings in self):
            raise ValidationError(self.env._("Events are kept for one day at least."))
