"""Every address that the addon answers, by kind of visitor; a new one that no row is for fails."""

import re

from odoo import http
from odoo.tests import mute_logger, new_test_user

from .portal_common import PortalCommon

OURS = "odoo.addons.stripe_subscriptions."
GROUP = "stripe_subscriptions.group_stripe_subscriptions_"

#: Visitors who have nothing to do with the customer, and their groups; "public" has not logged in.
STRANGERS = {
    "public": None,
    "stranger": "base.group_portal",
    "employee": "base.group_user",
    "foreign": f"{GROUP}manager,base.group_system",
}
#: What they are answered: sent home or to the login, or told that there is nothing for them.
HOME, LOGIN, FORBIDDEN, MISSING = "home", "login", 403, 404
NOTHING = frozenset({HOME, LOGIN, FORBIDDEN, MISSING})

#: Pattern of the address -> answers to each kind of stranger, and to whom it is opened.
ROWS = {
    # A page or form of one subscription, whatever can be done there.
    r"/my/subscriptions/<int:subscription_id>(/[a-z_]+)*": dict.fromkeys(STRANGERS, NOTHING),
    # Of one invoice.
    r"/my/subscriptions/[a-z_]+/<int:move_id>": dict.fromkeys(STRANGERS, NOTHING),
    # What the visitor has of their own, which is nothing: nothing of the customer's is on it.
    r"/my/subscriptions(/page/<int:page>)?": {"public": {LOGIN}}
    | dict.fromkeys(("stranger", "employee", "foreign"), NOTHING | {200}),
    # The visitor's own cards and details.
    r"/my/(payment-cards(/[a-z]+)?|billing)": {"public": {LOGIN}}
    | dict.fromkeys(("stranger", "employee", "foreign"), NOTHING | {200}),
    # The lines that a user may read, which an administrator of another company may: its own.
    r"/stripe_subscriptions/proof\.xlsx": {
        "public": {LOGIN},
        "stranger": {FORBIDDEN},
        "employee": {FORBIDDEN},
        "foreign": {200},
    },
    # Only who knows key and secret gets further.
    r"/stripe_subscriptions/webhook/<string:key>": dict.fromkeys(STRANGERS, frozenset({MISSING})),
}


class TestRoutes(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        elsewhere = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.users = {}
        for kind, groups in STRANGERS.items():
            if groups:
                company = elsewhere if kind == "foreign" else cls.env.company
                cls.users[kind] = new_test_user(
                    cls.env,
                    f"route_{kind}",
                    groups=groups,
                    company_id=company.id,
                    company_ids=[(6, 0, company.ids)],
                )
        cls.active = cls._new_active("Team for Acme, running", "sub_running")
        cls.move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.company_partner.id,
                "stripe_subscription_id": cls.active.id,
                "invoice_line_ids": [(0, 0, {"name": "Seat", "price_unit": 20})],
            }
        )
        cls.move.action_post()

    def routes(self):
        """The addresses of the addon with their methods."""
        model = self.env["ir.http"]
        installed = sorted(self.env.registry._init_modules)
        for route, endpoint in model._generate_routing_rules(installed, model._get_converters()):
            if endpoint.func.__module__.startswith(OURS):
                methods = set(endpoint.routing["methods"] or {"GET", "POST"})
                yield route, sorted(methods - {"HEAD", "OPTIONS"})

    def row(self, route):
        """The answers of the one row that an address has."""
        found = [row for pattern, row in ROWS.items() if re.fullmatch(pattern, route)]
        self.assertEqual(len(found), 1, f"{route}: who may open it? See ROWS")
        return found[0]

    def answer(self, route, method, token=""):
        """Visit an address about the customer's records."""
        values = {"subscription_id": self.active.id, "move_id": self.move.id, "page": 1}
        url = re.sub(r"<\w+:(\w+)>", lambda m: str(values.get(m[1], "1")), route) + token
        data = {"csrf_token": http.Request.csrf_token(self)} if method == "POST" else None
        response = self.url_open(url, data=data, allow_redirects=False)
        target = response.headers.get("Location", "")
        if target.endswith("/my"):
            return HOME, response
        return (LOGIN if "/web/login" in target else response.status_code), response

    def test_each_route_has_a_row(self):
        routes = dict(self.routes())
        self.assertGreater(len(routes), 6)
        for route in routes:
            with self.subTest(route):
                self.row(route)

    @mute_logger("odoo.http", "odoo.addons.stripe_subscriptions.controllers.portal")
    def test_strangers(self):
        before = self.active.read()[0]
        for kind in STRANGERS:
            self.authenticate(
                *([self.users[kind].login] * 2 if kind in self.users else (None, None))
            )
            for route, methods in self.routes():
                for method in methods:
                    with self.subTest(kind=kind, route=route, method=method):
                        outcome, response = self.answer(route, method)
                        self.assertIn(outcome, self.row(route)[kind])
                        self.assertNotIn("Team for Acme", response.text)
        self.assertFalse(self.stripe.calls, "nothing was asked or done at Stripe")
        self.env.invalidate_all()
        self.assertEqual(self.active.read()[0], before)

    def test_who_is_let_in(self):
        """The same addresses open for those whom they are for."""
        page = "/my/subscriptions/<int:subscription_id>"
        for user in (self.owner, self.colleague):
            self.authenticate(user.login, user.login)
            for route in ("/my/subscriptions", page):
                outcome, response = self.answer(route, "GET")
                self.assertEqual(outcome, 200)
                self.assertIn("Team for Acme, running", response.text)
        self.authenticate(None, None)
        outcome, response = self.answer(page, "GET", f"?access_token={self.active.access_token}")
        self.assertEqual(outcome, 200)
        self.assertIn("Team for Acme, running", response.text)
        for groups, expected in (
            (f"{GROUP}user_all", 200),
            ("account.group_account_readonly", 200),
            (f"{GROUP}user", 403),
        ):
            user = new_test_user(self.env, f"reader_{groups}", groups=groups)
            self.authenticate(user.login, user.login)
            outcome, _response = self.answer("/stripe_subscriptions/proof.xlsx", "GET")
            self.assertEqual(outcome, expected, groups)
