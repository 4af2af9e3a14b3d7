"""Retrying a payment, switching the card, charging something once."""

import pytest
from playwright.sync_api import expect

from tests.e2e.gallery import DESK

REFUSED, GOOD = "pm_card_chargeCustomerFail", "pm_card_mastercard"


@pytest.fixture(scope="module")
def sold(desk):
    shop = desk.shop
    made = {
        "retry": shop.running("Copper Kettle Cafe", "Team plan for the cafe", [("Team plan", 2)]),
        "charge": shop.running("Nimbus Surveys", "Team plan for surveyors", [("Team plan", 1)]),
    }
    shop.wait(*made.values())
    return made


def give_card(desk, one, card, *, default=True):
    """Another card of the customer's; returns its id."""
    method = desk.stripe.payment_methods.attach(card, {"customer": one.customer})
    if default:
        settings = {"default_payment_method": method.id}
        desk.stripe.customers.update(one.customer, {"invoice_settings": settings})
    return method.id


def test_switch_the_card_and_retry_the_payment(desk, sold):
    """The payment fails, in words; another card is chosen and charged."""
    one = sold["retry"]
    give_card(desk, one, REFUSED)
    good = give_card(desk, one, GOOD, default=False)
    item = desk.shop.there(one)["items"]["data"][0]["id"]
    desk.stripe.subscription_items.update(
        item, {"quantity": 4, "proration_behavior": "always_invoice"}
    )
    desk.shop.until(one, last_payment_state="failed", status="past_due")

    def look(client):
        client.form(one.id)
        expect(client.page.locator(".alert-danger")).to_contain_text("The payment failed.")

    desk.show("subscription-past-due", "Why a payment failed and what follows", look, show=True)

    def switch(client):
        client.menu("Change Card")
        row = client.dialog.locator("tr.o_data_row", has_text="Mastercard •••• 4444")
        row.locator("[name=chosen] input").check()
        chosen = client.dialog.locator("[name=chosen] input:checked")
        expect(chosen).to_have_count(1)

    client = desk.question(
        one, "card", "The cards of the customer, read from Stripe", switch, show=DESK
    )
    client.confirm("Use This Card")
    assert desk.shop.there(one)["default_payment_method"] == good

    def retry(client):
        client.press("Retry Payment")
        expect(client.dialog).to_contain_text("to the customer's card now")

    client = desk.question(one, "retry", "A payment is tried again", retry, show=DESK)
    client.confirm("Charge Now")
    expect(client.page.locator(".alert-danger")).to_be_hidden()
    expect(client.status).to_have_text("Active")
    there = desk.shop.there(one, "latest_invoice")
    assert (there["status"], there["latest_invoice"]["status"]) == ("active", "paid")
    move = desk.invoice(there["latest_invoice"]["id"])
    assert round(move["amount_total"] * 100) == there["latest_invoice"]["total"]


def test_charge_once_with_the_next_invoice_and_at_once(desk, sold):
    """At once takes along what waits for the next invoice, which is shown."""
    one = sold["charge"]

    def later(client):
        client.menu("Charge a One-off Item")
        client.fill("description", "Printed handbook")
        client.fill("amount", "12.50")
        preview = client.dialog.locator(".o_stripe_preview")
        expect(preview).to_contain_text("Printed handbook")
        expect(preview).to_contain_text("$ 32.50")

    client = desk.question(one, "charge-later", "Something once, with the next invoice", later)
    client.confirm("Charge")
    [item] = desk.stripe.invoice_items.list({"customer": one.customer, "pending": True}).data
    assert (item.amount, item.description) == (1250, "Printed handbook")

    def now(client):
        client.menu("Charge a One-off Item")
        client.fill("description", "Training day")
        client.fill("amount", "150")
        client.tick("Now, with whatever else waits for an invoice")
        preview = client.dialog.locator(".o_stripe_preview")
        expect(preview).to_contain_text("Due now")
        expect(preview).to_contain_text("Printed handbook")
        expect(preview).to_contain_text("$ 162.50")

    client = desk.question(one, "charge-now", "Something once, charged now", now, show=True)
    client.confirm("Charge")
    invoice = desk.stripe.invoices.list({"customer": one.customer, "limit": 1}).data[0]
    assert (invoice.total, invoice.status) == (16250, "paid")
    assert desk.invoice(invoice.id)["amount_total"] == 162.5
