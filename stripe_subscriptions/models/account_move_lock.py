from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_date


class AccountMove(models.Model):
    """Books that are closed already: what happened at Stripe on such a day is booked on the first open one.

    The document keeps Stripe's day: as date of an invoice, credit note or payment, and in a field of its own.
    It says why it is booked later.
    """

    _inherit = "account.move"

    # === FIELDS === #

    stripe_date = fields.Date(
        string="Date at Stripe",
        help="When it happened. The books were closed on that day already when Odoo heard of it, so that "
        "it was booked on the first day that was open.",
        readonly=True,
        copy=False,
    )

    # === CRUD METHODS === #

    def copy_data(self, default=None):
        """Override of `account`: a reversal that Odoo moves out of a closed period keeps Stripe's day."""
        vals_list = super().copy_data(default)
        wanted = fields.Date.to_date((default or {}).get("date"))
        if wanted and self.env.context.get("stripe_sync"):
            for vals in vals_list:
                if fields.Date.to_date(vals.get("date")) != wanted:
                    vals["stripe_date"] = wanted
        return vals_list

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        """Override of `account`: leave closed periods, as Odoo does, but for the first open day, and say so."""
        booked = self.filtered(lambda move: move._stripe_is_ours())
        alike = booked.grouped(
            lambda move: (move.company_id, move.journal_id, move.date, move._stripe_is_taxed())
        )
        for (_company, _journal, date, _taxed), moves in alike.items():
            if locks := moves[0]._stripe_get_locks(date):
                day = locks[-1][0] + timedelta(days=1)
                for move in moves:
                    move.write({"stripe_date": move.stripe_date or date, "date": day})
        posted = super()._post(soft=soft)
        booked.filtered("stripe_date")._stripe_explain_date()
        return posted

    def _stripe_is_ours(self):
        """Return whether a move books what happened at Stripe, payments and reversals included."""
        self.ensure_one()
        return bool(
            self.stripe_provider_id
            or self.origin_payment_id.stripe_provider_id
            or (self.env.context.get("stripe_sync") and self.reversed_entry_id)
        )

    def _stripe_get_locks(self, day):
        """Return the lock dates that forbid to book the move on a day.

        :param date day: The day.
        :return: Dates and names of their fields, the latest last.
        :rtype: list[tuple[date, str]]
        """
        self.ensure_one()
        return self._get_violated_lock_dates(day, self._stripe_is_taxed())

    def _stripe_is_taxed(self):
        """Return whether the move is part of a tax return."""
        return bool(self._affect_tax_report())

    def _stripe_is_final(self):
        """Return whether a posted move cannot be set back: its period is closed, or a hash secures it."""
        self.ensure_one()
        if self.state != "posted":
            return False
        return bool(self.inalterable_hash or self._stripe_get_locks(self.date))

    def _stripe_explain_date(self):
        """Say on documents, and on the payments of which they are entries, why they are booked later."""
        bodies = {}
        for move in self:
            locks = move._stripe_get_locks(move.stripe_date)
            bodies[move.id] = self.env._(
                "At Stripe this is of %(date)s. The books are closed for that day: %(locks)s. It is "
                "booked on the first day that is open, %(day)s.",
                date=format_date(self.env, move.stripe_date),
                locks=self.env["res.company"]._format_lock_dates(locks),
                day=format_date(self.env, move.date),
            )
        if bodies:
            self._message_log_batch(bodies=bodies)
            payments = self.origin_payment_id
            payments._message_log_batch(
                bodies={payment.id: bodies[payment.move_id.id] for payment in payments}
            )
