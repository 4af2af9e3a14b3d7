from odoo import models
from odoo.addons.stripe_subscriptions import stripe_mails, utils


class StripeEvent(models.Model):
    """The mails that events ask for which no change of an object tells.

    Stripe announces renewals, ends of trials, and cards that a bank has renewed; the event is the hint
    and what the mail says is read from the objects.
    """

    _inherit = "stripe.event"

    # === BUSINESS METHODS === #

    def _get_happened(self):
        """Return when happened what events tell, by the id of their object.

        :return: Unix seconds; the latest of an object.
        :rtype: dict[str, int]
        """
        happened = {}
        for event in self:
            at = utils.to_timestamp(event.created_at)
            happened[event.object_id] = max(at, happened.get(event.object_id, at))
        return happened

    def _note_mails(self):
        """Note the mails that events ask for; the records are up to date."""
        for event in self:
            if event.event_type == "invoice.upcoming":
                event._get_record()._stripe_note_renewal(utils.to_timestamp(event.created_at))
            elif event.event_type == "customer.subscription.trial_will_end":
                event._get_record()._stripe_note_trial_end(utils.to_timestamp(event.created_at))
            elif event.event_type == "payment_method.automatically_updated":
                event._note_card()

    def _note_card(self):
        """Note the mail that a card was renewed, when it is charged for a subscription.

        Which card a subscription uses is read from what Stripe says of it and of its customer.
        """
        self.ensure_one()
        customer = self._get_record()
        method = utils.path(self.sudo().payload, "data.object.id")
        default = utils.path(customer.sudo().stripe_data, "invoice_settings.default_payment_method")
        subscriptions = (
            self.env["stripe.subscription"]
            .search([("stripe_customer_id", "in", customer.ids)], order="next_charge_at, id")
            ._stripe_charged_live()
            .filtered(lambda s: (s.stripe_data.get("default_payment_method") or default) == method)
        )
        at = utils.to_timestamp(self.created_at)
        if subscriptions:
            # Two events may tell one renewal of the card.
            key = f"{method}/{self.created_at:%Y-%m-%d}"
            mail = stripe_mails.Mail("card_updated", key, subscriptions[0]._get_happened_at(at))
            self.env["stripe.mail"]._note(self.provider_id, [(subscriptions[0], mail)])
