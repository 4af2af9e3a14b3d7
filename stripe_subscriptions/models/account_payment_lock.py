from odoo import models


class AccountPayment(models.Model):
    """Payments that have not happened after all, and closed books."""

    _inherit = "account.payment"

    # === BUSINESS METHODS === #

    def _stripe_cancel(self, provider):
        """Cancel payments, such as refunds that have failed; their numbers stay taken.

        Where an entry cannot be set back any more, because the books are closed for its day or it is
        secured by a hash, it is reversed instead, today or on the first day that is open.

        :param payment.provider provider: The Stripe account.
        """
        final = self.filtered(lambda payment: payment.move_id._stripe_is_final())
        (self - final).move_id.button_cancel()
        self.state = "canceled"
        for payment in final:
            move = payment.move_id
            move._reverse_moves(
                [
                    {
                        "ref": self.env._("Did not happen: %s", move.ref or move.name),
                        "date": move._stripe_get_entry_date(provider, earliest=move.date),
                    }
                ],
                cancel=True,
            )
            payment._message_log(
                body=self.env._(
                    "It did not happen, says Stripe. Its entry cannot be changed any more and was reversed."
                )
            )
