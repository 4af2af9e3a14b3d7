from odoo import SUPERUSER_ID, api, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError
from odoo.tools.urls import urljoin

# Subscriptions that get another card while the customer waits; more get it from a job.
MAX_AT_ONCE = 20


class StripeCustomer(models.Model):
    """The customer's own cards, looked after in the portal. They are at Stripe; nothing of them is kept.

    https://docs.stripe.com/payments/checkout/subscriptions/update-payment-details
    """

    _inherit = "stripe.customer"

    # === BUSINESS METHODS - WHO === #

    @api.model
    def _portal_get_customers(self, user):
        """Return the Stripe customers whose cards somebody may look after.

        :param res.users user: Who it is: the primary contact of the company, or the contact of one of
            its subscriptions.
        :return: One for each Stripe account, in sudo.
        :rtype: stripe.customer
        """
        customers = self.sudo()
        if not user._is_portal():
            return customers
        partner = user.partner_id.sudo()
        company = partner.commercial_partner_id
        customers = customers.search([("partner_id", "=", company.id)], order="id").filtered(
            lambda customer: (
                customer.is_current_mode and customer.provider_id.company_id.stripe_portal_show
            )
        )
        if partner == company or company._get_stripe_primary_contact() == partner:
            return customers
        return customers.filtered(
            lambda customer: (
                self.env["stripe.subscription"]
                .sudo()
                .search_count(
                    [
                        ("stripe_customer_id", "=", customer.id),
                        ("contact_id", "=", partner.id),
                        ("status", "in", const.LIVE_STATUSES),
                    ],
                    limit=1,
                )
            )
        )

    # === BUSINESS METHODS - CARDS === #

    def _portal_get_cards(self):
        """Return the customer's cards as the portal shows them.

        :return: As `_stripe_get_cards`, with `name` and `state`, see `_get_card_row`; `is_charged`
            (something is charged to it) and `may_choose` (not all is). Those charged come first.
        :rtype: list[dict]
        :raise UserError: When Stripe cannot be reached.
        """
        cards = self._stripe_get_cards()
        used = {card["id"] for card in cards if card["is_default"]} | self._get_own_cards()
        rows = [
            {
                **card,
                **self._get_card_row(card),
                "is_charged": card["id"] in used,
                "may_choose": used != {card["id"]},
            }
            for card in cards
        ]
        return sorted(rows, key=lambda row: not row["is_charged"])

    def _stripe_get_card_page(self, form_key, path):
        """Return Stripe's page on which the customer enters another card.

        :param str form_key: Of the form that asks for it: sent twice it leads to the same page.
        :param str path: Where the customer comes back to, in Odoo.
        :rtype: str
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        currency = self.currency_id or provider.company_id.currency_id
        back = urljoin(provider.get_base_url(), path)
        params = {
            "mode": "setup",
            "customer": self.stripe_id,
            "currency": currency.name.lower(),
            "success_url": f"{back}/return?customer={self.id}&session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": back,
        }
        session = provider._stripe_request(
            "checkout.sessions",
            "create",
            params=params,
            idempotency_key=provider._stripe_idempotency_key(
                "card", self.stripe_id, utils.fingerprint([form_key, params])
            ),
        )
        # The page of the same form was used already: a new form leads to a new page.
        return session["url"] or back

    def _stripe_take_card(self, session_id):
        """Charge the card from now on that the customer has entered on Stripe's page.

        :param str session_id: The Checkout Session, put into the address by Stripe.
        :return: Whether there is one; see `_stripe_set_default_card`.
        :rtype: bool
        :raise UserError: When the page was not this customer's, or Stripe cannot be reached.
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        session = provider._stripe_retrieve("checkout.sessions", session_id, ("setup_intent",))
        if utils.object_id(session.get("customer")) != self.stripe_id or session["mode"] != "setup":
            raise UserError(self.env._("This page belongs to another customer."))
        card = utils.object_id(utils.path(session, "setup_intent.payment_method"))
        if session["status"] != "complete" or not card:
            return False
        self._stripe_set_default_card(card)
        return True

    def _stripe_set_default_card(self, card):
        """Charge one of the customer's cards from now on, for all running subscriptions.

        :param str card: Its id at Stripe.
        :raise UserError: When it is not the customer's, or Stripe refuses.
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        self._check_card(card)
        provider._stripe_request(
            "customers",
            "update",
            self.stripe_id,
            params={"invoice_settings": {"default_payment_method": card}},
        )
        provider._stripe_sync([("customer", self.stripe_id)])
        others = self._get_charged_subscriptions().filtered(
            lambda subscription: (
                utils.object_id(subscription.stripe_data.get("default_payment_method"))
                not in (False, card)
            )
        )
        for subscription in others[:MAX_AT_ONCE]:
            subscription._stripe_set_card(card)
        if others[MAX_AT_ONCE:]:
            # In the name of the system: the job acts with the rights of who starts it.
            later = others[MAX_AT_ONCE:].with_user(SUPERUSER_ID)
            later.env["stripe.job"]._start_acts(later, "card", {"payment_method_id": card})

    def _stripe_remove_card(self, card):
        """Take a card away from the customer, for good. One that is gone already is no error.

        :param str card: Its id at Stripe.
        :raise UserError: When something is charged to it, or Stripe refuses.
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        cards = {row["id"]: row for row in self._stripe_get_cards()}
        if card not in cards:
            return
        charged = self._get_charged_subscriptions()
        if card in self._get_own_cards() or (cards[card]["is_default"] and charged):
            raise UserError(
                self.env._(
                    "Your subscriptions are charged to this card. Choose another one for them first."
                )
            )
        provider._stripe_request("payment_methods", "detach", card)

    def _stripe_get_billing_portal(self, path):
        """Return the address of Stripe's own billing portal for the customer; it expires soon.

        :param str path: Where the customer comes back to, in Odoo.
        :rtype: str
        :raise UserError: When the portal is not set up, or Stripe cannot be reached.
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        session = provider._stripe_request(
            "billing_portal.sessions",
            "create",
            params={
                "customer": self.stripe_id,
                "return_url": urljoin(provider.get_base_url(), path),
            },
        )
        return session["url"]

    # === BUSINESS METHODS - HELPERS === #

    def _check_card(self, card):
        """Check that a card is the customer's, as Stripe has it now.

        :raise UserError: When it is not.
        """
        if card not in {row["id"] for row in self._stripe_get_cards()}:
            raise UserError(self.env._("This card is not yours any more."))

    def _get_own_cards(self):
        """Return the cards that running subscriptions have of their own, beside the customer's.

        :return: Ids at Stripe.
        :rtype: set[str]
        """
        charged = self._get_charged_subscriptions()
        return {utils.object_id(s.stripe_data.get("default_payment_method")) for s in charged} - {
            False
        }

    def _get_charged_subscriptions(self):
        """Return the running subscriptions of the customer that are charged to a card.

        :rtype: stripe.subscription
        """
        return (
            self.env["stripe.subscription"]
            .sudo()
            .search(
                [
                    ("stripe_customer_id", "=", self.id),
                    ("status", "in", const.LIVE_STATUSES),
                    ("collection_method", "=", "charge_automatically"),
                ],
                order="id",
            )
        )
