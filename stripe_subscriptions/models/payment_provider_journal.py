from odoo import models
from odoo.addons.stripe_subscriptions import utils
from odoo.exceptions import UserError


class PaymentProvider(models.Model):
    """The journals of a Stripe account: several accounts of a company, and branches, keep apart by themselves."""

    _inherit = "payment.provider"

    # === CRUD METHODS === #

    def copy_data(self, default=None):
        """Override of `base`: a further Stripe account of a company can be told from the first one."""
        vals_list = super().copy_data(default)
        for provider, vals in zip(self, vals_list, strict=True):
            if (
                provider.code == "stripe"
                and vals.get("company_id") == provider.company_id.id
                and "name" not in (default or {})
            ):
                others = self.search([("company_id", "=", provider.company_id.id)])
                vals["name"] = utils.name_apart(vals["name"], others.mapped("name"))
        return vals_list

    # === COMPUTE METHODS === #

    def _compute_journal_id(self):
        """Override of `account_payment`: a branch without a bank journal uses that of its company."""
        result = super()._compute_journal_id()
        for provider in self:
            if (
                provider.code == "stripe"
                and provider.state in ("enabled", "test")
                and not provider.journal_id
            ):
                provider.journal_id = provider._stripe_billing_find_journal("bank")
                if provider.id and provider.journal_id:
                    provider._ensure_payment_method_line()
        return result

    # === BUSINESS METHODS === #

    def _ensure_payment_method_line(self, allow_create=True):
        """Override of `account_payment`: each Stripe account is paid into an account of its own.

        Odoo gives the second provider of a kind the account of the first.
        """
        result = super()._ensure_payment_method_line(allow_create=allow_create)
        if self.code == "stripe":
            others = self.sudo().search([("code", "=", "stripe"), ("id", "!=", self.id)])
            lines = self.env["account.payment.method.line"].search(
                [
                    ("payment_provider_id", "=", self.id),
                    (
                        "payment_account_id",
                        "in",
                        others.stripe_billing_clearing_account_id.ids,
                    ),
                ]
            )
            for line in lines:
                line.payment_account_id = (
                    self.sudo().stripe_billing_clearing_account_id
                    or self._get_payment_method_outstanding_account_id(line.payment_method_id)
                )
        return result

    def _stripe_billing_find_journal(self, journal_type, domain=()):
        """Return the first journal of a type of the provider's company, else of the one it is a branch of.

        :param str journal_type: Such as "bank".
        :param list domain: Further conditions.
        :rtype: account.journal
        """
        journal_model = self.env["account.journal"].sudo()
        for company in reversed(self.company_id.sudo().parent_ids):
            journal = journal_model.search(
                [("company_id", "=", company.id), ("type", "=", journal_type), *domain], limit=1
            )
            if journal:
                return journal
        return journal_model

    def _stripe_billing_ensure_journal(self):
        """Return the sales journal that the account's invoices are posted in; make it if need be.

        Note: `self.ensure_one()`

        :rtype: account.journal
        :raise UserError: When the company has no chart of accounts yet.
        """
        self.ensure_one()
        if not self.stripe_billing_journal_id:
            sale_journal = self._stripe_billing_find_journal(
                "sale", [("default_account_id", "!=", False)]
            )
            if not sale_journal:
                raise UserError(
                    self.env._(
                        "%(company)s has no sales journal with an income account yet: install its "
                        "chart of accounts first.",
                        company=self.company_id.name,
                    )
                )
            self.sudo().stripe_billing_journal_id = self._stripe_billing_make_journal(
                self.env._("Stripe Subscriptions"), "sale", sale_journal.default_account_id
            )
        return self.stripe_billing_journal_id

    def _stripe_billing_make_journal(self, name, journal_type, account=None):
        """Make a journal of the account's own.

        :param str name: Its name, if no other journal of the company has it.
        :param str journal_type: "sale" or "general".
        :param account.account account: Its default account.
        :rtype: account.journal
        """
        journal_model = self.env["account.journal"].sudo().with_company(self.company_id)
        others = journal_model.with_context(active_test=False).search(
            journal_model._check_company_domain(self.company_id)
        )
        return journal_model.create(
            {
                "name": utils.name_apart(
                    name, others.mapped("name"), self._stripe_billing_get_hint()
                ),
                "type": journal_type,
                "default_account_id": account.id if account else False,
                "company_id": self.company_id.id,
                # No invoices by mail: nothing but Stripe's are posted here.
                "alias_name": False,
            }
        )

    def _stripe_billing_get_hint(self):
        """Return what tells journals and accounts of this Stripe account from those of another one.

        A branch has its journals and accounts beside those of its company.

        :rtype: str
        """
        self.ensure_one()
        if self.company_id.parent_id:
            return self.company_id.name
        line_model = self.env["account.payment.method.line"].sudo()
        line = line_model.search([("payment_provider_id", "=", self.id)], limit=1)
        return line.name or self.name
