"""Contract cases of credit notes and of what customers have with the account: balance and tax ids."""

from __future__ import annotations

from typing import Any

from tests.sandbox.billing_setup import customer, invoices, price, subscribe
from tests.sandbox.contract_cases import contract_case


@contract_case(
    "POST /v1/credit_notes",
    "GET /v1/credit_notes",
    "GET /v1/credit_notes/{id}",
    "POST /v1/credit_notes/{id}",
    "POST /v1/credit_notes/{id}/void",
    "GET /v1/credit_notes/{credit_note}/lines",
    "GET /v1/credit_notes/preview",
    "GET /v1/credit_notes/preview/lines",
)
def credit_notes(world: Any) -> None:
    api = world.client.v1
    buyer = customer(world.client)
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    coupon = api.coupons.create({"percent_off": 10, "duration": "forever"}).id
    sub = subscribe(
        world.client,
        buyer,
        price(world.client, 1000),
        2,
        default_tax_rates=[rate],
        discounts=[{"coupon": coupon}],
    )
    (invoice,) = invoices(world.client, sub)
    line = invoice.lines.data[0].id
    wanted = {
        "invoice": invoice.id,
        "lines": [
            {"type": "invoice_line_item", "invoice_line_item": line, "quantity": 1},
            {
                "type": "custom_line_item",
                "description": "Sorry",
                "quantity": 2,
                "unit_amount": 50,
                "tax_rates": [rate],
                "metadata": {"k": "v"},
            },
        ],
        "refund_amount": 1000,
        "credit_amount": 100,
        "out_of_band_amount": 100,
    }
    preview = api.credit_notes.preview({**wanted, "expand": ["invoice", "lines.data.tax_rates"]})
    assert (preview.total, preview.post_payment_amount) == (1200, 1200)
    api.credit_notes.preview_lines.list({**wanted, "limit": 1})
    note = api.credit_notes.create(
        {
            **wanted,
            "reason": "order_change",
            "memo": "Half of it",
            "metadata": {"k": "v"},
            "effective_at": invoice.created,
            "email_type": "none",
            "expand": ["customer_balance_transaction", "refunds.refund", "invoice", "customer"],
        }
    )
    api.credit_notes.retrieve(note.id)
    api.credit_notes.update(note.id, {"memo": "Half", "metadata": {"k": ""}})
    api.credit_notes.line_items.list(note.id, {"limit": 1})
    api.credit_notes.list({"invoice": invoice.id, "created": {"gte": 1}})
    api.credit_notes.list({"customer": buyer})
    charge = note.refunds[0].refund.charge
    refund = api.refunds.create({"charge": charge, "amount": 300}).id
    rows = [{"type": "invoice_line_item", "invoice_line_item": line, "amount": 100}]
    api.credit_notes.create(
        {
            "invoice": invoice.id,
            "lines": rows,
            "refunds": [{"refund": refund, "amount_refunded": 108}],
        }
    )
    late = api.invoices.create(
        {"customer": buyer, "collection_method": "send_invoice", "days_until_due": 9}
    )
    api.invoice_items.create({"customer": buyer, "invoice": late.id, "amount": 900})
    api.invoices.finalize_invoice(late.id)
    reduced = api.credit_notes.create({"invoice": late.id, "amount": 400})
    api.credit_notes.void_credit_note(reduced.id, {"expand": ["invoice"]})


@contract_case(
    "POST /v1/customers",
    "POST /v1/customers/{customer}/balance_transactions",
    "GET /v1/customers/{customer}/balance_transactions",
    "GET /v1/customers/{customer}/balance_transactions/{transaction}",
    "POST /v1/customers/{customer}/balance_transactions/{transaction}",
)
def customer_balances(world: Any) -> None:
    api = world.client.v1
    buyer = customer(world.client, None)
    made = api.customers.balance_transactions.create(
        buyer,
        {
            "amount": -500,
            "currency": "usd",
            "description": "Welcome",
            "metadata": {"k": "v"},
            "expand": ["customer"],
        },
    )
    api.customers.balance_transactions.retrieve(buyer, made.id, {"expand": ["invoice"]})
    api.customers.balance_transactions.update(buyer, made.id, {"description": ""})
    api.customers.balance_transactions.list(buyer, {"created": {"gte": 1}, "limit": 2})


@contract_case(
    "POST /v1/customers",
    "GET /v1/customers/{customer}",
    "POST /v1/customers/{customer}/tax_ids",
    "GET /v1/customers/{customer}/tax_ids",
    "GET /v1/customers/{customer}/tax_ids/{id}",
    "DELETE /v1/customers/{customer}/tax_ids/{id}",
)
def customer_tax_ids(world: Any) -> None:
    api = world.client.v1
    known = [{"type": "eu_vat", "value": "DE123456789"}]
    buyer = api.customers.create({"name": "Ada", "tax_id_data": known, "expand": ["tax_ids"]}).id
    made = api.customers.tax_ids.create(buyer, {"type": "us_ein", "value": "12-3456789"})
    api.customers.tax_ids.retrieve(buyer, made.id, {"expand": ["customer", "owner.customer"]})
    api.customers.tax_ids.list(buyer, {"limit": 2})
    api.customers.retrieve(buyer, {"expand": ["tax_ids"]})
    api.customers.tax_ids.delete(buyer, made.id)
