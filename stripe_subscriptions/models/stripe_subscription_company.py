from odoo import api, fields, models
from odoo.exceptions import UserError


class StripeSubscription(models.Model):
    """Whose subscription it is, and by which Stripe account it is billed.

    A branch sells with its own Stripe account or with that of the company that it belongs to; what it sells
    is booked for the branch either way.
    """

    _inherit = "stripe.subscription"

    # === FIELDS === #

    company_id = fields.Many2one(
        comodel_name="res.company",
        related=None,
        compute="_compute_company_id",
        store=True,
        readonly=False,  # else the value that is given would be ignored
        precompute=True,
        index=False,  # `_board_idx` begins with it
    )
    provider_choice = fields.Selection(
        string="Stripe Account",
        help="By which Stripe account the customer is billed. Plans are those of the account.",
        selection="_get_provider_choices",
        compute="_compute_provider_choice",
        readonly=False,  # what is chosen is written as provider, see below
    )
    has_provider_choice = fields.Boolean(compute="_compute_provider_choice")

    # === COMPUTE METHODS === #

    @api.depends("provider_id")
    def _compute_company_id(self):
        for subscription in self:
            company = subscription.company_id or self.env.company
            owner = subscription.sudo().provider_id.company_id
            if owner and owner not in company.sudo().parent_ids:
                company = owner
            subscription.company_id = company

    @api.depends("provider_id")
    def _compute_provider_choice(self):
        choices = dict(self._get_provider_choices())
        for subscription in self:
            key = str(subscription.provider_id.id)
            subscription.provider_choice = key if key in choices else False
            subscription.has_provider_choice = len(choices) > 1

    # === ONCHANGE METHODS === #

    @api.onchange("provider_choice")
    def _onchange_provider_choice(self):
        # Plans, taxes and coupons to choose from are those of the account.
        if self.provider_choice:
            self.provider_id = int(self.provider_choice)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `base`: the account that was chosen comes first, its plans afterwards."""
        return super().create([self._with_chosen_provider(vals) for vals in vals_list])

    def write(self, vals):
        """Override of `base`: the same."""
        return super().write(self._with_chosen_provider(vals))

    # === BUSINESS METHODS === #

    @api.model
    def _with_chosen_provider(self, vals):
        """Return values in which the choice of an account is the account.

        :param dict vals: As for `create` and `write`.
        :rtype: dict
        :raise UserError: When the account is not one of the user's companies.
        """
        if not vals.get("provider_choice"):
            return vals
        if vals["provider_choice"] not in dict(self._get_provider_choices()):
            raise UserError(self.env._("The Stripe account is that of another company."))
        vals = {**vals, "provider_id": int(vals["provider_choice"])}
        del vals["provider_choice"]
        return vals

    @api.model
    def _get_providers(self, companies):
        """Return the Stripe accounts that companies may sell with, those of their own first.

        Who sells need not have access to them.

        :param res.company companies: The companies, of which some may be branches.
        :rtype: payment.provider
        """
        provider_model = self.env["payment.provider"].sudo()
        providers = provider_model.search(
            [
                *provider_model._check_company_domain(companies),
                ("code", "=", "stripe"),
                ("state", "!=", "disabled"),
            ]
        )
        return providers.sorted(lambda provider: -len(provider.company_id.parent_ids))

    @api.model
    def _get_provider_choices(self):
        """Return the Stripe accounts of the user's companies: pairs of id, as text, and name."""
        providers = self._get_providers(self.env.companies)
        several = len(providers.company_id) > 1
        return [
            (
                str(provider.id),
                f"{provider.name} ({provider.company_id.name})" if several else provider.name,
            )
            for provider in providers
        ]

    def _default_provider_id(self):
        """Return the account of the own company, else of the one that it is a branch of."""
        return self._get_providers(self.env.company)[:1]
