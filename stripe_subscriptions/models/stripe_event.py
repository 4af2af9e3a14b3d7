import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_events, utils
from odoo.exceptions import UserError
from odoo.tools import SQL, ormcache


class StripeEvent(models.Model):
    """The inbox: one row for each event that Stripe ever sent.

    This file stores and shows; `stripe_event_processing.py` works through what is pending.
    """

    _name = "stripe.event"
    _description = "Stripe Event"
    # Odoo's activities need the thread to tell the person they are given to.
    _inherit = ["stripe.account.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "created_at desc, id desc"
    _rec_name = "stripe_id"

    # === FIELDS === #

    stripe_id = fields.Char(string="Event ID", required=True, readonly=True)
    event_type = fields.Char(string="Type", required=True, readonly=True, index=True)
    object_type = fields.Char(readonly=True)
    object_id = fields.Char(string="Object ID", readonly=True, index=True)
    created_at = fields.Datetime(help="When it happened.", readonly=True)
    received_at = fields.Datetime(readonly=True)
    processed_at = fields.Datetime(readonly=True)
    livemode = fields.Boolean(string="Live Mode", readonly=True)
    api_version = fields.Char(string="API Version", readonly=True)
    payload = fields.Json(
        string="Raw Payload", readonly=True, prefetch=False, groups="base.group_system"
    )
    payload_text = fields.Text(
        string="Payload", compute="_compute_payload_text", groups="base.group_system"
    )
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("done", "Done"),
            ("ignored", "Ignored"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="pending",
        index=True,
    )
    origin = fields.Selection(
        [("webhook", "Webhook"), ("catch_up", "Catch-up")],
        string="Came By",
        help="Whether Stripe sent it, or Odoo had to fetch what Stripe's webhook did not bring.",
        readonly=True,
        default="webhook",
    )
    attempts = fields.Integer(readonly=True, default=0)
    next_attempt_at = fields.Datetime(readonly=True)
    waits_for = fields.Char(
        help="What a person has to decide before it is tried again: model and id.",
        readonly=True,
        index="btree_not_null",
    )
    error = fields.Char(string="Reason", help="Why it failed or was ignored.", readonly=True)

    _stripe_id_uniq = models.UniqueIndex(
        "(provider_id, stripe_id)", "This event has been received already."
    )
    _pending_idx = models.Index("(next_attempt_at, id) WHERE state = 'pending'")

    # === COMPUTE METHODS === #

    @api.depends("payload")
    def _compute_payload_text(self):
        for event in self:
            event.payload_text = json.dumps(event.payload, indent=2, ensure_ascii=False)

    # === ACTION METHODS === #

    def action_retry(self):
        """Process the events again, at once.

        :raise UserError: When one of them is done.
        """
        if any(event.state == "done" for event in self):
            raise UserError(self.env._("An event that is done is not processed again."))
        if any(event.event_type not in stripe_events.HANDLED for event in self):
            raise UserError(self.env._("Odoo has no use for events of this type."))
        self.activity_unlink(["mail.mail_activity_data_warning"])
        self.write(
            {
                "state": "pending",
                "attempts": 0,
                "next_attempt_at": fields.Datetime.now(),
                "waits_for": False,
                "error": False,
            }
        )
        self._trigger_lanes()

    @api.model
    def action_retry_all_failed(self):
        """Process all failed events again.

        :return: A notification that counts them.
        """
        self.browse().check_access("write")
        failed = self.search([("state", "=", "failed")])
        failed.action_retry()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("%s events are processed again.", len(failed)),
                "type": "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_ignore(self):
        """Leave the events alone for good."""
        self.activity_unlink(["mail.mail_activity_data_warning"])
        self.filtered(lambda event: event.state != "done").write({"state": "ignored"})

    def action_open_record(self):
        """Open what the event was about.

        :raise UserError: When Odoo has nothing of it.
        """
        record = self._get_record()
        if not record:
            raise UserError(self.env._("Nothing in Odoo belongs to this object."))
        return record._get_records_action()

    # === BUSINESS METHODS === #

    def _get_record(self):
        """Return the record of the object that the event is about; empty when there is none."""
        self.ensure_one()
        return self.provider_id._stripe_get_record(
            stripe_events.HANDLED.get(self.event_type), self.object_id
        )

    @api.model
    def _get_action(self, stripe_ids):
        """Return the action that shows the events about objects.

        :param list[str] stripe_ids: Ids of Stripe objects.
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stripe_subscriptions.action_stripe_event"
        )
        return {**action, "domain": [("object_id", "in", stripe_ids)], "path": False}

    @api.model
    def _stripe_receive(self, provider, payload):
        """Store an event that was verified, and wake a lane to process it.

        :param payment.provider provider: The Stripe account that signed it.
        :param dict payload: The event.
        :return: `received`, `ignored` or `duplicate`.
        :rtype: str
        """
        events = self._stripe_store(provider, [payload])
        if not events:
            return "duplicate"
        return "received" if self._is_handled(payload) else "ignored"

    @api.model
    def _stripe_store(self, provider, payloads, origin="webhook"):
        """Store the events that are not in the inbox yet, and wake a lane.

        :param payment.provider provider: The Stripe account they belong to.
        :param list[dict] payloads: Events.
        :param str origin: How they came, see the field.
        :return: The new ones.
        :rtype: stripe.event
        """
        if not payloads:
            return self.browse()
        rows = [self._prepare_row(provider, payload, origin) for payload in payloads]
        inserted = self.env.execute_query(
            SQL(
                "INSERT INTO stripe_event (%s) VALUES %s "
                "ON CONFLICT (provider_id, stripe_id) DO NOTHING RETURNING id",
                SQL(", ").join(map(SQL.identifier, rows[0])),
                SQL(", ").join(
                    SQL("(%s)", SQL(", ").join(SQL("%s", value) for value in row.values()))
                    for row in rows
                ),
            )
        )
        events = self.browse(row[0] for row in inserted)
        if any(row["state"] == "pending" for row in rows):
            events._trigger_lanes()
        return events

    @api.model
    def _is_handled(self, payload):
        """Return whether a payload's type is one of those that we act on."""
        return payload["type"] in stripe_events.HANDLED and bool(self._get_object_id(payload))

    @api.model
    def _get_object_id(self, payload):
        """Return the id of the object that an event is about, or False."""
        for name in stripe_events.OWNERS.get(payload["type"], ("id",)):
            if object_id := utils.object_id(utils.path(payload, f"data.object.{name}")):
                return object_id
        return False

    @api.model
    def _prepare_row(self, provider, payload, origin):
        """Return the columns of an event.

        :rtype: dict
        """
        obj = utils.path(payload, "data.object", {})
        handled = self._is_handled(payload)
        now = fields.Datetime.now()
        return {
            "stripe_id": payload["id"],
            "provider_id": provider.id,
            "event_type": payload["type"],
            "object_type": obj.get("object"),
            "object_id": self._get_object_id(payload) or None,
            "created_at": utils.to_datetime(payload.get("created")) or now,
            "received_at": now,
            "livemode": bool(payload.get("livemode")),
            "api_version": payload.get("api_version"),
            "payload": json.dumps(payload),
            "state": "pending" if handled else "ignored",
            "origin": origin,
            "next_attempt_at": now if handled else None,
            "attempts": 0,
            "create_uid": self.env.uid,
            "write_uid": self.env.uid,
            "create_date": now,
            "write_date": now,
        }

    # === BUSINESS METHODS - LANES === #

    def _trigger_lanes(self):
        """Wake one of the cron lanes, or all for many events; any lane takes whatever is pending.

        A lane that has been woken already and waits for its turn is not woken again: of a burst only the
        first event pays. The lock tells such a lane from one that is at work: a cron job deletes its
        triggers when it starts and commits that when it ends, so a trigger that is locked is being used
        up, and one that is not makes its lane wait until we have committed.
        """
        lane_ids = self._get_lane_ids()
        if not self or not lane_ids:
            return
        if len(self) <= const.EVENT_BATCH_SIZE:
            lane_ids = [lane_ids[self[0].id % len(lane_ids)]]
        woken = self.env.execute_query(
            SQL(
                """
                WITH waiting AS MATERIALIZED (
                    SELECT cron_id
                      FROM ir_cron_trigger
                     WHERE cron_id IN %(lanes)s AND call_at <= %(now)s
                       FOR KEY SHARE SKIP LOCKED
                )
                INSERT INTO ir_cron_trigger
                            (cron_id, call_at, create_uid, create_date, write_uid, write_date)
                     SELECT id, %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                       FROM unnest(%(array)s) AS lane (id)
                      WHERE id NOT IN (SELECT cron_id FROM waiting)
                  RETURNING id
                """,
                lanes=tuple(lane_ids),
                array=list(lane_ids),
                now=fields.Datetime.now(),
                uid=self.env.uid,
            )
        )
        if woken:
            self.env.cr.postcommit.add(self.env["ir.cron"]._notifydb)

    @api.model
    @ormcache()
    def _get_lane_ids(self):
        return tuple(self._get_lanes().ids)

    @api.model
    def _get_lanes(self):
        """Return the cron jobs that process events; context `active_test` as for any search.

        :rtype: ir.cron
        """
        return (
            self.env["ir.cron"]
            .sudo()
            .search(
                [
                    ("model_id", "=", self.env["ir.model"]._get_id(self._name)),
                    ("code", "=", "model._cron_process()"),
                ],
                order="id",
            )
        )

    @api.model
    def _set_lanes(self, number):
        """Have a number of lanes share the inbox; a lane works when a cron worker is free for it.

        :param int number: From 1 to `const.MAX_EVENT_LANES`.
        :raise UserError: When it is out of that range.
        """
        if not 1 <= number <= const.MAX_EVENT_LANES:
            raise UserError(self.env._("Choose between 1 and %s lanes.", const.MAX_EVENT_LANES))
        lanes = self.with_context(active_test=False)._get_lanes()
        for position in range(len(lanes), number):
            lanes |= lanes[0].copy(
                {"name": self.env._("Stripe: process events (lane %s)", position + 1)}
            )
        lanes[:number].filtered(lambda lane: not lane.active).active = True
        lanes[number:].filtered("active").active = False

    @api.autovacuum
    def _gc_events(self):
        """Delete events that were done or ignored longer ago than the setting says."""
        days = int(
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("stripe_subscriptions.event_retention_days", const.EVENT_RETENTION_DAYS)
        )
        limit = 10000
        old = self.search(
            [
                ("state", "in", ("done", "ignored")),
                ("received_at", "<", fields.Datetime.now() - timedelta(days=days)),
            ],
            limit=limit,
        )
        old.unlink()
        return len(old), len(old) == limit
