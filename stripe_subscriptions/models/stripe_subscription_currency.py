from odoo import api, fields, models


class StripeSubscription(models.Model):
    """In which currency a customer is billed, and why plans in others are not among the choices."""

    _inherit = "stripe.subscription"

    # === FIELDS === #

    currency_id = fields.Many2one(
        help="The currency in which Stripe bills the customer, else that of the customer's "
        "pricelist, else that of the company.",
        comodel_name="res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,  # else the value that the writer gives would be ignored
        precompute=True,
    )
    currency_note = fields.Char(
        help="Why plans of the Stripe account are missing among the choices of a draft.",
        compute="_compute_currency_note",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "provider_id", "company_id")
    def _compute_currency_id(self):
        for subscription in self:
            if subscription.stripe_id and subscription.currency_id:
                continue
            subscription.currency_id = subscription._get_billing_currency()[0]

    @api.depends("partner_id", "provider_id", "company_id", "currency_id", "status")
    @api.depends_context("lang")
    def _compute_currency_note(self):
        for subscription in self:
            is_draft = subscription.status == "draft"
            subscription.currency_note = is_draft and subscription._get_currency_note()

    # === BUSINESS METHODS === #

    def _get_billing_currency(self):
        """Return the currency in which the customer is to be billed, and whose it is.

        :return: The currency, and "customer" (Stripe bills the customer in it already), "pricelist" or
            "company".
        :rtype: tuple[res.currency, str]
        """
        self.ensure_one()
        customer_model = self.env["stripe.customer"]
        partner = self.partner_id.with_company(self.company_id)
        customer = (
            customer_model._stripe_get(self.provider_id, partner)
            if partner and self.provider_id
            else customer_model
        )
        for currency, source in (
            (customer.currency_id, "customer"),
            (partner.property_product_pricelist.currency_id, "pricelist"),
            (self.company_id.currency_id, "company"),
        ):
            if currency:
                return currency, source
        return self.env.company.currency_id, "company"

    def _get_currency_note(self):
        """Return why the account has plans that cannot be chosen, in words; False when there are none.

        :rtype: str|bool
        """
        self.ensure_one()
        currency = self.currency_id
        if not (self.partner_id and currency and self._has_plans_in_other_currencies()):
            return False
        if self.stripe_id:
            return self.env._(
                "Plans in other currencies cannot be chosen: the subscription is billed in %(currency)s.",
                currency=currency.name,
            )
        reasons = {
            "customer": self.env._(
                "Plans in other currencies cannot be chosen: Stripe bills %(customer)s in %(currency)s "
                "already, and bills a customer in one currency only.",
                customer=self.partner_id.display_name,
                currency=currency.name,
            ),
            "pricelist": self.env._(
                "Plans in other currencies cannot be chosen: the pricelist of %(customer)s is in "
                "%(currency)s.",
                customer=self.partner_id.display_name,
                currency=currency.name,
            ),
            "company": self.env._(
                "Plans in other currencies cannot be chosen: %(customer)s is billed in the company's "
                "currency, %(currency)s. A pricelist of the customer's can change that.",
                customer=self.partner_id.display_name,
                currency=currency.name,
            ),
        }
        # Sudo: the pricelist, which who sells need not have access to.
        return reasons[self.sudo()._get_billing_currency()[1]]

    def _has_plans_in_other_currencies(self):
        """Return whether the account sells plans that are in another currency than the subscription."""
        domain = [
            ("provider_id", "=", self.provider_id.id),
            ("is_current_mode", "=", True),
            ("currency_id", "!=", self.currency_id.id),
        ]
        return bool(self.env["stripe.price"].sudo().search_count(domain, limit=1))
