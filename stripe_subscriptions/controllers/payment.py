import logging

from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

_logger = logging.getLogger(__name__)


class StripePaymentPage(CustomerPortal):
    """The way from a mail, or from the portal, to Stripe's page on which an invoice is paid."""

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
        try:
            move_sudo = self._document_check_access(
                "account.move", move_id, access_token=access_token
            )
        except (AccessError, MissingError):
            return request.redirect("/my")
        url = False
        if move_sudo.stripe_invoice_id:
            try:
                url = move_sudo._stripe_get_payment_url()
            except UserError as error:
                _logger.warning("No payment page for invoice %s: %s", move_sudo.id, error)
        if not url:
            return request.redirect(move_sudo.get_portal_url(), code=303)
        return request.redirect(url, code=303, local=False)
