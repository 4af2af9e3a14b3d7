"""3-D Secure: a stand-in for the page of the customer's bank."""

from __future__ import annotations

from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_sandbox.core.server import page
from stripe_sandbox.pages import checkout as checkout_page
from stripe_sandbox.pages import rendering
from stripe_sandbox.payments import checkout, collect
from stripe_sandbox.resources import payment_intents, setup_intents

Wire = dict[str, Any]
PREFIX = "/pages/authenticate/"


@page(PREFIX)
def answer(sandbox: Any, request: Request) -> Response:
    """Ask for confirmation, or go on with the answer."""
    token = request.path.removeprefix(PREFIX)
    found = sandbox.find_by_token("payment_intent", token)
    found = found or sandbox.find_by_token("setup_intent", token)
    if found is None or found[1]["status"] != "requires_action":
        return rendering.message("Nothing to confirm", "This confirmation is over.")
    account, intent = found
    with account.lock:
        ctx = account.context().follow(intent)
        if request.method == "POST":
            return _go_on(ctx, intent, request.form.get("result") == "complete")
        method = ctx.store.get("payment_method", intent["payment_method"])
        amount = intent.get("amount")
        return rendering.page(
            "authenticate.html",
            brand=method["card"]["brand"].title(),
            last4=method["card"]["last4"],
            amount=amount and rendering.amount(amount, intent["currency"]),
        )


def _go_on(ctx: Any, intent: Wire, passed: bool) -> Response:
    if intent.get("_session"):
        session = ctx.store.get("checkout.session", intent["_session"])
        result = checkout.authenticated(ctx, intent, passed)
        if "error" in result:
            ctx.store.update(session, _error=result["error"])
            return redirect(session["url"], 303)
        return checkout_page.finished(session)
    if intent["object"] == "setup_intent":
        setup_intents.authenticate(ctx, intent, passed)
    else:
        payment_intents.tell_invoice(ctx, collect.authenticate(ctx, intent, passed))
    invoice = ctx.store.find("invoice", intent.get("_invoice"))
    target = invoice["hosted_invoice_url"] if invoice else intent.get("_return_url")
    return redirect(target, 303) if target else rendering.message("Done", "You may close this page.")
