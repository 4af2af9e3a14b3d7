from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import ValidationError


class StripeSubscription(models.Model):
    """What else staff decide before the customer subscribes: trial, collection, Stripe Tax, the print."""

    _inherit = "stripe.subscription"

    # === FIELDS === #

    trial_days = fields.Integer(
        help="Free days from the day of subscribing.",
        copy=True,
        tracking=True,
    )
    trial_until = fields.Date(
        help="The customer is charged from this day on, whenever it subscribes; without a trial when "
        "the day has passed by then.",
        copy=False,
        tracking=True,
    )
    collection_method = fields.Selection(
        [
            ("charge_automatically", "Charged automatically"),
            ("send_invoice", "Invoice to be paid"),
        ],
        string="Payment",
        help="Whether Stripe charges the customer's card, or sends invoices that the customer pays.",
        required=True,
        default="charge_automatically",
        tracking=True,
    )
    days_until_due = fields.Integer(
        help="How long the customer has to pay an invoice.",
        default=const.DAYS_UNTIL_DUE,
    )
    automatic_tax = fields.Boolean(
        string="Stripe Tax",
        help="Stripe finds out the taxes from where the customer is. It has to be set up at Stripe.",
        tracking=True,
    )
    print_description = fields.Boolean(
        string="Print on Invoices", help="The description is printed on each invoice."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("trial_days", "trial_until", "first_billing_date")
    def _check_trial(self):
        for subscription in self.filtered(lambda s: s.status == "draft"):
            terms = (
                bool(subscription.trial_days),
                bool(subscription.trial_until),
                bool(subscription.first_billing_date),
            )
            if sum(terms) > 1:
                raise ValidationError(
                    self.env._(
                        "Choose one of them: days of trial, the end of a trial, or a first billing date."
                    )
                )
            if not 0 <= subscription.trial_days <= const.MAX_FIRST_BILLING_DAYS:
                raise ValidationError(
                    self.env._("A trial has up to %s days.", const.MAX_FIRST_BILLING_DAYS)
                )
            if subscription.trial_until:
                days = (subscription.trial_until - subscription._get_today()).days
                if not 0 < days <= const.MAX_FIRST_BILLING_DAYS:
                    raise ValidationError(
                        self.env._(
                            "A trial ends in the future, at most %s days ahead.",
                            const.MAX_FIRST_BILLING_DAYS,
                        )
                    )

    @api.constrains("collection_method", "days_until_due")
    def _check_days_until_due(self):
        for subscription in self:
            if subscription.collection_method == "send_invoice" and subscription.days_until_due < 1:
                raise ValidationError(
                    self.env._("Give the customer at least one day to pay an invoice.")
                )

    @api.constrains("automatic_tax", "tax_rate_ids")
    def _check_automatic_tax(self):
        for subscription in self.filtered(lambda s: s.status == "draft"):
            if subscription.automatic_tax and subscription.tax_rate_ids:
                raise ValidationError(
                    self.env._(
                        "Either Stripe Tax finds out the taxes or you choose them, not both."
                    )
                )

    # === ONCHANGE METHODS === #

    @api.onchange("automatic_tax")
    def _onchange_automatic_tax(self):
        if self.automatic_tax:
            self.tax_rate_ids = False

    # === BUSINESS METHODS - SIGN-UP === #

    def _prepare_start(self, checkout):
        """Return the parameters that make the trial or the first billing date hold.

        Checkout takes a trial that ends in 48 hours or more. For a date before that, the billing
        cycle is anchored to it without charging the days until then; the anchor has to lie within
        the first billing period. See https://docs.stripe.com/api/checkout/sessions/create.

        :param bool checkout: Whether the subscription is made by Checkout, not by the API.
        :return: Empty when the customer is charged on the day of subscribing.
        :rtype: dict
        :raise UserError: When the first billing date is too close for Checkout.
        """
        self.ensure_one()
        today = self._get_today()
        if self.trial_days:
            return {"trial_period_days": self.trial_days}
        if self.trial_until and self.trial_until > today:
            ends_at = utils.local_time(self.trial_until, self.company_id.partner_id.tz)
            if not checkout or self._is_far_enough(ends_at):
                return {"trial_end": ends_at}
            # Whole days from now are taken however few they are.
            return {"trial_period_days": (self.trial_until - today).days}
        if self.first_billing_date and self.first_billing_date > today:
            starts_at = utils.local_time(self.first_billing_date, self.company_id.partner_id.tz)
            if not checkout or self._is_far_enough(starts_at):
                return {"trial_end": starts_at}
            return self._prepare_anchor(starts_at)
        return {}

    def _is_far_enough(self, timestamp):
        """Return whether Checkout takes a trial that ends then; at Stripe unix seconds."""
        return timestamp - int(self._stripe_now()) >= const.CHECKOUT_MIN_TRIAL_SECONDS

    def _prepare_anchor(self, starts_at):
        """Return the parameters that anchor the billing cycle to the first billing date.

        :param int starts_at: Noon of that day, unix seconds.
        :rtype: dict
        :raise UserError: When the date lies after the first billing period.
        """
        now = int(self._stripe_now())
        days = min(
            {"day": 1, "week": 7, "month": 28, "year": 365}[price.interval] * price.interval_count
            for price in self.item_ids.price_id
        )
        # The start of the day is for plans that are billed every day, to which noon is too far.
        midnight = utils.local_time(self.first_billing_date, self.company_id.partner_id.tz, hour=0)
        for anchor in (starts_at, midnight):
            if anchor - now < timedelta(days=days).total_seconds():
                return {"billing_cycle_anchor": anchor, "proration_behavior": "none"}
        raise self._get_too_close_error()

    def _prepare_subscription_data(self, metadata, start):
        """Return what Checkout and the API alike give a new subscription.

        :param dict metadata: What ties it to this record.
        :param dict start: See `_prepare_start`.
        :rtype: dict
        """
        self.ensure_one()
        if start and self.first_billing_date:
            metadata = {
                **metadata,
                const.METADATA_FIRST_BILLING: self.first_billing_date.isoformat(),
            }
        printed = self.print_description and self.description
        return utils.without_empty(
            {
                "description": self.description and self.description[: const.MAX_DESCRIPTION],
                "invoice_settings": printed and {"description": printed[: const.MAX_MEMO]},
                "default_tax_rates": self.tax_rate_ids.mapped("stripe_id"),
                "metadata": metadata,
                **start,
            }
        )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe_subscriptions`: what of it Stripe goes on to say."""
        return {
            **super()._prepare_stripe_values(provider, obj, lookup),
            "collection_method": obj.get("collection_method") or "charge_automatically",
            "days_until_due": obj.get("days_until_due") or 0,
            "automatic_tax": bool(utils.path(obj, "automatic_tax.enabled")),
            "print_description": bool(utils.path(obj, "invoice_settings.description")),
        }
