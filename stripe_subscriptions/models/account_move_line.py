from odoo import models


class AccountMoveLine(models.Model):
    """Where the lines of Stripe's invoices and credit notes are booked."""

    _inherit = "account.move.line"

    # === COMPUTE METHODS === #

    def _compute_account_id(self):
        """Override of `account`: a line without a product goes to the account of the journal.

        Odoo would take the account that the customer has had most often, such as that of losses.
        """
        plain = self.filtered(
            lambda line: (
                line.display_type == "product"
                and not line.product_id
                and line.move_id.stripe_provider_id
                and line.move_id.is_invoice()
            )
        )
        for line in plain:
            move = line.move_id
            line.account_id = move.fiscal_position_id.map_account(
                move.journal_id.default_account_id
            )
        return super(AccountMoveLine, self - plain)._compute_account_id()
