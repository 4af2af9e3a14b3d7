from odoo import fields, models
from odoo.addons.stripe_subscriptions.stripe_errors import StripeGatewayError, StripeNotFound
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """Documents that would not agree with Stripe: never posted, brought to a person, booked anew."""

    _inherit = "account.move"

    # === FIELDS === #

    stripe_total = fields.Monetary(
        string="Total at Stripe",
        help="Only of documents that would differ.",
        readonly=True,
        copy=False,
    )
    stripe_tax = fields.Monetary(
        string="Tax at Stripe",
        help="Only of documents that would differ.",
        readonly=True,
        copy=False,
    )

    # === ACTION METHODS === #

    def action_stripe_book_anew(self):
        """Throw the draft away and book the document again as Stripe has it now.

        :return: The action that shows the new document.
        :raise UserError: When there is nothing to mend, or it cannot be booked.
        """
        self.ensure_one()
        self.check_access("unlink")
        if self.state != "draft" or not self.stripe_booking_error:
            raise UserError(
                self.env._("Only a draft that would differ from Stripe is booked anew.")
            )
        provider = self.stripe_provider_id.sudo()
        if self.stripe_credit_note_id:
            key, writer = ("credit_note", self.stripe_credit_note_id), "stripe.credit.note"
        else:
            key, writer = ("invoice", self.stripe_invoice_id), "account.move"
        # Nothing is locked while Stripe answers.
        fetched = provider._stripe_fetch([key])
        for name, answer in fetched.items():
            # What the document refers to may be gone at Stripe.
            gone = isinstance(answer, StripeNotFound) and name != key
            if isinstance(answer, StripeGatewayError) and not gone:
                raise provider._stripe_user_error(answer) from answer
        self.sudo().unlink()
        provider._stripe_write(fetched)
        booked = self.env[writer]._stripe_find(provider, [key[1]])
        if not booked:
            raise UserError(self.env._("Stripe has nothing to book any more: delete the draft."))
        return booked._get_records_action(target="main")

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        """Override of `account`: what does not agree with Stripe is not posted by anybody.

        A person may have corrected the draft; it is posted once it agrees.

        :raise UserError: When a document differs from Stripe.
        """
        for move in self.filtered(
            lambda move: move.stripe_booking_error and move.stripe_provider_id
        ):
            if any(
                move.currency_id.compare_amounts(ours, theirs)
                for ours, theirs in (
                    (move.amount_total, move.stripe_total),
                    (move.amount_tax, move.stripe_tax),
                )
            ):
                raise UserError(
                    self.env._(
                        "%(document)s differs from Stripe: %(reason)s Book it anew, or correct the lines.",
                        document=move.ref or move.display_name,
                        reason=move.stripe_booking_error,
                    )
                )
        posted = super()._post(soft)
        mended = self.filtered("stripe_booking_error")
        if mended:
            mended.write({"stripe_booking_error": False})
            mended.activity_unlink(["mail.mail_activity_data_warning"])
        return posted

    def _stripe_report_trouble(self, provider, parsed):
        """Bring documents that differ from Stripe to the person who looks after the account.

        :param payment.provider provider: The Stripe account.
        :param list[stripe_invoice.Invoice] parsed: What Stripe says of each.
        """
        user = provider.sudo().stripe_billing_user_id
        for move, invoice in zip(self, parsed, strict=True):
            if not move.stripe_booking_error:
                continue
            sign = -1 if invoice.total < 0 else 1
            move.write({"stripe_total": sign * invoice.total, "stripe_tax": sign * invoice.tax})
            if user:
                move.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=self.env._("%s would differ from Stripe", move.ref),
                    note=move.stripe_booking_error,
                    user_id=user.id,
                )
