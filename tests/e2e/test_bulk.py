"""One action for many rows of the list, in the background, with a result for each."""

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def sold(desk):
    shop = desk.shop
    names = ("Tern Row Boats", "Tern Sails", "Tern Ropes")
    made = [shop.running(name, f"Bulk {name}", [("Team plan", 1)]) for name in names]
    shop.wait(*made)
    return made


def select_all(client):
    """Find them in the list and select them."""
    client.open("stripe_subscriptions.action_stripe_subscription")
    box = client.page.locator(".o_searchview_input")
    if client.is_phone:
        client.page.locator(
            ".o_control_panel button:has(.oi-search), .o_cp_toggle_search"
        ).first.click()
    box.fill("Bulk Tern")
    box.press("Enter")
    expect(client.page.locator("tr.o_data_row")).to_have_count(3)
    client.page.locator("thead .o_list_record_selector").click()


def test_coupon_for_many(desk, sold):
    """Two get it; the third is canceled meanwhile, and the result says why it did not."""
    client = desk.wide
    select_all(client)
    desk.gallery.take(client.page, "bulk-selected", "What can be done with several at once")
    client.menu("Change Coupon")
    expect(client.dialog.locator(".alert-info")).to_contain_text("3 subscriptions")
    client.choose("coupon_id", "Partner")
    desk.gallery.take(client.page, "bulk-question", "One question for several")
    desk.stripe.subscriptions.cancel(sold[2].stripe_id)
    desk.shop.until(sold[2], status="canceled")
    client.dialog.locator("footer").get_by_role("button", name="Change Coupon").click()
    expect(client.page.locator("h1 [name=action]")).to_be_visible()
    expect(client.status).to_have_text("Done")
    rows = client.page.locator("tr.o_data_row")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="Tern Ropes").locator("[name=state]")).to_have_text("Not possible")
    job = int(client.page.url.rstrip("/").rsplit("/", 1)[-1])
    desk.show("bulk-result", "The result for each", lambda c: c.form(job, "stripe.job"), show=True)
    for one, coupons in zip(sold, (["PARTNER25"], ["PARTNER25"], []), strict=True):
        discounts = desk.shop.there(one, "discounts")["discounts"]
        assert [d["source"]["coupon"] for d in discounts] == coupons
        assert bool(desk.shop.here(one, "coupon_id")["coupon_id"]) == bool(coupons)
