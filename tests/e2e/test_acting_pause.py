"""Pausing in both of Stripe's ways, and going on."""

import pytest
from playwright.sync_api import expect

from tests.e2e.gallery import DESK


@pytest.fixture(scope="module")
def sold(desk):
    shop, team = desk.shop, [("Team plan", 2)]
    clock = shop.clock()
    flexible = {"clock": clock, "billing_mode": {"type": "flexible"}}
    made = {
        "still": shop.running("Ferry House Hotel", "Team plan for the season", team, **flexible),
        "unpaid": shop.running("Alder Brewing", "Team plan for the brewery", team, **flexible),
    }
    shop.wait(*made.values())
    shop.pass_time(clock, 10)
    return made


def test_stands_still_and_goes_on(desk, sold):
    """Nothing is billed while it stands still; going on begins a new period, which is shown first."""
    one = sold["still"]

    def pause(client):
        client.menu("Pause")
        client.tick("The subscription stands still: no periods, no invoices")
        client.tick("Credit the unused time")
        expect(client.dialog.locator(".o_stripe_preview")).to_contain_text("Unused time")

    client = desk.question(
        one, "pause-still", "A subscription stands still for a while", pause, show=True
    )
    client.confirm("Pause")
    expect(client.status).to_have_text("Paused")
    assert desk.shop.there(one)["status"] == "paused"
    assert desk.shop.here(one, "status", "next_charge_at")["next_charge_at"] is False

    def resume(client):
        client.press("Resume")
        client.tick("Begin a new period today")
        expect(client.dialog.locator(".o_stripe_preview")).to_contain_text("Due now")

    client = desk.question(one, "pause-resume", "A paused subscription goes on", resume, show=DESK)
    client.confirm("Resume")
    expect(client.status).to_have_text("Active")
    assert desk.shop.there(one)["status"] == "active"
    assert desk.shop.here(one, "status")["status"] == "active"


def test_payments_are_not_collected_for_a_while(desk, sold):
    """It goes on without being paid; the form says so until payments are collected again."""
    one = sold["unpaid"]

    def pause(client):
        client.menu("Pause")
        client.tick("It goes on, but payments are not collected")
        client.tick("Keep them as drafts, to be collected later")
        expect(client.dialog).to_contain_text("Collect Again From")

    client = desk.question(
        one, "pause-collection", "It goes on without being paid", pause, show=DESK
    )
    client.confirm("Pause")
    warning = client.page.locator(".alert-warning", has_text="Payments are not collected")
    expect(warning).to_be_visible()
    assert desk.shop.there(one)["pause_collection"]["behavior"] == "keep_as_draft"
    assert desk.shop.here(one, "collection_pause")["collection_pause"] == "keep_as_draft"

    def collect(client):
        client.press("Collect Payments Again")
        expect(client.dialog).to_contain_text("from now on")

    client = desk.question(one, "pause-collect-again", "Payments are collected again", collect)
    client.confirm("Collect Again")
    expect(warning).to_be_hidden()
    assert desk.shop.there(one)["pause_collection"] is None
    assert desk.shop.here(one, "collection_pause")["collection_pause"] is False
