"""The hosted page of a Checkout Session. Works without JavaScript."""

from __future__ import annotations

from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_sandbox.billing import tax_table
from stripe_sandbox.core import errors
from stripe_sandbox.core.server import page
from stripe_sandbox.pages import card_form, order, rendering
from stripe_sandbox.payments import banks, checkout, debits, quote

Wire = dict[str, Any]
PREFIX = "/pages/checkout/"


@page(PREFIX)
def answer(sandbox: Any, request: Request) -> Response:
    """Show the page, or take what was entered."""
    found = sandbox.find_by_token("checkout.session", request.path.removeprefix(PREFIX))
    if found is None:
        return rendering.not_found("payment page")
    account, session = found
    with account.lock:
        ctx = account.context().follow(session)
        if session["status"] == "complete":
            return _completed(session, request)
        if session["status"] == "expired" or session["expires_at"] <= ctx.now:
            return rendering.message(
                "This page has expired",
                "Nothing was charged. Please go back and start again.",
                session["cancel_url"],
                http_status=410,
            )
        if request.method == "POST":
            return _act(ctx, session, request.form.to_dict())
        error = session.get("_error")
        ctx.store.update(session, _error=None)
        return show(ctx, session, message=error and error["message"])


def finished(session: Wire) -> Response:
    """Send the customer to where a completed session leads."""
    return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)


def _completed(session: Wire, request: Request) -> Response:
    """A second press of the button goes where the first one went; whoever comes back is told."""
    if request.method == "POST":
        return finished(session)
    url = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    return rendering.message(
        "You are all done", "This page has been completed already.", url, "Continue"
    )


def _act(ctx: Any, session: Wire, form: dict[str, str]) -> Response:
    """Do what the pressed button says; what cannot be done leaves no trace and is shown."""
    action = form.get("action")
    try:
        with ctx.account.undoable(ctx):
            if action == "apply-code" and _takes_codes(session):
                quote.apply_code(ctx, session, form.get("promotionCode", ""))
            elif action == "remove-code" and _takes_codes(session):
                quote.remove_code(ctx, session)
            elif action == "update-address" and quote.asks_address(session):
                return _enter_address(ctx, session, form)
            else:
                return _submit(ctx, session, form)
    except errors.ApiError as error:
        words = str(error)
        if action == "apply-code":
            return show(ctx, session, form=form, faults={"promotionCode": words}, http_status=422)
        return show(ctx, session, form=form, message=words, http_status=400)
    return redirect(session["url"], 303)


def _enter_address(ctx: Any, session: Wire, form: dict[str, str]) -> Response:
    """Show what the taxes of the address are that was entered."""
    address = card_form.read_address(form)
    faults = _address_faults(session, address)
    if not faults:
        checkout.enter_address(ctx, session, address)
    return show(ctx, session, form=form, faults=faults, http_status=422 if faults else 200)


def _submit(ctx: Any, session: Wire, form: dict[str, str]) -> Response:
    needs_card = quote.needs_card(ctx, session)
    full = quote.asks_address(session)
    read = card_form.CardForm()
    if needs_card:
        kinds = debits.offered(ctx.account, session["currency"])
        read = card_form.read(form, ctx.now, full_address=full, kinds=kinds)
    if full:
        read.faults |= _address_faults(session, card_form.read_address(form))
    email = _known_email(ctx, session) or form.get("email", "").strip()
    if not _is_address(email):
        read.faults = {"email": "Enter an e-mail address."} | read.faults
    if read.faults:
        return show(ctx, session, form=form, faults=read.faults, http_status=422)
    if full and checkout.enter_address(ctx, session, card_form.read_address(form)):
        # Nothing is charged that the customer has not seen.
        text = "The total has changed by the taxes of your address. Please look at it once more."
        return show(ctx, session, form=form, message=text, http_status=200)
    result = checkout.submit(ctx, session, email, read.card, read.month, read.year, read.billing)
    if "authenticate" in result:
        return redirect(result["authenticate"], 303)
    if "error" in result:
        message = result["error"]["message"]
        return show(ctx, session, form=form, message=message, http_status=402)
    return finished(session)


def _address_faults(session: Wire, address: dict[str, str | None]) -> dict[str, str]:
    """What is wrong with the address that was entered."""
    needed = {"billingAddressLine1": "line1", "billingCity": "city"}
    faults = {}
    if session["billing_address_collection"] == "required":
        faults = {
            field: "Enter your address." for field, part in needed.items() if not address[part]
        }
    if session["automatic_tax"]["enabled"] and tax_table.locate(address) is None:
        faults["billingPostalCode"] = "Enter your postal code, so that taxes can be calculated."
    return faults


def _known_email(ctx: Any, session: Wire) -> str | None:
    """The address that was given beforehand and cannot be changed on the page."""
    customer = ctx.store.find("customer", session["customer"]) or {}
    return customer.get("email") or session["customer_email"]


def _is_address(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and host) and not any(char.isspace() for char in text)


def _takes_codes(session: Wire) -> bool:
    return bool(session["allow_promotion_codes"]) and session["mode"] == "subscription"


def show(
    ctx: Any,
    session: Wire,
    *,
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    message: str | None = None,
    http_status: int = 200,
) -> Response:
    """The page with what is to be paid and the card form; the security code is never shown again."""
    seller, setup = ctx.account.name, session["mode"] == "setup"
    try:
        needs_card = quote.needs_card(ctx, session)
        summary = None if setup else order.summary(ctx, session)
    except errors.ApiError as error:
        return rendering.message(
            "This cannot be paid now", str(error), session["cancel_url"], http_status=400
        )
    known = _known_email(ctx, session)
    shown = {k: v for k, v in (form or {}).items() if k != "cardCvc"}
    names = [line["name"] for line in summary["lines"]] if summary else []
    title = f"Subscribe to {names[0]}" if len(names) == 1 else "Subscribe"
    consent = (
        f"By saving it you allow {seller} to charge it for later payments."
        if setup
        else f"By subscribing you allow {seller} to charge you for this and later payments until you "
        "cancel."
    )
    return rendering.page(
        "checkout.html",
        http_status,
        seller=seller,
        title="Save your card" if setup else title,
        cancel_url=session["cancel_url"],
        order=summary,
        codes=_takes_codes(session),
        code=quote.code_of(ctx, session),
        needs_card=needs_card,
        kinds=banks.names(debits.offered(ctx.account, session["currency"])),
        asks_address=quote.asks_address(session),
        form=_known_address(ctx, session) | shown | ({"email": known} if known else {}),
        locked=bool(known),
        faults=faults or {},
        message=message,
        button="Save card" if setup else "Subscribe",
        consent=consent,
    )


def _known_address(ctx: Any, session: Wire) -> dict[str, str]:
    """What of the address is known: as it was entered, or as the customer has it."""
    customer = ctx.store.find("customer", session["customer"]) or {}
    address = session.get("_address") or customer.get("address") or {}
    known = {field: address[part] for field, part in card_form.ADDRESS.items() if address.get(part)}
    return {"billingCountry": ctx.account.country} | known
