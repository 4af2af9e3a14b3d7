from odoo import models
from odoo.addons.stripe_subscriptions import utils
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError


class StripeSubscription(models.Model):
    """Pausing and going on: the subscription itself, or only the collection of its payments.

    A paused subscription makes no invoices and its periods stand still. While collection is paused the
    periods go on, and invoices are made that nobody is charged for.

    https://docs.stripe.com/billing/subscriptions/pause
    """

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - PAUSING === #

    def _stripe_pause(self, credit=False):
        """Pause the subscription, exactly once; what waits for an invoice is billed with it.

        :param bool credit: Whether to credit the time that was paid and not used.
        :raise UserError: When it cannot be paused, or Stripe refuses.
        """
        self._stripe_begin("pause")
        try:
            obj = self._stripe_act(
                "pause",
                "subscriptions",
                "pause",
                self.stripe_id,
                params=self._prepare_pause_params(credit),
            )
        except StripeGatewayError as error:
            raise self._stripe_refuse(error) from error
        message = self.env._("Paused: nothing is billed until it is resumed.")
        if credit:
            message += " " + self.env._("What was paid and not used was credited.")
        self._stripe_end(message, ("invoice", utils.object_id(obj.get("latest_invoice"))))

    def _stripe_preview_pause(self, credit=False):
        """Return the invoice that pausing makes; see `_stripe_pause` and `_stripe_preview`.

        :return: None when it makes none.
        :rtype: dict|None
        """
        return self._stripe_preview({"pause": self._prepare_pause_params(credit)})

    def _prepare_pause_params(self, credit):
        """Return the parameters of a pause, and of its preview.

        :param bool credit: See `_stripe_pause`.
        :rtype: dict
        """
        return {
            "bill_for": {
                "unused_time_from": {"type": "now" if credit else "none"},
                "outstanding_usage_through": {"type": "now"},
            },
            # An invoice of its own: a credit is on the customer's balance then, and not lost with the
            # subscription should it never be resumed.
            "invoicing_behavior": "invoice",
        }

    def _stripe_unpause(self, cycle="now"):
        """Let a paused subscription go on, exactly once, and charge what is due.

        When the bank refuses, the subscription goes on and is past due: Stripe tries again.

        :param str cycle: "now" begins a new period today, "unchanged" keeps the day of billing and
            bills the rest of the period.
        :raise UserError: When it is not paused, or Stripe refuses.
        """
        self._stripe_begin("unpause")
        try:
            obj = self._stripe_act(
                "unpause",
                "subscriptions",
                "resume",
                self.stripe_id,
                params=self._prepare_unpause_params(cycle),
            )
        except StripeGatewayError as error:
            raise self._stripe_refuse(error) from error
        self._stripe_end(
            self.env._("Resumed."), ("invoice", utils.object_id(obj.get("latest_invoice")))
        )

    def _stripe_preview_unpause(self, cycle="now"):
        """Return what going on costs; see `_stripe_unpause` and `_stripe_preview`.

        :rtype: dict|None
        """
        return self._stripe_preview({"resume_at": "now", **self._prepare_unpause_params(cycle)})

    def _prepare_unpause_params(self, cycle):
        """Return the parameters of going on, and of its preview.

        :param str cycle: See `_stripe_unpause`.
        :rtype: dict
        """
        params = {"billing_cycle_anchor": {"type": cycle}}
        if cycle == "unchanged":
            params["proration_behavior"] = "always_invoice"
        return params

    # === BUSINESS METHODS - COLLECTION === #

    def _stripe_pause_collection(self, behavior="void", resumes_at=None):
        """Go on with the subscription without collecting payments, exactly once.

        :param str behavior: What becomes of invoices meanwhile: "keep_as_draft" (to be collected later),
            "void" (the time is free) or "mark_uncollectible".
        :param int resumes_at: When collection begins again by itself; unix seconds.
        :raise UserError: When it is paused already, or Stripe refuses.
        """
        self._stripe_begin("pause_collection")
        pause = {"behavior": behavior}
        if resumes_at:
            pause["resumes_at"] = resumes_at
        self._stripe_update("pause_collection", {"pause_collection": pause})
        names = dict(self._fields["collection_pause"]._description_selection(self.env))
        message = self.env._("Collection of payments paused: %(what)s.", what=names[behavior])
        if resumes_at:
            message += " " + self.env._(
                "It begins again on %(date)s.", date=self._format_day(resumes_at)
            )
        self._stripe_end(message)

    def _stripe_resume_collection(self):
        """Collect payments again from now on.

        :raise UserError: When collection is not paused, or Stripe refuses.
        """
        self._stripe_begin("resume_collection")
        self._stripe_update("resume_collection", {"pause_collection": ""})
        self._stripe_end(self.env._("Payments are collected again."))
