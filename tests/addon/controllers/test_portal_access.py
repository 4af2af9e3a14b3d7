"""Who may open and do what in the portal, and that nothing typed by people is run."""

from odoo.tests import mute_logger

from .portal_common import PortalCommon

GET_SUFFIXES = ("", "/return", "/status")


class TestPortalAccess(PortalCommon):
    def _login(self, user):
        self.authenticate(user and user.login, user and user.login)

    def _open(self, subscription, suffix, token):
        """Open an address without following redirects; tell whether the subscription was seen."""
        with mute_logger("odoo.addons.stripe_subscriptions.controllers.portal"):
            response = self.url_open(self._url(subscription, suffix, token), allow_redirects=False)
        if suffix == "/status":
            self.assertIn(response.status_code, (200, 404))
            self.assertEqual(response.json(), {"status": "draft"} if response.ok else {})
            return response.ok
        if response.status_code == 200:
            self.assertIn("Team for Acme", response.text)
            return True
        self.assertRedirectsHome(response)
        self.assertNotIn("Team for Acme", response.text)
        return False

    def test_who_may_see(self):
        other_token = self._new_subscription("Another").access_token
        public = self.env["res.users"]
        for user, token, allowed in (
            (self.owner, False, True),
            (self.colleague, False, True),
            (self.stranger, False, False),
            (public, False, False),
            (public, True, True),
            (self.stranger, True, True),
            (public, "wrong", False),
            (public, other_token, False),
            (self.stranger, other_token, False),
        ):
            self._login(user)
            for suffix in GET_SUFFIXES:
                with self.subTest(user=user.login, token=token, suffix=suffix):
                    self.assertEqual(self._open(self.draft, suffix, token), allowed)

    def test_who_may_subscribe(self):
        public = self.env["res.users"]
        for user, token, allowed in (
            (self.stranger, False, False),
            (public, False, False),
            (public, "wrong", False),
            (self.owner, False, True),
            (public, True, True),
        ):
            self._login(user)
            with self.subTest(user=user.login, token=token):
                response = self._subscribe(self.draft, token=token)
                if allowed:
                    self.assertIn("checkout.stripe.com", response.headers["Location"])
                else:
                    self.assertRedirectsHome(response)
                    self.assertFalse(self.stripe.calls)

    def test_what_was_not_sent_needs_the_link(self):
        unsent = self._new_subscription("Team for Acme, not sent", sent_at=False)
        self._login(self.owner)
        self.assertFalse(self._open(unsent, "", False))
        self.assertTrue(self._open(unsent, "", True))

    def test_unknown_looks_like_forbidden(self):
        unknown = self.draft.copy({"name": "Gone"})
        url, post_url = (self._url(unknown, s, token="x") for s in ("", "/status"))
        unknown.unlink()
        self.env.flush_all()
        self.assertRedirectsHome(self.url_open(url, allow_redirects=False))
        response = self.url_open(post_url)
        self.assertEqual((response.status_code, response.json()), (404, {}))

    @mute_logger("odoo.http")
    def test_subscribing_needs_a_form_of_ours(self):
        response = self._subscribe(self.draft, csrf=False)
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.stripe.calls)

    @mute_logger("odoo.http")
    def test_methods(self):
        self._login(self.owner)
        self.assertEqual(self.url_open(self._url(self.draft, "/subscribe")).status_code, 405)
        for suffix in GET_SUFFIXES:
            response = self.url_open(self._url(self.draft, suffix), method="POST")
            self.assertEqual(response.status_code, 405, suffix)
        self.assertFalse(self.stripe.calls)

    def test_words_of_an_address_are_not_shown(self):
        for name in ("error", "warning", "success", "alert", "session_id"):
            response = self.url_open(f"{self._url(self.draft)}&{name}=Pay+elsewhere")
            self.assertEqual(response.status_code, 200)
            self.assertNotIn("Pay elsewhere", response.text)

    def test_html_in_texts_is_harmless(self):
        script = "<script>alert(1)</script>"
        image = "<img src='x' onerror='alert(1)'>"
        subscription = self._new_subscription(
            f"Team for Acme {script}",
            description=image,
            terms=f"<p onclick='alert(1)'>Terms</p>{script}<a href='javascript:alert(1)'>x</a>",
        )
        self.price.name = image
        self._login(self.owner)
        for url in (self._url(subscription), "/my/subscriptions"):
            _response, page = self._get(url)
            self.assertIn(script, page.text_content())
            self.assertFalse([s for s in page.xpath("//script/text()") if "alert(1)" in s])
            self.assertFalse(page.xpath("//*[not(self::script)][@onerror or @onclick]"))
            self.assertFalse(page.xpath("//a[starts-with(@href, 'javascript:')]"))

    def test_other_company_s_staff_sees_nothing(self):
        """Staff without access to the company is treated like anyone else."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        staff = self.env["res.users"].create(
            {
                "name": "Elsewhere staff",
                "login": "elsewhere",
                "password": "elsewhere",
                "company_id": company.id,
                "company_ids": company.ids,
                "group_ids": [
                    self.env.ref("stripe_subscriptions.group_stripe_subscriptions_user").id
                ],
            }
        )
        self._login(staff)
        self.assertFalse(self._open(self.draft, "", False))
