from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

ACTIVITY = "stripe_subscriptions.mail_activity_type_payment"
# Days that a payment may wait for the customer's confirmation before a person looks after it.
ACTION_PATIENCE_DAYS = 3


class StripeSubscription(models.Model):
    """The state of the payments: what was paid last, why a charge failed, and what happens next.

    All of it is stored and written by `_stripe_apply_dunning` alone, which the writer of invoices
    calls, so that automation rules can build on it.
    """

    _inherit = "stripe.subscription"

    # === FIELDS === #

    last_payment_at = fields.Datetime(string="Last Payment", readonly=True, copy=False)
    last_payment_state = fields.Selection(
        [
            ("paid", "Paid"),
            ("open", "Open"),
            ("processing", "Being processed"),
            ("requires_action", "Waits for confirmation"),
            ("failed", "Failed"),
        ],
        string="Payment State",
        help="How the invoice stands that is being collected; without one, that all is paid.",
        readonly=True,
        copy=False,
    )
    dunning_move_id = fields.Many2one(
        string="Invoice Being Collected",
        comodel_name="account.move",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    dunning_status = fields.Selection(
        string="Status of the Invoice", related="dunning_move_id.stripe_invoice_status"
    )
    payment_attempt_count = fields.Integer(
        string="Payment Attempts", readonly=True, copy=False, aggregator=None
    )
    next_payment_attempt_at = fields.Datetime(
        string="Next Payment Attempt", readonly=True, copy=False
    )
    requires_action = fields.Boolean(
        string="Confirmation Needed",
        help="The bank asks the customer to confirm the payment (3-D Secure).",
        readonly=True,
        copy=False,
    )
    payment_failure_code = fields.Char(
        help="Why the last charge was refused, as Stripe's code.", readonly=True, copy=False
    )
    payment_failure_message = fields.Char(
        string="Payment Failed Because", compute="_compute_payment_failure_message"
    )

    _payment_trouble_idx = models.Index(
        "(last_payment_state) WHERE last_payment_state IN ('failed', 'requires_action')"
    )

    # === COMPUTE METHODS === #

    @api.depends("payment_failure_code", "dunning_move_id.stripe_failure_text")
    @api.depends_context("lang")
    def _compute_payment_failure_message(self):
        for subscription in self:
            move = subscription.sudo().dunning_move_id
            subscription.payment_failure_message = bool(move) and move._stripe_get_failure_reason(
                staff=True
            )

    # === ACTION METHODS === #

    def action_stripe_payment_page(self):
        """Open the page on which the customer can pay what is open.

        :raise UserError: When nothing is open, or Stripe cannot be reached.
        """
        self.ensure_one()
        self.check_access("read")
        if not self.dunning_move_id:
            raise UserError(self.env._("There is nothing to pay any more."))
        return self.sudo().dunning_move_id.action_stripe_payment_page()

    # === BUSINESS METHODS - WRITER === #

    def _stripe_apply_dunning(self, paid_at, unsettled):
        """Write down the state of the payments, after invoices of the subscriptions were applied.

        :param dict[stripe.subscription, datetime] paid_at: When invoices among them were paid.
        :param account.move unsettled: Those among them that are open.
        """
        concerned = unsettled.stripe_subscription_id | self.filtered("dunning_move_id")
        moves = self.env["account.move"].search(
            [
                ("stripe_subscription_id", "in", concerned.ids),
                *("|", ("stripe_invoice_status", "=", "open")),
                *(
                    "&",
                    ("stripe_invoice_status", "=", "void"),
                    ("stripe_payment_failed", "=", True),
                ),
            ],
            order="stripe_created_at, id",
        )
        by_subscription = moves.grouped("stripe_subscription_id")
        for subscription in self:
            found = by_subscription.get(subscription, moves.browse())
            owed = found.filtered(lambda move: move.stripe_invoice_status == "open")
            tried = owed.filtered("stripe_attempt_count")
            times = [paid_at.get(subscription), subscription.last_payment_at]
            paid = max(filter(None, times), default=False)
            # A first debit that was returned: nobody owes it any more, but nobody has paid it either.
            returned = (found - owed) if not paid else owed.browse()
            values = self._prepare_dunning_values((tried or owed or returned)[-1:], paid)
            changes = subscription._stripe_get_changes(values)
            if changes:
                state, gave_up = subscription.last_payment_state, subscription._has_given_up()
                subscription.write({name: values[name] for name in changes})
                subscription._stripe_follow_dunning(state, gave_up)

    @api.model
    def _prepare_dunning_values(self, move, paid_at):
        """Map the invoice that is being collected to the state of the payments. Pure.

        :param account.move move: The invoice, none when nothing is owed.
        :param datetime|bool paid_at: When an invoice was paid last.
        :rtype: dict
        """
        if not move:
            state = "paid" if paid_at else False
        elif move.stripe_action_since:
            state = "requires_action"
        else:
            state = "processing" if move.stripe_payment_processing else "open"
            state = "failed" if move.stripe_payment_failed else state
        return {
            "last_payment_at": paid_at,
            "last_payment_state": state,
            "dunning_move_id": move.id,
            "payment_attempt_count": move.stripe_attempt_count,
            "next_payment_attempt_at": move.stripe_next_attempt_at,
            "requires_action": bool(move.stripe_action_since),
            "payment_failure_code": move.stripe_failure_code,
        }

    # === BUSINESS METHODS - PEOPLE === #

    def _has_given_up(self):
        """Return whether Stripe does not try again by itself what has failed.

        The first payment of a subscription is only tried while the customer is there.
        """
        self.ensure_one()
        return (
            self.last_payment_state == "failed"
            and not self.next_payment_attempt_at
            and self.status != "incomplete"
        )

    def _stripe_follow_dunning(self, state, gave_up):
        """Call a person when Stripe tries no more, and dismiss them once it is paid.

        :param str|bool state: The state of the payments before.
        :param bool gave_up: Whether Stripe tried no more before.
        """
        self.ensure_one()
        if self._has_given_up() and not gave_up:
            self._stripe_call_person(self.env._("Payment failed for good"))
        elif self.last_payment_state == "paid" and state in ("failed", "requires_action"):
            self.activity_unlink([ACTIVITY])

    def _stripe_call_person(self, summary):
        """Give the responsible of the Stripe account an activity about the payments, unless there is one.

        :param str summary: What has happened.
        """
        if self.env.context.get("stripe_no_mails"):
            return
        for subscription in self:
            user = subscription.provider_id.sudo().stripe_billing_user_id
            if user and not subscription.activity_search([ACTIVITY]):
                subscription.activity_schedule(
                    ACTIVITY,
                    summary=summary,
                    note=subscription.with_context(lang=user.lang).payment_failure_message or "",
                    user_id=user.id,
                )

    @api.model
    def _cron_payments(self):
        """Call a person where the customer has not confirmed a payment for days."""
        since = fields.Datetime.now() - timedelta(days=ACTION_PATIENCE_DAYS)
        waiting = self.search(
            [
                ("requires_action", "=", True),
                ("dunning_move_id.stripe_action_since", "<", since),
            ]
        )
        waiting._stripe_call_person(self.env._("The customer has not confirmed the payment"))
