"""Invoice items: /v1/invoiceitems."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stripe_sandbox.billing import (
    automatic_tax,
    catalog,
    discounting,
    drafts,
    invoice_items,
    lines,
    money,
    tiers,
)
from stripe_sandbox.core import errors, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import view

Wire = dict[str, Any]


@view("invoiceitem")
def show(account: Any, item: Wire) -> Wire:
    if item.get("deleted"):
        return item
    rates = [account.store.get("tax_rate", key) for key in item["_tax_rates"]]
    return {**item, "tax_rates": [account.render(rate) for rate in rates]}


@operation(
    "POST",
    "/v1/invoiceitems",
    params="amount currency customer description discountable discounts invoice metadata period "
    "price_data pricing quantity subscription tax_rates unit_amount_decimal",
)
def create(ctx: Any, params: Wire) -> Wire:
    """One of ``amount``, ``unit_amount_decimal``, ``pricing`` or ``price_data`` says what is
    charged.
    """
    customer = catalog.customer_for(ctx, params)
    invoice = _draft_for(ctx, params)
    sub = None
    if "subscription" in params:
        sub = ctx.store.get("subscription", params["subscription"], "subscription")
        if sub["customer"] != customer["id"]:
            raise errors.invalid("The subscription belongs to another customer.", "subscription")
    period = params.get("period")
    more = {
        "period": (period["start"], period["end"]) if period else None,
        "discountable": params.get("discountable", True),
        "metadata": params.get("metadata"),
        "tax_rates": catalog.tax_rate_ids(ctx, params.get("tax_rates"), "tax_rates"),
        "subscription": sub and sub["id"],
    }
    if "description" in params:
        more["description"] = params["description"]
    item = priced(ctx, customer, params, (invoice or sub or customer)["currency"], more)
    catalog.customer_currency(ctx, customer, item["currency"])
    automatic_tax.check_invoice_item(ctx, customer["id"], invoice, item)
    prepared = discounting.prepare(
        ctx,
        params.get("discounts"),
        param="discounts",
        currency=item["currency"],
        customer=customer["id"],
        invoice_item=item["id"],
    )
    item["discounts"] = discounting.save(ctx, prepared)
    invoice_items.save(ctx, [item], invoice)
    if invoice:
        drafts.add_lines(ctx, invoice, [lines.for_invoice_item(item)])
    return ctx.store.get("invoiceitem", item["id"])


def _draft_for(ctx: Any, params: Wire) -> Wire | None:
    if "invoice" not in params:
        return None
    invoice = ctx.store.get("invoice", params["invoice"], "invoice")
    if invoice["status"] != "draft" or invoice["customer"] != params["customer"]:
        raise errors.invalid(
            "Invoice items can only be added to a draft invoice of the same customer.", "invoice"
        )
    return invoice


def priced(ctx: Any, customer: Wire, params: Wire, currency: str | None, more: Wire) -> Wire:
    """An unsaved invoice item from what a request says about its price."""
    ways = [k for k in ("amount", "unit_amount_decimal", "pricing", "price_data") if k in params]
    if len(ways) != 1:
        raise errors.invalid(
            "You must pass exactly one of amount, unit_amount_decimal, pricing or price_data.",
            ways[1] if ways else "amount",
        )
    quantity = params.get("quantity", 1)
    if ways[0] in ("pricing", "price_data"):
        row = params if ways[0] == "price_data" else {"price": params["pricing"]["price"]}
        row = {k: v for k, v in row.items() if k in ("price", "price_data")}
        price = catalog.price_for(ctx, row, "pricing", recurring=False, currency=currency)
        return invoice_items.from_price(ctx, customer, price, quantity, **more)
    currency = params.get("currency") or currency or ctx.account.currency
    more.setdefault("description", None)
    if ways[0] == "amount":
        if "quantity" in params:
            raise errors.invalid("You may not pass quantity together with amount.", "quantity")
        more["discountable"] = params.get("discountable", params["amount"] >= 0)
        return invoice_items.build(
            ctx, customer, amount=params["amount"], currency=currency, **more
        )
    unit = money.exact(Decimal(params["unit_amount_decimal"]))
    return invoice_items.build(
        ctx,
        customer,
        amount=money.in_currency(unit * quantity, currency),
        currency=currency,
        quantity=quantity,
        unit_amount=unit,
        **more,
    )


@operation("GET", "/v1/invoiceitems/{invoiceitem}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    return ctx.store.get("invoiceitem", key, "invoiceitem")


@operation("GET", "/v1/invoiceitems", params="created customer invoice pending")
def list_all(ctx: Any, params: Wire) -> ListPage:
    pending = params.get("pending")
    return listing.page(
        ctx,
        "invoiceitem",
        params,
        "/v1/invoiceitems",
        where=lambda item: pending is None or pending == (item["invoice"] is None),
        customer=params.get("customer"),
        invoice=params.get("invoice"),
    )


@operation(
    "POST",
    "/v1/invoiceitems/{invoiceitem}",
    params="amount description discountable metadata period quantity tax_rates",
)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Waiting items and those of drafts may change."""
    item = ctx.store.get("invoiceitem", key, "invoiceitem")
    invoice = _open_invoice(ctx, item)
    fields: Wire = {}
    if "metadata" in params:
        fields["metadata"] = catalog.merged_metadata(item["metadata"], params["metadata"])
    if "description" in params:
        fields["description"] = params["description"]
    if "discountable" in params:
        if item["proration"] and params["discountable"]:
            raise errors.invalid("Prorations can't be discountable.", "discountable")
        fields["discountable"] = params["discountable"]
    if "tax_rates" in params:
        fields["_tax_rates"] = catalog.tax_rate_ids(ctx, params["tax_rates"], "tax_rates")
    if "period" in params:
        fields["period"] = dict(params["period"])
    fields |= _repriced(ctx, item, params)
    ctx.store.update(item, **fields)
    automatic_tax.check_invoice_item(ctx, item["customer"], invoice, item)
    if invoice:
        _replace_line(ctx, invoice, item)
    return item


def _repriced(ctx: Any, item: Wire, params: Wire) -> Wire:
    if not {"amount", "quantity"} & set(params):
        return {}
    if item["proration"]:
        raise errors.invalid("The amount of a proration can't change.", "amount")
    quantity = params.get("quantity", item["quantity"])
    price_id = (item["pricing"]["price_details"] or {}).get("price")
    if "amount" in params:
        if price_id or "quantity" in params:
            raise errors.invalid("amount can't be combined with a price or quantity.", "amount")
        amount, quantity = params["amount"], 1
        unit = money.exact(amount)
    elif price_id:
        price = ctx.store.get("price", price_id)
        amount, unit = tiers.total(price, quantity), tiers.unit_amount(price)
    else:
        unit = money.exact(item["pricing"]["unit_amount_decimal"])
        amount = money.in_currency(unit * quantity, item["currency"])
    return {
        "amount": amount,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "net_amount": None if item["discountable"] else amount,
        "pricing": item["pricing"] | {"unit_amount_decimal": money.plain(unit)},
    }


def _open_invoice(ctx: Any, item: Wire) -> Wire | None:
    if item["invoice"] is None:
        return None
    invoice = ctx.store.get("invoice", item["invoice"])
    if invoice["status"] != "draft":
        raise errors.invalid(
            "This invoice item is attached to an invoice that is no longer editable.",
            code="invoice_not_editable",
        )
    return invoice


def _line_of(ctx: Any, invoice: Wire, item: Wire) -> Wire:
    for line in drafts.lines_of(ctx, invoice):
        for details in line["parent"].values():
            if isinstance(details, dict) and details.get("invoice_item") == item["id"]:
                return line
    raise LookupError(f"{item['id']} has no line on {invoice['id']}")


def _replace_line(ctx: Any, invoice: Wire, item: Wire) -> None:
    line = _line_of(ctx, invoice, item)
    ctx.store.update(line, **lines.for_invoice_item(item))
    drafts.refresh(ctx, invoice)


@operation("DELETE", "/v1/invoiceitems/{invoiceitem}")
def delete(ctx: Any, params: Wire, key: str) -> Wire:
    item = ctx.store.get("invoiceitem", key, "invoiceitem")
    invoice = _open_invoice(ctx, item)
    ctx.emit("invoiceitem.deleted", item)
    if invoice:
        ctx.store.remove(_line_of(ctx, invoice, item))
    ctx.store.remove(item)
    if invoice:
        drafts.refresh(ctx, invoice)
    return {"id": key, "object": "invoiceitem", "deleted": True}
