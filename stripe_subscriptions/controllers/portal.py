import logging
from collections import OrderedDict

from odoo import SUPERUSER_ID, fields, http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.stripe_subscriptions import const
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request

_logger = logging.getLogger(__name__)

# Invoices shown on the page of a subscription, the latest first.
MAX_INVOICES = 24


class StripeSubscriptionPortal(CustomerPortal):
    """What a customer sees of subscriptions, and how one is subscribed to."""

    # === HOME AND LIST === #

    def _prepare_home_portal_values(self, counters):
        """Override of `portal`."""
        values = super()._prepare_home_portal_values(counters)
        if "subscription_count" in counters:
            subscription_model = request.env["stripe.subscription"]
            values["subscription_count"] = (
                subscription_model.search_count(self._prepare_subscriptions_domain(), limit=1)
                if subscription_model.has_access("read")
                else 0
            )
        return values

    def _prepare_subscriptions_domain(self):
        """Return what the user has subscribed to or was invited to, with the own company."""
        partner = request.env.user.partner_id.commercial_partner_id
        return (
            Domain("partner_id", "child_of", partner.ids)
            & Domain("company_id.stripe_portal_show", "=", True)
            & (Domain("status", "!=", "draft") | Domain("sent_at", "!=", False))
        )

    def _get_subscription_searchbar_sortings(self):
        return {
            "date": {"label": request.env._("Newest"), "order": "create_date desc, id desc"},
            "name": {"label": request.env._("Name"), "order": "name, id"},
            "next_charge": {
                "label": request.env._("Next charge"),
                "order": "next_charge_at, id desc",
            },
            "status": {"label": request.env._("Status"), "order": "status, id desc"},
        }

    def _get_subscription_searchbar_filters(self):
        return OrderedDict(
            all={"label": request.env._("All"), "domain": Domain.TRUE},
            invited={
                "label": request.env._("Waiting for you"),
                "domain": Domain("status", "in", ("draft", "incomplete")),
            },
            running={
                "label": request.env._("Running"),
                "domain": Domain("status", "in", const.LIVE_STATUSES),
            },
            ended={
                "label": request.env._("Ended"),
                "domain": Domain("status", "in", const.ENDED_STATUSES),
            },
        )

    @http.route(
        ["/my/subscriptions", "/my/subscriptions/page/<int:page>"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        readonly=True,
    )
    def portal_my_subscriptions(self, page=1, sortby=None, filterby=None, **_kwargs):
        """List the subscriptions of the user's company.

        :param int page: From 1.
        :param str sortby: Key of `_get_subscription_searchbar_sortings`.
        :param str filterby: Key of `_get_subscription_searchbar_filters`.
        """
        sortings = self._get_subscription_searchbar_sortings()
        filters = self._get_subscription_searchbar_filters()
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "all"
        subscription_model = request.env["stripe.subscription"]
        domain = self._prepare_subscriptions_domain() & filters[filterby]["domain"]
        if not subscription_model.has_access("read"):
            domain = Domain.FALSE
        pager = portal_pager(
            url="/my/subscriptions",
            total=subscription_model.search_count(domain),
            page=page,
            step=self._items_per_page,
            url_args={"sortby": sortby, "filterby": filterby},
        )
        subscriptions = subscription_model.search(
            domain,
            order=sortings[sortby]["order"],
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        request.session["my_subscriptions_history"] = subscriptions.ids[:100]
        values = {
            **self._prepare_portal_layout_values(),
            # Sudo: the plans behind the lines, which customers may not read as such.
            "stripe_subscriptions": subscriptions.sudo(),
            "page_name": "stripe_subscription",
            "default_url": "/my/subscriptions",
            "pager": pager,
            "searchbar_sortings": sortings,
            "searchbar_filters": filters,
            "sortby": sortby,
            "filterby": filterby,
        }
        return request.render("stripe_subscriptions.portal_my_subscriptions", values)

    # === ONE SUBSCRIPTION === #

    @http.route(
        "/my/subscriptions/<int:subscription_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
    )
    def portal_subscription(self, subscription_id, access_token=None, **_kwargs):
        """Show a subscription: the invitation while it is a draft, afterwards what became of it."""
        subscription_sudo = self._get_subscription(subscription_id, access_token)
        if not subscription_sudo:
            return request.redirect("/my")
        self._log_subscription_opened(subscription_sudo)
        alert = request.session.pop(self._alert_key(subscription_sudo), None)
        return self._render_subscription(subscription_sudo, access_token, alert=alert)

    @http.route(
        "/my/subscriptions/<int:subscription_id>/subscribe",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_subscription_subscribe(self, subscription_id, access_token=None, **_kwargs):
        """Send the customer to Stripe's payment page, or back to the page that says why not."""
        subscription_sudo = self._get_subscription(subscription_id, access_token)
        if not subscription_sudo:
            return request.redirect("/my")
        try:
            with request.env.cr.savepoint():
                url = subscription_sudo._stripe_get_subscribe_url()
        except UserError as error:
            request.session[self._alert_key(subscription_sudo)] = str(error)
            url = subscription_sudo.get_portal_url()
        return request.redirect(url, code=303, local=url.startswith("/"))

    @http.route(
        "/my/subscriptions/<int:subscription_id>/return",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
    )
    def portal_subscription_return(
        self, subscription_id, access_token=None, session_id=None, **_kwargs
    ):
        """Apply what happened on the payment page and show it; may be opened any number of times.

        :param str session_id: The Checkout Session, put into the address by Stripe.
        """
        subscription_sudo = self._get_subscription(subscription_id, access_token)
        if not subscription_sudo:
            return request.redirect("/my")
        alert = None
        try:
            with request.env.cr.savepoint():
                subscription_sudo._stripe_sync_session(session_id)
        except UserError as error:
            alert = str(error)
            _logger.warning(
                "Return from Checkout was not applied to subscription %s: %s",
                subscription_sudo.id,
                alert,
            )
        return self._render_subscription(
            subscription_sudo, access_token, alert=alert, session_id=session_id
        )

    @http.route(
        "/my/subscriptions/<int:subscription_id>/status",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def portal_subscription_status(self, subscription_id, access_token=None, **_kwargs):
        """Tell the status that Odoo knows, for a page that waits for it to change."""
        subscription_sudo = self._get_subscription(subscription_id, access_token)
        if not subscription_sudo:
            return request.make_json_response({}, status=404)
        return request.make_json_response(
            {"status": subscription_sudo.status}, headers={"Cache-Control": "no-store"}
        )

    # === HELPERS === #

    def _get_subscription(self, subscription_id, access_token):
        """Return a subscription that the visitor may see, or none; which of both is not told apart.

        :param int subscription_id: The id from the address.
        :param str access_token: The token from the address, if any.
        :return: In sudo, in the language of the visitor.
        :rtype: stripe.subscription
        """
        try:
            return self._document_check_access(
                "stripe.subscription", subscription_id, access_token=access_token
            )
        except (AccessError, MissingError):
            return request.env["stripe.subscription"]

    def _alert_key(self, subscription_sudo):
        """Return where the session keeps what the page of a subscription has to say once."""
        return f"alert_stripe_subscription_{subscription_sudo.id}"

    def _log_subscription_opened(self, subscription_sudo):
        """Note in the chatter that a customer opened the subscription, once a day and session.

        Neither staff nor the previews that chat programs fetch count.
        """
        is_preview = request.httprequest.headers.get("Odoo-Link-Preview") == "True"
        key = f"view_stripe_subscription_{subscription_sudo.id}"
        today = fields.Date.today().isoformat()
        if not request.env.user.share or is_preview or request.session.get(key) == today:
            return
        request.session[key] = today
        reader = request.env.user.partner_id
        if request.env.user._is_public():
            reader = subscription_sudo.contact_id or subscription_sudo.partner_id
        # For staff, so in the language of the company.
        lang = subscription_sudo.company_id.partner_id.lang
        body = request.env(context={"lang": lang})._(
            "Subscription opened by %(customer)s", customer=reader.name
        )
        subscription_sudo.with_user(SUPERUSER_ID).message_post(
            body=body, message_type="notification", subtype_xmlid="mail.mt_note"
        )

    def _render_subscription(self, subscription_sudo, access_token, alert=None, session_id=None):
        """Return the page of a subscription.

        :param stripe.subscription subscription_sudo: What the visitor may see.
        :param str access_token: The token from the address, if any.
        :param str alert: Why what was asked for did not work.
        :param str session_id: The Checkout Session that the customer comes back from.
        """
        values = self._prepare_subscription_values(subscription_sudo, session_id)
        values = self._get_page_view_values(
            subscription_sudo, access_token, values, "my_subscriptions_history", False
        )
        return request.render(
            "stripe_subscriptions.portal_subscription_page", {**values, "error": alert}
        )

    def _prepare_subscription_values(self, subscription_sudo, session_id=None):
        """Return what the page of a subscription shows beside the record itself.

        :rtype: dict
        """
        status = subscription_sudo.status
        today = subscription_sudo._get_today()
        first = subscription_sudo.first_billing_date
        tz = subscription_sudo.company_id.partner_id.tz or "UTC"
        # Another session's address says nothing about this subscription.
        returned = bool(session_id) and session_id == subscription_sudo.checkout_session
        suffix, query = ("/return", f"&session_id={session_id}") if returned else (None, None)
        return {
            "stripe_subscription": subscription_sudo,
            "page_name": "stripe_subscription",
            "res_company": subscription_sudo.company_id,
            "backend_url": f"/odoo/stripe-subscriptions/{subscription_sudo.id}",
            "returned": returned,
            "waiting": status == "incomplete" or (status == "draft" and returned),
            "check_url": subscription_sudo.get_portal_url(suffix=suffix, query_string=query),
            "obstacle": status == "draft" and self._get_obstacle(subscription_sudo),
            "live_statuses": const.LIVE_STATUSES,
            "first_charge": first if first and first > today else False,
            "date_options": {
                "widget": "datetime",
                "date_only": True,
                "format": "long",
                "tz_name": tz,
            },
            "format_percentage": self._format_percentage,
            "invoices": request.env["account.move"]
            .sudo()
            .search(
                [("stripe_subscription_id", "=", subscription_sudo.id), ("state", "=", "posted")],
                order="invoice_date desc, id desc",
                limit=MAX_INVOICES,
            ),
        }

    def _format_percentage(self, percentage):
        """Return a number of percent as the visitor's language writes it, without the sign."""
        return request.env["ir.qweb.field"].user_lang().format("%g", percentage, grouping=True)

    def _get_obstacle(self, subscription_sudo):
        """Return why a draft cannot be subscribed to, False when it can."""
        try:
            subscription_sudo._check_ready()
        except UserError as error:
            return str(error)
        return False
