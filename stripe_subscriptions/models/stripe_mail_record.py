from odoo import models
from odoo.addons.stripe_subscriptions import utils


class StripeMailRecord(models.AbstractModel):
    """What records have that mails of the outbox are about; templates may use all of it."""

    _name = "stripe.mail.record"
    _description = "Record of Stripe Mails"

    # === BUSINESS METHODS === #

    def _stripe_mail_fact(self, name):
        """Return what a mail says beyond the record, such as what was refunded.

        :param str name: Of the fact.
        :return: False when the template is not rendered for a mail that is due, as in its preview.
        """
        return (self.env.context.get("stripe_mail_facts") or {}).get(name) or False

    def _stripe_local_day(self, moment):
        """Return the day on which a moment falls where the customer is, else where the company is.

        :param datetime moment: Naive UTC; False stays False.
        :rtype: date|bool
        """
        self.ensure_one()
        tz = self._stripe_get_mail_contact().tz or self.company_id.partner_id.tz
        return bool(moment) and utils.to_local_date(utils.to_timestamp(moment), tz)

    def _stripe_get_mail_contact(self):
        """Return who gets the mails.

        :rtype: res.partner
        """
        raise NotImplementedError(f"{self._name} does not say who gets its mails")

    def _stripe_get_mail_subscription(self):
        """Return the subscription that the mails are about, empty for a single invoice.

        :rtype: stripe.subscription
        """
        raise NotImplementedError(f"{self._name} does not say what its mails are about")

    def _stripe_get_mail_obstacle(self, kind, key, facts):
        """Return why a mail that is due is no longer true, False when it still is.

        :param str kind: See `stripe_mails.KINDS`.
        :param str key: See `stripe_mails.Mail`.
        :param dict facts: See `stripe_mails.Mail`.
        :rtype: str|bool
        """
        raise NotImplementedError(f"{self._name} does not say when its mails are true")
