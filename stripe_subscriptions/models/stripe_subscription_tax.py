from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError

ACTIVITY = "stripe_subscriptions.mail_activity_type_tax"


class StripeSubscription(models.Model):
    """Stripe Tax: where the customer is decides the taxes, so Stripe has to know that.

    https://docs.stripe.com/tax/customer-locations
    """

    _inherit = "stripe.subscription"

    # === FIELDS === #

    lacks_tax_location = fields.Boolean(
        string="Stripe Tax Switched Off",
        help="Stripe does not know where the customer is: its invoices come without tax since then.",
        readonly=True,
        copy=False,
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: a person hears of Stripe Tax that was switched off by Stripe."""
        lost = self.browse()
        if vals.get("lacks_tax_location"):
            lost = self.filtered(lambda subscription: not subscription.lacks_tax_location)
        found = self.browse()
        if vals.get("lacks_tax_location") is False:
            found = self.filtered("lacks_tax_location")
        result = super().write(vals)
        lost._call_for_tax_location()
        found.activity_unlink([ACTIVITY])
        return result

    # === ACTION METHODS === #

    def action_stripe_tax_on(self):
        """Have Stripe find out the taxes again, after the customer's address was completed.

        :raise UserError: When the address is still not enough, or Stripe refuses.
        """
        subscription = self._stripe_begin("change")
        subscription.stripe_customer_id._stripe_tell_location()
        params = {"automatic_tax": {"enabled": True}, "proration_behavior": "none"}
        subscription._stripe_update("tax", params)
        self._stripe_end(self.env._("Stripe Tax is on again: the next invoices come with tax."))

    # === BUSINESS METHODS - SIGN-UP === #

    def _prepare_subscription_params(self, customer, payment_method_id=None):
        """Override of `stripe_subscriptions`: the place of the customer is known before anything is due."""
        if self.automatic_tax:
            customer._stripe_tell_location()
        return super()._prepare_subscription_params(customer, payment_method_id)

    def _prepare_checkout_params(self, customer):
        """Override of `stripe_subscriptions`: Checkout asks for the address that decides the taxes."""
        params = super()._prepare_checkout_params(customer)
        if not self.automatic_tax:
            return params
        customer._stripe_tell_location()
        # What is entered is kept for the invoices to come.
        return {
            **params,
            "automatic_tax": {"enabled": True},
            "customer_update": {"address": "auto"},
        }

    # === BUSINESS METHODS - PREVIEW === #

    def _stripe_request_preview(self, params, customer):
        """Ask Stripe for the first invoice of a draft, without taxes where it cannot find them out.

        :param dict params: Of https://docs.stripe.com/api/invoices/create_preview.
        :param stripe.customer customer: At Stripe, if it is there already.
        :return: The invoice, and whether its taxes are not known yet.
        :rtype: tuple[dict, bool]
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        provider = self.provider_id.sudo()
        if not self.automatic_tax:
            return provider._stripe_request("invoices", "create_preview", params=params), False
        attempts = [{**params, **self._prepare_preview_tax(customer)}]
        without = {**params, **self._prepare_preview_tax(customer, with_tax_id=False)}
        attempts += [without] if without != attempts[0] else []
        client = provider._stripe_client()
        for attempt in attempts:
            try:
                return client.call("invoices", "create_preview", params=attempt), False
            except StripeGatewayError as error:
                # A tax id that is not well-formed keeps nobody from subscribing.
                if error.code not in (const.TAX_ID_ERROR, const.LOCATION_ERROR):
                    raise provider._stripe_user_error(error) from error
        return provider._stripe_request("invoices", "create_preview", params=params), True

    def _prepare_preview_tax(self, customer, with_tax_id=True):
        """Return the parameters by which Stripe Tax knows where the customer is, and that it is a business.

        :param stripe.customer customer: At Stripe, if it is there already.
        :param bool with_tax_id: Whether the tax id is told.
        :rtype: dict
        """
        contact = self.contact_id or self.partner_id
        details = customer._prepare_tax_details(self.provider_id.sudo(), contact)
        if customer:
            # Of what Stripe knows only that counts which it has not been told yet.
            waiting = set((customer.details_changed or "").split())
            told = {"address": "address", "tax_ids": "tax_id"}
            details = {name: value for name, value in details.items() if told[name] in waiting}
        if not with_tax_id:
            details.pop("tax_ids", None)
        return utils.without_empty(
            {"automatic_tax": {"enabled": True}, "customer_details": utils.without_empty(details)}
        )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe_subscriptions`: whether Stripe has switched Stripe Tax off."""
        reason = utils.path(obj, "automatic_tax.disabled_reason")
        return {
            **super()._prepare_stripe_values(provider, obj, lookup),
            "lacks_tax_location": reason == "requires_location_inputs",
        }

    def _call_for_tax_location(self):
        """Tell the responsible of the Stripe account that invoices come without tax, and what to do."""
        for subscription in self:
            user = subscription.provider_id.sudo().stripe_billing_user_id
            if not user or subscription.status in const.ENDED_STATUSES:
                continue
            translated = subscription.with_context(lang=user.lang)
            subscription.activity_schedule(
                ACTIVITY,
                summary=translated.env._("Stripe Tax was switched off"),
                note=translated.env._(
                    "Stripe does not know where %(customer)s is, so the invoices come without tax. "
                    "Complete the address: the country is needed, in the United States and Canada the "
                    "postal code too. Then switch Stripe Tax on again here.",
                    customer=subscription.partner_id.display_name,
                ),
                user_id=user.id,
            )
