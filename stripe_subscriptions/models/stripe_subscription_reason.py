from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const


class StripeSubscription(models.Model):
    """Why a subscription was canceled: https://docs.stripe.com/api/subscriptions/object, `cancellation_details`."""

    _inherit = "stripe.subscription"

    # === FIELDS === #

    cancellation_reason = fields.Selection(
        const.CANCELLATION_REASONS, string="Canceled Because", readonly=True, copy=False
    )
    cancellation_feedback = fields.Selection(
        const.FEEDBACK,
        string="Reason of the Customer",
        help="Chosen by the customer, or by whoever canceled for them.",
        readonly=True,
        copy=False,
    )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`: reasons that are not known here are left out."""
        details = obj.get("cancellation_details") or {}
        known = {
            "reason": dict(const.CANCELLATION_REASONS),
            "feedback": dict(const.FEEDBACK),
        }
        return {
            **super()._prepare_stripe_values(provider, obj, lookup),
            **{
                f"cancellation_{key}": details.get(key) in texts and details[key]
                for key, texts in known.items()
            },
        }
