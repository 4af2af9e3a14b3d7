from odoo import fields, models
from odoo.addons.stripe_subscriptions import utils
from odoo.exceptions import UserError

# Accounts that are made when they are first needed: field -> (name, type, reconcile, code to begin with).
NEW_ACCOUNTS = {
    "stripe_billing_clearing_account_id": ("Stripe Clearing", "asset_current", True, "101450"),
    "stripe_billing_dispute_account_id": ("Stripe Disputes", "asset_current", True, "101460"),
    "stripe_billing_balance_account_id": (
        "Stripe Customer Balances",
        "liability_current",
        True,
        "111450",
    ),
    "stripe_billing_fee_account_id": ("Stripe Fees", "expense", False, "611450"),
    "stripe_billing_loss_account_id": ("Stripe Losses", "expense", False, "611460"),
    "stripe_billing_credit_account_id": ("Stripe Credits Granted", "expense", False, "611470"),
}


def _account_field(string, explanation=None):
    """Return a field for an account of the company.

    :param str string: Its label.
    :param str explanation: Its help.
    """
    return fields.Many2one(
        string=string,
        help=explanation,
        comodel_name="account.account",
        check_company=True,
        ondelete="restrict",
        copy=False,
    )


class PaymentProvider(models.Model):
    """The accounts in which what happens at Stripe is booked, with defaults that work."""

    _inherit = "payment.provider"

    # === FIELDS === #

    stripe_billing_entry_journal_id = fields.Many2one(
        string="Entries in Journal",
        help="Fees, disputes, customer balances and payouts are booked in this journal.",
        comodel_name="account.journal",
        domain=[("type", "=", "general")],
        check_company=True,
        ondelete="restrict",
        copy=False,
    )
    stripe_billing_clearing_account_id = _account_field(
        "Clearing Account",
        "What Stripe holds for you: payments come in, fees, refunds and payouts go out. It is "
        "zero after each payout.",
    )
    stripe_billing_payout_account_id = _account_field(
        "Payouts On Their Way",
        "Where a payout waits for the bank statement; that of internal transfers by default.",
    )
    stripe_billing_fee_account_id = _account_field("Fees")
    stripe_billing_dispute_account_id = _account_field(
        "Disputed Amounts",
        "What Stripe has taken back until a dispute is decided.",
    )
    stripe_billing_balance_account_id = _account_field(
        "Customer Balances",
        "What customers have to their credit at Stripe.",
    )
    stripe_billing_credit_account_id = _account_field(
        "Credits Granted",
        "Credit that was given to customers at Stripe without an invoice.",
    )
    stripe_billing_loss_account_id = _account_field(
        "Losses",
        "Lost disputes and invoices that are written off.",
    )
    stripe_billing_suspense_account_id = _account_field(
        "Other Movements",
        "Movements of the Stripe balance that Odoo knows nothing about, such as payments of "
        "another shop; the suspense account of banks by default.",
    )
    stripe_billing_write_off = fields.Boolean(
        string="Write Off Uncollectible Invoices",
        help="Invoices that are marked uncollectible at Stripe are written off; otherwise they "
        "stay open.",
        copy=False,
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: payments come into the clearing account as soon as it is chosen."""
        result = super().write(vals)
        if vals.get("stripe_billing_clearing_account_id"):
            for provider in self:
                provider._stripe_billing_link_clearing()
        return result

    # === BUSINESS METHODS === #

    def _stripe_billing_link_clearing(self, method_lines=None):
        """Have the payments of the account come into its clearing account.

        Odoo makes a payment method line with an account of its own, which is mended here.

        :param account.payment.method.line method_lines: Those of the account; found when not given.
        """
        self.ensure_one()
        if method_lines is None:
            method_lines = (
                self.env["account.payment.method.line"]
                .sudo()
                .search([("payment_provider_id", "=", self.id), ("journal_id", "!=", False)])
            )
        clearing = self.sudo().stripe_billing_clearing_account_id
        method_lines.filtered(
            lambda line: line.payment_account_id != clearing
        ).payment_account_id = clearing

    def _stripe_billing_account(self, name):
        """Return one of the accounts above; make it if need be.

        :param str name: Of the field without `stripe_billing_` and `_account_id`, such as "fee".
        :rtype: account.account
        :raise UserError: When the company has no chart of accounts yet.
        """
        self.ensure_one()
        field_name = f"stripe_billing_{name}_account_id"
        provider = self.sudo().with_company(self.company_id)
        if not provider[field_name]:
            company = self.company_id
            account = {
                "payout": company.transfer_account_id,
                "suspense": company.account_journal_suspense_account_id,
            }.get(name) or provider._stripe_billing_make_account(field_name)
            provider[field_name] = account
        return provider[field_name]

    def _stripe_billing_make_account(self, field_name):
        """Make an account of the list above.

        :param str field_name: Name of its field.
        :rtype: account.account
        """
        if field_name not in NEW_ACCOUNTS:
            raise UserError(
                self.env._(
                    "Choose the account %(account)s of the payment provider %(provider)s.",
                    account=self._fields[field_name]._description_string(self.env),
                    provider=self.display_name,
                )
            )
        name, account_type, reconcile, code = NEW_ACCOUNTS[field_name]
        account_model = self.env["account.account"].with_company(self.company_id)
        others = account_model.search(account_model._check_company_domain(self.company_id))
        return account_model.create(
            {
                "name": utils.name_apart(
                    name, others.mapped("name"), self._stripe_billing_get_hint()
                ),
                "code": account_model._search_new_account_code(code),
                "account_type": account_type,
                "reconcile": reconcile,
                # Branches share the chart of accounts.
                "company_ids": [fields.Command.link(self.company_id.root_id.id)],
            }
        )

    def _stripe_billing_ensure_entry_journal(self):
        """Return the journal of entries; make it if need be.

        :rtype: account.journal
        """
        self.ensure_one()
        provider = self.sudo().with_company(self.company_id)
        if not provider.stripe_billing_entry_journal_id:
            provider.stripe_billing_entry_journal_id = provider._stripe_billing_make_journal(
                self.env._("Stripe Entries"), "general"
            )
        return provider.stripe_billing_entry_journal_id
