from odoo import fields, http
from odoo.addons.stripe_subscriptions import utils
from odoo.addons.stripe_subscriptions.report import proof_xlsx
from odoo.http import content_disposition, request

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StripeProof(http.Controller):
    """The report *Stripe and Ledger* to take away."""

    @http.route(
        "/stripe_subscriptions/proof.xlsx", type="http", auth="user", methods=["GET"], readonly=True
    )
    def proof(self, ids="", **_params):
        """Answer a spreadsheet of the lines that the user may read.

        :param str ids: Ids separated by commas; all lines when empty.
        """
        chosen = [utils.to_number(part) for part in ids.split(",") if part]
        lines = request.env["stripe.proof.line"].search([("id", "in", chosen)] if chosen else [])
        name = f"stripe-ledger-{fields.Date.context_today(lines)}.xlsx"
        headers = [
            ("Content-Type", CONTENT_TYPE),
            ("Content-Disposition", content_disposition(name)),
        ]
        return request.make_response(proof_xlsx.workbook(lines), headers)
