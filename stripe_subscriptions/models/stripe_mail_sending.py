# Each mail is committed by itself: pylint: disable=invalid-commit
import logging
from datetime import timedelta

import psycopg2
from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import utils
from odoo.addons.stripe_subscriptions.stripe_errors import StripeGatewayError, StripeRequestRefused

_logger = logging.getLogger(__name__)

# Mails that are looked at before it is looked again for what is due.
BATCH_SIZE = 50
MAX_ATTEMPTS = 5
# Seconds, doubled at each attempt.
RETRY_DELAY = 300
LAYOUT = "stripe_subscriptions.mail_layout"


class StripeMail(models.Model):
    """How the outbox is worked through: is it still true, render it, hand it to Odoo's mail queue."""

    _inherit = "stripe.mail"

    # === BUSINESS METHODS - SENDING === #

    @api.model
    def _get_due_domain(self):
        return [("state", "=", "pending"), ("due_at", "<=", fields.Datetime.now())]

    @api.model
    def _cron_send(self):
        """Send what is due until nothing is left or the time is up. Never raises for what mails contain."""
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count(self._get_due_domain()))
        tried, seconds = self.browse(), True
        while seconds:
            # What could not be locked waits for the next run.
            domain = [*self._get_due_domain(), ("id", "not in", tried.ids)]
            mails = self.search(domain, order="due_at, id", limit=BATCH_SIZE)
            if not mails:
                break
            for mail in mails:
                mail._send()
                tried |= mail
                seconds = cron._commit_progress(1)
                if not seconds:
                    break
        # Odoo's own queue talks to the mail server.
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        self.env.cr.commit()

    def _send(self):
        """Send one mail, or write down why not."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                if self.try_lock_for_update().filtered_domain(self._get_due_domain()):
                    self._send_or_skip()
        except psycopg2.OperationalError:
            # Others were faster with the row or its record: the next run looks again.
            _logger.info("Stripe mail %s waits: other work was in the way", self.id)
        except StripeGatewayError as error:
            self._fail(self.provider_id._stripe_user_error(error))
        except Exception as error:
            # Whatever a template contains, the others are sent.
            _logger.warning("Stripe mail %s (%s) failed: %s", self.id, self.kind, error)
            self._fail(error)

    def _send_or_skip(self):
        """Send the mail unless it is no longer true or nobody can get it."""
        record = self._get_record()
        record = record.with_company(record.company_id)
        reason = self._get_obstacle(record)
        if reason:
            self.write({"state": "skipped", "reason": reason})
            return
        wait = self._get_wait(record)
        if wait:
            self.due_at = fields.Datetime.now() + timedelta(seconds=wait)
            self._trigger([self.due_at])
            return
        self._complete_facts(record)
        message = self._post(record)
        self.write(
            {
                "state": "sent",
                "sent_at": fields.Datetime.now(),
                "message_id": message.id,
                "partner_id": message.partner_ids[:1].id,
            }
        )

    def _get_obstacle(self, record):
        """Return why the mail is not sent, False when it is.

        :param models.Model record: What it is about.
        :rtype: str|bool
        """
        provider = self.provider_id.sudo()
        if not record:
            return self.env._("What it is about is gone.")
        if self.kind not in provider._stripe_get_mail_kinds():
            return self.env._("Mails of this kind are switched off.")
        if provider.stripe_billing_is_copy:
            return self.env._("This database is a copy.")
        if self.kind == "subscribed_staff":
            if not provider._stripe_get_mail_users():
                return self.env._("Nobody is told.")
        elif not record._stripe_get_mail_contact().email:
            return self.env._(
                "%(contact)s has no e-mail address.",
                contact=record._stripe_get_mail_contact().display_name,
            )
        return record._stripe_get_mail_obstacle(self.kind, self.key, self.sudo().facts or {})

    def _get_wait(self, record):
        """Return for how many more seconds the mail waits: a first receipt for the welcome it is part of.

        :param models.Model record: What it is about.
        :rtype: float
        """
        if self.kind != "receipt" or not self.subscription_id:
            return 0
        welcome = self.search(
            [
                ("kind", "=", "welcome"),
                ("subscription_id", "=", self.subscription_id.id),
                ("state", "=", "pending"),
            ],
            limit=1,
        )
        if not welcome:
            return 0
        return max((welcome.due_at - fields.Datetime.now()).total_seconds(), 0) + 10

    def _complete_facts(self, record):
        """Find out what the mail says that was not known when it was noted.

        :param models.Model record: What it is about.
        :raise StripeGatewayError: When Stripe cannot be asked.
        """
        facts = dict(self.sudo().facts or {})
        if self.kind in ("renewal", "trial_ending", "resumed", "changed"):
            facts["amount"] = self._get_next_amount(record)
        elif self.kind == "welcome":
            receipts = self.search(
                [
                    ("kind", "=", "receipt"),
                    ("subscription_id", "=", record.id),
                    ("state", "=", "pending"),
                ]
            )
            if len(receipts) == 1:
                # One mail instead of two.
                facts |= {**(receipts.sudo().facts or {}), "move_id": receipts.res_id}
                receipts.write(
                    {"state": "skipped", "reason": self.env._("It is part of the welcome.")}
                )
        if facts != self.sudo().facts:
            self.sudo().facts = facts

    def _get_next_amount(self, subscription):
        """Return what the next charge of a subscription comes to, as Stripe says now.

        :param stripe.subscription subscription: The subscription.
        :return: Major units; None when there is no next charge.
        :rtype: float|None
        :raise StripeGatewayError: When Stripe cannot be asked.
        """
        params = {"subscription": subscription.stripe_id}
        try:
            preview = self.provider_id._stripe_client().call(
                "invoices", "create_preview", params=params
            )
        except StripeRequestRefused:
            return None
        return utils.to_major(preview["amount_due"], preview["currency"])

    def _post(self, record):
        """Post the mail on its record, in the language of who gets it.

        :param models.Model record: What it is about.
        :rtype: mail.message
        """
        provider = self.provider_id.sudo()
        template = provider._stripe_get_mail_template(self.kind)
        staff = self.kind == "subscribed_staff"
        facts = dict(self.sudo().facts or {})
        values = {"force_send": False}
        if staff:
            users = provider._stripe_get_mail_users()
            values["partner_ids"] = users.partner_id.ids
            lang = users[:1].lang
        else:
            lang = template._render_lang(record.ids)[record.id]
        record = record.with_context(lang=lang or self.env.lang)
        attachments = self._get_attachments(record, facts)
        if attachments:
            values["attachment_ids"] = attachments.ids
            facts["attached"] = True
        record = record.with_context(
            stripe_mail_kind=self.kind,
            stripe_mail_facts=facts,
            email_notification_force_footer=True,
        )
        return record.message_post_with_source(
            template.with_env(record.env),
            email_layout_xmlid=LAYOUT,
            subtype_xmlid="mail.mt_note" if staff else "mail.mt_comment",
            **values,
        )

    def _get_attachments(self, record, facts):
        """Return the PDF of the invoice that the mail is a receipt for.

        Without the program that makes PDFs the mail goes without; the row says so.

        :param models.Model record: What it is about.
        :param dict facts: What the mail says beyond it.
        :rtype: ir.attachment
        """
        attachments = self.env["ir.attachment"]
        if self.kind == "receipt":
            move = record
        elif self.kind == "welcome" and facts.get("move_id"):
            move = self.env["account.move"].browse(facts["move_id"]).with_env(record.env)
        else:
            return attachments
        try:
            with self.env.cr.savepoint():
                return move._stripe_get_mail_pdf()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            _logger.warning("The PDF of invoice %s could not be made: %s", move.id, error)
            self.reason = self.env._("Sent without the PDF: %s", error)[:500]
            return attachments

    def _fail(self, error):
        """Write down a failed attempt; after the last one a person is called.

        :param Exception error: What went wrong.
        """
        attempts = self.attempts + 1
        delay = RETRY_DELAY * 2 ** (attempts - 1)
        values = {
            "attempts": attempts,
            "reason": (str(error) or type(error).__name__)[:500],
            "due_at": fields.Datetime.now() + timedelta(seconds=delay),
        }
        if attempts >= MAX_ATTEMPTS:
            values["state"] = "failed"
            self._call_person(values["reason"])
        else:
            self._trigger([values["due_at"]])
        self.write(values)

    def _call_person(self, reason):
        """Give the responsible of the Stripe account an activity on the record."""
        user = self.provider_id.sudo().stripe_billing_user_id
        if user:
            self._get_record().activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("The mail “%s” could not be sent", self.display_name),
                note=reason,
                user_id=user.id,
            )
