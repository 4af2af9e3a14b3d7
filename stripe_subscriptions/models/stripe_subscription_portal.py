import uuid

from odoo import fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

# Mails to the customer that the page of a subscription tells of, the latest.
MAX_MESSAGES = 20


class StripeSubscription(models.Model):
    """What a customer may do in the portal: who acts, and what the settings of the company let them do.

    The actions themselves are those of staff; see `stripe_subscription_acting.py`.
    """

    _inherit = "stripe.subscription"

    # === FIELDS === #

    # Whoever has it acts for the customer: those who may only look must not read it.
    access_token = fields.Char(groups="base.group_user")

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: the link that the contact before was sent does not work for another one."""
        before = {}
        if vals.keys() & {"contact_id", "partner_id"}:
            before = {subscription: subscription.contact_id for subscription in self}
        result = super().write(vals)
        for subscription, contact in before.items():
            if contact != subscription.contact_id:
                subscription.sudo().access_token = str(uuid.uuid4())
        return result

    # === BUSINESS METHODS - WHO === #

    def _portal_get_role(self, user, has_token):
        """Return what somebody may do who has come as far as the page of the subscription.

        :param res.users user: Who it is; the public user for somebody who is not signed in.
        :param bool has_token: Whether the address has the token of the mails to the primary contact.
        :return: "act", "see", or "staff", who look at what the customer sees.
        :rtype: str
        """
        self.ensure_one()
        if not user.share:
            return "staff"
        if user._is_public():
            return "act" if has_token else "see"
        return "act" if user.partner_id == (self.contact_id or self.partner_id) else "see"

    # === BUSINESS METHODS - WHAT === #

    def _portal_get_actions(self):
        """Return what the customer can do now, as far as the settings allow.

        :return: Names in `stripe_actions.ACTIONS`; "coupon" means a promotion code.
        :rtype: set[str]
        """
        self.ensure_one()
        company = self.company_id
        may_change = company.stripe_portal_change_plan or company.stripe_portal_change_quantity
        allowed = {
            "cancel": company.stripe_portal_cancel == "now",
            "cancel_later": company.stripe_portal_cancel != "no",
            "resume": company.stripe_portal_resume,
            "change_now": may_change and bool(self._portal_get_changeable_items()),
            "drop_change": may_change,
            "pause": company.stripe_portal_pause,
            "unpause": company.stripe_portal_pause,
            "coupon": self._can_take_promotion(),
        }
        offered = set(self.offered_actions or ())
        return {name for name, allows in allowed.items() if allows and name in offered}

    def _portal_check_action(self, action):
        """Check that the customer may do something now.

        :param str action: See `_portal_get_actions`.
        :raise UserError: When it may not.
        """
        self._check_action(action)
        if action not in self._portal_get_actions():
            raise UserError(self.env._("This cannot be done here. Please get in touch with us."))

    # === BUSINESS METHODS - CANCELING === #

    def _is_metered(self):
        """Return whether something is billed afterwards, by what was used."""
        self.ensure_one()
        return "metered" in self.item_ids.mapped("usage_type")

    def _portal_cancel(self, action, reason, comment):
        """Cancel for the customer; see `_stripe_cancel`. What was used until then is billed.

        :param str action: "cancel" or "cancel_later".
        :param str reason: See `const.FEEDBACK`; what is not among it counts as none.
        :param str comment: What the customer says.
        :raise UserError: When it cannot be canceled, or Stripe refuses.
        """
        self._stripe_cancel(
            "now" if action == "cancel" else "period_end",
            reason=reason if reason in dict(const.FEEDBACK) else None,
            comment=(comment or "").strip()[: const.MAX_DESCRIPTION] or None,
            invoice_now=action == "cancel" and self._is_metered(),
        )

    # === BUSINESS METHODS - CHANGING === #

    def _portal_get_choices(self, item):
        """Return the plans to which a customer may change a line, its own first.

        :param stripe.subscription.item item: The line.
        :rtype: stripe.price
        """
        own = item.price_id
        if not self.company_id.stripe_portal_change_plan:
            return own
        offered = self.env["stripe.price"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("livemode", "=", self.livemode),
                ("currency_id", "=", self.currency_id.id),
                ("usage_type", "=", own.usage_type),
                *("|", ("portal_offer", "=", "all")),
                *("&", ("portal_offer", "=", "product")),
                ("stripe_product", "=", own.stripe_product),
            ]
        )
        return own | (offered - self.item_ids.price_id)

    def _portal_get_changeable_items(self):
        """Return the lines of which the customer may change the plan or the quantity.

        :rtype: stripe.subscription.item
        """
        by_quantity = self.company_id.stripe_portal_change_quantity
        return self.item_ids.filtered(
            lambda item: (
                (by_quantity and item.usage_type == "licensed")
                or len(self._portal_get_choices(item)) > 1
            )
        )

    def _portal_get_changes(self, form):
        """Return what a customer asks to be changed; see `_stripe_change_items`.

        :param dict form: Texts by name: `quantity_<id of the line>` and `plan_<id of the line>`.
        :return: Empty when all is as it is asked for.
        :rtype: list[dict]
        :raise UserError: When it is not among what may be changed.
        """
        changes = []
        for item in self._portal_get_changeable_items():
            quantity, price = item.quantity, item.price_id
            text = form.get(f"quantity_{item.id}")
            if (
                text is not None
                and item.usage_type == "licensed"
                and self.company_id.stripe_portal_change_quantity
            ):
                quantity = utils.to_number(text, const.MAX_QUANTITY)
                if not quantity:
                    raise UserError(self.env._("The quantity must be a number from 1 on."))
            plan = form.get(f"plan_{item.id}")
            if plan is not None:
                chosen = self._portal_get_choices(item).filtered(lambda p: str(p.id) == plan)  # noqa: B023
                if not chosen:
                    raise UserError(self.env._("This plan is not offered any more."))
                price = chosen
            if (quantity, price) != (item.quantity, item.price_id):
                changes.append({"item_id": item.id, "price_id": price.id, "quantity": quantity})
        return changes

    # === BUSINESS METHODS - TEXTS === #

    def _portal_describe(self, preview):
        """Return Stripe's preview as the customer reads it.

        :param dict|None preview: See `stripe_preview.parse`.
        :return: `lines` of description, period and amount; `totals` and `results`, pairs of label and
            amount; `due`, by which it is seen whether another preview costs something else.
        :rtype: dict
        """
        if not preview:
            return {"lines": [], "totals": [], "results": [], "due": ""}

        def money(amount):
            return format_amount(self.env, float(amount), self.currency_id)

        totals = [(self.env._("Subtotal"), money(preview["subtotal"]))]
        if float(preview["discount"]):
            totals.append((self.env._("Discount"), money(-float(preview["discount"]))))
        if float(preview["tax"]):
            totals.append((self.env._("Tax"), money(preview["tax"])))
        if float(preview["tax_included"]):
            totals.append((self.env._("Tax, included"), money(preview["tax_included"])))
        totals.append((self.env._("Total"), money(preview["total"])))
        balance = float(preview["due"]) - float(preview["total"])
        if balance and float(preview["total"]) > 0:
            totals.append((self.env._("Your balance"), money(balance)))
        return {
            "lines": [
                {
                    "description": line["description"],
                    "period": self._portal_format_period(line),
                    "amount": money(line["amount"]),
                }
                for line in preview["lines"]
            ],
            "more": preview["more"],
            "totals": totals if len(totals) > 2 else [],
            "results": self._portal_get_results(preview, money),
            "due": f"{preview['due']} {preview['total']} {preview.get('next_total', '')}".strip(),
        }

    def _portal_get_results(self, preview, money):
        """Return what the customer pays when; see `_portal_describe`.

        :param dict preview: See `stripe_preview.parse`.
        :param Callable money: Formats an amount.
        :rtype: list[tuple[str, str]]
        """

        def charged_on(timestamp):
            return self.env._("Charged on %(date)s", date=self._format_day(timestamp))

        if not preview["at_once"]:
            return [(charged_on(preview["at"]), money(preview["due"]))]
        if float(preview["total"]) < 0:
            label = self.env._("Credited, and used for your next invoices")
            results = [(label, money(-float(preview["total"])))]
        else:
            results = [(self.env._("Due now"), money(preview["due"]))]
        if preview.get("next_at"):
            results.append((charged_on(preview["next_at"]), money(preview["next_total"])))
        return results

    def _portal_format_period(self, line):
        """Return the time that a line of a preview is for; empty for a moment."""
        tz = self.company_id.partner_id.tz
        start, end = (
            utils.to_local_date(line[name], tz) for name in ("period_start", "period_end")
        )
        if not start or start == end:
            return ""
        return f"{format_date(self.env, start)} – {format_date(self.env, end)}"

    # === BUSINESS METHODS - HISTORY === #

    def _portal_get_history(self):
        """Return what has happened to the subscription and what the customer was written, newest first.

        :return: Pairs of moment (naive UTC) and text, in the language of the reader or, of what was
            written, in that in which it was.
        :rtype: list[tuple[datetime, str]]
        """
        self.ensure_one()
        now = fields.Datetime.now()
        began = self.status != "incomplete" and (self.sudo().stripe_data or {}).get("created")
        rows = [
            (utils.to_datetime(began), self.env._("Subscribed")),
            (self.trial_end, self.env._("End of the trial")),
            (self.canceled_at, self.env._("Canceled")),
            (self.ended_at, self.env._("Ended")),
        ]
        messages = self.env["mail.message"].search(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("subtype_id", "=", self.env.ref("mail.mt_comment").id),
                ("is_internal", "=", False),
            ],
            order="id desc",
            limit=MAX_MESSAGES,
        )
        rows += [(message.date, message.subject or message.preview) for message in messages]
        return sorted((row for row in rows if row[0] and row[0] <= now and row[1]), reverse=True)
