from odoo import fields, models


class StripeSubscription(models.Model):
    """The mails about a subscription, and what leads from them to the portal."""

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - MAIL AND PORTAL === #

    def message_post(self, **kwargs):
        """Override of `mail`: an invitation that was sent is remembered."""
        if self.env.context.get("mark_subscription_as_sent"):
            self.filtered(lambda s: not s.sent_at).sent_at = fields.Datetime.now()
        return super().message_post(**kwargs)

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Override of `mail`: the button of the customer's mail says what it is for."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        if self and len(self) == 1:
            for name, _method, values in groups:
                if name in ("portal_customer", "portal"):
                    values["has_button_access"] = True
                    values.setdefault("button_access", {})["title"] = (
                        self.env._("Review and subscribe")
                        if self.status == "draft"
                        else self.env._("View subscription")
                    )
        return groups

    def _mail_get_partner_fields(self, introspect_fields=False):
        """Override of `mail`: mails go to the primary contact."""
        return ["contact_id"]
