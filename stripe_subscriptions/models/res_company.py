from odoo import fields, models


class ResCompany(models.Model):
    """What a company lets its customers do with their subscriptions, and what it offers by default."""

    _inherit = "res.company"

    # === FIELDS === #

    stripe_portal_show = fields.Boolean(
        string="Subscriptions in the Customer Portal",
        help="Customers see their subscriptions in the portal. A link that was mailed works in any case.",
        default=True,
    )
    stripe_portal_colleagues = fields.Boolean(
        string="Colleagues May Look",
        help="All contacts of a company see its subscriptions. Only the primary contact can act.",
        default=True,
    )
    stripe_portal_cancel = fields.Selection(
        [
            ("no", "Not by themselves"),
            ("period_end", "At the end of the period"),
            ("now", "At the end of the period, or at once"),
        ],
        string="Customers Cancel",
        required=True,
        default="now",
    )
    stripe_portal_resume = fields.Boolean(
        string="Take Cancellation Back",
        help="Customers may take a cancellation back until it has taken effect.",
        default=True,
    )
    stripe_portal_change_plan = fields.Boolean(string="Customers Change the Plan")
    stripe_portal_change_quantity = fields.Boolean(string="Customers Change the Quantity")
    stripe_portal_pause = fields.Boolean(string="Customers Pause")
    stripe_portal_billing = fields.Boolean(
        string="Link to Stripe's Portal",
        help="Customers also get a link to Stripe's own billing portal, which has to be set up in "
        "Stripe's Dashboard.",
    )
    stripe_default_terms = fields.Html(
        string="Default Terms",
        help="Terms of new subscriptions; they can be changed in each.",
        translate=True,
        sanitize_attributes=True,
        sanitize_form=True,
    )
