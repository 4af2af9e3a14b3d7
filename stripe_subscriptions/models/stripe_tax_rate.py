from odoo import api, fields, models
from odoo.addons.stripe_subscriptions.exceptions import StripeUnmapped


class StripeTaxRate(models.Model):
    """A tax rate made at Stripe, and the Odoo tax in which its amounts are booked.

    This file mirrors; `stripe_tax_rate_mapping.py` finds the Odoo tax.
    """

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
    is_flat = fields.Boolean(
        string="Fixed Amount",
        help="Stripe charges a fixed amount, whatever the price.",
        readonly=True,
    )
    is_automatic = fields.Boolean(
        string="Made by Stripe Tax",
        help="Stripe Tax uses it by itself; it cannot be chosen for a subscription.",
        readonly=True,
    )
    active = fields.Boolean(default=True, readonly=True)
    tax_id = fields.Many2one(
        string="Odoo Tax",
        help="The tax in which Odoo books the amounts of this rate. Invoices with a rate that has "
        "none are not booked until it is set.",
        comodel_name="account.tax",
        domain=[("type_tax_use", "=", "sale"), ("amount_type", "=", "percent")],
        check_company=True,
        ondelete="restrict",
        tracking=True,
    )

    # === COMPUTE METHODS === #

    @api.depends("name", "percentage", "inclusive", "jurisdiction", "is_flat")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for rate in self:
            percentage = "" if rate.is_flat else f" {self._format_percentage(rate.percentage)}"
            kind = self.env._("included") if rate.inclusive else self.env._("added")
            where = f" {rate.jurisdiction}" if rate.jurisdiction else ""
            rate.display_name = f"{rate.name}{percentage}{where} ({kind})" if rate.name else False

    @api.model
    def _format_percentage(self, percentage):
        """Return a percentage without zeros at its end, such as "7.5%"."""
        return f"{percentage:.4f}".rstrip("0").rstrip(".") + "%"

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override of `stripe.mixin`: a new rate is mapped to the Odoo tax that is beyond doubt, if any."""
        rates = super()._stripe_apply(provider, objects)
        rates.filtered("active")._map_unambiguous()
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
        # Those that are made by hand have none: https://docs.stripe.com/api/tax_rates/object
        automatic = bool(obj.get("jurisdiction_level"))
        return {
            "name": obj["display_name"],
            "percentage": float(obj["percentage"]),
            "inclusive": obj["inclusive"],
            "country_id": lookup["countries"].get(country, False),
            "jurisdiction": obj.get("jurisdiction"),
            "is_flat": obj.get("rate_type") == "flat_amount",
            "is_automatic": automatic,
            # Stripe archives those of Stripe Tax when it makes them, and uses them all the same.
            "active": obj["active"] or automatic,
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
                        "(Subscriptions > Accounting > Tax Rates).",
                        rate=rate.display_name or stripe_id,
                    ),
                    rate,
                )
            taxes[stripe_id] = rate.tax_id
        return taxes
