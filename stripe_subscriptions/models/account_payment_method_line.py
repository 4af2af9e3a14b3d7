from odoo import api, models
from odoo.addons.stripe_subscriptions import utils


class AccountPaymentMethodLine(models.Model):
    """Several Stripe accounts may be paid into one bank journal, where their lines need names of their own."""

    _inherit = "account.payment.method.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `account`: the line of a second Stripe account gets a name of its own."""
        provider_model = self.env["payment.provider"]
        for vals in vals_list:
            provider = provider_model.browse(vals.get("payment_provider_id"))
            if vals.get("name") and provider.code == "stripe":
                journal = self.env["account.journal"].browse(vals.get("journal_id"))
                vals["name"] = self._stripe_name_apart(journal, vals["name"])
        return super().create(vals_list)

    def write(self, vals):
        """Override of `account`: the same when a line is given the name of its provider."""
        lines = self.filtered(lambda line: line.payment_provider_id.code == "stripe")
        if not vals.get("name") or not lines:
            return super().write(vals)
        for line in lines:
            name = line._stripe_name_apart(line.journal_id, vals["name"])
            super(AccountPaymentMethodLine, line).write({**vals, "name": name})
        return super(AccountPaymentMethodLine, self - lines).write(vals)

    # === BUSINESS METHODS === #

    def _stripe_name_apart(self, journal, name):
        """Return a name that no other line of a Stripe account has in a journal.

        :param account.journal journal: The journal.
        :param str name: The name that was asked for.
        :rtype: str
        """
        lines = journal.inbound_payment_method_line_ids - self
        others = lines.filtered(lambda line: line.payment_provider_id.code == "stripe")
        return utils.name_apart(name, others.mapped("name"))
