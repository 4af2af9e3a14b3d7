from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError
from odoo.exceptions import UserError


class StripeCustomer(models.Model):
    """The link between a partner and its customer object at Stripe.

    Stripe's customer is the commercial entity: a company and its contacts share one. No card data is
    kept here, only the ids by which Stripe is asked.
    """

    _name = "stripe.customer"
    _description = "Stripe Customer"
    _inherit = ["stripe.mixin"]
    _rec_names_search = ["partner_id", "stripe_id"]
    _stripe_dashboard_path = "customers"
    _check_company_domain = models.check_company_domain_parent_of
    _check_company_auto = True

    # === FIELDS === #

    partner_id = fields.Many2one(
        string="Customer",
        comodel_name="res.partner",
        required=True,
        readonly=True,
        index=True,
        check_company=True,
        ondelete="restrict",
    )
    currency_id = fields.Many2one(
        "res.currency",
        help="The one currency in which Stripe bills this customer, once it has billed.",
        readonly=True,
    )
    delinquent = fields.Boolean(
        help="Whether the customer's latest invoice is past due.", readonly=True
    )
    credit_balance = fields.Monetary(
        string="Credit",
        help="What Stripe takes off the next invoices; below zero: what it adds to the next one.",
        readonly=True,
    )
    test_clock = fields.Char(
        help="The test clock that lets time pass for the customer, in test mode.",
        readonly=True,
        index="btree_not_null",
    )
    active = fields.Boolean(
        help="Off when the customer was deleted at Stripe.", default=True, readonly=True
    )

    _partner_uniq = models.UniqueIndex(
        "(provider_id, partner_id, livemode) WHERE active",
        "The partner is linked to a customer of this Stripe account already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "stripe_id")
    def _compute_display_name(self):
        for customer in self:
            customer.display_name = f"{customer.partner_id.display_name} ({customer.stripe_id})"

    # === BUSINESS METHODS === #

    @api.model
    def _stripe_get(self, provider, partner):
        """Return the link of a partner, if it has one.

        :param payment.provider provider: The Stripe account.
        :param res.partner partner: Any partner; the link is that of its commercial entity.
        :rtype: stripe.customer
        """
        return self.sudo().search(
            [
                ("provider_id", "=", provider.id),
                ("partner_id", "=", partner.commercial_partner_id.id),
                ("livemode", "=", provider._stripe_livemode()),
            ],
            limit=1,
        )

    @api.model
    def _stripe_get_or_create(self, provider, contact):
        """Return the link of a partner; without one, make its customer at Stripe.

        :param payment.provider provider: The Stripe account.
        :param res.partner contact: Who gets Stripe's mails; the customer is its commercial entity.
        :rtype: stripe.customer
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        provider = provider.sudo()
        partner = contact.commercial_partner_id
        customer = self._stripe_get(provider, partner)
        if customer:
            return customer
        deleted = (
            self.sudo()
            .with_context(active_test=False)
            .search_count([("provider_id", "=", provider.id), ("partner_id", "=", partner.id)])
        )
        fetched_at = self._stripe_now()
        params = self._prepare_stripe_customer_params(provider, contact)
        obj = provider._stripe_request(
            "customers",
            "create",
            params={**params, "expand": ["tax_ids"]},
            idempotency_key=provider._stripe_idempotency_key(
                "customer", partner.id, deleted, utils.fingerprint(params)
            ),
        )
        customer = self.with_context(
            stripe_fetched_at=fetched_at, stripe_customer_partners={obj["id"]: partner.id}
        )._stripe_apply(provider, [obj])
        if partner.vat:
            # On its own: one that Stripe does not take must not keep anybody from subscribing.
            customer._stripe_note_details({"tax_id"})
        return customer

    def _stripe_get_cards(self):
        """Return the customer's cards and other payment methods as Stripe has them now; never stored.

        :return: For each: `id`, `type`, `brand`, `bank`, `last4`, `exp_month`, `exp_year`, `is_default`.
            Brand and expiry of what is no card are empty; the bank is known of some bank accounts.
        :rtype: list[dict]
        :raise UserError: When Stripe cannot be reached.
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        client = provider._stripe_client()
        try:
            methods, _after = client.page("customers.payment_methods", self.stripe_id)
            customer = client.retrieve("customers", self.stripe_id)
        except StripeGatewayError as error:
            raise provider._stripe_user_error(error) from error
        default = utils.object_id(utils.path(customer, "invoice_settings.default_payment_method"))
        cards = []
        for method in methods:
            details = method.get(method["type"]) or {}
            cards.append(
                {
                    "id": method["id"],
                    "type": method["type"],
                    "brand": details.get("brand") or "",
                    "bank": details.get("bank_name") or "",
                    "last4": details.get("last4") or "",
                    "exp_month": details.get("exp_month") or 0,
                    "exp_year": details.get("exp_year") or 0,
                    "is_default": method["id"] == default,
                }
            )
        return cards

    @api.model
    def _prepare_stripe_customer_params(self, provider, contact):
        """Return the parameters with which a partner's customer is made at Stripe."""
        partner = contact.commercial_partner_id
        address = utils.without_empty(
            {
                "line1": partner.street,
                "line2": partner.street2,
                "city": partner.city,
                "postal_code": partner.zip,
                "state": partner.state_id.code,
                "country": partner.country_id.code,
            }
        )
        return utils.without_empty(
            {
                "name": partner.name,
                "email": contact.email or partner.email,
                "phone": partner.phone,
                "address": address,
                "preferred_locales": [contact.lang.replace("_", "-")] if contact.lang else [],
                "metadata": {
                    "odoo_partner_id": str(partner.id),
                    const.METADATA_DATABASE: provider._stripe_database(),
                },
                "test_clock": not provider._stripe_livemode()
                and provider.stripe_billing_test_clock,
            }
        )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override of `stripe.mixin`: customers that no partner is linked to are left out.

        Who a customer made elsewhere is, is not guessed.
        """
        self = self._with_stripe_sync(provider)
        links = self._stripe_find(provider, [obj["id"] for obj in objects])
        links.fetch(["stripe_id", "stripe_data"])
        before = {link.stripe_id: link.stripe_data for link in links}
        known = set(before) | set(self.env.context.get("stripe_customer_partners", ()))
        others = [obj for obj in objects if obj["id"] not in known]
        known |= set(self._get_metadata_partners(provider, others))
        customers = super()._stripe_apply(provider, [obj for obj in objects if obj["id"] in known])
        for customer in customers.filtered("active"):
            customer._stripe_take_details(before.get(customer.stripe_id), customer.stripe_data)
        return customers

    @api.model
    def _prepare_stripe_lookup(self, provider, objects):
        """Override of `stripe.mixin`."""
        partners = dict(self.env.context.get("stripe_customer_partners", {}))
        others = [obj for obj in objects if obj["id"] not in partners and not obj.get("deleted")]
        return {"partners": self._get_metadata_partners(provider, others) | partners}

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`."""
        currency = obj.get("currency")
        # Without a currency of its own the customer's balance is in that of the account.
        in_currency = currency or provider.company_id.currency_id.name
        return {
            "credit_balance": -utils.to_major(obj.get("balance") or 0, in_currency),
            "currency_id": currency and self.env["res.currency"]._stripe_get(currency).id,
            "delinquent": obj.get("delinquent") or False,
            "test_clock": utils.object_id(obj.get("test_clock")),
            "active": True,
        }

    @api.model
    def _prepare_stripe_create_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`."""
        return {"partner_id": lookup["partners"][obj["id"]]}

    @api.model
    def _get_metadata_partners(self, provider, objects):
        """Return the partners for which this database made customers at Stripe.

        They are found so when the answer to the request that made a customer was lost. Partners that
        have another customer by now are left out.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe customers.
        :return: Ids of partners by id of the customer.
        :rtype: dict[str, int]
        """
        database = provider._stripe_database()
        wanted = {}
        for obj in objects:
            metadata = obj.get("metadata") or {}
            partner_id = metadata.get("odoo_partner_id") or ""
            if metadata.get(const.METADATA_DATABASE) == database and partner_id.isdigit():
                wanted[obj["id"]] = int(partner_id)
        if not wanted:
            return {}
        partner_ids = set(self.env["res.partner"].browse(set(wanted.values())).exists().ids)
        linked = self.search(
            [
                ("provider_id", "=", provider.id),
                ("partner_id", "in", list(partner_ids)),
                ("livemode", "=", provider._stripe_livemode()),
            ]
        )
        partner_ids -= set(linked.partner_id.ids)
        return {key: partner for key, partner in wanted.items() if partner in partner_ids}

    def _stripe_after_apply(self, provider, objects):
        """Override of `stripe.mixin`: credit that was given or taken without an invoice."""
        self.env["account.move"]._stripe_apply_customer_balance(
            provider, [part for obj in objects for part in obj.get("balance_transactions") or []]
        )

    def _stripe_get_differences(self, provider, obj, lookup):
        """Override of `stripe.mixin`: a customer that no partner is linked to is none of ours."""
        if not self and obj["id"] not in lookup["partners"]:
            return []
        return super()._stripe_get_differences(provider, obj, lookup)

    @api.model
    def _stripe_require(self, provider, stripe_ids):
        """Return the links of Stripe customers by id.

        :param payment.provider provider: The Stripe account.
        :param Iterable[str] stripe_ids: Ids of Stripe customers.
        :rtype: dict[str, stripe.customer]
        :raise UserError: When one is not linked to a partner.
        """
        customers = {c.stripe_id: c for c in self._stripe_find(provider, list(stripe_ids))}
        for stripe_id in stripe_ids:
            if stripe_id not in customers:
                raise UserError(
                    self.env._(
                        "The Stripe customer %(customer)s is not linked to a contact in Odoo.",
                        customer=stripe_id,
                    )
                )
        return customers
