from odoo import api, fields, models
from odoo.exceptions import ValidationError


class StripeSubscriptionItem(models.Model):
    """A line of a subscription: a plan and how many of it."""

    _name = "stripe.subscription.item"
    _description = "Stripe Subscription Item"
    _order = "sequence, id"
    _rec_name = "price_id"
    _check_company_auto = True

    # === FIELDS === #

    subscription_id = fields.Many2one(
        "stripe.subscription", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="subscription_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    price_id = fields.Many2one(
        string="Plan",
        comodel_name="stripe.price",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
    )
    quantity = fields.Integer(
        help="Number of units, such as seats. Metered plans are charged by use.",
        default=1,
        required=True,
    )
    stripe_id = fields.Char(string="Stripe ID", readonly=True, copy=False)
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    usage_type = fields.Selection(related="price_id.usage_type")
    price_text = fields.Char(related="price_id.price_text")

    _stripe_id_uniq = models.UniqueIndex(
        "(subscription_id, stripe_id) WHERE stripe_id IS NOT NULL",
        "This Stripe subscription item is in Odoo already.",
    )
    _quantity_not_negative = models.Constraint(
        "CHECK (quantity >= 0)", "The quantity cannot be negative."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("price_id", "subscription_id")
    def _check_price(self):
        for item in self:
            price, subscription = item.price_id, item.subscription_id
            if price.currency_id != subscription.currency_id:
                raise ValidationError(
                    self.env._(
                        "The plan %(plan)s is in %(plan_currency)s, but %(customer)s is billed in "
                        "%(currency)s: choose a plan in that currency.",
                        plan=price.name,
                        plan_currency=price.currency_id.name,
                        customer=subscription.partner_id.display_name,
                        currency=subscription.currency_id.name,
                    )
                )
            if price.provider_id != subscription.provider_id:
                raise ValidationError(
                    self.env._(
                        "The plan %(plan)s is of another Stripe account than the subscription.",
                        plan=price.name,
                    )
                )

    @api.constrains("quantity", "price_id")
    def _check_quantity(self):
        for item in self:
            if not item.quantity and item.usage_type == "licensed" and not item.stripe_id:
                raise ValidationError(self.env._("The quantity must be at least 1."))

    # === BUSINESS METHODS === #

    def _prepare_checkout_line(self):
        """Return the line item of a Checkout Session; a metered plan has no quantity.

        :rtype: dict
        """
        self.ensure_one()
        line = {"price": self.price_id.stripe_id}
        if self.usage_type == "licensed":
            line["quantity"] = self.quantity
        return line
