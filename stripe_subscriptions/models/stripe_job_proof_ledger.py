# A job sees what others write meanwhile: pylint: disable=invalid-commit
from decimal import Decimal

from odoo import models
from odoo.addons.stripe_subscriptions import stripe_proof, utils

# Kind -> model, field of the Stripe id, further conditions.
DOCUMENTS = {
    "invoice": ("account.move", "stripe_invoice_id", []),
    "credit_note": ("account.move", "stripe_credit_note_id", []),
    "invoice_payment": (
        "account.payment",
        "stripe_invoice_payment_id",
        [("payment_type", "=", "inbound")],
    ),
    "refund": ("account.payment", "stripe_payment_ref", [("payment_type", "=", "outbound")]),
    "balance_transaction": ("stripe.balance.transaction", "stripe_id", []),
    "payout": ("stripe.payout", "stripe_id", []),
}
PAYMENT_STATES = ("in_process", "paid")


class StripeJob(models.Model):
    """Proof, Odoo's side: what the journals say about the documents of Stripe's objects.

    Amounts are those of posted documents in their own currency, on their own day: a lock date that moves
    the entry does not move the document. What somebody has reversed here, beside Stripe, is taken off.
    """

    _inherit = "stripe.job"

    # === BUSINESS METHODS - COMPARISON === #

    def _prove(self, kind, objects, domain=None, skip=(), until=None, clocks=False):
        """Add objects and Odoo's documents to the sums of both sides.

        :param str kind: See `DOCUMENTS`.
        :param list[dict] objects: Stripe objects.
        :param list domain: Which documents must be among the objects; None for none.
        :param list[str] skip: Ids of documents that were compared before.
        :param int until: Unix seconds; what has changed since is left out on both sides.
        :param bool clocks: Whether the documents are those of customers on a test clock.
        """
        self = self.with_company(self.provider_id.company_id)
        by_id = {obj["id"]: obj for obj in objects}
        left = self._get_left_out(kind, self._get_missing(kind, objects))
        id_field = DOCUMENTS[kind][1]
        records = self._find_documents(kind, [(id_field, "in", list(by_id))])
        if domain is not None and id_field != "stripe_id":
            if not clocks:
                domain = [*domain, ("partner_id", "not in", self._get_clock_partners().ids)]
            records = self._find_documents(kind, domain) | records
        recent = {i for i, obj in by_id.items() if until and stripe_proof.changed_at(obj) > until}
        sums, span = stripe_proof.Sums(self.cursor["sums"]), self._get_span()
        numbers = {f"left_{reason}": list(left.values()).count(reason) for reason in left.values()}
        numbers |= {"proven": 0, "documents_differing": 0, "left_recent": len(recent)}
        there_of = getattr(stripe_proof, kind)
        here_of = getattr(self, f"_get_here_{kind}")
        for stripe_id in by_id.keys() | records.keys():
            known = stripe_id in records
            if stripe_id in recent or stripe_id in skip or (stripe_id in left and not known):
                continue
            there = there_of(by_id[stripe_id], span) if stripe_id in by_id else {}
            here = here_of(records[stripe_id], span) if known else {}
            numbers["proven"] += 1
            numbers["documents_differing"] += sums.add(stripe_id, there, here)
        self._count(**numbers)
        self._advance(sums=sums.to_json())

    def _prove_movements(self, payout_id, objects):
        """Add a part of what a payout consists of to the sums of both sides.

        :param str payout_id: Id of the payout.
        :param list[dict] objects: Stripe balance transactions.
        """
        self = self.with_company(self.provider_id.company_id)
        ids = [obj["id"] for obj in objects]
        records = self._find_documents("balance_transaction", [("stripe_id", "in", ids)])
        sums = stripe_proof.Sums(self.cursor["sums"])
        differing = 0
        for obj in objects:
            here = {}
            if obj["id"] in records:
                here = self._get_here_movement(records[obj["id"]], payout_id)
            differing += sums.add(obj["id"], stripe_proof.movement(obj, payout_id), here)
        self._count(proven=len(objects), documents_differing=differing)
        self._advance(sums=sums.to_json())

    def _find_documents(self, kind, domain, limit=None):
        """Return Odoo's documents of Stripe objects.

        :param str kind: See `DOCUMENTS`.
        :param list domain: Further conditions.
        :param int limit: The first ones by id.
        :rtype: dict[str, record]
        """
        model, id_field, conditions = DOCUMENTS[kind]
        mixin = "provider_id" in self.env[model]._fields
        provider_field = "provider_id" if mixin else "stripe_provider_id"
        livemode_field = "livemode" if mixin else "stripe_livemode"
        records = self.env[model].search(
            [
                (provider_field, "=", self.provider_id.id),
                (livemode_field, "=", self.provider_id._stripe_livemode()),
                (id_field, "!=", False),
                *conditions,
                *domain,
            ],
            limit=limit,
            order="id",
        )
        return {record[id_field]: record for record in records}

    # === BUSINESS METHODS - WHAT IS LEFT OUT === #

    def _get_missing(self, kind, objects):
        """Return the objects that Odoo has no document of, whatever its state."""
        known = self._find_documents(
            kind, [(DOCUMENTS[kind][1], "in", [obj["id"] for obj in objects])]
        )
        return [obj for obj in objects if obj["id"] not in known]

    def _get_left_out(self, kind, objects):
        """Return which objects Odoo does not book on purpose, and why.

        :param str kind: Kind of the objects.
        :param list[dict] objects: Stripe objects that Odoo has no document of.
        :return: By id: customer, before or other.
        :rtype: dict[str, str]
        """
        if not objects:
            return {}
        if kind == "balance_transaction":
            known = self._get_known_sources(objects)
            return {obj["id"]: "other" for obj in objects if obj["id"] not in known}
        if kind == "payout":
            book_from = self.provider_id.sudo().stripe_billing_book_from
            span = self._get_span()
            return {
                obj["id"]: "before"
                for obj in objects
                if book_from and span.day(obj["created"]) < book_from
            }
        if kind == "refund":
            invoices = self._get_refunded_invoices(objects)
        else:
            invoices = {obj["id"]: obj if kind == "invoice" else obj["invoice"] for obj in objects}
        customers = self.env["stripe.customer"]._stripe_find(
            self.provider_id,
            list({utils.object_id(obj["customer"]) for obj in invoices.values() if obj}),
        )
        linked = set(customers.mapped("stripe_id"))
        left = {}
        for stripe_id, obj in invoices.items():
            if not obj:
                left[stripe_id] = "other"
            elif utils.object_id(obj["customer"]) not in linked:
                left[stripe_id] = "customer"
            elif self.provider_id._stripe_is_before_booking(obj):
                left[stripe_id] = "before"
        return left

    def _get_refunded_invoices(self, refunds):
        """Return the invoice that each refund gives back, None for what was no payment of an invoice.

        Stripe is asked about refunds whose payment Odoo does not have.

        :param list[dict] refunds: Stripe refunds.
        :rtype: dict[str, dict|None]
        """
        payments = self.env["account.payment"]._stripe_get_refunded_payments(
            self.provider_id, refunds
        )
        unknown = [obj["id"] for obj in refunds if obj["id"] not in payments]
        fetched = self._fetch_all([("refund", stripe_id) for stripe_id in unknown])
        paid = {
            stripe_id: utils.object_id(parts[0]["invoice"])
            for (_kind, stripe_id), obj in fetched.items()
            if (parts := obj.get("invoice_payments"))
        }
        invoices = self._fetch_all([("invoice", invoice_id) for invoice_id in set(paid.values())])
        return {
            stripe_id: invoices[("invoice", paid[stripe_id])] if stripe_id in paid else None
            for stripe_id in unknown
        }

    def _get_known_sources(self, objects):
        """Return the balance transactions of payments, refunds and disputes that Odoo knows.

        The others are booked with the payout that brings them.

        :param list[dict] objects: Stripe balance transactions with their sources.
        :rtype: set[str]
        """
        sources = [obj["source"] for obj in objects if isinstance(obj.get("source"), dict)]
        transactions = self.env["stripe.balance.transaction"]
        known = set(transactions._get_payments(self.provider_id, sources))
        disputes = [obj for obj in sources if obj["object"] == "dispute"]
        lookup = self.env["stripe.dispute"]._prepare_stripe_lookup(self.provider_id, disputes)
        known |= set(lookup["payments"])
        return {obj["id"] for obj in objects if utils.object_id(obj.get("source")) in known}

    # === BUSINESS METHODS - FACTS IN ODOO === #

    def _get_here_invoice(self, move, span):
        """Return the facts of the document of an invoice."""
        total, tax = self._get_move_amounts(move)
        return span.facts(move.invoice_date, move.currency_id.name, {"invoiced": total, "tax": tax})

    def _get_here_credit_note(self, move, span):
        """Return the facts of the document of a credit note."""
        total, tax = self._get_move_amounts(move)
        return span.facts(
            move.invoice_date, move.currency_id.name, {"credited": -total, "tax": tax}
        )

    def _get_here_invoice_payment(self, payment, span):
        """Return the facts of a payment."""
        amounts = {"collected": self._get_payment_amount(payment)}
        return span.facts(payment.date, payment.currency_id.name, amounts)

    def _get_here_refund(self, payment, span):
        """Return the facts of the payment of a refund."""
        amounts = {"refunded": self._get_payment_amount(payment)}
        return span.facts(payment.date, payment.currency_id.name, amounts)

    def _get_payment_amount(self, payment):
        """Return what a payment brings or takes, as the items of its entry say, if it has one."""
        if payment.state not in PAYMENT_STATES:
            return Decimal(0)
        if not payment.move_id:
            return _exact(payment.amount, payment.currency_id)
        money = payment.move_id.line_ids.filtered(
            lambda line: (
                line.account_id == payment.outstanding_account_id and line.parent_state == "posted"
            )
        )
        return abs(_sum(money, payment.currency_id))

    def _get_here_balance_transaction(self, transaction, span):
        """Return the facts of the entry of a movement of the balance."""
        move, currency = _standing(transaction.move_id), transaction.currency_id
        if not move:
            return {}
        amounts = {"fees": self._get_fee(move, currency)}
        if (transaction.source or "").startswith(stripe_proof.DISPUTE_PREFIXES):
            account = self.provider_id.stripe_billing_dispute_account_id
            lines = move.line_ids.filtered(lambda line: line.account_id == account)
            amounts["disputes"] = _sum(lines, currency)
        return span.facts(move.stripe_date or move.date, currency.name, amounts)

    def _get_here_payout(self, payout, span):
        """Return the facts of the entry of a payout, unless it was reversed."""
        move, currency = _standing(payout.move_id), payout.currency_id
        if not move:
            return {}
        # One that is negative takes money from the bank.
        lines = move.line_ids.filtered(lambda line: (line.balance > 0) == (payout.amount > 0))
        day = move.stripe_date or move.date
        return span.facts(day, currency.name, {"payouts": _sum(lines, currency)})

    def _get_here_movement(self, transaction, payout_id):
        """Return the facts of a movement as a part of a payout: what it brings to the clearing account.

        :param stripe.balance.transaction transaction: The movement.
        :param str payout_id: Id of the payout.
        """
        if transaction.payout_id.stripe_id != payout_id:
            return {}
        currency = transaction.currency_id
        clearing = self.provider_id.stripe_billing_clearing_account_id
        posted = _standing(transaction.move_id)
        lines = posted.line_ids
        if transaction.kind in stripe_proof.PAID_TYPES:
            # One charge may have paid several invoices.
            lines |= transaction._get_payment_lines().filtered(
                lambda line: line.parent_state == "posted"
            )
        net = _sum(lines.filtered(lambda line: line.account_id == clearing), currency)
        fee = self._get_fee(posted, currency)
        return stripe_proof.part_of_payout(payout_id, currency.name, net, fee)

    def _get_fee(self, move, currency):
        """Return what an entry books as fees, in a currency: expenses that no exchange rate made."""
        company = self.provider_id.company_id
        fee_account = self.provider_id.stripe_billing_fee_account_id
        exchange = (
            company.expense_currency_exchange_account_id
            | company.income_currency_exchange_account_id
        )
        lines = move.line_ids.filtered(
            lambda line: (
                line.account_id == fee_account
                or (
                    line.account_id.account_type.startswith("expense")
                    and line.account_id not in exchange
                )
            )
        )
        return _sum(lines, currency)

    def _get_move_amounts(self, move):
        """Return total and tax of a posted move, less what was reversed beside Stripe; signed.

        :param account.move move: An invoice or credit note.
        :rtype: tuple[Decimal, Decimal]
        """
        reversals = move.reversal_move_ids.filtered(
            lambda reversal: not reversal.stripe_credit_note_id
        )
        total = tax = Decimal(0)
        for part in (move | reversals).filtered(lambda part: part.state == "posted"):
            sign = -1 if part.move_type == "out_refund" else 1
            amounts = self._get_journal_amounts(part)
            total += sign * amounts[0]
            tax += sign * amounts[1]
        return total, tax

    def _get_journal_amounts(self, move):
        """Return total and tax of an invoice or credit note, as its journal items say.

        The document says its total itself. That counts when both sides of the entry come to it; otherwise
        what one of them comes to.

        :param account.move move: A posted invoice or credit note.
        :rtype: tuple[Decimal, Decimal]
        """
        currency, sign = move.currency_id, -1 if move.move_type == "out_refund" else 1
        owed = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        taxes = move.line_ids.filtered(lambda line: line.display_type == "tax")
        total = _exact(move.amount_total, currency)
        sides = (sign * _sum(owed, currency), -sign * _sum(move.line_ids - owed, currency))
        total = next((side for side in sides if side != total), total)
        return total, -sign * _sum(taxes, currency)


def _standing(move):
    """Return an entry if it is in the books: posted, and not reversed."""
    reversals = move.reversal_move_ids.filtered(lambda reversal: reversal.state == "posted")
    return move.filtered(lambda entry: entry.state == "posted" and not reversals)


def _exact(amount, currency):
    """Return an amount that Odoo has stored as the decimal that it stands for."""
    return Decimal(f"{amount:.{currency.decimal_places}f}")


def _sum(lines, currency):
    """Return the exact sum of journal items in one of their currencies."""
    amounts = [line.amount_currency for line in lines if line.currency_id == currency]
    return sum((_exact(amount, currency) for amount in amounts), Decimal(0))
