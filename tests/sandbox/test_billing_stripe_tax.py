"""Stripe Tax: where the customer is, what is collected there, and what happens when nobody knows."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from stripe_sandbox.billing import tax_table
from tests.sandbox.billing_setup import (
    DAY,
    at,
    clock,
    customer,
    event_types,
    invoices,
    item_id,
    price,
    subscribe,
)
from tests.sandbox.core_setup import refused

ON = {"automatic_tax": {"enabled": True}}
BERLIN = {"country": "DE", "postal_code": "10115", "city": "Berlin"}
PARIS = {"country": "FR", "postal_code": "75001"}
NEW_YORK = {"country": "US", "postal_code": "10001"}
QUEBEC = {"country": "CA", "postal_code": "H2X 1Y4"}
LOCATION = "customer_tax_location_invalid"


def registration(country, **options):
    terms = {"type": "standard", **options}
    return {"active_from": "now", "country": country, "country_options": {country.lower(): terms}}


GERMANY = registration("DE", standard={"place_of_supply_scheme": "standard"})
SMALL = registration("DE", standard={"place_of_supply_scheme": "small_seller"})
UNION = registration("DE", type="oss_union")
NEW_YORK_STATE = registration("US", type="state_sales_tax", state="NY")
CANADA = registration("CA")
QUEBEC_TOO = registration("CA", type="province_standard", province_standard={"province": "QC"})


@pytest.fixture
def seller(client):
    """A seller in Germany that is registered there."""
    client.v1.tax.settings.update(
        {"head_office": {"address": {"country": "DE"}}, "defaults": {"tax_behavior": "exclusive"}}
    )
    client.v1.tax.registrations.create(GERMANY)
    return client


def taxes(invoice):
    """Amount, taxable amount, reason and behavior of each tax."""
    return [
        (row.amount, row.taxable_amount, row.taxability_reason, row.tax_behavior)
        for row in invoice.total_taxes
    ]


def preview(client, details=None, plan=None, **more):
    params = {
        "currency": "usd",
        "subscription_details": {"items": [{"price": plan or price(client, 1000)}]},
        **ON,
        **more,
    }
    if details:
        params["customer_details"] = details
    return client.v1.invoices.create_preview(params)


def due(amount):
    """A tax that is charged on 10.00."""
    return (amount, 1000, "standard_rated", "exclusive")


VAT_DE = due(190)
NOTHING = (0, 0, "not_collecting", "exclusive")
REVERSED = (0, 0, "reverse_charge", "exclusive")
FRENCH_ID = {"type": "eu_vat", "value": "FR23334175221"}
ITALIAN_ID = {"type": "eu_vat", "value": "IT12345678901"}
GERMAN_ID = {"type": "eu_vat", "value": "DE123456789"}
REFUTED_ID = {"type": "eu_vat", "value": "FR111111111"}


@pytest.mark.parametrize(
    ("registrations", "details", "expected"),
    [
        ([], {"address": BERLIN}, [VAT_DE]),
        ([], {"address": {"country": "DE"}}, [VAT_DE]),
        ([], {"address": PARIS}, [NOTHING]),
        ([UNION], {"address": PARIS}, [due(200)]),
        ([SMALL], {"address": PARIS}, [VAT_DE]),
        ([], {"address": PARIS, "tax_ids": [FRENCH_ID]}, [REVERSED]),
        ([UNION], {"address": PARIS, "tax_ids": [REFUTED_ID]}, [due(200)]),
        ([UNION], {"address": PARIS, "tax_ids": [ITALIAN_ID]}, [due(200)]),
        ([], {"address": BERLIN, "tax_ids": [GERMAN_ID]}, [VAT_DE]),
        ([], {"address": BERLIN, "tax_exempt": "exempt"}, [(0, 0, "customer_exempt", "exclusive")]),
        ([], {"address": BERLIN, "tax_exempt": "reverse"}, [REVERSED]),
        ([], {"address": NEW_YORK}, [NOTHING]),
        (
            [NEW_YORK_STATE],
            {"address": NEW_YORK},
            [
                due(40),
                due(45),
                due(4),
            ],
        ),
        ([NEW_YORK_STATE], {"address": {"country": "US", "postal_code": "14850"}}, [due(40)]),
        ([CANADA], {"address": QUEBEC}, [due(50), NOTHING]),
        (
            [CANADA, QUEBEC_TOO],
            {"address": QUEBEC},
            [due(50), due(100)],
        ),
        ([], {"address": {"country": "BR"}}, [(0, 0, "not_supported", "exclusive")]),
        ([], {"address": PARIS, "shipping": {"name": "A", "address": BERLIN}}, [VAT_DE]),
    ],
)
def test_what_is_owed(seller, registrations, details, expected):
    """Percentages of the table on 10.00; worked by hand."""
    for row in registrations:
        seller.v1.tax.registrations.create(row)
    found = preview(seller, details)
    assert taxes(found) == expected
    assert found.automatic_tax.status == "complete"
    assert found.total == 1000 + sum(row[0] for row in expected)


@pytest.mark.parametrize(
    "address",
    [
        None,
        {"city": "Berlin"},
        {"country": "Germany"},
        {"country": "US", "state": "NY"},
        {"country": "US", "postal_code": "100"},
        {"country": "CA", "city": "Montreal"},
    ],
)
def test_location_that_is_not_recognized(seller, address):
    with refused(code=LOCATION):
        preview(seller, {"address": address} if address else None)
    buyer = customer(seller, **({"address": address} if address else {}))
    with refused(code=LOCATION):
        subscribe(seller, buyer, price(seller, 1000), **ON)


def test_account_that_is_not_set_up(client):
    assert client.v1.tax.settings.retrieve().status == "pending"
    buyer = customer(client, address=BERLIN)
    with refused(param="automatic_tax[enabled]"):
        subscribe(client, buyer, price(client, 1000, tax_behavior="exclusive"), **ON)
    client.v1.tax.settings.update({"head_office": {"address": {"country": "DE"}}})
    with refused():
        subscribe(client, buyer, price(client, 1000), **ON)
    sub = subscribe(client, buyer, price(client, 1000, tax_behavior="exclusive"), **ON)
    assert taxes(invoices(client, sub)[0]) == [(0, 0, "not_collecting", "exclusive")]


@pytest.mark.parametrize(
    ("behavior", "default", "total"),
    [
        ("inclusive", "exclusive", 1190),
        ("unspecified", "inclusive", 1190),
        ("unspecified", "inferred_by_currency", 1416),
    ],
)
def test_prices_with_tax(seller, behavior, default, total):
    """1190 contains 19 % (190) or gets 19 % (226.1) on top; dollars are without tax where the currency decides."""
    seller.v1.tax.settings.update({"defaults": {"tax_behavior": default}})
    found = preview(seller, {"address": BERLIN}, price(seller, 1190, tax_behavior=behavior))
    assert found.total == total
    rate = seller.v1.tax_rates.retrieve(found.total_taxes[0].tax_rate_details.tax_rate)
    assert (rate.inclusive, rate.percentage, rate.active) == (total == 1190, 19, False)


def test_product_that_is_not_taxed(seller):
    product = seller.v1.products.create({"name": "Gift", "tax_code": "txcd_00000000"}).id
    found = preview(seller, {"address": BERLIN}, price(seller, 1000, product=product))
    assert taxes(found) == [(0, 0, "not_subject_to_tax", "exclusive")]


def test_rates_are_kept_and_used_again(seller):
    """Even those of a preview, which leaves nothing else behind."""
    first, second = (preview(seller, {"address": BERLIN}) for _ in range(2))
    key = first.total_taxes[0].tax_rate_details.tax_rate
    assert key == second.total_taxes[0].tax_rate_details.tax_rate
    rate = seller.v1.tax_rates.retrieve(key)
    assert (rate.country, rate.jurisdiction_level, rate.tax_type) == ("DE", "country", "vat")
    assert not seller.v1.tax_rates.list().data
    with refused():
        subscribe(seller, customer(seller), price(seller, 1000), default_tax_rates=[key])


def test_preview_of_the_next_invoice_for_other_details(seller):
    buyer = customer(seller, address=BERLIN)
    sub = subscribe(seller, buyer, price(seller, 1000), **ON)
    seen = seller.v1.invoices.create_preview(
        {"subscription": sub.id, "customer_details": {"address": PARIS, "tax_ids": [FRENCH_ID]}}
    )
    assert taxes(seen) == [REVERSED]
    assert seller.v1.customers.retrieve(buyer).address.country == "DE"
    assert not seller.v1.customers.tax_ids.list(buyer).data
    assert taxes(seller.v1.invoices.create_preview({"subscription": sub.id})) == [VAT_DE]


def test_recurring_preview_of_a_new_subscription(seller):
    buyer = customer(seller, address=BERLIN, balance=-500)
    seller.v1.invoice_items.create({"customer": buyer, "amount": 300, "currency": "usd"})
    details = {"items": [{"price": price(seller, 1000)}], "trial_end": int(time.time()) + 9 * DAY}
    params = {"customer": buyer, "subscription_details": details, **ON}
    assert seller.v1.invoices.create_preview(params).subtotal == 300
    found = seller.v1.invoices.create_preview({**params, "preview_mode": "recurring"})
    assert (found.subtotal, found.total) == (1000, 1190)


def test_proration_and_discount(seller):
    """10 % off 10.00 is 9.00 and 1.71 of tax; twice that at once gives 9.00 and 1.71 back."""
    coupon = seller.v1.coupons.create({"percent_off": 10, "duration": "forever"}).id
    buyer = customer(seller, address=BERLIN)
    plan = price(seller, 1000)
    sub = subscribe(seller, buyer, plan, discounts=[{"coupon": coupon}], **ON)
    first = invoices(seller, sub)[0]
    assert (first.total, first.total_taxes[0].amount, first.status) == (1071, 171, "paid")
    terms = {"items": [{"id": item_id(sub), "quantity": 2}], "proration_behavior": "always_invoice"}
    seller.v1.subscriptions.update(sub.id, terms)
    second = invoices(seller, sub)[-1]
    assert abs(second.total - 1071) <= 1
    assert [line.taxes[0].tax_behavior for line in second.lines.data] == ["exclusive"] * 2


def test_rates_of_ones_own_do_not_go_with_it(seller):
    rate = seller.v1.tax_rates.create({"display_name": "VAT", "percentage": 7, "inclusive": False})
    buyer, plan = customer(seller, address=BERLIN), price(seller, 1000)
    with refused(param="default_tax_rates"):
        subscribe(seller, buyer, plan, default_tax_rates=[rate.id], **ON)
    sub = subscribe(seller, buyer, plan, default_tax_rates=[rate.id])
    with refused(param="default_tax_rates"):
        seller.v1.subscriptions.update(sub.id, ON)
    changed = seller.v1.subscriptions.update(sub.id, {"default_tax_rates": "", **ON})
    assert changed.automatic_tax.enabled
    item = {"customer": buyer, "amount": 300, "currency": "usd"}
    with refused(param="tax_rates"):
        seller.v1.invoice_items.create({**item, "tax_rates": [rate.id]})
    with refused(param="amount"):
        seller.v1.invoice_items.create({**item, "amount": -300})
    off = {"automatic_tax": {"enabled": False}}
    assert not seller.v1.subscriptions.update(sub.id, off).automatic_tax.enabled


def test_renewal_without_location_goes_on_without_tax(seller, advance):
    """docs.stripe.com/tax/customer-locations, "Invoice finalization errors"."""
    start = at(2026, 3, 1)
    time_of = clock(seller, start)
    buyer = customer(seller, address=BERLIN, test_clock=time_of)
    sub = subscribe(seller, buyer, price(seller, 1000), **ON)
    seller.v1.customers.update(buyer, {"address": ""})
    advance(time_of, at(2026, 4, 1))
    advance(time_of, at(2026, 4, 1) + 7200)
    last = invoices(seller, sub)[-1]
    assert (last.status, last.total, last.automatic_tax.enabled) == ("paid", 1000, False)
    assert last.automatic_tax.disabled_reason == "finalization_requires_location_inputs"
    sub = seller.v1.subscriptions.retrieve(sub.id)
    assert (sub.automatic_tax.enabled, sub.automatic_tax.disabled_reason) == (
        False,
        "requires_location_inputs",
    )


def test_invoice_by_hand_waits_for_the_location(seller):
    buyer = customer(seller)
    draft = seller.v1.invoices.create({"customer": buyer, **ON})
    item = {"customer": buyer, "amount": 1000, "currency": "usd", "invoice": draft.id}
    seller.v1.invoice_items.create(item)
    draft = seller.v1.invoices.retrieve(draft.id)
    assert (draft.automatic_tax.status, draft.total) == ("requires_location_inputs", 1000)
    with refused(code=LOCATION):
        seller.v1.invoices.finalize_invoice(draft.id)
    draft = seller.v1.invoices.retrieve(draft.id)
    assert (draft.status, draft.last_finalization_error.code) == ("draft", LOCATION)
    assert "invoice.finalization_failed" in event_types(seller, "invoice.")
    seller.v1.customers.update(buyer, {"address": BERLIN})
    done = seller.v1.invoices.finalize_invoice(draft.id)
    assert (done.status, done.total, done.last_finalization_error) == ("open", 1190, None)
    credited = {"type": "invoice_line_item", "invoice_line_item": done.lines.data[0].id}
    note = seller.v1.credit_notes.create(
        {"invoice": draft.id, "lines": [{**credited, "amount": 100}]}
    )
    assert note.total_taxes[0].amount == 19


def test_schedule_switches_it_on_at_the_renewal(seller, advance):
    start = at(2026, 3, 1)
    time_of = clock(seller, start)
    buyer = customer(seller, address=BERLIN, test_clock=time_of)
    plan = price(seller, 1000)
    sub = subscribe(seller, buyer, plan)
    schedule = seller.v1.subscription_schedules.create({"from_subscription": sub.id})
    now = schedule.phases[0]
    items = [{"price": plan, "quantity": 1}]
    phases = [
        {"items": items, "start_date": now.start_date, "end_date": now.end_date},
        {"items": items, "duration": {"interval": "month"}, **ON},
    ]
    seller.v1.subscription_schedules.update(schedule.id, {"phases": phases})
    advance(time_of, at(2026, 4, 1))
    assert seller.v1.subscriptions.retrieve(sub.id).automatic_tax.enabled
    assert taxes(invoices(seller, sub)[-1]) == [VAT_DE]


def test_schedule_that_begins_with_it(seller, advance):
    start = at(2026, 3, 1)
    time_of = clock(seller, start)
    buyer = customer(seller, address=BERLIN, test_clock=time_of)
    phase = {"items": [{"price": price(seller, 1000)}], "duration": {"interval": "month"}}
    params = {"customer": buyer, "start_date": start + DAY, "phases": [phase]}
    seller.v1.subscription_schedules.create({**params, "default_settings": ON})
    advance(time_of, start + DAY + 60)
    (sub,) = seller.v1.subscriptions.list({"customer": buyer}).data
    assert sub.automatic_tax.enabled
    assert taxes(invoices(seller, sub)[0]) == [VAT_DE]


def test_registration_begins_and_ends(seller):
    api = seller.v1.tax.registrations
    later = api.create({**registration("FR"), "active_from": int(time.time()) + DAY})
    assert later.status == "scheduled"
    assert taxes(preview(seller, {"address": PARIS})) == [NOTHING]
    api.update(later.id, {"active_from": "now"})
    assert taxes(preview(seller, {"address": PARIS})) == [due(200)]
    api.update(later.id, {"expires_at": "now"})
    assert api.retrieve(later.id).status == "expired"
    assert taxes(preview(seller, {"address": PARIS})) == [NOTHING]
    assert [row.country for row in api.list({"status": "active"}).data] == ["DE"]


@pytest.mark.parametrize(
    ("country", "options", "code"),
    [
        ("DE", {"type": "ioss"}, "sandbox_not_implemented"),
        ("US", {"type": "state_sales_tax", "state": "OR"}, "sandbox_not_implemented"),
        ("TH", {"type": "simplified"}, "sandbox_not_implemented"),
        ("CA", {"type": "province_standard", "province_standard": {"province": "ON"}}, None),
    ],
)
def test_registrations_that_mean_nothing_here(client, country, options, code):
    given = {"active_from": "now", "country": country}
    with refused(code=code):
        client.v1.tax.registrations.create({**given, "country_options": {country.lower(): options}})


def test_every_place_of_the_table():
    """A country, state or province is found by its address, and nothing is taxed at 0 %."""
    for code in tax_table.COUNTRIES:
        (levy,) = tax_table.levies(tax_table.locate({"country": code}))
        assert levy.percentage > 0
    for code, (levy, first, last) in tax_table.STATES.items():
        for digits in (first, last):
            place = tax_table.locate({"country": "US", "postal_code": f"{digits}00"})
            assert place.state == code
            assert tax_table.levies(place)[0] == levy
    for code in tax_table.PROVINCES:
        place = tax_table.locate({"country": "CA", "state": code})
        assert sum(levy.percentage for levy in tax_table.levies(place)) >= Fraction(5)
