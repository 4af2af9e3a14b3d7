from odoo import models


class StripeCompanyCheck(models.AbstractModel):
    """Documents that a lane books together: what they are linked to is checked together."""

    _name = "stripe.company.check"
    _description = "Company check of documents that are booked together"

    # === BUSINESS METHODS === #

    def _check_company(self, fnames=None):
        """Override of `base`: Odoo looks at each link of each record on its own.

        What several records of a company are linked to is looked at once. Where something belongs to
        another company, Odoo finds out what and says so.

        :raise UserError: When something belongs to another company.
        """
        if self.env.context.get("stripe_sync") and self._are_linked_within(fnames):
            return None
        return super()._check_company(fnames)

    def _are_linked_within(self, fnames):
        """Return whether all that the records are linked to belongs to their companies or to nobody.

        :param list[str]|None fnames: Names of the fields that have changed; None for all.
        :rtype: bool
        """
        if fnames is None or "company_id" in fnames:
            fnames = self._fields
        names = [
            name
            for name in fnames
            if self._fields[name].relational and self._fields[name].check_company
        ]
        for company, records in self.grouped("company_id").items():
            for name in names:
                links = records.sudo().mapped(name).with_context(active_test=False)
                domain = links and links._check_company_domain(company)
                if domain and links.filtered_domain(domain) != links:
                    return False
        return True


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "stripe.company.check"]


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "stripe.company.check"]


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "stripe.company.check"]
