from odoo import api, models


class AccountMove(models.Model):
    """Invoices that nobody will pay: what is left of them is written off, where the setting says so.

    A write-off is what is open once everything else is reconciled. Before anything more is reconciled with
    the invoice it is taken back, and what is left then is written off anew.
    """

    _inherit = "account.move"

    # === BUSINESS METHODS - WRITE-OFF === #

    def _stripe_write_off(self, provider, moments):
        """Write off what is open of uncollectible invoices, where the setting says so.

        :param payment.provider provider: The Stripe account of the invoices.
        :param dict[account.move, int|None] moments: When they became uncollectible, or what is left of them
            changed: unix seconds.
        """
        if not provider.stripe_billing_write_off:
            return
        open_moves = self.filtered(
            lambda move: (
                move.state == "posted"
                and move.stripe_invoice_status == "uncollectible"
                and move._stripe_receivable_lines()
            )
        )
        # What somebody has reversed is known too, and not written off a second time.
        known = set(open_moves._stripe_get_write_offs().mapped("stripe_entry_ref"))
        entries, owners = [], []
        for move in open_moves:
            if move._stripe_write_off_key() in known:
                continue
            entries.append(self._prepare_stripe_write_off(provider, move, moments.get(move)))
            owners.append(move)
        entries = self._stripe_create_entries(provider, entries)
        self._stripe_reconcile_lines(
            (entry | owner)._stripe_receivable_lines()
            for entry, owner in zip(entries, owners, strict=True)
        )

    @api.model
    def _prepare_stripe_write_off(self, provider, move, moment):
        """Return the values of the entry that writes off what is open of an invoice.

        :param payment.provider provider: The Stripe account.
        :param account.move move: The invoice.
        :param int|None moment: Unix seconds.
        :rtype: dict
        """
        lines = move._stripe_receivable_lines()
        amount = sum(lines.mapped("amount_residual_currency"))
        balance = sum(lines.mapped("amount_residual"))
        partner = move.commercial_partner_id
        key = move._stripe_write_off_key()
        earlier = self.search(
            [
                ("stripe_provider_id", "=", provider.id),
                ("stripe_entry_ref", "=like", f"{key}/%"),
            ]
        )
        # Not before an earlier one was taken back: there would be two until then.
        days = [move.date, *earlier.reversal_move_ids.mapped("date")]
        return {
            "date": self._stripe_get_entry_date(provider, moment, max(days)),
            "ref": self.env._("Uncollectible: %s", move.ref or move.name),
            "stripe_entry_ref": key,
            "company_id": move.company_id.id,
            "lines": [
                (
                    provider._stripe_billing_account("loss"),
                    move.currency_id,
                    amount,
                    partner,
                    balance,
                ),
                (lines.account_id[:1], move.currency_id, -amount, partner, -balance),
            ],
        }

    def _stripe_take_back_write_offs(self, provider, moments):
        """Take back the write-offs of invoices that are paid, void, or about to be reconciled with more.

        :param payment.provider provider: The Stripe account of the invoices.
        :param dict[account.move, int|None] moments: Unix seconds of what happened to them.
        :return: The invoices that are open again.
        :rtype: account.move
        """
        moves = {move._stripe_write_off_key(): move for move in self}
        taken = self.browse()
        for entry in self._stripe_get_write_offs()._stripe_standing():
            move = moves[entry.stripe_entry_ref]
            date = self._stripe_get_entry_date(provider, moments.get(move), entry.date)
            entry._stripe_take_back(self.env._("Collectible after all"), date)
            taken |= move
        return taken

    def _stripe_reopen(self, provider, moments):
        """Take back the write-offs of invoices with which something is about to be reconciled.

        Costs nothing for invoices that are open. `_stripe_write_off` is to follow.

        :param payment.provider provider: The Stripe account of the invoices.
        :param dict[account.move, int|None] moments: See `_stripe_take_back_write_offs`.
        :return: The invoices that are open again.
        :rtype: account.move
        """
        settled = self.filtered(
            lambda move: (
                move.stripe_invoice_status == "uncollectible"
                and not move._stripe_receivable_lines()
            )
        )
        return settled._stripe_take_back_write_offs(provider, moments)

    def _stripe_write_off_key(self):
        """Return the key of the write-off of an invoice."""
        return f"{self.stripe_invoice_id}/write_off"

    def _stripe_get_write_offs(self):
        """Return the write-offs of invoices, without those that were taken back."""
        if not self:
            return self
        return self.search(
            [
                ("stripe_provider_id", "in", self.stripe_provider_id.ids),
                ("stripe_entry_ref", "in", [move._stripe_write_off_key() for move in self]),
            ]
        )
