from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import utils

# Types of what a customer paid or got back; there the source is a charge or a refund.
PAYMENT_TYPES = {"charge", "payment"}
REFUND_TYPES = {"refund", "payment_refund"}
REFUND_FAILURE_TYPES = {"refund_failure", "payment_failure_refund"}
PAYOUT_TYPES = {"payout", "payout_cancel", "payout_failure"}
FEE_TYPES = {"stripe_fee", "stripe_fx_fee", "network_cost", "tax_fee"}


class StripeBalanceTransaction(models.Model):
    """A movement of the Stripe balance, in the currency in which Stripe settles.

    Its entry books the fee, and turns what was paid in another currency into that of the settlement. What
    Odoo knows nothing about goes to the suspense account, so that the clearing account is what Stripe holds.
    """

    _name = "stripe.balance.transaction"
    _description = "Stripe Balance Transaction"
    _inherit = ["stripe.mixin"]
    _order = "stripe_created_at desc, id desc"
    _rec_name = "stripe_id"

    # === FIELDS === #

    kind = fields.Char(string="Type", readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(help="Before the fee.", readonly=True)
    fee = fields.Monetary(readonly=True)
    net = fields.Monetary(readonly=True)
    exchange_rate = fields.Float(digits=(16, 6), readonly=True)
    available_on = fields.Date(readonly=True)
    source = fields.Char(
        help="Charge, refund, dispute or payout at Stripe.", readonly=True, index=True
    )
    payment_id = fields.Many2one("account.payment", readonly=True, index="btree_not_null")
    payout_id = fields.Many2one(
        "stripe.payout", readonly=True, index="btree_not_null", ondelete="set null"
    )
    move_id = fields.Many2one(
        string="Entry", comodel_name="account.move", readonly=True, index="btree_not_null"
    )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply_sources(self, provider, objects):
        """Apply the balance transactions of charges and refunds, where Stripe has made them already.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe charges and refunds with `balance_transaction` expanded.
        :return: The ids of the objects whose payment Odoo has.
        :rtype: set[str]
        """
        payments = self._get_payments(provider, objects)
        self._stripe_apply(
            provider,
            [
                {**obj["balance_transaction"], "source": obj}
                for obj in objects
                if obj["id"] in payments and isinstance(obj.get("balance_transaction"), dict)
            ],
        )
        return set(payments)

    @api.model
    def _prepare_stripe_lookup(self, provider, objects):
        """Override of `stripe.mixin`: the payments that the movements belong to."""
        sources = [obj["source"] for obj in objects if isinstance(obj.get("source"), dict)]
        return {"payments": self._get_payments(provider, sources)}

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`."""
        currency = obj["currency"]
        source = utils.object_id(obj.get("source"))
        payment = lookup["payments"].get(source)
        values = {
            "kind": obj["type"],
            "currency_id": self.env["res.currency"]._stripe_get(currency).id,
            "amount": utils.to_major(obj["amount"], currency),
            "fee": utils.to_major(obj["fee"], currency),
            "net": utils.to_major(obj["net"], currency),
            "exchange_rate": float(obj.get("exchange_rate") or 0),
            "available_on": utils.to_local_date(obj.get("available_on"), "UTC"),
            "source": source,
        }
        if payment:
            values["payment_id"] = payment.id
        return values

    def _stripe_after_apply(self, provider, objects):
        """Override of `stripe.mixin`: book what is not booked yet."""
        self.filtered(lambda transaction: not transaction.move_id)._book(provider)

    @api.model
    def _get_payments(self, provider, sources):
        """Return the payments of charges and refunds.

        :param payment.provider provider: The Stripe account.
        :param list[dict] sources: Stripe objects of any kind.
        :return: Payments by id of the Stripe object.
        :rtype: dict[str, account.payment]
        """
        payment_model = self.env["account.payment"].sudo()
        refunds = [obj for obj in sources if obj["object"] == "refund"]
        charges = [obj for obj in sources if obj["object"] in ("charge", "py")]
        found = {
            payment.stripe_payment_ref: payment
            for payment in payment_model._stripe_find(provider, [obj["id"] for obj in refunds])
        }
        refs = {obj["id"]: utils.object_id(obj.get("payment_intent")) for obj in charges}
        wanted = [ref for pair in refs.items() for ref in pair if ref]
        inbound = payment_model.search(
            [
                ("stripe_provider_id", "=", provider.id),
                ("stripe_payment_ref", "in", wanted),
                ("payment_type", "=", "inbound"),
            ]
        )
        by_ref = {payment.stripe_payment_ref: payment for payment in inbound}
        # Payments that Odoo itself took by Stripe go through the same balance.
        others = payment_model.search(
            [
                ("payment_transaction_id.provider_id", "=", provider.id),
                ("payment_transaction_id.provider_reference", "in", wanted),
            ]
        )
        by_ref |= {p.payment_transaction_id.provider_reference: p for p in others}
        for charge_id, intent_id in refs.items():
            payment = by_ref.get(intent_id) or by_ref.get(charge_id)
            if payment:
                found[charge_id] = payment
        return found

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

    def _get_date(self):
        """Return the day on which the movement is booked; never before what it belongs to."""
        self.ensure_one()
        tz = self.company_id.partner_id.tz
        date = utils.to_local_date(utils.to_timestamp(self.stripe_created_at), tz)
        return max(date, self.payment_id.date) if self.payment_id else date

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
        if self.payment_id and self.kind in PAYMENT_TYPES | REFUND_TYPES:
            return self._get_conversion_lines(provider, clearing) + fee
        if self.kind in REFUND_FAILURE_TYPES:
            return fee
        name = "suspense"
        if self.kind in FEE_TYPES:
            name = "fee"
        elif (self.source or "").startswith(("dp_", "du_")):
            name = "dispute"
        if currency.is_zero(self.amount):
            return fee
        account = provider._stripe_billing_account(name)
        return [
            (clearing, currency, self.amount, None),
            (account, currency, -self.amount, None),
            *fee,
        ]

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
                (account or clearing, self.currency_id, -self.amount, None),
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
        for transaction in self.filtered("payment_id"):
            lines |= transaction._get_payment_lines().filtered(
                lambda line: line.parent_state == "posted"
            )
        return lines.filtered(lambda line: line.account_id == clearing and not line.reconciled)
