import uuid

from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.exceptions import UserError
from odoo.http import request

from . import portal_page

PATH = "/my/payment-cards"
NOTICE_KEY = "notice_stripe_cards"


class StripeCards(CustomerPortal):
    """The customer's cards at Stripe: shown, added, chosen, removed. No card data passes through here."""

    # === ROUTES === #

    @http.route(PATH, type="http", auth="user", methods=["GET"], website=True)
    def portal_cards(self, **_kwargs):
        """Show the cards of the customer, by Stripe account."""
        accounts, unreachable = [], None
        for customer in self._get_card_customers():
            try:
                accounts.append({"customer": customer, "cards": customer._portal_get_cards()})
            except UserError as error:
                unreachable = str(error)
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "stripe_cards",
            "accounts": accounts,
            "unreachable": unreachable,
            "notice": request.session.pop(NOTICE_KEY, None),
            "form_key": uuid.uuid4().hex,
        }
        return portal_page.render("stripe_subscriptions.portal_my_cards", values)

    @http.route(f"{PATH}/add", type="http", auth="user", methods=["POST"], website=True)
    def portal_cards_add(self, customer=None, form_key=None, **_kwargs):
        """Send the customer to Stripe's page on which a card is entered."""
        return self._act_on_cards(
            customer, lambda found: found._stripe_get_card_page((form_key or "")[:64], PATH)
        )

    @http.route(f"{PATH}/return", type="http", auth="user", methods=["GET"], website=True)
    def portal_cards_return(self, customer=None, session_id=None, **_kwargs):
        """Use the card that was entered on Stripe's page; may be opened any number of times."""

        def take(found):
            if found._stripe_take_card(session_id or ""):
                self._say_about_cards(
                    request.env._("Your new card is charged from now on."), "success"
                )

        return self._act_on_cards(customer, take)

    @http.route(f"{PATH}/default", type="http", auth="user", methods=["POST"], website=True)
    def portal_cards_default(self, customer=None, card=None, **_kwargs):
        """Charge another of the cards from now on, for all running subscriptions."""

        def choose(found):
            found._stripe_set_default_card(card)
            self._say_about_cards(request.env._("This card is charged from now on."), "success")

        return self._act_on_cards(customer, choose)

    @http.route(f"{PATH}/remove", type="http", auth="user", methods=["POST"], website=True)
    def portal_cards_remove(self, customer=None, card=None, **_kwargs):
        """Take a card away."""

        def remove(found):
            found._stripe_remove_card(card)
            self._say_about_cards(request.env._("The card was removed."), "success")

        return self._act_on_cards(customer, remove)

    @http.route(f"{PATH}/stripe", type="http", auth="user", methods=["POST"], website=True)
    def portal_cards_stripe(self, customer=None, **_kwargs):
        """Send the customer to Stripe's own billing portal, where the settings offer it."""

        def leave(found):
            if not found.provider_id.company_id.stripe_portal_billing:
                raise UserError(request.env._("This is not offered here."))
            return found._stripe_get_billing_portal(PATH)

        return self._act_on_cards(customer, leave)

    # === HELPERS === #

    def _get_card_customers(self):
        """Return the Stripe customers that the user looks after.

        :rtype: stripe.customer
        """
        return request.env["stripe.customer"]._portal_get_customers(request.env.user)

    def _act_on_cards(self, key, function):
        """Do something with one of the user's Stripe customers, and go where it leads.

        :param str key: Id of the stripe.customer, from a form.
        :param Callable function: Called with it; returns an address, or None for the page of the cards.
        """
        customer = self._get_card_customers().filtered(lambda found: str(found.id) == key)
        if not customer:
            return request.redirect("/my")
        url = None
        try:
            with request.env.cr.savepoint():
                url = function(customer)
        except UserError as error:
            self._say_about_cards(str(error), "danger")
        url = url or PATH
        return request.redirect(url, code=303, local=url.startswith("/"))

    def _say_about_cards(self, text, kind):
        """Have the page say something once; see `Visit.say`."""
        request.session[NOTICE_KEY] = {"text": text, "kind": kind}
