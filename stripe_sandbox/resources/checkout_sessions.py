"""Checkout Sessions: /v1/checkout/sessions, modes subscription and setup (docs.stripe.com/api/checkout/sessions)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from stripe_sandbox.billing import automatic_tax, money
from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.core.rendering import list_object, view
from stripe_sandbox.payments import checkout, debits, quote
from stripe_sandbox.resources import common, customers, price_amounts

Wire = dict[str, Any]
KIND, URL = "checkout.session", "/v1/checkout/sessions"
MIN_LIFE, MAX_LIFE = 30 * 60, 24 * 3600
MIN_TRIAL = 48 * 3600
MAX_LINES = 20
MAX_REFERENCE = 200
#: Minor units.
MAX_TOTAL = 99_999_999
#: Parameters that belong to the other mode.
OTHER_MODE = {
    "subscription": {"setup_intent_data"},
    "setup": {
        "allow_promotion_codes",
        "automatic_tax",
        "customer_update",
        "discounts",
        "line_items",
        "payment_method_collection",
        "subscription_data",
    },
}
SUBSCRIPTION_DATA = (
    "description metadata default_tax_rates trial_end trial_period_days billing_cycle_anchor "
    "proration_behavior trial_settings billing_mode invoice_settings.description "
    "invoice_settings.footer"
)


@view(KIND)
def show(account: Any, session: Wire) -> Wire:
    """Line items are shown only when they are expanded."""
    rows = session["_lines_shown"]
    session["_lazy"] = {
        "line_items": lambda: list_object(
            f"{URL}/{session['id']}/line_items",
            rows[: listing.DEFAULT_LIMIT],
            len(rows) > listing.DEFAULT_LIMIT,
        )
    }
    return session


@operation(
    "POST",
    URL,
    params="mode customer customer_email client_reference_id metadata line_items.price "
    "line_items.quantity line_items.tax_rates success_url cancel_url locale expires_at discounts "
    "allow_promotion_codes payment_method_collection currency ui_mode setup_intent_data.metadata "
    "automatic_tax.enabled billing_address_collection customer_update.address "
    + " ".join(f"subscription_data.{name}" for name in SUBSCRIPTION_DATA.split()),
)
def create(ctx: Any, params: Wire) -> Wire:
    """Make a session and the address of its page."""
    mode = params.get("mode")
    if mode not in ("subscription", "setup"):
        raise errors.not_implemented(f"Checkout in mode {mode}", "mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise errors.not_implemented(f"ui_mode={params['ui_mode']}", "ui_mode")
    for name in OTHER_MODE[mode] & params.keys():
        raise errors.invalid(f"You can not pass `{name}` in `{mode}` mode.", name)
    _check_urls(params)
    if params.get("customer"):
        customers.live(ctx, params["customer"])
        if "customer_email" in params:
            raise errors.invalid(
                "You may only specify one of customer, customer_email.", "customer"
            )
    if "@" not in params.get("customer_email", "@"):
        raise errors.invalid(
            f"Invalid email address: {params['customer_email']}", "customer_email", "email_invalid"
        )
    if mode == "setup" and "currency" not in params:
        raise errors.missing("currency")
    if len(params.get("client_reference_id", "")) > MAX_REFERENCE:
        raise errors.invalid(
            f"Invalid string: up to {MAX_REFERENCE} characters.", "client_reference_id"
        )
    life = params.get("expires_at", ctx.now + MAX_LIFE) - ctx.now
    if not MIN_LIFE <= life <= MAX_LIFE:
        raise errors.invalid("expires_at is 30 minutes to 24 hours from now.", "expires_at")
    lines = _lines(ctx, params) if mode == "subscription" else []
    _check_currency(ctx, params, lines)
    data = params.get("subscription_data", {})
    _check_subscription_data(ctx, data)
    discounts = _discounts(ctx, params)
    _check_tax(ctx, params, lines)
    key = f"cs_test_{ids.secret(58)}"
    token = ids.secret(40)
    session = _blank(ctx, params) | {
        "id": key,
        "mode": mode,
        "currency": lines[0]["_currency"] if lines else None,
        "expires_at": ctx.now + life,
        "payment_status": "unpaid",
        "url": f"{ctx.account.base_url}/pages/checkout/{token}",
        "_token": token,
        "_line_items": lines,
        "_subscription_data": data,
        "_discounts": discounts,
        "_customer_update": params.get("customer_update", {}),
        "_setup_metadata": params.get("setup_intent_data", {}).get("metadata", {}),
        "_lines_shown": [],
    }
    if mode == "setup":
        session["currency"] = price_amounts.currency_code(params["currency"])
        session["payment_status"] = "no_payment_required"
    session["payment_method_types"] = debits.offered(ctx.account, session["currency"])
    if mode == "subscription":
        session |= quote.price(ctx, session)
        _check_total(session)
    ctx.store.insert(session)
    clock = ctx.clock
    ctx.account.schedule(session["expires_at"], "checkout.expire", key, clock=clock)
    return session


@operation("GET", URL + "/{session}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One session."""
    return ctx.store.get(KIND, key, "session")


@operation(
    "GET", URL, params="customer subscription payment_intent status created customer_details.email"
)
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Sessions, newest first."""
    email = params.get("customer_details", {}).get("email")
    return listing.page(
        ctx,
        KIND,
        params,
        URL,
        where=lambda o: email is None or (o["customer_details"] or {}).get("email") == email,
        customer=params.get("customer"),
        subscription=params.get("subscription"),
        payment_intent=params.get("payment_intent"),
        status=params.get("status"),
    )


@operation("GET", URL + "/{session}/line_items")
def line_items(ctx: Any, params: Wire, key: str) -> ListPage:
    """The lines of a session."""
    rows = ctx.store.get(KIND, key, "session")["_lines_shown"]
    limit = params.get("limit", listing.DEFAULT_LIMIT)
    if not 1 <= limit <= listing.MAX_LIMIT:
        raise errors.invalid(f"Invalid limit: must be between 1 and {listing.MAX_LIMIT}", "limit")
    places = {row["id"]: index for index, row in enumerate(rows)}
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in places:
            raise errors.missing_resource("item", params[name], name)
    url = f"{URL}/{key}/line_items"
    if "ending_before" in params:
        if "starting_after" in params:
            raise errors.invalid("You may only specify one of starting_after, ending_before.")
        end = places[params["ending_before"]]
        return ListPage(rows[max(end - limit, 0) : end], end > limit, url)
    start = places[params["starting_after"]] + 1 if "starting_after" in params else 0
    return ListPage(rows[start : start + limit], len(rows) > start + limit, url)


@operation("POST", URL + "/{session}/expire")
def expire(ctx: Any, params: Wire, key: str) -> Wire:
    """Close an open session, so that nobody can complete it."""
    session = ctx.store.get(KIND, key, "session")
    if session["status"] != "open":
        raise errors.invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session '
            f"has a status of `{session['status']}`."
        )
    checkout.expire(ctx, key)
    return session


def _check_urls(params: Wire) -> None:
    if "success_url" not in params:
        raise errors.missing("success_url")
    for name in ("success_url", "cancel_url"):
        if name in params and urlsplit(params[name]).scheme not in ("http", "https"):
            raise errors.invalid("Not a valid URL", name, "url_invalid")


def _lines(ctx: Any, params: Wire) -> list[Wire]:
    rows = params.get("line_items") or []
    if not rows:
        raise errors.missing("line_items")
    if len(rows) > MAX_LINES:
        raise errors.invalid(f"Up to {MAX_LINES} recurring prices.", "line_items")
    lines = []
    for index, row in enumerate(rows):
        where = f"line_items[{index}]"
        if "price" not in row:
            raise errors.missing(f"{where}[price]")
        found = ctx.store.get("price", row["price"], f"{where}[price]")
        if not found["active"]:
            raise errors.invalid(f"The price {found['id']} is inactive.", f"{where}[price]")
        if found["recurring"] is None:
            raise errors.not_implemented("one-time prices in Checkout", f"{where}[price]")
        metered = found["recurring"]["usage_type"] == "metered"
        if metered == ("quantity" in row):
            what = "must not" if metered else "must"
            raise errors.invalid(
                f"Quantity {what} be given for {found['recurring']['usage_type']} prices.",
                f"{where}[quantity]",
            )
        if not metered and row["quantity"] < 1:
            raise errors.invalid("Quantity must be at least 1.", f"{where}[quantity]")
        lines.append({**row, "_currency": found["currency"]})
    if len({line["_currency"] for line in lines}) > 1:
        raise errors.invalid("All prices must have the same currency.", "line_items")
    return lines


def _check_total(session: Wire) -> None:
    if session["amount_total"] > MAX_TOTAL:
        most = money.display(MAX_TOTAL, session["currency"])
        raise errors.invalid(
            f"The Checkout Session's total amount due must be no more than {most}.",
            code="amount_too_large",
        )


def _check_currency(ctx: Any, params: Wire, lines: list[Wire]) -> None:
    """A customer is billed in one currency; refused before anybody sees the page."""
    customer = ctx.store.find("customer", params.get("customer"))
    known = customer and customer["currency"]
    if lines and known and known != lines[0]["_currency"]:
        raise errors.invalid(
            "You cannot combine currencies on a single customer. This customer is billed in "
            f"{known}.",
            "line_items",
        )
    if lines and "currency" in params and params["currency"].lower() != lines[0]["_currency"]:
        raise errors.invalid("The prices have another currency.", "currency")


def _check_subscription_data(ctx: Any, data: Wire) -> None:
    if data.get("trial_end") is not None and data["trial_end"] < ctx.now + MIN_TRIAL:
        raise errors.invalid(
            "The trial_end must be at least 48 hours in the future.", "subscription_data[trial_end]"
        )
    if "proration_behavior" in data and "billing_cycle_anchor" not in data:
        raise errors.invalid(
            "proration_behavior goes with billing_cycle_anchor.",
            "subscription_data[proration_behavior]",
        )
    if data.get("trial_period_days", 1) < 1:
        raise errors.invalid("At least one day.", "subscription_data[trial_period_days]")
    if "billing_cycle_anchor" in data and {"trial_end", "trial_period_days"} & data.keys():
        raise errors.invalid(
            "billing_cycle_anchor cannot be used with trials in Checkout.",
            "subscription_data[billing_cycle_anchor]",
        )


def _automatic_tax(params: Wire) -> Wire:
    on = automatic_tax.wanted(params)
    shown = automatic_tax.of_invoice(on, "requires_location_inputs" if on else None)
    return {name: value for name, value in shown.items() if name != "disabled_reason"}


def _check_tax(ctx: Any, params: Wire, lines: list[Wire]) -> None:
    """Automatic tax needs settings, prices that say what they contain, and somebody to ask for the address."""
    if "customer_update" in params and not params.get("customer"):
        raise errors.invalid("customer_update goes with customer.", "customer_update")
    if not automatic_tax.wanted(params):
        return
    automatic_tax.require_settings(ctx)
    data = params.get("subscription_data", {})
    own = [data.get("default_tax_rates") or (), *(line.get("tax_rates") or () for line in lines)]
    automatic_tax.require_no_rates(own, "line_items")
    automatic_tax.require_behavior(ctx, (ctx.store.get("price", line["price"]) for line in lines))
    customer = ctx.store.find("customer", params.get("customer"))
    if customer is None or params.get("customer_update", {}).get("address") == "auto":
        return
    if automatic_tax.locate(customer["address"], customer["shipping"]) is None:
        raise errors.invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid "
            "address to the Customer or set either `customer_update[address]` to 'auto' or "
            "`customer_update[shipping]` to 'auto' to save the address entered in Checkout to the "
            "Customer.",
            None,
            automatic_tax.LOCATION_INVALID,
        )


def _discounts(ctx: Any, params: Wire) -> list[Wire]:
    discounts = params.get("discounts") or []
    if discounts and params.get("allow_promotion_codes"):
        raise errors.invalid(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.",
            "discounts",
        )
    if len(discounts) > 1:
        raise errors.invalid("Checkout takes one discount.", "discounts")
    return discounts


def _blank(ctx: Any, params: Wire) -> Wire:
    """The properties of a new session that do not depend on its mode."""
    return {
        "object": KIND,
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "amount_subtotal": None,
        "amount_total": None,
        "automatic_tax": _automatic_tax(params),
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": ctx.now,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": params.get("customer"),
        "customer_creation": None if params.get("customer") else "always",
        "customer_details": None,
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": common.metadata({}, params.get("metadata")),
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": params.get("payment_method_collection", "always"),
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": [],
        "recovered_from": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": None,
        "ui_mode": "hosted_page",
    }
