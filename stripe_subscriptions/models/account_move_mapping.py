from decimal import Decimal

from odoo import Command, api, models


class AccountMove(models.Model):
    """How a line of a Stripe invoice or credit note becomes a line of its document."""

    _inherit = "account.move"

    # === BUSINESS METHODS - MAPPING === #

    @api.model
    def _prepare_stripe_move_line_values(
        self, line, currency, sign, products, taxes, fiscal_position
    ):
        """Map a line of a Stripe invoice to the values of a move line. Pure.

        Quantity, unit price and discount are shown as Stripe has them where they give the line's
        amount exactly; otherwise the line is one unit of the amount. Tax amounts are Stripe's.

        :param stripe_invoice.Line line: The line.
        :param res.currency currency: Of the invoice.
        :param int sign: -1 when the invoice becomes a credit note.
        :param dict[str, product.product] products: Products by id of the Stripe price or product.
        :param dict[str, account.tax] taxes: Odoo taxes by id of the Stripe tax rate.
        :param account.fiscal.position fiscal_position: See `_stripe_get_exempt_position`.
        :rtype: dict
        """
        quantity, price_unit, discount = line.get_unit_price(currency.decimal_places)
        line_taxes = self._prepare_stripe_line_taxes(line, taxes, fiscal_position)
        values = {
            "name": line.description,
            "quantity": quantity,
            "price_unit": sign * price_unit,
            "discount": discount,
            "tax_ids": [Command.set([tax.id for tax in line_taxes])],
        }
        product = products.get(line.price_id) or products.get(line.product_id)
        if product:
            values["product_id"] = product.id
        if line_taxes:
            values["extra_tax_data"] = {
                "currency_id": currency.id,
                "price_unit": sign * price_unit,
                "quantity": quantity,
                "discount": discount,
                "rate": 1.0,
                "manual_total_excluded_currency": sign * float(line.net),
                "manual_tax_amounts": {
                    str(tax.id): {
                        "tax_amount_currency": sign * float(amount),
                        "base_amount_currency": sign * float(base),
                    }
                    for tax, (amount, base) in line_taxes.items()
                },
            }
        return values

    @api.model
    def _prepare_stripe_line_taxes(self, line, taxes, fiscal_position):
        """Return the Odoo taxes of a line of a Stripe invoice. Pure.

        Of what is sold without a tax although the rate is not 0 %, as by reverse charge, the line is not in
        the base of that tax in the tax report. It gets the tax of 0 % that the customer's fiscal position
        has instead, if there is one.

        :param stripe_invoice.Line line: The line.
        :param dict[str, account.tax] taxes: Odoo taxes by id of the Stripe tax rate.
        :param account.fiscal.position fiscal_position: See `_stripe_get_exempt_position`.
        :return: Amount and base of each tax. Rates of several authorities may be booked in one tax: their
            amounts add up, on the same base.
        :rtype: dict[account.tax, tuple[Decimal, Decimal]]
        """
        found = {}
        for part in line.taxes:
            tax, base = taxes[part.tax_rate_id], part.base
            if not part.due:
                base = line.net
                if tax.amount:
                    tax = fiscal_position.map_tax(tax).filtered(lambda other: not other.amount)
            for one in tax:
                amount, known_base = found.get(one, (Decimal(0), Decimal(0)))
                found[one] = (amount + part.amount, max(known_base, base, key=abs))
        return found

    @api.model
    def _stripe_get_exempt_position(self, company, partner, invoice, position):
        """Return the fiscal position by which lines are booked of which a tax is not due.

        :param res.company company: The company of the invoice.
        :param res.partner partner: The customer.
        :param stripe_invoice.Invoice invoice: The invoice.
        :param dict position: See `_stripe_get_fiscal_positions`.
        :return: That of the invoice; none where all taxes are due.
        :rtype: account.fiscal.position
        """
        position_model = self.env["account.fiscal.position"].with_company(company)
        if all(tax.due for line in invoice.lines for tax in line.taxes):
            return position_model
        if "fiscal_position_id" in position:
            return position_model.browse(position["fiscal_position_id"])
        delivery = partner.browse(partner.address_get(["delivery"])["delivery"])
        return position_model._get_fiscal_position(partner, delivery=delivery)
