"""Trials, coupons and billing dates of subscriptions that run."""

import datetime
import time

import pytest
from playwright.sync_api import expect

from tests.e2e.gallery import DESK

DAY = 86400


@pytest.fixture(scope="module")
def sold(desk):
    shop = desk.shop
    ends_at = int(time.time()) + 10 * DAY
    made = {
        "extend": shop.running(
            "Wren & Partners", "Team plan on trial", [("Team plan", 2)], trial_end=ends_at
        ),
        "end": shop.running(
            "Osprey Outdoor", "Team plan on trial", [("Team plan", 1)], trial_end=ends_at
        ),
        "coupon": shop.running("Bellweather Choir", "Team plan for singers", [("Team plan", 4)]),
        "date": shop.running("Kestrel Couriers", "Team plan for riders", [("Team plan", 3)]),
    }
    shop.wait(*made.values())
    return made


def day(days):
    """A day to come as the page takes and shows it, and as a date."""
    date = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)).date()
    return date.strftime("%m/%d/%Y"), date


def test_extend_a_trial(desk, sold):
    one = sold["extend"]
    text, date = day(30)

    def ask(client):
        client.press("Change Trial")
        client.tick("On another day")
        client.fill("date", text)
        preview = client.dialog.locator(".o_stripe_preview")
        expect(preview).to_contain_text("Next charge on")
        expect(preview).to_contain_text("$ 40.00")

    client = desk.question(one, "trial-extend", "A trial becomes longer", ask, show=DESK)
    client.confirm("Change Trial")
    there = desk.shop.there(one)
    ends_at = datetime.datetime.fromtimestamp(there["trial_end"], datetime.UTC)
    assert (there["status"], ends_at.date()) == ("trialing", date)
    assert desk.shop.here(one, "trial_end")["trial_end"].startswith(date.isoformat())


def test_end_a_trial(desk, sold):
    """Now: the first period is charged, as shown."""
    one = sold["end"]

    def ask(client):
        client.press("Change Trial")
        client.tick("Now: charge the first period")
        preview = client.dialog.locator(".o_stripe_preview")
        expect(preview).to_contain_text("Due now")
        expect(preview).to_contain_text("$ 20.00")

    client = desk.question(one, "trial-end", "A trial ends now", ask)
    client.confirm("Change Trial")
    expect(client.status).to_have_text("Active")
    there = desk.shop.there(one, "latest_invoice")
    assert (there["status"], there["latest_invoice"]["total"]) == ("active", 2000)
    assert desk.invoice(there["latest_invoice"]["id"])["amount_total"] == 20


def test_coupon_given_and_taken(desk, sold):
    one = sold["coupon"]

    def give(client):
        client.menu("Change Coupon")
        client.choose("coupon_id", "Partner")
        preview = client.dialog.locator(".o_stripe_preview")
        expect(preview).to_contain_text("Discount")
        expect(preview).to_contain_text("$ 60.00")

    client = desk.question(one, "coupon-give", "A coupon, and what it takes off", give, show=DESK)
    client.confirm("Change Coupon")
    [discount] = desk.shop.there(one, "discounts")["discounts"]
    assert discount["source"]["coupon"] == "PARTNER25"
    assert desk.shop.here(one, "coupon_id")["coupon_id"]

    def take(client):
        client.menu("Change Coupon")
        expect(client.dialog.locator("[name=current_id]")).to_contain_text("Partner")
        assert not client.dialog.locator("[name=coupon_id] input").input_value()
        expect(client.dialog.locator(".o_stripe_preview")).to_contain_text("$ 80.00")

    client = desk.question(one, "coupon-take", "A coupon is taken away", take)
    client.confirm("Change Coupon")
    assert desk.shop.there(one)["discounts"] == []
    assert desk.shop.here(one, "coupon_id")["coupon_id"] is False


def test_billing_date(desk, sold):
    """Nothing is charged until the later day, which is said."""
    one = sold["date"]
    text, date = day(40)

    def ask(client):
        client.menu("Change Billing Date")
        client.tick("On a later day")
        client.fill("date", text)
        expect(client.dialog).to_contain_text("Nothing is charged until that day")
        expect(client.dialog.locator(".o_stripe_preview")).to_contain_text("$ 60.00")

    client = desk.question(one, "billing-date", "Another day of billing", ask, show=DESK)
    client.confirm("Change Billing Date")
    there = desk.shop.there(one)
    end = there["items"]["data"][0]["current_period_end"]
    assert datetime.datetime.fromtimestamp(end, datetime.UTC).date() == date
    next_charge = desk.shop.here(one, "next_charge_at")["next_charge_at"]
    assert next_charge.startswith(date.isoformat())
