import time
from unittest.mock import patch

import stripe
from odoo.addons.stripe_subscriptions import stripe_gateway
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.tests import TransactionCase, tagged

from tests.addon.common import KEY, StripeCommon


@tagged("post_install", "-at_install")
class TestGateway(StripeCommon, TransactionCase):
    """Requests to Stripe, against the stand-in that the test run has started."""

    def setUp(self):
        super().setUp()
        self.gateway = StripeGateway.for_key(KEY)

    def base(self, key, variable="http://127.0.0.1:4242/"):
        with patch.dict("os.environ", {"STRIPE_API_BASE": variable}):
            return StripeGateway(key)._client._requestor._options.base_addresses["api"]

    def test_only_test_keys_are_redirected(self):
        for key in ("sk_test_1", "rk_test_1"):
            self.assertEqual(self.base(key), "http://127.0.0.1:4242")
        for key in ("sk_live_1", "rk_live_1", "sk_1", "whsec_sk_test_1"):
            self.assertEqual(self.base(key), "https://api.stripe.com")

    def test_one_gateway_for_a_key(self):
        self.assertIs(StripeGateway.for_key(KEY), self.gateway)
        self.assertIsNot(StripeGateway.for_key("sk_test_other"), self.gateway)

    def test_plain_data_comes_out(self):
        product = self.gateway.call("products", "create", params={"name": "Plain"})
        self.assertIs(type(product), dict)
        self.assertEqual(self.gateway.retrieve("products", product["id"])["name"], "Plain")

    def test_same_key_same_answer(self):
        first, second = (
            self.gateway.call(
                "products", "create", params={"name": "Once"}, idempotency_key="once-1"
            )
            for _ in range(2)
        )
        self.assertEqual(first["id"], second["id"])

    def test_errors(self):
        with self.assertRaises(stripe_gateway.StripeNotFound) as caught:
            self.gateway.retrieve("products", "prod_nothing")
        self.assertEqual(caught.exception.code, "resource_missing")
        self.assertFalse(caught.exception.retryable)
        with self.assertRaises(stripe_gateway.StripeRequestRefused) as caught:
            self.gateway.call("products", "create", params={"nam": "x"})
        self.assertEqual(caught.exception.param, "nam")
        with self.assertRaises(stripe_gateway.StripeKeyRefused):
            StripeGateway("sk_test_unknown").retrieve("products", "prod_1")
        customer = self.gateway.call("customers", "create", params={"email": "a@b.example"})
        with self.assertRaises(stripe_gateway.StripeCardDeclined) as caught:
            self.gateway.call(
                "payment_methods",
                "attach",
                "pm_card_chargeDeclinedExpiredCard",
                params={"customer": customer["id"]},
            )
        self.assertEqual(caught.exception.code, "expired_card")

    def test_deleted_customer(self):
        customer = self.gateway.call("customers", "create", params={"email": "a@b.example"})
        self.gateway.call("customers", "delete", customer["id"])
        self.assertIs(self.gateway.retrieve("customers", customer["id"])["deleted"], True)

    def test_pages(self):
        for number in range(105):
            self.gateway.call("coupons", "create", params={"percent_off": 1, "name": f"P{number}"})
        names = [coupon["name"] for coupon in self.gateway.list("coupons")]
        self.assertTrue({f"P{number}" for number in range(105)} <= set(names))
        self.assertEqual(len(names), len(set(names)) + names.count(None) - (None in names))

    def test_invoice_with_many_lines_is_whole(self):
        customer = self.gateway.call("customers", "create", params={"email": "a@b.example"})["id"]
        for number in range(1, 14):
            params = {"customer": customer, "amount": number, "currency": "usd"}
            self.gateway.call("invoice_items", "create", params=params)
        params = {"customer": customer, "pending_invoice_items_behavior": "include"}
        invoice = self.gateway.call("invoices", "create", params=params)
        whole = self.gateway.retrieve_kind("invoice", invoice["id"])
        self.assertEqual(len(whole["lines"]["data"]), 13)
        self.assertEqual(sum(row["amount"] for row in whole["lines"]["data"]), 91)
        self.assertEqual(whole["total"], 91)

    def test_many_at_a_time(self):
        product = self.gateway.call("products", "create", params={"name": "Many"})["id"]
        answers = self.gateway.retrieve_many([("product", product), ("product", "prod_none")] * 2)
        self.assertEqual(answers["product", product]["name"], "Many")
        self.assertIsInstance(answers["product", "prod_none"], stripe_gateway.StripeNotFound)

    def test_signature(self):
        now, body, verify = int(time.time()), b'{"id": 1}', stripe_gateway.verify_signature

        def sign(secret, at=now):
            return stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)

        verify(body, sign("whsec_a"), ["whsec_a"])
        verify(body, sign("whsec_old"), ["whsec_new", "whsec_old"])
        verify(body, sign("whsec_a", now - 290), ["whsec_a"])
        for header, secrets in (
            (sign("whsec_a"), []),
            (sign("whsec_a"), [False, "", " "]),
            (sign("whsec_b"), ["whsec_a"]),
            (sign("whsec_a", now - 310), ["whsec_a"]),
            (sign("whsec_a", now + 310), ["whsec_a"]),
            (None, ["whsec_a"]),
        ):
            with self.assertRaises(stripe_gateway.StripeSignatureInvalid):
                verify(body, header, secrets)
