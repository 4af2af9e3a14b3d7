"""Payment methods: /v1/payment_methods (docs.stripe.com/api/payment_methods): cards and bank accounts."""

from __future__ import annotations

import hashlib
from typing import Any

from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.admin import admin_call
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.payments import banks, cards
from stripe_sandbox.resources import common, customers

Wire = dict[str, Any]
URL = "/v1/payment_methods"
DETAILS = "billing_details.name billing_details.email billing_details.phone billing_details.address"


def new(
    ctx: Any,
    card: cards.Card | banks.BankAccount,
    *,
    month: int = 12,
    year: int = 2034,
    **billing: Any,
) -> Wire:
    """Store a payment method for a test card or a test bank account, which has no expiry date."""
    nobody = {"address": {}, "email": None, "name": None, "phone": None, "tax_id": None}
    is_card = isinstance(card, cards.Card)
    kind = "card" if is_card else card.kind
    method = {
        "id": ids.new("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing(nobody, billing),
        kind: _card(card, month, year) if is_card else _bank_account(card),
        "created": ctx.now,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
        "_number": card.number,
        "_set_up": False,
    }
    return ctx.store.insert(method)


def _card(card: cards.Card, month: int, year: int) -> Wire:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": card.cvc_check,
        },
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": _fingerprint(card.number),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _bank_account(account: banks.BankAccount) -> Wire:
    shown = {"fingerprint": _fingerprint(account.number), "last4": account.number[-4:]}
    if account.kind == "sepa_debit":
        return {
            **shown,
            "bank_code": account.number[4:12],
            "branch_code": "",
            "country": account.country,
            "generated_from": {"charge": None, "setup_attempt": None},
        }
    return {
        **shown,
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": banks.ROUTING_NUMBER,
        "status_details": None,
    }


def _fingerprint(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def _billing(known: Wire, given: Wire) -> Wire:
    """Billing details with what was given; an empty text empties, parts not given stay as they are."""
    address = dict.fromkeys(customers.ADDRESS)
    if given.get("address") != "":
        address |= known["address"] | (given.get("address") or {})
    values = {key: value or None for key, value in given.items()}
    return known | values | {"address": {key: value or None for key, value in address.items()}}


def resolve(ctx: Any, key: str, param: str = "payment_method") -> Wire:
    """A stored payment method, or a new one for a test id such as ``pm_card_visa``."""
    card = cards.named(key) if key.startswith("pm_card_") else banks.named(key)
    method = new(ctx, card) if card else ctx.store.get("payment_method", key, param)
    if method.get("_used_up"):
        raise errors.invalid(
            "The provided PaymentMethod was previously used without a customer, or detached from one. "
            "It may not be used again.",
            param,
        )
    return method


def usable(ctx: Any, key: str, customer: str | None, param: str = "payment_method") -> Wire:
    """A payment method that may be used for a customer: their own, or one that nobody has."""
    method = resolve(ctx, key, param)
    if method["customer"] and method["customer"] != customer:
        words = "the customer in this request" if customer else "a customer; name them as well"
        raise errors.invalid(
            f"The PaymentMethod {key} belongs to {'another customer than ' if customer else ''}{words}.",
            param,
        )
    return method


def tie(ctx: Any, method: Wire, customer: Wire) -> None:
    """Attach a payment method to a customer and say so."""
    if method["customer"] == customer["id"]:
        return
    if method["customer"]:
        raise errors.invalid(
            "The payment method you provided has already been attached to a customer.",
            "payment_method",
        )
    ctx.store.update(method, customer=customer["id"])
    ctx.emit("payment_method.attached", method)


@operation(
    "POST",
    URL,
    params=f"type card.token sepa_debit.iban us_bank_account.account_holder_type "
    f"us_bank_account.account_number us_bank_account.routing_number {DETAILS} metadata",
)
def create(ctx: Any, params: Wire) -> Wire:
    """Make one from a test token or a test bank account; raw card numbers are refused, as for most
    accounts at Stripe.
    """
    kind = params.get("type")
    if kind == "card":
        card = _from_token(params)
    elif kind in banks.KINDS:
        card = _from_account(kind, params)
    else:
        raise errors.not_implemented(f"payment methods of type {kind}", "type")
    method = new(ctx, card, **params.get("billing_details", {}))
    ctx.store.update(method, metadata=common.metadata({}, params.get("metadata")))
    return method


def _from_token(params: Wire) -> cards.Card:
    token = params.get("card", {}).get("token")
    if not token:
        raise errors.missing("card[token]")
    card = cards.named(token) if token.startswith("tok_") else None
    if card is None:
        raise errors.missing_resource("token", token, "card[token]")
    return card


def _from_account(kind: str, params: Wire) -> banks.BankAccount:
    """The bank account that is described; its holder has a name, and for SEPA debits an address for mails."""
    needed = {
        "sepa_debit": ("iban",),
        "us_bank_account": ("account_holder_type", "account_number", "routing_number"),
    }[kind]
    given = params.get(kind, {})
    for name in needed:
        if not given.get(name):
            raise errors.missing(f"{kind}[{name}]")
    for name in ("name", "email") if kind == "sepa_debit" else ("name",):
        if not params.get("billing_details", {}).get(name):
            raise errors.missing(f"billing_details[{name}]")
    field = "iban" if kind == "sepa_debit" else "account_number"
    account = banks.ACCOUNTS.get("".join(given[field].split()).upper())
    if account is None or account.kind != kind:
        raise errors.not_implemented(
            "bank accounts other than the test accounts", f"{kind}[{field}]"
        )
    if given.get("routing_number", banks.ROUTING_NUMBER) != banks.ROUTING_NUMBER:
        raise errors.invalid(
            "Invalid routing number.",
            f"{kind}[routing_number]",
            "routing_number_invalid",
        )
    return account


@operation("GET", URL + "/{payment_method}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One payment method."""
    return ctx.store.get("payment_method", key, "payment_method")


@operation(
    "POST", URL + "/{payment_method}", params=f"{DETAILS} card.exp_month card.exp_year metadata"
)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change details of one that is attached."""
    method = ctx.store.get("payment_method", key, "payment_method")
    if not method["customer"]:
        raise errors.invalid("You must attach the payment method to a customer first.")
    values = common.changes(method, params)
    if "billing_details" in params:
        values["billing_details"] = _billing(method["billing_details"], params["billing_details"])
    if "card" in params:
        if method["type"] != "card":
            raise errors.invalid("This payment method is no card.", "card")
        _check_expiry(params["card"])
        values["card"] = method["card"] | params["card"]
    return common.update(ctx, method, "payment_method.updated", values)


@operation("GET", URL, params="customer type")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Payment methods of a customer, newest first."""
    if "customer" not in params:
        raise errors.missing("customer")
    return _page(ctx, params, params["customer"], URL)


@operation("GET", "/v1/customers/{customer}/payment_methods", params="type")
def list_of_customer(ctx: Any, params: Wire, key: str) -> ListPage:
    """Same, by the customer's address."""
    return _page(ctx, params, key, f"/v1/customers/{key}/payment_methods")


@operation("GET", "/v1/customers/{customer}/payment_methods/{payment_method}")
def retrieve_of_customer(ctx: Any, params: Wire, customer: str, key: str) -> Wire:
    """One payment method of a customer."""
    method = ctx.store.get("payment_method", key, "payment_method")
    if method["customer"] != customer:
        raise errors.missing_resource("payment_method", key, "payment_method")
    return method


@operation("POST", URL + "/{payment_method}/attach", params="customer")
def attach(ctx: Any, params: Wire, key: str) -> Wire:
    """Give a customer a payment method; the bank checks the card."""
    if "customer" not in params:
        raise errors.missing("customer")
    method = resolve(ctx, key)
    declined = banks.behind(method).declined
    if declined:
        raise errors.card_from(cards.error(declined))
    tie(ctx, method, customers.live(ctx, params["customer"]))
    return method


@operation("POST", URL + "/{payment_method}/detach")
def detach(ctx: Any, params: Wire, key: str) -> Wire:
    """Take a payment method away from its customer, for good."""
    method = ctx.store.get("payment_method", key, "payment_method")
    if not method["customer"]:
        raise errors.invalid("The payment method you provided is not attached to a customer.")
    customer = ctx.store.get("customer", method["customer"])
    settings = customer["invoice_settings"]
    if settings["default_payment_method"] == key:
        ctx.store.update(customer, invoice_settings=settings | {"default_payment_method": None})
    for subscription in ctx.store.select("subscription", customer=customer["id"]):
        if subscription["default_payment_method"] == key:
            ctx.store.update(subscription, default_payment_method=None)
    previous = ctx.store.update(method, customer=None, _used_up=True)
    ctx.emit("payment_method.detached", method, previous)
    return method


@admin_call("POST", "renew_card")
def renew(account: Any, body: Wire) -> Wire:
    """The bank tells the card network of a new card in place of an attached one: the id stays."""
    with account.lock:
        method = account.store.get("payment_method", body["payment_method"], "payment_method")
        if not method["customer"] or method["type"] != "card":
            raise ValueError("Only cards of a customer are renewed.")
        expiry = {"exp_month": body["exp_month"], "exp_year": body["exp_year"]}
        ctx = account.context()
        previous = account.store.update(method, card=method["card"] | expiry)
        ctx.emit("payment_method.automatically_updated", method, previous)
        answer = account.render(method)
    account.deliver()
    return answer


def _check_expiry(card: Wire) -> None:
    for name, word, least, most in (
        ("exp_month", "month", 1, 12),
        ("exp_year", "year", 2000, 9999),
    ):
        if not least <= card.get(name, least) <= most:
            raise errors.card_from(
                {
                    "code": f"invalid_expiry_{word}",
                    "message": f"Your card's expiration {word} is invalid.",
                    "param": f"card[{name}]",
                }
            )


def _page(ctx: Any, params: Wire, customer: str, url: str) -> ListPage:
    customers.live(ctx, customer)
    return listing.page(
        ctx, "payment_method", params, url, customer=customer, type=params.get("type")
    )
