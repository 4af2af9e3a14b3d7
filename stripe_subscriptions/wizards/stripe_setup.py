from odoo import api, fields, models
from odoo.addons.stripe_subscriptions.stripe_gateway import LIVE_KEY_PREFIXES, TEST_KEY_PREFIXES
from odoo.exceptions import UserError


class StripeSetup(models.TransientModel):
    """Leads an administrator from the keys to the first subscription, and shows what is missing.

    Everything it shows and does is the payment provider's; it can be opened at any time.
    """

    _name = "stripe.setup"
    _description = "Set-Up of Stripe Subscriptions"
    _rec_name = "provider_id"

    # === FIELDS === #

    provider_id = fields.Many2one(
        string="Stripe Account",
        comodel_name="payment.provider",
        required=True,
        domain=[("code", "=", "stripe")],
        default=lambda self: self._default_provider_id(),
        ondelete="cascade",
    )
    state = fields.Selection(related="provider_id.state")
    # The provider gets them once Stripe has taken them: a mistake must not stop what works.
    publishable_key = fields.Char(compute="_compute_publishable_key", store=True, readonly=False)
    secret_key = fields.Char()
    secret_key_hint = fields.Char(compute="_compute_steps")
    webhook_url = fields.Char(related="provider_id.stripe_billing_webhook_url")
    problem = fields.Char(related="provider_id.stripe_billing_problem")
    received_at = fields.Datetime(related="provider_id.stripe_billing_received_at")
    journal_id = fields.Many2one(
        related="provider_id.stripe_billing_journal_id",
        readonly=False,
        string="Invoices in Journal",
    )
    user_id = fields.Many2one(related="provider_id.stripe_billing_user_id", readonly=False)

    # What is done
    is_connected = fields.Boolean(compute="_compute_steps")
    price_count = fields.Integer(compute="_compute_steps")
    unmapped_product_count = fields.Integer(compute="_compute_steps")
    rate_count = fields.Integer(compute="_compute_steps")
    unmapped_rate_count = fields.Integer(compute="_compute_steps")
    has_chart = fields.Boolean(compute="_compute_steps")
    has_webhook = fields.Boolean(compute="_compute_steps")
    subscription_count = fields.Integer(compute="_compute_steps")
    done_count = fields.Integer(compute="_compute_steps")

    # === COMPUTE METHODS === #

    @api.model
    def _default_provider_id(self):
        provider_model = self.env["payment.provider"]
        providers = provider_model.search(
            [*provider_model._check_company_domain(self.env.company), ("code", "=", "stripe")],
            order="state desc, id",
        )
        # A branch's own comes before that of its company.
        return providers.sorted(lambda provider: -len(provider.company_id.parent_ids))[:1]

    def _compute_display_name(self):
        self.display_name = self.env._("Set-Up")

    @api.depends("provider_id")
    def _compute_publishable_key(self):
        for setup in self:
            setup.publishable_key = setup.provider_id.stripe_publishable_key

    @api.depends("provider_id")
    def _compute_steps(self):
        for setup in self:
            provider = setup.provider_id
            # What is archived at Stripe needs no decision.
            domain = [("provider_id", "=", provider.id), ("is_current_mode", "=", True)]
            prices = self.env["stripe.price"].search(domain)
            rates = self.env["stripe.tax.rate"].search(domain)
            setup.is_connected = (
                provider.state != "disabled"
                and provider.stripe_secret_key
                and provider.stripe_billing_account
            )
            kept = self.env._("Kept. Enter another one to replace it.")
            setup.secret_key_hint = kept if provider.stripe_secret_key else "sk_test_..."
            setup.price_count = len(prices)
            setup.unmapped_product_count = len(prices.filtered(lambda price: not price.product_id))
            setup.rate_count = len(rates)
            setup.unmapped_rate_count = len(rates.filtered(lambda rate: not rate.tax_id))
            setup.has_chart = bool(provider.company_id.root_id.sudo().chart_template)
            setup.has_webhook = bool(
                provider.stripe_billing_webhook_endpoint and provider.stripe_billing_webhook_secret
            )
            setup.subscription_count = self.env["stripe.subscription"].search_count(domain, limit=1)
            setup.done_count = sum(
                (
                    bool(setup.is_connected),
                    bool(setup.price_count),
                    bool(setup.price_count and not setup.unmapped_rate_count),
                    bool(setup.has_chart and provider.stripe_billing_journal_id),
                    setup.has_webhook,
                )
            )

    # === ACTION METHODS === #

    @api.model
    def action_open(self):
        """Open the set-up of the company's Stripe account.

        :rtype: dict
        :raise UserError: When the company has no payment provider for Stripe.
        """
        if not self._default_provider_id():
            raise UserError(
                self.env._(
                    "%(company)s has no payment provider for Stripe: make one under Invoicing > "
                    "Configuration > Payment Providers.",
                    company=self.env.company.name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set-Up"),
            "res_model": self._name,
            "res_id": self.create({}).id,
            "view_mode": "form",
            "target": "current",
        }

    def action_connect(self):
        """Set the provider to the mode of the keys, test the connection and fetch the catalogue.

        :raise UserError: When a key is missing or is none, or Stripe refuses it.
        """
        self.ensure_one()
        provider = self.provider_id
        key = (self.secret_key or "").strip() or provider.stripe_secret_key or ""
        if not key.startswith(TEST_KEY_PREFIXES + LIVE_KEY_PREFIXES):
            raise UserError(
                self.env._(
                    "The secret key begins with sk_test_, sk_live_, rk_test_ or rk_live_. Stripe shows it in "
                    "its Dashboard under Developers > API keys."
                )
            )
        mode = "test" if key.startswith(TEST_KEY_PREFIXES) else "enabled"
        if not (self.publishable_key or "").strip():
            raise UserError(self.env._("Enter the publishable key too."))
        provider.write(
            {
                "state": mode,
                "stripe_secret_key": key,
                "stripe_publishable_key": self.publishable_key.strip(),
            }
        )
        provider.action_stripe_billing_test_connection()
        self.secret_key = False
        return self.action_fetch()

    def action_fetch(self):
        """Fetch plans, tax rates and coupons again."""
        return self.provider_id.action_stripe_billing_fetch_catalogue()

    def action_chart(self):
        """Open the settings of Invoicing, where a chart of accounts is chosen."""
        return self.env["ir.actions.act_window"]._for_xml_id("account.action_account_config")

    def action_accounts(self):
        """Make the journal and open the accounts, on the payment provider."""
        self.ensure_one()
        self.provider_id._stripe_billing_ensure_journal()
        return self.action_provider()

    def action_journal(self):
        """Make the journal of the invoices."""
        self.ensure_one()
        self.provider_id._stripe_billing_ensure_journal()

    def action_taxes(self):
        """Open the tax rates."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "stripe_subscriptions.action_stripe_tax_rate"
        )

    def action_prices(self):
        """Open the plans."""
        return self.provider_id.action_stripe_billing_view_prices()

    def action_webhook(self):
        """Have Stripe send its events here."""
        return self.provider_id.action_stripe_billing_create_webhook()

    def action_test_event(self):
        """Have Stripe send an event, to see that it arrives."""
        return self.provider_id.action_stripe_billing_send_test_event()

    def action_import(self):
        """Take over what the Stripe account has already."""
        return self.provider_id.action_stripe_billing_import()

    def action_provider(self):
        """Open the payment provider, which has all the rest."""
        return self.provider_id._get_records_action(name=self.provider_id.name)

    def action_first_subscription(self):
        """Open a new subscription."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Subscription"),
            "res_model": "stripe.subscription",
            "view_mode": "form",
        }
