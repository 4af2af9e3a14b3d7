"""Changing plans and quantities now or with the next renewal; the money is shown first."""

import pytest
from playwright.sync_api import expect

from tests.e2e.gallery import DESK

USED_DAYS = 10


@pytest.fixture(scope="module")
def sold(desk):
    shop, team = desk.shop, [("Team plan", 3)]
    clock = shop.clock()
    made = {
        "quantity": shop.running("Brightwater Press", "Team plan for the press", team, clock=clock),
        "renewal": shop.running("Hollis & Marsh", "Team plan for the office", team, clock=clock),
        "add-on": shop.running("Juniper Travel", "Team plan with support", team, clock=clock),
    }
    shop.wait(*made.values())
    # Some of the time that was paid is used already.
    shop.pass_time(clock, USED_DAYS)
    return made


def items(desk, one):
    """Quantities of the plans by their product, the same on both sides."""
    there = desk.shop.there(one, "items.data.price.product")["items"]["data"]
    ids = desk.shop.here(one, "item_ids")["item_ids"]
    here = desk.odoo.call("stripe.subscription.item", "read", ids, ["quantity", "stripe_id"])
    quantities = {item["stripe_id"]: item["quantity"] for item in here}
    assert quantities == {item["id"]: item["quantity"] for item in there}
    return {item["price"]["product"]["name"]: item["quantity"] for item in there}


def shown_lines(client):
    """The lines of the preview: text and amount."""
    rows = client.dialog.locator(".o_stripe_preview table").first.locator("tbody tr")
    found = [row.locator("td") for row in rows.all()]
    return [(cells.first.inner_text(), cells.last.inner_text()) for cells in found]


def amount(text):
    """The number of an amount in dollars."""
    return float(text.replace("$", "").replace("\ufeff", "").replace("\xa0", "").strip())


def test_quantity_now(desk, sold):
    """Two seats more: what was paid is credited, what is left is charged, to the cent as shown."""
    one = sold["quantity"]

    def ask(client):
        client.press("Change Plans")
        client.set_quantity("Team plan", 5)
        expect(client.dialog.locator(".o_stripe_preview")).to_contain_text("Due now")

    client = desk.question(
        one, "change-quantity", "More seats from now on, and what Stripe charges", ask, show=True
    )
    [unused, remaining] = shown_lines(client)
    assert "Unused time on 3 × Team plan" in unused[0]
    assert "Remaining time on 5 × Team plan" in remaining[0]
    due = round((amount(unused[1]) + amount(remaining[1])) * 100)
    client.confirm("Change Plans")
    assert items(desk, one) == {"Team plan": 5}
    there = desk.shop.there(one, "latest_invoice")["latest_invoice"]
    assert (there["total"], there["status"]) == (due, "paid")
    move = desk.invoice(there["id"])
    assert round(move["amount_total"] * 100) == due


def test_add_and_remove_add_on(desk, sold):
    """Another plan is added now and billed later, then taken away again."""
    one = sold["add-on"]

    def add(client):
        client.press("Change Plans")
        client.dialog.locator(".o_field_x2many_list_row_add a").click()
        widget = client.dialog.locator("tr.o_selected_row [name=price_id]")
        client.choose_in(widget, "Trial plan")
        client.leave_row()
        client.tick("Bill the difference with the next invoice")
        preview = client.dialog.locator(".o_stripe_preview")
        expect(preview).to_contain_text("Remaining time on Trial plan")
        expect(preview).to_contain_text("Next charge on")
        expect(preview).not_to_contain_text("Due now")

    client = desk.question(
        one, "change-add-on", "An add-on, billed with the next invoice", add, show=DESK
    )
    client.confirm("Change Plans")
    assert items(desk, one) == {"Team plan": 3, "Trial plan": 1}
    [invoice] = desk.stripe.invoices.list({"subscription": one.stripe_id}).data
    assert invoice.total == 6000

    def remove(client):
        client.press("Change Plans")
        row = client.dialog.locator("tr.o_data_row", has_text="Trial plan")
        row.locator("button[name=delete], .o_list_record_remove").first.click()
        client.tick("Bill the difference with the next invoice")
        expect(client.dialog.locator(".o_stripe_preview")).to_contain_text("Unused time on Trial")

    client = desk.question(one, "change-remove-add-on", "An add-on is taken away", remove)
    client.confirm("Change Plans")
    assert items(desk, one) == {"Team plan": 3}


def test_with_the_renewal_and_dropped(desk, sold):
    """A schedule at Stripe; the form says what is planned, and the plan can be dropped."""
    one = sold["renewal"]

    def plan(client):
        client.press("Change Plans")
        client.set_quantity("Team plan", 2)
        client.tick("With the next renewal")
        expect(client.dialog).to_contain_text("Renews On")
        preview = client.dialog.locator(".o_stripe_preview")
        expect(preview).to_contain_text("$ 40.00")
        expect(preview).not_to_contain_text("Due now")

    client = desk.question(
        one, "change-at-renewal", "Fewer seats from the renewal on", plan, show=DESK
    )
    client.confirm("Change Plans")
    there = desk.shop.there(one, "schedule")
    assert [p["items"][0]["quantity"] for p in there["schedule"]["phases"]] == [3, 2]
    assert items(desk, one) == {"Team plan": 3}
    said = client.page.locator(".alert-info", has_text="2 × Team plan")
    expect(said).to_be_visible()

    def look(client):
        client.form(one.id)

    desk.show("subscription-planned", "A change is planned for the renewal", look)

    def drop(client):
        client.page.get_by_role("button", name="Drop this change").click()
        expect(client.dialog).to_contain_text("2 × Team plan")

    client = desk.question(one, "change-drop", "What was planned is dropped", drop)
    client.confirm("Drop the Change")
    expect(said).to_have_count(0)
    assert desk.shop.there(one)["schedule"] is None
