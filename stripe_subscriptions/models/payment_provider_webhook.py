import re
import secrets
import string
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_events
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError, StripeNotFound
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

# Hours for which a secret that was replaced is still accepted.
SECRET_OVERLAP = 24
# What `_stripe_billing_find_webhook` keeps.
CACHED_FIELDS = {
    *("state", "code", "stripe_billing_webhook_key", "stripe_billing_webhook_secret"),
    *("stripe_billing_previous_secret", "stripe_billing_previous_secret_until"),
}


class PaymentProvider(models.Model):
    """The webhook of a Stripe account: its address, its secret and its endpoint at Stripe."""

    _inherit = "payment.provider"

    # === FIELDS === #

    stripe_billing_webhook_key = fields.Char(
        string="Webhook Key",
        help="Part of the webhook's address. Letters and digits; when you change it, create the "
        "webhook again or change its address at Stripe too.",
        copy=False,
        groups="base.group_system",
    )
    stripe_billing_webhook_url = fields.Char(
        string="Webhook URL",
        compute="_compute_stripe_billing_webhook_url",
        groups="base.group_system",
    )
    stripe_billing_webhook_secret = fields.Char(
        string="Subscriptions Webhook Secret",
        help="Signs what Stripe sends to the webhook. Without it nothing is accepted.",
        copy=False,
        groups="base.group_system",
    )
    stripe_billing_webhook_endpoint = fields.Char(
        string="Webhook Endpoint",
        help="Stripe's ID of the webhook endpoint.",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )
    stripe_billing_previous_secret = fields.Char(
        help="The secret before the present one, which is still accepted for a while.",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )
    stripe_billing_previous_secret_until = fields.Datetime(
        string="Old Secret Valid Until", readonly=True, copy=False, groups="base.group_system"
    )
    stripe_billing_webhook_since = fields.Datetime(
        help="When the webhook was created: what happened before is none of its business.",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )
    stripe_billing_database = fields.Char(
        help="The database that uses the account; a copy of it has another id.",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )
    stripe_billing_is_copy = fields.Boolean(
        help="Whether this database is a copy of the one that uses the live account.",
        compute="_compute_stripe_billing_is_copy",
    )
    stripe_billing_cursor = fields.Json(
        help="Where in Stripe's list of events the next catch-up begins.",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )
    stripe_billing_caught_up_at = fields.Datetime(string="Last Catch-up", readonly=True, copy=False)
    _stripe_billing_webhook_key_uniq = models.UniqueIndex(
        "(stripe_billing_webhook_key) WHERE stripe_billing_webhook_key IS NOT NULL",
        "Another payment provider uses this webhook key.",
    )

    # === COMPUTE METHODS === #

    @api.depends("stripe_billing_webhook_key")
    def _compute_stripe_billing_webhook_url(self):
        for provider in self:
            key = provider.stripe_billing_webhook_key
            provider.stripe_billing_webhook_url = (
                f"{provider.get_base_url()}{const.WEBHOOK_ROUTE}/{key}" if key else False
            )

    @api.depends("stripe_billing_database", "state")
    def _compute_stripe_billing_is_copy(self):
        database = self._stripe_database()
        for provider in self:
            owner = provider.sudo().stripe_billing_database
            provider.stripe_billing_is_copy = (
                provider._stripe_livemode() and bool(owner) and owner != database
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("stripe_billing_webhook_key")
    def _check_stripe_billing_webhook_key(self):
        for provider in self.sudo():
            key = provider.stripe_billing_webhook_key
            if key and not re.fullmatch(r"[A-Za-z0-9]+", key):
                raise ValidationError(
                    self.env._("The webhook key may only have the letters A to Z and digits.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        providers = super().create(vals_list)
        self.env.registry.clear_cache()
        providers._stripe_billing_remember_database()
        providers.filtered(lambda p: p.code == "stripe")._stripe_billing_ensure_webhook_key()
        return providers

    def write(self, vals):
        """Override of `payment`: a secret that is replaced stays valid for a day; who enters a key is
        the one who uses the account."""
        new_secret = vals.get("stripe_billing_webhook_secret")
        if new_secret:
            until = fields.Datetime.now() + timedelta(hours=SECRET_OVERLAP)
            for provider in self.sudo():
                old_secret = provider.stripe_billing_webhook_secret
                if old_secret and old_secret != new_secret:
                    super(PaymentProvider, provider).write(
                        {
                            "stripe_billing_previous_secret": old_secret,
                            "stripe_billing_previous_secret_until": until,
                        }
                    )
        if CACHED_FIELDS & vals.keys():
            self.env.registry.clear_cache()
        if vals.get("stripe_secret_key"):
            vals = {**vals, "stripe_billing_database": self._stripe_database()}
        return super().write(vals)

    # === ACTION METHODS === #

    def action_stripe_billing_create_webhook(self):
        """Create the webhook endpoint at Stripe, or bring the one we made up to date.

        Stripe tells the secret only when it creates an endpoint; one whose secret we do not have is
        therefore replaced.

        :return: A notification.
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        self.ensure_one()
        self.check_access("write")
        self._stripe_billing_ensure_webhook_key()
        self._stripe_billing_ensure_journal()
        if not self.stripe_billing_user_id:
            self.stripe_billing_user_id = self.env.user
        endpoint_id = previous_id = self.sudo().stripe_billing_webhook_endpoint
        if endpoint_id and self.sudo().stripe_billing_webhook_secret:
            try:
                self._stripe_client().call(
                    "webhook_endpoints",
                    "update",
                    endpoint_id,
                    params={**self._prepare_stripe_webhook_params(), "disabled": False},
                )
                return self._stripe_billing_notification(self.env._("The webhook is up to date."))
            except StripeNotFound:
                endpoint_id = False
            except StripeGatewayError as error:
                raise self._stripe_user_error(error) from error
        if endpoint_id:
            self._stripe_request("webhook_endpoints", "delete", endpoint_id)
        self._stripe_billing_create_endpoint(previous_id)
        return self._stripe_billing_notification(
            self.env._("Stripe sends its events to Odoo from now on.")
        )

    def action_stripe_billing_replace_secret(self):
        """Have Stripe make a new secret; the old one is accepted for another day.

        Stripe gives a secret only to a new endpoint, so the endpoint is replaced by one of the same
        address. What the old one could not deliver is found by the catch-up.

        :return: A notification.
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        self.ensure_one()
        self.check_access("write")
        previous_id = self.sudo().stripe_billing_webhook_endpoint
        self._stripe_billing_create_endpoint(previous_id)
        if previous_id:
            try:
                self._stripe_client().call("webhook_endpoints", "delete", previous_id)
            except StripeGatewayError as error:
                if not isinstance(error, StripeNotFound):
                    raise self._stripe_user_error(error) from error
        return self._stripe_billing_notification(
            self.env._("The secret was replaced. The old one is accepted for 24 more hours.")
        )

    def action_stripe_billing_take_over(self):
        """Make this database the one that uses the account, and point the webhook at it.

        :return: A notification.
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        self.ensure_one()
        self.check_access("write")
        self.stripe_billing_database = self._stripe_database()
        self.invalidate_recordset(["stripe_billing_is_copy"])
        if self.stripe_billing_webhook_endpoint:
            self.action_stripe_billing_create_webhook()
        return self._stripe_billing_notification(
            self.env._("This database uses the Stripe account from now on.")
        )

    # === BUSINESS METHODS === #

    def _stripe_billing_create_endpoint(self, previous_id):
        """Create the webhook endpoint at Stripe and keep its secret.

        :param str|bool previous_id: The endpoint that it replaces.
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        endpoint = self._stripe_request(
            "webhook_endpoints",
            "create",
            params={**self._prepare_stripe_webhook_params(), "api_version": const.API_VERSION},
            idempotency_key=self._stripe_idempotency_key(
                "webhook", self.sudo().stripe_billing_webhook_key, previous_id
            ),
        )
        self.sudo().write(
            {
                "stripe_billing_webhook_since": self.stripe_billing_webhook_since
                or fields.Datetime.now(),
                "stripe_billing_webhook_endpoint": endpoint["id"],
                "stripe_billing_webhook_secret": endpoint["secret"],
                "stripe_billing_database": self._stripe_database(),
            }
        )

    def _stripe_billing_replace_key(self, key):
        """Change the webhook's address, at Stripe too.

        :param str key: The new webhook key: letters and digits, used by no other provider.
        :raise ValidationError: When it is not.
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        self.ensure_one()
        self = self.sudo()
        self.stripe_billing_webhook_key = key
        # Constraints first: what Odoo refuses is not told to Stripe.
        self.flush_recordset()
        if self.stripe_billing_webhook_endpoint:
            self._stripe_request(
                "webhook_endpoints",
                "update",
                self.stripe_billing_webhook_endpoint,
                params={"url": self.stripe_billing_webhook_url},
            )

    def _stripe_billing_get_secrets(self):
        """Return the secrets of which one must have signed a webhook.

        :rtype: list[str]
        """
        self.ensure_one()
        return self._stripe_billing_get_webhook(self.stripe_billing_webhook_key)[1]

    @api.model
    def _stripe_billing_get_webhook(self, key):
        """Return what a webhook is checked by, usually without a query.

        :param str key: The webhook key, from the address.
        :return: Id of the provider, secrets, whether it works in live mode; None for an unknown key.
        :rtype: tuple[int, list[str], bool]|None
        """
        webhook = self._stripe_billing_find_webhook(key)
        if not webhook:
            return None
        provider_id, livemode, secret, previous, until = webhook
        still_valid = until and until > fields.Datetime.now()
        return provider_id, [secret, previous] if still_valid else [secret], livemode

    @api.model
    @ormcache("key")
    def _stripe_billing_find_webhook(self, key):
        provider = self.sudo().search(
            [("stripe_billing_webhook_key", "=", key), ("code", "=", "stripe")], limit=1
        )
        return provider and (
            provider.id,
            provider._stripe_livemode(),
            provider.stripe_billing_webhook_secret,
            provider.stripe_billing_previous_secret,
            provider.stripe_billing_previous_secret_until,
        )

    @api.model
    def _stripe_billing_make_key(self):
        """Return a new webhook key."""
        alphabet = string.ascii_letters + string.digits
        return "".join(secrets.choice(alphabet) for _ in range(32))

    def _stripe_billing_remember_database(self):
        """Write down which database uses the accounts that have a key and no such note yet."""
        used = self.sudo().filtered(lambda p: p.stripe_secret_key and not p.stripe_billing_database)
        if used:
            used.stripe_billing_database = self._stripe_database()

    def _stripe_billing_ensure_webhook_key(self):
        """Give the providers that have none a webhook key of their own."""
        for provider in self.sudo():
            if not provider.stripe_billing_webhook_key:
                provider.stripe_billing_webhook_key = self._stripe_billing_make_key()

    def _prepare_stripe_webhook_params(self):
        """Return what an endpoint of ours is, at creation and afterwards."""
        return {
            "url": self.stripe_billing_webhook_url,
            "enabled_events": list(stripe_events.HANDLED),
            "description": f"{const.APP_NAME} {self.company_id.name}",
        }
