from odoo import api, fields, models
from odoo.addons.stripe_subscriptions.exceptions import StripeUnmapped
from odoo.exceptions import UserError


class StripeTaxRate(models.Model):
    """A tax rate made at Stripe, and the Odoo tax in which its amounts are booked."""

    _name = "stripe.tax.rate"
    _description = "Stripe Tax Rate"
    # Activities for rates that need a tax; the thread tells the person they are given to.
    _inherit = ["stripe.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "name, percentage, id"
    _stripe_dashboard_path = "tax-rates"
    _check_company_domain = models.check_company_domain_parent_of
    _check_company_auto = True

    # === FIELDS === #

    name = fields.Char(required=True, readonly=True)
    percentage = fields.Float(digits=(7, 4), readonly=True)
    inclusive = fields.Boolean(
        string="Included in Price", help="Whether Stripe's prices contain this tax.", readonly=True
    )
    country_id = fields.Many2one("res.country", readonly=True)
    jurisdiction = fields.Char(readonly=True)
    active = fields.Boolean(default=True, readonly=True)
    tax_id = fields.Many2one(
        string="Odoo Tax",
        help="The tax in which Odoo books the amounts of this rate. Invoices with a rate that has "
        "none are not booked until it is set.",
        comodel_name="account.tax",
        domain=[("type_tax_use", "=", "sale"), ("amount_type", "=", "percent")],
        check_company=True,
        ondelete="restrict",
    )

    # === COMPUTE METHODS === #

    @api.depends("name", "percentage", "inclusive", "jurisdiction")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for rate in self:
            percentage = f"{rate.percentage:.4f}".rstrip("0").rstrip(".")
            kind = self.env._("included") if rate.inclusive else self.env._("added")
            where = f" {rate.jurisdiction}" if rate.jurisdiction else ""
            rate.display_name = f"{rate.name} {percentage}%{where} ({kind})" if rate.name else False

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: what waited for the tax of a rate runs once it is chosen."""
        result = super().write(vals)
        if vals.get("tax_id"):
            self.activity_unlink(["mail.mail_activity_data_warning"])
            self.env["stripe.event"].sudo()._wake(self)
        return result

    # === ACTION METHODS === #

    def action_create_tax(self):
        """Make an Odoo tax that fits each rate, and book the rate in it.

        :raise UserError: When a rate has a tax already.
        """
        for rate in self:
            if rate.tax_id:
                raise UserError(
                    self.env._("%(rate)s is booked in a tax already.", rate=rate.display_name)
                )
            rate.tax_id = rate._create_tax()

    def action_suggest_tax(self):
        """Book the rates without a tax in the one Odoo tax that fits, where there is exactly one."""
        unmapped = self.filtered(lambda rate: not rate.tax_id)
        for rate, candidates in unmapped._get_tax_candidates().items():
            if len(candidates) == 1:
                rate.tax_id = candidates

    # === BUSINESS METHODS === #

    def _create_tax(self):
        """Make a tax of the rate, with the accounts and tags of the company's default sales tax.

        :rtype: account.tax
        """
        self.ensure_one()
        company = self.company_id
        values = {
            "name": self.display_name,
            "amount_type": "percent",
            "amount": self.percentage,
            "type_tax_use": "sale",
            "price_include_override": "tax_included" if self.inclusive else "tax_excluded",
            "company_id": company.id,
            "country_id": company.account_fiscal_country_id.id,
        }
        default_tax = company.account_sale_tax_id
        if default_tax.amount_type == "percent":
            return default_tax.copy({**values, "description": False, "invoice_label": False})
        return self.env["account.tax"].with_company(company).create(values)

    def _get_tax_candidates(self):
        """Return the sales taxes of the same percentage that treat the price in the same way.

        :return: The taxes of each rate.
        :rtype: dict[stripe.tax.rate, account.tax]
        """
        candidates = {}
        for company, rates in self.grouped("company_id").items():
            tax_model = self.env["account.tax"].with_company(company)
            taxes = tax_model.search(
                [
                    *tax_model._check_company_domain(company),
                    ("type_tax_use", "=", "sale"),
                    ("amount_type", "=", "percent"),
                ]
            )
            for rate in rates:
                country = rate.country_id or company.account_fiscal_country_id
                candidates[rate] = taxes.filtered(
                    lambda tax, rate=rate, country=country: (
                        tax.country_id == country
                        and round(tax.amount - rate.percentage, 4) == 0
                        and tax.price_include == rate.inclusive
                    )
                )
        return candidates

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override of `stripe.mixin`: a new rate is matched with the Odoo tax that fits, if one does."""
        rates = super()._stripe_apply(provider, objects)
        rates.filtered("active").action_suggest_tax()
        return rates

    @api.model
    def _prepare_stripe_lookup(self, provider, objects):
        """Override of `stripe.mixin`."""
        codes = {obj.get("country") for obj in objects} - {None}
        countries = self.env["res.country"].search([("code", "in", list(codes))])
        return {"countries": {country.code: country.id for country in countries}}

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`."""
        country = obj.get("country")
        return {
            "name": obj["display_name"],
            "percentage": float(obj["percentage"]),
            "inclusive": obj["inclusive"],
            "country_id": lookup["countries"].get(country, False),
            "jurisdiction": obj.get("jurisdiction"),
            "active": obj["active"],
        }

    @api.model
    def _stripe_get_taxes(self, provider, stripe_ids):
        """Return the Odoo taxes in which rates are booked.

        :param payment.provider provider: The Stripe account.
        :param Iterable[str] stripe_ids: Ids of Stripe tax rates.
        :rtype: dict[str, account.tax]
        :raise StripeUnmapped: When a rate is unknown or not booked in a tax yet.
        """
        rates = {rate.stripe_id: rate for rate in self._stripe_find(provider, list(stripe_ids))}
        taxes = {}
        for stripe_id in stripe_ids:
            rate = rates.get(stripe_id, self.browse())
            if not rate.tax_id:
                raise StripeUnmapped(
                    self.env._(
                        "Choose the Odoo tax for the Stripe tax rate %(rate)s "
                        "(Subscriptions > Configuration > Tax Rates).",
                        rate=rate.display_name or stripe_id,
                    ),
                    rate,
                )
            taxes[stripe_id] = rate.tax_id
        return taxes
