from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# Days before the end of its last month in which a card is marked as expiring.
EXPIRING_DAYS = 31


class StripeCustomer(models.Model):
    """A customer's cards as staff see them: asked for at Stripe each time, stored nowhere in Odoo."""

    _inherit = "stripe.customer"

    # === BUSINESS METHODS === #

    def _get_card_section(self):
        """Return what the form of a contact shows of the cards of one Stripe customer.

        :return: `id`, `name` (account and id at Stripe), `cards` (see `_get_card_row`; the default one
            comes first), and `error`, a sentence in place of the cards that could not be read.
        :rtype: dict
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        section = {
            "id": self.id,
            "name": f"{provider.name} · {self.stripe_id}",
            "cards": [],
            "error": "",
        }
        if not self.sudo().is_current_mode:
            section["error"] = self.env._(
                "This customer belongs to the other mode of Stripe than the one in which the account "
                "works now."
            )
            return section
        try:
            cards = sorted(self._stripe_get_cards(), key=lambda card: not card["is_default"])
        except UserError as error:
            section["error"] = str(error)
            return section
        return {**section, "cards": [self._get_card_row(card) for card in cards]}

    def _get_card_row(self, card):
        """Return a card as people read it.

        :param dict card: See `_stripe_get_cards`.
        :return: `id`, `type` (Stripe's word), `name`, `expires` (text, empty of what does not expire), `state` ("", "expiring",
            "expired"), `is_default`.
        :rtype: dict
        """
        month, year = card["exp_month"], card["exp_year"]
        return {
            "id": card["id"],
            "type": card["type"],
            "name": self._get_card_text(card),
            "expires": f"{month:02} / {year}" if year else "",
            "state": self._get_card_state(month, year) if year else "",
            "is_default": card["is_default"],
        }

    @api.model
    def _get_card_state(self, month, year):
        """Return whether a card is at its end: it is good until the last day of the month printed on it.

        :param int month: From 1 to 12.
        :param int year: With four digits.
        :return: "", "expiring" or "expired".
        :rtype: str
        """
        last = fields.Date.end_of(
            fields.Date.today().replace(year=year, month=month, day=1), "month"
        )
        today = fields.Date.context_today(self)
        if today > last:
            return "expired"
        return "expiring" if today + timedelta(days=EXPIRING_DAYS) > last else ""

    @api.model
    def _get_card_text(self, card):
        """Return a card or bank account as people know it, such as "Visa •••• 4242".

        :param dict card: See `_stripe_get_cards`.
        :rtype: str
        """
        debits = {
            "sepa_debit": self.env._("SEPA debit"),
            "us_bank_account": self.env._("Bank account"),
            "bacs_debit": self.env._("Bacs debit"),
            "au_becs_debit": self.env._("BECS debit"),
            "acss_debit": self.env._("Bank account"),
        }
        name = (card["brand"] or card["type"]).replace("_", " ").title()
        name = card["bank"] or debits.get(card["type"]) or name
        return f"{name} •••• {card['last4']}" if card["last4"] else name


class ResPartner(models.Model):
    """The cards of a contact, for those who work with subscriptions."""

    _inherit = "res.partner"

    # === BUSINESS METHODS === #

    @api.readonly
    def get_stripe_cards(self):
        """Return the cards of the contact's customers at Stripe, for the widget of its form.

        Nobody is asked anything for a contact that is no customer at Stripe.

        :return: For each customer that the user may see, see `_get_card_section`.
        :rtype: list[dict]
        :raise AccessError: When the user does not work with subscriptions.
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("stripe_subscriptions.group_stripe_subscriptions_user"):
            raise AccessError(
                self.env._("Only those who work with subscriptions may see a customer's cards.")
            )
        return [customer._get_card_section() for customer in self.stripe_customer_ids]
