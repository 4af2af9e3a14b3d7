from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import utils
from odoo.tools import format_amount


class StripeCoupon(models.Model):
    """A discount that staff may give with a subscription. Made only at Stripe."""

    _name = "stripe.coupon"
    _description = "Stripe Coupon"
    _inherit = ["stripe.mixin"]
    _order = "name, id"
    _stripe_dashboard_path = "coupons"
    _check_company_domain = models.check_company_domain_parent_of

    # === FIELDS === #

    name = fields.Char(required=True, readonly=True)
    percent_off = fields.Float(digits=(5, 2), readonly=True)
    amount_off = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(
        "res.currency", help="Only of a coupon that takes off an amount.", readonly=True
    )
    duration = fields.Selection(
        [("once", "Once"), ("repeating", "Several months"), ("forever", "Forever")],
        required=True,
        readonly=True,
    )
    duration_in_months = fields.Integer(string="Months", readonly=True)
    active = fields.Boolean(
        help="Whether the coupon can still be redeemed.", default=True, readonly=True
    )

    # === COMPUTE METHODS === #

    @api.depends("name", "percent_off", "amount_off", "duration", "duration_in_months")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for coupon in self:
            coupon.display_name = (
                f"{coupon.name} ({coupon._get_discount_text()})" if coupon.name else False
            )

    # === BUSINESS METHODS === #

    def _get_discount_text(self):
        """Return what the coupon takes off as people read it, such as "10% off for 3 months"."""
        self.ensure_one()
        if self.percent_off:
            off = f"{self.percent_off:.2f}".rstrip("0").rstrip(".") + "%"
        else:
            off = format_amount(self.env, self.amount_off, self.currency_id)
        if self.duration == "forever":
            return self.env._("%(amount)s off", amount=off)
        if self.duration == "once":
            return self.env._("%(amount)s off once", amount=off)
        return self.env._(
            "%(amount)s off for %(count)s months", amount=off, count=self.duration_in_months
        )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`."""
        currency = obj.get("currency")
        return {
            "name": obj.get("name") or obj["id"],
            "percent_off": float(obj.get("percent_off") or 0),
            "amount_off": utils.to_major(obj["amount_off"], currency) if currency else 0,
            "currency_id": currency and self.env["res.currency"]._stripe_get(currency).id,
            "duration": obj["duration"],
            "duration_in_months": obj.get("duration_in_months"),
            "active": obj["valid"],
        }
