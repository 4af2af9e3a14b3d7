from decimal import Decimal

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils


class StripePrice(models.Model):
    """A billing plan: a recurring price of a Stripe product. Made only at Stripe, never here."""

    _name = "stripe.price"
    _description = "Stripe Billing Plan"
    _inherit = ["stripe.mixin"]
    _order = "name, unit_amount, id"
    _stripe_dashboard_path = "prices"
    _check_company_domain = models.check_company_domain_parent_of

    # === FIELDS === #

    name = fields.Char(string="Plan", required=True, readonly=True)
    nickname = fields.Char(readonly=True)
    stripe_product = fields.Char(string="Stripe Product ID", readonly=True, index=True)
    product_id = fields.Many2one(
        help="Gives the income account of the invoice lines of this plan.",
        comodel_name="product.product",
        ondelete="restrict",
        check_company=True,
    )
    active = fields.Boolean(default=True, readonly=True)

    # What it costs
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    unit_amount = fields.Float(
        string="Unit Price",
        help="In units of the currency; may be a fraction of its smallest unit.",
        digits=(24, 8),
        readonly=True,
    )
    billing_scheme = fields.Selection(
        [("per_unit", "Per unit"), ("tiered", "Tiered")], required=True, readonly=True
    )
    usage_type = fields.Selection(
        [("licensed", "Quantity chosen"), ("metered", "Metered usage")],
        required=True,
        readonly=True,
    )
    price_text = fields.Char(string="Price", compute="_compute_price_text")

    # When it is charged
    interval = fields.Selection(const.INTERVALS, required=True, readonly=True)
    interval_count = fields.Integer(default=1, readonly=True)

    _check_company_auto = True

    # === COMPUTE METHODS === #

    @api.depends("name", "nickname", "price_text")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for price in self:
            name = f"{price.name} ({price.nickname})" if price.nickname else price.name
            price.display_name = f"{name}: {price.price_text}" if name else False

    @api.depends(
        *("currency_id", "unit_amount", "interval", "interval_count"),
        *("billing_scheme", "usage_type", "stripe_data"),
    )
    @api.depends_context("lang")
    def _compute_price_text(self):
        for price in self:
            price.price_text = price.currency_id and price._get_price_text()

    # === BUSINESS METHODS === #

    def _get_monthly_amount(self, quantity):
        """Return what a quantity brings in an average month; 0 for metered use, which is not known.

        :param int quantity: Number of units.
        :return: Major units of the plan's currency.
        :rtype: float
        """
        self.ensure_one()
        if self.usage_type == "metered":
            return 0.0
        raw = self.sudo().stripe_data or {}
        package = utils.path(raw, "transform_quantity")
        if package:
            quantity, rest = divmod(quantity, package["divide_by"])
            quantity += bool(rest and package["round"] == "up")
        if self.billing_scheme == "tiered":
            amount = float(self._get_tiered_amount(raw, quantity))
        else:
            amount = self.unit_amount * quantity
        return amount * const.INTERVALS_PER_MONTH[self.interval] / (self.interval_count or 1)

    def _get_tiered_amount(self, raw, quantity):
        """Return the exact price of a quantity by the tiers of a price.

        :param dict raw: The Stripe price with its tiers.
        :param int quantity: Number of units.
        :return: Major units.
        :rtype: Decimal
        """
        total, counted = Decimal(0), 0
        for tier in raw.get("tiers") or []:
            up_to = tier.get("up_to")
            in_tier = quantity if up_to is None else min(quantity, up_to)
            units = in_tier - counted if raw.get("tiers_mode") == "graduated" else quantity
            unit_amount = Decimal(str(tier.get("unit_amount_decimal") or 0))
            price = unit_amount * units + Decimal(str(tier.get("flat_amount_decimal") or 0))
            total = total + price if raw.get("tiers_mode") == "graduated" else price
            counted = in_tier
            if up_to is None or quantity <= up_to:
                break
        return utils.to_major_decimal(total, raw["currency"])

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override of `stripe.mixin`: one-time prices are no plans and are left out."""
        return super()._stripe_apply(
            provider, [obj for obj in objects if obj.get("deleted") or obj.get("recurring")]
        )

    @api.model
    def _stripe_apply_products(self, provider, products):
        """Bring the plans up to date whose product changed or is gone at Stripe.

        :param payment.provider provider: The Stripe account.
        :param list[dict] products: Stripe products.
        """
        for product in products:
            prices = self.with_context(active_test=False).search(
                [("provider_id", "=", provider.id), ("stripe_product", "=", product["id"])]
            )
            objects = [{**price.sudo().stripe_data, "product": product} for price in prices]
            self._stripe_apply(provider, objects)

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`."""
        product = obj["product"] if isinstance(obj["product"], dict) else {}
        amount = obj.get("unit_amount_decimal") or obj.get("unit_amount") or 0
        return {
            "name": product.get("name") or utils.object_id(obj["product"]),
            "nickname": obj.get("nickname"),
            "stripe_product": utils.object_id(obj["product"]),
            "active": obj["active"] and product.get("active", True) and not product.get("deleted"),
            "currency_id": self.env["res.currency"]._stripe_get(obj["currency"]).id,
            "unit_amount": utils.to_major(amount, obj["currency"]),
            "billing_scheme": obj["billing_scheme"],
            "usage_type": obj["recurring"]["usage_type"],
            "interval": obj["recurring"]["interval"],
            "interval_count": obj["recurring"]["interval_count"],
        }

    @api.model
    def _stripe_get_products(self, provider, price_ids, product_ids):
        """Return the Odoo products of what is billed.

        One-time prices are no plans; what is billed by one has the product that the plans of its Stripe
        product have.

        :param payment.provider provider: The Stripe account.
        :param set[str] price_ids: Ids of Stripe prices.
        :param set[str] product_ids: Ids of Stripe products.
        :return: Products by id of the price and of the Stripe product.
        :rtype: dict[str, product.product]
        """
        prices = self.with_context(active_test=False).search(
            [
                ("provider_id", "=", provider.id),
                *("|", ("stripe_id", "in", list(price_ids))),
                ("stripe_product", "in", list(product_ids)),
            ],
            order="id desc",
        )
        # The oldest plan decides for its product.
        return {
            **{price.stripe_product: price.product_id for price in prices if price.product_id},
            **{price.stripe_id: price.product_id for price in prices},
        }

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `base`: a plan without a product gets that of its Stripe product."""
        prices = super().create(vals_list)
        prices.filtered(lambda price: not price.product_id)._stripe_assign_product()
        return prices

    def _stripe_assign_product(self):
        """Give plans the Odoo product that others of the same Stripe product have, or a new one."""
        for provider, prices in self.grouped("provider_id").items():
            known = {
                price.stripe_product: price.product_id
                for price in self.with_context(active_test=False).search(
                    [
                        ("provider_id", "=", provider.id),
                        ("stripe_product", "in", prices.mapped("stripe_product")),
                        ("product_id", "!=", False),
                    ]
                )
            }
            missing = {
                price.stripe_product: price.name
                for price in prices
                if price.stripe_product not in known
            }
            products = self.env["product.product"].create(
                [
                    {
                        "name": name,
                        "type": "service",
                        "sale_ok": True,
                        "purchase_ok": False,
                        "list_price": 0.0,
                        "taxes_id": [],
                    }
                    for name in missing.values()
                ]
            )
            known.update(zip(missing, products, strict=True))
            for price in prices:
                price.product_id = known[price.stripe_product]
