"""Tests of the portal against a stand-in for Stripe: people with logins, pages, and forms that are sent."""

from lxml import html
from odoo import http
from odoo.tests import HttpCase, new_test_user

from tests.addon.acting_common import ActingCommon
from tests.addon.controllers.pages_common import PagesCommon


class PortalSandbox(PagesCommon, ActingCommon, HttpCase):
    """A customer with a primary contact, a colleague and a stranger, and what they see and press."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls._login("owner", cls.partner)
        cls.colleague = cls._login("colleague", cls.partner)
        cls.stranger = cls._login("stranger", cls.env["res.partner"])
        cls.partner.stripe_primary_contact_id = cls.owner.partner_id
        cls.company.write(
            {
                "stripe_portal_change_plan": True,
                "stripe_portal_change_quantity": True,
                "stripe_portal_pause": True,
            }
        )

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    @classmethod
    def _login(cls, login, company):
        user = new_test_user(cls.env, f"{login}@buyer.example", groups="base.group_portal")
        user.partner_id.write({"parent_id": company.id, "name": login.title()})
        return user

    def sign_in(self, user):
        self.authenticate(user and user.login, user and user.login)

    @classmethod
    def portal_subscription(cls, **values):
        """A running subscription, without the rights of staff."""
        return cls.make_subscription(**values).sudo()

    # === PAGES === #

    def address(self, subscription, suffix="", token=True):
        """An address of a subscription; with its token, another one, or none."""
        url = f"/my/subscriptions/{subscription.id}{suffix}"
        token = subscription.access_token if token is True else token
        return f"{url}?access_token={token}" if token else url

    def get(self, url):
        """A page: its answer and its body."""
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200, url)
        return html.fromstring(response.text)

    def fields_of(self, page, selector="//form[contains(@class, 'o_stripe_once')]"):
        """What the first form of a kind would send; radio buttons and lists as they are chosen."""
        form = page.xpath(selector)[0]
        fields = dict(form.form_values())
        for field in form.xpath(".//input[@type='radio'][@checked]"):
            fields[field.get("name")] = field.get("value")
        return form.get("action"), fields

    def post(self, url, /, csrf=True, **fields):
        """Send a form; redirects are not followed."""
        if csrf:
            fields["csrf_token"] = http.Request.csrf_token(self)
        return self.url_open(url, data=fields or {"x": "y"}, allow_redirects=False)

    def send(self, page, selector="//form[contains(@class, 'o_stripe_once')]", **fields):
        """Press the button of a form on a page, and return the page that follows."""
        url, found = self.fields_of(page, selector)
        response = self.post(url, **{**found, **fields})
        self.assertEqual(response.status_code, 303, response.text[:300])
        return self.follow(response)

    def follow(self, response):
        return self.get(response.headers["Location"])

    def text(self, page):
        """What a page says, with single blanks."""
        [wrap] = page.xpath("//*[@id='wrap']")
        return " ".join(wrap.text_content().replace("\xa0", " ").split())

    def assertSays(self, page, *texts):
        shown = self.text(page)
        for text in texts:
            self.assertIn(text, shown)

    def changes_at_stripe(self):
        """Requests that changed something, by their idempotency keys."""
        return set(self.account.idempotency.dump())
