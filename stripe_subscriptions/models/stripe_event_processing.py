# A lane commits what it has done, event by event: pylint: disable=invalid-commit
import logging
from datetime import timedelta

import psycopg2
from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_events, utils
from odoo.addons.stripe_subscriptions.models.payment_provider_sync import WRITERS
from odoo.addons.stripe_subscriptions.stripe_gateway import (
    StripeGatewayError,
    StripeNotFound,
)
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# How often a single event is tried at once when another lane changes the same records.
CONFLICT_ATTEMPTS = 4


class StripeEvent(models.Model):
    """How the inbox is worked through, by any number of cron lanes."""

    _inherit = "stripe.event"

    # === BUSINESS METHODS - LANES === #

    @api.model
    def _cron_process(self):
        """Process what is pending until nothing is left or the lane's time is up. Never raises."""
        cron = self.env["ir.cron"]
        while True:
            # A claim must not work in an old snapshot of the database.
            cron._commit_progress()
            try:
                events = self._claim(const.EVENT_BATCH_SIZE)
            except psycopg2.OperationalError:
                # Another lane was faster with one of the rows.
                self.env.cr.rollback()
                continue
            if not events:
                return
            # From here on the events are ours by their lease, without a lock.
            cron._commit_progress()
            events._process()
            if not cron._commit_progress(len(events), remaining=self._count_due()):
                return

    @api.model
    def _get_due_domain(self):
        return [("state", "=", "pending"), ("next_attempt_at", "<=", fields.Datetime.now())]

    @api.model
    def _count_due(self):
        return self.search_count(self._get_due_domain(), limit=const.EVENT_BATCH_SIZE)

    @api.model
    def _claim(self, limit):
        """Take pending events for this lane, for the time of a lease.

        A lane that dies leaves its events pending: others take them when the lease is over.

        :param int limit: How many at most.
        :rtype: stripe.event
        """
        lease = fields.Datetime.now() + timedelta(seconds=const.EVENT_LEASE)
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE stripe_event
                   SET next_attempt_at = %(lease)s, attempts = attempts + 1
                 WHERE id IN (
                           SELECT id
                             FROM stripe_event
                            WHERE state = 'pending' AND next_attempt_at <= %(now)s
                            ORDER BY next_attempt_at, id
                            LIMIT %(limit)s
                       FOR NO KEY UPDATE SKIP LOCKED
                       )
                RETURNING id
                """,
                lease=lease,
                now=fields.Datetime.now(),
                limit=limit,
            )
        )
        self.invalidate_model(["next_attempt_at", "attempts"])
        return self.browse(sorted(row[0] for row in rows))

    # === BUSINESS METHODS - PROCESSING === #

    def _process(self):
        """Fetch what the events are about, once per object, and apply it: all at once, and when
        that fails one event at a time, so that a bad one does not hold up the others.

        Commits what was done and writes down what failed. Does not raise for what events contain.
        """
        for provider, events in self.grouped("provider_id").items():
            livemode = provider._stripe_livemode()
            others = events.filtered(lambda event, mode=livemode: event.livemode != mode)
            if others:
                # With the key of this mode Stripe would not find what they are about.
                others._postpone(
                    self.env._("It belongs to the other mode of Stripe (test or live).")
                )
                self.env.cr.commit()
                events -= others
            events -= events._settle_known(provider)
            if not events:
                continue
            fetched_at = self.env["stripe.price"]._stripe_now()
            requests = [event._get_fetch_request() for event in events]
            try:
                fetched = provider._stripe_fetch(requests)
            except (UserError, StripeGatewayError) as error:
                self.env.cr.rollback()
                events._fail(error)
                self.env.cr.commit()
                continue
            # What other lanes wrote while we fetched is seen from here on.
            self.env.cr.commit()
            settled = False
            with provider._stripe_lock(fetched):
                settled = events._apply(
                    provider.with_context(
                        stripe_fetched_at=fetched_at, stripe_happened=events._get_happened()
                    ),
                    fetched,
                )
            if not settled:
                for event in events:
                    event._apply_alone(provider)

    def _settle_known(self, provider):
        """Settle the events about objects that were fetched since the events arrived.

        What an event tells was known then: one fetch is enough for all that came before it.

        :param payment.provider provider: The Stripe account.
        :return: The events that are settled.
        :rtype: stripe.event
        """
        known = self.browse()
        for kind, events in self.grouped(lambda event: event._get_fetch_request()[0]).items():
            if kind not in ("customer", "subscription", "invoice"):
                continue
            model = self.env[WRITERS[kind]].sudo()
            records = model._stripe_find(provider, events.mapped("object_id"))
            if kind == "invoice":
                # Drafts are those that would not agree with Stripe: they are looked at again.
                records = records.filtered(lambda move: move.state != "draft")
            fetched_at = {
                record._get_stripe_ids()[0]: record.stripe_fetched_at for record in records
            }
            # A second more: the time of arrival has no fractions.
            known |= events.filtered(
                lambda event, fetched_at=fetched_at: (
                    fetched_at.get(event.object_id, 0) > utils.to_timestamp(event.received_at) + 1
                )
            )
        if known:
            now = fields.Datetime.now()
            known.write({"state": "done", "processed_at": now, "error": False})
            known._note_mails()
            self.env.cr.commit()
        return known

    def _get_fetch_request(self):
        """Return kind and id of the object that the event is about."""
        self.ensure_one()
        kind = stripe_events.HANDLED[self.event_type]
        return kind, self.object_id

    def _apply(self, provider, fetched, final=False):
        """Apply fetched objects and settle the events in one transaction.

        :param payment.provider provider: With the time of the fetch in the context.
        :param dict fetched: See `payment.provider._stripe_fetch`.
        :param bool final: Whether a conflict of a single event counts as its failure.
        :return: Whether the events are settled. When not, everything was rolled back, to be tried
            again: one by one, or because another lane was faster with one of the records.
        :rtype: bool
        """
        lacking = self._get_lacking(provider, fetched)
        ready = self.filtered(lambda event: event not in lacking)
        try:
            needed = set().union(*(ready._get_needed(provider, fetched) if lacking else [fetched]))
            applied = provider._stripe_write(
                {key: fetched[key] for key in fetched if key in needed}
            )
            ready._settle(fetched, applied)
            for event, error in lacking.items():
                event._fail(error)
            self.env.cr.flush()
        except (psycopg2.OperationalError, psycopg2.IntegrityError) as error:
            self.env.cr.rollback()
            if len(self) > 1 or not final:
                return False
            self._fail(error)
        except Exception as error:
            # Whatever an event contains, the lane goes on; what was wrong is written on the event.
            self.env.cr.rollback()
            if not isinstance(error, UserError):
                _logger.exception("Stripe events %s failed", ", ".join(self.mapped("stripe_id")))
            if len(self) > 1:
                return False
            self._fail(error)
        self.env.cr.commit()
        return True

    def _apply_alone(self, provider):
        """Fetch again and apply one event of a batch that failed.

        A conflict with another lane is tried again at once, with what Stripe says then.

        :param payment.provider provider: The Stripe account.
        """
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            fetched_at = self.env["stripe.price"]._stripe_now()
            fetched = provider._stripe_fetch([self._get_fetch_request()])
            self.env.cr.commit()
            final = attempt == CONFLICT_ATTEMPTS
            with provider._stripe_lock(fetched):
                context = {"stripe_fetched_at": fetched_at, "stripe_happened": self._get_happened()}
                if self._apply(provider.with_context(**context), fetched, final):
                    return

    def _get_needed(self, provider, fetched):
        """Return for each event what has to be applied for it: its object and what that refers to.

        :param payment.provider provider: The Stripe account.
        :param dict fetched: What was fetched.
        :rtype: list[set[tuple[str, str]]]
        """
        needed = []
        for event in self:
            keys, rest = set(), [event._get_fetch_request()]
            while rest:
                key = rest.pop()
                if key not in keys and key in fetched:
                    keys.add(key)
                    rest += provider._stripe_get_references({key: fetched[key]})
            needed.append(keys)
        return needed

    def _get_lacking(self, provider, fetched):
        """Return the events whose object, or something that it refers to, could not be fetched.

        What is not there would be taken for unknown.

        :param payment.provider provider: The Stripe account.
        :param dict fetched: What was fetched.
        :return: The error by event.
        :rtype: dict[stripe.event, StripeGatewayError]
        """
        errors = {
            key: answer
            for key, answer in fetched.items()
            if isinstance(answer, StripeGatewayError) and not isinstance(answer, StripeNotFound)
        }
        if not errors:
            return {}
        return {
            event: next(errors[key] for key in keys if key in errors)
            for event, keys in zip(self, self._get_needed(provider, fetched), strict=True)
            if keys & errors.keys()
        }

    def _settle(self, fetched, applied):
        """Write down what became of the events.

        :param dict fetched: What was fetched.
        :param set applied: Keys of the objects that Odoo has a record of.
        """
        now = fields.Datetime.now()
        done, ignored = self.browse(), self.browse()
        for event in self:
            key = event._get_fetch_request()
            answer = fetched[key]
            if reason := event._get_booking_error(answer):
                event._fail(UserError(reason))
            elif key in applied:
                done |= event
            else:
                ignored |= event
        done.write({"state": "done", "processed_at": now, "error": False})
        done._note_mails()
        ignored.write(
            {
                "state": "ignored",
                "processed_at": now,
                "error": self.env._("Nothing in Odoo belongs to this object."),
            }
        )

    def _get_booking_error(self, obj):
        """Return why an invoice that the event rests on could not be posted, or False."""
        if self.object_type == "invoice":
            invoice_ids = [self.object_id]
        elif not isinstance(obj, dict):
            return False
        elif self.object_type in ("invoice_payment", "credit_note"):
            invoice_ids = [utils.object_id(obj.get("invoice"))]
        else:
            parts = obj.get("invoice_payments") or []
            invoice_ids = [utils.object_id(part["invoice"]) for part in parts]
        moves = self.env["account.move"].sudo()._stripe_find(self.provider_id, invoice_ids)
        return moves.filtered(lambda move: move.state == "draft")[:1].stripe_booking_error
