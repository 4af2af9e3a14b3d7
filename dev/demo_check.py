"""``make demo-check``: a browser walks the main job, from the catalogue to the second paid invoice.

Prints one line for each step and takes a picture of it. Ends with 0 only if all held.
"""

import contextlib
import sys
import time
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, expect, sync_playwright

from dev import catalogue, environment, mailbox, paths
from dev.console import say
from dev.instance import Instance, Ports
from dev.processes import Group, free_port

MONTH = 32 * 86400
WAIT_SECONDS = 60
SHOTS = paths.SHOTS / "demo-check"
GOOD, DECLINED, AUTHENTICATED = "4242424242424242", "4000000000000002", "4000000000003220"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


class Check:
    """The walk."""

    def __init__(self, instance: Instance, browser: Browser):
        self.instance = instance
        self.v1 = catalogue.client(instance.sandbox_url).v1
        self.odoo = instance.rpc()
        self.browser = browser
        self.failed = 0
        self.number = 0

    # --- telling

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """One step: what is put into the list is printed with its line."""
        self.number += 1
        facts: list[str] = []
        try:
            yield facts
        except Exception as error:
            self.failed += 1
            text = str(error).strip().splitlines() or [type(error).__name__]
            say(f"✗ {self.number:2}. {name}: {' | '.join(text[:4])}")
            raise
        say(f"✓ {self.number:2}. {name}{': ' if facts else ''}{' · '.join(facts)}")

    def shoot(self, page: Page, name: str) -> None:
        """Take a picture."""
        page.screenshot(path=SHOTS / f"{self.number:02}-{name}.png", full_page=True)

    # --- helpers

    def until(self, what: str, question):
        """Ask until there is an answer."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            answer = question()
            if answer:
                return answer
            time.sleep(0.5)
        raise AssertionError(f"{what}: not within {WAIT_SECONDS} s")

    def read(self, model: str, domain: list, fields: list[str], **more) -> list[dict]:
        """Records of Odoo."""
        return self.odoo.call(model, "search_read", domain, fields, **more)

    def subscription(self, key: int) -> dict:
        """A subscription of Odoo."""
        fields = ["name", "status", "stripe_id", "next_charge_at", "mrr", "sent_at"]
        return self.read("stripe.subscription", [["id", "=", key]], fields)[0]

    def page(self, login: str | None = None, width: int = 1280) -> Page:
        """A fresh browser window, logged in as a user of the demo."""
        context = self.browser.new_context(
            base_url=self.instance.url, viewport={"width": width, "height": 860}
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        if login:
            page.goto("/web/login")
            page.fill("input[name=login]", login)
            page.fill("input[name=password]", login)
            page.click("button[type=submit]")
            page.wait_for_url(lambda url: "/web/login" not in url)
        return page

    def pay(self, page: Page, card: str) -> None:
        """Fill in Checkout's page and press its button."""
        page.fill("[name=cardNumber]", card)
        page.fill("[name=cardExpiry]", "12 / 34")
        page.fill("[name=cardCvc]", "123")
        page.fill("[name=billingName]", "Ada Pilot")
        page.click("[data-testid=hosted-payment-submit-button]")

    def advance(self, clock: str) -> None:
        """Let a month pass on a test clock."""
        now = self.v1.test_helpers.test_clocks.retrieve(clock).frozen_time
        self.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": now + MONTH})
        self.until(
            "test clock ready",
            lambda: self.v1.test_helpers.test_clocks.retrieve(clock).status == "ready",
        )

    def paid_invoices(self, key: int, count: int) -> list[dict]:
        """The posted and paid invoices of a subscription, once there are so many, oldest first."""
        domain = [["stripe_subscription_id", "=", key], ["payment_state", "=", "paid"]]
        fields = ["name", "ref", "amount_total", "state", "stripe_invoice_id", "currency_id"]
        return self.until(
            f"{count} paid invoices",
            lambda: (
                len(found := self.read("account.move", domain, fields, order="id")) >= count
                and found
            ),
        )

    def compare(self, move: dict) -> str:
        """Check an invoice against Stripe's; return it in words."""
        invoice = self.v1.invoices.retrieve(move["stripe_invoice_id"])
        assert move["state"] == "posted"
        assert invoice.status == "paid", invoice.status
        ours = round(move["amount_total"] * 100)
        assert ours == invoice.total, f"{ours} in Odoo, {invoice.total} at Stripe"
        currency = invoice.currency.upper()
        return (
            f"{move['name']} = {invoice.number} ({invoice.id}) {invoice.total / 100:.2f} {currency}"
        )

    # --- steps

    def catalogue(self) -> None:
        """What the product's own buttons brought."""
        with self.step("catalogue fetched") as facts:
            plans = self.odoo.call("stripe.price", "search_count", [])
            at_stripe = len(
                list(self.v1.prices.list({"type": "recurring", "limit": 100}).auto_paging_iter())
            )
            assert plans == at_stripe > 0, f"{plans} plans in Odoo, {at_stripe} at Stripe"
            facts.append(f"{plans} plans")
        with self.step("webhook created") as facts:
            endpoint = self.v1.webhook_endpoints.list().data[0]
            assert endpoint.status == "enabled"
            assert endpoint.url.startswith(self.instance.url)
            facts.append(endpoint.id)

    def provider_page(self) -> str:
        """Put the account on a test clock; return it."""
        clock = self.v1.test_helpers.test_clocks.create({"frozen_time": int(time.time())}).id
        [provider] = self.odoo.call(
            "payment.provider", "search", [["code", "=", "stripe"]], limit=1
        )
        self.odoo.call(
            "payment.provider", "write", [provider], {"stripe_billing_test_clock": clock}
        )
        page = self.page("admin")
        page.goto(f"/odoo/action-stripe_subscriptions.action_stripe_provider/{provider}")
        page.get_by_role("tab", name="Subscriptions").click()
        expect(page.get_by_role("button", name="Update webhook")).to_be_visible()
        page.wait_for_timeout(500)  # the tab fades in
        self.shoot(page, "provider")
        page.context.close()
        return clock

    def make_subscription(self, customer: str, name: str, plan: str, quantity: int = 1) -> int:
        """Fill in the form as an administrator does; return the id of the record."""
        page = self.page("admin")
        page.goto("/odoo/stripe-subscriptions/new")
        page.locator(".o_field_widget[name=name] input, .o_field_widget[name=name] textarea").fill(
            name
        )
        page.locator(".o_field_widget[name=partner_id] input").fill(customer)
        page.locator(".o-autocomplete--dropdown-item", has_text=customer).first.click()
        page.locator(".o_field_widget[name=tax_rate_ids] input").click()
        page.locator(".o-autocomplete--dropdown-item", has_text="Sales tax").first.click()
        page.locator(".o_field_widget[name=item_ids] .o_field_x2many_list_row_add a").click()
        page.locator(".o_field_widget[name=price_id] input").fill(plan)
        page.locator(".o-autocomplete--dropdown-item", has_text=plan).first.click()
        page.locator(".o_field_widget[name=quantity] input").fill(str(quantity))
        page.get_by_role("tab", name="Terms & Conditions").click()
        terms = page.locator(".o_field_widget[name=terms] .odoo-editor-editable")
        terms.click()
        page.keyboard.type("Cancel at any time, at the end of a period.")
        page.locator(".o_form_button_save").click()
        expect(page.locator(".o_form_saved")).to_be_attached()
        self.shoot(page, "form")
        [found] = self.read("stripe.subscription", [["name", "=", name]], ["id"])
        page.locator("button[name=action_send_by_email]:visible").first.click()
        page.locator(".modal .o_mail_send, .modal button[name=action_send_mail]").first.wait_for()
        self.shoot(page, "composer")
        page.locator(".modal .o_mail_send, .modal button[name=action_send_mail]").first.click()
        page.locator(".modal").wait_for(state="hidden")
        page.context.close()
        return found["id"]

    def invitation_link(self, key: int, email: str) -> str:
        """The link of the mail that was sent for a subscription."""
        part = f"/my/subscriptions/{key}"

        def look() -> str | None:
            for _name, mail in mailbox.messages(self.instance.mails):
                if email not in (mail["to"] or ""):
                    continue
                text = mailbox.content(mail).replace("&amp;", "&")
                for piece in text.split('"'):
                    if piece.startswith(self.instance.url) and (
                        part in piece or f"res_id={key}" in piece
                    ):
                        return piece
            return None

        return self.until(f"mail to {email}", look)

    def subscribe(self, link: str, card: str, name: str) -> Page:
        """Open the link of the mail without login and go on to Checkout with a card."""
        page = self.page()
        page.goto(link)
        expect(page.locator("form.o_stripe_subscription_form button")).to_be_visible()
        self.shoot(page, f"{name}-invitation")
        page.locator("form.o_stripe_subscription_form button").click()
        page.wait_for_url("**/pages/checkout/**")
        self.pay(page, card)
        return page

    def walk(self) -> None:
        """All steps in order."""
        self.catalogue()
        clock = self.provider_page()
        self.main_job(clock)
        self.declined()
        self.authenticated()

    def main_job(self, clock: str) -> None:
        """From the form to the second paid invoice and the portal."""
        with self.step("subscription created by the administrator in the browser") as facts:
            key = self.make_subscription("Harbour Lights", "Team plan for the harbour", "Team", 3)
            assert self.subscription(key)["status"] == "draft"
            facts.append(f"record {key}")
        with self.step("mail sent to the primary contact") as facts:
            link = self.invitation_link(key, "ada@harbourlights.example")
            facts.append("ada@harbourlights.example")
        with self.step("customer opened the link and subscribed with 4242… in Checkout") as facts:
            page = self.subscribe(link, GOOD, "customer")
            page.wait_for_url("**/my/subscriptions/**")
            expect(page.locator(".o_stripe_subscription[data-status=active]")).to_be_visible()
            self.shoot(page, "customer-returned")
            page.context.close()
        with self.step("status active") as facts:
            record = self.until(
                "active", lambda: (r := self.subscription(key))["status"] == "active" and r
            )
            assert self.v1.subscriptions.retrieve(record["stripe_id"]).status == "active"
            facts += [record["stripe_id"], f"next charge {record['next_charge_at'][:10]}"]
        with self.step("first invoice posted and paid, total = Stripe's") as facts:
            [first] = self.paid_invoices(key, 1)
            facts.append(self.compare(first))
        with self.step("second invoice after the test clock moved one period") as facts:
            self.advance(clock)
            moves = self.paid_invoices(key, 2)
            assert len(moves) == 2, f"{len(moves)} invoices"
            facts.append(self.compare(moves[1]))
        self.portal(key, [move["name"] for move in moves])

    def portal(self, key: int, names: list[str]) -> None:
        """What the customer sees, at desk and phone width."""
        with self.step("portal list and detail show both") as facts:
            for width in (1280, 390):
                page = self.page("ada", width)
                page.goto("/my/subscriptions")
                expect(page.get_by_text("Team plan for the harbour").first).to_be_visible()
                self.shoot(page, f"portal-list-{width}")
                page.goto(f"/my/subscriptions/{key}")
                for name in names:
                    expect(page.get_by_text(name).first).to_be_visible()
                self.shoot(page, f"portal-detail-{width}")
                page.context.close()
            facts += names

    def declined(self) -> None:
        """A card that is refused changes nothing."""
        with self.step("declining card shows the reason, nothing is subscribed") as facts:
            key = self.make_subscription("Mira Solano", "Refused", "Newsletter")
            link = self.invitation_link(key, "mira@example.com")
            page = self.subscribe(link, DECLINED, "declined")
            alert = page.get_by_role("alert")
            expect(alert).to_contain_text("declined")
            facts.append(alert.inner_text())
            self.shoot(page, "declined")
            page.click("[data-testid=cancel-link]")
            expect(page.locator("form.o_stripe_subscription_form button")).to_be_visible()
            record = self.subscription(key)
            assert (record["status"], record["stripe_id"]) == ("draft", False), record
            page.context.close()

    def authenticated(self) -> None:
        """A card whose bank asks back."""
        with self.step("3-D Secure card completes after authentication") as facts:
            key = self.make_subscription("Mira Solano", "Confirmed by the bank", "Newsletter")
            link = self.invitation_link(key, "mira@example.com")
            page = self.subscribe(link, AUTHENTICATED, "bank")
            page.locator("[data-testid=test-source-authorize-3ds]").wait_for()
            self.shoot(page, "bank")
            page.click("[data-testid=test-source-authorize-3ds]")
            page.wait_for_url("**/my/subscriptions/**")
            record = self.until(
                "active", lambda: (r := self.subscription(key))["status"] == "active" and r
            )
            [move] = self.paid_invoices(key, 1)
            facts += [record["stripe_id"], self.compare(move)]
            page.context.close()


def main() -> int:
    """Run the walk on an instance of its own; 0 if all held."""
    chromium = environment.chromium()
    SHOTS.mkdir(parents=True, exist_ok=True)
    ports = Ports(*(free_port() for _ in range(4)))
    with Group() as group, sync_playwright() as playwright:
        instance = Instance("check", ports, group)
        instance.forget()
        instance = Instance("check", ports, group)
        instance.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        check = Check(instance, browser)
        try:
            check.walk()
        except Exception as error:
            if not check.failed:
                raise
            say(
                f"  ({type(error).__name__}; Odoo's log: {paths.LOGS}/odoo-{instance.database}.log)"
            )
        finally:
            browser.close()
        say(f"\nPictures of each step: {SHOTS}")
        say("All steps held." if not check.failed else "NOT all steps held.")
        return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
