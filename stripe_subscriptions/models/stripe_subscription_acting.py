from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_actions, stripe_preview, utils
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError
from odoo.exceptions import UserError
from odoo.tools import format_date

# Times that a change which Stripe has refused may be tried again within a day, the time for which Stripe
# remembers the answer to an idempotency key.
MAX_REPEATS = 50


class StripeSubscription(models.Model):
    """What all actions on a subscription have in common.

    Each action is one method, called by staff and by the customer's portal alike: `_stripe_begin` checks
    who may do it and whether it can be done now and keeps others away, `_stripe_act` sends the request
    exactly once, `_stripe_end` writes what came of it.
    """

    _inherit = "stripe.subscription"

    # === FIELDS === #

    # Part of the idempotency keys. Raised together with what an action has written: after a crash the
    # same key gives Stripe's first answer, the next action has another key.
    acting_count = fields.Integer(readonly=True, copy=False, groups="base.group_system")
    offered_actions = fields.Json(compute="_compute_offered_actions")
    billing_mode = fields.Selection(
        [("classic", "Classic"), ("flexible", "Flexible")], readonly=True, copy=False
    )
    stripe_schedule = fields.Char(
        string="Stripe Schedule ID",
        help="Changes that are planned at Stripe for a later time.",
        readonly=True,
        copy=False,
    )
    planned_at = fields.Datetime(string="Planned For", readonly=True, copy=False)
    planned_text = fields.Char(
        string="Planned Plans", help="The plans from that time on.", readonly=True, copy=False
    )
    collection_pause = fields.Selection(
        [
            ("keep_as_draft", "Invoices are kept as drafts"),
            ("mark_uncollectible", "Invoices are written off"),
            ("void", "Invoices are voided"),
        ],
        string="Collection Paused",
        readonly=True,
        copy=False,
    )
    collection_resumes_at = fields.Datetime(readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends(
        "status",
        "cancel_at",
        "trial_end",
        "billing_mode",
        "planned_at",
        "collection_pause",
        "collection_method",
        "move_ids.stripe_invoice_status",
    )
    def _compute_offered_actions(self):
        for subscription in self:
            subscription.offered_actions = stripe_actions.offered(
                subscription.status, subscription._get_facts()
            )

    # === BUSINESS METHODS - ACTING === #

    def _get_facts(self):
        """Return what holds for the subscription; see `stripe_actions.offered`.

        :rtype: set[str]
        """
        self.ensure_one()
        facts = {
            "ending": self.cancel_at,
            "scheduled": self.planned_at,
            "flexible": self.billing_mode == "flexible",
            "automatic": self.collection_method == "charge_automatically",
            "collection_paused": self.collection_pause,
            "trial": self.stripe_status == "trialing",
            "owing": self.status == "unpaid" or self._get_owed_move(),
        }
        return {name for name, holds in facts.items() if holds}

    def _get_owed_move(self):
        """Return the oldest invoice that Stripe has not collected.

        :rtype: account.move
        """
        self.ensure_one()
        moves = self.sudo().move_ids.filtered(lambda move: move.stripe_invoice_status == "open")
        return moves.sorted("id")[:1]

    def _stripe_begin(self, action):
        """Check that the user may act and the subscription allows it; keep others from acting meanwhile.

        :param str action: Name in `stripe_actions.ACTIONS`.
        :return: The subscription as the action writes it.
        :rtype: stripe.subscription
        :raise AccessError: When the user may not change the subscription.
        :raise UserError: When somebody else is at it, or it cannot be done now.
        :raise LockNotAvailable: See `_stripe_keep_lanes_out`.
        """
        self.ensure_one()
        self.check_access("write")
        subscription = self.sudo()
        if not subscription.try_lock_for_update(allow_referencing=True):
            raise UserError(
                self.env._(
                    "Somebody else is changing %(name)s at this moment. Please try again.",
                    name=self.name,
                )
            )
        self._check_action(action)
        provider, customer = self.provider_id.sudo(), subscription.stripe_customer_id
        provider._stripe_keep_lanes_out(customer.stripe_id)
        if subscription.stripe_schedule and action not in ("change", "drop_change"):
            self._stripe_release_spent()
        return subscription

    def _stripe_release_spent(self):
        """Release a schedule that plans nothing any more; Stripe lets less be done as long as it is there.

        :raise UserError: When it plans something, or Stripe refuses.
        """
        subscription, provider = self.sudo(), self.provider_id.sudo()
        key = subscription.stripe_schedule
        schedule = provider._stripe_request("subscription_schedules", "retrieve", key)
        if self._prepare_planned_values(provider, schedule)["planned_at"]:
            raise UserError(
                self.env._(
                    "%(name)s: %(reason)s",
                    name=self.name,
                    reason=self._get_condition_text("!scheduled"),
                )
            )
        if schedule["status"] == "active":
            self._stripe_release()

    def _stripe_release(self):
        """Let the subscription go on without the schedule that it has.

        :raise UserError: When Stripe refuses.
        """
        try:
            self._stripe_act(
                "release", "subscription_schedules", "release", self.sudo().stripe_schedule
            )
        except StripeGatewayError as error:
            raise self._stripe_refuse(error) from error

    def _check_action(self, action):
        """Check that an action is possible.

        :param str action: Name in `stripe_actions.ACTIONS`.
        :raise UserError: When it is not, with the reason.
        """
        for subscription in self:
            if action not in stripe_actions.ACTIONS[subscription.status]:
                statuses = dict(subscription._fields["status"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(name)s is “%(status)s”: this cannot be done with it.",
                        name=subscription.name,
                        status=statuses[subscription.status],
                    )
                )
            lacking = stripe_actions.lacking(action, subscription._get_facts())
            if lacking:
                raise UserError(
                    self.env._(
                        "%(name)s: %(reason)s",
                        name=subscription.name,
                        reason=subscription._get_condition_text(lacking),
                    )
                )

    def _get_condition_text(self, condition):
        """Return in words that a condition of an action does not hold.

        :param str condition: See `stripe_actions.CONDITIONS`.
        :rtype: str
        """
        return {
            "ending": self.env._("its end is not scheduled."),
            "!ending": self.env._("its end is scheduled; undo that first."),
            "!scheduled": self.env._("a change is planned for it; drop that first."),
            "scheduled": self.env._("no change is planned for it."),
            "flexible": self.env._(
                "Stripe bills it in classic mode, in which it cannot be paused. Pause the collection of "
                "its payments instead."
            ),
            "automatic": self.env._(
                "the customer pays its invoices; there is no card to be charged."
            ),
            "collection_paused": self.env._("its payments are being collected."),
            "!collection_paused": self.env._("the collection of its payments is paused already."),
            "trial": self.env._("it is not in a trial."),
            "owing": self.env._("no invoice of it is open."),
        }[condition]

    def _stripe_act(self, name, service, method, *ids, params=None):
        """Send the request of an action, exactly once.

        The idempotency key rests on committed data and on what is asked for. What Stripe has refused was
        not done; its remembered refusal does not stand for a new try.

        :param str name: Of the request, unique within the action.
        :param str service: See `StripeGateway.call`.
        :param str method: See `StripeGateway.call`.
        :param ids: Ids that are part of the URL.
        :param dict params: Parameters.
        :return: Stripe's answer: the object as it was after the first request of that key. Only its ids
            may be used; what it says may be outdated.
        :rtype: dict
        :raise StripeGatewayError: When Stripe does not answer or refuses.
        """
        provider = self.provider_id.sudo()
        parts = (name, self.id, self.sudo().acting_count, utils.fingerprint([ids, params or {}]))
        for repeat in range(MAX_REPEATS):
            key = provider._stripe_idempotency_key(*parts, *([repeat] if repeat else []))
            try:
                return provider._stripe_client().call(
                    service, method, *ids, params=params, idempotency_key=key
                )
            except StripeGatewayError as error:
                # Whether a failure on Stripe's side has done something nobody knows: not again.
                if error.retryable or not error.replayed:
                    raise
                refused = error
        raise refused

    def _stripe_end(self, message, *requests):
        """Write what came of an action: what Stripe says now, and a line in the chatter.

        :param str message: What was done and when it takes effect, for people.
        :param requests: Pairs of kind and id of other objects that the action has changed.
        :raise UserError: When Stripe cannot be reached. The action can be repeated then: it is not done
            twice.
        """
        subscription = self.sudo().with_context(**const.SYNC_CONTEXT)
        subscription.acting_count += 1
        requests = [request for request in requests if request[1]]
        self.provider_id._stripe_sync([("subscription", self.stripe_id), *requests])
        self.message_post(
            body=message,
            subtype_xmlid="mail.mt_note",
            author_id=self.env.context.get("stripe_author_id"),
        )

    def _stripe_refuse(self, error):
        """Return the error that a person sees for one of the gateway's.

        :param StripeGatewayError error: What went wrong.
        :rtype: UserError
        """
        return self.provider_id.sudo()._stripe_user_error(error)

    def _stripe_get_time(self):
        """Return the time at Stripe for the subscription: that of its customer's test clock, if it has one.

        :return: Unix seconds.
        :rtype: int
        :raise UserError: When Stripe cannot be reached.
        """
        clock = self.sudo().stripe_customer_id.test_clock
        if not clock:
            return int(self._stripe_now())
        provider = self.provider_id.sudo()
        return provider._stripe_request("test_helpers.test_clocks", "retrieve", clock)[
            "frozen_time"
        ]

    def _format_day(self, timestamp):
        """Return the day of an instant as people where the company is read it.

        :param int timestamp: Unix seconds.
        :rtype: str
        """
        day = utils.to_local_date(timestamp, self.company_id.partner_id.tz)
        return format_date(self.env, day)

    # === BUSINESS METHODS - PREVIEW === #

    def _stripe_preview(self, details=None, **params):
        """Ask Stripe what a change would cost; nothing is changed.

        :param dict details: `subscription_details` of
            https://docs.stripe.com/api/invoices/create_preview.
        :param params: Its other parameters.
        :return: See `stripe_preview.parse`; None when no invoice would come of it.
        :rtype: dict|None
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        self.ensure_one()
        self.check_access("read")
        now = self._stripe_get_time()
        provider = self.provider_id.sudo()
        params = {"subscription": self.stripe_id, **params}
        if details:
            params["subscription_details"] = details
        try:
            obj = provider._stripe_client().call("invoices", "create_preview", params=params)
        except StripeGatewayError as error:
            if error.code == "invoice_upcoming_none":
                return None
            raise provider._stripe_user_error(error) from error
        return stripe_preview.parse(obj, now)

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe_subscriptions`: what actions depend on."""
        values = super()._prepare_stripe_values(provider, obj, lookup)
        pause = obj.get("pause_collection") or {}
        values |= {
            "billing_mode": utils.path(obj, "billing_mode.type"),
            "stripe_schedule": utils.object_id(obj.get("schedule")),
            "collection_pause": pause.get("behavior"),
            "collection_resumes_at": utils.to_datetime(pause.get("resumes_at")),
        }
        return values | self._prepare_planned_values(provider, obj.get("schedule"))

    @api.model
    def _prepare_planned_values(self, provider, schedule):
        """Map the next phase of a subscription schedule to values. Pure.

        :param payment.provider provider: The Stripe account.
        :param dict|str|None schedule: The schedule, expanded; nothing follows from its id.
        :rtype: dict
        """
        if isinstance(schedule, str):
            return {}
        current = utils.path(schedule, "current_phase.end_date")
        following = [
            phase
            for phase in (schedule or {}).get("phases") or []
            if current and phase["start_date"] >= current
        ]
        if not following:
            return {"planned_at": False, "planned_text": False}
        return {
            "planned_at": utils.to_datetime(following[0]["start_date"]),
            "planned_text": self._prepare_phase_text(provider, following[0]),
        }

    @api.model
    def _prepare_phase_text(self, provider, phase):
        """Return the plans of a phase as people read them, such as "3 × Team, Support"."""
        ids = [utils.object_id(item["price"]) for item in phase["items"]]
        prices = {
            price.stripe_id: price for price in self.env["stripe.price"]._stripe_find(provider, ids)
        }
        parts = []
        for price_id, item in zip(ids, phase["items"], strict=True):
            name = prices[price_id].name if price_id in prices else price_id
            quantity = item.get("quantity")
            parts.append(f"{quantity} × {name}" if quantity and quantity > 1 else name)
        return ", ".join(parts)
