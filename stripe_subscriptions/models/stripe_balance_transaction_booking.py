from odoo import api, models
from odoo.addons.stripe_subscriptions import utils

# Types of what a customer paid or got back; there the source is a charge or a refund.
PAYMENT_TYPES = {"charge", "payment"}
REFUND_TYPES = {"refund", "payment_refund"}
PAID_TYPES = PAYMENT_TYPES | REFUND_TYPES
REFUND_FAILURE_TYPES = {"refund_failure"}
RETURN_TYPES = {"payout_cancel", "payout_failure"}
PAYOUT_TYPES = {"payout", *RETURN_TYPES}
FEE_TYPES = {"stripe_fee", "stripe_fx_fee", "network_cost", "tax_fee"}


class StripeBalanceTransaction(models.Model):
    """The entry of a movement of the Stripe balance.

    It books the fee, and turns what was paid in another currency into that of the settlement. What Odoo
    knows nothing about goes to the suspense account, so that the clearing account is what Stripe holds.
    """

    _inherit = "stripe.balance.transaction"

    # === BUSINESS METHODS - BOOKING === #

    def _book(self, provider):
        """Post the entries of the movements; those that need none have none.

        :param payment.provider provider: The Stripe account.
        """
        entries, booked = [], self.browse()
        for transaction in self:
            lines = transaction._get_entry_lines(provider)
            if lines:
                entries.append(
                    {
                        "date": transaction._get_date(),
                        "ref": self.env._(
                            "Stripe %(kind)s %(origin)s",
                            kind=transaction.kind,
                            origin=transaction.payment_id.memo or transaction.source or "",
                        ),
                        "stripe_entry_ref": transaction.stripe_id,
                        "stripe_created_at": transaction.stripe_created_at,
                        "lines": lines,
                    }
                )
                booked |= transaction
        moves = self.env["account.move"]._stripe_create_entries(provider, entries)
        for transaction, move in zip(booked, moves, strict=True):
            transaction.move_id = move
            transaction._reconcile_conversion(provider)

    def _rebook(self, provider):
        """Book movements anew whose payments have come, or have gone, since they were booked.

        What a person has reversed is left alone.

        :param payment.provider provider: The Stripe account.
        """
        stale = self.filtered(
            lambda part: (
                part.kind in PAID_TYPES
                and (not part.move_id or part.move_id._stripe_standing())
                and not part._fits(provider)
            )
        )
        for transaction in stale:
            transaction.move_id._stripe_take_back(self.env._("Booked anew"))
        stale.move_id = False
        stale._book(provider)
        for payout in stale.payout_id:
            payout._clear(provider)

    def _fits(self, provider):
        """Return whether the entry is what would be booked now, exchange differences aside."""
        company = provider.company_id
        exchange = (
            company.expense_currency_exchange_account_id
            | company.income_currency_exchange_account_id
        )
        sums = {}
        for account, currency, amount, *_rest in self._get_entry_lines(provider):
            sums[account, currency] = sums.get((account, currency), 0.0) + amount
        for line in self.move_id.line_ids:
            if line.account_id not in exchange:
                key = line.account_id, line.currency_id
                sums[key] = sums.get(key, 0.0) - line.amount_currency
        return all(currency.is_zero(amount) for (_account, currency), amount in sums.items())

    def _is_unknown(self, provider):
        """Return whether the whole amount waits on the account of what Odoo knows nothing about."""
        amount = sum(self._get_suspense_lines(provider).mapped("amount_currency"))
        return not self.currency_id.compare_amounts(amount, -self.amount)

    @api.model
    def _stripe_take_payments(self, provider, payments):
        """Book movements anew that were booked before their payments.

        :param payment.provider provider: The Stripe account.
        :param account.payment payments: New payments of invoices.
        """
        by_ref = {payment.stripe_payment_ref: payment for payment in payments}
        early = self.search(
            [
                ("provider_id", "=", provider.id),
                ("kind", "in", list(PAYMENT_TYPES)),
                *("|", ("payment_intent", "in", list(by_ref)), ("source", "in", list(by_ref))),
            ]
        )
        for transaction in early.filtered(lambda part: not part.payment_id):
            transaction.payment_id = (
                by_ref.get(transaction.payment_intent) or by_ref[transaction.source]
            )
        early._rebook(provider)

    def _get_date(self):
        """Return the day on which the movement is booked; never before what it belongs to."""
        self.ensure_one()
        moment = utils.to_timestamp(self.stripe_created_at)
        return self.env["account.move"]._stripe_get_entry_date(
            self.provider_id, moment, self.payment_id.date
        )

    def _get_entry_lines(self, provider):
        """Return what the entry of a movement consists of; empty when it needs none.

        :param payment.provider provider: The Stripe account.
        :rtype: list[tuple]
        """
        self.ensure_one()
        currency = self.currency_id
        clearing = provider._stripe_billing_account("clearing")
        fee = []
        if not currency.is_zero(self.fee):
            fee = [
                (provider._stripe_billing_account("fee"), currency, self.fee, None),
                (clearing, currency, -self.fee, None),
            ]
        if self.kind in PAYOUT_TYPES:
            # The payout itself is booked with its own record.
            return fee
        if self.kind in PAID_TYPES and self._get_payment_lines():
            return self._get_conversion_lines(provider, clearing) + fee
        if currency.is_zero(self.amount):
            return fee
        return [
            (clearing, currency, self.amount, None),
            self._get_counterpart(provider),
            *fee,
        ]

    def _get_counterpart(self, provider):
        """Return the line on the other side of a movement that belongs to no payment.

        :param payment.provider provider: The Stripe account.
        :rtype: tuple
        """
        name = "suspense"
        if self.kind in FEE_TYPES:
            name = "fee"
        elif (self.source or "").startswith(("dp_", "du_")):
            name = "dispute"
        elif self.kind in REFUND_FAILURE_TYPES and self.source:
            # What the refund took waits there for it, in whatever rate; the rest is an exchange difference.
            taken = self.search(
                [
                    ("provider_id", "=", provider.id),
                    ("source", "=", self.source),
                    ("kind", "in", list(REFUND_TYPES)),
                    ("currency_id", "=", self.currency_id.id),
                ]
            )
            if lines := taken._get_suspense_lines(provider):
                amount, balance = sum(lines.mapped("amount_currency")), sum(lines.mapped("balance"))
                return lines.account_id, self.currency_id, -amount, None, -balance
        account = provider._stripe_billing_account(name)
        return account, self.currency_id, -self.amount, None

    def _get_suspense_lines(self, provider):
        """Return the journal items of the movements on the account of what Odoo knows nothing about."""
        suspense = provider._stripe_billing_account("suspense")
        return self.move_id.line_ids.filtered(lambda line: line.account_id == suspense)

    def _get_conversion_lines(self, provider, clearing):
        """Return the lines that turn a payment in another currency into that of the settlement.

        Also takes to the suspense account what Stripe settles more or less than was paid.

        :param payment.provider provider: The Stripe account.
        :param account.account clearing: The clearing account.
        :rtype: list[tuple]
        """
        lines = self._get_payment_lines()
        account, currency = lines.account_id[:1], lines.currency_id[:1]
        if account != clearing:
            # Booked before there was a clearing account: its own account takes it out.
            return [
                (clearing, self.currency_id, self.amount, None),
                (account, self.currency_id, -self.amount, None),
            ]
        paid = sum(lines.mapped("amount_currency"))
        if currency != self.currency_id:
            return [
                (clearing, currency, -paid, None, -sum(lines.mapped("balance"))),
                (clearing, self.currency_id, self.amount, None),
            ]
        rest = self.currency_id.round(self.amount - paid)
        if self.currency_id.is_zero(rest):
            return []
        return [
            (clearing, self.currency_id, rest, None),
            (provider._stripe_billing_account("suspense"), self.currency_id, -rest, None),
        ]

    def _get_payment_lines(self):
        """Return the lines by which the payment came into, or left, the clearing account.

        One payment at Stripe may pay several invoices, which makes several payments here.
        """
        payments = self.payment_id
        if payments.stripe_payment_ref:
            payments = payments.search(
                [
                    ("stripe_provider_id", "=", self.provider_id.id),
                    ("stripe_payment_ref", "=", payments.stripe_payment_ref),
                    ("payment_type", "=", payments.payment_type),
                    ("state", "!=", "canceled"),
                ]
            )
        return payments.move_id.line_ids.filtered(
            lambda line: line.account_id in payments.outstanding_account_id
        )

    def _reconcile_conversion(self, provider):
        """Reconcile a payment in another currency with the line that takes it out."""
        lines = self._get_payment_lines().filtered(lambda line: not line.reconciled)
        if not lines or lines.currency_id == self.currency_id:
            return
        other = self.move_id.line_ids.filtered(
            lambda part: (
                part.account_id == lines.account_id and part.currency_id == lines.currency_id
            )
        )
        self.env["account.move"]._stripe_reconcile_lines([lines | other])

    def _get_clearing_lines(self, provider):
        """Return the lines of the movements on the clearing account, in their own currency."""
        clearing = provider._stripe_billing_account("clearing")
        lines = self.move_id.line_ids
        for transaction in self:
            if transaction.kind in PAID_TYPES:
                lines |= transaction._get_payment_lines()
            elif transaction.kind in RETURN_TYPES:
                # The money of a payout that did not arrive: what reverses it, or what it consisted of.
                payout = self.env["stripe.payout"]._stripe_find(provider, [transaction.source])
                lines |= payout.move_id.reversal_move_ids.line_ids
                lines |= payout.balance_transaction_ids._get_clearing_lines(provider)
        return lines.filtered(
            lambda line: (
                line.account_id == clearing
                and line.parent_state == "posted"
                and not line.reconciled
            )
        )
