"""Previews say to the cent what then happens."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.billing_setup import (
    DAY,
    at,
    clock,
    customer,
    invoices,
    item_id,
    price,
    subscribe,
)

START = at(2026, 3, 1)


@pytest.fixture
def world(client, advance):
    """A subscription that is ten days old."""
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 3100))
    advance(time, START + 10 * DAY)
    return client.v1, sub, buyer, time


def preview(api, sub, details=None, **params):
    if details:
        params["subscription_details"] = details
    return api.invoices.create_preview({"subscription": sub.id, **params})


def test_pause_and_resume(client, world):
    api, sub, _buyer, _time = world
    terms = {"bill_for": {"unused_time_from": {"type": "now"}}, "invoicing_behavior": "invoice"}
    seen = preview(api, sub, {"pause": terms})
    assert seen.total == -2100
    api.subscriptions.pause(sub.id, terms)
    assert invoices(client, sub)[-1].total == -2100
    for anchor, amounts in (("unchanged", [2100, 3100]), ("now", [3100])):
        seen = preview(api, sub, {"resume_at": "now", "billing_cycle_anchor": {"type": anchor}})
        assert [line.amount for line in seen.lines.data] == amounts
    api.subscriptions.resume(sub.id)
    made = invoices(client, sub)[-1]
    assert (made.total, made.amount_due) == (seen.total, seen.amount_due) == (3100, 1000)


def test_pause_without_invoice(world):
    api, sub, _buyer, _time = world
    with pytest.raises(stripe.InvalidRequestError) as caught:
        preview(api, sub, {"pause": {"invoicing_behavior": "pending_invoice_item"}})
    assert caught.value.code == "invoice_upcoming_none"


def test_end_of_period(world):
    api, sub, buyer, _time = world
    with pytest.raises(stripe.InvalidRequestError) as caught:
        preview(api, sub, {"cancel_at_period_end": True})
    assert caught.value.code == "invoice_upcoming_none"
    api.invoice_items.create(
        {"customer": buyer, "subscription": sub.id, "amount": 500, "currency": "usd"}
    )
    assert preview(api, sub, {"cancel_at_period_end": True}).total == 500
    api.subscriptions.update(sub.id, {"cancel_at_period_end": True})
    assert preview(api, sub, {"cancel_at_period_end": False}).total == 3600


def test_discounts_and_extras(client, world):
    api, sub, _buyer, _time = world
    coupon = api.coupons.create({"percent_off": 50, "duration": "forever"}).id
    training = {"amount": 1000, "currency": "usd", "description": "Training"}
    assert preview(api, sub, discounts=[{"coupon": coupon}]).total == 1550
    assert preview(api, sub, invoice_items=[training]).total == 4100
    assert preview(api, sub).total == 3100
    api.subscriptions.update(sub.id, {"discounts": [{"coupon": coupon}]})
    assert preview(api, sub, discounts="").total == 3100
    assert preview(api, sub).total == 1550


def test_recurring_leaves_out_what_waits(world):
    api, sub, buyer, _time = world
    api.invoice_items.create(
        {"customer": buyer, "subscription": sub.id, "amount": 500, "currency": "usd"}
    )
    items = [{"id": item_id(sub), "quantity": 3}]
    seen = preview(api, sub, {"items": items}, preview_mode="recurring")
    assert [line.amount for line in seen.lines.data] == [9300]
    assert preview(api, sub, {"items": items}).total > 9800


@pytest.mark.parametrize(
    "details",
    [
        {"proration_date": START + DAY},
        {"proration_date": START + DAY, "trial_end": "now", "proration_behavior": "none"},
    ],
)
def test_proration_date_goes_with_prorations(world, details):
    api, sub, _buyer, _time = world
    with pytest.raises(stripe.InvalidRequestError, match="proration_date"):
        preview(api, sub, details)


def test_nothing_is_stored(world):
    api, sub, _buyer, _time = world
    coupon = api.coupons.create({"percent_off": 50, "duration": "once", "max_redemptions": 1}).id
    before = api.subscriptions.retrieve(sub.id).to_dict()
    preview(api, sub, {"cancel_at_period_end": False}, discounts=[{"coupon": coupon}])
    preview(api, sub, {"pause": {"invoicing_behavior": "invoice"}})
    assert api.subscriptions.retrieve(sub.id).to_dict() == before
    assert api.coupons.retrieve(coupon).times_redeemed == 0
