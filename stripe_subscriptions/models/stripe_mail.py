import json
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import stripe_mails, utils
from odoo.exceptions import UserError
from odoo.tools import SQL

# Days for which it is kept that a mail was sent. Nothing that old is told again.
RETENTION_DAYS = 180


class StripeMail(models.Model):
    """The outbox: which mail is due about which record, and what became of it.

    A row is written in the transaction in which something happens, so nothing is told that was rolled
    back, and the unique index lets nothing be told twice. `stripe_mail_sending.py` sends; what goes
    wrong there stays on the row and hinders nothing else.
    """

    _name = "stripe.mail"
    _description = "Stripe Mail"
    _order = "id desc"
    _rec_name = "kind"

    # === FIELDS === #

    kind = fields.Selection(stripe_mails.KINDS, string="Mail", required=True, readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", required=True, readonly=True
    )
    key = fields.Char(
        help="What tells it from others of its kind about the same record.",
        required=True,
        readonly=True,
        default="",
    )
    provider_id = fields.Many2one(
        string="Stripe Account",
        comodel_name="payment.provider",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="provider_id.company_id")
    subscription_id = fields.Many2one(
        "stripe.subscription", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    partner_id = fields.Many2one(
        string="Contact", comodel_name="res.partner", readonly=True, ondelete="set null"
    )
    happened_at = fields.Datetime(help="When happened what it tells.", readonly=True)
    due_at = fields.Datetime(string="Due", required=True, readonly=True)
    sent_at = fields.Datetime(string="Sent On", readonly=True)
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("sent", "Sent"),
            ("skipped", "Not needed"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="pending",
    )
    attempts = fields.Integer(readonly=True, aggregator=None)
    reason = fields.Char(help="Why it failed or was not needed.", readonly=True)
    facts = fields.Json(
        help="What the mail says beyond the record.",
        readonly=True,
        groups="base.group_system",
    )
    message_id = fields.Many2one("mail.message", readonly=True, ondelete="set null")

    _mail_uniq = models.UniqueIndex(
        "(kind, res_model, res_id, key)", "This mail was sent or is due already."
    )
    _due_idx = models.Index("(due_at, id) WHERE state = 'pending'")

    # === COMPUTE METHODS === #

    @api.depends("kind", "subscription_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for mail in self:
            parts = [kinds.get(mail.kind), mail.subscription_id.name]
            mail.display_name = ": ".join(part for part in parts if part)

    # === ACTION METHODS === #

    def action_send(self):
        """Try again what failed, and do not wait any longer with what is pending.

        :raise UserError: When one of them was sent or is not needed.
        """
        self.check_access("write")
        if any(mail.state not in ("pending", "failed") for mail in self):
            raise UserError(self.env._("Only mails that are pending or have failed can be sent."))
        self.write(
            {
                "state": "pending",
                "attempts": 0,
                "reason": False,
                "due_at": fields.Datetime.now(),
            }
        )
        self._trigger([fields.Datetime.now()])

    def action_skip(self):
        """Do not send them."""
        self.check_access("write")
        self.filtered(lambda mail: mail.state in ("pending", "failed")).write({"state": "skipped"})

    def action_open_record(self):
        """Open what the mail is about."""
        self.ensure_one()
        return self._get_record()._get_records_action()

    # === BUSINESS METHODS === #

    @api.model
    def _note(self, provider, mails):
        """Note mails that are due, each once however often it is noted.

        None by an import or a repair, in a database that is a copy of another, and about what happened
        longer ago than `stripe_mails.MAX_AGE`.

        :param payment.provider provider: The Stripe account.
        :param list[tuple[models.Model, stripe_mails.Mail]] mails: Records and mails about them.
        """
        context = self.env.context
        if not mails or context.get("stripe_no_mails") or context.get("stripe_repair"):
            return
        provider = provider.sudo()
        now = time.time()
        enabled = provider._stripe_get_mail_kinds()
        rows = [
            self._prepare_row(provider, record, mail, now)
            for record, mail in mails
            if mail.kind in enabled and not stripe_mails.is_too_old(mail, now)
        ]
        if not rows or provider.stripe_billing_is_copy:
            return
        columns = list(rows[0])
        inserted = self.env.execute_query(
            SQL(
                "INSERT INTO stripe_mail (%s) VALUES %s "
                "ON CONFLICT (kind, res_model, res_id, key) DO NOTHING RETURNING due_at",
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(
                    SQL("(%s)", SQL(", ").join(SQL("%s", row[name]) for name in columns))
                    for row in rows
                ),
            )
        )
        self._trigger({due_at for [due_at] in inserted})

    @api.model
    def _prepare_row(self, provider, record, mail, now):
        """Return the columns of a mail.

        :param payment.provider provider: The Stripe account.
        :param models.Model record: What it is about.
        :param stripe_mails.Mail mail: The mail.
        :param float now: Unix seconds.
        :rtype: dict
        """
        moment = utils.to_datetime(int(now))
        return {
            "kind": mail.kind,
            "res_model": record._name,
            "res_id": record.id,
            "key": mail.key,
            "provider_id": provider.id,
            "subscription_id": record._stripe_get_mail_subscription().id or None,
            "happened_at": utils.to_datetime(mail.happened_at) or moment,
            "due_at": moment + timedelta(seconds=mail.wait),
            "state": "pending",
            "attempts": 0,
            "facts": json.dumps(mail.facts),
            "create_uid": self.env.uid,
            "write_uid": self.env.uid,
            "create_date": moment,
            "write_date": moment,
        }

    def _get_record(self):
        """Return what the mail is about; empty when it is gone."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id).exists()

    @api.model
    def _trigger(self, moments):
        """Have mails sent at some moments."""
        if moments:
            cron = self.env.ref("stripe_subscriptions.ir_cron_send_mails").sudo()
            cron._trigger(at=list(moments))

    @api.autovacuum
    def _gc_mails(self):
        """Delete what was sent or not needed long ago."""
        limit = 10000
        old = self.search(
            [
                ("state", "in", ("sent", "skipped")),
                ("create_date", "<", fields.Datetime.now() - timedelta(days=RETENTION_DAYS)),
            ],
            limit=limit,
        )
        old.unlink()
        return len(old), len(old) == limit
