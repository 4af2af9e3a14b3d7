from odoo import models
from odoo.addons.stripe_subscriptions import const


class AccountMove(models.Model):
    """Invoices and credit notes that are void at Stripe: their documents are reversed."""

    _inherit = "account.move"

    # === BUSINESS METHODS - VOID === #

    def _stripe_reverse_void(self, provider, moments):
        """Reverse the moves of invoices that were voided at Stripe after they had been posted.

        So are the credit notes that had lowered them: there is nothing left to be lowered.

        :param payment.provider provider: The Stripe account.
        :param dict[account.move, int|None] moments: When they were voided: unix seconds.
        """
        voided = self.filtered(
            lambda move: (
                move.stripe_invoice_status == "void"
                and move.state == "posted"
                and not move._stripe_get_reversals()
            )
        )
        dates = {}
        for move in voided:
            for part in move | (move.reversal_move_ids - move._stripe_get_reversals()):
                dates[part] = self._stripe_get_entry_date(provider, moments.get(move), part.date)
        self.browse().union(*dates)._stripe_reverse(dates)

    def _stripe_reverse(self, dates):
        """Reverse invoices and credit notes that are void, each at its own rate of exchange.

        What never was due has neither gained nor lost. What is reversed already is left alone.

        :param dict[account.move, date] dates: The days of their reversals.
        """
        moves = self._stripe_standing().with_context(**const.SYNC_CONTEXT)
        if moves:
            moves._reverse_moves(
                [
                    {
                        "ref": self.env._("Void at Stripe: %s", move.ref),
                        "date": dates[move],
                        "invoice_date": dates[move],
                        "invoice_date_due": dates[move],
                        "invoice_currency_rate": move.invoice_currency_rate,
                    }
                    for move in moves
                ],
                cancel=True,
            )
