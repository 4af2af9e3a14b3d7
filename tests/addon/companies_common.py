"""Companies, branches and Stripe accounts for tests."""

import uuid

from tests.addon import stripe_objects
from tests.addon.common import WEBHOOK_SECRET, StripeCommon


class CompaniesCommon(StripeCommon):
    """A second company in another currency, and whatever accounts a test makes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.eur = cls.env.ref("base.EUR")
        cls.eur.active = True
        cls.other = cls.make_company("Other GmbH", cls.eur)
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": [cls.company.id, cls.other.id]}
        )
        cls.provider = cls.provider.with_env(cls.env)
        cls.second = cls.make_provider(cls.other)
        cls.partner = cls.env["res.partner"].create({"name": "Buyer of Both"})

    @classmethod
    def make_company(cls, name, currency):
        """A company with a chart of accounts of its own."""
        company = cls.env["res.company"].create({"name": name})
        company.partner_id.tz = "Pacific/Auckland"
        cls.env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        # The chart of accounts brings the dollar.
        company.currency_id = currency
        pricelists = cls.env["product.pricelist"].search([("company_id", "=", company.id)])
        pricelists.currency_id = currency
        return company

    @classmethod
    def make_branch(cls, name, parent=None):
        """A branch, which shares the chart of accounts of its company."""
        branch = cls.env["res.company"].create(
            {"name": name, "parent_id": (parent or cls.company).id}
        )
        cls.env.cr.precommit.run()
        return branch

    @classmethod
    def make_provider(cls, company, name="Stripe", **values):
        """A Stripe account in test mode."""
        provider = cls.env["payment.provider"].search(
            [
                ("code", "=", "stripe"),
                ("company_id", "=", company.id),
                ("state", "=", "disabled"),
            ],
            limit=1,
        )
        values = {
            "name": name,
            "state": "test",
            "stripe_secret_key": f"sk_test_{uuid.uuid4().hex}",
            "stripe_publishable_key": "pk_test_sandbox",
            "stripe_billing_webhook_secret": f"{WEBHOOK_SECRET}_{name}",
            "stripe_billing_user_id": cls.env.ref("base.user_admin").id,
            **values,
        }
        if provider:
            provider.write(values)
            return provider
        return provider.create({"code": "stripe", "company_id": company.id, **values})

    def link(self, provider, partner, key):
        """Link a partner with a customer of an account."""
        return (
            self.env["stripe.customer"]
            .with_context(stripe_customer_partners={key: partner.id})
            ._stripe_apply(provider, [{"id": key, "object": "customer", "livemode": False}])
        )

    def write(self, provider, *objects):
        """Give objects to their writers, as a lane does."""
        return provider._stripe_write({(obj["object"], obj["id"]): obj for obj in objects})

    def find(self, model, provider, **values):
        """The records of an account with the given values."""
        name = "stripe_provider_id" if "stripe_provider_id" in self.env[model] else "provider_id"
        domain = [(field, "=", value) for field, value in values.items()]
        return self.env[model].search([(name, "=", provider.id), *domain])

    def balance(self, provider, role):
        """What is on an account of a provider, in the currency of its company."""
        account = provider._stripe_billing_account(role)
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return round(sum(lines.mapped("balance")), 2)

    def subscription_object(self, customer, price, **values):
        """A Stripe subscription to one plan."""
        return stripe_objects.subscription(customer, [(price, 1)], **values)
