"""3-D Secure: a stand-in for the page of the customer's bank."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_sandbox.core import errors
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
    if found is None:
        return rendering.not_found("confirmation")
    account, intent = found
    with account.lock:
        ctx = account.context().follow(intent)
        if intent["status"] != "requires_action":
            return _over(ctx, intent)
        if request.method == "POST":
            return _go_on(ctx, intent, request.form.get("result") == "complete")
        method = ctx.store.get("payment_method", intent["payment_method"])
        amount = intent.get("amount")
        return rendering.page(
            "authenticate.html",
            brand=method["card"]["brand"].title(),
            last4=method["card"]["last4"],
            amount=amount and rendering.amount(amount, intent["currency"]),
            seller=account.name,
        )


def _over(ctx: Any, intent: Wire) -> Response:
    """The answer was given already, or is no longer wanted."""
    session = ctx.store.find("checkout.session", intent.get("_session"))
    link = session["url"] if session else _way_back(ctx, intent)
    words = "Your bank has its answer, or no longer asks."
    return rendering.message("Nothing to confirm", words, link, "Continue")


def _go_on(ctx: Any, intent: Wire, passed: bool) -> Response:
    if intent.get("_session"):
        return _go_on_with_session(ctx, intent, passed)
    if intent["object"] == "setup_intent":
        setup_intents.authenticate(ctx, intent, passed)
    else:
        payment_intents.tell_invoice(ctx, collect.authenticate(ctx, intent, passed))
    target = _way_back(ctx, intent)
    return (
        redirect(target, 303) if target else rendering.message("Done", "You may close this page.")
    )


def _go_on_with_session(ctx: Any, intent: Wire, passed: bool) -> Response:
    session = ctx.store.get("checkout.session", intent["_session"])
    try:
        with ctx.account.undoable(ctx):
            result = checkout.authenticated(ctx, intent, passed)
    except errors.ApiError as error:
        result = {"error": error.body}
    if "error" in result:
        ctx.store.update(session, _error=result["error"])
        return redirect(session["url"], 303)
    return checkout_page.finished(session)


def _way_back(ctx: Any, intent: Wire) -> str | None:
    """The page of the invoice, or the caller's own with Stripe's parameters added."""
    invoice = ctx.store.find("invoice", intent.get("_invoice"))
    if invoice:
        return invoice["hosted_invoice_url"]
    url = intent.get("_return_url")
    if not url:
        return None
    query = {
        intent["object"]: intent["id"],
        f"{intent['object']}_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if intent["status"] == "succeeded" else "failed",
    }
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
