"""Reads the ledger as the database has it: amounts as exact decimals."""

from decimal import Decimal

from odoo.tools import SQL

AMOUNTS = {
    *("amount_total", "amount_tax", "amount_untaxed", "debit", "credit", "amount_currency"),
    *("amount_residual", "amount_residual_currency", "price_subtotal"),
    "invoice_currency_rate",
    "company_rounding",
}


class LedgerReader:
    """Reads what has been booked since `begin`.

    :param Environment env: Of Odoo.
    """

    def __init__(self, env):
        self.env = env
        self.newest = 0

    def begin(self):
        """Leave out what is there already."""
        self.newest = self.env["account.move"].search([], order="id desc", limit=1).id or 0

    def _select(self, query, **values):
        """Run a query; amounts are selected as texts, since Odoo has numbers read as floats."""
        return [
            {name: Decimal(v) if v and name in AMOUNTS else v for name, v in row.items()}
            for row in self.env.execute_query_dict(SQL(query, newest=self.newest, **values))
        ]

    def read(self, keys):
        """Return documents of invoices, entries of customers' balances, and the lines of all.

        :param list[str] keys: Ids of Stripe invoices.
        :return: moves by id of the invoice; entries: ids of moves by id of the balance transaction;
            lines by id of the move.
        :rtype: dict[str, dict]
        """
        moves = self._select(
            """
            SELECT move.id, stripe_invoice_id, state, move_type, payment_state, stripe_booking_error,
                   amount_total::text, amount_tax::text, amount_untaxed::text,
                   invoice_currency_rate::text, currency.rounding::text AS company_rounding
              FROM account_move move
              JOIN res_company company ON company.id = move.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
             WHERE stripe_invoice_id = ANY(%(keys)s)
            """,
            keys=keys,
        )
        entries = self._select(
            """
            SELECT id, stripe_customer_balance_id
              FROM account_move
             WHERE stripe_customer_balance_id IS NOT NULL AND id > %(newest)s
            """
        )
        by_move = {}
        for line in self._read_lines():
            by_move.setdefault(line["move_id"], []).append(line)
        return {
            "moves": {move["stripe_invoice_id"]: move for move in moves},
            "entries": {row["stripe_customer_balance_id"]: row["id"] for row in entries},
            "lines": by_move,
        }

    def _read_lines(self):
        return self._select(
            """
            SELECT line.id, line.move_id, line.debit::text, line.credit::text,
                   line.amount_currency::text, line.amount_residual::text,
                   line.amount_residual_currency::text, line.price_subtotal::text,
                   line.tax_line_id, line.display_type, account.account_type,
                   currency.name AS currency,
                   ARRAY(SELECT account_tax_id
                           FROM account_move_line_account_tax_rel
                          WHERE account_move_line_id = line.id) AS tax_ids
              FROM account_move_line line
              JOIN res_currency currency ON currency.id = line.currency_id
              LEFT JOIN account_account account ON account.id = line.account_id
             WHERE line.move_id > %(newest)s
             ORDER BY line.sequence, line.id
            """
        )

    def read_partner(self, partner_id, balance_account_id):
        """Return a customer's posted lines on receivable accounts and on that of balances."""
        return self._select(
            """
            SELECT line.account_id = %(balance)s AS is_balance, line.amount_currency::text,
                   line.amount_residual_currency::text
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
             WHERE line.move_id > %(newest)s AND line.partner_id = %(partner)s
               AND line.parent_state = 'posted'
               AND (account.account_type = 'asset_receivable' OR line.account_id = %(balance)s)
            """,
            partner=partner_id,
            balance=balance_account_id or None,
        )

    def read_everything(self):
        """Return all that matters in the ledger as a list of rows, to see whether it changes."""
        queries = (
            """SELECT id, name, state, payment_state, amount_total, amount_tax, amount_residual,
                      stripe_invoice_status, stripe_booking_error, ref, date
                 FROM account_move WHERE id > %(newest)s""",
            """SELECT id, move_id, account_id, debit, credit, amount_currency, amount_residual,
                      reconciled, partner_id
                 FROM account_move_line WHERE move_id > %(newest)s""",
            """SELECT id, state, amount
                 FROM account_payment WHERE move_id > %(newest)s""",
            """SELECT partial.id, partial.amount
                 FROM account_partial_reconcile partial
                 JOIN account_move_line line ON line.id = partial.debit_move_id
                WHERE line.move_id > %(newest)s""",
        )
        self.env.flush_all()
        return [
            (number, *row)
            for number, query in enumerate(queries)
            for row in self.env.execute_query(SQL(query, newest=self.newest))
        ]
