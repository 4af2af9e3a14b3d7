from odoo import api, fields, models


class AccountPayment(models.Model):
    """What the form of a payment or refund shows of Stripe."""

    _inherit = "account.payment"

    # === FIELDS === #

    stripe_balance_transaction_ids = fields.Many2many(
        string="Stripe Balance Transactions",
        help="By which the payment came into, or left, the balance at Stripe.",
        comodel_name="stripe.balance.transaction",
        compute="_compute_stripe_balance_transaction_ids",
    )
    stripe_settlement_currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_stripe_balance_transaction_ids"
    )
    stripe_fee = fields.Monetary(
        string="Stripe's Fee",
        currency_field="stripe_settlement_currency_id",
        compute="_compute_stripe_balance_transaction_ids",
    )
    stripe_net = fields.Monetary(
        string="Net at Stripe",
        help="What came into the balance, or left it, after the fee.",
        currency_field="stripe_settlement_currency_id",
        compute="_compute_stripe_balance_transaction_ids",
    )
    stripe_payout_ids = fields.Many2many(
        string="Payout",
        comodel_name="stripe.payout",
        compute="_compute_stripe_balance_transaction_ids",
    )
    stripe_dispute_ids = fields.One2many(
        string="Disputes", comodel_name="stripe.dispute", inverse_name="payment_id"
    )

    # === COMPUTE METHODS === #

    @api.depends("stripe_payment_ref", "stripe_provider_id")
    def _compute_stripe_balance_transaction_ids(self):
        """One payment at Stripe may pay several invoices, which makes several payments in Odoo."""
        transaction_model = self.env["stripe.balance.transaction"]
        refs = [ref for ref in self.mapped("stripe_payment_ref") if ref]
        found = transaction_model.search([("payment_id.stripe_payment_ref", "in", refs)])
        by_ref = found.grouped(
            lambda transaction: (
                transaction.provider_id,
                transaction.payment_id.stripe_payment_ref,
                transaction.payment_id.payment_type,
            )
        )
        for payment in self:
            key = (payment.stripe_provider_id, payment.stripe_payment_ref, payment.payment_type)
            transactions = by_ref.get(key, transaction_model)
            payment.stripe_balance_transaction_ids = transactions
            payment.stripe_settlement_currency_id = transactions.currency_id[:1]
            payment.stripe_fee = sum(transactions.mapped("fee"))
            payment.stripe_net = sum(transactions.mapped("net"))
            payment.stripe_payout_ids = transactions.payout_id

    # === ACTION METHODS === #

    def action_stripe_dashboard(self):
        """Open the payment in Stripe's Dashboard."""
        self.ensure_one()
        mode = "" if self.stripe_livemode else "test/"
        return {
            "type": "ir.actions.act_url",
            "target": "new",
            "url": f"https://dashboard.stripe.com/{mode}payments/{self.stripe_payment_ref}",
        }
