import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError
from odoo.tools import SQL


class StripeEvent(models.Model):
    """The inbox: one row for each event that Stripe ever sent.

    This file stores and shows; `stripe_event_processing.py` works through what is pending.
    """

    _name = "stripe.event"
    _description = "Stripe Event"
    # Odoo's activities need the thread to tell the person they are given to.
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "created_at desc, id desc"
    _rec_name = "stripe_id"

    # === FIELDS === #

    stripe_id = fields.Char(string="Event ID", required=True, readonly=True)
    provider_id = fields.Many2one(
        string="Stripe Account",
        comodel_name="payment.provider",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="provider_id.company_id")
    event_type = fields.Char(string="Type", required=True, readonly=True, index=True)
    object_type = fields.Char(readonly=True)
    object_id = fields.Char(string="Object ID", readonly=True, index=True)
    created_at = fields.Datetime(help="When it happened.", readonly=True)
    received_at = fields.Datetime(readonly=True)
    processed_at = fields.Datetime(readonly=True)
    livemode = fields.Boolean(readonly=True)
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
    attempts = fields.Integer(readonly=True, default=0)
    next_attempt_at = fields.Datetime(readonly=True)
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
        self.activity_unlink(["mail.mail_activity_data_warning"])
        self.write(
            {
                "state": "pending",
                "attempts": 0,
                "next_attempt_at": fields.Datetime.now(),
                "error": False,
            }
        )
        self._trigger_lanes()

    def action_ignore(self):
        """Leave the events alone for good."""
        self.activity_unlink(["mail.mail_activity_data_warning"])
        self.filtered(lambda event: event.state != "done").write({"state": "ignored"})

    # === BUSINESS METHODS === #

    @api.model
    def _stripe_receive(self, provider, payload):
        """Store an event that was verified, and wake a lane to process it.

        :param payment.provider provider: The Stripe account that signed it.
        :param dict payload: The event.
        :return: `received`, `ignored` or `duplicate`.
        :rtype: str
        """
        event_type = payload["type"]
        obj = utils.path(payload, "data.object", {})
        handled = event_type in const.EVENT_OBJECTS and bool(obj.get("id"))
        now = fields.Datetime.now()
        values = {
            "stripe_id": payload["id"],
            "provider_id": provider.id,
            "event_type": event_type,
            "object_type": obj.get("object"),
            "object_id": obj.get("id"),
            "created_at": utils.to_datetime(payload.get("created")) or now,
            "received_at": now,
            "livemode": bool(payload.get("livemode")),
            "api_version": payload.get("api_version"),
            "payload": json.dumps(payload),
            "state": "pending" if handled else "ignored",
            "next_attempt_at": now if handled else None,
            "attempts": 0,
            "create_uid": self.env.uid,
            "write_uid": self.env.uid,
            "create_date": now,
            "write_date": now,
        }
        inserted = self.env.execute_query(
            SQL(
                "INSERT INTO stripe_event (%s) VALUES (%s) "
                "ON CONFLICT (provider_id, stripe_id) DO NOTHING RETURNING id",
                SQL(", ").join(map(SQL.identifier, values)),
                SQL(", ").join(SQL("%s", value) for value in values.values()),
            )
        )
        if not inserted:
            return "duplicate"
        if not handled:
            return "ignored"
        self.browse(inserted[0][0])._trigger_lanes()
        return "received"

    def _trigger_lanes(self):
        """Wake one of the cron lanes; any lane takes whatever is pending."""
        lanes = self._get_lanes()
        if self and lanes:
            lanes[self[0].id % len(lanes)]._trigger()

    @api.model
    def _get_lanes(self):
        """Return the cron jobs that process events.

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

    @api.autovacuum
    def _gc_events(self):
        """Delete events that were done or ignored long ago."""
        limit = 10000
        old = self.search(
            [
                ("state", "in", ("done", "ignored")),
                ("received_at", "<", fields.Datetime.now() - timedelta(days=90)),
            ],
            limit=limit,
        )
        old.unlink()
        return len(old), len(old) == limit
