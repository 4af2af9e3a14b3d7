import json
import re

from odoo import http
from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.stripe_gateway import (
    StripeSignatureInvalid,
    verify_signature,
)
from odoo.http import request


class StripeWebhook(http.Controller):
    """Where Stripe sends its events: verify, store, answer. Processing comes later, elsewhere."""

    @http.route(
        f"{const.WEBHOOK_ROUTE}/<string:key>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=const.WEBHOOK_MAX_BYTES,
    )
    def stripe_webhook(self, key):
        """Take in one event.

        :param str key: The webhook key of a provider, from the address.
        :return: 200 `received`, `ignored`, `duplicate` or `test`; 404 unknown key; 400 what is not
            signed by Stripe, is malformed or belongs to the other mode; 413 too large.
        """
        webhook = request.env["payment.provider"]._stripe_billing_get_webhook(key)
        if not webhook:
            return self._answer("unknown", 404)
        provider_id, secrets, livemode = webhook
        provider_sudo = request.env["payment.provider"].sudo().browse(provider_id)
        body = request.httprequest.get_data()
        try:
            verify_signature(
                body,
                request.httprequest.headers.get("Stripe-Signature"),
                secrets,
            )
        except StripeSignatureInvalid:
            return self._refuse(provider_sudo, "signature")
        try:
            payload = json.loads(body)
            obj = payload["data"]["object"]
            # Some objects, such as a balance, have no id.
            texts = (payload["id"], payload["type"], obj.get("id", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            return self._refuse(provider_sudo, "malformed")
        if not all(isinstance(text, str) for text in texts):
            return self._refuse(provider_sudo, "malformed")
        if bool(payload.get("livemode")) != livemode:
            return self._refuse(provider_sudo, "livemode")
        if re.fullmatch(r"evt_0+", payload["id"]):
            # What "Send test event" sends: about objects that do not exist.
            return self._answer("test")
        event_model_sudo = request.env["stripe.event"].sudo()
        return self._answer(event_model_sudo._stripe_receive(provider_sudo, payload))

    def _refuse(self, provider_sudo, reason):
        provider_sudo._stripe_billing_refuse(reason)
        return self._answer(reason, 400)

    def _answer(self, status, code=200):
        return request.make_json_response({"status": status}, status=code)
