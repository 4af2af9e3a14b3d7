from odoo import api, models


class AccountTax(models.Model):
    _inherit = "account.tax"

    # === BUSINESS METHODS === #

    @api.model
    def _aggregate_base_line_tax_details(self, base_line, grouping_function):
        """Override of `account`: all taxes of a line of a Stripe document count in the company's currency.

        Of several taxes whose amounts are given and that are in the price alike, Odoo takes the amount of
        the last one for that of all, in the currency of the company only. The amount without taxes was too
        small by the others then.
        """
        found = super()._aggregate_base_line_tax_details(base_line, grouping_function)
        manual = base_line["manual_tax_amounts"]
        record = base_line["record"]
        is_line = getattr(record, "_name", None) == "account.move.line"
        if (
            manual
            and any(len(values["taxes_data"]) > 1 for values in found.values())
            and is_line
            and record.move_id.stripe_provider_id
        ):
            for values in found.values():
                values["target_tax_amount"] = sum(
                    tax_data["tax_amount"]
                    if "tax_amount_currency" in manual.get(str(tax_data["tax"].id), {})
                    else tax_data["raw_tax_amount"]
                    for tax_data in values["taxes_data"]
                )
        return found
