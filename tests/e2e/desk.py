"""A running product as people at their desks see it: a browser, and both sides to look behind it."""

from __future__ import annotations

import email
import email.policy
import json
import time
import urllib.request
from email.message import EmailMessage
from functools import cache, cached_property
from typing import Any

from playwright.sync_api import Browser, Page

from dev import catalogue, mailbox
from dev.instance import Instance
from tests.e2e.client import Ask, Client
from tests.e2e.gallery import DESK, HEIGHT, PHONE, Gallery
from tests.e2e.shop import Shop, Subscribed

WAIT_SECONDS = 90


class Desk:
    """What tests do with a running product."""

    def __init__(self, instance: Instance, browser: Browser):
        self.instance = instance
        self.browser = browser
        self.odoo = instance.rpc()
        self.stripe = catalogue.client(instance.sandbox_url).v1
        self.faults: list[str] = []
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.arrived: dict[str, EmailMessage] = {}
        self.shop = Shop(self)
        self.gallery = Gallery()

    # --- the browser

    @property
    def wide(self) -> Client:
        """The administrator's web client on a desk."""
        return self.client("admin", DESK)

    @property
    def narrow(self) -> Client:
        """The same on a phone."""
        return self.client("admin", PHONE)

    @cache  # noqa: B019  there is one desk, until the end
    def client(self, login: str, width: int) -> Client:
        """A user's web client, kept open for all tests."""
        return Client(self.page(login, width))

    def show(
        self, name: str, caption: str, do: Ask, *, show: bool | int = False, login: str = "admin"
    ) -> Client:
        """Do something on a phone and on a desk, with a picture of each; returns that of the desk.

        Only on a desk where no pictures are wanted, which is half the time.
        """
        for width in (PHONE, DESK) if self.gallery.wanted else (DESK,):
            client = self.client(login, width)
            do(client)
            self.gallery.take(client.page, name, caption, show=show)
        return client

    @cached_property
    def readers(self) -> list[Page]:
        """Windows in which mails are read, on a phone and on a desk."""
        return [self.visit("about:blank", width) for width in (PHONE, DESK)]

    def show_mail(
        self, mail: EmailMessage, name: str, caption: str, *, show: bool | int = False
    ) -> str:
        """Pictures of a mail as a browser shows it, and its text."""
        for page in self.readers:
            page.set_content(mailbox.content(mail))
            self.gallery.take(page, name, caption, show=show)
        return self.readers[0].locator("body").inner_text()

    def question(
        self, one: Subscribed, name: str, caption: str, ask: Ask, *, show: bool | int = False
    ) -> Client:
        """Ask something on the form of a subscription, on a phone without answering.

        Returns the desk's window, where the dialog waits for its answer.
        """

        def do(client: Client) -> None:
            client.form(one.id)
            ask(client)

        client = self.show(name, caption, do, show=show)
        if self.gallery.wanted:
            self.narrow.discard()
        return client

    def page(self, login: str, width: int) -> Page:
        """A fresh window in which a user is logged in; their passwords are their logins."""
        context = self.browser.new_context(
            base_url=self.instance.url, viewport={"width": width, "height": HEIGHT}
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto("/web/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", login)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/web/login" not in url)
        return page

    def visit(self, address: str, width: int) -> Page:
        """A fresh window without a login on a page of any server."""
        context = self.browser.new_context(viewport={"width": width, "height": HEIGHT})
        # Pictures from elsewhere, as mails have them, are not waited for.
        context.route(
            lambda url: "//127.0.0.1:" not in url and not url.startswith("data:"),
            lambda route: route.abort(),
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(address)
        return page

    def close(self, page: Page) -> None:
        """Close a window, which has had no error and did not scroll sideways."""
        width = page.viewport_size["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.context.close()
        assert self.faults == []

    # --- behind it

    def read(self, model: str, domain: list, *fields: str) -> list[dict]:
        """Records of Odoo, the oldest first."""
        return self.odoo.call(model, "search_read", domain, list(fields), order="id")

    def sandbox(self, call: str, **values: Any) -> Any:
        """What is done at Stripe's Dashboard, or by the passing of time."""
        body = json.dumps(values).encode()
        request = urllib.request.Request(
            f"{self.instance.sandbox_url}/_sandbox/{call}",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        with self.opener.open(request, timeout=60) as answer:
            return json.load(answer)

    def mails(self) -> list[tuple[str, EmailMessage]]:
        """Name and content of all mails that have arrived, the latest first; each is parsed once."""
        for file in self.instance.mails.glob("*.eml"):
            if file.name not in self.arrived:
                self.arrived[file.name] = email.message_from_bytes(
                    file.read_bytes(), policy=email.policy.default
                )
        return sorted(self.arrived.items(), reverse=True)

    def until(self, what: str, question: Any) -> Any:
        """Ask until there is an answer."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            if answer := question():
                return answer
            time.sleep(0.3)
        raise AssertionError(f"{what}: not within {WAIT_SECONDS} s")

    def invoice(self, stripe_id: str) -> dict:
        """The document of a Stripe invoice, once it is posted and paid."""
        domain = [["stripe_invoice_id", "=", stripe_id], ["payment_state", "=", "paid"]]
        fields = ("name", "amount_total", "amount_tax")
        return self.until("paid invoice", lambda: self.read("account.move", domain, *fields))[0]

    def customer(self, name: str) -> Any:
        """A customer at Stripe with a card, who is a contact in Odoo."""
        [partner] = self.odoo.call("res.partner", "create", [{"name": name, "is_company": True}])
        return self.stripe.customers.create(
            {
                "name": name,
                "payment_method": "pm_card_visa",
                "invoice_settings": {"default_payment_method": "pm_card_visa"},
                "metadata": {
                    "odoo_partner_id": str(partner),
                    "odoo_database": self.odoo.call(
                        "ir.config_parameter", "get_param", "database.uuid"
                    ),
                },
            }
        )

    def price(self) -> str:
        """A plan at 20.00 dollars a month."""
        prices = self.stripe.prices.list({"limit": 100, "type": "recurring"}).data
        return next(
            price.id
            for price in prices
            if (price.currency, price.unit_amount, price.recurring.interval)
            == ("usd", 2000, "month")
        )

    def subscribe(self, customer: Any, quantity: int, **values: Any) -> Any:
        """An active subscription with its first invoice, which is paid."""
        return self.stripe.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": self.price(), "quantity": quantity}],
                **values,
            }
        )
