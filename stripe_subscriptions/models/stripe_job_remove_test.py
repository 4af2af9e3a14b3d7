from odoo import api, fields, models
from odoo.exceptions import UserError

BATCH = 100


class StripeJob(models.Model):
    """Removing what is left of test mode once an account is live.

    Accounting documents that were posted are canceled, or reversed where the books are closed; nothing
    that was posted is deleted. What is merely a mirror of Stripe's test objects is deleted.
    """

    _inherit = "stripe.job"

    # === BUSINESS METHODS === #

    @api.model
    def _get_test_domains(self, provider):
        """Return what of a provider belongs to test mode, in the order in which it is removed.

        :param payment.provider provider: The Stripe account.
        :return: For each name: the model and a domain of records that are still to be removed.
        :rtype: dict[str, tuple[str, list]]
        """
        mine = [("provider_id", "=", provider.id), ("livemode", "=", False)]
        booked = [("stripe_provider_id", "=", provider.id), ("stripe_livemode", "=", False)]
        return {
            "payments": ("account.payment", [*booked, ("state", "!=", "canceled")]),
            "posted": (
                "account.move",
                [*booked, ("state", "=", "posted"), ("payment_state", "!=", "reversed")],
            ),
            "drafts": ("account.move", [*booked, ("state", "=", "draft")]),
            "subscriptions": (
                "stripe.subscription",
                [
                    *mine,
                    "|",
                    ("stripe_id", "!=", False),
                    ("item_ids.price_id.livemode", "=", False),
                ],
            ),
            "customers": ("stripe.customer", mine),
            "prices": ("stripe.price", mine),
            "tax_rates": ("stripe.tax.rate", mine),
            "coupons": ("stripe.coupon", mine),
            "events": ("stripe.event", mine),
        }

    @api.model
    def _count_test_records(self, provider):
        """Return how many records of test mode a provider has.

        :rtype: dict[str, int]
        """
        return {
            name: self.env[model].with_context(active_test=False).sudo().search_count(domain)
            for name, (model, domain) in self._get_test_domains(provider).items()
        }

    def _step_remove_test(self):
        """Remove some records of one kind."""
        provider = self.provider_id
        if not provider._stripe_livemode():
            raise UserError(
                self.env._("%s is in test mode: its test data is in use.", provider.display_name)
            )
        domains = list(self._get_test_domains(provider).items())
        if "totals" not in (self.cursor or {}):
            self._advance(0, totals=self._count_test_records(provider), done=0, turn=0, last=0)
        turn = self.cursor["turn"]
        if turn == len(domains):
            self.env["stripe.difference"].search([("provider_id", "=", provider.id)]).unlink()
            self.env["stripe.import.line"].search([("provider_id", "=", provider.id)]).unlink()
            provider.stripe_billing_cursor = False
            return True
        name, (model, domain) = domains[turn]
        records = (
            self.env[model]
            .with_context(active_test=False)
            .search([*domain, ("id", ">", self.cursor["last"])], order="id", limit=BATCH)
        )
        if not records:
            self._advance(turn=turn + 1, last=0)
            return False
        number, last = len(records), records[-1].id
        getattr(self, f"_remove_{name}", self._remove_mirrors)(records)
        self._count(**{name: number})
        done = self.cursor["done"] + number
        total = max(sum(self.cursor["totals"].values()), 1)
        self._advance(done / total, phase=self.env[model]._description, done=done, last=last)
        return False

    def _remove_payments(self, payments):
        payments.move_id.line_ids.remove_move_reconcile()
        for payment in payments:
            try:
                with self.env.cr.savepoint():
                    if payment.state != "draft":
                        payment.action_draft()
                    payment.action_cancel()
            except UserError:
                # The books of that time are closed.
                self._reverse(payment.move_id)

    def _remove_posted(self, moves):
        moves.line_ids.remove_move_reconcile()
        for move in moves:
            try:
                with self.env.cr.savepoint():
                    move.button_draft()
                    move.button_cancel()
            except UserError:
                # The books of that time are closed.
                self._reverse(move)

    def _reverse(self, move):
        date = move._get_accounting_date(fields.Date.context_today(self), False)
        values = {"ref": self.env._("Test data: %s", move.ref or move.name), "date": date}
        move._reverse_moves([values | {"invoice_date": date}], cancel=True)

    def _remove_drafts(self, moves):
        moves.unlink()

    def _remove_subscriptions(self, subscriptions):
        self.env["account.move"].search(
            [("stripe_subscription_id", "in", subscriptions.ids)]
        ).stripe_subscription_id = False
        self._remove_mirrors(subscriptions)

    def _remove_mirrors(self, records):
        records.with_context(stripe_remove_test=True).unlink()

    def _get_count_labels(self):
        """Override of `stripe.job`."""
        labels = super()._get_count_labels()
        if self.kind == "remove_test":
            labels |= self._get_test_labels()
        return labels

    @api.model
    def _get_test_labels(self):
        """Return what the names of `_get_test_domains` mean.

        :rtype: dict[str, str]
        """
        return {
            "payments": self.env._("Payments canceled"),
            "posted": self.env._("Posted invoices canceled"),
            "drafts": self.env._("Draft invoices deleted"),
            "subscriptions": self.env._("Subscriptions deleted"),
            "customers": self.env._("Links of customers deleted"),
            "prices": self.env._("Plans deleted"),
            "tax_rates": self.env._("Tax rates deleted"),
            "coupons": self.env._("Coupons deleted"),
            "events": self.env._("Events deleted"),
        }
