"""Stripe Tax in Checkout: the address that is entered decides, and the price is seen before it is charged."""

from __future__ import annotations

import pytest

from tests.sandbox.billing_setup import customer, price
from tests.sandbox.core_setup import refused
from tests.sandbox.payments_setup import DECLINED, SHOP, faults, open_page, session, submit

ON = {"automatic_tax": {"enabled": True}}
BERLIN = {"country": "DE", "postal_code": "10115", "city": "Berlin"}
PARIS = {"country": "FR", "postal_code": "75001"}
ENTERED = {"billingCountry": "DE", "billingPostalCode": "10115"}


@pytest.fixture
def seller(client):
    """A seller in Germany that is registered there."""
    client.v1.tax.settings.update(
        {"head_office": {"address": {"country": "DE"}}, "defaults": {"tax_behavior": "exclusive"}}
    )
    client.v1.tax.registrations.create(
        {"active_from": "now", "country": "DE", "country_options": {"de": {"type": "standard"}}}
    )
    return client


def test_checkout_of_a_stranger_asks_for_the_address(seller):
    """The price is charged only after the customer has seen the tax of the address that was entered."""
    made = session(seller, price(seller, 1000), **ON)
    assert (made.automatic_tax.status, made.amount_total) == ("requires_location_inputs", 1000)
    assert "Enter your address" in open_page(made.url).text
    nowhere = submit(made.url, billingCountry="US")
    assert faults(nowhere) == ["Enter your postal code, so that taxes can be calculated."]
    shown = submit(made.url, **ENTERED)
    assert shown.status_code == 200
    assert "VAT (19%)" in shown.text
    made = seller.v1.checkout.sessions.retrieve(made.id)
    assert (made.automatic_tax.status, made.amount_total) == ("complete", 1190)
    assert made.total_details.amount_tax == 190
    assert submit(made.url, DECLINED, **ENTERED).status_code == 402
    assert submit(made.url, **ENTERED).headers["Location"].startswith(SHOP)
    made = seller.v1.checkout.sessions.retrieve(made.id)
    assert (made.customer_details.address.country, made.payment_status) == ("DE", "paid")
    assert seller.v1.customers.retrieve(made.customer).address.postal_code == "10115"
    invoice = seller.v1.invoices.retrieve(made.invoice)
    assert (invoice.total, invoice.total_taxes[0].amount, invoice.status) == (1190, 190, "paid")
    assert seller.v1.subscriptions.retrieve(made.subscription).automatic_tax.enabled


def test_checkout_of_a_customer_with_an_address(seller):
    buyer, plan = customer(seller, None, address=BERLIN), price(seller, 1000)
    made = session(seller, plan, customer=buyer, **ON)
    assert (made.automatic_tax.status, made.amount_total) == ("complete", 1190)
    assert "billingPostalCode" not in open_page(made.url).text
    assert submit(made.url).headers["Location"].startswith(SHOP)
    assert seller.v1.customers.retrieve(buyer).address.country == "DE"


def test_checkout_updates_the_address(seller):
    buyer, plan = customer(seller, None, address=PARIS), price(seller, 1000)
    more = {"customer": buyer, "customer_update": {"address": "auto"}, **ON}
    made = session(seller, plan, **more, subscription_data={"trial_period_days": 5})
    assert 'value="75001"' in open_page(made.url).text
    assert "Then $11.90 per month" in submit(made.url, action="update-address", **ENTERED).text
    assert submit(made.url, **ENTERED).headers["Location"].startswith(SHOP)
    assert seller.v1.customers.retrieve(buyer).address.country == "DE"


def test_checkout_that_is_refused(seller):
    buyer, plan = customer(seller, None), price(seller, 1000)
    with refused(code="customer_tax_location_invalid"):
        session(seller, plan, customer=buyer, **ON)
    with refused(param="customer_update"):
        session(seller, plan, customer_update={"address": "auto"})
    rate = seller.v1.tax_rates.create({"display_name": "VAT", "percentage": 7, "inclusive": False})
    with refused(param="line_items"):
        session(seller, plan, subscription_data={"default_tax_rates": [rate.id]}, **ON)


def test_checkout_that_wants_the_whole_address(client):
    made = session(client, price(client, 1000), billing_address_collection="required")
    assert faults(submit(made.url)) == ["Enter your address."] * 2
    whole = {"billingAddressLine1": "1 High Street", "billingCity": "Leeds"}
    assert submit(made.url, **whole).headers["Location"].startswith(SHOP)
    made = client.v1.checkout.sessions.retrieve(made.id)
    assert client.v1.customers.retrieve(made.customer).address.city == "Leeds"
