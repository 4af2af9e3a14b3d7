from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import stripe_preview, utils
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date


class StripeSubscriptionWizard(models.AbstractModel):
    """What all questions have in common that are asked before something is done with subscriptions.

    For one subscription Stripe's preview of the money is shown and fetched again before it is done; for
    several a job does it one by one. What is done is a method of the subscription.
    """

    _name = "stripe.subscription.wizard"
    _description = "Question about Subscriptions"

    # Name in `stripe_actions.ACTIONS`; the method that does it, and the one that previews it.
    _action = ""
    _method = ""
    _preview_method = ""

    # === FIELDS === #

    subscription_ids = fields.Many2many("stripe.subscription", required=True, readonly=True)
    subscription_id = fields.Many2one("stripe.subscription", compute="_compute_subscription_id")
    provider_id = fields.Many2one(related="subscription_id.provider_id")
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    count = fields.Integer(compute="_compute_subscription_id")
    done = fields.Boolean(readonly=True)
    preview = fields.Json()
    preview_html = fields.Html(compute="_compute_preview_html", sanitize=False)
    preview_error = fields.Char()
    changed = fields.Boolean(help="Whether the money is not what was shown first.")

    # === COMPUTE METHODS === #

    @api.depends("subscription_ids")
    def _compute_subscription_id(self):
        for wizard in self:
            wizard.count = len(wizard.subscription_ids)
            wizard.subscription_id = wizard.subscription_ids._origin if wizard.count == 1 else False

    @api.depends("preview")
    def _compute_preview_html(self):
        for wizard in self:
            wizard.preview_html = wizard.preview and wizard._render_preview(wizard.preview)

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """Override of `base`: what was selected; one that does not allow it says so at once.

        :raise UserError: When it cannot be done with the one that was selected.
        """
        values = super().default_get(fields)
        if "subscription_ids" in fields and self.env.context.get("active_model") in (
            None,
            "stripe.subscription",
        ):
            subscriptions = self.env["stripe.subscription"].browse(
                self.env.context.get("active_ids") or []
            )
            subscriptions.check_access("write")
            if len(subscriptions) == 1:
                self._check_selected(subscriptions)
            values["subscription_ids"] = [(6, 0, subscriptions.ids)]
        return values

    # === ACTION METHODS === #

    def action_confirm(self):
        """Do it, once; with several subscriptions in the background.

        :return: The action that closes the question, shows it again because the money has changed, or
            shows the job.
        :raise UserError: When it cannot be done, or Stripe refuses.
        """
        self.ensure_one()
        if self.done:
            return {"type": "ir.actions.act_window_close"}
        if not self.try_lock_for_update():
            raise UserError(self.env._("This is being done already."))
        self._check_answers()
        if self.count > 1:
            action = self.env["stripe.job"]._start_acts(
                self.subscription_ids, self._get_action_name(), self._get_arguments()
            )
        else:
            if self._is_outdated():
                return self._reopen()
            method = getattr(self.subscription_id, self._get_method_name())
            action = method(**self._get_arguments()) or {"type": "ir.actions.act_window_close"}
        self.done = True
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _check_selected(self, subscription):
        """Check that the question makes sense for a subscription.

        :param stripe.subscription subscription: The one that was selected.
        :raise UserError: When it does not.
        """
        subscription._check_action(self._get_action_name())

    def _get_moment(self, day):
        """Return the moment of a day at which something begins: noon where the company is.

        :param date day: The day.
        :return: Unix seconds.
        :rtype: int
        """
        return utils.local_time(day, self.subscription_id.company_id.partner_id.tz)

    def _get_action_name(self):
        """Return what is asked about: a name in `stripe_actions.ACTIONS`."""
        return self._action

    def _get_method_name(self):
        """Return the method of the subscription that does it."""
        return self._method

    def _has_preview(self):
        """Return whether there is money to be shown."""
        return bool(self._preview_method)

    def _get_arguments(self):
        """Return what the method is called with; JSON can express it.

        :rtype: dict
        """
        self.ensure_one()
        return {}

    def _check_answers(self):
        """Check what was answered.

        :raise UserError: When something is missing or wrong.
        """

    def _load_preview(self):
        """Ask Stripe for the money; for a person who waits. An error is shown in the question."""
        self.preview = self.preview_error = self.changed = False
        if self._has_preview() and self.subscription_id:
            try:
                self.preview = self._get_preview()
            except UserError as error:
                self.preview_error = str(error)

    def _get_preview(self):
        """Return Stripe's preview of what was answered.

        :rtype: dict|None
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        return getattr(self.subscription_id, self._preview_method)(**self._get_arguments())

    def _is_outdated(self):
        """Fetch the preview again and return whether it says something else than what was shown.

        :rtype: bool
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        if not self._has_preview():
            return False
        shown, now = self.preview or None, self._get_preview()
        if (not shown and not now) or (shown and now and not stripe_preview.differs(shown, now)):
            return False
        self.write({"preview": now, "preview_error": False, "changed": bool(shown)})
        return True

    def _reopen(self):
        """Return the action that shows the question again."""
        return {
            "type": "ir.actions.act_window",
            "name": self._description,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # === BUSINESS METHODS - PREVIEW === #

    def _render_preview(self, preview):
        """Return a preview as people read it.

        :param dict preview: See `stripe_preview.parse`.
        :rtype: Markup
        """
        currency = self.env["res.currency"]._stripe_get(preview["currency"])

        def money(amount):
            return format_amount(self.env, float(amount), currency)

        totals = [(self.env._("Subtotal"), money(preview["subtotal"]))]
        if float(preview["discount"]):
            totals.append((self.env._("Discount"), money(-float(preview["discount"]))))
        if float(preview["tax"]):
            totals.append((self.env._("Taxes"), money(preview["tax"])))
        balance = float(preview["due"]) - float(preview["total"])
        totals.append((self.env._("Total"), money(preview["total"])))
        if balance and float(preview["total"]) > 0:
            totals.append((self.env._("Customer's credit"), money(balance)))
        return self.env["ir.qweb"]._render(
            "stripe_subscriptions.subscription_preview",
            {
                "lines": [
                    {**line, "amount": money(line["amount"]), "period": self._format_period(line)}
                    for line in preview["lines"]
                ],
                "more": preview.get("more"),
                # Of nothing but the lines the last word is enough.
                "totals": totals if len(totals) > 2 else [],
                "results": self._get_results(preview, money),
            },
        )

    def _get_results(self, preview, money):
        """Return what the customer pays when, the last word of a preview.

        :param dict preview: See `stripe_preview.parse`.
        :param Callable money: Formats an amount.
        :rtype: list[tuple[str, str]]
        """
        results = []
        if not preview["at_once"]:
            return [(self._get_charge_label(preview["at"]), money(preview["due"]))]
        if float(preview["total"]) < 0:
            label = self.env._("Credited to the customer's balance")
            results.append((label, money(-float(preview["total"]))))
        else:
            results.append((self.env._("Due now"), money(preview["due"])))
        if preview.get("next_at"):
            label = self._get_charge_label(preview["next_at"])
            results.append((label, money(preview["next_total"])))
        return results

    def _get_charge_label(self, timestamp):
        """Return what stands before the amount of the next charge."""
        day = self.subscription_id._format_day(timestamp)
        return self.env._("Next charge on %(date)s", date=day)

    def _format_period(self, line):
        """Return the time that a line is for; empty for a moment.

        :param dict line: Of a preview.
        :rtype: str
        """
        tz = self.subscription_id.company_id.partner_id.tz
        start, end = (
            utils.to_local_date(line[name], tz) for name in ("period_start", "period_end")
        )
        if not start or start == end:
            return ""
        return f"{format_date(self.env, start)} – {format_date(self.env, end)}"
