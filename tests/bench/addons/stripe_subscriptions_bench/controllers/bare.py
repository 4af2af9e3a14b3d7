from odoo import http
from odoo.http import request


class Bare(http.Controller):
    """A route that does nothing: what Odoo itself takes for a request."""

    @http.route(
        "/stripe_subscriptions_bench/bare",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def bare(self):
        """Read the body and answer."""
        request.httprequest.get_data()
        return request.make_json_response({"status": "received"})
