"""Customers: /v1/customers (docs.stripe.com/api/customers)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import balance, tax_ids
from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import list_object, view
from stripe_sandbox.resources import common

Wire = dict[str, Any]
PLAIN = ("name", "email", "phone", "description")
PARAMS = (
    " ".join(PLAIN) + " address shipping metadata balance preferred_locales tax_exempt "
    "invoice_prefix next_invoice_sequence invoice_settings.default_payment_method "
    "invoice_settings.footer invoice_settings.custom_fields"
)
MAX_EMAIL = 512
MAX_CLOCK_CUSTOMERS = 3
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


@view("customer")
def show(account: Any, customer: Wire) -> Wire:
    """Subscriptions are shown only when they are expanded; a deleted one is its id."""
    if customer.get("_deleted"):
        return {"id": customer["id"], "object": "customer", "deleted": True}
    key = customer["id"]

    def subscriptions() -> Wire:
        found = account.store.select("subscription", customer=key)
        live = [o for o in found if o["status"] not in ("canceled", "incomplete_expired")]
        rows = [account.render(o) for o in live[:10]]
        return list_object(f"/v1/customers/{key}/subscriptions", rows, len(live) > 10)

    def shown_tax_ids() -> Wire:
        rows = [account.render(row) for row in tax_ids.of_customer(account.store, key)[::-1]]
        return list_object(f"/v1/customers/{key}/tax_ids", rows)

    customer["_lazy"] = {"subscriptions": subscriptions, "tax_ids": shown_tax_ids}
    return customer


@operation(
    "POST",
    "/v1/customers",
    params=f"{PARAMS} test_clock payment_method tax_id_data.type tax_id_data.value",
)
def create(ctx: Any, params: Wire) -> Wire:
    """Make a customer, on a test clock if wanted: that can only be said here."""
    clock = params.get("test_clock")
    if clock:
        ctx.store.get("test_helpers.test_clock", clock, "test_clock")
        if len(list(ctx.store.select("customer", test_clock=clock))) >= MAX_CLOCK_CUSTOMERS:
            raise errors.invalid(
                f"A test clock takes up to {MAX_CLOCK_CUSTOMERS} customers.", "test_clock"
            )
    customer = {
        "id": ids.new("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": ctx.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": ids.secret(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": clock,
    }
    given = dict(params)
    method = given.pop("payment_method", None)
    settings = given.get("invoice_settings", {})
    first_default = settings.get("default_payment_method") if method else None
    if first_default and first_default == method:
        given["invoice_settings"] = {
            k: v for k, v in settings.items() if k != "default_payment_method"
        }
    customer |= _changes(ctx, customer, given)
    ctx.store.insert(customer)
    _note_balance(ctx, customer, 0, "initial")
    ctx.emit("customer.created", customer)
    for index, row in enumerate(params.get("tax_id_data") or []):
        tax_ids.create(ctx, customer, row, f"tax_id_data[{index}][value]")
    if method:
        from stripe_sandbox.resources import payment_methods

        attached = payment_methods.attach(ctx, {"customer": customer["id"]}, method)
        if first_default:
            settings = customer["invoice_settings"] | {"default_payment_method": attached["id"]}
            ctx.store.update(customer, invoice_settings=settings)
    return customer


@operation("GET", "/v1/customers/{customer}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One customer; a deleted one is answered as such."""
    return ctx.store.get("customer", key)


@operation("POST", "/v1/customers/{customer}", params=PARAMS)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change a customer."""
    customer = live(ctx, key, "id")
    before = customer["balance"]
    common.update(ctx, customer, "customer.updated", _changes(ctx, customer, params))
    _note_balance(ctx, customer, before, "adjustment")
    return customer


def _note_balance(ctx: Any, customer: Wire, before: int, kind: str) -> None:
    """A balance that was set by hand is in its ledger too."""
    if customer["balance"] != before:
        currency = customer["currency"] or ctx.account.currency
        balance.note(ctx, customer, customer["balance"] - before, kind, currency)


@operation("GET", "/v1/customers", params="created email test_clock")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Customers, newest first, without deleted ones."""
    return listing.page(
        ctx,
        "customer",
        params,
        "/v1/customers",
        where=lambda o: not o.get("_deleted"),
        email=params.get("email"),
        test_clock=params.get("test_clock"),
    )


@operation("DELETE", "/v1/customers/{customer}")
def delete(ctx: Any, params: Wire, key: str) -> Wire:
    """Delete a customer: its subscriptions are canceled at once; its invoices stay."""
    from stripe_sandbox.billing import cancellation, standing

    customer = live(ctx, key, "id")
    for subscription in list(ctx.store.select("subscription", customer=key)):
        if subscription["status"] not in standing.ENDED:
            cancellation.cancel(ctx, subscription)
    ctx.emit("customer.deleted", customer)
    ctx.store.update(customer, _deleted=True)
    return customer


def live(ctx: Any, key: str, param: str = "customer") -> Wire:
    """A customer that is not deleted."""
    customer = ctx.store.get("customer", key, param)
    if customer.get("_deleted"):
        raise errors.missing_resource("customer", key, param)
    return customer


def _changes(ctx: Any, customer: Wire, params: Wire) -> Wire:
    values = common.changes(customer, params, *PLAIN)
    if len(values.get("email") or "") > MAX_EMAIL:
        raise errors.invalid(f"E-mail addresses have up to {MAX_EMAIL} characters.", "email")
    if values.get("email") and "@" not in values["email"]:
        raise errors.invalid(f"Invalid email address: {values['email']}", "email", "email_invalid")
    for name in ("balance", "preferred_locales", "invoice_prefix", "next_invoice_sequence"):
        if name in params:
            values[name] = params[name]
    if "tax_exempt" in params:
        values["tax_exempt"] = params["tax_exempt"] or "none"
    if "address" in params:
        given = params["address"] or None
        values["address"] = given and {name: given.get(name) for name in ADDRESS}
    if "shipping" in params:
        values["shipping"] = params["shipping"] or None
    if "invoice_settings" in params:
        given = params["invoice_settings"]
        settings = customer["invoice_settings"] | {k: v or None for k, v in given.items()}
        method = given.get("default_payment_method")
        if method:
            found = ctx.store.get(
                "payment_method", method, "invoice_settings[default_payment_method]"
            )
            if found["customer"] != customer["id"]:
                raise errors.invalid(
                    f"The customer does not have a payment method with the ID {method}. The payment "
                    "method must be attached to the customer.",
                    "invoice_settings[default_payment_method]",
                    "resource_missing",
                )
        values["invoice_settings"] = settings
    return values
