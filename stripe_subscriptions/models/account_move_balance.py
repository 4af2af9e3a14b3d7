from odoo import api, models
from odoo.addons.stripe_subscriptions import const, utils

# Balance transactions of these types belong to an invoice or credit note, and move what is owed on it;
# the others give or take credit on their own.
DOCUMENT_TYPES = {
    *("applied_to_invoice", "unapplied_from_invoice", "invoice_too_small", "invoice_too_large"),
    *("invoice_overpaid", "credit_note", "unspent_receiver_credit"),
}


class AccountMove(models.Model):
    """The balance that a customer has at Stripe: credit from one invoice pays the next."""

    _inherit = "account.move"

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply_customer_balance(self, provider, transactions):
        """Book the balance transactions of customers.

        Idempotent. Each moves an amount between the customer's receivable account and the account of
        customer balances, and is reconciled with its invoice or credit note. What belongs to a document
        that is not booked is left out, as are customers that Odoo does not know. At Stripe a negative
        amount is credit for the customer.

        :param payment.provider provider: The Stripe account.
        :param list[dict] transactions: Stripe's customer balance transactions.
        :rtype: account.move
        """
        self = self.sudo().with_company(provider.company_id).with_context(**const.SYNC_CONTEXT)
        transactions = {obj["id"]: obj for obj in transactions if obj["amount"]}
        if not transactions:
            return self.browse()
        booked = self.search(
            [
                ("stripe_provider_id", "=", provider.id),
                ("stripe_customer_balance_id", "in", list(transactions)),
            ]
        )
        known = set(booked.mapped("stripe_customer_balance_id"))
        missing = [obj for stripe_id, obj in transactions.items() if stripe_id not in known]
        partners = {
            customer.stripe_id: customer.partner_id
            for customer in self.env["stripe.customer"]._stripe_find(
                provider, list({utils.object_id(obj["customer"]) for obj in missing})
            )
        }
        documents = self._stripe_get_balance_documents(provider, missing)
        entries, owners, moments = [], [], {}
        for obj in missing:
            partner = partners.get(utils.object_id(obj["customer"]))
            document = documents.get(obj["id"], self.browse())
            if not partner or (obj["type"] in DOCUMENT_TYPES and document.state != "posted"):
                continue
            if provider._stripe_is_before_booking(obj):
                continue
            entries.append(self._prepare_stripe_balance_values(provider, obj, partner, document))
            owners.append(document)
            if document:
                moments[document] = obj["created"]
        reopened = self.browse().union(*moments)._stripe_reopen(provider, moments)
        moves = self._stripe_create_entries(provider, entries)
        self._stripe_reconcile_lines(
            move._stripe_receivable_lines() | owner._stripe_receivable_lines()
            for move, owner in zip(moves, owners, strict=True)
            if owner
        )
        self._stripe_reconcile_unapplied(moves)
        self._stripe_reconcile_balances(provider, moves)
        reopened._stripe_write_off(provider, moments)
        return booked | moves

    @api.model
    def _stripe_get_balance_documents(self, provider, transactions):
        """Return the invoices and credit notes that balance transactions belong to, by their ids."""
        invoice_ids = {utils.object_id(obj.get("invoice")) for obj in transactions} - {False}
        note_ids = {utils.object_id(obj.get("credit_note")) for obj in transactions} - {False}
        domain = [("stripe_provider_id", "=", provider.id)]
        moves = self.search([*domain, ("stripe_invoice_id", "in", list(invoice_ids))])
        notes = self.search([*domain, ("stripe_credit_note_id", "in", list(note_ids))])
        by_id = {move.stripe_invoice_id: move for move in moves}
        by_id |= {move.stripe_credit_note_id: move for move in notes}
        found = {}
        for obj in transactions:
            key = utils.object_id(obj.get("credit_note")) or utils.object_id(obj.get("invoice"))
            if key in by_id:
                found[obj["id"]] = by_id[key]
        return found

    @api.model
    def _prepare_stripe_balance_values(self, provider, obj, partner, document):
        """Map a balance transaction of a customer to the values of its entry. Pure.

        :param payment.provider provider: The Stripe account.
        :param dict obj: The transaction.
        :param res.partner partner: The customer.
        :param account.move document: Its invoice or credit note, if it has one.
        :rtype: dict
        """
        currency = self.env["res.currency"]._stripe_get(obj["currency"])
        currency._stripe_check_rate(provider.company_id)
        amount = currency._stripe_to_major(obj["amount"])
        if obj["type"] in DOCUMENT_TYPES:
            line = document.line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )[:1]
            counterpart = (
                line.account_id
                or partner.with_company(provider.company_id).property_account_receivable_id
            )
        else:
            counterpart = provider._stripe_billing_account("credit")
        balance_account = provider._stripe_billing_account("balance")
        return {
            "date": self._stripe_get_entry_date(provider, obj["created"], document.date),
            "ref": self.env._(
                "Stripe balance: %s", document.ref or obj.get("description") or obj["type"]
            ),
            "partner_id": partner.id,
            "company_id": (document.company_id or provider.company_id).id,
            "stripe_customer_balance_id": obj["id"],
            "lines": [
                (balance_account, currency, amount, partner),
                (counterpart, currency, -amount, partner),
            ],
        }

    @api.model
    def _stripe_reconcile_balances(self, provider, moves):
        """Reconcile the credit of customers with what has used it up."""
        account = provider.stripe_billing_balance_account_id
        groups = []
        for (partner, currency), lines in (
            moves.line_ids.filtered(lambda line: line.account_id == account)
            .grouped(lambda line: (line.partner_id, line.currency_id))
            .items()
        ):
            groups.append(
                lines
                | self.env["account.move.line"].search(
                    [
                        ("account_id", "=", account.id),
                        ("partner_id", "=", partner.id),
                        ("currency_id", "=", currency.id),
                        ("reconciled", "=", False),
                        ("parent_state", "=", "posted"),
                    ]
                )
            )
        self._stripe_reconcile_lines(groups)

    @api.model
    def _stripe_reconcile_unapplied(self, moves):
        """Reconcile credit that came back from void invoices with what had been applied to them.

        :param account.move moves: New entries of balance transactions.
        """
        line_model = self.env["account.move.line"]
        groups = [
            line
            | line_model.search(
                [
                    ("account_id", "=", line.account_id.id),
                    ("partner_id", "=", line.partner_id.id),
                    ("amount_residual_currency", "=", -line.amount_residual_currency),
                    ("currency_id", "=", line.currency_id.id),
                    ("move_id.ref", "=", line.move_id.ref),
                    ("move_id.stripe_customer_balance_id", "!=", False),
                    ("parent_state", "=", "posted"),
                ],
                limit=1,
            )
            for line in moves._stripe_receivable_lines()
        ]
        self._stripe_reconcile_lines(groups)

    def _stripe_reconcile_overpaid(self, provider, invoices):
        """Reconcile what was paid beyond invoices with the entries that take it to or from the balance.

        :param payment.provider provider: The Stripe account.
        :param list[dict] invoices: Stripe invoices, of whose balance transactions these are the entries.
        """
        rest = self.filtered(lambda move: move._stripe_receivable_lines())
        if not rest:
            return
        entries = {move.stripe_customer_balance_id: move for move in rest}
        groups = []
        for obj in invoices:
            rows = obj.get("balance_transactions") or []
            mine = self.browse().union(
                *(entries[row["id"]] for row in rows if row["id"] in entries)
            )
            parts = [part["id"] for part in utils.invoice_payments(obj)]
            if mine and parts:
                payments = self.env["account.payment"].search(
                    [
                        ("stripe_provider_id", "=", provider.id),
                        ("stripe_invoice_payment_id", "in", parts),
                    ]
                )
                groups.append((mine | payments.move_id)._stripe_receivable_lines())
        self._stripe_reconcile_lines(groups)
