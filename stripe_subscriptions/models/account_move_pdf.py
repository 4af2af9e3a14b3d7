# What was fetched is committed, document by document: pylint: disable=invalid-commit
import logging
import re
from datetime import timedelta

import psycopg2
from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.stripe_download import fetch_pdf
from odoo.addons.stripe_subscriptions.stripe_errors import StripeGatewayError, StripeRequestRefused
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

BATCH_SIZE = 20
MAX_ATTEMPTS = 8
# Seconds; doubled at each attempt.
RETRY_DELAY = 300
RETRY_MAX_DELAY = 6 * 3600
# Seconds for which a batch belongs to the job that has taken it.
LEASE = 1800


class AccountMove(models.Model):
    """Stripe's own PDF of an invoice or credit note, attached to its document where the setting says so.

    It is fetched by a job of its own some time after the document was booked, so that it neither holds up
    nor fails a booking. Its address opens it to everybody and is therefore asked for each time, not kept.
    """

    _inherit = "account.move"

    # === FIELDS === #

    stripe_pdf_id = fields.Many2one(
        string="Stripe's PDF",
        comodel_name="ir.attachment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    stripe_pdf_due = fields.Datetime(
        help="When Stripe's PDF is fetched; empty when nothing is to be done.",
        readonly=True,
        copy=False,
    )
    stripe_pdf_attempts = fields.Integer(readonly=True, copy=False)

    _stripe_pdf_due_idx = models.Index("(stripe_pdf_due, id) WHERE stripe_pdf_due IS NOT NULL")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `account`: note which documents get a PDF."""
        provider_model = self.env["payment.provider"].sudo()
        for vals in vals_list:
            if vals.get("stripe_invoice_id") or vals.get("stripe_credit_note_id"):
                provider = provider_model.browse(vals.get("stripe_provider_id"))
                if provider.stripe_billing_attach_pdf:
                    vals["stripe_pdf_due"] = fields.Datetime.now()
        return super().create(vals_list)

    # === ACTION METHODS === #

    def action_stripe_fetch_pdf(self):
        """Have Stripe's PDFs fetched, also where the setting is off or earlier attempts were given up.

        :return: A notification.
        :raise UserError: When none of the documents is Stripe's or lacks its PDF.
        """
        self.check_access("write")
        lacking = self.sudo().filtered(
            lambda move: (
                (move.stripe_invoice_id or move.stripe_credit_note_id) and not move.stripe_pdf_id
            )
        )
        if not lacking:
            raise UserError(self.env._("None of these documents lacks a PDF of Stripe."))
        lacking._stripe_pdf_write(
            {"stripe_pdf_due": fields.Datetime.now(), "stripe_pdf_attempts": 0}
        )
        self.env.ref("stripe_subscriptions.ir_cron_fetch_pdfs").sudo()._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("%s PDFs are fetched from Stripe.", len(lacking)),
                "type": "success",
            },
        }

    # === BUSINESS METHODS === #

    @api.model
    def _cron_stripe_pdf(self):
        """Fetch the PDFs that are due. Never raises for what Stripe answers."""
        cron = self.env["ir.cron"]
        while True:
            cron._commit_progress()
            try:
                moves = self._stripe_pdf_claim()
            except psycopg2.OperationalError:
                # Somebody works on one of the documents: the next run finds it.
                self.env.cr.rollback()
                return
            if not moves:
                return
            self.env.cr.commit()
            for move in moves:
                move._stripe_pdf_fetch()
                if not cron._commit_progress(1, remaining=self._stripe_pdf_count()):
                    return

    @api.model
    def _stripe_pdf_count(self):
        now = fields.Datetime.now()
        return self.sudo().search_count([("stripe_pdf_due", "<=", now)], limit=BATCH_SIZE)

    @api.model
    def _stripe_pdf_claim(self):
        """Take documents whose PDF is due; those of a job that dies are due again after a while.

        :rtype: account.move
        """
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE account_move
                   SET stripe_pdf_due = %(lease)s,
                       stripe_pdf_attempts = coalesce(stripe_pdf_attempts, 0) + 1
                 WHERE id IN (
                           SELECT id
                             FROM account_move
                            WHERE stripe_pdf_due <= %(now)s
                            ORDER BY stripe_pdf_due, id
                            LIMIT %(limit)s
                       FOR NO KEY UPDATE SKIP LOCKED
                       )
                RETURNING id
                """,
                lease=now + timedelta(seconds=LEASE),
                now=now,
                limit=BATCH_SIZE,
            )
        )
        self.invalidate_model(["stripe_pdf_due", "stripe_pdf_attempts"])
        return self.sudo().browse(sorted(row[0] for row in rows))

    def _stripe_pdf_fetch(self):
        """Fetch the PDF of a document and attach it, or write down when to try again. Commits.

        No row is locked while Stripe is asked.
        """
        self.ensure_one()
        try:
            name, content = self._stripe_pdf_download()
            self.env.cr.commit()
            self._stripe_pdf_attach(name, content)
        except Exception as error:
            # Whatever one document is about, the job goes on with the others.
            self.env.cr.rollback()
            if not isinstance(error, (StripeGatewayError, UserError, psycopg2.OperationalError)):
                _logger.exception("PDF of Stripe invoice %s", self.ids)
            self._stripe_pdf_retry(error)
        self.env.cr.commit()

    def _stripe_pdf_download(self):
        """Ask Stripe for the address of the PDF, and fetch it.

        :return: The name of the file, and its contents.
        :rtype: tuple[str, bytes]
        :raise StripeGatewayError: When Stripe does not answer or serves no PDF.
        :raise UserError: When the account is not set up.
        """
        client = self.stripe_provider_id._stripe_client()
        if self.stripe_credit_note_id:
            obj = client.retrieve("credit_notes", self.stripe_credit_note_id)
            url = obj.get("pdf")
        else:
            obj = client.retrieve("invoices", self.stripe_invoice_id)
            url = obj.get("invoice_pdf")
        if not url:
            raise StripeRequestRefused("Stripe has no PDF of it.")
        number = re.sub(r"[^\w.-]+", "-", obj.get("number") or obj["id"])
        return f"{number}.pdf", fetch_pdf(url, client.api_base)

    def _stripe_pdf_attach(self, name, content):
        """Attach a PDF, once.

        :param str name: Name of the file.
        :param bytes content: The PDF.
        """
        self.lock_for_update()
        self.invalidate_recordset(["stripe_pdf_id"])
        pdf = self.stripe_pdf_id or self.env["ir.attachment"].create(
            {
                "name": name,
                "raw": content,
                "mimetype": "application/pdf",
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        self._stripe_pdf_write({"stripe_pdf_id": pdf.id, "stripe_pdf_due": False})

    def _stripe_pdf_retry(self, error):
        """Try again later, or say on the document why there is no PDF.

        :param Exception error: What went wrong.
        """
        attempts = self.stripe_pdf_attempts
        _logger.info("No PDF of Stripe for %s in attempt %s: %s", self.ids, attempts, error)
        if attempts < MAX_ATTEMPTS:
            delay = min(RETRY_DELAY * 2 ** (max(attempts, 1) - 1), RETRY_MAX_DELAY)
            due = fields.Datetime.now() + timedelta(seconds=delay)
            self._stripe_pdf_write({"stripe_pdf_due": due})
            return
        self._stripe_pdf_write({"stripe_pdf_due": False})
        self._message_log(
            body=self.env._("Stripe's PDF could not be fetched: %(reason)s", reason=error)
        )

    def _stripe_pdf_write(self, values):
        """Write what concerns the PDF only, which is no change of the document."""
        self.with_context(
            **const.SYNC_CONTEXT, skip_invoice_sync=True, skip_is_manually_modified=True
        ).write(values)
