from odoo import api, fields, models
from odoo.exceptions import UserError

REASONS = [
    ("duplicate", "Duplicate"),
    ("fraudulent", "Fraudulent"),
    ("order_change", "Change of the order"),
    ("product_unsatisfactory", "Customer not satisfied"),
]


class StripeRefund(models.TransientModel):
    """Gives back what a customer has paid for an invoice: a credit note and the refund, both at Stripe.

    Odoo's documents come from Stripe as always; the webhook may well be faster than the answer.
    """

    _name = "stripe.refund"
    _description = "Refund at Stripe"

    # === FIELDS === #

    move_id = fields.Many2one("account.move", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="move_id.currency_id")
    refundable_amount = fields.Monetary(compute="_compute_refundable_amount")
    amount = fields.Monetary(
        help="With taxes. It is divided over the lines of the invoice, so that the taxes go back too.",
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    reason = fields.Selection(REASONS, required=True, default="order_change")
    memo = fields.Char(help="Printed on the credit note.")

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_refundable_amount(self):
        for wizard in self:
            wizard.refundable_amount = wizard.move_id._stripe_get_refundable_amount()

    @api.depends("refundable_amount")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.refundable_amount

    # === ACTION METHODS === #

    def action_refund(self):
        """Refund the amount.

        :return: The action that shows the credit note.
        :raise UserError: When the amount cannot be refunded, or Stripe refuses.
        """
        self.ensure_one()
        currency = self.currency_id
        if (
            currency.compare_amounts(self.amount, 0) <= 0
            or currency.compare_amounts(self.amount, self.refundable_amount) > 0
        ):
            raise UserError(
                self.env._(
                    "Between 0 and %(amount)s %(currency)s can be refunded.",
                    amount=self.refundable_amount,
                    currency=currency.name,
                )
            )
        note = self.move_id._stripe_refund(self.amount, self.reason, self.memo)
        return note._get_records_action(name=self.env._("Credit Note"))
