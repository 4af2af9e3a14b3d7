# The cron job commits account by account: pylint: disable=invalid-commit
import time
import uuid
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_events
from odoo.addons.stripe_subscriptions.stripe_gateway import (
    StripeGatewayError,
    StripeKeyRefused,
    StripeNotFound,
)
from odoo.exceptions import UserError
from odoo.tools import SQL

# Seconds that a test event may take on its way.
TEST_EVENT_SECONDS = 15
TEST_EVENT_KEY = "odoo_test_event"
# Events that only the catch-up has brought count for the warning during these hours.
MISSED_HOURS = 24
# Hours for which an event may wait before somebody is told.
STANDSTILL_HOURS = 3


class PaymentProvider(models.Model):
    """Whether events arrive: what Odoo sees, what Stripe says, and what to do when they do not."""

    _inherit = "payment.provider"

    # === FIELDS === #

    stripe_billing_endpoint_status = fields.Selection(
        [("enabled", "Enabled"), ("disabled", "Disabled"), ("missing", "Missing")],
        string="Endpoint Status",
        readonly=True,
        copy=False,
    )
    stripe_billing_endpoint_version = fields.Char(
        string="Endpoint API Version", readonly=True, copy=False
    )
    stripe_billing_checked_at = fields.Datetime(string="Checked At", readonly=True, copy=False)
    stripe_billing_problem = fields.Char(
        string="Webhook Problem",
        help="Why events may not arrive, and what to do.",
        readonly=True,
        copy=False,
    )
    stripe_billing_refused_at = fields.Datetime(string="Last Refused", readonly=True, copy=False)
    stripe_billing_refused_reason = fields.Selection(
        [
            ("signature", "Signature does not match the secret"),
            ("livemode", "Of the other mode (test or live)"),
            ("malformed", "Not an event"),
        ],
        string="Refused Because",
        readonly=True,
        copy=False,
    )
    stripe_billing_received_at = fields.Datetime(
        string="Last Received", compute="_compute_stripe_billing_inbox"
    )
    stripe_billing_lag = fields.Float(
        string="Lag",
        help="Hours between the last event at Stripe and its processing in Odoo, or since the oldest "
        "one that waits.",
        compute="_compute_stripe_billing_inbox",
    )
    stripe_billing_pending_count = fields.Integer(
        string="Pending Events", compute="_compute_stripe_billing_inbox"
    )
    stripe_billing_failed_count = fields.Integer(
        string="Failed Events", compute="_compute_stripe_billing_inbox"
    )
    stripe_billing_last_failure = fields.Char(
        string="Last Failure", compute="_compute_stripe_billing_inbox"
    )
    stripe_billing_difference_count = fields.Integer(
        string="Differences", compute="_compute_stripe_billing_difference_count"
    )

    stripe_billing_has_test_data = fields.Boolean(
        help="Whether a live account still has records from the time when it was in test mode.",
        compute="_compute_stripe_billing_has_test_data",
    )

    # === COMPUTE METHODS === #

    @api.depends("state")
    def _compute_stripe_billing_has_test_data(self):
        for provider in self:
            provider.stripe_billing_has_test_data = provider._stripe_livemode() and any(
                self.env["stripe.job"]._count_test_records(provider).values()
            )

    def _compute_stripe_billing_inbox(self):
        event_model = self.env["stripe.event"].sudo()
        for provider in self:
            domain = [("provider_id", "=", provider.id)]
            last = event_model.search(
                [*domain, ("origin", "=", "webhook")], order="received_at desc, id desc", limit=1
            )
            oldest = event_model.search(
                [*domain, ("state", "=", "pending")], order="received_at, id", limit=1
            )
            failure = event_model.search(
                [*domain, ("error", "!=", False), ("state", "in", ("pending", "failed"))],
                order="write_date desc, id desc",
                limit=1,
            )
            lag = timedelta()
            if oldest:
                lag = fields.Datetime.now() - oldest.received_at
            elif last.processed_at:
                lag = last.processed_at - last.received_at
            provider.stripe_billing_received_at = last.received_at
            provider.stripe_billing_lag = lag.total_seconds() / 3600
            counts = dict(event_model._read_group(domain, ["state"], ["__count"]))
            provider.stripe_billing_pending_count = counts.get("pending", 0)
            provider.stripe_billing_failed_count = counts.get("failed", 0)
            provider.stripe_billing_last_failure = (
                f"{failure.event_type}: {failure.error}" if failure else False
            )

    def _compute_stripe_billing_difference_count(self):
        counts = dict(
            self.env["stripe.difference"]._read_group(
                [("provider_id", "in", self.ids), ("state", "=", "open")],
                ["provider_id"],
                ["__count"],
            )
        )
        for provider in self:
            provider.stripe_billing_difference_count = counts.get(provider, 0)

    # === ACTION METHODS === #

    def action_stripe_billing_check(self):
        """Ask Stripe about the webhook and say whether all is well.

        :return: A notification.
        """
        self.ensure_one()
        self.check_access("write")
        self._stripe_billing_check_health()
        if self.stripe_billing_problem:
            return self._stripe_billing_notification(self.stripe_billing_problem, "warning")
        return self._stripe_billing_notification(self.env._("The webhook works."))

    def action_stripe_billing_send_test_event(self):
        """Have Stripe send an event, and say whether it arrived.

        Stripe sends events about changes only, so a note in the metadata of one of its products is
        changed. The whole way is tried: Stripe, the network, the address, the secret.

        :return: A notification: yes, or no and why.
        :raise UserError: When Stripe cannot be reached, or there is no product yet.
        """
        self.ensure_one()
        self.check_access("write")
        price = self.env["stripe.price"].search([("provider_id", "=", self.id)], limit=1)
        if not price:
            raise UserError(self.env._("Fetch plans and tax rates first."))
        token = uuid.uuid4().hex
        started = time.monotonic()
        self._stripe_request(
            "products",
            "update",
            price.stripe_product,
            params={"metadata": {TEST_EVENT_KEY: token}},
            idempotency_key=self._stripe_idempotency_key("test_event", token),
        )
        while time.monotonic() < started + TEST_EVENT_SECONDS:
            if self._stripe_billing_has_test_event(token):
                seconds = time.monotonic() - started
                return self._stripe_billing_notification(
                    self.env._("Yes: Stripe's event arrived after %.1f seconds.", seconds)
                )
            time.sleep(0.3)
        self._stripe_billing_check_health()
        reason = self.stripe_billing_problem or self.env._(
            "Is %s reachable from the internet?", self.sudo().stripe_billing_webhook_url
        )
        return self._stripe_billing_notification(
            self.env._(
                "No: Stripe's event did not arrive within %(seconds)s seconds. %(reason)s",
                seconds=TEST_EVENT_SECONDS,
                reason=reason,
            ),
            "danger",
        )

    # === BUSINESS METHODS === #

    @api.model
    def _cron_stripe_billing_health(self):
        """Check the webhooks of all accounts. Never raises for what Stripe answers."""
        domain = [("code", "=", "stripe"), ("state", "!=", "disabled")]
        for provider in self.search(domain):
            if provider.stripe_billing_webhook_secret:
                provider._stripe_billing_check_health()
                self.env.cr.commit()

    def _stripe_billing_check_health(self):
        """Find out whether events arrive; a new problem becomes an activity."""
        self.ensure_one()
        self = self.sudo()
        values = {"stripe_billing_checked_at": fields.Datetime.now()}
        try:
            problem = self._stripe_billing_check_endpoint(values)
        except StripeKeyRefused:
            problem = self.env._("Stripe refuses the secret key: enter the present one.")
        except StripeGatewayError as error:
            if error.retryable:
                return
            problem = self.env._("Stripe says: %s", error)
        except UserError as error:
            problem = str(error)
        problem = problem or self._stripe_billing_check_inbox()
        is_new = problem and problem != self.stripe_billing_problem
        self.write({**values, "stripe_billing_problem": problem or False})
        if is_new:
            job = self.env["stripe.job"].search([("provider_id", "=", self.id)], limit=1)
            job = job or self.env["stripe.job"]._start(self, "catch_up")
            job._call_person(
                self.env._("Stripe's webhook of %s needs attention", self.display_name), problem
            )

    def _stripe_billing_check_endpoint(self, values):
        """Look at the endpoint at Stripe.

        :param dict values: Gets what is to be shown of it.
        :return: What is wrong with it, in words; False when nothing is.
        :rtype: str|bool
        :raise StripeGatewayError: When Stripe does not answer or refuses.
        """
        if not self.stripe_billing_webhook_endpoint:
            # Set up by hand in the Dashboard: its id is not known here.
            self._stripe_client().call("accounts", "retrieve_current")
            return False
        try:
            endpoint = self._stripe_client().call(
                "webhook_endpoints", "retrieve", self.stripe_billing_webhook_endpoint
            )
        except StripeNotFound:
            values["stripe_billing_endpoint_status"] = "missing"
            return self.env._("The webhook does not exist at Stripe any more: create it again.")
        values["stripe_billing_endpoint_status"] = endpoint["status"]
        values["stripe_billing_endpoint_version"] = endpoint.get("api_version")
        if endpoint["status"] != "enabled":
            return self.env._(
                "Stripe has disabled the webhook: press Update webhook, then Catch up."
            )
        if endpoint["url"] != self.stripe_billing_webhook_url:
            return self.env._(
                "Stripe sends to another address (%s): press Update webhook.", endpoint["url"]
            )
        if endpoint.get("api_version") != const.API_VERSION:
            return self.env._(
                "The webhook has the API version %(theirs)s instead of %(ours)s: press Replace "
                "secret, which makes a new one.",
                theirs=endpoint.get("api_version"),
                ours=const.API_VERSION,
            )
        if not set(endpoint["enabled_events"]) & {"*"} and set(stripe_events.HANDLED) - set(
            endpoint["enabled_events"]
        ):
            return self.env._(
                "Stripe does not send all events that Odoo needs: press Update webhook."
            )
        return False

    def _stripe_billing_check_inbox(self):
        """Look at what arrived and what did not.

        :return: What is wrong, in words; False when nothing is.
        :rtype: str|bool
        """
        received_at = self.stripe_billing_received_at
        refused_at = self.stripe_billing_refused_at
        if refused_at and (not received_at or refused_at > received_at):
            if self.stripe_billing_refused_reason == "signature":
                return self.env._(
                    "Odoo refuses what arrives, because the signature does not match: the secret "
                    "is not that of the webhook at Stripe. Press Replace secret."
                )
            if self.stripe_billing_refused_reason == "livemode":
                return self.env._(
                    "Events of the other mode (test or live) arrive: the webhook at Stripe belongs "
                    "to another mode than this provider."
                )
        waiting = self.env["stripe.event"].search_count(
            [
                ("provider_id", "=", self.id),
                ("state", "=", "pending"),
                ("waits_for", "=", False),
                ("received_at", "<", fields.Datetime.now() - timedelta(hours=STANDSTILL_HOURS)),
            ]
        )
        if waiting:
            return self.env._(
                "%(count)s events have been waiting for more than %(hours)s hours: the list of events "
                "says why; if it does not, see that Odoo's scheduled actions run.",
                count=waiting,
                hours=STANDSTILL_HOURS,
            )
        if not self.stripe_billing_webhook_since:
            return False
        since = fields.Datetime.now() - timedelta(hours=MISSED_HOURS)
        missed = self.env["stripe.event"].search_count(
            [
                ("provider_id", "=", self.id),
                ("origin", "=", "catch_up"),
                ("created_at", ">=", self.stripe_billing_webhook_since),
                ("received_at", ">", max(since, received_at or since)),
            ]
        )
        if missed:
            return self.env._(
                "%s events had to be fetched, because the webhook brought none: is the address "
                "reachable from the internet? Send a test event.",
                missed,
            )
        return False

    def _stripe_billing_has_test_event(self, token):
        """Return whether the event about a change of ours has arrived."""
        query = SQL(
            "SELECT 1 FROM stripe_event WHERE provider_id = %s AND event_type = 'product.updated' "
            "AND origin = 'webhook' AND payload #>> %s = %s LIMIT 1",
            self.id,
            ["data", "object", "metadata", TEST_EVENT_KEY],
            token,
        )
        # What another transaction has stored meanwhile is seen by a new one only.
        with self.env.registry.cursor() as cr:
            cr.execute(query)
            return bool(cr.fetchone())

    def _stripe_billing_refuse(self, reason):
        """Remember that something was refused, at most once a minute: anybody may send things.

        :param str reason: See the field.
        """
        now = fields.Datetime.now()
        self.env.execute_query(
            SQL(
                """
                UPDATE payment_provider
                   SET stripe_billing_refused_at = %(now)s,
                       stripe_billing_refused_reason = %(reason)s
                 WHERE id = (
                           SELECT id
                             FROM payment_provider
                            WHERE id = %(id)s
                              AND (stripe_billing_refused_at IS NULL
                                   OR stripe_billing_refused_at < %(before)s)
                              FOR NO KEY UPDATE SKIP LOCKED
                       )
                RETURNING id
                """,
                now=now,
                before=now - timedelta(minutes=1),
                reason=reason,
                id=self.id,
            )
        )
