from odoo import api, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """Fiscal positions of Stripe's invoices: they map accounts, never what is owed."""

    _inherit = "account.move"

    # === BUSINESS METHODS === #

    @api.model
    def _stripe_get_fiscal_positions(self, companies, partners, invoices, taxes):
        """Return the fiscal positions that invoices need to be booked with Stripe's taxes.

        Odoo chooses the position by the partner, and refuses taxes of another country than that of the
        company, or of the position if the company has a tax number there. Where its choice does not
        go together with the taxes that Stripe has charged, Stripe's taxes decide.

        :param list[res.company] companies: The company of each invoice.
        :param list[res.partner] partners: The customer of each invoice.
        :param list[stripe_invoice.Invoice] invoices: The invoices.
        :param dict[str, account.tax] taxes: Odoo taxes by id of the Stripe tax rate.
        :return: For each invoice: values of its move; none where Odoo's own choice is right.
        :rtype: list[dict]
        :raise UserError: When Odoo cannot book the taxes together, or not at all.
        """
        if not taxes:
            return [{}] * len(invoices)
        abroad = {company: self._stripe_get_positions_abroad(company) for company in set(companies)}
        values = []
        for company, partner, invoice in zip(companies, partners, invoices, strict=True):
            used = self.env["account.tax"].union(
                *(
                    taxes[tax.tax_rate_id]
                    for line in invoice.lines
                    for tax in line.taxes
                    # What is not due is not booked in the tax; see `_prepare_stripe_line_taxes`.
                    if tax.due or not taxes[tax.tax_rate_id].amount
                )
            )
            values.append(
                self._prepare_stripe_position_values(company, partner, used, abroad[company])
            )
        return values

    @api.model
    def _stripe_get_positions_abroad(self, company):
        """Return the fiscal positions of countries in which a company has a tax number."""
        position_model = self.env["account.fiscal.position"]
        return position_model.search(
            [*position_model._check_company_domain(company), ("foreign_vat", "!=", False)]
        )

    @api.model
    def _prepare_stripe_position_values(self, company, partner, taxes, abroad):
        """Return the fiscal position of one invoice, as values; see above.

        :param res.company company: The company.
        :param res.partner partner: The customer.
        :param account.tax taxes: All taxes of the invoice.
        :param account.fiscal.position abroad: Those with a tax number.
        :rtype: dict
        """
        home, countries = company.account_fiscal_country_id, taxes.country_id
        if len(countries) > 1:
            raise UserError(
                self.env._(
                    "Odoo books taxes of one country on an invoice, not of %(countries)s together: "
                    "%(taxes)s.",
                    countries=", ".join(countries.mapped("name")),
                    taxes=", ".join(taxes.mapped("name")),
                )
            )
        if not countries or (countries == home and not abroad):
            return {}
        chosen = (
            self.env["account.fiscal.position"]
            .with_company(company)
            ._get_fiscal_position(
                partner, delivery=partner.browse(partner.address_get(["delivery"])["delivery"])
            )
        )
        if countries == (chosen.country_id if chosen.foreign_vat else home):
            return {}
        if countries == home:
            return {"fiscal_position_id": company.domestic_fiscal_position_id.id}
        position = abroad.filtered(lambda position: position.country_id == countries)[:1]
        if not position:
            raise UserError(
                self.env._(
                    "%(taxes)s is a tax of %(country)s. Odoo books it only with a fiscal position of "
                    "that country with your tax number there (Invoicing > Configuration > Fiscal "
                    "Positions). Make one, or map the tax rate to another tax.",
                    taxes=", ".join(taxes.mapped("name")),
                    country=countries.name,
                )
            )
        return {"fiscal_position_id": position.id}
