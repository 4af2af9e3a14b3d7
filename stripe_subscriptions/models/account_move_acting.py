from odoo import models
from odoo.addons.stripe_subscriptions import utils
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """What accountants do at Stripe from an invoice in Odoo."""

    _inherit = "account.move"

    # === ACTION METHODS === #

    def action_stripe_refund(self):
        """Ask how much is to be given back."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refund at Stripe"),
            "res_model": "stripe.refund",
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id},
        }

    def action_stripe_mark_paid(self):
        """Tell Stripe that an invoice was paid outside of it, such as by bank transfer.

        Stripe stops collecting it then. For invoices whose payment is registered in Odoo.

        :raise UserError: When it is not paid here, or Stripe refuses.
        """
        self.ensure_one()
        self.check_access("write")
        if self.stripe_invoice_status not in ("open", "uncollectible"):
            raise UserError(self.env._("The invoice is not open at Stripe."))
        if self.payment_state not in ("paid", "in_payment"):
            raise UserError(self.env._("Register the payment of the invoice first."))
        provider = self.stripe_provider_id.sudo()
        provider._stripe_request(
            "invoices",
            "pay",
            self.stripe_invoice_id,
            params={"paid_out_of_band": True},
            idempotency_key=provider._stripe_idempotency_key("paid", self.stripe_invoice_id),
        )
        provider._stripe_sync([("invoice", self.stripe_invoice_id)])

    # === BUSINESS METHODS === #

    def _stripe_refund(self, amount, reason, memo=None):
        """Refund a part of a paid invoice by a credit note at Stripe, exactly once.

        The key of the request is derived from the credit notes that there are: repeated after a crash or a
        second click it gives the same credit note.

        :param float amount: Major units, with taxes.
        :param str reason: See Stripe's credit notes.
        :param str memo: Printed on the credit note.
        :return: The credit note.
        :rtype: account.move
        :raise UserError: When Stripe refuses.
        """
        self.ensure_one()
        self.check_access("write")
        provider = self.stripe_provider_id.sudo()
        minor = utils.to_minor(amount, self.currency_id.name)
        notes = self.reversal_move_ids.filtered("stripe_credit_note_id")
        params = utils.without_empty(
            {
                "invoice": self.stripe_invoice_id,
                "amount": minor,
                "refund_amount": minor,
                "reason": reason,
                "memo": memo,
            }
        )
        obj = provider._stripe_request(
            "credit_notes",
            "create",
            params=params,
            idempotency_key=provider._stripe_idempotency_key(
                "refund", self.stripe_invoice_id, len(notes), utils.fingerprint(params)
            ),
        )
        provider._stripe_sync([("credit_note", obj["id"])])
        return self.env["stripe.credit.note"]._stripe_find(provider, [obj["id"]])
