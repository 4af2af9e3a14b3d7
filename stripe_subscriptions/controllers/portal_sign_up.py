import logging

from odoo import http
from odoo.addons.stripe_subscriptions import stripe_declines
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeCardDeclined
from odoo.exceptions import UserError
from odoo.http import request

from .portal import StripeSubscriptionPortal

_logger = logging.getLogger(__name__)


class StripeSubscriptionActs(StripeSubscriptionPortal):
    """What all forms on the pages of a subscription have in common."""

    def _act_on_subscription(self, visit, function, back=None, count=None, on_error=None):
        """Do what a form asks for, once, and return where to go then.

        Whoever comes second, by a double click or from another tab, waits for the first and is shown how
        things stand: the number of changes that the form was made for has passed then.

        :param Visit visit: Who asks for it.
        :param Callable function: What to do; it returns an address to go to, or None for the page.
        :param str back: Where to go when it did not work, the page when left out.
        :param str count: Number of changes at the time of the form, None when it does not matter.
        :param Callable on_error: Called with the error when it did not work.
        """
        if visit.role != "act":
            visit.say(self._get_subscription_role_text(visit))
            return request.redirect(visit.url(), code=303)
        subscription_sudo = visit.subscription
        subscription_sudo._portal_wait()
        if count is not None and count != str(subscription_sudo.acting_count):
            visit.say(request.env._("Already changed: this is how it stands now."), kind="info")
            return request.redirect(visit.url(), code=303)
        try:
            with request.env.cr.savepoint():
                url = function()
        except UserError as error:
            if on_error:
                on_error(error)
            visit.say(**self._describe_subscription_error(error))
            return request.redirect(back or visit.url(), code=303)
        url = url or visit.url()
        return request.redirect(url, code=303, local=url.startswith("/"))

    def _get_subscription_role_text(self, visit):
        """Return why somebody who may see a subscription cannot act."""
        if visit.role == "staff":
            return request.env._(
                "You look at what the customer sees. Only the customer can do this."
            )
        contact = visit.subscription.contact_id or visit.subscription.partner_id
        return request.env._("Only %(contact)s can do this.", contact=contact.name)

    def _describe_subscription_error(self, error):
        """Return the notice for what went wrong, in words for customers.

        :param UserError error: What went wrong.
        :rtype: dict
        """
        cause = error.__cause__
        if not isinstance(cause, StripeCardDeclined):
            return {"text": str(error)}
        reason = stripe_declines.reason(cause.decline_code or cause.code)
        text = request.env._(reason) if reason else cause.message
        return {
            "text": request.env._("Nothing was changed. %(reason)s", reason=text),
            "card": True,
        }


class StripeSubscriptionSignUp(StripeSubscriptionActs):
    """How a customer subscribes: what it will cost, the promotion code, the card."""

    # === ROUTES === #

    @http.route(
        "/my/subscriptions/<int:subscription_id>/subscribe",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_subscription_subscribe(
        self, subscription_id, access_token=None, payment_method=None, **_kwargs
    ):
        """Charge a card that Stripe knows, or send the customer to Stripe's payment page.

        :param str payment_method: The card; empty for another one.
        """
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")

        def subscribe():
            url = visit.subscription._portal_subscribe(payment_method)
            return visit.url() if url.startswith("/") else url

        return self._act_on_subscription(visit, subscribe)

    @http.route(
        "/my/subscriptions/<int:subscription_id>/code",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_subscription_code(
        self, subscription_id, access_token=None, code=None, remove=None, **_kwargs
    ):
        """Give the draft the discount of a promotion code, or take it away.

        :param str code: What the customer has typed.
        :param str remove: Not empty to take it away.
        """
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")
        subscription_sudo = visit.subscription

        def enter():
            if remove:
                subscription_sudo._stripe_leave_promotion()
            else:
                subscription_sudo._stripe_enter_promotion(code)
            return visit.url() + "#subscribe"

        return self._act_on_subscription(
            visit, enter, on_error=subscription_sudo._portal_count_failure
        )

    # === HELPERS === #

    def _prepare_offer_values(self, visit):
        """Override: what subscribing costs, and the cards that can be charged."""
        subscription_sudo = visit.subscription
        first = subscription_sudo._get_first_charge_date()
        values = super()._prepare_offer_values(visit) | {
            "obstacle": self._get_obstacle(subscription_sudo),
            "offer_rows": [],
            "offer_error": False,
            "first_charge": first,
            "cards": [],
            "may_enter_code": subscription_sudo._can_take_promotion(),
        }
        if values["obstacle"]:
            return values
        try:
            values["offer_rows"] = subscription_sudo._portal_get_offer_rows()
            if visit.shows_actions:
                values["cards"] = subscription_sudo._portal_get_cards()
        except UserError as error:
            # The customer can go on all the same: Stripe's payment page shows the total too.
            _logger.warning(
                "Offer of subscription %s is incomplete: %s", subscription_sudo.id, error
            )
            values["offer_error"] = str(error)
        return values

    def _get_obstacle(self, subscription_sudo):
        """Return why a draft cannot be subscribed to, False when it can."""
        try:
            subscription_sudo._check_ready()
        except UserError as error:
            return str(error)
        return False
