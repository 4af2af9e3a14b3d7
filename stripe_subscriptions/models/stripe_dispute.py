from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import utils
from odoo.tools import format_amount

# Statuses in which somebody has to answer.
NEEDS_RESPONSE = ("needs_response", "warning_needs_response", "appeal_needs_response")
# Statuses in which what was taken is gone: also when the bank was told to pay at once.
LOST_STATUSES = ("lost", "prevented")


class StripeDispute(models.Model):
    """A payment that a customer has questioned at the bank.

    What Stripe takes back meanwhile is booked by its balance transactions on the account of disputed
    amounts; when the dispute is lost it becomes a loss.
    """

    _name = "stripe.dispute"
    _description = "Stripe Dispute"
    _inherit = ["stripe.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "stripe_created_at desc, id desc"
    _rec_name = "stripe_id"
    _stripe_dashboard_path = "disputes"

    # === FIELDS === #

    payment_id = fields.Many2one("account.payment", readonly=True, index="btree_not_null")
    partner_id = fields.Many2one(related="payment_id.partner_id", store=True)
    charge = fields.Char(string="Charge ID", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True)
    reason = fields.Char(readonly=True)
    status = fields.Selection(
        [
            ("warning_needs_response", "Inquiry, needs response"),
            ("warning_under_review", "Inquiry, under review"),
            ("warning_closed", "Inquiry closed"),
            ("needs_response", "Needs response"),
            ("under_review", "Under review"),
            ("won", "Won"),
            ("lost", "Lost"),
            ("appeal_needs_response", "Appeal, needs response"),
            ("appeal_under_review", "Appeal, under review"),
            ("prevented", "Prevented"),
            ("other", "Other"),
        ],
        readonly=True,
    )
    evidence_due_by = fields.Datetime(readonly=True)
    move_ids = fields.Many2many("account.move", string="Entries", readonly=True)

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override of `stripe.mixin`: disputes of payments that Odoo does not know are left out."""
        lookup = self._prepare_stripe_lookup(provider, objects)
        known = [obj for obj in objects if obj["id"] in lookup["payments"]]
        return super()._stripe_apply(provider, known)

    @api.model
    def _prepare_stripe_lookup(self, provider, objects):
        """Override of `stripe.mixin`: the payments that are disputed."""
        charges = {
            obj["id"]: {
                "object": "charge",
                "id": utils.object_id(obj["charge"]),
                "payment_intent": obj.get("payment_intent"),
            }
            for obj in objects
            if not obj.get("deleted")
        }
        found = self.env["stripe.balance.transaction"]._get_payments(
            provider, list(charges.values())
        )
        payments = {key: found.get(charge["id"]) for key, charge in charges.items()}
        return {"payments": {key: payment for key, payment in payments.items() if payment}}

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`."""
        due_by = utils.path(obj, "evidence_details.due_by")
        return {
            "payment_id": lookup["payments"][obj["id"]].id,
            "charge": utils.object_id(obj["charge"]),
            "currency_id": self.env["res.currency"]._stripe_get(obj["currency"]).id,
            "amount": utils.to_major(obj["amount"], obj["currency"]),
            "reason": obj.get("reason"),
            "status": self._stripe_get_selection("status", obj["status"]),
            "evidence_due_by": utils.to_datetime(due_by),
        }

    def _stripe_after_apply(self, provider, objects):
        """Override of `stripe.mixin`: book the movements, and a loss; call a person in time."""
        transaction_model = self.env["stripe.balance.transaction"]
        for dispute, obj in zip(self, objects, strict=True):
            movements = transaction_model._stripe_apply(
                provider,
                [
                    {**part, "source": part.get("source") or obj["id"]}
                    for part in obj.get("balance_transactions") or []
                ],
            )
            moves = movements.move_id | dispute._book_loss(provider, movements)
            if moves - dispute.move_ids:
                dispute.move_ids |= moves
            dispute._update_activity(provider)

    def _book_loss(self, provider, movements):
        """Turn what a lost dispute has taken into a loss; take that back when it is won after all.

        :param payment.provider provider: The Stripe account.
        :param stripe.balance.transaction movements: Of the dispute.
        :return: The entries.
        :rtype: account.move
        """
        self.ensure_one()
        move_model = self.env["account.move"]
        key = f"{self.stripe_id}/lost"
        booked = move_model.search(
            [("stripe_provider_id", "=", provider.id), ("stripe_entry_ref", "=", key)]
        )
        if self.status == "other":
            # What that means for the money is not known: nothing changes.
            return booked
        account = provider._stripe_billing_account("dispute")
        taken = movements.move_id.line_ids.filtered(lambda line: line.account_id == account)
        wanted = self._get_sums(taken) if self.status in LOST_STATUSES else {}
        standing = booked._stripe_standing()
        there = standing.line_ids.filtered(lambda line: line.account_id == account)
        if standing and self._get_sums(there) != {
            currency: -amount for currency, amount in wanted.items()
        }:
            date = move_model._stripe_get_entry_date(
                provider,
                self._get_decision_moment(movements),
                max(movements.move_id.mapped("date"), default=standing.date),
            )
            standing._stripe_take_back(self.env._("Decided otherwise"), max(date, standing.date))
            booked = move_model
        if wanted and not booked:
            booked = self._create_loss(provider, key, taken)
            there = booked.line_ids.filtered(lambda line: line.account_id == account)
        for lines in (
            (taken | there).filtered(lambda x: not x.reconciled).grouped("currency_id").values()
        ):
            move_model._stripe_reconcile_lines([lines])
        return booked | standing | standing.reversal_move_ids

    @api.model
    def _get_sums(self, lines):
        """Return the sums of journal items by currency, without those of nothing."""
        sums = {
            currency: currency.round(sum(group.mapped("amount_currency")))
            for currency, group in lines.grouped("currency_id").items()
        }
        return {currency: amount for currency, amount in sums.items() if amount}

    def _get_decision_moment(self, movements):
        """Return when a dispute was decided, as far as the money tells: unix seconds, or None.

        Stripe does not say when a dispute is lost; when it is won, the money comes back.
        """
        if self.status != "won":
            return None
        back = movements.filtered(lambda movement: movement.amount > 0)
        return max(map(utils.to_timestamp, back.mapped("stripe_created_at")), default=None)

    def _create_loss(self, provider, key, taken):
        """Book what a dispute has taken as a loss.

        :param payment.provider provider: The Stripe account.
        :param str key: Of the entry.
        :param account.move.line taken: The journal items on the account of disputed amounts.
        :rtype: account.move
        """
        account, loss = taken.account_id, provider._stripe_billing_account("loss")
        lines = []
        for currency, group in taken.grouped("currency_id").items():
            amount, balance = sum(group.mapped("amount_currency")), sum(group.mapped("balance"))
            lines += [
                (loss, currency, amount, self.partner_id, balance),
                (account, currency, -amount, None, -balance),
            ]
        move_model = self.env["account.move"]
        return move_model._stripe_create_entries(
            provider,
            [
                {
                    "date": move_model._stripe_get_entry_date(
                        provider, earliest=max(taken.mapped("date"))
                    ),
                    "ref": self.env._("Dispute %s lost", self.stripe_id),
                    "stripe_entry_ref": key,
                    "lines": lines,
                }
            ],
        )

    def _update_activity(self, provider):
        """Have somebody answer before the evidence is due; done when it is not needed any more."""
        self.ensure_one()
        user = provider.sudo().stripe_billing_user_id
        if self.status == "other":
            return
        if self.status not in NEEDS_RESPONSE:
            self.activity_unlink(["mail.mail_activity_data_warning"])
        elif user and not self.activity_ids:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                date_deadline=self.evidence_due_by and self.evidence_due_by.date(),
                summary=self.env._(
                    "Answer the dispute of %(partner)s over %(amount)s",
                    partner=self.partner_id.display_name,
                    amount=format_amount(self.env, self.amount, self.currency_id),
                ),
                user_id=user.id,
            )
