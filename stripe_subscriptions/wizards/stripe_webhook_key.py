from odoo import fields, models


class StripeWebhookKey(models.TransientModel):
    """Asks for the new webhook key."""

    _name = "stripe.webhook.key"
    _description = "Replace the Webhook Key"

    # === FIELDS === #

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    key = fields.Char(
        required=True,
        help="Letters and digits.",
        default=lambda self: self.env["payment.provider"]._stripe_billing_make_key(),
    )

    # === ACTION METHODS === #

    def action_replace(self):
        """Change the key here and the webhook's address at Stripe.

        :return: A notification.
        """
        self.ensure_one()
        provider = self.provider_id
        provider.check_access("write")
        provider._stripe_billing_replace_key((self.key or "").strip())
        return provider._stripe_billing_notification(
            self.env._("The webhook has a new address, at Stripe too.")
        ) | {"next": {"type": "ir.actions.act_window_close"}}
