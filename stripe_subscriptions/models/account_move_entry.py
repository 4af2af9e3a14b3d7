from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import utils


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
    def _stripe_get_entry_date(self, provider, moment=None, earliest=None):
        """Return the day on which something is booked that is no invoice, credit note or payment.

        The one place for it, also for what reverses a document.

        :param payment.provider provider: The Stripe account.
        :param int|None moment: Unix seconds of when it happened at Stripe; now where Stripe does not say.
        :param date|bool earliest: Day of what it belongs to; it is never booked before that.
        :return: In the time zone of the company.
        :rtype: date
        """
        moment = moment or utils.to_timestamp(fields.Datetime.now())
        date = utils.to_local_date(moment, provider.company_id.partner_id.tz)
        return max(date, earliest) if earliest else date

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
            # An amount may be so small that it is nothing in the company's currency.
            and any(line.amount_currency > 0 for line in lines)
            and any(line.amount_currency < 0 for line in lines)
        ]
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)

    def _stripe_get_reversals(self):
        """Return what reverses moves; credit notes that Stripe made later are not among it."""
        return self.reversal_move_ids.filtered(lambda move: not move.stripe_credit_note_id)

    def _stripe_standing(self):
        """Return the moves that are in the books: posted, and not reversed."""
        return self.filtered(
            lambda move: (
                move.state == "posted"
                and "posted" not in move._stripe_get_reversals().mapped("state")
            )
        )

    def _stripe_take_back(self, ref, date=None):
        """Reverse entries that are not true any more; what they booked may then be booked anew.

        What a person has reversed keeps its key, so that it is not booked anew.

        :param str ref: Why, for people.
        :param date date: Day of the reversal, that of each entry by default.
        """
        for move in self._stripe_standing():
            values = {"ref": f"{ref}: {move.ref}", "date": date or move.date}
            move._reverse_moves([values], cancel=True)
            move.stripe_entry_ref = f"{move.stripe_entry_ref}/{move.id}"
        # Before another entry takes the key.
        self.flush_recordset(["stripe_entry_ref"])
