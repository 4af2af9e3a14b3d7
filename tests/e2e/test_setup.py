"""From nothing to the first subscription: the guided set-up and the settings of a new company."""

import pytest
from playwright.sync_api import expect

from dev import catalogue

LOGIN = "nina"
COMPANY = "Harbour Software"
STEPS = 5
GROUPS = [
    "base.group_system",
    "account.group_account_manager",
    "stripe_subscriptions.group_stripe_subscriptions_manager",
]
SWITCHES = (
    *("show", "colleagues", "resume", "change_plan", "change_quantity", "pause", "billing"),
)


@pytest.fixture(scope="module")
def company(desk):
    """A company without a chart of accounts and without keys, and a person who is to set it up."""
    odoo = desk.odoo
    [company] = odoo.call("res.company", "create", [{"name": COMPANY}])
    # Who makes a company gets it too, and with it everywhere the choice of one.
    [admin] = odoo.call("res.users", "search", [["login", "=", "admin"]])
    odoo.call("res.users", "write", [admin], {"company_ids": [[3, company]]})
    groups = [
        odoo.call("ir.model.data", "check_object_reference", *name.split("."))[1] for name in GROUPS
    ]
    person = {
        "name": "Nina Harbour",
        "login": LOGIN,
        "password": LOGIN,
        "email": "nina@harbour.example",
        "company_id": company,
        "company_ids": [[6, 0, [company]]],
        "group_ids": [[4, group] for group in groups],
    }
    odoo.call("res.users", "create", [person], context={"no_reset_password": True})
    return company


class SetUp:
    """What a person does on the page of the set-up."""

    def __init__(self, desk):
        self.desk = desk

    def open(self, client):
        client.open("stripe-setup")
        expect(client.page.locator(".o_form_view h1")).to_have_text("Set-Up")

    def show(self, name, caption, **options):
        self.client = self.desk.show(f"setup-{name}", caption, self.open, login=LOGIN, **options)
        return self.client

    @property
    def form(self):
        return self.client.page.locator(".o_action_manager .o_form_view")

    def step(self, number):
        """One of the steps."""
        return self.form.locator(".o_stripe_step", has_text=f"{number}. ")

    def press(self, label):
        self.form.get_by_role("button", name=label, exact=True).click()

    def show_tax_rates(self):
        """The tax rates, with what fits to each."""

        def look(client):
            if client.is_phone:
                self.open(client)
                client.page.get_by_role("button", name="Map tax rates", exact=True).click()
            expect(client.list_rows()).to_have_count(3)

        self.desk.show("setup-tax-rates", "Tax rates, and what is suggested", look, login=LOGIN)

    def back(self):
        """Go back from where a step has led."""
        self.client.page.locator(".breadcrumb-item", has_text="Set-Up").click()
        expect(self.form.locator("h1")).to_have_text("Set-Up")

    def enter(self, **values):
        for name, value in values.items():
            self.form.locator(f"[name={name}] input").fill(value)

    def check(self, *done):
        """Which steps are done, and no other."""
        expect(self.form.locator("[name=done_count]")).to_have_text(str(len(done)))
        for number in range(1, STEPS + 1):
            mark = self.step(number).get_by_title("Done" if number in done else "To do")
            expect(mark).to_be_visible()

    def refused(self, text):
        """What was done was refused with these words."""
        dialog = self.client.dialog
        expect(dialog).to_contain_text(text)
        dialog.get_by_role("button", name="Close", exact=True).last.click()


def test_set_up(desk, company):
    """Keys, connection, plans and tax rates, taxes, accounts, webhook: each step says what is missing."""
    stripe = catalogue.client(desk.instance.sandbox_url, catalogue.EMPTY_KEY).v1
    pair = {"publishable_key": "pk_test_sandbox01", "secret_key": catalogue.EMPTY_KEY}
    set_up = SetUp(desk)
    page = set_up.show("start", "The set-up of a company that has nothing yet", show=True).page
    set_up.check()
    buttons = set_up.form.locator(".o_stripe_step button[name^=action_]")
    expect(buttons.filter(visible=True)).to_have_text(["Connect", "Choose a chart of accounts"])

    # 1. The keys
    set_up.enter(publishable_key=pair["publishable_key"], secret_key="4711")
    set_up.press("Connect")
    set_up.refused("The secret key begins with sk_test_")
    set_up.enter(secret_key="sk_test_of_nobody")
    set_up.press("Connect")
    set_up.refused("Invalid API Key")
    set_up.enter(**pair)
    set_up.press("Connect")
    set_up.check(1)
    expect(set_up.step(1)).to_contain_text("Test Mode")
    expect(set_up.step(2)).to_contain_text("no recurring price yet")

    # 2. Plans and tax rates
    catalogue.create(desk.instance.sandbox_url, catalogue.EMPTY_KEY)
    set_up.press("Fetch again")
    set_up.check(1, 2)
    expect(set_up.step(2)).to_contain_text("13 plans and 3 tax rates")
    set_up.press("See the plans")
    expect(page.locator("tr.o_data_row")).to_have_count(13)
    set_up.back()
    set_up.show("half-way", "Two steps of the set-up are done")

    # 3. Accounts
    set_up.press("Choose a chart of accounts")
    settings = page.locator(".o_form_view")
    set_up.client.select("chart_template", "Generic Chart of Accounts", settings)
    set_up.client.save_settings()
    set_up.show("accounts", "The chart of accounts is there")
    set_up.press("Make the journal")
    set_up.check(1, 2, 3)
    set_up.press("Choose accounts")
    expect(page.locator(".o_notebook")).to_be_visible()
    set_up.back()

    # 4. Taxes
    expect(set_up.step(4)).to_contain_text("3 tax rates are not mapped yet")
    set_up.press("Map tax rates")

    expect(page.locator("tr.o_data_row")).to_have_count(3)
    set_up.show_tax_rates()
    rows = page.locator("tr.o_data_row")
    rows.filter(has_text="Sales tax 15%").get_by_role("button", name="Accept").click()
    expect(rows.locator("[name=tax_id]", has_text="15%")).to_have_count(1)
    for rate in ("GST 10%", "VAT 20%"):
        rows.filter(has_text=rate).get_by_role("button", name="Create").click()
        expect(page.locator(".o_notification", has_text=rate)).to_be_visible()
    set_up.back()
    set_up.check(1, 2, 3, 4)

    # 5. The webhook
    set_up.press("Create the webhook")
    set_up.check(*range(1, STEPS + 1))
    [endpoint] = stripe.webhook_endpoints.list().data
    expect(set_up.form.locator("[name=webhook_url]")).to_contain_text(endpoint.url)
    # An event of the account arrives, signed with the secret that only Odoo and Stripe know.
    set_up.press("Send a test event")
    expect(page.locator(".o_notification", has_text="Stripe's event arrived")).to_be_visible()

    # Done
    set_up.show("done", "All of the set-up is done", show=True)
    expect(set_up.step(5)).to_contain_text("Last event")
    set_up.press("New subscription")
    expect(page.locator(".o_form_view [name=item_ids]")).to_be_visible()
    [provider] = desk.instance.rpc(LOGIN).call(
        "payment.provider",
        "search_read",
        [["code", "=", "stripe"]],
        ["state", "stripe_billing_account", "stripe_billing_problem"],
    )
    assert (provider["state"], provider["stripe_billing_problem"]) == ("test", False)
    assert provider["stripe_billing_account"] == stripe.accounts.retrieve_current().id


def test_settings(desk, company):
    """What customers may do alone, the terms of new subscriptions, who is told: each by its switch."""
    switches = [f"stripe_portal_{name}" for name in SWITCHES]
    odoo = desk.instance.rpc(LOGIN)

    def read():
        fields = [*switches, "stripe_portal_cancel", "stripe_default_terms"]
        return odoo.call("res.company", "read", [company], fields)[0]

    def look(client):
        client.open("stripe_subscriptions.action_stripe_settings")
        expect(client.page.locator("[name=stripe_portal_cancel]")).to_be_visible()

    before = read()
    client = desk.show("settings", "The settings of a company", look, show=True, login=LOGIN)
    page = client.page
    form = page.locator(".o_form_view")
    # A switch that depends on another is gone with it: those are changed last.
    for name in reversed(switches):
        form.locator(f"[name={name}] input").set_checked(not before[name])
    form.get_by_role("radio", name="At the end of the period", exact=True).check()
    form.locator("[name=stripe_default_terms] .odoo-editor-editable").fill("Thirty days' notice.")
    client.save_settings()
    after = read()
    assert {name: after[name] for name in switches} == {name: not before[name] for name in switches}
    assert after["stripe_portal_cancel"] == "period_end"
    assert "Thirty days" in after["stripe_default_terms"]
    # New subscriptions have the terms.
    [terms] = odoo.call("stripe.subscription", "default_get", ["terms"]).values()
    assert "Thirty days" in terms


def test_mails(desk, company):
    """Which mails are sent, and who of the staff is told of a new subscription."""
    odoo = desk.instance.rpc(LOGIN)

    def look(client):
        client.open("stripe_subscriptions.action_stripe_settings")
        client.page.locator("button", has_text="Choose mails").click()
        expect(client.list_rows()).to_have_count(14)

    page = desk.show("settings-mails", "Which mails are sent", look, show=True, login=LOGIN).page
    rows = page.locator("tr.o_data_row")
    rows.filter(has_text="Receipt").locator("[name=enabled] input").click()
    rows.filter(has_text="Subscribed (to staff)").locator("td[name=user_ids]").click()
    box = page.locator("tr.o_selected_row [name=user_ids] input")
    box.fill("Nina")
    page.locator(".o-autocomplete--dropdown-item", has_text="Nina Harbour").first.click()
    page.locator(".o_list_button_save:visible").first.click()
    expect(page.locator("tr.o_selected_row")).to_have_count(0)
    [receipt, told] = odoo.call(
        "stripe.mail.setting",
        "search_read",
        [["kind", "in", ["receipt", "subscribed_staff"]]],
        ["kind", "enabled", "user_ids"],
        order="kind",
    )
    assert receipt["enabled"] is False
    assert len(told["user_ids"]) == 1
