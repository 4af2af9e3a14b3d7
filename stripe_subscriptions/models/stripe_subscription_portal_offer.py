from odoo import models
from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError
from odoo.tools import SQL


class StripeSubscription(models.Model):
    """What a customer sees and does before it has subscribed."""

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS === #

    def _portal_wait(self):
        """Wait until nobody else acts on the subscription, and keep others waiting until this has ended.

        Where somebody has acted meanwhile, the transaction is rolled back and the request is handled
        again, by Odoo itself, with what is true then.
        """
        self.ensure_one()
        self.env.cr.execute("SET LOCAL lock_timeout = '8s'")
        self.env.cr.execute(
            SQL(
                "SELECT id FROM %s WHERE id = %s FOR NO KEY UPDATE",
                SQL.identifier(self._table),
                self.id,
            )
        )
        self.env.cr.execute("SET LOCAL lock_timeout = 0")

    def _portal_subscribe(self, payment_method=None):
        """Subscribe, or return where to send the customer for that; see `_stripe_get_subscribe_url`.

        :param str payment_method: Of `_portal_get_cards`; empty for a new card.
        :rtype: str
        :raise UserError: When it is not the customer's card, or the subscription is not to be had.
        """
        if payment_method and not self.stripe_id:
            self._portal_get_customer()._check_card(payment_method)
        return self._stripe_get_subscribe_url(payment_method or None)

    def _portal_get_customer(self):
        """Return the customer at Stripe to whom the cards belong that may be charged; may be empty.

        :rtype: stripe.customer
        """
        return self.env["stripe.customer"]._stripe_get(self.provider_id.sudo(), self.partner_id)

    def _portal_get_cards(self):
        """Return the cards at Stripe with which a draft can be subscribed to by one click.

        :return: See `stripe.customer._portal_get_cards`; those that have expired, and bank accounts
            in another currency, are left out.
        :rtype: list[dict]
        :raise UserError: When Stripe cannot be reached.
        """
        customer = self._portal_get_customer()
        if self.collection_method != "charge_automatically" or not customer:
            return []
        currency = self.currency_id.name
        return [
            card
            for card in customer._portal_get_cards()
            if card["state"] != "expired"
            and currency in const.DEBIT_CURRENCIES.get(card["type"], (currency,))
        ]

    def _portal_get_offer_rows(self):
        """Return what a draft costs, as the customer reads it; see `_get_offer_rows`.

        :rtype: list[dict]
        :raise UserError: When Stripe cannot be reached.
        """
        rows = self._get_offer_rows(self._stripe_get_offer())
        labels = {
            "balance": self.env._("Your balance"),
            "tax_unknown": self.env._("Tax: it depends on your address"),
        }
        return [{**row, "label": labels.get(row["name"], row["label"])} for row in rows]

    def _portal_count_failure(self, error):
        """Count a promotion code that was not taken.

        :param UserError error: Why not.
        """
        cause = error.__cause__
        if isinstance(cause, StripeGatewayError) and cause.retryable:
            return
        self.sudo().promotion_failures += 1

    # === BUSINESS METHODS - FIRST PAYMENT === #

    def _portal_get_payment_url(self):
        """Return Stripe's page of the invoice that is to be paid or confirmed.

        :return: False when there is nothing to pay.
        :rtype: str|bool
        :raise UserError: When Stripe cannot be reached.
        """
        self.ensure_one()
        latest = (self.sudo().stripe_data or {}).get("latest_invoice")
        invoice_id = self._get_owed_move().stripe_invoice_id or latest
        return bool(invoice_id) and self.provider_id.sudo()._stripe_get_payment_url(invoice_id)
