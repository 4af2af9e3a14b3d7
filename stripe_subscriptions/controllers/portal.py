import logging
from urllib.parse import urlencode

from odoo import SUPERUSER_ID, fields, http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.stripe_subscriptions import const
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request
from odoo.tools import consteq

from . import portal_page

_logger = logging.getLogger(__name__)

# Invoices shown on the page of a subscription, the latest first.
MAX_INVOICES = 24
# Seconds after which the page asks Stripe again how a first payment stands.
PATIENCE = 5


class Visit:
    """A visitor on the pages of one subscription, who may at least see it.

    :param stripe.subscription subscription_sudo: In sudo, in the language of the visitor.
    :param str token: The token of the subscription, when the visitor came with it.
    """

    def __init__(self, subscription_sudo, token):
        user = request.env.user
        contact = subscription_sudo.contact_id or subscription_sudo.partner_id
        author = contact if user._is_public() else user.partner_id
        self.subscription = subscription_sudo.with_context(stripe_author_id=author.id)
        self.token = token
        self.role = subscription_sudo._portal_get_role(user, bool(token))
        #: Whether buttons are shown: staff see what the customer sees.
        self.shows_actions = self.role in ("act", "staff")

    def url(self, suffix="", **query):
        """Return an address of the subscription, with the token only for whoever came with it.

        Those who are signed in without it may be those who may only look.
        """
        if self.token:
            query = {"access_token": self.token, **query}
        path = f"{self.subscription.access_url}{suffix}"
        return f"{path}?{urlencode(query)}" if query else path

    def say(self, text, kind="danger", **more):
        """Have the next page say something once.

        :param str text: For people.
        :param str kind: Bootstrap's name of the colour.
        :param more: What else the notice has, see the template.
        """
        request.session[self._notice_key] = {"text": text, "kind": kind, **more}

    def pop_notice(self):
        """Return what the page has to say once, or None."""
        return request.session.pop(self._notice_key, None)

    @property
    def _notice_key(self):
        return f"notice_stripe_subscription_{self.subscription.id}"


class StripeSubscriptionPortal(CustomerPortal):
    """The page of a subscription: the invitation while it is a draft, afterwards what became of it."""

    # === ROUTES === #

    @http.route(
        "/my/subscriptions/<int:subscription_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
    )
    def portal_subscription(self, subscription_id, access_token=None, **_kwargs):
        """Show a subscription."""
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")
        self._log_subscription_opened(visit.subscription)
        self._refresh_first_payment(visit.subscription)
        return self._render_subscription(visit)

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
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")
        notice = None
        try:
            with request.env.cr.savepoint():
                visit.subscription._stripe_sync_session(session_id)
        except UserError as error:
            notice = {"text": str(error), "kind": "danger"}
            _logger.warning(
                "Return from Checkout was not applied to subscription %s: %s",
                visit.subscription.id,
                error,
            )
        return self._render_subscription(visit, notice=notice, session_id=session_id)

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
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.make_json_response({}, status=404)
        return request.make_json_response(
            {"status": visit.subscription.status}, headers={"Cache-Control": "no-store"}
        )

    # === HELPERS - WHO === #

    def _get_subscription_visit(self, subscription_id, access_token):
        """Return the visit of somebody who may see a subscription, else None.

        Whether there is none or somebody else's is not told apart.

        :param int subscription_id: The id from the address.
        :param str access_token: The token from the address, if any.
        :rtype: Visit|None
        """
        if not (access_token or "").isascii():
            # Comparing it in constant time would fail.
            access_token = None
        try:
            subscription_sudo = self._document_check_access(
                "stripe.subscription", subscription_id, access_token=access_token
            )
        except (AccessError, MissingError):
            return None
        token = subscription_sudo.access_token
        has_token = bool(token and access_token) and consteq(token, access_token)
        return Visit(subscription_sudo, token if has_token else None)

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

    def _refresh_first_payment(self, subscription_sudo):
        """Ask Stripe how a first payment stands that the customer was sent away for."""
        age = subscription_sudo._stripe_now() - subscription_sudo.stripe_fetched_at
        if subscription_sudo.status != "incomplete" or age < PATIENCE:
            return
        try:
            with request.env.cr.savepoint():
                subscription_sudo._stripe_refresh()
        except UserError as error:
            _logger.info("Subscription %s was not refreshed: %s", subscription_sudo.id, error)

    # === HELPERS - PAGES === #

    def _render_subscription(self, visit, notice=None, session_id=None):
        """Return the page of a subscription.

        :param Visit visit: Who looks at which.
        :param dict notice: What the page says once, see `Visit.say`.
        :param str session_id: The Checkout Session that the customer comes back from.
        """
        values = self._prepare_subscription_values(visit, session_id)
        if visit.token:
            for move in values["invoices"]:
                move._portal_ensure_token()
        # What others write meanwhile lets Odoo handle the request again: then the notice is still there.
        request.env.flush_all()
        values["notice"] = notice or visit.pop_notice()
        return self._render_subscription_page(
            "stripe_subscriptions.portal_subscription_page", visit, values
        )

    def _render_subscription_page(self, template, visit, values):
        """Return one of the pages of a subscription.

        :param str template: External id.
        :param Visit visit: Who looks at which.
        :param dict values: For the template.
        """
        values = self._get_page_view_values(
            visit.subscription,
            visit.token,
            {**self._prepare_subscription_page_values(visit), **values},
            "my_subscriptions_history",
            False,
        )
        for name in ("prev_record", "next_record"):
            # Odoo's links to the neighbours have their tokens.
            if values.get(name):
                values[name] = not values["question"] and values[name].partition("?")[0]
        return portal_page.render(template, values)

    def _prepare_subscription_page_values(self, visit):
        """Return what all pages of a subscription have.

        :rtype: dict
        """
        subscription_sudo = visit.subscription
        day = {
            "widget": "datetime",
            "date_only": True,
            "tz_name": subscription_sudo.company_id.partner_id.tz or "UTC",
        }
        return {
            "stripe_subscription": subscription_sudo,
            "visit": visit,
            "page_name": "stripe_subscription",
            "res_company": subscription_sudo.company_id,
            "backend_url": f"/odoo/stripe-subscriptions/{subscription_sudo.id}",
            "live_statuses": const.LIVE_STATUSES,
            "acting_count": str(subscription_sudo.acting_count),
            "question": False,
            "date_options": {**day, "format": "long"},
            "short_date_options": {**day, "format": "medium"},
        }

    def _prepare_subscription_values(self, visit, session_id=None):
        """Return what the page of a subscription shows beside the record itself.

        :rtype: dict
        """
        subscription_sudo = visit.subscription
        status = subscription_sudo.status
        # Another session's address says nothing about this subscription.
        returned = bool(session_id) and session_id == subscription_sudo.checkout_session
        waiting = status == "incomplete" or (status == "draft" and returned)
        values = {
            "returned": returned,
            "waiting": waiting,
            "check_url": visit.url("/return", session_id=session_id) if returned else visit.url(),
            "format_percentage": self._format_percentage,
            "invoices": request.env["account.move"],
            "actions": set(),
            "history": [],
        }
        if status == "draft":
            return values if waiting else values | self._prepare_offer_values(visit)
        return values | {
            "actions": subscription_sudo._portal_get_actions() if visit.shows_actions else set(),
            "history": subscription_sudo._portal_get_history(),
            "move_url": self._get_move_url(visit),
            "invoices": request.env["account.move"]
            .sudo()
            .search(
                [("stripe_subscription_id", "=", subscription_sudo.id), ("state", "=", "posted")],
                order="invoice_date desc, id desc",
                limit=MAX_INVOICES,
            ),
        }

    def _prepare_offer_values(self, visit):
        """Return what the page of a draft shows; see `portal_sign_up.py`.

        :rtype: dict
        """
        return {}

    def _get_move_url(self, visit):
        """Return a function for addresses of invoices, by whose token visitors get in who have ours.

        :rtype: Callable
        """

        def move_url(move, path="/my/invoices/%s", **query):
            if visit.token:
                query = {"access_token": move._portal_ensure_token(), **query}
            address = path % move.id
            return f"{address}?{urlencode(query)}" if query else address

        return move_url

    def _format_percentage(self, percentage):
        """Return a number of percent as the visitor's language writes it, without the sign."""
        return request.env["ir.qweb.field"].user_lang().format("%g", percentage, grouping=True)
