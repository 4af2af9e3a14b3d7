from odoo import fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError


class StripeSubscription(models.Model):
    """Changing the terms of a subscription: trial, coupon, day of billing.

    Moments are unix seconds, or "now".
    """

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - TRIAL === #

    def _stripe_change_trial(self, ends_at):
        """Extend or shorten a trial, or end it now and charge the first period, exactly once.

        https://docs.stripe.com/billing/subscriptions/trials

        :param int|str ends_at: The moment.
        :raise UserError: When there is no trial, or Stripe refuses.
        """
        self._stripe_begin("trial")
        params = self._prepare_trial_params(ends_at)
        if ends_at == "now":
            params |= self._prepare_payment_params()
        if self.status == "future":
            # What people see is the first billing date, which this has moved.
            tz = self.company_id.partner_id.tz
            day = "" if ends_at == "now" else utils.to_local_date(ends_at, tz).isoformat()
            params["metadata"] = {const.METADATA_FIRST_BILLING: day}
        obj = self._stripe_update("trial", params)
        message = (
            self.env._("Trial ended: the first period was billed.")
            if ends_at == "now"
            else self.env._("The first charge is on %(date)s now.", date=self._format_day(ends_at))
        )
        self._stripe_end(message, ("invoice", utils.object_id(obj.get("latest_invoice"))))

    def _stripe_preview_trial(self, ends_at):
        """Return the first invoice after a trial; see `_stripe_change_trial` and `_stripe_preview`."""
        return self._stripe_preview_with_next(self._prepare_trial_params(ends_at))

    def _prepare_trial_params(self, ends_at):
        """Return the parameters of another end of a trial, and of its preview.

        :raise UserError: When the moment is out of Stripe's bounds.
        """
        if ends_at != "now":
            self._check_moment(ends_at)
        return {"trial_end": ends_at, "proration_behavior": "none"}

    def _check_moment(self, moment):
        """Check that something can take place at a moment.

        :param int moment: Unix seconds.
        :raise UserError: When it is not within the next two years.
        """
        ahead = moment - self._stripe_get_time()
        if not 0 < ahead <= const.MAX_FIRST_BILLING_DAYS * 86400:
            raise UserError(
                self.env._(
                    "Choose a day in the future, at most %s days ahead.",
                    const.MAX_FIRST_BILLING_DAYS,
                )
            )

    # === BUSINESS METHODS - COUPON === #

    def _stripe_set_coupon(self, coupon_id=False):
        """Give the subscription a coupon, in place of those it has; or take them away. Exactly once.

        https://docs.stripe.com/billing/subscriptions/coupons

        :param int|bool coupon_id: Id of a stripe.coupon, False for none.
        :raise UserError: When the coupon does not fit, or Stripe refuses.
        """
        self._stripe_begin("coupon")
        coupon = self.env["stripe.coupon"].sudo().browse(coupon_id or ())
        self._stripe_update("coupon", {"discounts": self._prepare_discounts(coupon)})
        message = (
            self.env._("Coupon: %(coupon)s, from the next invoice on.", coupon=coupon.display_name)
            if coupon
            else self.env._("Coupon taken away.")
        )
        self._stripe_end(message)

    def _stripe_preview_coupon(self, coupon_id=False):
        """Return the next invoice with another coupon; see `_stripe_set_coupon`, `_stripe_preview`."""
        coupon = self.env["stripe.coupon"].sudo().browse(coupon_id or ())
        return self._stripe_preview(discounts=self._prepare_discounts(coupon))

    def _prepare_discounts(self, coupon):
        """Return Stripe's `discounts`: the coupon alone, or nothing.

        :param stripe.coupon coupon: May be empty.
        :raise UserError: When it does not fit the subscription.
        """
        if not coupon:
            return ""
        fits = (
            coupon.exists()
            and coupon.active
            and coupon.provider_id == self.sudo().provider_id
            and coupon.livemode == self.livemode
            and coupon.currency_id in (self.env["res.currency"], self.currency_id)
        )
        if not fits:
            raise UserError(
                self.env._(
                    "The coupon is not valid for %(name)s: it has expired, is in another currency, "
                    "or belongs to another Stripe account.",
                    name=self.name,
                )
            )
        return [{"coupon": coupon.stripe_id}]

    # === BUSINESS METHODS - DAY OF BILLING === #

    def _stripe_change_billing_date(self, at, proration="none"):
        """Let a new period begin now, or at a later moment until which nothing is charged. Exactly once.

        For a later moment Stripe has the subscription wait as in a trial:
        https://docs.stripe.com/billing/subscriptions/billing-cycle#changing

        :param int|str at: The moment.
        :param str proration: "create_prorations" credits the time of the current period that was paid
            and not used, "none" does not.
        :raise UserError: When it cannot be changed, or Stripe refuses.
        """
        self._stripe_begin("billing_date")
        params = self._prepare_billing_date_params(at, proration)
        obj = self._stripe_update("billing_date", self._prepare_payment_params() | params)
        message = (
            self.env._("A new billing period began at once.")
            if at == "now"
            else self.env._(
                "Billing moved: the next charge is on %(date)s.", date=self._format_day(at)
            )
        )
        self._stripe_end(message, ("invoice", utils.object_id(obj.get("latest_invoice"))))

    def _stripe_preview_billing_date(self, at, proration="none"):
        """Return what another day of billing costs at once, and what the next charge will be.

        See `_stripe_change_billing_date` and `_stripe_preview`.

        :rtype: dict|None
        """
        params = self._prepare_billing_date_params(at, proration)
        return self._stripe_preview_with_next(params, None if at == "now" else at)

    def _prepare_billing_date_params(self, at, proration):
        """Return the parameters of another day of billing, and of its preview."""
        if at == "now":
            return {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": proration}
        self._check_moment(at)
        return {"trial_end": at, "proration_behavior": proration}

    # === BUSINESS METHODS - WRITER === #

    def _prepare_status(self, obj):
        """Override of `stripe_subscriptions`: waiting for another day than the first is no future."""
        status = super()._prepare_status(obj)
        if status != "future":
            return status
        agreed = fields.Date.to_date(obj["metadata"][const.METADATA_FIRST_BILLING])
        anchor = utils.to_local_date(obj["billing_cycle_anchor"], "UTC")
        # A day is not the same one everywhere.
        return status if abs((anchor - agreed).days) <= 1 else obj["status"]
