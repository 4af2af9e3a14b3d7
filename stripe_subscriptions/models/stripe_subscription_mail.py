from odoo import fields, models
from odoo.addons.stripe_subscriptions import const


class StripeSubscription(models.Model):
    """The mails about a subscription, and what leads from them to the portal."""

    _name = "stripe.subscription"
    _inherit = ["stripe.subscription", "stripe.mail.record"]

    # === ACTION METHODS === #

    def action_stripe_mails(self):
        """Show the mails about the subscription that were sent, are due, or were not needed."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stripe_subscriptions.action_stripe_mail"
        )
        return {**action, "domain": [("subscription_id", "in", self.ids)], "path": False}

    # === BUSINESS METHODS - MAIL AND PORTAL === #

    def message_post(self, **kwargs):
        """Override of `mail`: an invitation that was sent is remembered."""
        if self.env.context.get("mark_subscription_as_sent"):
            self.filtered(lambda s: not s.sent_at).sudo().sent_at = fields.Datetime.now()
        return super().message_post(**kwargs)

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Override of `mail`: the button of the customer's mail says what it is for."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        if self and len(self) == 1:
            for name, _method, values in groups:
                button = values.setdefault("button_access", {})
                if name in ("portal_customer", "portal"):
                    values["has_button_access"] = True
                    button["title"] = self._get_button_title()
                elif name == "user":
                    button["title"] = self.env._("View subscription")
        return groups

    def _get_button_title(self):
        """Return what the button of the customer's mail says, by what the mail is about."""
        if self.status == "draft":
            return self.env._("Review and subscribe")
        titles = {
            "card_expiring": self.env._("Look at the card"),
            "card_updated": self.env._("Look at the card"),
            "cancel_scheduled": self.env._("View or resume"),
        }
        kind = self.env.context.get("stripe_mail_kind")
        return titles.get(kind) or self.env._("View subscription")

    def _message_get_suggested_recipients_batch(self, *args, **kwargs):
        """Override of `mail`: the company, whose mails they are, gets no copy of the next one."""
        suggested = super()._message_get_suggested_recipients_batch(*args, **kwargs)
        for record in self:
            company = record.company_id.partner_id.id
            suggested[record.id] = [
                values for values in suggested[record.id] if values["partner_id"] != company
            ]
        return suggested

    def _mail_get_partner_fields(self, introspect_fields=False):
        """Override of `mail`: mails go to the primary contact."""
        return ["contact_id"]

    # === BUSINESS METHODS - OUTBOX === #

    def _stripe_get_mail_contact(self):
        """Override of `stripe.mail.record`."""
        self.ensure_one()
        return self.contact_id or self.partner_id

    def _stripe_get_mail_subscription(self):
        """Override of `stripe.mail.record`."""
        return self

    def _stripe_get_mail_obstacle(self, kind, key, facts):
        """Override of `stripe.mail.record`: what has changed again since it was noted."""
        self.ensure_one()
        ended = self.env._("The subscription has ended.")
        if kind in ("canceled", "changed", "card_updated"):
            return False
        if self.status in const.ENDED_STATUSES:
            return ended
        if kind == "cancel_scheduled":
            return not self.cancel_at and self.env._("It was resumed meanwhile.")
        if kind in ("resumed", "renewal", "trial_ending", "card_expiring") and self.cancel_at:
            return self.env._("It was canceled meanwhile.")
        moment = {"renewal": self.next_charge_at, "trial_ending": self.trial_end}.get(kind)
        if kind in ("renewal", "trial_ending") and fields.Datetime.to_string(moment) != key:
            return self.env._("The date has changed meanwhile.")
        if kind == "trial_ending" and self.status != "trialing":
            return self.env._("It is not a trial any more.")
        return False

    # === BUSINESS METHODS - TEXTS === #

    def _stripe_status_text(self):
        """Return the status as people read it."""
        self.ensure_one()
        return dict(self._fields["status"]._description_selection(self.env))[self.status]

    def _stripe_mail_items(self):
        """Return the plans of the subscription for people, one text each.

        :rtype: list[str]
        """
        return [
            f"{item.quantity} × {item.price_id.name}"
            if item.usage_type == "licensed"
            else item.price_id.name
            for item in self.item_ids
        ]
