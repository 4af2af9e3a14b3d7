from odoo import models


class PaymentProvider(models.Model):
    """The proof that Odoo's ledger is Stripe's."""

    _inherit = "payment.provider"

    # === ACTION METHODS === #

    def action_stripe_billing_prove(self):
        """Add up what is at Stripe and what is in Odoo's ledger, for this month and the last."""
        self.ensure_one()
        self.check_access("write")
        return self.env["stripe.job"]._start(self, "proof").action_start()
