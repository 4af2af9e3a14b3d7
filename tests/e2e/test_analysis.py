"""Subscriptions from all angles: how many there are, who stays, and who leaves."""

import pytest
from playwright.sync_api import expect

MONTH = 31
# Milliseconds in which a graph grows to its size.
GROWING = 1500


def see_graph(client, action):
    """Open the graph of an action, and wait until it stands still."""
    client.open(f"stripe_subscriptions.action_{action}", viewType="graph")
    expect(client.page.locator(".o_graph_canvas_container canvas")).to_be_visible()
    client.page.wait_for_timeout(GROWING)


@pytest.fixture(scope="module")
def past(desk):
    """Six customers who began some months ago, of whom two have left since."""
    shop = desk.shop
    for days, companies in (
        (4 * MONTH, ("Ash Assurance", "Beech Bakery", "Cedar Cinema")),
        (2 * MONTH, ("Dogwood Design", "Elder Energy", "Fir Films")),
    ):
        clock = shop.clock(days)
        begun = [
            shop.running(
                company,
                f"Team plan of {company.split()[0]}",
                [("Team plan", 2)],
                clock=clock,
                interval="year",
            )
            for company in companies
        ]
        shop.wait(*begun)
        shop.pass_time(clock, MONTH)
        desk.stripe.subscriptions.cancel(
            begun[0].stripe_id, {"cancellation_details": {"feedback": "too_expensive"}}
        )
        for _month in range(days // MONTH - 1):
            shop.pass_time(clock, MONTH)
        shop.until(begun[0], status="canceled")
    return begun[0]


def test_retention(desk, past):
    """S2-20: of three that began together two are left, as a share and as a line."""

    def look(client):
        client.open("stripe_subscriptions.action_stripe_subscription_month")
        expect(client.page.locator("div.o_pivot")).to_contain_text("66.67%")

    client = desk.show("retention", "Who stays, by the month in which they began", look, show=True)
    headers = client.page.locator("div.o_pivot thead tr").nth(1).locator("th")
    assert headers.all_inner_texts()[:3] == ["0", "1", "2"]

    desk.show(
        "churn",
        "Who leaves, month by month",
        lambda client: see_graph(client, "stripe_subscription_month"),
    )


def test_analysis(desk, past):
    """Subscriptions by the month in which they began, and why they ended."""

    client = desk.show(
        "analysis",
        "Subscriptions by month and status",
        lambda client: see_graph(client, "stripe_subscription_analysis"),
    )
    client.open("stripe_subscriptions.action_stripe_subscription_analysis", viewType="pivot")
    expect(client.page.locator("div.o_pivot")).to_contain_text("Active")
    desk.gallery.take(client.page, "analysis-pivot", "Recurring revenue by status and currency")
    client.form(past.id)
    expect(client.page.locator("[name=cancellation_feedback]")).to_have_text("It's too expensive")
    expect(client.page.locator("[name=cancellation_reason]")).to_have_text("It was asked for")
