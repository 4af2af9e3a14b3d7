"""A draft from the first click to the mail: totals while it is filled in, send, view, send again, delete."""

import re

import pytest
from playwright.sync_api import expect

from dev import mailbox

PRICE = "$ 20.00 per seat / month"
PLAN = f"Team plan: {PRICE}"


@pytest.fixture(scope="module")
def company(desk):
    return desk.shop.contact("Meridian Maps", "Iris Cole")


def fill_in(client, company):
    """A new subscription, filled in by clicks; not saved yet."""
    # On a phone the customer is chosen already, as when one comes from the contact.
    context = {"default_partner_id": company} if client.is_phone else {}
    client.open(
        "stripe_subscriptions.action_stripe_subscription",
        viewType="form",
        additionalContext=context,
    )
    page = client.page
    form = page.locator(".o_form_view")
    form.locator("[name=name] input, [name=name] textarea").fill("Team plan for map makers")
    if not client.is_phone:
        client.choose_in(form.locator(".o_field_widget[name=partner_id]"), "Meridian Maps")
    expect(form.locator("[name=contact_id] input")).to_have_value(re.compile("Iris Cole"))
    form.locator(".o_field_widget[name=item_ids] .o_field_x2many_list_row_add a").click()
    client.choose_in(
        form.locator("tr.o_selected_row [name=price_id]"),
        PRICE if client.is_phone else PLAN,
        "Team plan",
    )
    form.locator("tr.o_selected_row [name=quantity] input").fill("3")
    form.locator(".oe_title label").click()
    client.choose_in(form.locator(".o_field_widget[name=tax_rate_ids]"), "Sales tax")
    client.choose_in(form.locator(".o_field_widget[name=coupon_id]"), "Partner")
    totals = page.locator(".o_stripe_offer_totals")
    expect(totals).to_contain_text("$ 51.75")
    return totals


def invitations(desk):
    """The mails that the contact got, the newest first."""
    return [
        (name, mail)
        for name, mail in desk.mails()
        if "iris@meridianmaps.example" in (mail["to"] or "")
    ]


def send(client, button):
    """Open the composer, send, wait until it is closed."""
    client.press(button)
    expect(client.dialog.locator("button.o_mail_send")).to_be_visible()


def test_from_the_draft_to_the_mail(desk, company):
    """60.00 less 25 % and 15 % tax, as Stripe says; then the customer's page by the link of the mail."""
    desk.show(
        "offer-draft",
        "A new subscription, with what it costs",
        lambda c: fill_in(c, company),
        show=True,
    )
    totals = desk.wide.page.locator(".o_stripe_offer_totals")
    for text in ("$ 60.00", "15.00", "$ 6.75", "$ 51.75"):
        expect(totals).to_contain_text(text)
    # The phone's is not kept.
    if desk.gallery.wanted:
        desk.narrow.page.locator(".o_form_button_cancel").click()
    client = desk.wide
    client.page.locator(".o_form_button_save").click()
    expect(client.page.locator(".o_form_saved")).to_be_attached()
    [record] = desk.read("stripe.subscription", [["partner_id", "=", company]], "status", "sent_at")
    assert (record["status"], record["sent_at"]) == ("draft", False)

    def compose(client):
        client.form(record["id"])
        client.press("Send by Email")
        expect(client.dialog.locator("button.o_mail_send")).to_be_visible()
        expect(client.dialog.locator("[name=body]")).to_contain_text("Team plan")

    desk.show("offer-send", "The invitation before it is sent", compose, show=True)
    if desk.gallery.wanted:
        desk.narrow.discard()
    client.dialog.locator("button.o_mail_send").click()
    expect(client.page.locator(".modal")).to_have_count(0)
    again = client.page.get_by_role("button", name="Send Again")
    expect(again).to_be_visible()
    _name, mail = desk.until("invitation", lambda: invitations(desk))[0]
    assert "Team plan for map makers" in mailbox.content(mail)
    desk.show_mail(mail, "mail-invitation", "The invitation", show=True)
    look_as_customer(desk, record["id"], mailbox.content(mail))
    send_again(desk)


def look_as_customer(desk, record, text):
    """The link of the mail, and what staff see by their button, are the same page."""
    client = desk.wide
    client.press("View as Customer")
    button = client.page.locator("form.o_stripe_subscription_form button[type=submit]").first
    expect(button).to_be_visible()
    expect(client.page.locator("main")).to_contain_text("Partner")
    [link] = set(
        re.findall(rf'"({re.escape(desk.instance.url)}/my/subscriptions/{record}[^"]*)"', text)
    ) or [None]
    for width in (390, 1366):
        page = desk.visit((link or client.page.url).replace("&amp;", "&"), width)
        expect(page.locator("form.o_stripe_subscription_form button").first).to_be_visible()
        desk.gallery.take(page, "offer-customer", "What the customer reviews", show=True)
        page.context.close()
    client.page.goto(f"/odoo/stripe-subscriptions/{record}")


def send_again(desk):
    """The same invitation once more."""
    client, before = desk.wide, len(invitations(desk))
    client.press("Send Again")
    client.dialog.locator("button.o_mail_send").click()
    expect(client.page.locator(".modal")).to_have_count(0)
    desk.until("second invitation", lambda: len(invitations(desk)) > before)
    assert [mail["to"].addresses[0].addr_spec for _name, mail in invitations(desk)] == [
        "iris@meridianmaps.example"
    ] * (before + 1)


def test_a_draft_is_deleted(desk):
    """One that nobody has subscribed to can go; one that runs cannot."""
    partner = desk.shop.contact("Gone Tomorrow", "Max Hill")
    record = desk.shop.draft(partner, "Never sent", [("Team plan", 1)])

    def ask(client):
        client.form(record)
        client.menu("Delete")
        expect(client.dialog).to_be_visible()

    client = desk.show("offer-delete", "A draft is deleted", ask)
    if desk.gallery.wanted:
        desk.narrow.dialog.get_by_role("button", name="No, keep it").click()
    client.dialog.get_by_role("button", name="Delete").click()
    expect(client.page.locator(".modal")).to_have_count(0)
    desk.until("gone", lambda: not desk.read("stripe.subscription", [["id", "=", record]], "id"))
