from odoo import models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError


class StripeSubscription(models.Model):
    """How a customer subscribes without Checkout: by invoice, or with a card that Stripe knows."""

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - SIGN-UP === #

    def _stripe_get_subscribe_url(self, payment_method_id=None):
        """Subscribe, or return where to send the customer for that.

        :param str payment_method_id: A card of the customer at Stripe to be charged; without one the
            customer is asked for a card by Checkout, unless it pays by invoice.
        :return: Stripe's hosted page, or the portal page of the subscription.
        :rtype: str
        :raise UserError: When the subscription is not to be had, or Stripe refuses.
        """
        self.ensure_one()
        if not payment_method_id and self.collection_method == "charge_automatically":
            return self._stripe_get_checkout_url()
        if not self.stripe_id:
            self._stripe_subscribe(payment_method_id)
        return self.get_portal_url()

    def _stripe_subscribe(self, payment_method_id=None):
        """Make the subscription at Stripe, exactly once.

        A Checkout page that is still open for it is closed before: two ways must not end in two
        subscriptions. When that was completed meanwhile, its subscription is the one.

        :param str payment_method_id: See `_stripe_get_subscribe_url`.
        :raise UserError: When the subscription is not to be had, or Stripe refuses.
        """
        self.ensure_one()
        self._check_ready()
        self._check_mode()
        if not self.try_lock_for_update(allow_referencing=True):
            raise UserError(self.env._("This is being subscribed to at this moment."))
        provider = self.provider_id.sudo()
        customer = self.env["stripe.customer"]._stripe_get_or_create(provider, self.contact_id)
        provider._stripe_keep_lanes_out(customer.stripe_id)
        # No session has this fingerprint: one that is open is expired.
        self._stripe_get_open_session("api")
        if self.stripe_id:
            return
        params = self._prepare_subscription_params(customer, payment_method_id)
        key = provider._stripe_idempotency_key(
            "subscribe", self.id, self.checkout_count, utils.fingerprint(params)
        )
        obj = provider._stripe_request(
            "subscriptions", "create", params=params, idempotency_key=key
        )
        provider._stripe_sync(
            [
                ("subscription", obj["id"]),
                *[("invoice", key) for key in [utils.object_id(obj.get("latest_invoice"))] if key],
            ]
        )

    def _prepare_subscription_params(self, customer, payment_method_id=None):
        """Return the parameters of https://docs.stripe.com/api/subscriptions/create.

        :param stripe.customer customer: Who subscribes.
        :param str payment_method_id: See `_stripe_get_subscribe_url`.
        :rtype: dict
        """
        self.ensure_one()
        by_invoice = self.collection_method == "send_invoice"
        collection = (
            {"collection_method": "send_invoice", "days_until_due": self.days_until_due}
            if by_invoice
            else {
                "default_payment_method": payment_method_id,
                # The bank may want to hear from the customer, who is here now.
                "payment_behavior": "allow_incomplete",
                "off_session": False,
            }
        )
        return utils.without_empty(
            {
                "customer": customer.stripe_id,
                "items": [item._prepare_checkout_line() for item in self.item_ids],
                "discounts": self._prepare_discount_params(),
                "automatic_tax": self.automatic_tax and {"enabled": True},
                **collection,
                **self._prepare_subscription_data(
                    self._prepare_metadata(), self._prepare_start(checkout=False)
                ),
            }
        )

    def _prepare_metadata(self):
        """Return what ties an object at Stripe to the record.

        :rtype: dict[str, str]
        """
        return {
            const.METADATA_SUBSCRIPTION: str(self.id),
            const.METADATA_DATABASE: self.provider_id._stripe_database(),
        }
