from odoo import models
from odoo.addons.stripe_subscriptions import const, stripe_phases, utils
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError
from odoo.exceptions import UserError


class StripeSubscription(models.Model):
    """Changing plans and quantities, at once or when the subscription renews.

    A change is a list of dictionaries, one for each line that is not to stay as it is: `item_id` (a line
    of the subscription; without it a plan is added), `price_id`, `quantity`, or `removed`. JSON can
    express it.

    https://docs.stripe.com/billing/subscriptions/change
    """

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - CHANGING === #

    def _stripe_change_items(self, changes, when="now", proration="always_invoice", at=None):
        """Change plans and quantities, exactly once.

        When something is charged at once and the bank refuses, nothing is changed
        (`error_if_incomplete`): staff and customer see why and can use another card. The alternative,
        a pending update, would leave two versions of a subscription for a day.

        :param list[dict] changes: See the class.
        :param str when: "now", or "renewal": a subscription schedule then changes it.
        :param str proration: Now: "always_invoice" charges or credits the difference at once,
            "create_prorations" with the next invoice, "none" not at all.
        :param int at: Now: the moment from which on time is prorated, as in the preview; unix seconds.
        :raise UserError: When it cannot be changed so, or Stripe refuses.
        """
        self._stripe_begin("change" if when == "renewal" else "change_now")
        items = self._prepare_changed_items(changes)
        before = self._get_items_text()
        if when == "renewal":
            self._stripe_plan_items(items)
            return
        obj = self._stripe_update(
            "change",
            self._prepare_payment_params() | self._prepare_item_params(items, proration, at),
        )
        how = {
            "always_invoice": self.env._("The difference was billed at once."),
            "create_prorations": self.env._("The difference comes with the next invoice."),
            "none": self.env._("The difference is not billed."),
        }[proration]
        after = ", ".join(self._get_item_text(row["price"], row["quantity"]) for row in items)
        message = self.env._("Plans changed: %(before)s → %(after)s.", before=before, after=after)
        self._stripe_end(
            f"{message} {how}", ("invoice", utils.object_id(obj.get("latest_invoice")))
        )

    def _stripe_preview_items(self, changes, when="now", proration="always_invoice", at=None):
        """Return what a change of plans would cost; see `_stripe_change_items` and `_stripe_preview`.

        `next_total` and `next_at` say what the renewal costs when something is billed at once.

        :rtype: dict|None
        :raise UserError: When it cannot be changed so, or Stripe refuses.
        """
        items = self._prepare_changed_items(changes)
        details = self._prepare_item_params(items, "none" if when == "renewal" else proration, at)
        if when == "renewal" and self._has_other_interval(items):
            return self._stripe_preview_regular(details, self._get_renewal())
        return self._stripe_preview_with_next(details)

    def _stripe_preview_with_next(self, details, next_at=None):
        """Return a preview; of what is billed at once, with the regular invoice that follows.

        :param dict details: See `_stripe_preview`.
        :param int next_at: When the regular invoice follows, if the preview does not tell; unix seconds.
        :return: With `next_total` and `next_at` then.
        :rtype: dict|None
        """
        preview = self._stripe_preview(details)
        if preview and preview["at_once"]:
            regular = self._stripe_preview(details, preview_mode="recurring")
            next_at = next_at or self._get_next_at(preview)
            preview |= {"next_total": regular["total"], "next_at": next_at}
        return preview

    def _stripe_preview_regular(self, details, at):
        """Return a whole regular invoice that is made later.

        :param dict details: See `_stripe_preview`.
        :param int at: Unix seconds.
        :rtype: dict|None
        """
        preview = self._stripe_preview(details, preview_mode="recurring")
        return preview and {**preview, "at_once": False, "at": at}

    def _get_next_at(self, preview):
        """Return when the next regular invoice follows one that is made at once.

        :param dict preview: See `stripe_preview.parse`.
        :return: Unix seconds.
        :rtype: int
        """
        ends = [line["period_end"] for line in preview["lines"] if line["period_end"]]
        later = [end for end in ends if end > preview["made_at"]]
        return max(later, default=None) or self._get_renewal()

    def _get_renewal(self):
        """Return when the current period ends, in unix seconds."""
        return utils.subscription_period(self.sudo().stripe_data)[1]

    def _stripe_drop_change(self):
        """Give up what was planned for the renewal.

        :raise UserError: When nothing is planned, or Stripe refuses.
        """
        subscription = self._stripe_begin("drop_change")
        planned = subscription.planned_text or ""
        subscription._stripe_release()
        self._stripe_end(self.env._("Planned change dropped: %(plans)s.", plans=planned))

    # === BUSINESS METHODS - PARAMETERS === #

    def _prepare_payment_params(self):
        """Return what keeps a change from taking effect when it cannot be paid.

        :rtype: dict
        """
        if self.collection_method != "charge_automatically":
            return {}
        return {"payment_behavior": "error_if_incomplete", "off_session": True}

    def _prepare_item_params(self, items, proration, at):
        """Return the parameters of an update, and of its preview.

        :param list[dict] items: See `_prepare_changed_items`.
        :param str proration: Stripe's `proration_behavior`.
        :param int at: Stripe's `proration_date`.
        :rtype: dict
        """
        params = {
            "items": [row["params"] for row in items + self._get_removed_rows(items)],
            "proration_behavior": proration,
        }
        params["items"] = [row for row in params["items"] if row]
        # Nothing is prorated in a trial or without prorations.
        if at and proration != "none" and self.stripe_status != "trialing":
            params["proration_date"] = at
        return params

    def _get_removed_rows(self, items):
        """Return the rows that take away the lines that are not among the items."""
        kept = {row["item_id"] for row in items}
        return [
            {"params": {"id": line.stripe_id, "deleted": True}}
            for line in self.item_ids
            if line.id not in kept
        ]

    def _prepare_changed_items(self, changes):
        """Return all plans as they are after a change.

        :param list[dict] changes: See the class.
        :return: For each line that will be there: `item_id` (or None), `price` (stripe.price),
            `quantity` (0 of a metered plan), `params` (of Stripe's `items`, None when it stays).
        :rtype: list[dict]
        :raise UserError: When the change is not possible.
        """
        self.ensure_one()
        subscription = self.sudo()
        changed = {change["item_id"]: change for change in changes if change.get("item_id")}
        if set(changed) - set(subscription.item_ids.ids):
            raise UserError(self.env._("The plans have changed meanwhile. Please look again."))
        rows = []
        for line in subscription.item_ids:
            change = changed.get(line.id, {})
            if not change.get("removed"):
                rows.append(subscription._prepare_changed_item(line, change))
        added = [change for change in changes if not change.get("item_id")]
        rows += [subscription._prepare_changed_item(None, change) for change in added]
        prices = [row["price"] for row in rows]
        if not prices:
            raise UserError(
                self.env._("At least one plan has to stay. Cancel the subscription instead.")
            )
        if len(set(prices)) < len(prices):
            raise UserError(
                self.env._("A plan can be there only once: change its quantity instead.")
            )
        if len(rows) == len(subscription.item_ids) and not any(row["params"] for row in rows):
            raise UserError(self.env._("Nothing is changed."))
        return rows

    def _prepare_changed_item(self, line, change):
        """Return one plan as it is after a change; see `_prepare_changed_items`.

        :param stripe.subscription.item|None line: The line that is there.
        :param dict change: What becomes of it; empty when it stays.
        """
        price_id = change.get("price_id")
        price = self.env["stripe.price"].browse(price_id) if price_id else line.price_id
        if not line or price != line.price_id:
            self._check_price(price)
        quantity = change.get("quantity")
        if quantity is None:
            quantity = (line and line.quantity) or 1
        if price.usage_type == "metered":
            quantity = 0
        elif quantity < 1:
            raise UserError(self.env._("The quantity must be at least 1."))
        params = {"id": line.stripe_id} if line else {}
        if not line or price != line.price_id:
            params["price"] = price.stripe_id
        if quantity and (not line or price != line.price_id or quantity != line.quantity):
            params["quantity"] = quantity
        changes_nothing = line and len(params) == 1
        return {
            "item_id": line and line.id,
            "price": price,
            "quantity": quantity,
            "params": None if changes_nothing else params,
        }

    def _check_price(self, price):
        """Check that a plan can become part of the subscription.

        :param stripe.price price: The plan.
        :raise UserError: When it cannot.
        """
        if not price.exists() or not price.active or price.provider_id != self.provider_id:
            raise UserError(self.env._("This plan is not sold, or by another Stripe account."))
        if price.livemode != self.livemode:
            raise UserError(self.env._("This plan belongs to the other mode of Stripe."))
        if price.currency_id != self.currency_id:
            raise UserError(
                self.env._(
                    "The plan %(plan)s is in %(plan_currency)s, the subscription in %(currency)s.",
                    plan=price.name,
                    plan_currency=price.currency_id.name,
                    currency=self.currency_id.name,
                )
            )

    def _has_other_interval(self, items):
        """Return whether a plan is billed at other times than those there are now.

        :param list[dict] items: See `_prepare_changed_items`.
        """
        there = {(p.interval, p.interval_count) for p in self.sudo().item_ids.price_id}
        return any(
            (row["price"].interval, row["price"].interval_count) not in there for row in items
        )

    # === BUSINESS METHODS - SCHEDULE === #

    def _stripe_plan_items(self, items):
        """Let the plans change when the subscription renews.

        :param list[dict] items: See `_prepare_changed_items`.
        :raise UserError: When Stripe refuses.
        """
        subscription, provider = self.sudo(), self.provider_id.sudo()
        schedule_id = subscription.stripe_schedule
        try:
            if not schedule_id:
                schedule_id = self._stripe_act(
                    "schedule",
                    "subscription_schedules",
                    "create",
                    params={"from_subscription": self.stripe_id},
                )["id"]
            schedule = provider._stripe_client().retrieve("subscription_schedules", schedule_id)
            wanted = [
                {"price": row["price"].stripe_id, "quantity": row["quantity"]} for row in items
            ]
            span = max(
                (row["price"] for row in items),
                key=lambda price: const.INTERVALS_PER_MONTH[price.interval] / price.interval_count,
            )
            params = stripe_phases.prepare(schedule, wanted, span.interval, span.interval_count)
            self._stripe_act("plan", "subscription_schedules", "update", schedule_id, params=params)
        except StripeGatewayError as error:
            if schedule_id and not subscription.stripe_schedule and not error.retryable:
                self._stripe_drop_new_schedule(schedule_id)
            raise self._stripe_refuse(error) from error
        planned = ", ".join(self._get_item_text(row["price"], row["quantity"]) for row in items)
        message = self.env._(
            "Change planned for %(date)s: %(before)s → %(after)s.",
            date=self._format_day(params["phases"][0]["end_date"]),
            before=self._get_items_text(),
            after=planned,
        )
        self._stripe_end(message)

    def _stripe_drop_new_schedule(self, schedule_id):
        """Release a schedule that was made for a change which Stripe then refused.

        :param str schedule_id: Its id.
        """
        try:
            self._stripe_act("unschedule", "subscription_schedules", "release", schedule_id)
        except StripeGatewayError:
            # It plans nothing; the next action releases it.
            return

    # === BUSINESS METHODS - TEXTS === #

    def _get_items_text(self):
        """Return the plans as they are now, such as "3 × Team, Support"."""
        return ", ".join(
            self._get_item_text(line.price_id, line.quantity) for line in self.sudo().item_ids
        )

    def _get_item_text(self, price, quantity):
        """Return a plan and how many of it.

        :param stripe.price price: The plan.
        :param int quantity: How many.
        :rtype: str
        """
        name = price.sudo().name
        return f"{quantity} × {name}" if quantity > 1 else name
