from odoo import api, models
from odoo.exceptions import UserError


class ResCurrency(models.Model):
    _inherit = "res.currency"

    @api.model
    def _stripe_get(self, code):
        """Return the currency of a Stripe object, activated if need be.

        :param str code: ISO code, in any case.
        :rtype: res.currency
        :raise UserError: When Odoo does not have the currency.
        """
        currency = (
            self.sudo()
            .with_context(active_test=False)
            .search([("name", "=", code.upper())], limit=1)
        )
        if not currency:
            raise UserError(
                self.env._("Odoo has no currency %(code)s: create it first.", code=code.upper())
            )
        if not currency.active:
            currency.action_unarchive()
        return self.browse(currency.id)
