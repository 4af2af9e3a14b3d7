from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """What accountants do at Stripe from an invoice in Odoo."""

    _inherit = "account.move"

    # === ACTION METHODS === #

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
