import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from odoo.addons.stripe_subscriptions import stripe_download
from odoo.addons.stripe_subscriptions.stripe_download import fetch_pdf
from odoo.addons.stripe_subscriptions.stripe_errors import StripeRequestRefused, StripeUnavailable
from odoo.tests import BaseCase, tagged

PDF = b"%PDF-1.7\nsome pages\n%%EOF\n"


class Handler(BaseHTTPRequestHandler):
    """Answers as the path says."""

    def do_GET(self):
        self.server.paths.append(self.path)
        status, headers, body = self.server.answers[self.path]
        self.send_response(status)
        for name, value in {"Content-Type": "application/pdf", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Nothing is printed."""


@tagged("post_install", "-at_install")
class TestDownload(BaseCase):
    """PDFs come from Stripe's hosts only, and are PDFs of a sensible size."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = [cls.serve() for _number in range(2)]
        cls.server, cls.other = cls.servers
        cls.base, cls.elsewhere = (
            f"http://127.0.0.1:{server.server_address[1]}" for server in cls.servers
        )

    @classmethod
    def serve(cls):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.answers, server.paths = {}, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(server.shutdown)
        return server

    def setUp(self):
        super().setUp()
        for server in self.servers:
            server.answers.clear()
            server.paths.clear()

    def fetch(self, status=200, headers=None, body=PDF, path="/pages/invoice/secret/pdf"):
        self.server.answers[path] = (status, headers or {}, body)
        return fetch_pdf(f"{self.base}{path}", self.base)

    def refused(self, words, *arguments, **more):
        with self.assertRaisesRegex(StripeRequestRefused, words) as caught:
            self.fetch(*arguments, **more)
        self.assertNotIn("secret", caught.exception.message)

    # === WHERE FROM === #

    def test_hosts(self):
        allowed = stripe_download._is_allowed
        for url in (
            "https://pay.stripe.com/invoice/acct_1/live_x/pdf?s=ap",
            "https://files.stripe.com/links/x",
            "https://stripe.com/x",
            "https://pay.stripe.com:443/x",
        ):
            self.assertTrue(allowed(url, None), url)
        for url in (
            "http://pay.stripe.com/x",
            "https://pay.stripe.com:8443/x",
            "https://stripe.com.evil.example/x",
            "https://evilstripe.com/x",
            "https://stripe.com@evil.example/x",
            "https://user:word@pay.stripe.com/x",
            "https://evil.example/stripe.com",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/x",
            "ftp://pay.stripe.com/x",
            "file:///etc/passwd",
            "//pay.stripe.com/x",
            "https://[::1",
            "https://pay.stripe.com:99999/x",
            "",
        ):
            self.assertFalse(allowed(url, None), url)

    def test_stand_in_serves_test_keys_only(self):
        self.server.answers["/x"] = (200, {}, PDF)
        with self.assertRaisesRegex(StripeRequestRefused, "not one of Stripe's"):
            fetch_pdf(f"{self.base}/x")
        with self.assertRaisesRegex(StripeRequestRefused, "not one of Stripe's"):
            fetch_pdf(f"{self.base}/x", self.elsewhere)
        self.assertFalse(self.server.paths, "it was not even asked")
        self.assertEqual(fetch_pdf(f"{self.base}/x", self.base), PDF)

    def test_redirection_within(self):
        self.server.answers["/far"] = (200, {}, PDF)
        self.assertEqual(self.fetch(302, {"Location": "/far"}, b""), PDF)

    def test_redirection_to_somewhere_else(self):
        self.other.answers["/x"] = (200, {}, PDF)
        self.refused("not one of Stripe's", 302, {"Location": f"{self.elsewhere}/x"}, b"")
        self.refused("not one of Stripe's", 301, {"Location": "https://evil.example/"}, b"")
        self.assertFalse(self.other.paths, "it was not even asked")

    def test_redirection_in_a_circle(self):
        path = "/round"
        self.refused("too many", 302, {"Location": path}, b"", path=path)
        self.assertEqual(len(self.server.paths), stripe_download.MAX_REDIRECTS + 1)

    # === WHAT === #

    def test_pdf(self):
        self.assertEqual(self.fetch(), PDF)
        self.assertEqual(self.fetch(headers={"Content-Type": "Application/PDF; charset=x"}), PDF)

    def test_no_pdf(self):
        self.refused("text/html instead", headers={"Content-Type": "text/html"})
        self.refused("no PDF", body=b"<html>")
        self.refused("answers 404", 404)
        self.refused("answers 403", 403)

    def test_too_large(self):
        with patch.object(stripe_download, "MAX_BYTES", 100):
            self.assertEqual(self.fetch(), PDF)
            self.refused("too large", body=PDF + b"x" * 100)

    def test_later(self):
        for status in (408, 429, 500, 503):
            with self.assertRaises(StripeUnavailable) as caught:
                self.fetch(status)
            self.assertTrue(caught.exception.retryable)
        with patch.object(stripe_download, "MAX_SECONDS", -1):
            with self.assertRaisesRegex(StripeUnavailable, "too long"):
                self.fetch()

    def test_nobody_answers(self):
        with self.assertRaises(StripeUnavailable) as caught:
            fetch_pdf("http://127.0.0.1:9/secret", "http://127.0.0.1:9")
        self.assertNotIn("secret", caught.exception.message)
        self.assertIsNone(caught.exception.__cause__)
