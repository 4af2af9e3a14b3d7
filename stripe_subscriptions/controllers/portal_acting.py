from odoo import http
from odoo.addons.stripe_subscriptions import utils
from odoo.exceptions import UserError
from odoo.http import request

from .portal_sign_up import StripeSubscriptionActs

# Seconds for which the moment holds from which on Stripe prorates what the customer was shown.
MOMENT_SECONDS = 1800


class StripeSubscriptionActing(StripeSubscriptionActs):
    """What a customer does with a running subscription, as far as the settings of the company allow.

    Each is a page that shows what it costs, by Stripe's preview, and a form that does just that. The
    form is refused when the amounts have changed since they were shown.
    """

    # === CANCELING === #

    @http.route(
        "/my/subscriptions/<int:subscription_id>/cancel",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_subscription_cancel(self, subscription_id, access_token=None, **form):
        """Ask when and why; cancel at the end of the period, or at once."""
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")
        actions = visit.subscription._portal_get_actions()
        choices = [name for name in ("cancel_later", "cancel") if name in actions]
        if request.httprequest.method == "GET":
            reasons = request.env["stripe.subscription.cancel"]._fields["reason"]
            values = {
                "choices": choices,
                "reasons": reasons._description_selection(request.env),
                **self._preview_subscription_end(visit, choices),
            }
            return self._ask_subscription(visit, "cancel", choices[:1] or ["cancel"], **values)
        action = "cancel" if form.get("when") == "now" else "cancel_later"

        def cancel():
            visit.subscription._portal_check_action(action)
            visit.subscription._portal_cancel(action, form.get("reason"), form.get("comment"))
            return self._thank_subscription(visit, action)

        return self._act_on_subscription(visit, cancel, visit.url("/cancel"), form.get("count", ""))

    @http.route(
        "/my/subscriptions/<int:subscription_id>/resume",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_subscription_resume(self, subscription_id, access_token=None, **form):
        """Take a cancellation back."""
        return self._do_subscription(
            subscription_id, access_token, form, "resume", "_stripe_resume"
        )

    # === PLANS === #

    @http.route(
        "/my/subscriptions/<int:subscription_id>/change",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_subscription_change(self, subscription_id, access_token=None, **form):
        """Ask for plans and quantities, show what the change costs, and change it."""
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")
        subscription_sudo = visit.subscription
        names = [name for name in form if name.startswith(("quantity_", "plan_"))]
        chosen = {name: form[name] for name in names}
        if request.httprequest.method == "GET":
            values = {"chosen": chosen, "items": subscription_sudo._portal_get_changeable_items()}
            if chosen and "change_now" in subscription_sudo._portal_get_actions():
                values |= self._preview_subscription_change(visit, chosen)
            return self._ask_subscription(visit, "change", ["change_now"], **values)

        def change():
            subscription_sudo._portal_check_action("change_now")
            changes = subscription_sudo._portal_get_changes(chosen)
            if not changes:
                # Done already, by this request even, when Odoo has to handle it again.
                return self._thank_subscription(visit, "change_now")
            at = self._get_subscription_moment(visit, form.get("at"))
            if not at or self._describe_subscription_change(visit, changes, at)["due"] != form.get(
                "due"
            ):
                visit.say(self._get_outdated_text(), kind="warning")
                return visit.url("/change", **chosen)
            subscription_sudo._stripe_change_items(changes, at=at)
            return self._thank_subscription(visit, "change_now")

        return self._act_on_subscription(
            visit, change, visit.url("/change", **chosen), form.get("count", "")
        )

    @http.route(
        "/my/subscriptions/<int:subscription_id>/keep",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_subscription_keep(self, subscription_id, access_token=None, **form):
        """Give up a change that is planned for the renewal."""
        return self._do_subscription(
            subscription_id, access_token, form, "drop_change", "_stripe_drop_change"
        )

    # === PAUSING === #

    @http.route(
        "/my/subscriptions/<int:subscription_id>/pause",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_subscription_pause(self, subscription_id, access_token=None, **form):
        """Pause the subscription, after what that bills was shown."""
        return self._ask_or_do_subscription(
            subscription_id, access_token, form, "pause", "_stripe_preview_pause", "_stripe_pause"
        )

    @http.route(
        "/my/subscriptions/<int:subscription_id>/unpause",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_subscription_unpause(self, subscription_id, access_token=None, **form):
        """Let a paused subscription go on, after what that costs was shown."""
        return self._ask_or_do_subscription(
            subscription_id,
            access_token,
            form,
            "unpause",
            "_stripe_preview_unpause",
            "_stripe_unpause",
        )

    # === PROMOTION CODE === #

    @http.route(
        "/my/subscriptions/<int:subscription_id>/discount",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_subscription_discount(self, subscription_id, access_token=None, **form):
        """Ask for a promotion code, show the next invoice with it, and take it."""
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")
        subscription_sudo = visit.subscription
        if request.httprequest.method == "GET":
            return self._ask_subscription(visit, "discount", ["coupon"], code="")
        code = form.get("code", "")
        if not form.get("confirm"):
            return self._preview_subscription_discount(visit, code)

        def take():
            subscription_sudo._portal_check_action("coupon")
            subscription_sudo._stripe_add_promotion(code)
            return self._thank_subscription(visit, "coupon")

        return self._act_on_subscription(
            visit,
            take,
            visit.url("/discount"),
            form.get("count", ""),
            subscription_sudo._portal_count_failure,
        )

    # === HELPERS === #

    def _do_subscription(self, subscription_id, access_token, form, action, method):
        """Do what needs no question, and go back to the page.

        :param str action: See `_portal_get_actions`.
        :param str method: Of the subscription.
        """
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")

        def act():
            visit.subscription._portal_check_action(action)
            getattr(visit.subscription, method)()
            return self._thank_subscription(visit, action)

        return self._act_on_subscription(visit, act, count=form.get("count", ""))

    def _ask_or_do_subscription(self, subscription_id, access_token, form, action, preview, method):
        """Show what something costs, or do it when the form that shows it is sent.

        :param str action: See `_portal_get_actions`; also the name of the page.
        :param str preview: Method of the subscription that tells the cost.
        :param str method: Method of the subscription that does it.
        """
        visit = self._get_subscription_visit(subscription_id, access_token)
        if not visit:
            return request.redirect("/my")
        subscription_sudo = visit.subscription

        def describe():
            return subscription_sudo._portal_describe(getattr(subscription_sudo, preview)())

        if request.httprequest.method == "GET":
            shown = action in subscription_sudo._portal_get_actions() and visit.shows_actions
            values = self._try_subscription_preview(visit, describe) if shown else {}
            return self._ask_subscription(visit, action, [action], **values)

        def act():
            subscription_sudo._portal_check_action(action)
            if describe()["due"] != form.get("due"):
                visit.say(self._get_outdated_text(), kind="warning")
                return visit.url(f"/{action}")
            getattr(subscription_sudo, method)()
            return self._thank_subscription(visit, action)

        return self._act_on_subscription(visit, act, visit.url(f"/{action}"), form.get("count", ""))

    def _ask_subscription(self, visit, page, actions, **values):
        """Return the page of a question, or send back whoever cannot be asked.

        :param str page: Name of the page.
        :param list[str] actions: One of them must be possible.
        """
        if not visit.shows_actions:
            visit.say(self._get_subscription_role_text(visit))
            return request.redirect(visit.url(), code=303)
        if not set(actions) & visit.subscription._portal_get_actions():
            visit.say(request.env._("This cannot be done now."), kind="info")
            return request.redirect(visit.url(), code=303)
        values = {"question": page, "notice": visit.pop_notice(), "preview": None, **values}
        return self._render_subscription_page("stripe_subscriptions.portal_question", visit, values)

    def _try_subscription_preview(self, visit, describe):
        """Return the values of a page with a preview; what stands in the way is said on it."""
        try:
            return {"preview": describe()}
        except UserError as error:
            visit.say(**self._describe_subscription_error(error))
            return {"preview": None}

    def _preview_subscription_end(self, visit, choices):
        """Return the preview of what was used and is billed when the subscription ends at once."""
        subscription_sudo = visit.subscription
        if "cancel" not in choices or not subscription_sudo._is_metered():
            return {}
        return self._try_subscription_preview(
            visit,
            lambda: subscription_sudo._portal_describe(
                subscription_sudo._stripe_preview_cancel("now", invoice_now=True)
            ),
        )

    def _preview_subscription_change(self, visit, chosen):
        """Return the values of the page on which a change is confirmed."""
        at = visit.subscription._stripe_get_time()
        return {
            "at": at,
            **self._try_subscription_preview(
                visit,
                lambda: self._describe_subscription_change(
                    visit, visit.subscription._portal_get_changes(chosen), at
                ),
            ),
        }

    def _describe_subscription_change(self, visit, changes, at):
        """Return Stripe's preview of a change as the customer reads it.

        :raise UserError: When nothing is to be changed, or Stripe cannot be reached.
        """
        if not changes:
            raise UserError(request.env._("Nothing is changed."))
        subscription_sudo = visit.subscription
        return subscription_sudo._portal_describe(
            subscription_sudo._stripe_preview_items(changes, at=at)
        )

    def _preview_subscription_discount(self, visit, code):
        """Return the page that shows the next invoice with a promotion code."""
        subscription_sudo = visit.subscription
        if visit.role != "act" or "coupon" not in subscription_sudo._portal_get_actions():
            return self._ask_subscription(visit, "discount", ["coupon"], code="")
        try:
            with request.env.cr.savepoint():
                preview = subscription_sudo._stripe_preview_promotion(code)
        except UserError as error:
            subscription_sudo._portal_count_failure(error)
            visit.say(**self._describe_subscription_error(error))
            return self._ask_subscription(visit, "discount", ["coupon"], code=code)
        described = subscription_sudo._portal_describe(preview)
        return self._ask_subscription(visit, "discount", ["coupon"], code=code, preview=described)

    def _get_subscription_moment(self, visit, text):
        """Return the moment from which on a shown change prorates, None when it is too long ago."""
        now = visit.subscription._stripe_get_time()
        at = utils.to_number(text, now)
        return at if now - MOMENT_SECONDS <= at else None

    def _get_outdated_text(self):
        return request.env._("The amounts have changed since they were shown. Please look again.")

    def _thank_subscription(self, visit, action):
        """Have the page say that something was done."""
        texts = {
            "cancel": request.env._("Canceled. Nothing is charged any more."),
            "cancel_later": request.env._("Canceled: it ends with the period that is paid."),
            "resume": request.env._("Your subscription goes on."),
            "change_now": request.env._("Your subscription was changed."),
            "drop_change": request.env._("The planned change was dropped."),
            "pause": request.env._("Your subscription is paused."),
            "unpause": request.env._("Your subscription goes on."),
            "coupon": request.env._("The discount is yours from the next invoice on."),
        }
        visit.say(texts[action], kind="success")
