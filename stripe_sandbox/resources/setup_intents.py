"""Setup intents: /v1/setup_intents (docs.stripe.com/api/setup_intents)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stripe_sandbox.core import errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.payments import banks, cards, collect
from stripe_sandbox.resources import common, customers, payment_methods

Wire = dict[str, Any]
URL = "/v1/setup_intents"


def new(ctx: Any, **values: Any) -> Wire:
    """Store a SetupIntent that waits for a payment method."""
    key = ids.new("seti")
    intent = {
        "id": key,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{key}_secret_{ids.secret(24)}",
        "created": ctx.now,
        "customer": None,
        "description": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": None,
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
        "_token": ids.secret(32),
        **values,
    }
    ctx.store.insert(intent)
    ctx.emit("setup_intent.created", intent)
    return intent


def attempt(ctx: Any, intent: Wire, method: Wire, return_url: str | None = None) -> Wire | None:
    """Check a card or bank account for later use; return the error when the bank refuses."""
    card = banks.behind(method)
    ctx.store.update(intent, payment_method=method["id"], _return_url=return_url)
    if card.declined:
        return _refuse(ctx, intent, method, card.declined)
    if card.authentication != "none":
        url = f"{ctx.account.base_url}/pages/authenticate/{intent['_token']}"
        ctx.store.update(
            intent,
            status="requires_action",
            next_action={
                "type": "redirect_to_url",
                "redirect_to_url": {"return_url": return_url, "url": url},
            },
        )
        ctx.emit("setup_intent.requires_action", intent)
        return None
    _succeed(ctx, intent, method)
    return None


def authenticate(ctx: Any, intent: Wire, passed: bool) -> Wire | None:
    """Go on after 3-D Secure; return the error when it was not met."""
    method = ctx.store.get("payment_method", intent["payment_method"])
    if passed:
        _succeed(ctx, intent, method)
        return None
    refused = replace(collect.AUTHENTICATION_REFUSED, code="setup_intent_authentication_failure")
    return _refuse(ctx, intent, method, refused)


def cancel_open(ctx: Any, intent: Wire) -> None:
    """Cancel a SetupIntent that has not succeeded."""
    if intent["status"] in ("succeeded", "canceled"):
        return
    ctx.store.update(intent, status="canceled", next_action=None)
    ctx.emit("setup_intent.canceled", intent)


def _succeed(ctx: Any, intent: Wire, method: Wire) -> None:
    ctx.store.update(method, _set_up=True)
    if intent["customer"]:
        payment_methods.tie(ctx, method, ctx.store.get("customer", intent["customer"]))
    ctx.store.update(intent, status="succeeded", next_action=None, last_setup_error=None)
    ctx.emit("setup_intent.succeeded", intent)


def _refuse(ctx: Any, intent: Wire, method: Wire, decline: cards.Decline) -> Wire:
    error = cards.error(decline)
    ctx.store.update(
        intent,
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_setup_error=error | {"payment_method": ctx.account.render(method)},
    )
    ctx.emit("setup_intent.setup_failed", intent)
    return error


@operation(
    "POST",
    URL,
    params="customer description metadata payment_method confirm usage return_url "
    "automatic_payment_methods",
)
def create(ctx: Any, params: Wire) -> Wire:
    """Make an intent, and confirm it at once when asked."""
    collect.refuse_unconfirmed(params, "return_url")
    if params.get("customer"):
        customers.live(ctx, params["customer"])
    intent = new(
        ctx,
        customer=params.get("customer"),
        description=params.get("description"),
        metadata=common.metadata({}, params.get("metadata")),
        usage=params.get("usage", "off_session"),
        automatic_payment_methods=params.get("automatic_payment_methods"),
    )
    if "payment_method" in params:
        method = payment_methods.usable(ctx, params["payment_method"], params.get("customer"))
        ctx.store.update(intent, payment_method=method["id"], status="requires_confirmation")
    if params.get("confirm"):
        return confirm(ctx, {"return_url": params.get("return_url")}, intent["id"])
    return intent


@operation("GET", URL + "/{intent}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One intent."""
    return ctx.store.get("setup_intent", key, "intent")


@operation("GET", URL, params="customer created payment_method")
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Intents, newest first."""
    return listing.page(
        ctx,
        "setup_intent",
        params,
        URL,
        customer=params.get("customer"),
        payment_method=params.get("payment_method"),
    )


@operation("POST", URL + "/{intent}/confirm", params="payment_method return_url")
def confirm(ctx: Any, params: Wire, key: str) -> Wire:
    """Check the card; a refusal is an error, 3-D Secure is a status."""
    intent = ctx.store.get("setup_intent", key, "intent")
    if intent["status"] in ("succeeded", "canceled"):
        raise errors.invalid(
            f"You cannot confirm this SetupIntent because it has a status of {intent['status']}.",
            code="setup_intent_unexpected_state",
        )
    given = params.get("payment_method") or intent["payment_method"]
    if not given:
        raise errors.missing("payment_method")
    method = payment_methods.usable(ctx, given, intent["customer"])
    error = attempt(ctx, intent, method, params.get("return_url"))
    if error:
        raise errors.card_from(error | {"setup_intent": ctx.account.render(intent)})
    return intent


@operation("POST", URL + "/{intent}/cancel", params="cancellation_reason")
def cancel(ctx: Any, params: Wire, key: str) -> Wire:
    """Cancel an intent that is not done."""
    intent = ctx.store.get("setup_intent", key, "intent")
    if intent["status"] in ("succeeded", "canceled"):
        raise errors.invalid(
            f"You cannot cancel this SetupIntent because it has a status of {intent['status']}.",
            code="setup_intent_unexpected_state",
        )
    ctx.store.update(intent, cancellation_reason=params.get("cancellation_reason"))
    cancel_open(ctx, intent)
    return intent
