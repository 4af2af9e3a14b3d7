"""Credit notes: amounts, and what they do to invoices, balances and charges."""

from __future__ import annotations

import pytest
import requests
import stripe

from tests.sandbox.billing_setup import (
    FAILS_LATER,
    at,
    clock,
    customer,
    event_types,
    invoices,
    price,
    subscribe,
)
from tests.sandbox.core_setup import refused

KINDS = ("credit_note", "refund.created", "charge.refunded", "invoice.paid", "invoice.updated")


def paid_invoice(client, amount=1_000, quantity=2, **more):
    """A paid invoice of a new customer's subscription."""
    sub = subscribe(client, customer(client), price(client, amount), quantity, **more)
    return invoices(client, sub)[0]


def open_invoice(client, amount=1_000, card=None, **more):
    """An open invoice with one line."""
    buyer = customer(client, card)
    params = {"collection_method": "send_invoice", "days_until_due": 30} if not card else {}
    made = client.v1.invoices.create({"customer": buyer, **params, **more})
    client.v1.invoice_items.create({"customer": buyer, "invoice": made.id, "amount": amount})
    return client.v1.invoices.finalize_invoice(made.id)


def credit(client, invoice, **params):
    return client.v1.credit_notes.create({"invoice": invoice.id, **params})


def line_of(invoice, **values):
    key = invoice.lines.data[0].id
    return {"type": "invoice_line_item", "invoice_line_item": key, **values}


def seen(client, invoice):
    """Status and amounts of an invoice."""
    now = client.v1.invoices.retrieve(invoice.id)
    notes = (now.pre_payment_credit_notes_amount, now.post_payment_credit_notes_amount)
    return (now.status, now.amount_due, now.amount_remaining, now.amount_paid, *notes)


def test_open_invoice_shrinks(client):
    invoice = open_invoice(client)
    note = credit(client, invoice, amount=300, reason="duplicate", memo="Too much")
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("pre_payment", 300, 0)
    assert (note.status, note.amount, note.total, note.reason) == ("issued", 300, 300, "duplicate")
    assert note.number == f"{invoice.number}-CN-01"
    assert seen(client, invoice) == ("open", 700, 700, 0, 300, 0)
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice.id}).data
    intent = client.v1.payment_intents.retrieve(payment.payment.payment_intent)
    assert (payment.amount_requested, intent.amount) == (700, 700)
    assert event_types(client, *KINDS)[-2:] == ["credit_note.created", "invoice.updated"]
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": invoice.customer}).id
    client.v1.invoices.pay(invoice.id, {"payment_method": method})
    assert seen(client, invoice) == ("paid", 700, 0, 700, 300, 0)


def test_open_invoice_that_is_credited_is_paid(client):
    invoice = open_invoice(client)
    credit(client, invoice, lines=[line_of(invoice, amount=1_000)])
    assert seen(client, invoice) == ("paid", 0, 0, 0, 1_000, 0)
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice.id}).data
    assert payment.status == "canceled"
    assert event_types(client, "invoice.p", "credit_note") == [
        "credit_note.created",
        "invoice.paid",
    ]


def test_credited_invoice_lets_its_subscription_recover(client):
    buyer = customer(client, FAILS_LATER)
    sub = subscribe(client, buyer, price(client, 1_000))
    assert sub.status == "incomplete"
    (invoice,) = invoices(client, sub)
    credit(client, invoice, amount=1_000)
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"


def test_voiding_brings_the_amount_back(client):
    invoice = open_invoice(client)
    first = credit(client, invoice, amount=300)
    voided = client.v1.credit_notes.void_credit_note(first.id)
    assert (voided.status, bool(voided.voided_at)) == ("void", True)
    assert seen(client, invoice) == ("open", 1_000, 1_000, 0, 0, 0)
    assert event_types(client, "credit_note") == ["credit_note.created", "credit_note.voided"]
    with pytest.raises(stripe.InvalidRequestError, match="already void"):
        client.v1.credit_notes.void_credit_note(first.id)
    assert credit(client, invoice, amount=1_000).number == f"{invoice.number}-CN-02"
    paid = paid_invoice(client)
    note = credit(client, paid, amount=100, credit_amount=100)
    with pytest.raises(stripe.InvalidRequestError, match="only void"):
        client.v1.credit_notes.void_credit_note(note.id)


def test_paid_invoice_is_refunded(client):
    invoice = paid_invoice(client)
    note = credit(client, invoice, lines=[line_of(invoice, quantity=1)], refund_amount=1_000)
    assert (note.type, note.post_payment_amount, note.pre_payment_amount) == (
        "post_payment",
        1_000,
        0,
    )
    assert seen(client, invoice) == ("paid", 2_000, 0, 2_000, 0, 1_000)
    (row,) = note.refunds
    refund = client.v1.refunds.retrieve(row.refund, {"expand": ["charge"]})
    assert (row.amount_refunded, refund.amount, refund.charge.amount_refunded) == (
        1_000,
        1_000,
        1_000,
    )
    assert event_types(client, *KINDS)[-4:] == [
        "refund.created",
        "charge.refunded",
        "credit_note.created",
        "invoice.updated",
    ]
    line = note.lines.data[0]
    assert (line.quantity, line.unit_amount, line.amount) == (1, 1_000, 1_000)
    assert line.description == invoice.lines.data[0].description


def test_credit_to_the_balance(client):
    invoice = paid_invoice(client)
    note = credit(client, invoice, amount=700, credit_amount=500, out_of_band_amount=200)
    assert (note.out_of_band_amount, note.refunds) == (200, [])
    assert client.v1.customers.retrieve(invoice.customer).balance == -500
    found = client.v1.credit_notes.retrieve(note.id, {"expand": ["customer_balance_transaction"]})
    transaction = found.customer_balance_transaction
    assert (transaction.type, transaction.amount, transaction.ending_balance) == (
        "credit_note",
        -500,
        -500,
    )
    assert (transaction.credit_note, transaction.invoice) == (note.id, invoice.id)
    changed, first_use = client.v1.events.list({"type": "customer.updated"}).data
    assert changed.data.previous_attributes.to_dict() == {"balance": 0}
    assert first_use.data.previous_attributes.to_dict() == {"currency": None}


def test_existing_refunds_are_accounted_for(client):
    invoice = paid_invoice(client)
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice.id}).data
    intent = payment.payment.payment_intent
    refund = client.v1.refunds.create({"payment_intent": intent, "amount": 600}).id
    with pytest.raises(stripe.InvalidRequestError, match="still be credited"):
        credit(client, invoice, amount=1_500, credit_amount=1_500)
    first = credit(
        client, invoice, amount=400, refunds=[{"refund": refund, "amount_refunded": 400}]
    )
    assert first.refunds[0].refund == refund
    with refused(param="refunds[0][amount_refunded]"):
        rows = [{"refund": refund, "amount_refunded": 201}]
        credit(client, invoice, amount=201, refunds=rows)
    rest = credit(client, invoice, amount=200, refunds=[{"refund": refund}])
    assert rest.refunds[0].amount_refunded == 200
    assert len(client.v1.refunds.list().data) == 1
    assert credit(client, invoice, amount=1_400, refund_amount=1_400).total == 1_400
    assert seen(client, invoice) == ("paid", 2_000, 0, 2_000, 0, 2_000)


@pytest.mark.parametrize(
    ("ways", "words"),
    [
        ({}, "must equal the post payment amount"),
        ({"refund_amount": 400}, "must equal"),
        ({"refund_amount": 300, "credit_amount": 300}, "must equal"),
        ({"credit_amount": 600, "out_of_band_amount": -100}, "non-negative"),
    ],
)
def test_ways_back_come_to_the_amount(client, ways, words):
    invoice = paid_invoice(client)
    with pytest.raises(stripe.InvalidRequestError, match=words):
        credit(client, invoice, amount=500, **ways)
    assert client.v1.credit_notes.list({"invoice": invoice.id}).data == []
    assert client.v1.refunds.list().data == []


def test_part_of_taxes_and_discounts_goes_with_a_line(client):
    rate = client.v1.tax_rates.create(
        {"display_name": "VAT", "percentage": 19, "inclusive": False}
    ).id
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "forever"}).id
    invoice = paid_invoice(client, 333, 3, default_tax_rates=[rate], discounts=[{"coupon": coupon}])
    assert (invoice.total, invoice.total_taxes[0].amount) == (899 + 171, 171)
    notes = []
    for quantity, total in ((1, 357), (2, 713)):
        lines = [line_of(invoice, quantity=quantity)]
        notes.append(credit(client, invoice, lines=lines, credit_amount=total))
    first, second = notes
    assert (first.subtotal, first.discount_amount, first.total_taxes[0].amount) == (333, 33, 57)
    assert (first.total, first.total_excluding_tax) == (357, 300)
    assert first.total + second.total == invoice.total
    assert sum(note.discount_amount for note in notes) == 100
    assert sum(note.total_taxes[0].taxable_amount for note in notes) == 899
    assert first.lines.data[0].tax_rates[0].id == rate
    with refused(param="lines[0][quantity]"):
        credit(client, invoice, lines=[line_of(invoice, quantity=1)], credit_amount=1)


def test_inclusive_tax_is_part_of_the_amount(client):
    rate = client.v1.tax_rates.create(
        {"display_name": "VAT", "percentage": 25, "inclusive": True}
    ).id
    invoice = paid_invoice(client, 1_000, 1, default_tax_rates=[rate])
    note = credit(client, invoice, lines=[line_of(invoice, amount=500)], refund_amount=500)
    assert (note.subtotal, note.total, note.total_excluding_tax) == (500, 500, 400)
    assert note.total_taxes[0].amount == 100


def test_mixed_when_part_of_the_amount_was_paid_already(client):
    """Here the customer's balance has paid it."""
    buyer = customer(client, None, balance=-400)
    made = client.v1.invoices.create(
        {"customer": buyer, "collection_method": "send_invoice", "days_until_due": 30}
    )
    client.v1.invoice_items.create({"customer": buyer, "invoice": made.id, "amount": 1_000})
    invoice = client.v1.invoices.finalize_invoice(made.id)
    note = credit(client, invoice, amount=800, credit_amount=200)
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("mixed", 600, 200)
    assert seen(client, invoice) == ("paid", 0, 0, 0, 600, 200)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "lines"),
        ({"amount": 0}, "amount"),
        ({"amount": 1_001}, "amount"),
        ({"amount": 100, "lines": [{"type": "invoice_line_item", "amount": 50}]}, "amount"),
        ({"lines": [{"type": "invoice_line_item"}]}, "lines[0][amount]"),
        ({"lines": [{"type": "invoice_line_item", "amount": 1_001}]}, "lines[0][amount]"),
        ({"lines": [{"type": "invoice_line_item", "quantity": 2}]}, "lines[0][quantity]"),
        (
            {"lines": [{"type": "custom_line_item", "unit_amount": 1}]},
            "lines[0][description]",
        ),
        (
            {"lines": [{"type": "custom_line_item", "description": "X"}]},
            "lines[0][unit_amount]",
        ),
    ],
)
def test_what_makes_no_credit_note(client, params, param):
    invoice = open_invoice(client)
    for line in params.get("lines", []):
        if line["type"] == "invoice_line_item":
            line["invoice_line_item"] = invoice.lines.data[0].id
    with refused(param=param):
        credit(client, invoice, **params)
    assert seen(client, invoice) == ("open", 1_000, 1_000, 0, 0, 0)


def test_drafts_void_invoices_and_those_of_others(client):
    buyer = customer(client, None)
    draft = client.v1.invoices.create({"customer": buyer})
    invoice = open_invoice(client)
    other = open_invoice(client)
    with pytest.raises(stripe.InvalidRequestError, match="status is draft"):
        credit(client, draft, amount=1)
    with refused(code="resource_missing"):
        credit(client, other, lines=[line_of(invoice, amount=1)])
    client.v1.invoices.void_invoice(other.id)
    with pytest.raises(stripe.InvalidRequestError, match="status is void"):
        credit(client, other, amount=1)
    client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    with pytest.raises(stripe.InvalidRequestError, match="no charge"):
        credit(client, invoice, amount=1, refund_amount=1)
    assert credit(client, invoice, amount=1, out_of_band_amount=1).type == "post_payment"


def test_preview_stores_nothing(client):
    invoice = paid_invoice(client)
    wanted = {"invoice": invoice.id, "amount": 500, "refund_amount": 500}
    preview = client.v1.credit_notes.preview(wanted)
    assert (preview.total, preview.refunds, preview.post_payment_amount) == (500, [], 500)
    (line,) = client.v1.credit_notes.preview_lines.list(wanted).data
    assert line.amount == 500
    assert client.v1.credit_notes.list({"invoice": invoice.id}).data == []
    assert seen(client, invoice) == ("paid", 2_000, 0, 2_000, 0, 0)
    assert event_types(client, "credit_note", "refund") == []


def test_time_of_the_test_clock_pdf_and_changes(client):
    start = at(2030, 1, 1)
    buyer = customer(client, test_clock=clock(client, start))
    (invoice,) = invoices(client, subscribe(client, buyer, price(client, 1_000)))
    note = credit(client, invoice, amount=100, refund_amount=100, memo="Sorry")
    assert (note.created, note.effective_at) == (start, start)
    assert client.v1.refunds.retrieve(note.refunds[0].refund).created == start
    answer = requests.get(note.pdf, timeout=30)
    assert (answer.headers["Content-Type"], answer.content[:4]) == ("application/pdf", b"%PDF")
    changed = client.v1.credit_notes.update(note.id, {"memo": "Very sorry"})
    assert changed.memo == "Very sorry"
    assert event_types(client, "credit_note") == ["credit_note.created", "credit_note.updated"]
