from odoo import api, fields, models


class AccountMove(models.Model):
    """Entries of what happens at Stripe beside invoices: fees, balances, disputes, payouts."""

    _inherit = "account.move"

    # === FIELDS === #

    stripe_customer_balance_id = fields.Char(
        string="Stripe Balance Transaction of the Customer", readonly=True, copy=False
    )
    stripe_refund_refs = fields.Char(
        string="Stripe Refunds",
        help="The refunds by which a credit note was paid back.",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    stripe_entry_ref = fields.Char(
        string="Stripe Object of the Entry",
        help="What at Stripe the entry books: a balance transaction, dispute, payout or write-off.",
        readonly=True,
        copy=False,
    )

    _stripe_customer_balance_id_uniq = models.UniqueIndex(
        "(stripe_provider_id, stripe_customer_balance_id) "
        "WHERE stripe_customer_balance_id IS NOT NULL",
        "This balance transaction is booked already.",
    )
    _stripe_entry_ref_uniq = models.UniqueIndex(
        "(stripe_provider_id, stripe_entry_ref) WHERE stripe_entry_ref IS NOT NULL",
        "This is booked already.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _stripe_create_entries(self, provider, entries):
        """Create and post entries.

        :param payment.provider provider: The Stripe account.
        :param list[dict] entries: Values of moves; `lines` are tuples of account, currency, amount
            in that currency, partner, and optionally the balance in the company's currency. A
            difference of the balances is booked as exchange gain or loss.
        :rtype: account.move
        """
        journal = provider._stripe_billing_ensure_entry_journal()
        vals_list = []
        for entry in entries:
            date = entry["date"]
            lines = [
                self._prepare_stripe_entry_line(provider, date, *line) for line in entry["lines"]
            ]
            vals_list.append(
                {
                    **{name: value for name, value in entry.items() if name != "lines"},
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "stripe_provider_id": provider.id,
                    "stripe_livemode": provider._stripe_livemode(),
                    "line_ids": [
                        fields.Command.create({**line, "name": entry["ref"]})
                        for line in [*lines, *self._prepare_stripe_exchange(provider, lines)]
                    ],
                }
            )
        moves = self.create(vals_list)
        moves._post(soft=False)
        return moves

    @api.model
    def _prepare_stripe_entry_line(
        self, provider, date, account, currency, amount, partner, balance=None
    ):
        company = provider.company_id
        if balance is None:
            balance = currency._convert(amount, company.currency_id, company, date)
        return {
            "account_id": account.id,
            "currency_id": currency.id,
            "amount_currency": amount,
            "balance": balance,
            "partner_id": partner.id if partner else False,
        }

    @api.model
    def _prepare_stripe_exchange(self, provider, lines):
        """Return the line that balances an entry in more than one currency, if one is needed."""
        company = provider.company_id
        rest = -sum(line["balance"] for line in lines)
        if company.currency_id.is_zero(rest):
            return []
        account = (
            company.expense_currency_exchange_account_id
            if rest > 0
            else company.income_currency_exchange_account_id
        )
        return [
            {
                "account_id": account.id,
                "currency_id": company.currency_id.id,
                "amount_currency": rest,
                "balance": rest,
            }
        ]

    def _stripe_receivable_lines(self):
        """Return the lines of posted moves that are open on receivable accounts."""
        return self.line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and line.parent_state == "posted"
                and not line.reconciled
            )
        )

    @api.model
    def _stripe_reconcile_lines(self, groups):
        """Reconcile groups of lines of which each has more than one move.

        :param Iterable[account.move.line] groups: Lines of one account each.
        """
        plan = [
            lines
            for lines in groups
            if len(lines) > 1
            and any(line.balance > 0 for line in lines)
            and any(line.balance < 0 for line in lines)
        ]
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)

    # === BUSINESS METHODS - WRITE-OFF === #

    def _stripe_write_off(self, provider):
        """Write off what is uncollectible, where the setting says so; undo it when it is paid after all.

        :param payment.provider provider: The Stripe account of the invoices.
        """
        open_moves = self.filtered(
            lambda move: move.state == "posted" and move.stripe_invoice_status == "uncollectible"
        )
        keys = {f"{move.stripe_invoice_id}/write_off": move for move in self}
        written = self.search(
            [("stripe_provider_id", "=", provider.id), ("stripe_entry_ref", "in", list(keys))]
        )
        standing = written.filtered(lambda move: not move.reversal_move_ids)
        for entry in standing:
            if keys[entry.stripe_entry_ref].stripe_invoice_status == "paid":
                entry.line_ids.remove_move_reconcile()
                entry._reverse_moves(
                    [{"ref": self.env._("Paid after all: %s", entry.ref)}], cancel=True
                )
        if not provider.stripe_billing_write_off:
            return
        known = set(standing.mapped("stripe_entry_ref"))
        loss = provider._stripe_billing_account("loss")
        entries, owners = [], []
        for move in open_moves:
            lines = move._stripe_receivable_lines()
            key = f"{move.stripe_invoice_id}/write_off"
            if key in known or not lines:
                continue
            amount = sum(lines.mapped("amount_residual_currency"))
            balance = sum(lines.mapped("amount_residual"))
            partner = move.commercial_partner_id
            entries.append(
                {
                    "date": max(move.date, fields.Date.context_today(self)),
                    "ref": self.env._("Uncollectible: %s", move.ref or move.name),
                    "stripe_entry_ref": key,
                    "company_id": move.company_id.id,
                    "lines": [
                        (loss, move.currency_id, amount, partner, balance),
                        (lines.account_id[:1], move.currency_id, -amount, partner, -balance),
                    ],
                }
            )
            owners.append(move)
        entries = self._stripe_create_entries(provider, entries)
        self._stripe_reconcile_lines(
            (entry | owner)._stripe_receivable_lines()
            for entry, owner in zip(entries, owners, strict=True)
        )
