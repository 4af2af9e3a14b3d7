from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import utils


class StripeBalanceTransaction(models.Model):
    """A movement of the Stripe balance, in the currency in which Stripe settles.

    See `stripe_balance_transaction_booking.py` for its entry.
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
    payment_intent = fields.Char(
        help="Of the charge that it belongs to.", readonly=True, index="btree_not_null"
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
                {**obj[name], "source": obj}
                for obj in objects
                for name in ("balance_transaction", "failure_balance_transaction")
                if obj["id"] in payments and isinstance(obj.get(name), dict)
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
        if intent := utils.object_id(utils.path(obj, "source.payment_intent")):
            values["payment_intent"] = intent
        return values

    def _stripe_after_apply(self, provider, objects):
        """Override of `stripe.mixin`: book what is not booked yet, and anew what is not unknown any more."""
        booked = self.filtered("move_id")
        (self - booked)._book(provider)
        booked.filtered(lambda part: part.payment_id and part._is_unknown(provider))._rebook(
            provider
        )

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
