"""Canceling at once or at the end of the period, and taking it back."""

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def sold(desk):
    shop, team = desk.shop, [("Team plan", 3)]
    clock = shop.clock()
    made = {
        "later": shop.running("Larch & Sons", "Team plan for the workshop", team, clock=clock),
        "now": shop.running("Quayside Studios", "Team plan for the studio", team, clock=clock),
        "credit": shop.running("Saddler & Vine", "Team plan for the shop", team, clock=clock),
    }
    shop.wait(*made.values())
    return made


def test_at_the_end_of_the_period_and_back(desk, sold):
    """The reason goes to Stripe; until the day comes it can be taken back, and both can be seen."""
    one = sold["later"]

    def ask(client):
        client.press("Cancel")
        client.tick("At the end of the period")
        client.select("reason", "It's too expensive")
        client.fill("comment", "Found something cheaper for three people")
        expect(client.dialog).to_contain_text("Nothing more is charged")

    client = desk.question(one, "cancel-later", "Cancel at the end of the period", ask, show=True)
    client.confirm("Cancel Subscription")
    expect(client.page.locator(".alert-info", has_text="This subscription ends on")).to_be_visible()
    there = desk.shop.there(one)
    assert there["cancel_at"] or there["cancel_at_period_end"]
    details = there["cancellation_details"]
    assert (details["feedback"], details["comment"]) == (
        "too_expensive",
        "Found something cheaper for three people",
    )
    assert desk.shop.here(one, "cancel_at", "status")["cancel_at"]

    def look(client):
        client.form(one.id)

    desk.show("subscription-ending", "A subscription whose end is planned", look)

    def undo(client):
        client.press("Undo Cancellation")
        expect(client.dialog.locator(".o_stripe_preview")).to_contain_text("$ 60.00")

    client = desk.question(one, "cancel-undo", "Undo a cancellation that is planned", undo)
    client.confirm("Undo Cancellation")
    expect(client.page.locator(".alert-info", has_text="This subscription ends on")).to_be_hidden()
    there = desk.shop.there(one)
    assert (there["cancel_at"], there["cancel_at_period_end"]) == (None, False)
    assert desk.shop.here(one, "cancel_at")["cancel_at"] is False


def test_at_once_with_a_refund(desk, sold):
    """It cannot be undone, which is said; the unused time goes back to the card as a credit note."""
    one = sold["now"]

    def ask(client):
        client.press("Cancel")
        client.tick("At once")
        expect(client.dialog.locator(".alert-warning")).to_contain_text("cannot be undone")
        client.tick("Refund to the card")
        expect(client.dialog.locator("[name=refund_amount] input")).to_have_value("60.00")
        client.fill("refund_amount", "45")

    client = desk.question(one, "cancel-now", "Cancel at once, with a refund", ask, show=True)
    client.confirm("Cancel Subscription")
    expect(client.status).to_have_text("Canceled")
    there = desk.shop.there(one)
    assert there["status"] == "canceled"
    [note] = desk.stripe.credit_notes.list({"invoice": there["latest_invoice"]}).data
    assert note.total == 4500
    domain = [["stripe_credit_note_id", "=", note.id], ["state", "=", "posted"]]
    [move] = desk.until("credit note", lambda: desk.read("account.move", domain, "amount_total"))
    assert move["amount_total"] == 45
    assert desk.shop.here(one, "status")["status"] == "canceled"
    desk.show("subscription-canceled", "A canceled subscription", lambda c: c.form(one.id))


def test_at_once_with_credit(desk, sold):
    """The unused time becomes the customer's credit, which the preview shows line by line."""
    one = sold["credit"]

    def ask(client):
        client.press("Cancel")
        client.tick("At once")
        client.tick("Credit the unused time for later invoices")
        preview = client.dialog.locator(".o_stripe_preview")
        expect(preview).to_contain_text("Credited to the customer's balance")
        expect(preview).to_contain_text("Unused time")

    client = desk.question(one, "cancel-credit", "Cancel at once, with credit", ask)
    client.confirm("Cancel Subscription")
    expect(client.status).to_have_text("Canceled")
    balance = desk.stripe.customers.retrieve(one.customer).balance
    assert balance == -6000
    desk.shop.until(one, status="canceled")
