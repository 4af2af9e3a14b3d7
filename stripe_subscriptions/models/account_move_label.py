from odoo import api, models
from odoo.addons.stripe_subscriptions import utils
from odoo.tools import format_amount, format_date


class AccountMove(models.Model):
    """What the lines of Stripe's invoices are called in Odoo."""

    _inherit = "account.move"

    # === BUSINESS METHODS === #

    @api.model
    def _get_stripe_label(self, line, currency, tz):
        """Return the text of a line: Stripe's own, then what only the figures would tell.

        That is the period, from the first day to the day on which the next one begins, as Stripe prints
        it; and the discount where it is no exact percentage. In the language of the context.

        :param stripe_invoice.Line line: The line.
        :param res.currency currency: Of the invoice.
        :param str tz: Name of the time zone in which days are told.
        :rtype: str
        """
        parts = [line.description]
        if line.period:
            start, end = (utils.to_local_date(moment, tz) for moment in line.period)
            if start != end:
                parts.append(f"{format_date(self.env, start)} – {format_date(self.env, end)}")
        _quantity, _price_unit, percent = line.get_unit_price(currency.decimal_places)
        if line.discount and not percent:
            parts.append(
                self.env._(
                    "%(amount)s less a discount of %(discount)s",
                    amount=format_amount(self.env, float(line.amount), currency),
                    discount=format_amount(self.env, float(line.discount), currency),
                )
            )
        return "\n".join(parts)


class AccountMoveLine(models.Model):
    """A line of a Stripe invoice."""

    _inherit = "account.move.line"

    # === BUSINESS METHODS === #

    def _get_stripe_description(self):
        """Return what Stripe calls the line: its text without what Odoo has added.

        :rtype: str
        """
        self.ensure_one()
        return (self.name or "").split("\n")[0]
