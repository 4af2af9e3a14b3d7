# A job fetches without holding locks: pylint: disable=invalid-commit
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_events
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeNotFound, StripeRequestRefused

# The events are asked for in as many walks as their types need.
TYPES = list(stripe_events.HANDLED)
TYPE_CHUNKS = [
    TYPES[start : start + const.MAX_TYPES_PER_LIST]
    for start in range(0, len(TYPES), const.MAX_TYPES_PER_LIST)
]
# Seconds for which the place of the last catch-up is walked again: Stripe's lists may show an event
# later than its neighbours.
OVERLAP = 600


class StripeJob(models.Model):
    """Catch-up: fetching the events that no webhook brought, up to 30 days back.

    Where the last catch-up ended is kept on the provider as the id of an event. From there the list is
    walked forward. Without such a place, or when events of test clocks are among them, whose times say
    nothing about when they happened, the whole list is walked backward.
    """

    _inherit = "stripe.job"

    # === BUSINESS METHODS === #

    @api.model
    def _cron_catch_up(self):
        """Start a catch-up for every account that has a webhook."""
        for provider in self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("state", "!=", "disabled")]
        ):
            if provider.stripe_billing_webhook_secret:
                self._start(provider, "catch_up")

    def _step_catch_up(self):
        """Fetch one page of events and store the new ones."""
        cursor = self.cursor or {}
        if "chunk" not in cursor:
            self._begin_catch_up()
            return False
        gateway = self.provider_id._stripe_client()
        params = {"types": TYPE_CHUNKS[cursor["chunk"]], "limit": const.PAGE_SIZE}
        if anchor := cursor.get("before"):
            params["ending_before"] = anchor
        elif after := cursor.get("after"):
            params["starting_after"] = after
        try:
            page = gateway.call("events", "list", params=params)
        except (StripeNotFound, StripeRequestRefused):
            if not anchor:
                raise
            # Stripe does not know the place any more: it is older than 30 days.
            self._advance(chunk=0, anchor=None, before=None, after=None)
            return False
        self.env.cr.commit()
        payloads = page["data"]
        new = self.env["stripe.event"]._stripe_store(self.provider_id, payloads, "catch_up")
        self._count(seen=len(payloads), new=len(new))
        chunk, more = cursor["chunk"], page["has_more"] and payloads
        progress = (chunk + (0.5 if more else 1)) / len(TYPE_CHUNKS)
        if more and cursor.get("before"):
            self._advance(progress, before=payloads[0]["id"])
        elif more:
            self._advance(progress, after=payloads[-1]["id"])
        else:
            self._advance(progress, chunk=chunk + 1, before=cursor.get("anchor"), after=None)
        if self.cursor["chunk"] == len(TYPE_CHUNKS):
            self._end_catch_up()
            return True
        return False

    def _begin_catch_up(self):
        """Find out where to begin and where the next catch-up will."""
        provider = self.provider_id
        gateway = provider._stripe_client()
        newest = gateway.call("events", "list", params={"limit": 1})["data"]
        with_clocks = not provider._stripe_livemode() and bool(
            gateway.call("test_helpers.test_clocks", "list", params={"limit": 1})["data"]
        )
        self.env.cr.commit()
        place = provider.stripe_billing_cursor or {}
        anchor = None if with_clocks else place.get("previous")
        self._advance(
            phase=self.env._("Events"),
            chunk=0,
            anchor=anchor,
            before=anchor,
            after=None,
            newest=(newest and newest[0]["id"]) or None,
        )

    def _end_catch_up(self):
        """Keep the place for the next catch-up, which begins where the last one before this began."""
        place = dict(self.provider_id.stripe_billing_cursor or {})
        now = fields.Datetime.now()
        moved_at = fields.Datetime.to_datetime(place.get("moved_at"))
        newest = self.cursor.get("newest")
        if newest and (not moved_at or moved_at < now - timedelta(seconds=OVERLAP)):
            self.provider_id.stripe_billing_cursor = {
                "previous": place.get("newest"),
                "newest": newest,
                "moved_at": fields.Datetime.to_string(now),
            }
        self.provider_id.stripe_billing_caught_up_at = now

    def _get_count_labels(self):
        """Override of `stripe.job`."""
        labels = super()._get_count_labels()
        if self.kind == "catch_up":
            labels |= {
                "new": self.env._("Events that no webhook had brought"),
                "seen": self.env._("Events looked at"),
            }
        return labels

    def _register_hook(self):
        """Override: catch up as soon as Odoo starts, and go on with the jobs that were at work."""
        super()._register_hook()
        if self.pool.ready:
            return
        triggers = self.env["ir.cron.trigger"]
        for name in ("ir_cron_catch_up", "ir_cron_run_jobs"):
            cron = self.env.ref(f"stripe_subscriptions.{name}", raise_if_not_found=False)
            if cron and not triggers.search_count([("cron_id", "=", cron.id)], limit=1):
                cron._trigger()
