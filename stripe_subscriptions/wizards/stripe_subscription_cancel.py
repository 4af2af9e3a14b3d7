from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_preview
from odoo.exceptions import UserError


class StripeSubscriptionCancel(models.TransientModel):
    """Asks when and why subscriptions are canceled, and what becomes of the time that was paid."""

    _name = "stripe.subscription.cancel"
    _description = "Cancel Subscription"
    _inherit = ["stripe.subscription.wizard"]

    _action = "cancel"
    _method = "_stripe_cancel"
    _preview_method = "_stripe_preview_cancel"

    # === FIELDS === #

    when = fields.Selection(
        [("period_end", "At the end of the period"), ("now", "At once")],
        required=True,
        compute="_compute_when",
        store=True,
        precompute=True,
        readonly=False,
    )
    can_wait = fields.Boolean(compute="_compute_can_wait")
    ends_at = fields.Datetime(related="subscription_id.current_period_end")
    settlement = fields.Selection(
        selection="_get_settlements",
        string="Time Already Paid",
        required=True,
        default="none",
    )
    invoice_now = fields.Boolean(
        string="Closing Invoice",
        help="Bill what waits for the next invoice: metered usage and one-off items.",
    )
    move_id = fields.Many2one("account.move", compute="_compute_move_id", string="Last Invoice")
    refundable_amount = fields.Monetary(compute="_compute_move_id")
    refund_amount = fields.Monetary(string="Refund", help="With taxes.")
    reason = fields.Selection(const.FEEDBACK)
    comment = fields.Text()

    # === COMPUTE METHODS === #

    @api.model
    def _get_settlements(self):
        """Return what can become of the time that was paid; giving money back is for accounting.

        :rtype: list[tuple[str, str]]
        """
        settlements = [
            ("none", self.env._("Give nothing back")),
            ("credit", self.env._("Credit the unused time for later invoices")),
        ]
        if self.env["stripe.refund"].has_access("create"):
            settlements.append(("refund", self.env._("Refund to the card")))
        return settlements

    @api.depends("subscription_ids")
    def _compute_can_wait(self):
        for wizard in self:
            wizard.can_wait = wizard.count > 1 or "cancel_later" in (
                wizard.subscription_id.offered_actions or ()
            )

    @api.depends("can_wait")
    def _compute_when(self):
        for wizard in self:
            wizard.when = "period_end" if wizard.can_wait else "now"

    @api.depends("subscription_ids")
    def _compute_move_id(self):
        refund_model = self.env["stripe.refund"]
        for wizard in self:
            may = refund_model.has_access("create")
            subscription = wizard.subscription_id
            wizard.move_id = subscription._get_refundable_move() if subscription and may else False
            wizard.refundable_amount = (
                refund_model.new({"move_id": wizard.move_id.id}).refundable_amount
                if wizard.move_id
                else 0
            )

    # === ONCHANGE METHODS === #

    @api.onchange("when", "settlement", "invoice_now")
    def _onchange_preview(self):
        self._load_preview()

    @api.onchange("settlement")
    def _onchange_settlement(self):
        """Propose to refund the time that was paid and not used."""
        if self.settlement == "refund" and self.subscription_id:
            try:
                preview = self.subscription_id._stripe_preview_cancel("now", prorate=True)
            except UserError as error:
                self.preview_error = str(error)
                return
            unused = float(stripe_preview.unused(preview)) if preview else 0
            self.refund_amount = min(unused, self.refundable_amount)

    # === BUSINESS METHODS === #

    def _check_answers(self):
        """Override of `stripe_subscriptions`."""
        if self.when != "now" or self.settlement != "refund":
            return
        if not self.subscription_id:
            raise UserError(self.env._("Refund one subscription at a time."))
        currency = self.currency_id
        if (
            currency.compare_amounts(self.refund_amount, 0) < 0
            or currency.compare_amounts(self.refund_amount, self.refundable_amount) > 0
        ):
            raise UserError(
                self.env._(
                    "Between 0 and %(amount)s %(currency)s can be refunded.",
                    amount=self.refundable_amount,
                    currency=currency.name,
                )
            )

    def _get_charge_label(self, timestamp):
        """Override of `stripe_subscriptions`: after the end there is no other."""
        if self.when != "period_end":
            return super()._get_charge_label(timestamp)
        day = self.subscription_id._format_day(timestamp)
        return self.env._("Last charge on %(date)s", date=day)

    def _get_arguments(self):
        """Override of `stripe_subscriptions`."""
        now = self.when == "now"
        credit = now and self.settlement == "credit"
        return {
            "when": self.when,
            "reason": self.reason or None,
            "comment": self.comment or None,
            "prorate": credit,
            "invoice_now": credit or (now and self.invoice_now),
            "refund": self.refund_amount if now and self.settlement == "refund" else 0,
        }
