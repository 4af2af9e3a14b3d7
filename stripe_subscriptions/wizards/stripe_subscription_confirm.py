from odoo import api, fields, models


class StripeSubscriptionConfirm(models.TransientModel):
    """Asks whether something is done that needs no further answer, and shows the money."""

    _name = "stripe.subscription.confirm"
    _description = "Change Subscription"
    _inherit = ["stripe.subscription.wizard"]

    # === FIELDS === #

    action = fields.Selection(
        [
            ("resume", "Undo Cancellation"),
            ("resume_collection", "Collect Payments Again"),
            ("drop_change", "Drop the Planned Change"),
            ("retry", "Retry the Payment"),
        ],
        required=True,
        readonly=True,
    )
    text = fields.Char(compute="_compute_text")

    # === COMPUTE METHODS === #

    @api.depends("action", "subscription_ids")
    def _compute_text(self):
        for wizard in self:
            wizard.text = wizard._get_text()

    def _get_text(self):
        """Return what will happen.

        :rtype: str
        """
        many, subscription = self.count != 1, self.subscription_id
        if self.action == "resume":
            return self.env._("The scheduled end is taken back. Stripe goes on charging.")
        if self.action == "resume_collection":
            return self.env._("Stripe collects the payments of invoices again from now on.")
        if self.action == "drop_change":
            return self.env._(
                "The plans stay as they are: %(plans)s is dropped.", plans=subscription.planned_text
            )
        if self.action == "retry" and not many and (move := subscription._get_owed_move()):
            return self.env._(
                "Stripe charges %(amount)s for invoice %(invoice)s to the customer's card now.",
                amount=move.currency_id.format(move.amount_residual),
                invoice=move.name,
            )
        return self.env._("Stripe charges what is owed to the customer's card now.")

    # === ONCHANGE METHODS === #

    @api.onchange("action")
    def _onchange_preview(self):
        self._load_preview()

    # === BUSINESS METHODS === #

    def _get_action_name(self):
        """Override of `stripe_subscriptions`."""
        return self.action or self.env.context.get("default_action")

    def _get_method_name(self):
        """Override of `stripe_subscriptions`."""
        return {
            "resume": "_stripe_resume",
            "resume_collection": "_stripe_resume_collection",
            "drop_change": "_stripe_drop_change",
            "retry": "_stripe_retry_payment",
        }[self.action]

    def _get_preview(self):
        """Override of `stripe_subscriptions`: the next invoice as it will be."""
        return self.subscription_id._stripe_preview_resume()

    def _has_preview(self):
        """Override of `stripe_subscriptions`: what is owed or planned already needs none."""
        return self.action == "resume"
