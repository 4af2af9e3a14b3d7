from odoo import api, fields, models
from odoo.tools import format_amount


class StripeBalanceTransaction(models.Model):
    """How a movement of the Stripe balance is shown."""

    _inherit = "stripe.balance.transaction"

    # === FIELDS === #

    kind_text = fields.Char(string="What", compute="_compute_kind_text")
    partner_id = fields.Many2one(string="Customer", related="payment_id.partner_id")

    # === COMPUTE METHODS === #

    @api.depends("kind", "source", "amount")
    @api.depends_context("lang")
    def _compute_kind_text(self):
        texts = self._get_kind_texts()
        for transaction in self:
            kind = transaction.kind or ""
            if (transaction.source or "").startswith(("dp_", "du_")):
                kind = "dispute" if transaction.amount < 0 else "dispute_back"
            transaction.kind_text = texts.get(kind) or kind.replace("_", " ").capitalize()

    @api.depends("kind_text", "amount", "currency_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for movement in self:
            parts = [
                movement.kind_text,
                movement.currency_id
                and format_amount(self.env, movement.amount, movement.currency_id),
            ]
            movement.display_name = ", ".join(part for part in parts if part) or movement.stripe_id

    @api.model
    def _get_kind_texts(self):
        """Return words for Stripe's types; others are shown as Stripe calls them.

        :rtype: dict[str, str]
        """
        payment, refund = self.env._("Payment"), self.env._("Refund")
        return {
            "charge": payment,
            "payment": payment,
            "refund": refund,
            "payment_refund": refund,
            "refund_failure": self.env._("Failed refund"),
            "payment_failure_refund": self.env._("Failed payment"),
            "adjustment": self.env._("Adjustment"),
            "dispute": self.env._("Dispute"),
            "dispute_back": self.env._("Dispute, money back"),
            "payout": self.env._("Payout"),
            "payout_cancel": self.env._("Canceled payout"),
            "payout_failure": self.env._("Failed payout"),
            "stripe_fee": self.env._("Fee of Stripe"),
            "stripe_fx_fee": self.env._("Fee for conversion"),
            "network_cost": self.env._("Cost of the card network"),
            "tax_fee": self.env._("Tax on fees"),
        }
