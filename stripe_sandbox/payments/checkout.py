"""What happens in Checkout: from the card or bank account that was entered to the subscription.

Since API version 2025-03-31 the subscription and its invoice appear only after the payment; failed attempts
leave nothing behind (docs.stripe.com/changelog/basil/2025-03-31/checkout-legacy-subscription-upgrade).
"""

from __future__ import annotations

from typing import Any

from stripe_sandbox.billing import lifecycle
from stripe_sandbox.core.clocks import scheduled
from stripe_sandbox.payments import banks, cards, collect, debits, quote
from stripe_sandbox.resources import customers, payment_methods, setup_intents

Wire = dict[str, Any]


def submit(
    ctx: Any,
    session: Wire,
    email: str,
    card: cards.Card | banks.BankAccount | None,
    month: int,
    year: int,
    billing: Wire,
) -> Wire:
    """The customer pressed the button: try the card.

    Without card nothing is due and none was asked for. ``billing`` are name and address. Returns
    ``{"error": {...}}``, ``{"authenticate": url}`` or ``{"done": True}``.
    """
    ctx.store.update(session, _email=email, _method=None)
    if card is None:
        _bring_customer(ctx, session, "", session.get("_address"))
        complete(ctx, session)
        return {"done": True}
    method = payment_methods.new(ctx, card, month=month, year=year, email=email, **billing)
    ctx.store.update(session, _method=method["id"])
    subscribes = session["mode"] == "subscription"
    due = quote.first_invoice(ctx, session)["amount_due"] if subscribes else 0
    if card.authentication == "none" and _accepted(card, due):
        _bring_customer(ctx, session, billing["name"], billing["address"])
    if subscribes:
        debits.check_currency(method["type"], session["currency"])
    if due <= 0:
        return _after_setup(ctx, session, _try_setup(ctx, session, method))
    intent = _payment_intent(ctx, session, due)
    outcome = collect.confirm(ctx, intent, method, off_session=False)
    return after_payment(ctx, session, outcome)


def enter_address(ctx: Any, session: Wire, address: Wire) -> bool:
    """Take note of where the customer says to be; answers whether the price has changed by it."""
    if not quote.keeps_address(session):
        return False
    before = (session["amount_total"], session["automatic_tax"]["status"])
    ctx.store.update(session, _address=address)
    ctx.store.update(session, **quote.price(ctx, session))
    return (session["amount_total"], session["automatic_tax"]["status"]) != before


def after_payment(ctx: Any, session: Wire, outcome: collect.Outcome) -> Wire:
    """Go on after an attempt to charge."""
    if outcome.status == "requires_action":
        action = outcome.payment_intent["next_action"]["redirect_to_url"]
        return {"authenticate": action["url"]}
    if outcome.status == "failed":
        return {"error": outcome.error}
    complete(ctx, session, paid_by=outcome.payment_intent)
    return {"done": True}


def _accepted(card: cards.Card | banks.BankAccount, due: int) -> bool:
    """Whether the bank says yes to a card once the customer is who they say they are."""
    return not card.declined and not (due > 0 and card.charge_declined)


def _payment_intent(ctx: Any, session: Wire, due: int) -> Wire:
    """The intent of the session: one for all attempts, as long as the amount stays."""
    known = ctx.store.find("payment_intent", session.get("_intent"))
    if known and known["amount"] == due and known["status"] == "requires_payment_method":
        ctx.store.update(known, customer=quote.customer_id(session))
        return known
    if known:
        collect.cancel_intent(ctx, known)
    intent = collect.new_intent(
        ctx,
        due,
        session["currency"],
        customer=quote.customer_id(session),
        description="Subscription creation",
        setup_future_usage="off_session",
        _session=session["id"],
    )
    ctx.store.update(session, _intent=intent["id"])
    return intent


def _try_setup(ctx: Any, session: Wire, method: Wire) -> Wire:
    intent = ctx.store.find("setup_intent", session.get("_setup"))
    if intent is None or intent["status"] != "requires_payment_method":
        if intent:
            setup_intents.cancel_open(ctx, intent)
        intent = setup_intents.new(
            ctx,
            customer=quote.customer_id(session),
            metadata=dict(session["_setup_metadata"]),
            _session=session["id"],
        )
        ctx.store.update(session, _setup=intent["id"])
    ctx.store.update(intent, customer=quote.customer_id(session))
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
    ctx.store.update(session, _method=intent["payment_method"])
    method = ctx.store.get("payment_method", intent["payment_method"])
    if passed and _accepted(banks.behind(method), intent.get("amount", 0)):
        billing = method["billing_details"]
        _bring_customer(ctx, session, billing["name"], billing["address"])
        ctx.store.update(intent, customer=quote.customer_id(session))
    if intent["object"] == "setup_intent":
        setup_intents.authenticate(ctx, intent, passed)
        return _after_setup(ctx, session, intent)
    return after_payment(ctx, session, collect.authenticate(ctx, intent, passed))


def complete(
    ctx: Any, session: Wire, *, paid_by: Wire | None = None, setup: Wire | None = None
) -> None:
    """Finish a session: customer, saved card, subscription, and the event."""
    key = quote.customer_id(session)
    changes: Wire = {"status": "complete", "url": None, "customer": key}
    if session["mode"] == "setup":
        changes |= {"setup_intent": setup["id"], "payment_status": "no_payment_required"}
    else:
        subscription = lifecycle.create_subscription(
            ctx,
            quote.subscription_params(session),
            payment_method=session["_method"],
            paid_by=paid_by,
            from_checkout=True,
        )
        changes |= {
            "subscription": subscription["id"],
            "invoice": subscription["latest_invoice"],
            "payment_status": _payment_status(paid_by),
        }
    changes["customer_details"] = _details(ctx, session)
    ctx.store.update(session, **changes)
    ctx.emit("checkout.session.completed", session)


def _payment_status(paid_by: Wire | None) -> str:
    """A debit that is being processed is not paid yet."""
    if paid_by is None:
        return "no_payment_required"
    return "paid" if paid_by["status"] == "succeeded" else "unpaid"


def _details(ctx: Any, session: Wire) -> Wire:
    """What the customer entered, as a completed session shows it."""
    key = quote.customer_id(session)
    customer = customers.live(ctx, key) if key else {}
    method = ctx.store.find("payment_method", session["_method"])
    billing = method["billing_details"] if method else {}
    return {
        "address": billing.get("address") or session.get("_address"),
        "business_name": None,
        "email": customer.get("email", session["_email"]),
        "individual_name": None,
        "name": billing.get("name"),
        "phone": None,
        "tax_exempt": customer.get("tax_exempt", "none"),
        "tax_ids": [],
    }


def _bring_customer(ctx: Any, session: Wire, name: str, address: Wire | None = None) -> None:
    """The card is good: make the customer, or give the known one the e-mail address it lacks."""
    key, email = quote.customer_id(session), session["_email"]
    if key:
        changed = {} if customers.live(ctx, key)["email"] else {"email": email}
        if session["_customer_update"].get("address") == "auto" and session.get("_address"):
            changed["address"] = session["_address"]
        if changed:
            customers.update(ctx, changed, key)
    elif session["mode"] == "subscription":
        params = {"email": email, "name": name, "address": address or ""}
        ctx.store.update(session, _customer=customers.create(ctx, params)["id"])


@scheduled("checkout.expire")
def expire(ctx: Any, key: str) -> None:
    """A session that nobody completed in time is over."""
    session = ctx.store.find("checkout.session", key)
    if session is None or session["status"] != "open":
        return
    ctx.store.update(session, status="expired", url=None)
    payment = ctx.store.find("payment_intent", session.get("_intent"))
    if payment:
        collect.cancel_intent(ctx, payment)
    setup = ctx.store.find("setup_intent", session.get("_setup"))
    if setup:
        setup_intents.cancel_open(ctx, setup)
    ctx.emit("checkout.session.expired", session)
