from decimal import Decimal

from odoo import api, models
from odoo.addons.stripe_subscriptions import utils
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import ormcache


class ResCurrency(models.Model):
    _inherit = "res.currency"

    @api.model
    def _stripe_get(self, code):
        """Return the currency of a Stripe object, activated if need be.

        :param str code: ISO code, in any case.
        :rtype: res.currency
        :raise UserError: When Odoo does not have the currency.
        """
        currency = self.browse(self._stripe_get_id(code.upper()))
        if not currency.active:
            currency.sudo().action_unarchive()
        return currency

    @api.model
    @ormcache("code")
    def _stripe_get_id(self, code):
        currency = (
            self.sudo().with_context(active_test=False).search([("name", "=", code)], limit=1)
        )
        if not currency:
            raise UserError(
                self.env._("Odoo has no currency %(code)s: create it first.", code=code)
            )
        return currency.id

    def _stripe_check_rate(self, company):
        """Refuse to book in a foreign currency that has no rate: Odoo would take one for one.

        :param res.company company: Whose books they are.
        :raise UserError: When there is no rate.
        """
        self.ensure_one()
        if self == company.currency_id:
            return
        rates = self.env["res.currency.rate"].sudo()
        domain = [
            ("currency_id", "=", self.id),
            ("company_id", "in", (False, company.root_id.id)),
        ]
        first = self.env.ref("base.main_company", raise_if_not_found=False)
        if first and self == first.sudo().currency_id:
            # Rates that companies share are those to the currency of the first one, which needs none.
            shared = [("currency_id", "=", company.currency_id.id), ("company_id", "=", False)]
            domain = Domain.OR([domain, shared])
        if not rates.search_count(domain, limit=1):
            raise UserError(
                self.env._(
                    "%(currency)s has no exchange rate in Odoo: enter one first "
                    "(Invoicing > Configuration > Currencies).",
                    currency=self.name,
                )
            )

    def _stripe_check_amounts(self, amounts):
        """Refuse to book amounts that Odoo would round: it counts some currencies in whole units that
        Stripe counts in hundredths.

        :param Iterable[Decimal] amounts: Major units.
        :raise UserError: When the rounding of the currency is too coarse for one of them.
        """
        self.ensure_one()
        rounding = Decimal(str(self.rounding))
        rest = next((amount for amount in amounts if amount % rounding), None)
        if rest is not None:
            raise UserError(
                self.env._(
                    "Odoo rounds %(currency)s to %(rounding)s, but an amount at Stripe is %(amount)s: "
                    "set the rounding factor of the currency to %(finest)s "
                    "(Invoicing > Configuration > Currencies).",
                    currency=self.name,
                    rounding=rounding.normalize(),
                    amount=rest,
                    finest=utils.to_major_decimal(1, self.name),
                )
            )

    def _stripe_to_major(self, amount):
        """Convert Stripe's minor units of the currency.

        :param int amount: Minor units.
        :return: Major units.
        :rtype: float
        :raise UserError: When Odoo would round them.
        """
        major = utils.to_major_decimal(amount, self.name)
        self._stripe_check_amounts([major])
        return float(major)

    @api.ondelete(at_uninstall=False)
    def _unlink_stripe_cache(self):
        self.env.registry.clear_cache()
