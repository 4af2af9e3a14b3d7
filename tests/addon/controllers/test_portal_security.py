"""Every route of the portal, by everybody, in every way that is not meant."""

import re

from odoo.addons.stripe_subscriptions import controllers
from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.addon.controllers.portal_sandbox import PortalSandbox

# Path below a subscription -> methods. What is seen by whoever may see; what is done only by the contact.
PAGES = {"": "GET", "/return": "GET", "/status": "GET", "/pay": "GET"}
FORMS = ("/subscribe", "/code", "/resume", "/keep")
QUESTIONS = ("/cancel", "/change", "/pause", "/unpause", "/discount")
OTHERS = {
    "/my/subscriptions",
    "/my/subscriptions/page/<int:page>",
    "/my/subscriptions/pay/<int:move_id>",
    "/my/subscriptions/receipt/<int:move_id>",
    "/my/payment-cards",
    *(f"/my/payment-cards/{name}" for name in ("add", "return", "default", "remove", "stripe")),
    "/my/billing",
}
SUBSCRIPTION = "/my/subscriptions/<int:subscription_id>"
# Who -> whether they see the subscription, whether they act.
PEOPLE = {
    "owner": (True, True),
    "colleague": (True, False),
    "stranger": (False, False),
    "token": (True, True),
    "nobody": (False, False),
    "wrong token": (False, False),
    "other token": (False, False),
    "colleague, token": (True, False),
    "stranger, token": (True, False),
}


@tagged("post_install", "-at_install")
class TestPortalSecurity(PortalSandbox):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.subscription = cls.portal_subscription(quantity=3)
        cls.keep_stripe()
        cls.foreign = cls.make_draft(
            cls.subscription.item_ids.price_id,
            name="Foreign",
            partner_id=cls.stranger.partner_id.id,
            sent_at="2026-01-01",
        )

    def come(self, who):
        """Be somebody; returns the token in the addresses, or False."""
        name, _comma, with_token = who.partition(", ")
        self.sign_in({"owner": self.owner, "colleague": self.colleague}.get(name) or None)
        if name == "stranger":
            self.sign_in(self.stranger)
        tokens = {
            "token": self.subscription.access_token,
            "wrong token": "0" * 36,
            "other token": self.foreign.access_token,
        }
        return tokens.get(who) or (with_token and self.subscription.access_token)

    def count(self):
        return str(self.subscription.acting_count)

    def test_table_is_complete(self):
        """A route that is not in the table of this test is not tested."""
        found = set()
        for module in vars(controllers).values():
            for cls in vars(module).values() if hasattr(module, "__file__") else ():
                own = isinstance(cls, type) and cls.__module__ == module.__name__
                for function in vars(cls).values() if own else ():
                    routes = getattr(function, "original_routing", {}).get("routes") or ()
                    found.update(r for r in routes if r.startswith("/my/"))
        table = {f"{SUBSCRIPTION}{suffix}" for suffix in (*PAGES, *FORMS, *QUESTIONS)} | OTHERS
        self.assertEqual(found, table)

    @mute_logger("odoo.http", "odoo.addons.stripe_subscriptions.controllers.portal")
    def test_get(self):
        for who, (sees, acts) in PEOPLE.items():
            token = self.come(who)
            for suffix in (*PAGES, *QUESTIONS):
                with self.subTest(who=who, suffix=suffix):
                    url = self.address(self.subscription, suffix, token)
                    answer = self.url_open(url, allow_redirects=False)
                    if suffix == "/status":
                        self.assertEqual(answer.status_code, 200 if sees else 404)
                    elif not sees:
                        self.assertEqual(answer.headers.get("Location"), "/my")
                    elif suffix in QUESTIONS and not (acts and suffix != "/unpause"):
                        self.assertEqual(
                            answer.headers.get("Location"),
                            self.address(self.subscription, "", token),
                        )
                    elif suffix == "/pay":
                        self.assertEqual(answer.status_code, 303)
                    else:
                        self.assertEqual(answer.status_code, 200)
                        self.assertEqual(answer.headers["X-Frame-Options"], "SAMEORIGIN")
            for suffix in FORMS:
                url = self.address(self.subscription, suffix, token)
                self.assertEqual(self.url_open(url).status_code, 405, (who, suffix))

    @mute_logger("odoo.http")
    def test_post_by_those_who_may_not(self):
        before = self.changes_at_stripe()
        for who, (sees, acts) in PEOPLE.items():
            token = self.come(who)
            for suffix in (*FORMS, *QUESTIONS):
                url = self.address(self.subscription, suffix, token)
                fields = {
                    "count": self.count(),
                    "when": "now",
                    "due": "",
                    "code": "X",
                    "confirm": "1",
                    f"quantity_{self.subscription.item_ids.id}": "9",
                }
                with self.subTest(who=who, suffix=suffix):
                    self.assertEqual(self.post(url, csrf=False, **fields).status_code, 400)
                    if acts:
                        continue
                    answer = self.post(url, **fields)
                    if not sees:
                        self.assertEqual(answer.headers["Location"], "/my")
                    elif answer.status_code == 303:
                        self.assertSays(self.follow(answer), "Only Owner can do this")
            for suffix in PAGES:
                url = self.address(self.subscription, suffix, token)
                self.assertEqual(self.post(url).status_code, 405, (who, suffix))
        self.assertEqual(self.changes_at_stripe(), before)
        self.assertEqual(self.subscription.status, "active")

    @mute_logger("odoo.http")
    def test_ids_of_others(self):
        """One's own login, and the id of what belongs to somebody else."""
        self.sign_in(self.owner)
        before = self.changes_at_stripe()
        for key in (self.foreign.id, 0, 2**31 - 1, 2**63):
            for suffix in (*PAGES, *QUESTIONS, *FORMS):
                url = f"/my/subscriptions/{key}{suffix}?access_token=é"
                with self.subTest(url=url):
                    if suffix not in FORMS:
                        answer = self.url_open(url, allow_redirects=False)
                        self.assertIn(answer.status_code, (303, 404))
                        self.assertIn(answer.headers.get("Location", "/my"), ("/my",))
                    if suffix not in PAGES:
                        answer = self.post(url, count="0", when="now")
                        self.assertIn(answer.status_code, (303, 404))
                        self.assertIn(answer.headers.get("Location", "/my"), ("/my",))
        item = self.foreign.item_ids
        self.assertSays(
            self.get(f"{self.address(self.subscription, '/change', False)}?quantity_{item.id}=7"),
            "Nothing is changed",
        )
        self.assertEqual(self.changes_at_stripe(), before)
        self.assertFalse(self.foreign.stripe_id)

    def test_invoices(self):
        move = self.subscription.move_ids
        token = move._portal_ensure_token()
        for who in ("stranger", "nobody"):
            self.come(who)
            for name in ("pay", "receipt"):
                url = f"/my/subscriptions/{name}/{move.id}"
                for address in (url, f"{url}?access_token=x", f"{url}?access_token=%C3%A9"):
                    answer = self.url_open(address, allow_redirects=False)
                    self.assertEqual(answer.headers["Location"], "/my", address)
                answer = self.url_open(f"{url}?access_token={token}", allow_redirects=False)
                self.assertNotEqual(answer.headers["Location"], "/my")

    def test_who_only_looks_gets_no_key(self):
        """A token in a page would let a colleague act; so would one that the API tells."""
        token = self.subscription.access_token
        self.sign_in(self.colleague)
        for url in ("/my/subscriptions", self.address(self.subscription, token=False)):
            self.assertNotIn(token, self.url_open(url).text)
        _other = self.portal_subscription()
        self.url_open("/my/subscriptions")
        page = self.url_open(self.address(self.subscription, token=False)).text
        self.assertFalse(re.findall(r"/my/subscriptions/\d+\?access_token", page))
        with self.assertRaises(Exception) as caught, mute_logger("odoo.http"):
            self.make_jsonrpc_request(
                "/web/dataset/call_kw",
                {
                    "model": "stripe.subscription",
                    "method": "read",
                    "args": [self.subscription.ids, ["access_token"]],
                    "kwargs": {},
                },
            )
        self.assertIn("access", str(caught.exception).lower())

    def test_settings_of_the_company(self):
        """S1-20"""
        for setting, seen in (("stripe_portal_colleagues", True), ("stripe_portal_show", False)):
            self.company[setting] = False
            for user, sees in ((self.owner, seen), (self.colleague, False)):
                self.sign_in(user)
                answer = self.url_open(
                    self.address(self.subscription, token=False), allow_redirects=False
                )
                self.assertEqual(answer.status_code == 200, sees, (setting, user.login))
                listed = self.url_open("/my/subscriptions").text
                self.assertEqual(f"/my/subscriptions/{self.subscription.id}" in listed, sees)
            self.sign_in(None)
            self.get(self.address(self.subscription))

    def test_no_open_redirects(self):
        self.sign_in(self.owner)
        evil = "https://evil.example"
        names = ("redirect", "return_url", "callback", "next", "url", "success_url", "cancel_url")
        query = dict.fromkeys(names, evil)
        card = {"customer": str(self.subscription.stripe_customer_id.id), "card": "x", **query}
        for url, fields in (
            (self.address(self.subscription, "/cancel", False), {"count": self.count(), **query}),
            (self.address(self.subscription, "/resume", False), {"count": self.count(), **query}),
            ("/my/payment-cards/add", card),
            ("/my/payment-cards/default", card),
            ("/my/payment-cards/remove", card),
            ("/my/billing", {"street": "a", "city": "b", "country_id": "1", **query}),
        ):
            answer = self.post(url, **fields)
            self.assertNotIn("evil.example", answer.headers.get("Location", ""), url)
        for session in self.stripe.checkout.sessions.list().data:
            self.assertNotIn("evil.example", f"{session.success_url}{session.cancel_url}")

    def test_html_in_texts_is_harmless(self):
        """What people type is shown as they typed it, on all pages of the subscription."""
        image = "<img src='x' onerror='alert(1)'>"
        self.subscription.write({"name": image, "description": image, "terms": image})
        self.owner.partner_id.name = image
        self.sign_in(self.owner)
        item = self.subscription.item_ids
        for suffix in ("", "/cancel", f"/change?plan_{item.id}={image}", "/pause", "/discount"):
            page = self.get(self.address(self.subscription, suffix, token=False))
            self.assertFalse(page.xpath("//*[not(self::script)][@onerror]"), suffix)
        self.assertFalse(self.get("/my/payment-cards").xpath("//*[not(self::script)][@onerror]"))
        answer = self.post(
            self.address(self.subscription, "/discount", False), count=self.count(), code=image
        )
        self.assertNotIn("<img src='x'", answer.text)

    def test_staff_look_and_do_not_act(self):
        self.authenticate("admin", "admin")
        page = self.get(self.address(self.subscription))
        self.assertTrue(page.xpath("//a[contains(@href, '/cancel')]"))
        answer = self.post(
            self.address(self.subscription, "/cancel"), count=self.count(), when="now"
        )
        self.assertSays(self.follow(answer), "Only the customer can do this")
        self.assertEqual(self.there(self.subscription)["status"], "active")
