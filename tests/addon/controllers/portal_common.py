"""What the tests of the portal share: a customer with people, plans, and a Stripe of their own."""

from unittest.mock import patch

from lxml import html
from odoo import Command, fields, http
from odoo.addons.account.tests.common import AccountTestInvoicingHttpCommon
from odoo.addons.stripe_subscriptions.models.payment_provider import PaymentProvider
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError, StripeNotFound
from odoo.tests import new_test_user

from tests.addon.controllers.pages_common import PagesCommon

CHECKOUT_URL = "https://checkout.stripe.com/c/pay/cs_test_1"
SYNC = {"stripe_sync": True}


class FakeGateway:
    """Stands where `stripe_gateway.StripeGateway` does: answers from `objects`, records calls."""

    def __init__(self, error=None):
        """Make it.

        :param StripeGatewayError error: What every request raises, None when they work.
        """
        self.objects = {}
        self.calls = []
        self.error = error

    def call(self, service, method, *ids, params=None, idempotency_key=None):
        if self.error:
            raise self.error
        self.calls.append((service, method, params))
        if (service, method) == ("customers", "create"):
            customer = {"id": "cus_1", "object": "customer", "livemode": False, **params}
            self.objects["customer", "cus_1"] = customer
            return customer
        if (service, method) == ("checkout.sessions", "create"):
            session = {
                "id": "cs_test_1",
                "object": "checkout.session",
                "status": "open",
                "livemode": False,
                "url": CHECKOUT_URL,
                **params,
            }
            self.objects["checkout.session", "cs_test_1"] = session
            return session
        if (service, method) == ("invoices", "create_preview"):
            return self._preview(params)
        raise AssertionError(f"unexpected request: {service}.{method}")

    def _preview(self, params):
        """The first invoice of the one plan there is, at 20.00."""
        items = params["subscription_details"]["items"]
        amount = sum(2000 * item.get("quantity", 0) for item in items)
        line = {"amount": amount, "description": "Team workspace", "period": {}}
        return {
            "currency": "usd",
            "lines": {"data": [line], "has_more": False},
            **dict.fromkeys(("subtotal", "total", "amount_due"), amount),
        }

    def page(self, service, *ids, params=None, after=None):
        """A customer has no cards here."""
        if self.error:
            raise self.error
        assert service == "customers.payment_methods", service
        return [], None

    def retrieve(self, service, object_id, expand=()):
        answer = self.retrieve_many([(service.removesuffix("s"), object_id)]).popitem()[1]
        if isinstance(answer, StripeGatewayError):
            raise answer
        return answer

    def retrieve_many(self, requests):
        missing = StripeNotFound("No such object")
        return {request: self.error or self.objects.get(request, missing) for request in requests}


class PortalCommon(PagesCommon, AccountTestInvoicingHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What the records are is the point here, not who may make them.
        cls.env = cls.env(su=True)
        cls.env.company.partner_id.tz = "Europe/Brussels"
        cls.provider = cls.env.ref("payment.payment_provider_stripe").copy(
            {
                "company_id": cls.env.company.id,
                "state": "test",
                "stripe_publishable_key": "pk_test_x",
                "stripe_secret_key": "sk_test_x",
            }
        )
        cls.company_partner = cls.env["res.partner"].create(
            {"name": "Acme", "is_company": True, "email": "info@acme.example"}
        )
        cls.owner = cls._new_customer("owner", cls.company_partner)
        cls.colleague = cls._new_customer("colleague", cls.company_partner)
        cls.stranger = cls._new_customer("stranger", cls.env["res.partner"])
        cls.price = cls.env["stripe.price"].create(
            {
                "name": "Team workspace",
                "provider_id": cls.provider.id,
                "stripe_id": "price_1",
                "stripe_product": "prod_1",
                "stripe_data": {},
                "currency_id": cls.env.company.currency_id.id,
                "unit_amount": 20,
                "billing_scheme": "per_unit",
                "usage_type": "licensed",
                "interval": "month",
            }
        )
        cls.draft = cls._new_subscription("Team for Acme")

    def setUp(self):
        super().setUp()
        self.stripe = FakeGateway()
        patcher = patch.object(PaymentProvider, "_stripe_client", lambda _provider: self.stripe)
        self.startPatcher(patcher)
        self.authenticate(None, None)

    @classmethod
    def _new_customer(cls, login, company):
        user = new_test_user(cls.env, f"{login}@example.com", groups="base.group_portal")
        user.partner_id.write({"parent_id": company.id, "name": login.title()})
        return user

    @classmethod
    def _new_subscription(cls, name, quantity=3, **values):
        return cls.env["stripe.subscription"].create(
            {
                "name": name,
                "partner_id": cls.company_partner.id,
                "contact_id": cls.owner.partner_id.id,
                "provider_id": cls.provider.id,
                "sent_at": fields.Datetime.now(),
                "item_ids": [Command.create({"price_id": cls.price.id, "quantity": quantity})],
                **values,
            }
        )

    @classmethod
    def _new_active(cls, name, stripe_id, **values):
        subscription = cls._new_subscription(name)
        subscription.with_context(**SYNC).write(
            {
                "stripe_id": stripe_id,
                "status": "active",
                "stripe_status": "active",
                "current_period_end": "2031-03-14 23:30:00",
                **values,
            }
        )
        return subscription

    def _complete_checkout(self):
        """Let the customer finish the payment page."""
        session = self.stripe.objects["checkout.session", "cs_test_1"]
        session.update(status="complete", subscription="sub_1", invoice=None)
        self.stripe.objects["subscription", "sub_1"] = {
            "id": "sub_1",
            "object": "subscription",
            "customer": "cus_1",
            "status": "active",
            "livemode": False,
            "currency": self.env.company.currency_id.name.lower(),
            "metadata": session["metadata"],
            "start_date": 1_900_000_000,
            "billing_cycle_anchor": 1_900_000_000,
            "cancel_at_period_end": False,
            "default_tax_rates": [],
            "discounts": [],
            "items": {
                "data": [
                    {
                        "id": "si_1",
                        "price": {"id": "price_1"},
                        "quantity": 3,
                        "current_period_start": 1_900_000_000,
                        "current_period_end": 1_902_592_000,
                    }
                ]
            },
        }

    # === REQUESTS === #

    def _url(self, subscription, suffix="", token=True):
        """Return an address of a subscription; `token` is True for its own, False for none."""
        url = f"/my/subscriptions/{subscription.id}{suffix}"
        if token:
            url += f"?access_token={subscription.access_token if token is True else token}"
        return url

    def _get(self, url, **kwargs):
        """Open a page.

        :return: The answer and its parsed body.
        """
        response = self.url_open(url, **kwargs)
        return response, html.fromstring(response.text)

    def _subscribe(self, subscription, token=True, csrf=True):
        """Press the button, without following the redirect."""
        return self.url_open(
            self._url(subscription, "/subscribe", token),
            data={"csrf_token": http.Request.csrf_token(self)} if csrf else {"x": "y"},
            allow_redirects=False,
        )

    def assertRedirectsHome(self, response):
        self.assertEqual(response.status_code, 303)
        self.assertEqual(response.headers["Location"], "/my")

    def assertSays(self, page, *texts):
        """Check that a page shows texts, whatever white space is between their words."""
        shown = " ".join(page.text_content().split())
        for text in texts:
            self.assertIn(text, shown)
