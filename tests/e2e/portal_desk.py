"""What customers have at their screens: invitations, pages, and a look for barriers on each."""

import pathlib
from typing import Any

from playwright.sync_api import Page

from dev import node
from tests.e2e.desk import Desk

GOOD = "4242424242424242"
# Made by Odoo on every page, not by us: the button that changes the language.
NOT_OURS = [".js_language_selector"]


class Portal:
    """A company whose contact Ada has a login, and what it was invited to."""

    def __init__(self, desk: Desk):
        self.desk = desk
        self.axe = pathlib.Path(node.axe()).read_text()
        [self.partner] = self._ids("res.partner", name="Harbour Lights Ltd")
        [self.ada] = self._ids("res.partner", name="Ada Pilot")
        [self.company, *_others] = desk.odoo.call("res.company", "search", [], order="id")
        desk.odoo.call(
            "res.partner", "write", [self.partner], {"stripe_primary_contact_id": self.ada}
        )
        desk.odoo.call(
            "res.company",
            "write",
            [self.company],
            {
                "stripe_portal_change_plan": True,
                "stripe_portal_change_quantity": True,
                "stripe_portal_pause": True,
                "stripe_portal_billing": True,
            },
        )

    def _ids(self, model: str, **equals: Any) -> list[int]:
        domain = [[name, "=", value] for name, value in equals.items()]
        return self.desk.odoo.call(model, "search", domain)

    def invite(self, name: str, **values: Any) -> int:
        """A subscription that Ada was invited to: five seats at 20.00 dollars a month, and tax."""
        [price] = self._ids("stripe.price", stripe_id=self.desk.price())
        rates = self._ids("stripe.tax.rate", name="Sales tax")
        record = {
            "name": name,
            "partner_id": self.partner,
            "contact_id": self.ada,
            "description": "All that your crew needs.",
            "terms": "<p>Until canceled. <a href='https://example.com'>Our terms</a>.</p>",
            "item_ids": [(0, 0, {"price_id": price, "quantity": 5})],
            "tax_rate_ids": [(6, 0, rates)],
            **values,
        }
        [key] = self.desk.odoo.call("stripe.subscription", "create", [record])
        self.desk.odoo.call(
            "stripe.subscription",
            "message_post",
            [key],
            body="You are invited.",
            context={"mark_subscription_as_sent": True},
        )
        return key

    def newest(self, status: str) -> list[int]:
        """The latest subscription of Ada's company with a status; none or one."""
        domain = [["partner_id", "=", self.partner], ["status", "=", status]]
        return self.desk.odoo.call(
            "stripe.subscription", "search", domain, order="id desc", limit=1
        )

    def link(self, key: int) -> str:
        """The address in the mail of an invitation."""
        [record] = self.read(key, "access_token")
        return f"/my/subscriptions/{key}?access_token={record['access_token']}"

    def read(self, key: int, *fields: str) -> list[dict]:
        """A subscription."""
        return self.desk.read("stripe.subscription", [["id", "=", key]], *fields)

    def at_stripe(self, name: str) -> list[Any]:
        """The subscriptions of the company at Stripe that were made for a record of a name."""
        keys = {str(key) for key in self._ids("stripe.subscription", name=name)}
        found = self.desk.stripe.subscriptions.list({"status": "all", "limit": 100}).data
        return [one for one in found if one.metadata.to_dict().get("odoo_subscription_id") in keys]

    def attach(self, card: str) -> str:
        """Give the company a card at Stripe; returns its id."""
        [link] = self.desk.read("stripe.customer", [["partner_id", "=", self.partner]], "stripe_id")
        return self.desk.stripe.payment_methods.attach(card, {"customer": link["stripe_id"]}).id

    def visitor(self, width: int, **options: Any) -> Page:
        """A fresh window of somebody who is not signed in."""
        context = self.desk.browser.new_context(
            base_url=self.desk.instance.url, viewport={"width": width, "height": 850}, **options
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.desk.faults.append(str(error)))
        return page

    def pay(self, page: Page, card: str = GOOD) -> None:
        """Fill in Stripe's payment page and press its button."""
        page.fill("[name=cardNumber]", card)
        page.fill("[name=cardExpiry]", "12 / 34")
        page.fill("[name=cardCvc]", "123")
        page.fill("[name=billingName]", "Ada Pilot")
        page.click("[data-testid=hosted-payment-submit-button]")

    def debtor(self, name: str, company: str) -> int:
        """A subscription at 19.00 euros a month to which the contact of another company was invited."""
        self.desk.sandbox("payment_methods", types=["sepa_debit"])
        partner = self.desk.shop.contact(company, "Jonas Deich")
        [contact] = self._ids("res.partner", parent_id=partner)
        [price] = self.desk.odoo.call(
            "stripe.price",
            "search",
            [
                ["currency_id.name", "=", "EUR"],
                ["unit_amount", "=", 19],
                ["interval", "=", "month"],
            ],
            limit=1,
        )
        [euro] = self._ids("res.currency", name="EUR")
        return self.invite(
            name,
            partner_id=partner,
            contact_id=contact,
            currency_id=euro,
            item_ids=[(0, 0, {"price_id": price, "quantity": 1})],
            tax_rate_ids=[],
            terms=False,
        )

    def look(self, page: Page, name: str, caption: str = "", *, show: bool = False) -> None:
        """Take a picture; nothing scrolls sideways, and there is no serious barrier.

        ``show``: see `Gallery.take`.
        """
        self.desk.gallery.take(page, f"portal-{name}", caption or f"Portal: {name}", show=show)
        page.evaluate(self.axe)
        result = page.evaluate(
            "hidden => axe.run({exclude: hidden}, {resultTypes: ['violations']})", NOT_OURS
        )
        serious = [
            (found["id"], [element["html"][:200] for element in found["nodes"]])
            for found in result["violations"]
            if found["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{name}: {serious}"
