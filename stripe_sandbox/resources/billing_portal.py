"""Sessions of Stripe's own portal: POST /v1/billing_portal/sessions (docs.stripe.com/api/customer_portal).

The portal itself is not part of the sandbox: its page only leads back.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from stripe_sandbox.core import errors, ids
from stripe_sandbox.core.operations import operation
from stripe_sandbox.core.server import page
from stripe_sandbox.pages import rendering
from stripe_sandbox.resources import customers

Wire = dict[str, Any]
KIND, PREFIX = "billing_portal.session", "/pages/portal/"


@operation("POST", "/v1/billing_portal/sessions", params="customer return_url locale")
def create(ctx: Any, params: Wire) -> Wire:
    """Make the address at which a customer looks after its subscriptions; it is good for a short time."""
    if "customer" not in params:
        raise errors.missing("customer")
    customer = customers.live(ctx, params["customer"])
    url = params.get("return_url")
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise errors.invalid("Not a valid URL", "return_url", "url_invalid")
    token = ids.secret(40)
    session = {
        "id": ids.new("bps"),
        "object": KIND,
        "configuration": "bpc_default",
        "created": ctx.now,
        "customer": customer["id"],
        "customer_account": None,
        "flow": None,
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": url,
        "url": f"{ctx.account.base_url}{PREFIX}{token}",
        "_token": token,
    }
    ctx.store.insert(session)
    ctx.emit("billing_portal.session.created", session)
    return session


@page(PREFIX)
def answer(sandbox: Any, request: Request) -> Response:
    """Say whose portal it is, and lead back."""
    found = sandbox.find_by_token(KIND, request.path.removeprefix(PREFIX))
    if found is None:
        return rendering.not_found("portal")
    _account, session = found
    return rendering.message(
        "Stripe's customer portal",
        f"This stands for the portal of {session['customer']}.",
        session["return_url"],
        "Return",
    )
