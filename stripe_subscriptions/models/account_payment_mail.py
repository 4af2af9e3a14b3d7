from odoo import api, models
from odoo.addons.stripe_subscriptions import stripe_mails


class AccountPayment(models.Model):
    """The mail about a refund."""

    _inherit = "account.payment"

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override: customers are told what was given back to them."""
        refunds = {obj["id"]: obj for obj in objects if not obj.get("deleted")}
        known = set(self.sudo()._stripe_find(provider, list(refunds)).mapped("stripe_payment_ref"))
        payments = super()._stripe_apply(provider, objects)
        new = [
            refunds[payment.stripe_payment_ref]
            for payment in payments
            if payment.stripe_payment_ref not in known
        ]
        origins = payments._stripe_get_refunded_payments(provider, new) if new else {}
        mails = []
        for obj in new:
            invoices = origins[obj["id"]].reconciled_invoice_ids if obj["id"] in origins else []
            invoice = invoices and invoices.filtered("stripe_invoice_id")[:1]
            if invoice:
                mails.append((invoice, stripe_mails.of_refund(obj)))
        self.env["stripe.mail"].sudo()._note(provider, mails)
        return payments
