"""The hosted page of an invoice, paying there, and its PDF."""

from __future__ import annotations

import io

import pytest
import requests
from pypdf import PdfReader

from tests.sandbox.billing_setup import FAILS_LATER, at, clock, customer, invoices, price, subscribe
from tests.sandbox.payments_setup import (
    ASKS,
    DECLINED,
    alerts,
    authenticate,
    faults,
    open_page,
    session,
    submit,
)

START = at(2027, 1, 1)


@pytest.fixture
def unpaid(client):
    """A subscription whose first invoice could not be paid, and that invoice."""
    buyer = customer(
        client,
        None,
        address={"line1": "1 High St", "city": "Leeds", "postal_code": "LS1", "country": "GB"},
    )
    card = client.v1.payment_methods.attach(FAILS_LATER, {"customer": buyer}).id
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False})
    sub = subscribe(
        client,
        buyer,
        price(client, 1500),
        2,
        default_payment_method=card,
        default_tax_rates=[rate.id],
    )
    return sub, invoices(client, sub)[0]


def text_of(url: str) -> str:
    answer = requests.get(url, timeout=30)
    assert answer.headers["Content-Type"] == "application/pdf"
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)


def test_page_shows_the_invoice(client, account, unpaid):
    _sub, invoice = unpaid
    page = open_page(invoice.hosted_invoice_url)
    assert page.status_code == 200
    for words in (
        account.name,
        invoice.number,
        "$36.00",
        "$6.00",
        "VAT (20%)",
        "2 × Plan 1500",
        "Leeds",
        'data-testid="hosted-payment-submit-button"',
        invoice.invoice_pdf,
    ):
        assert words in page.text


def test_paying_on_the_page(client, unpaid):
    sub, invoice = unpaid
    assert sub.status == "incomplete"
    answer = submit(invoice.hosted_invoice_url)
    assert answer.headers["Location"] == invoice.hosted_invoice_url
    paid = client.v1.invoices.retrieve(invoice.id, {"expand": ["payments"]})
    assert (paid.status, paid.amount_paid, len(paid.payments.data)) == ("paid", 3600, 1)
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"
    page = open_page(invoice.hosted_invoice_url)
    assert "Paid on" in page.text
    assert 'name="cardNumber"' not in page.text
    assert len(client.v1.payment_methods.list({"customer": sub.customer}).data) == 2


def test_paying_twice_charges_once(client, unpaid):
    _sub, invoice = unpaid
    submit(invoice.hosted_invoice_url)
    assert submit(invoice.hosted_invoice_url).status_code == 303
    assert len([c for c in client.v1.charges.list().data if c.paid]) == 1


def test_refusals_and_faults(client, unpaid):
    sub, invoice = unpaid
    answer = submit(invoice.hosted_invoice_url, DECLINED)
    assert (answer.status_code, alerts(answer)) == (402, ["Your card was declined."])
    assert faults(submit(invoice.hosted_invoice_url, cardCvc="")) == [
        "Your card's security code is incomplete."
    ]
    assert client.v1.invoices.retrieve(invoice.id).status == "open"
    assert client.v1.subscriptions.retrieve(sub.id).status == "incomplete"


def test_three_d_secure_on_the_page(client, unpaid):
    sub, invoice = unpaid
    back = authenticate(submit(invoice.hosted_invoice_url, ASKS), "fail").headers["Location"]
    assert back == invoice.hosted_invoice_url
    assert "failed authentication" in alerts(open_page(back))[0]
    authenticate(submit(invoice.hosted_invoice_url, ASKS))
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"


def test_renewal_that_the_bank_asks_about_is_confirmed_on_the_page(client, advance):
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    sub = subscribe(client, buyer, price(client, 1500))
    asks = client.v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": buyer})
    client.v1.subscriptions.update(sub.id, {"default_payment_method": asks.id})
    advance(time, at(2027, 2, 1, 2))
    invoice = invoices(client, sub)[-1]
    assert client.v1.subscriptions.retrieve(sub.id).status == "past_due"
    page = open_page(invoice.hosted_invoice_url)
    assert "Your bank asks you to confirm" in page.text
    link = page.text.split('data-testid="confirm-payment"')[0].rsplit('href="', 1)[1].split('"')[0]
    requests.post(link, {"result": "complete"}, allow_redirects=False, timeout=30)
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"


def test_receipt_is_linked_once_a_card_has_paid(client, unpaid):
    _sub, invoice = unpaid
    assert 'data-testid="receipt"' not in open_page(invoice.hosted_invoice_url).text
    submit(invoice.hosted_invoice_url)
    paid, failed = client.v1.charges.list().data
    assert f'href="{paid.receipt_url}"' in open_page(invoice.hosted_invoice_url).text
    assert (failed.status, failed.receipt_url) == ("failed", None)


def test_receipt_of_what_checkout_charged(client):
    made = session(client, price(client, 1500))
    submit(made.url)
    (charge,) = client.v1.charges.list().data
    (invoice,) = client.v1.invoices.list().data
    assert f'href="{charge.receipt_url}"' in open_page(invoice.hosted_invoice_url).text


def test_voided_invoice_takes_nothing(client, unpaid):
    _sub, invoice = unpaid
    client.v1.invoices.void_invoice(invoice.id)
    assert submit(invoice.hosted_invoice_url).status_code == 303
    page = open_page(invoice.hosted_invoice_url)
    assert "voided" in page.text
    assert 'name="cardNumber"' not in page.text
    assert not [c for c in client.v1.charges.list().data if c.paid]


def test_pdf_says_what_the_page_says(client, account, unpaid):
    _sub, invoice = unpaid
    text = text_of(invoice.invoice_pdf)
    for words in (
        invoice.number,
        account.name,
        "Leeds",
        "2 × Plan 1500",
        "$30.00",
        "VAT (20%)",
        "$36.00",
        "Open",
        "no real money",
    ):
        assert words in text
    submit(invoice.hosted_invoice_url)
    assert "Paid on" in text_of(invoice.invoice_pdf)


def test_pdf_of_many_lines_and_odd_names(client):
    buyer = customer(client, name="Ada & <Söhne> 東京")
    draft = client.v1.invoices.create({"customer": buyer, "auto_advance": False})
    for index in range(60):
        client.v1.invoice_items.create(
            {
                "customer": buyer,
                "invoice": draft.id,
                "amount": 100,
                "currency": "usd",
                "description": f"Line {index}",
            }
        )
    invoice = client.v1.invoices.finalize_invoice(draft.id)
    text = text_of(invoice.invoice_pdf)
    assert "Line 0" in text
    assert "Line 59" in text
    assert "$60.00" in text
    assert "Ada & <Söhne>" in text


def test_receipt_of_a_charge(client, account, unpaid):
    _sub, invoice = unpaid
    submit(invoice.hosted_invoice_url)
    charge = next(c for c in client.v1.charges.list().data if c.paid)
    assert f"$36.00 was paid to {account.name}" in open_page(charge.receipt_url).text
