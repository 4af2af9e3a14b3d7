"""What happens in Checkout: from the card that was entered to the subscription.

Since API version 2025-03-31 the subscription and its invoice appear only after the payment; failed attempts
leave nothing behind (docs.stripe.com/changelog/basil/2025-03-31/checkout-legacy-subscription-upgrade).
"""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import lifecycle, preview
from stripe_sandbox.core.clocks import scheduled
from stripe_sandbox.payments import cards, collect
from stripe_sandbox.resources import customers, payment_methods, setup_intents

Wire = dict[str, Any]


def subscription_params(session: Wire) -> Wire:
    """Parameters of the subscription that a session sells."""
    params = {
        **session["_subscription_data"],
        "items": [
            {k: v for k, v in line.items() if k in ("price", "quantity", "tax_rates")}
            for line in session["_line_items"]
        ],
        "payment_settings": {"save_default_payment_method": "on_subscription"},
    }
    if session["customer"]:
        params["customer"] = session["customer"]
    if session["_discounts"]:
        params["discounts"] = session["_discounts"]
    return params


def totals(invoice: Wire) -> Wire:
    """Amounts that a session shows, in minor units, from the preview of its first invoice."""
    return {
        "amount_subtotal": invoice["subtotal"],
        "amount_total": max(invoice["total"], 0),
        "total_details": {
            "amount_discount": sum(
                row["amount"] for row in invoice.get("total_discount_amounts") or []
            ),
            "amount_shipping": 0,
            "amount_tax": sum(row["amount"] for row in invoice.get("total_taxes") or []),
        },
    }


def first_invoice(ctx: Any, session: Wire) -> Wire:
    """The invoice that is due on subscribing now; nothing is stored."""
    return preview.preview_new(ctx, subscription_params(session))


def submit(ctx: Any, session: Wire, card: cards.Card, month: int, year: int, billing: Wire) -> Wire:
    """The customer pressed the button: try the card.

    Returns ``{"error": {...}}``, ``{"authenticate": url}`` or ``{"done": True}``.
    """
    method = payment_methods.new(ctx, card, month=month, year=year, **billing)
    ctx.store.update(session, _method=method["id"], _email=billing.get("email"))
    due = first_invoice(ctx, session)["amount_due"] if session["mode"] == "subscription" else 0
    if card.authentication == "none" and _accepted(card, due):
        _bring_customer(ctx, session, method)
    if due <= 0:
        return _after_setup(ctx, session, _try_setup(ctx, session, method))
    intent = _payment_intent(ctx, session, due)
    outcome = collect.confirm(ctx, intent, method, off_session=False)
    return after_payment(ctx, session, outcome)


def after_payment(ctx: Any, session: Wire, outcome: collect.Outcome) -> Wire:
    """Go on after an attempt to charge."""
    if outcome.status == "requires_action":
        action = outcome.payment_intent["next_action"]["redirect_to_url"]
        return {"authenticate": action["url"]}
    if outcome.status == "failed":
        return {"error": outcome.error}
    complete(ctx, session, paid_by=outcome.payment_intent)
    return {"done": True}


def _accepted(card: cards.Card, due: int) -> bool:
    """Whether the bank says yes to a card once the customer is who they say they are."""
    return not card.declined and not (due > 0 and card.charge_declined)


def _payment_intent(ctx: Any, session: Wire, due: int) -> Wire:
    """The intent of the session: one for all attempts, as long as the amount stays."""
    known = ctx.store.find("payment_intent", session.get("_intent"))
    if known and known["amount"] == due and known["status"] == "requires_payment_method":
        ctx.store.update(known, customer=_customer_id(session))
        return known
    if known:
        collect.cancel_intent(ctx, known)
    intent = collect.new_intent(
        ctx,
        due,
        session["currency"],
        customer=_customer_id(session),
        description="Subscription creation",
        setup_future_usage="off_session",
        _session=session["id"],
    )
    ctx.store.update(session, _intent=intent["id"])
    return intent


def _try_setup(ctx: Any, session: Wire, method: Wire) -> Wire:
    intent = ctx.store.find("setup_intent", session.get("_setup"))
    if intent is None or intent["status"] != "requires_payment_method":
        intent = setup_intents.new(
            ctx,
            customer=_customer_id(session),
            metadata=dict(session["_setup_metadata"]),
            _session=session["id"],
        )
        ctx.store.update(session, _setup=intent["id"])
    ctx.store.update(intent, customer=_customer_id(session))
    setup_intents.attempt(ctx, intent, method)
    return intent


def _after_setup(ctx: Any, session: Wire, intent: Wire) -> Wire:
    if intent["status"] == "requires_action":
        return {"authenticate": intent["next_action"]["redirect_to_url"]["url"]}
    if intent["status"] != "succeeded":
        return {"error": intent["last_setup_error"]}
    complete(ctx, session, setup=intent)
    return {"done": True}


def authenticated(ctx: Any, intent: Wire, passed: bool) -> Wire:
    """The customer met or failed 3-D Secure for a session's intent."""
    session = ctx.store.get("checkout.session", intent["_session"])
    method = ctx.store.get("payment_method", intent["payment_method"])
    if passed and _accepted(cards.CARDS[method["_number"]], intent.get("amount", 0)):
        _bring_customer(ctx, session, method)
        ctx.store.update(intent, customer=_customer_id(session))
    if intent["object"] == "setup_intent":
        setup_intents.authenticate(ctx, intent, passed)
        return _after_setup(ctx, session, intent)
    return after_payment(ctx, session, collect.authenticate(ctx, intent, passed))


def complete(
    ctx: Any, session: Wire, *, paid_by: Wire | None = None, setup: Wire | None = None
) -> None:
    """Finish a session: customer, saved card, subscription, and the event."""
    key = _customer_id(session)
    customer = customers.live(ctx, key) if key else {}
    method = ctx.store.get("payment_method", session["_method"])
    changes: Wire = {"status": "complete", "url": None, "customer": key}
    if session["mode"] == "setup":
        changes |= {"setup_intent": setup["id"], "payment_status": "no_payment_required"}
    else:
        params = {**subscription_params(session), "customer": key}
        subscription = lifecycle.create_subscription(
            ctx, params, payment_method=method["id"], paid_by=paid_by, from_checkout=True
        )
        changes |= {
            "subscription": subscription["id"],
            "invoice": subscription["latest_invoice"],
            "payment_status": "paid" if paid_by else "no_payment_required",
        }
    changes["customer_details"] = {
        "address": method["billing_details"]["address"],
        "business_name": None,
        "email": customer.get("email", session["_email"]),
        "individual_name": None,
        "name": method["billing_details"]["name"],
        "phone": None,
        "tax_exempt": customer.get("tax_exempt", "none"),
        "tax_ids": [],
    }
    ctx.store.update(session, **changes)
    ctx.emit("checkout.session.completed", session)


def _customer_id(session: Wire) -> str | None:
    """The customer that was named, or that this Checkout made."""
    return session["customer"] or session.get("_customer")


def _bring_customer(ctx: Any, session: Wire, method: Wire) -> None:
    """The card is good: make the customer, or give the known one the e-mail address it lacks."""
    key, email = _customer_id(session), session["_email"]
    if key:
        if email and not customers.live(ctx, key)["email"]:
            customers.update(ctx, {"email": email}, key)
    elif session["mode"] == "subscription":
        name = method["billing_details"]["name"] or ""
        made = customers.create(ctx, {"email": email, "name": name})
        ctx.store.update(session, _customer=made["id"])


@scheduled("checkout.expire")
def expire(ctx: Any, key: str) -> None:
    """A session that nobody completed in time is over."""
    session = ctx.store.find("checkout.session", key)
    if session is None or session["status"] != "open":
        return
    ctx.store.update(session, status="expired", url=None)
    intent = ctx.store.find("payment_intent", session.get("_intent"))
    if intent:
        collect.cancel_intent(ctx, intent)
    ctx.emit("checkout.session.expired", session)
