"""Balance transactions and tax ids of customers."""

from __future__ import annotations

import pytest

from tests.sandbox.billing_setup import at, clock, customer, event_types, invoices, price, subscribe
from tests.sandbox.core_setup import refused, wait_for


def add(client, buyer, amount, **more):
    params = {"amount": amount, "currency": "usd", **more}
    return client.v1.customers.balance_transactions.create(buyer, params)


def ledger(client, buyer):
    """Type, amount and ending balance of each transaction, oldest first."""
    rows = client.v1.customers.balance_transactions.list(buyer).data[::-1]
    return [(row.type, row.amount, row.ending_balance) for row in rows]


def test_credit_is_used_by_the_next_invoice(client):
    buyer = customer(client)
    made = add(client, buyer, -700, description="Sorry", metadata={"k": "v"})
    assert (made.type, made.ending_balance, made.customer) == ("adjustment", -700, buyer)
    assert (made.description, made.metadata["k"]) == ("Sorry", "v")
    add(client, buyer, 200)
    kept = client.v1.customers.retrieve(buyer)
    assert (kept.balance, kept.currency) == (-500, "usd")
    (invoice,) = invoices(client, subscribe(client, buyer, price(client, 1_000)))
    assert (invoice.amount_due, invoice.starting_balance) == (500, -500)
    assert ledger(client, buyer) == [
        ("adjustment", -700, -700),
        ("adjustment", 200, -500),
        ("applied_to_invoice", 500, 0),
    ]
    params = {"invoice": invoice.id}
    (used,) = client.v1.customers.balance_transactions.list(buyer, params).data
    assert used.invoice == invoice.id
    changes = client.v1.events.list({"type": "customer.updated"}).data[::-1]
    assert [e.data.previous_attributes.to_dict() for e in changes if e.data.object.balance] == [
        {"balance": 0},
        {"balance": -700},
    ]


def test_balance_that_is_set_is_in_the_ledger_too(client):
    buyer = customer(client, None, balance=-300)
    client.v1.customers.update(buyer, {"balance": 100})
    client.v1.customers.update(buyer, {"balance": 100, "name": "Eva"})
    assert ledger(client, buyer) == [("initial", -300, -300), ("adjustment", 400, 100)]


def test_transactions_follow_the_test_clock(client):
    start = at(2030, 1, 1)
    buyer = customer(client, None, test_clock=clock(client, start))
    assert add(client, buyer, -1).created == start


def test_what_is_refused_of_a_balance(client):
    buyer, other = customer(client, None), customer(client, None)
    made = add(client, buyer, -100)
    with refused(status=400):
        add(client, buyer, -100, currency="eur")
    with refused(param="currency"):
        add(client, other, -100, currency="xxx")
    with refused(param="description"):
        add(client, buyer, -100, description="x" * 351)
    with refused(code="resource_missing", status=404):
        client.v1.customers.balance_transactions.retrieve(other, made.id)
    with refused(code="resource_missing"):
        add(client, "cus_none", -100)
    assert client.v1.customers.retrieve(buyer).balance == -100
    changed = client.v1.customers.balance_transactions.update(
        buyer, made.id, {"description": "Gift", "metadata": {"a": "b"}}
    )
    assert (changed.description, changed.metadata["a"], changed.amount) == ("Gift", "b", -100)


def tax_id(client, buyer, kind, value):
    return client.v1.customers.tax_ids.create(buyer, {"type": kind, "value": value})


@pytest.mark.parametrize(
    ("kind", "value", "country", "status"),
    [
        ("eu_vat", "DE000000000", "DE", "verified"),
        ("eu_vat", "EL111111111", "GR", "unverified"),
        ("gb_vat", "GB123456789", "GB", "verified"),
    ],
)
def test_number_is_looked_up(client, kind, value, country, status):
    buyer = customer(client, None)
    made = tax_id(client, buyer, kind, value)
    assert (made.country, made.value, made.verification.status) == (country, value, "pending")
    wait_for(lambda: client.v1.events.list({"type": "customer.tax_id.updated"}).data)
    kept = client.v1.customers.tax_ids.retrieve(buyer, made.id)
    assert kept.verification.status == status
    assert event_types(client, "customer.tax_id") == [
        "customer.tax_id.created",
        "customer.tax_id.updated",
    ]


def test_life_of_a_tax_id(client):
    buyer = customer(client, None)
    first = tax_id(client, buyer, "us_ein", "12-3456789")
    assert (first.verification.status, first.owner.customer) == ("unavailable", buyer)
    second = tax_id(client, buyer, "ch_vat", "CHE-123.456.789 MWST")
    rows = client.v1.customers.tax_ids.list(buyer).data
    assert [row.id for row in rows] == [second.id, first.id]
    assert client.v1.customers.tax_ids.delete(buyer, first.id).deleted
    kept = client.v1.customers.retrieve(buyer, {"expand": ["tax_ids"]})
    assert [row.id for row in kept.tax_ids.data] == [second.id]
    assert event_types(client, "customer.tax_id")[-1] == "customer.tax_id.deleted"


def test_invoices_show_the_tax_ids_until_they_are_final(client):
    known = [{"type": "us_ein", "value": "12-3456789"}]
    buyer = customer(client, tax_id_data=known)
    draft = client.v1.invoices.create({"customer": buyer})
    second = tax_id(client, buyer, "ch_uid", "CHE-123.456.789")
    client.v1.invoices.finalize_invoice(draft.id)
    client.v1.customers.tax_ids.delete(buyer, second.id)
    invoice = client.v1.invoices.retrieve(draft.id)
    assert [row.to_dict() for row in invoice.customer_tax_ids] == [
        *known,
        {"type": "ch_uid", "value": "CHE-123.456.789"},
    ]


@pytest.mark.parametrize(
    ("kind", "value"), [("eu_vat", "XX123"), ("eu_vat", "DE1"), ("us_ein", "1"), ("gb_vat", "GB1")]
)
def test_numbers_of_a_wrong_form(client, kind, value):
    buyer = customer(client, None)
    with refused(code="tax_id_invalid", param="value", message=f"Invalid value for {kind}."):
        tax_id(client, buyer, kind, value)
    with refused(param="tax_id_data[0][value]"):
        customer(client, None, tax_id_data=[{"type": kind, "value": value}])


def test_tax_ids_of_others_and_too_many(client):
    buyer, other = customer(client, None), customer(client, None)
    made = [tax_id(client, buyer, "us_ein", f"12-345678{digit}") for digit in range(5)]
    with refused(param="value"):
        tax_id(client, buyer, "us_ein", "12-3456789")
    with refused(code="resource_missing", status=404):
        client.v1.customers.tax_ids.delete(other, made[0].id)
