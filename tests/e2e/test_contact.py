"""The page Subscriptions of a contact: its cards, read from Stripe when the page is opened."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("width", [1366, 390])
def test_cards(desk, width):
    customer = desk.customer(f"Card Holder {width}")
    desk.stripe.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    desk.subscribe(customer, 2)
    domain = [["stripe_id", "=", customer.id]]
    [link] = desk.until("customer", lambda: desk.read("stripe.customer", domain, "partner_id"))
    page = desk.page("admin", width)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/odoo/res.partner/{link['partner_id'][0]}")
    tab = page.locator(".o_notebook_headers a", has_text="Subscriptions")
    expect(tab).to_be_visible()
    assert not [url for url in asked if url.endswith("get_stripe_cards")]
    tab.click()
    cards = page.locator(".o_stripe_card")
    expect(cards).to_have_count(2)
    expect(cards.nth(0)).to_contain_text("Visa •••• 4242")
    expect(cards.nth(0).locator(".badge")).to_have_text("Default")
    expect(cards.nth(1)).to_contain_text("Mastercard •••• 4444")
    expect(page.locator("[name=stripe_subscription_ids] .o_data_row")).to_have_count(1)
    desk.close(page)
