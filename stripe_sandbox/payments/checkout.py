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


def _payment_intent(ctx: Any, session: Wire, due: int) -> Wire:
    """The intent of the session: one for all attempts, as long as the amount stays."""
    known = ctx.store.find("payment_intent", session.get("_intent"))
    if known and known["amount"] == due and known["status"] == "requires_payment_method":
        return known
    if known:
        collect.cancel_intent(ctx, known)
    intent = collect.new_intent(
        ctx,
        due,
        session["currency"],
        customer=session["customer"],
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
            customer=session["customer"],
            metadata=dict(session["_setup_metadata"]),
            _session=session["id"],
        )
        ctx.store.update(session, _setup=intent["id"])
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
    if intent["object"] == "setup_intent":
        setup_intents.authenticate(ctx, intent, passed)
        return _after_setup(ctx, session, intent)
    return after_payment(ctx, session, collect.authenticate(ctx, intent, passed))


def complete(
    ctx: Any, session: Wire, *, paid_by: Wire | None = None, setup: Wire | None = None
) -> None:
    """Finish a session: customer, saved card, subscription, and the event."""
    customer = _customer(ctx, session)
    method = ctx.store.get("payment_method", session["_method"])
    payment_methods.tie(ctx, method, customer)
    changes: Wire = {"status": "complete", "url": None, "customer": customer["id"]}
    if session["mode"] == "setup":
        changes |= {"setup_intent": setup["id"], "payment_status": "no_payment_required"}
    else:
        if paid_by:
            ctx.store.update(paid_by, customer=customer["id"])
        session["customer"] = customer["id"]
        params = {**subscription_params(session), "customer": customer["id"]}
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
        "email": customer["email"],
        "individual_name": None,
        "name": method["billing_details"]["name"],
        "phone": None,
        "tax_exempt": customer["tax_exempt"],
        "tax_ids": [],
    }
    ctx.store.update(session, **changes)
    ctx.emit("checkout.session.completed", session)


def _customer(ctx: Any, session: Wire) -> Wire:
    if session["customer"]:
        return customers.live(ctx, session["customer"])
    method = ctx.store.get("payment_method", session["_method"])
    billing = method["billing_details"]
    return customers.create(ctx, {"email": session["_email"], "name": billing["name"] or ""})


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
