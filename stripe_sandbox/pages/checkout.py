"""The hosted page of a Checkout Session. Works without JavaScript."""

from __future__ import annotations

from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_sandbox.core.server import page
from stripe_sandbox.pages import rendering
from stripe_sandbox.payments import checkout

Wire = dict[str, Any]
PREFIX = "/pages/checkout/"


@page(PREFIX)
def answer(sandbox: Any, request: Request) -> Response:
    """Show the page, or take the card that was entered."""
    found = sandbox.find_by_token("checkout.session", request.path.removeprefix(PREFIX))
    if found is None:
        return rendering.message("Not found", "There is no such payment page.")
    account, session = found
    with account.lock:
        ctx = account.context().follow(session)
        if session["status"] == "complete":
            return finished(session)
        if session["status"] == "expired" or session["expires_at"] <= ctx.now:
            return rendering.message(
                "This page has expired",
                "Please go back and start again.",
                session["cancel_url"],
            )
        if request.method == "POST":
            return _submit(ctx, session, request)
        error = session.get("_error")
        if error:
            ctx.store.update(session, _error=None)
        return show(ctx, session, error=error)


def finished(session: Wire) -> Response:
    """Send the customer to where a completed session leads."""
    return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)


def _submit(ctx: Any, session: Wire, request: Request) -> Response:
    form = request.form.to_dict()
    card, month, year, faults = rendering.read_card(form, ctx.now)
    customer = ctx.store.find("customer", session["customer"]) or {}
    email = customer.get("email") or form.get("email", "").strip()
    if "@" not in email:
        faults["email"] = "Enter an e-mail address."
    if faults or card is None:
        return show(ctx, session, form=form, faults=faults)
    billing = {"email": email, "name": form["billingName"].strip()}
    result = checkout.submit(ctx, session, card, month, year, billing)
    if "authenticate" in result:
        return redirect(result["authenticate"], 303)
    if "error" in result:
        return show(ctx, session, form=form, error=result["error"])
    return finished(session)


def show(
    ctx: Any,
    session: Wire,
    *,
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    error: Wire | None = None,
) -> Response:
    """The page with what is to be paid and the card form."""
    customer = ctx.store.find("customer", session["customer"]) or {}
    email = customer.get("email") or session["customer_email"]
    shown = {k: v for k, v in (form or {}).items() if k != "cardCvc"}
    values: Wire = {
        "seller": ctx.account.name,
        "cancel_url": session["cancel_url"],
        "setup": session["mode"] == "setup",
        "form": {"email": email, **shown},
        "locked": bool(customer.get("email")),
        "faults": faults or {},
        "message": error and error["message"],
        "button": "Save card" if session["mode"] == "setup" else "Subscribe",
        "lines": [],
    }
    if session["mode"] == "subscription":
        values |= _order(ctx, session)
    return rendering.page("checkout.html", **values)


def _order(ctx: Any, session: Wire) -> Wire:
    """What the summary says."""
    currency = session["currency"]
    invoice = checkout.first_invoice(ctx, session)
    lines = []
    for line in session["_lines_shown"]:
        price = ctx.store.get("price", line["price"]["id"])
        every = rendering.period(price["recurring"])
        unit = price["unit_amount"]
        text = f"{rendering.amount(unit, currency)} per {every}" if unit is not None else f"per {every}"
        if price["recurring"]["usage_type"] == "metered":
            text = f"Charged by use, every {every}"
        lines.append(
            {
                "name": line["description"],
                "quantity": line["quantity"] if (line["quantity"] or 0) > 1 else None,
                "price": text,
                "amount": rendering.amount(line["amount_subtotal"], currency),
            }
        )
    discount = sum(row["amount"] for row in invoice["total_discount_amounts"] or [])
    taxes = []
    for row in invoice["total_taxes"] or []:
        rate = ctx.store.get("tax_rate", row["tax_rate_details"]["tax_rate"])
        kind = " included" if row["tax_behavior"] == "inclusive" else ""
        taxes.append(
            {
                "name": f"{rate['display_name']} ({rate['percentage']:g}%{kind})",
                "amount": rendering.amount(row["amount"], currency),
            }
        )
    return {
        "lines": lines,
        "due_today": rendering.amount(invoice["amount_due"], currency),
        "subtotal": rendering.amount(invoice["subtotal"], currency),
        "discount": discount and rendering.amount(discount, currency),
        "taxes": taxes,
        "then": _then(ctx, session),
    }


def _then(ctx: Any, session: Wire) -> str:
    """When the first or next charge comes, in words."""
    data = session["_subscription_data"]
    first = ctx.store.get("price", session["_line_items"][0]["price"])
    every = rendering.period(first["recurring"])
    start = data.get("trial_end") or data.get("billing_cycle_anchor")
    if "trial_period_days" in data:
        start = ctx.now + data["trial_period_days"] * 86400
    if start:
        return f"First charge on {rendering.day(start)}, then every {every}"
    return f"Then every {every}, until canceled"
