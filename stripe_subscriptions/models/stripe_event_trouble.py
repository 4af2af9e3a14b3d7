import logging
import random
from datetime import timedelta

import psycopg2
from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.exceptions import StripeUnmapped
from odoo.addons.stripe_subscriptions.stripe_errors import StripeGatewayError, StripeKeyRefused
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class StripeEvent(models.Model):
    """What becomes of events that could not be processed: later, once decided, or given to a person."""

    _inherit = "stripe.event"

    # === BUSINESS METHODS - TROUBLE === #

    def _postpone(self, message):
        """Try again later without counting an attempt: nothing is wrong with the events themselves.

        The wait grows with the events' age, so that a long outage of Stripe costs few requests.

        :param str message: What they wait for.
        """
        now = fields.Datetime.now()
        for event in self:
            age = (now - event.received_at).total_seconds()
            delay = min(const.EVENT_POSTPONE_DELAY + age / 10, const.EVENT_POSTPONE_MAX_DELAY)
            event.write(
                {
                    "error": message[:500],
                    "attempts": max(event.attempts - 1, 0),
                    "next_attempt_at": now + timedelta(seconds=delay * random.uniform(0.5, 1.5)),
                }
            )
        _logger.info("%s Stripe events are postponed: %s", len(self), message)

    def _park(self, error):
        """Wait until a person has chosen what was missing; nothing is tried meanwhile.

        :param StripeUnmapped error: What was missing.
        """
        record = error.record.sudo().with_env(self.env)
        self.write(
            {
                "error": str(error)[:500],
                "waits_for": f"{record._name},{record.id}",
                "attempts": 0,
                "next_attempt_at": fields.Datetime.now() + timedelta(days=const.EVENT_PARK_DAYS),
            }
        )
        user = self.provider_id.sudo().stripe_billing_user_id
        if user and not record.activity_ids:
            record.activity_schedule(
                "mail.mail_activity_data_warning", summary=str(error), user_id=user.id
            )

    @api.model
    def _wake(self, records):
        """Process what waited for a decision on records.

        :param recordset records: What was decided on.
        """
        keys = [f"{record._name},{record.id}" for record in records]
        waiting = self.search([("state", "=", "pending"), ("waits_for", "in", keys)])
        waiting.write(
            {"waits_for": False, "error": False, "next_attempt_at": fields.Datetime.now()}
        )
        waiting._trigger_lanes()

    def _fail(self, error):
        """Write down a failed attempt: try again later, or give up and call a person.

        What may go away by itself, such as Stripe being out of reach or another transaction being
        faster, does not count as an attempt.

        :param Exception error: What went wrong.
        """
        now = fields.Datetime.now()
        if isinstance(error, psycopg2.OperationalError):
            return self._postpone(self.env._("Other work on the same records was in the way."))
        if isinstance(error, StripeGatewayError) and error.retryable:
            return self._postpone(self.env._("Stripe did not answer: %s", error))
        if isinstance(error, StripeUnmapped) and error.record:
            return self._park(error)
        message = self._get_message(error)
        for event in self:
            delay = min(
                const.EVENT_RETRY_DELAY * 2 ** (max(event.attempts, 1) - 1),
                const.EVENT_RETRY_MAX_DELAY,
            )
            jitter = random.uniform(0.8, 1.2)
            values = {
                "error": message[:500],
                "next_attempt_at": now + timedelta(seconds=delay * jitter),
            }
            if event.attempts >= const.EVENT_MAX_ATTEMPTS:
                values["state"] = "failed"
                event._call_person(message)
            event.write(values)
            _logger.warning(
                "Stripe event %s (%s %s) failed, attempt %s",
                event.stripe_id,
                event.event_type,
                event.object_id,
                event.attempts,
            )

    @api.model
    def _get_message(self, error):
        """Return an error in words that a person can act on.

        :param Exception error: What went wrong.
        :rtype: str
        """
        if isinstance(error, StripeKeyRefused):
            return self.env._(
                "Stripe refuses the secret key of the payment provider, or the key lacks a "
                "permission: %s",
                error,
            )
        if isinstance(error, StripeGatewayError):
            return self.env._("Stripe says: %s", error)
        if isinstance(error, UserError):
            return str(error)
        return self.env._(
            "Odoo could not process it; the server's log says more. %(kind)s: %(error)s",
            kind=type(error).__name__,
            error=error,
        )

    def _call_person(self, message):
        """Give the responsible of the Stripe account an activity for an event that failed for good."""
        self.ensure_one()
        user = self.provider_id.sudo().stripe_billing_user_id
        if user:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("Stripe event %s failed", self.event_type),
                note=message,
                user_id=user.id,
            )
