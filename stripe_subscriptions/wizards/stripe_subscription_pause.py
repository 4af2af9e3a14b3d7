from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import utils
from odoo.exceptions import UserError


class StripeSubscriptionPause(models.TransientModel):
    """Asks how subscriptions pause: they stand still, or go on without being paid."""

    _name = "stripe.subscription.pause"
    _description = "Pause Subscription"
    _inherit = ["stripe.subscription.wizard"]

    # === FIELDS === #

    kind = fields.Selection(
        [
            ("pause", "The subscription stands still: no periods, no invoices"),
            ("pause_collection", "It goes on, but payments are not collected"),
        ],
        string="What Pauses",
        required=True,
        compute="_compute_kind",
        store=True,
        precompute=True,
        readonly=False,
    )
    can_stand_still = fields.Boolean(compute="_compute_can_stand_still")
    reason_not = fields.Char(compute="_compute_can_stand_still")
    credit = fields.Selection(
        [("none", "Give nothing back"), ("credit", "Credit the unused time")],
        string="Time Already Paid",
        required=True,
        default="none",
    )
    behavior = fields.Selection(
        [
            ("void", "Void them: the time is free"),
            ("keep_as_draft", "Keep them as drafts, to be collected later"),
            ("mark_uncollectible", "Write them off"),
        ],
        string="Invoices Meanwhile",
        required=True,
        default="void",
    )
    resumes_on = fields.Date(
        string="Collect Again From", help="Empty: until somebody collects again."
    )

    # === COMPUTE METHODS === #

    @api.depends("subscription_ids")
    def _compute_can_stand_still(self):
        for wizard in self:
            subscription = wizard.subscription_id
            may = not subscription or "pause" in (subscription.offered_actions or ())
            wizard.can_stand_still = may
            wizard.reason_not = (
                False
                if may or subscription.billing_mode == "flexible"
                else subscription._get_condition_text("flexible")
            )

    @api.depends("can_stand_still")
    def _compute_kind(self):
        for wizard in self:
            wizard.kind = "pause" if wizard.can_stand_still else "pause_collection"

    # === ONCHANGE METHODS === #

    @api.onchange("kind", "credit")
    def _onchange_preview(self):
        self._load_preview()

    # === BUSINESS METHODS === #

    @api.model
    def _check_selected(self, subscription):
        """Override of `stripe_subscriptions`: one of the two is enough."""
        if "pause" in (subscription.offered_actions or ()):
            return None
        return super()._check_selected(subscription)

    def _get_action_name(self):
        """Override of `stripe_subscriptions`."""
        return self.kind or "pause_collection"

    def _get_method_name(self):
        """Override of `stripe_subscriptions`."""
        return "_stripe_pause" if self.kind == "pause" else "_stripe_pause_collection"

    def _has_preview(self):
        """Override of `stripe_subscriptions`."""
        return self.kind == "pause"

    def _get_preview(self):
        """Override of `stripe_subscriptions`."""
        return self.subscription_id._stripe_preview_pause(**self._get_arguments())

    def _check_answers(self):
        """Override of `stripe_subscriptions`."""
        if self.kind == "pause_collection" and self.resumes_on:
            today = fields.Date.context_today(self)
            if self.resumes_on <= today and not self.subscription_id.stripe_customer_id.test_clock:
                raise UserError(self.env._("Choose a day in the future."))

    def _get_arguments(self):
        """Override of `stripe_subscriptions`."""
        if self.kind == "pause":
            return {"credit": self.credit == "credit"}
        company = self.subscription_ids[:1].company_id
        return {
            "behavior": self.behavior,
            "resumes_at": utils.local_time(self.resumes_on, company.partner_id.tz)
            if self.resumes_on
            else None,
        }


class StripeSubscriptionUnpause(models.TransientModel):
    """Asks in which cycle paused subscriptions go on."""

    _name = "stripe.subscription.unpause"
    _description = "Resume Subscription"
    _inherit = ["stripe.subscription.wizard"]

    _action = "unpause"
    _method = "_stripe_unpause"
    _preview_method = "_stripe_preview_unpause"

    # === FIELDS === #

    cycle = fields.Selection(
        [
            ("now", "Begin a new period today"),
            ("unchanged", "Keep the day of billing, bill the rest of the period"),
        ],
        string="Billing",
        required=True,
        default="now",
    )

    # === ONCHANGE METHODS === #

    @api.onchange("cycle")
    def _onchange_preview(self):
        self._load_preview()

    # === BUSINESS METHODS === #

    def _get_arguments(self):
        """Override of `stripe_subscriptions`."""
        return {"cycle": self.cycle}
