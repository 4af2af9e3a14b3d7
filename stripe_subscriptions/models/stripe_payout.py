from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import utils

# A payout has left Stripe's balance in these statuses.
LEFT_STATUSES = ("pending", "in_transit", "paid")


class StripePayout(models.Model):
    """Money that Stripe has sent to the bank, with all the movements that it consists of."""

    _name = "stripe.payout"
    _description = "Stripe Payout"
    # Activities for payouts that do not tie; the thread tells the person they are given to.
    _inherit = ["stripe.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "arrival_date desc, id desc"
    _rec_name = "stripe_id"
    _stripe_dashboard_path = "payouts"

    # === FIELDS === #

    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True)
    arrival_date = fields.Date(help="When it arrives at the bank.", readonly=True)
    status = fields.Selection(
        [
            ("pending", "Pending"),
            ("in_transit", "In transit"),
            ("paid", "Paid"),
            ("failed", "Failed"),
            ("canceled", "Called off"),
            ("other", "Other"),
        ],
        readonly=True,
    )
    reconciliation_status = fields.Selection(
        [
            ("in_progress", "In progress"),
            ("completed", "Completed"),
            ("not_applicable", "Not applicable"),
            ("other", "Other"),
        ],
        help="Whether Stripe has said which movements it consists of.",
        readonly=True,
    )
    balance_transaction_ids = fields.One2many(
        "stripe.balance.transaction", "payout_id", readonly=True
    )
    move_id = fields.Many2one(
        string="Entry", comodel_name="account.move", readonly=True, index="btree_not_null"
    )
    clearing_difference = fields.Monetary(
        help="What the movements and the payout leave on the clearing account; zero when all is well.",
        readonly=True,
    )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override of `stripe.mixin`: first the movements of the payouts, then the payouts."""
        transaction_model = self.env["stripe.balance.transaction"]
        for obj in objects:
            movements = list(obj.get("balance_transactions") or [])
            if isinstance(obj.get("failure_balance_transaction"), dict):
                movements.append({**obj["failure_balance_transaction"], "source": obj["id"]})
            transaction_model._stripe_apply(provider, movements)
        return super()._stripe_apply(provider, objects)

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`."""
        return {
            "currency_id": self.env["res.currency"]._stripe_get(obj["currency"]).id,
            "amount": utils.to_major(obj["amount"], obj["currency"]),
            "arrival_date": utils.to_local_date(obj["arrival_date"], "UTC"),
            "status": self._stripe_get_selection("status", obj["status"]),
            "reconciliation_status": self._stripe_get_selection(
                "reconciliation_status", obj.get("reconciliation_status")
            ),
        }

    def _stripe_after_apply(self, provider, objects):
        """Override of `stripe.mixin`: book the payout, and clear the movements that it consists of."""
        transaction_model = self.env["stripe.balance.transaction"]
        for payout, obj in zip(self, objects, strict=True):
            movements = transaction_model._stripe_find(
                provider, [part["id"] for part in obj.get("balance_transactions") or []]
            )
            movements.filtered(lambda part, payout=payout: part.payout_id != payout).write(
                {"payout_id": payout.id}
            )
            payout._book(provider, utils.path(obj, "failure_balance_transaction.created"))
            payout._clear(provider)
            payout._clear_next(provider)

    def _book(self, provider, returned_at):
        """Post the payout's entry, or reverse it when the bank has sent the money back.

        What a payout that has failed consisted of stays reconciled with it: the money that came back waits
        for the next payout.

        :param payment.provider provider: The Stripe account.
        :param int|None returned_at: Unix seconds at which the money was back, as far as Stripe says.
        """
        self.ensure_one()
        move = self.move_id
        if self.status in LEFT_STATUSES and not move:
            moment = utils.to_timestamp(self.stripe_created_at)
            payout = provider._stripe_billing_account("payout")
            clearing = provider._stripe_billing_account("clearing")
            self.move_id = move._stripe_create_entries(
                provider,
                [
                    {
                        "date": move._stripe_get_entry_date(provider, moment),
                        "ref": self.env._("Stripe payout %s", self.stripe_id),
                        "stripe_entry_ref": self.stripe_id,
                        "stripe_created_at": self.stripe_created_at,
                        "lines": [
                            (payout, self.currency_id, self.amount, None),
                            (clearing, self.currency_id, -self.amount, None),
                        ],
                    }
                ],
            )
        elif self.status in ("failed", "canceled") and move._stripe_standing():
            ref = self.env._("Payout %s did not arrive", self.stripe_id)
            date = move._stripe_get_entry_date(provider, returned_at, move.date)
            move._reverse_moves([{"ref": ref, "date": date}])._post(soft=False)

    def _clear(self, provider):
        """Reconcile the payout with its movements on the clearing account, and say what is left."""
        self.ensure_one()
        if self.reconciliation_status != "completed" or self.status not in LEFT_STATUSES:
            return
        if not self.move_id._stripe_standing():
            return
        clearing = provider._stripe_billing_account("clearing")
        own = self.move_id.line_ids.filtered(
            lambda line: line.account_id == clearing and not line.reconciled
        )
        lines = (own | self.balance_transaction_ids._get_clearing_lines(provider)).filtered(
            lambda line: line.currency_id == self.currency_id
        )
        self.env["account.move"]._stripe_reconcile_lines([lines])
        rest = sum(lines.mapped("amount_residual_currency"))
        if self.currency_id.compare_amounts(self.clearing_difference, rest):
            self.clearing_difference = rest
        if not self.currency_id.is_zero(rest):
            self._call_person(provider)
        elif self.activity_ids:
            self.activity_unlink(["mail.mail_activity_data_warning"])

    def _clear_next(self, provider):
        """Clear the payout that took the money of one that did not arrive, if it was heard of before.

        :param payment.provider provider: The Stripe account.
        """
        self.ensure_one()
        if self.status in LEFT_STATUSES:
            return
        returns = self.env["stripe.balance.transaction"].search(
            [
                ("provider_id", "=", provider.id),
                ("source", "=", self.stripe_id),
                ("kind", "!=", "payout"),
            ]
        )
        for payout in returns.payout_id:
            payout._clear(provider)

    def _call_person(self, provider):
        """Give the responsible an activity for a payout that does not tie."""
        user = provider.sudo().stripe_billing_user_id
        if user and not self.activity_ids:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("Payout %s leaves a difference", self.stripe_id),
                user_id=user.id,
            )
