from odoo import api, fields, models
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError
from odoo.exceptions import AccessError, UserError

# Action -> method of the subscription that may be called for many of them.
METHODS = {
    "cancel": "_stripe_cancel",
    "resume": "_stripe_resume",
    "pause": "_stripe_pause",
    "unpause": "_stripe_unpause",
    "pause_collection": "_stripe_pause_collection",
    "resume_collection": "_stripe_resume_collection",
    "coupon": "_stripe_set_coupon",
    "card": "_stripe_set_card",
    "retry": "_stripe_retry_payment",
}


class StripeJob(models.Model):
    """The same action on many subscriptions: one after the other, each committed with its result.

    What fails holds up nothing else. A step that was interrupted is repeated with the same idempotency
    key, so that nothing is done twice.
    """

    _inherit = "stripe.job"

    kind = fields.Selection(
        selection_add=[("act", "Change subscriptions")], ondelete={"act": "cascade"}
    )
    action = fields.Selection(
        [
            ("cancel", "Cancel"),
            ("resume", "Undo cancellation"),
            ("pause", "Pause"),
            ("unpause", "Resume"),
            ("pause_collection", "Pause the collection of payments"),
            ("resume_collection", "Collect payments again"),
            ("coupon", "Change the coupon"),
            ("card", "Change the card"),
            ("retry", "Retry the payment"),
        ],
        readonly=True,
    )
    arguments = fields.Json(readonly=True)
    act_ids = fields.One2many("stripe.job.act", "job_id", string="Subscriptions", readonly=True)

    # === BUSINESS METHODS === #

    @api.model
    def _start_acts(self, subscriptions, action, arguments):
        """Begin to do something with subscriptions, as the user who asks for it.

        :param stripe.subscription subscriptions: Of any Stripe accounts.
        :param str action: A key of `METHODS`.
        :param dict arguments: Of the method.
        :return: The action that shows the jobs.
        :rtype: dict
        """
        subscriptions.check_access("write")
        jobs = self.sudo().create(
            [
                {
                    "provider_id": provider.id,
                    "kind": "act",
                    "action": action,
                    "arguments": arguments,
                    "act_ids": [(0, 0, {"subscription_id": record.id}) for record in records],
                }
                for provider, records in subscriptions.grouped("provider_id").items()
            ]
        )
        for job in jobs:
            job.action_start()
        return jobs.with_env(self.env)._get_records_action(name=self.env._("Change Subscriptions"))

    def _step_act(self):
        """Do it with the next subscription."""
        waiting = self.act_ids.filtered(lambda act: act.state == "waiting")
        if not waiting:
            return True
        act = waiting[0]
        done = len(self.act_ids) - len(waiting)
        try:
            with self.env.cr.savepoint():
                self._act_as_user(act.subscription_id)
        except (UserError, AccessError) as error:
            cause = error.__cause__
            if isinstance(cause, StripeGatewayError) and cause.retryable:
                # Stripe is out of reach: that is not the fault of this subscription.
                raise cause from error
            act.write({"state": "failed", "message": str(error)})
            self._count(failed=1)
        else:
            act.state = "done"
            self._count(done=1)
        self._advance((done + 1) / len(self.act_ids), phase=act.subscription_id.name)
        return len(waiting) == 1

    def _act_as_user(self, subscription):
        """Do it with one subscription, with the rights of who started the job."""
        subscription = subscription.with_user(self.create_uid).with_context(
            allowed_company_ids=self.provider_id.company_id.ids
        )
        getattr(subscription, METHODS[self.action])(**(self.arguments or {}))

    def _get_count_labels(self):
        """Override of `stripe.job`."""
        labels = super()._get_count_labels()
        if self.kind == "act":
            labels |= {"done": self.env._("Done"), "failed": self.env._("Not possible")}
        return labels

    def _shows_zero(self):
        """Override of `stripe.job`: what did not happen is not worth a line."""
        return super()._shows_zero() and self.kind != "act"


class StripeJobAct(models.Model):
    """One subscription of a job that changes many, and what came of it."""

    _name = "stripe.job.act"
    _description = "Subscription of a Stripe Job"
    _order = "id"
    _rec_name = "subscription_id"

    # === FIELDS === #

    job_id = fields.Many2one("stripe.job", required=True, index=True, ondelete="cascade")
    subscription_id = fields.Many2one(
        "stripe.subscription", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(related="subscription_id.partner_id")
    state = fields.Selection(
        [("waiting", "Waiting"), ("done", "Done"), ("failed", "Not possible")],
        required=True,
        default="waiting",
    )
    message = fields.Char(string="Reason")
