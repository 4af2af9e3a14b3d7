"""The independent count: what Stripe's objects and what the journals say, without the product's own proof.

Amounts at Stripe are minor units and exact; those of journal items are read as decimals and turned into minor
units, so that both sides are integers.
"""

from collections import Counter
from decimal import Decimal

DECIMALS = {"jpy": 0, "kwd": 3}
BOOKED = ("open", "paid", "uncollectible")


def minor(amount, currency):
    """An amount of Odoo in minor units."""
    exact = Decimal(str(amount)).scaleb(DECIMALS.get(currency, 2))
    rounded = exact.to_integral_value()
    if abs(exact - rounded) > Decimal("1e-6"):
        raise AssertionError(f"{amount} {currency} is no whole number of minor units")
    return int(rounded)


def nonzero(counter):
    """A counter without its zeros."""
    return {key: value for key, value in sorted(counter.items()) if value}


class There:
    """What the stand-in has: read from its store, object by object.

    :param store: The store of the account.
    """

    def __init__(self, store):
        self._store = store
        self.invoices = [row for row in store.select("invoice") if row["status"] in BOOKED]
        # Nothing is left that those of void invoices could lower.
        self.notes = [
            row
            for row in store.select("credit_note")
            if row["status"] == "issued"
            and store.get("invoice", row["invoice"])["status"] != "void"
        ]
        self.refunds = {row["id"]: row for row in store.select("refund")}
        self.movements = list(store.select("balance_transaction"))

    def sums(self):
        """What each account of the ledger has to come to, by account and currency."""
        found = {name: Counter() for name in ("income", "tax", "fee", "payout", "loss", "credit")}
        for sign, documents in ((-1, self.invoices), (1, self.notes)):
            for obj in documents:
                tax = sum(row["amount"] for row in obj["total_taxes"])
                found["income"][obj["currency"]] += sign * (obj["total"] - tax)
                found["tax"][obj["currency"]] += sign * tax
        for row in self.movements:
            found["fee"][row["currency"]] += row["fee"]
        for payout in self._store.select("payout", status="paid"):
            found["payout"][payout["currency"]] += payout["amount"]
        for invoice in self.invoices:
            if invoice["status"] == "uncollectible":
                found["loss"][invoice["currency"]] += invoice["amount_remaining"]
        for dispute in self._store.select("dispute", status="lost"):
            for key in dispute["_transactions"]:
                row = self._store.get("balance_transaction", key)
                found["loss"][row["currency"]] -= row["amount"]
        for row in self._store.select("customer_balance_transaction", type="adjustment"):
            found["credit"][row["currency"]] -= row["amount"]
        return {name: nonzero(sums) for name, sums in found.items()}

    def totals(self):
        """Number and sum of what a person would look up first, by kind and currency."""
        found = {name: {} for name in ("invoices", "credit_notes", "payments", "refunds")}
        for name, rows in (
            ("invoices", [(row["currency"], row["total"]) for row in self.invoices]),
            ("credit_notes", [(row["currency"], row["total"]) for row in self.notes]),
            (
                "payments",
                [
                    (row["currency"], row["amount_paid"])
                    for row in self._store.select("invoice_payment", status="paid")
                ],
            ),
            (
                "refunds",
                [
                    (row["currency"], row["amount"])
                    for row in self.refunds.values()
                    if row["status"] == "succeeded"
                ],
            ),
        ):
            for currency, amount in rows:
                count, total = found[name].get(currency, (0, 0))
                found[name][currency] = (count + 1, total + amount)
        return found

    def owed(self):
        """What each customer owes by the books: minor units by partner and currency.

        What is open at Stripe; what was refunded without a credit note, as the invoice still stands; less
        credit notes that promise money which has not arrived: refunds that failed.
        """
        found = Counter()
        for invoice in self.invoices:
            if invoice["status"] == "open":
                found[self._key(invoice)] += invoice["amount_remaining"]
        unlinked = {
            key: row["amount"] for key, row in self.refunds.items() if row["status"] == "succeeded"
        }
        for note in self.notes:
            for row in note["refunds"]:
                refund = self.refunds[row["refund"]]
                if refund["status"] == "succeeded":
                    unlinked[refund["id"]] -= row["amount_refunded"]
                else:
                    found[self._key(note)] -= row["amount_refunded"]
        for key, amount in unlinked.items():
            found[self._key(self.refunds[key])] += amount
        return nonzero(found)

    def balances(self):
        """What is on the balance of each customer, by partner and currency."""
        return nonzero(
            {
                (int(row["metadata"]["odoo_partner_id"]), row["currency"]): row["balance"]
                for row in self._store.select("customer")
                if row["currency"]
            }
        )

    def _key(self, obj):
        customer = self._store.get("customer", obj["customer"])
        return int(customer["metadata"]["odoo_partner_id"]), obj["currency"]


class Here:
    """What the journals say: posted items only.

    :param env: Of Odoo.
    :param provider: The Stripe account.
    """

    def __init__(self, env, provider):
        self._env = env
        self._provider = provider
        env.flush_all()

    def _query(self, query, *params):
        self._env.cr.execute(query, params)
        return self._env.cr.fetchall()

    def account(self, name):
        """One of the accounts of the Stripe account."""
        return self._provider._stripe_billing_account(name)

    def _items(self, what, condition, *params):
        return self._query(
            f"""
            SELECT {what}, lower(c.name), sum(l.amount_currency)
              FROM account_move_line l
              JOIN res_currency c ON c.id = l.currency_id
              JOIN account_account a ON a.id = l.account_id
             WHERE l.parent_state = 'posted' AND {condition}
             GROUP BY 1, 2
            """,
            *params,
        )

    def sums(self):
        """See `There.sums`."""
        company = self._provider.company_id
        exchange = (
            company.income_currency_exchange_account_id
            | company.expense_currency_exchange_account_id
        )
        found = {
            "income": self._items(
                "1", "a.account_type LIKE 'income%%' AND a.id != ALL(%s)", exchange.ids
            ),
            "tax": self._items("1", "l.tax_line_id IS NOT NULL"),
        }
        for name in ("fee", "payout", "loss", "credit"):
            found[name] = self._items("1", "a.id = %s", self.account(name).id)
        return {
            name: nonzero({code: minor(amount, code) for _one, code, amount in rows})
            for name, rows in found.items()
        }

    def totals(self):
        """See `There.totals`."""
        posted = "m.state = 'posted' AND m.stripe_invoice_status != 'void'"
        kinds = {
            "invoices": f"FROM account_move m WHERE m.stripe_invoice_id IS NOT NULL AND {posted}",
            "credit_notes": """
                FROM account_move m WHERE m.stripe_credit_note_id IS NOT NULL AND m.state = 'posted'
                 AND NOT EXISTS (SELECT FROM account_move r WHERE r.reversed_entry_id = m.id)
            """,
            "payments": """
                FROM account_payment m WHERE m.stripe_invoice_payment_id IS NOT NULL
                 AND m.state IN ('in_process', 'paid')
            """,
            "refunds": """
                FROM account_payment m WHERE m.stripe_payment_ref IS NOT NULL
                 AND m.payment_type = 'outbound' AND m.state IN ('in_process', 'paid')
            """,
        }
        amounts = {
            "invoices": "m.amount_total_in_currency_signed",
            "credit_notes": "-m.amount_total_in_currency_signed",
        }
        found = {}
        for name, source in kinds.items():
            amount = amounts.get(name, "m.amount")
            rows = self._query(
                f"""
                SELECT (SELECT lower(name) FROM res_currency c WHERE c.id = m.currency_id),
                       count(*), sum({amount}) {source} GROUP BY m.currency_id
                """
            )
            found[name] = {code: (number, minor(total, code)) for code, number, total in rows}
        return found

    def owed(self):
        """See `There.owed`."""
        rows = self._query(
            """
            SELECT l.partner_id, lower(c.name), sum(l.amount_residual_currency)
              FROM account_move_line l
              JOIN res_currency c ON c.id = l.currency_id
              JOIN account_account a ON a.id = l.account_id
             WHERE l.parent_state = 'posted' AND a.account_type = 'asset_receivable'
             GROUP BY 1, 2
            """
        )
        return nonzero({(partner, code): minor(left, code) for partner, code, left in rows})

    def balances(self):
        """See `There.balances`."""
        rows = self._items("l.partner_id", "a.id = %s", self.account("balance").id)
        return nonzero({(partner, code): minor(left, code) for partner, code, left in rows})

    def left_on(self, name):
        """What an account comes to by currency: in that, and in the company's."""
        query = """
            SELECT lower(c.name), sum(l.amount_currency), sum(l.balance)
              FROM account_move_line l JOIN res_currency c ON c.id = l.currency_id
             WHERE l.parent_state = 'posted' AND l.account_id = %s
             GROUP BY 1
        """
        return [row for row in self._query(query, self.account(name).id) if any(row[1:])]

    def open_on(self, name):
        """The items of an account that are not reconciled: day, number, words, and what is left of them."""
        return self._query(
            """
            SELECT l.date::text, m.name, m.ref, l.balance, l.amount_residual
              FROM account_move_line l JOIN account_move m ON m.id = l.move_id
             WHERE l.parent_state = 'posted' AND NOT l.reconciled AND l.account_id = %s
             ORDER BY l.date, l.id
            """,
            self.account(name).id,
        )

    def trial_balance(self):
        """The sum of all posted items in the company's currency; zero in any books."""
        return self._query(
            "SELECT sum(balance) FROM account_move_line WHERE parent_state = 'posted'"
        )[0][0]

    def unbalanced(self):
        """Posted moves that do not balance, which is none."""
        return self._query(
            """
            SELECT move_id FROM account_move_line WHERE parent_state = 'posted'
             GROUP BY 1 HAVING round(sum(balance), 2) != 0
            """
        )

    def gaps(self):
        """Numbers that are missing in a journal of the Stripe account: journal, prefix, count, highest."""
        return self._query(
            """
            SELECT journal_id, sequence_prefix, count(*), max(sequence_number)
              FROM account_move
             WHERE sequence_number > 0 AND journal_id IN (
                       SELECT journal_id FROM account_move WHERE stripe_provider_id IS NOT NULL
                   )
             GROUP BY 1, 2
            HAVING count(DISTINCT sequence_number) != max(sequence_number)
                OR count(*) != max(sequence_number) OR min(sequence_number) != 1
            """
        )
