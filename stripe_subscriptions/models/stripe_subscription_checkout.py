from odoo import api, models
from odoo.addons.stripe_subscriptions import utils
from odoo.addons.stripe_subscriptions.stripe_gateway import (
    StripeGatewayError,
    StripeNotFound,
    StripeRequestRefused,
)
from odoo.exceptions import UserError
from odoo.tools.urls import urljoin


class StripeSubscription(models.Model):
    """How a customer subscribes: through a Stripe Checkout Session."""

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - SIGN-UP === #

    def _stripe_get_checkout_url(self):
        """Return where to send the customer to subscribe.

        A session that is still open and offers the same is used again, so that two tabs or a double
        click cannot end in two subscriptions. When the customer has subscribed meanwhile, that is
        applied and the portal page is returned.

        :return: Stripe's hosted page, or the portal page of the subscription.
        :rtype: str
        :raise UserError: When the subscription is not to be had, or Stripe refuses.
        """
        self.ensure_one()
        if self.stripe_id:
            return self.get_portal_url()
        self._check_ready()
        self._check_mode()
        provider = self.provider_id.sudo()
        customer = self.env["stripe.customer"]._stripe_get_or_create(provider, self.contact_id)
        params = self._prepare_checkout_params(customer)
        fingerprint = utils.fingerprint(params)
        session = self._stripe_get_open_session(fingerprint)
        if self.stripe_id:
            return self.get_portal_url()
        if not session:
            self.checkout_count += 1
            session = provider._stripe_request(
                "checkout.sessions",
                "create",
                params=params,
                idempotency_key=provider._stripe_idempotency_key(
                    "checkout", self.id, self.checkout_count, fingerprint
                ),
            )
            self.write({"checkout_session": session["id"], "checkout_fingerprint": fingerprint})
        return session["url"]

    def _check_mode(self):
        """Refuse a draft whose plans belong to the other mode of Stripe.

        :raise UserError: When one does.
        """
        for price in self.item_ids.price_id:
            if not price.sudo().is_current_mode:
                raise UserError(
                    self.env._(
                        "The plan %s belongs to Stripe's test mode: choose another.", price.name
                    )
                    if not price.livemode
                    else self.env._(
                        "The plan %s belongs to Stripe's live mode: choose another.", price.name
                    )
                )

    def _stripe_get_open_session(self, fingerprint):
        """Return the session that the customer was given before, if it can still be used.

        One that offers something else is expired; one that is complete is applied.

        :param str fingerprint: Of the parameters a session must have.
        :return: The Checkout Session, or None.
        :rtype: dict|None
        :raise UserError: When Stripe cannot be reached.
        """
        if not self.checkout_session:
            return None
        provider = self.provider_id.sudo()
        try:
            session = provider._stripe_client().retrieve("checkout.sessions", self.checkout_session)
            if session["status"] == "open" and self.checkout_fingerprint == fingerprint:
                return session
            if session["status"] == "open":
                session = provider._stripe_client().call(
                    "checkout.sessions", "expire", session["id"]
                )
        except StripeNotFound:
            return None
        except StripeRequestRefused:
            # Completed between the two requests.
            session = {"id": self.checkout_session, "status": "complete"}
        except StripeGatewayError as error:
            raise provider._stripe_user_error(error) from error
        if session["status"] == "complete":
            provider._stripe_sync([("checkout.session", session["id"])])
        return None

    def _prepare_checkout_params(self, customer):
        """Return the parameters of the Checkout Session.

        :param stripe.customer customer: Who subscribes.
        :rtype: dict
        """
        self.ensure_one()
        metadata = self._prepare_metadata()
        base_url = self.get_base_url()
        return_url = urljoin(base_url, self.get_portal_url(suffix="/return"))
        return utils.without_empty(
            {
                "mode": "subscription",
                "customer": customer.stripe_id,
                "client_reference_id": str(self.id),
                "line_items": [item._prepare_checkout_line() for item in self.item_ids],
                "discounts": self._prepare_discount_params(),
                "metadata": metadata,
                "subscription_data": self._prepare_subscription_data(
                    metadata, self._prepare_start(checkout=True)
                ),
                "success_url": f"{return_url}&session_id={{CHECKOUT_SESSION_ID}}",
                "cancel_url": urljoin(base_url, self.get_portal_url()),
            }
        )

    def _get_too_close_error(self):
        """Return why Checkout cannot make a subscription that is first billed so soon.

        :rtype: UserError
        """
        return UserError(
            self.env._(
                "This subscription starts on %(date)s and can be subscribed to from the day before.",
                date=self.first_billing_date,
            )
        )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply_sessions(self, provider, sessions):
        """Take note of what became of Checkout Sessions.

        A complete session ties its draft to the subscription; the subscription itself is written by
        its own writer, which gets it in the same batch.

        :param payment.provider provider: The Stripe account.
        :param list[dict] sessions: Checkout Sessions.
        :return: The ids of the sessions that belong to a record of this database.
        :rtype: set[str]
        """
        self = self._with_stripe_sync(provider)
        known = set()
        for session in sessions:
            record_id = self._get_metadata_record_id(provider, session)
            record = (
                self.browse(record_id or ()).exists().filtered(lambda r: r.provider_id == provider)
            )
            if not record:
                continue
            provider._stripe_check_livemode(session)
            known.add(session["id"])
            if session["status"] == "complete" and not record.stripe_id:
                record.write(
                    {
                        "stripe_id": utils.object_id(session["subscription"]),
                        "livemode": session["livemode"],
                    }
                )
        return known

    def _stripe_sync_session(self, session_id):
        """Apply a Checkout Session from which the customer comes back.

        :param str session_id: The id that Stripe put into the address.
        :raise UserError: When the session is not this subscription's, or Stripe cannot be reached.
        """
        self.ensure_one()
        if session_id != self.sudo().checkout_session:
            raise UserError(self.env._("This payment page belongs to another subscription."))
        self.provider_id._stripe_sync([("checkout.session", session_id)])
