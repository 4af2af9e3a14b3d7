from odoo import api, fields, models
from odoo.exceptions import UserError


class StripeSubscriptionTrial(models.TransientModel):
    """Asks when a trial ends."""

    _name = "stripe.subscription.trial"
    _description = "Change Trial"
    _inherit = ["stripe.subscription.wizard"]

    _action = "trial"
    _method = "_stripe_change_trial"
    _preview_method = "_stripe_preview_trial"

    # === FIELDS === #

    when = fields.Selection(
        [("date", "On another day"), ("now", "Now: charge the first period")],
        string="Trial Ends",
        required=True,
        default="date",
    )
    date = fields.Date(string="First Charge On")
    ends_at = fields.Datetime(related="subscription_id.trial_end", string="Currently Ends On")

    # === ONCHANGE METHODS === #

    @api.onchange("when", "date")
    def _onchange_preview(self):
        self._load_preview()

    # === BUSINESS METHODS === #

    def _has_preview(self):
        """Override of `stripe_subscriptions`."""
        return self.when == "now" or bool(self.date)

    def _check_answers(self):
        """Override of `stripe_subscriptions`."""
        if not self._has_preview():
            raise UserError(self.env._("Choose a day."))

    def _get_arguments(self):
        """Override of `stripe_subscriptions`."""
        return {"ends_at": "now" if self.when == "now" else self._get_moment(self.date)}


class StripeSubscriptionCoupon(models.TransientModel):
    """Asks for the coupon of subscriptions."""

    _name = "stripe.subscription.coupon"
    _description = "Change Coupon"
    _inherit = ["stripe.subscription.wizard"]

    _action = "coupon"
    _method = "_stripe_set_coupon"
    _preview_method = "_stripe_preview_coupon"

    # === FIELDS === #

    current_id = fields.Many2one(related="subscription_id.coupon_id", string="Coupon Now")
    coupon_id = fields.Many2one(
        "stripe.coupon",
        help="Takes the place of the coupons that are there. Empty: without a coupon.",
        ondelete="cascade",
    )
    domain_provider_id = fields.Many2one(
        "payment.provider", compute="_compute_domain_provider_id", string="Account of the Coupons"
    )

    # === COMPUTE METHODS === #

    @api.depends("subscription_ids")
    def _compute_domain_provider_id(self):
        for wizard in self:
            wizard.domain_provider_id = wizard.subscription_ids[:1].provider_id

    # === ONCHANGE METHODS === #

    @api.onchange("coupon_id")
    def _onchange_preview(self):
        self._load_preview()

    # === BUSINESS METHODS === #

    def _check_answers(self):
        """Override of `stripe_subscriptions`."""
        if self.count == 1 and not self.coupon_id and not self.current_id:
            raise UserError(self.env._("Choose a coupon."))

    def _get_arguments(self):
        """Override of `stripe_subscriptions`."""
        return {"coupon_id": self.coupon_id.id}


class StripeSubscriptionBillingDate(models.TransientModel):
    """Asks from when on a subscription is billed."""

    _name = "stripe.subscription.billing.date"
    _description = "Change Billing Date"
    _inherit = ["stripe.subscription.wizard"]

    _action = "billing_date"
    _method = "_stripe_change_billing_date"
    _preview_method = "_stripe_preview_billing_date"

    # === FIELDS === #

    when = fields.Selection(
        [("date", "On a later day"), ("now", "Now")],
        string="New Period Begins",
        required=True,
        default="date",
    )
    date = fields.Date(string="Next Charge On")
    renews_at = fields.Datetime(
        related="subscription_id.current_period_end", string="Currently Renews On"
    )
    proration = fields.Selection(
        [("none", "Give nothing back"), ("create_prorations", "Credit the unused time")],
        string="Time Already Paid",
        required=True,
        default="none",
    )

    # === ONCHANGE METHODS === #

    @api.onchange("when")
    def _onchange_when(self):
        """Propose what is fair: who begins anew today has paid for some of the time already."""
        self.proration = "create_prorations" if self.when == "now" else "none"

    @api.onchange("when", "date", "proration")
    def _onchange_preview(self):
        self._load_preview()

    # === BUSINESS METHODS === #

    def _has_preview(self):
        """Override of `stripe_subscriptions`."""
        return self.when == "now" or bool(self.date)

    def _check_answers(self):
        """Override of `stripe_subscriptions`."""
        if not self._has_preview():
            raise UserError(self.env._("Choose a day."))

    def _get_arguments(self):
        """Override of `stripe_subscriptions`."""
        at = "now" if self.when == "now" else self._get_moment(self.date)
        return {"at": at, "proration": self.proration}


class StripeSubscriptionCharge(models.TransientModel):
    """Asks what is charged beside the plans."""

    _name = "stripe.subscription.charge"
    _description = "Charge a One-off Item"
    _inherit = ["stripe.subscription.wizard"]

    _action = "charge"
    _method = "_stripe_charge_once"
    _preview_method = "_stripe_preview_charge"

    # === FIELDS === #

    description = fields.Char(help="Printed on the invoice.")
    amount = fields.Monetary(
        help="Before taxes that come on top. A negative amount is a credit.",
        currency_field="currency_id",
    )
    when = fields.Selection(
        [
            ("next", "With the next invoice"),
            ("now", "Now, with whatever else waits for an invoice"),
        ],
        string="Billed",
        required=True,
        default="next",
    )

    # === ONCHANGE METHODS === #

    @api.onchange("description", "amount", "when")
    def _onchange_preview(self):
        self._load_preview()

    # === BUSINESS METHODS === #

    def _has_preview(self):
        """Override of `stripe_subscriptions`."""
        return bool(self.description and self.amount)

    def _check_answers(self):
        """Override of `stripe_subscriptions`."""
        if not self._has_preview():
            raise UserError(self.env._("Say what is charged, and how much."))

    def _get_arguments(self):
        """Override of `stripe_subscriptions`."""
        return {"description": self.description, "amount": self.amount, "when": self.when}
