from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const


class StripeSubscription(models.Model):
    """What a customer has for its money: the one place where other addons ask.

    A shop, a helpdesk or a product of yours asks `partner._get_subscribed_products()`, searches
    subscriptions by `gives_access`, or lets an automation rule act when that field changes.
    """

    _inherit = "stripe.subscription"

    # === FIELDS === #

    gives_access = fields.Boolean(
        help="Whether the customer is to have what it has subscribed to: from the start of a trial until "
        "the subscription ends, also while a payment is being tried again. Not while it is unpaid, "
        "paused or not begun.",
        compute="_compute_gives_access",
        store=True,
        index=True,
    )

    # === COMPUTE METHODS === #

    @api.depends("status")
    def _compute_gives_access(self):
        for subscription in self:
            subscription.gives_access = subscription.status in const.ACCESS_STATUSES


class ResPartner(models.Model):
    """What a customer has subscribed to."""

    _inherit = "res.partner"

    # === BUSINESS METHODS === #

    def _get_subscribed_products(self):
        """Return the products that the customers have access to by their subscriptions, now.

        What one contact of a company has subscribed to, all of the company have. Reads the database
        only; may be called by anybody's code, whatever the rights of the user.

        :return: How many of each product; metered plans count as one.
        :rtype: dict[product.product, int]
        """
        groups = (
            self.env["stripe.subscription.item"]
            .sudo()
            ._read_group(
                [
                    ("subscription_id.gives_access", "=", True),
                    ("subscription_id.partner_id", "child_of", self.commercial_partner_id.ids),
                    ("price_id.product_id", "!=", False),
                ],
                ["price_id", "usage_type"],
                ["quantity:sum", "__count"],
            )
        )
        products = {}
        for price, usage_type, quantity, count in groups:
            product = price.product_id.with_env(self.env)
            number = count if usage_type == "metered" else quantity
            products[product] = products.get(product, 0) + number
        return products
