import logging

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from .portal_sign_up import StripeSubscriptionActs

_logger = logging.getLogger(__name__)


class StripePaymentPage(StripeSubscriptionActs):
    """The way from a mail, or from the portal, to Stripe's pages of an invoice."""

    @http.route(
        "/my/subscriptions/pay/<int:move_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
    )
    def portal_subscription_pay(self, move_id, access_token=None, **_kwargs):
        """Send the customer to Stripe's page of an invoice, or to its page here when it is settled.

        Stripe is asked for the address at each click, because its addresses expire.
        """
        return self._send_to_stripe(move_id, access_token, "_stripe_get_payment_url")

    @http.route(
        "/my/subscriptions/receipt/<int:move_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
    )
    def portal_subscription_receipt(self, move_id, access_token=None, **_kwargs):
        """Send the customer to Stripe's receipt of a paid invoice."""
        return self._send_to_stripe(move_id, access_token, "_stripe_get_receipt_url")

    @http.route(
        "/my/subscriptions/<int:subscription_id>/pay",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
    )
    def portal_subscription_pay_owed(self, subscription_id, access_token=None, **_kwargs):
        """Send the customer to Stripe's page of what is owed: to pay, or to confirm it with the bank."""
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")
        try:
            url = visit.subscription._portal_get_payment_url()
        except UserError as error:
            visit.say(str(error))
            return request.redirect(visit.url(), code=303)
        if not url:
            visit.say(request.env._("There is nothing to pay any more."), kind="info")
            return request.redirect(visit.url(), code=303)
        return request.redirect(url, code=303, local=False)

    # === HELPERS === #

    def _send_to_stripe(self, move_id, access_token, method):
        """Send whoever may see an invoice to an address at Stripe, else to its page here.

        :param str method: Of the invoice, returns the address.
        """
        if not (access_token or "").isascii():
            access_token = None
        try:
            move_sudo = self._document_check_access(
                "account.move", move_id, access_token=access_token
            )
        except (AccessError, MissingError):
            return request.redirect("/my")
        url = False
        if move_sudo.stripe_invoice_id:
            try:
                url = getattr(move_sudo, method)()
            except UserError as error:
                _logger.warning("No page at Stripe for invoice %s: %s", move_sudo.id, error)
        if not url:
            return request.redirect(move_sudo.get_portal_url(), code=303)
        return request.redirect(url, code=303, local=False)
