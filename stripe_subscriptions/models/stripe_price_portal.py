from odoo import fields, models


class StripePrice(models.Model):
    """To which plans customers may change by themselves, where the company lets them."""

    _inherit = "stripe.price"

    # === FIELDS === #

    portal_offer = fields.Selection(
        [
            ("no", "Nobody"),
            ("product", "Customers of the same product"),
            ("all", "All customers"),
        ],
        string="Customers May Change to It",
        help="Who is offered this plan in the portal, where customers may change their plan by "
        "themselves (see the settings).",
        required=True,
        default="product",
    )
