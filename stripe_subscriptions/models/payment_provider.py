from odoo import fields, models
from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.stripe_gateway import (
    LIVE_KEY_PREFIXES,
    TEST_KEY_PREFIXES,
    StripeGateway,
    StripeGatewayError,
    StripeReadOnly,
)
from odoo.exceptions import UserError


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    # === FIELDS === #

    stripe_billing_account = fields.Char(
        string="Stripe Account ID",
        help="The account that the key belongs to, as Stripe answered to the last connection test.",
        readonly=True,
        copy=False,
    )
    stripe_billing_journal_id = fields.Many2one(
        string="Subscriptions Journal",
        help="Invoices of Stripe subscriptions are posted in this journal, which nothing else "
        "should use. Made when it is first needed.",
        comodel_name="account.journal",
        domain=[("type", "=", "sale")],
        check_company=True,
        ondelete="restrict",
        copy=False,
    )
    stripe_billing_user_id = fields.Many2one(
        string="Responsible",
        help="Gets an activity when an event from Stripe needs a person.",
        comodel_name="res.users",
        domain=[("share", "=", False)],
        copy=False,
    )
    stripe_billing_test_clock = fields.Char(
        string="Test Clock",
        help="Test mode only: customers that Odoo makes at Stripe are put on this test clock, so "
        "that you can let time pass for them in Stripe's Dashboard. A clock takes three customers.",
        copy=False,
    )
    stripe_billing_book_from = fields.Date(
        string="Book Invoices From",
        help="Invoices that Stripe finalized before this day are in the books already and are never "
        "booked here.",
        copy=False,
    )
    stripe_billing_attach_pdf = fields.Boolean(
        string="Attach Stripe's PDF",
        help="Stripe's own PDF of each new invoice and credit note is attached to its document in Odoo, "
        "some minutes after it was booked.",
        copy=False,
    )
    stripe_billing_price_count = fields.Integer(
        string="Plans", compute="_compute_stripe_billing_price_count"
    )

    # === COMPUTE METHODS === #

    def _compute_stripe_billing_price_count(self):
        counts = dict(
            self.env["stripe.price"]._read_group(
                [("provider_id", "in", self.ids)], ["provider_id"], ["__count"]
            )
        )
        for provider in self:
            provider.stripe_billing_price_count = counts.get(provider, 0)

    # === ACTION METHODS === #

    def action_stripe_billing_test_connection(self):
        """Ask Stripe which account the key belongs to, and say so.

        :return: A notification.
        :raise UserError: When Stripe cannot be reached or refuses the key.
        """
        self.ensure_one()
        self.check_access("write")
        account = self._stripe_request("accounts", "retrieve_current")
        self.stripe_billing_account = account["id"]
        name = (
            (account.get("settings") or {}).get("dashboard", {}).get("display_name")
            or (account.get("business_profile") or {}).get("name")
            or account["id"]
        )
        mode = self.env._("live mode") if self._stripe_livemode() else self.env._("test mode")
        return self._stripe_billing_notification(
            self.env._("Connected to %(account)s in %(mode)s.", account=name, mode=mode)
        )

    def action_stripe_billing_fetch_catalogue(self):
        """Mirror all recurring prices, tax rates and coupons of the account.

        :return: A notification that counts them.
        :raise UserError: When Stripe cannot be reached or refuses the key.
        """
        self.ensure_one()
        self.check_access("write")
        fetched_at = self.env["stripe.price"]._stripe_now()
        provider = self.with_context(stripe_fetched_at=fetched_at)
        counts = {}
        for model, service, params in (
            (
                "stripe.price",
                "prices",
                {"type": "recurring", "expand": ["data.product", "data.tiers"]},
            ),
            ("stripe.tax.rate", "tax_rates", {}),
            ("stripe.coupon", "coupons", {}),
        ):
            objects = provider._stripe_list(service, params)
            records = provider.env[model]._stripe_apply(provider, objects)
            counts[model] = len(records.filtered("active"))
        return self._stripe_billing_notification(
            self.env._(
                "Fetched %(plans)s active plans, %(rates)s tax rates and %(coupons)s coupons.",
                plans=counts["stripe.price"],
                rates=counts["stripe.tax.rate"],
                coupons=counts["stripe.coupon"],
            )
        )

    def action_stripe_billing_view_prices(self):
        """Open the plans of the account."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stripe_subscriptions.action_stripe_price"
        )
        return {**action, "domain": [("provider_id", "=", self.id)]}

    # === BUSINESS METHODS - REQUESTS === #

    def _stripe_client(self):
        """Return the gateway to the account. The one place that reads the secret key.

        Note: `self.ensure_one()`

        :rtype: StripeGateway
        :raise UserError: When the provider is not set up, or its key is of the other mode.
        """
        self.ensure_one()
        # Staff who work with subscriptions may use the account without seeing its settings.
        self = self.sudo()
        key = self.stripe_secret_key
        if self.code != "stripe" or self.state == "disabled" or not key:
            raise UserError(
                self.env._(
                    "Stripe is not set up: enter the keys in the payment provider %(provider)s and "
                    "set it to Test Mode or Enabled.",
                    provider=self.display_name,
                )
            )
        other_mode = TEST_KEY_PREFIXES if self._stripe_livemode() else LIVE_KEY_PREFIXES
        if key.startswith(other_mode):
            raise UserError(
                self.env._(
                    "The secret key does not fit the state of the payment provider: a live key "
                    "needs Enabled, a test key needs Test Mode."
                )
            )
        gateway = StripeGateway.for_key(key)
        return gateway.read_only() if self.stripe_billing_is_copy else gateway

    def _stripe_request(self, service, method, *ids, params=None, idempotency_key=None):
        """Send one request for a person who waits; see `StripeGateway.call`.

        :raise UserError: With Stripe's words, when the request fails.
        """
        try:
            return self._stripe_client().call(
                service, method, *ids, params=params, idempotency_key=idempotency_key
            )
        except StripeGatewayError as error:
            raise self._stripe_user_error(error) from error

    def _stripe_retrieve(self, service, object_id, expand=()):
        """Return one object for a person who waits; see `StripeGateway.retrieve`.

        :rtype: dict
        :raise UserError: With Stripe's words, when the request fails.
        """
        params = {"expand": list(expand)}
        return self._stripe_request(service, "retrieve", object_id, params=params)

    def _stripe_get_payment_url(self, invoice_id):
        """Return where the customer can pay an invoice or confirm its payment.

        Asked for at each click, because Stripe's addresses expire; never stored.

        :param str invoice_id: Of Stripe.
        :return: Stripe's page of the invoice, False when nothing is to be paid any more.
        :rtype: str|bool
        :raise UserError: When Stripe cannot be reached.
        """
        self.ensure_one()
        invoice = self._stripe_retrieve("invoices", invoice_id)
        payable = invoice["status"] in ("open", "uncollectible")
        return payable and (invoice.get("hosted_invoice_url") or False)

    def _stripe_list(self, service, params):
        """Return all objects of a list for a person who waits; see `StripeGateway.list`.

        :rtype: list[dict]
        :raise UserError: With Stripe's words, when a request fails.
        """
        try:
            return list(self._stripe_client().list(service, params=params))
        except StripeGatewayError as error:
            raise self._stripe_user_error(error) from error

    def _stripe_retrieve_kind(self, kind, object_id):
        """Return one object for a person who waits; see `StripeGateway.retrieve_kind`.

        :rtype: dict
        :raise UserError: With Stripe's words, when the request fails.
        """
        try:
            return self._stripe_client().retrieve_kind(kind, object_id)
        except StripeGatewayError as error:
            raise self._stripe_user_error(error) from error

    def _stripe_user_error(self, error):
        """Return the error that a person sees for one of the gateway's.

        :param StripeGatewayError error: What went wrong.
        :rtype: UserError
        """
        if isinstance(error, StripeReadOnly):
            return UserError(
                self.env._(
                    "This database is a copy: it reads from the live Stripe account but changes "
                    "nothing there, until an administrator takes the account over (payment provider "
                    "%(provider)s).",
                    provider=self.display_name,
                )
            )
        if error.retryable:
            return UserError(
                self.env._("Stripe does not answer at the moment. Please try again in a minute.")
            )
        if error.code == const.LOCATION_ERROR:
            return UserError(
                self.env._(
                    "The taxes depend on the customer's address, which is not complete: the country is "
                    "needed, in the United States and Canada the postal code too."
                )
            )
        return UserError(self.env._("Stripe says: %(message)s", message=error.message))

    def _stripe_idempotency_key(self, *parts):
        """Derive the idempotency key of a request from committed data.

        The same parts give the same key, also after a crash or in a repeated transaction; two
        databases never share one.

        :param parts: What identifies the change.
        :rtype: str
        """
        return "-".join(str(part) for part in ("odoo", self._stripe_database(), self.id, *parts))

    def _stripe_database(self):
        """Return what tells this database from all others in Stripe's metadata."""
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")

    # === BUSINESS METHODS - SETTINGS === #

    def _stripe_livemode(self):
        """Return whether the provider works in Stripe's live mode."""
        return self.sudo().state == "enabled"

    def _stripe_check_livemode(self, obj):
        """Refuse an object of the other mode.

        :param dict obj: A Stripe object.
        :raise UserError: When its mode is not the provider's.
        """
        if bool(obj.get("livemode")) != self._stripe_livemode():
            raise UserError(
                self.env._(
                    "%(object)s belongs to the other mode of Stripe (test or live) and is not used.",
                    object=obj.get("id"),
                )
            )

    def _stripe_billing_notification(self, message, kind="success"):
        """Return a client action that shows a message and reloads the form."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
