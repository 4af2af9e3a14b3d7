"""Webhook endpoints: /v1/webhook_endpoints (docs.stripe.com/api/webhook_endpoints)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from stripe_sandbox.core import contract, errors, ids, listing
from stripe_sandbox.core.operations import ListPage, operation
from stripe_sandbox.resources import common

Wire = dict[str, Any]
KIND, URL = "webhook_endpoint", "/v1/webhook_endpoints"
MAX_ENDPOINTS = 16
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@operation("POST", URL, params="url enabled_events api_version description metadata")
def create(ctx: Any, params: Wire) -> Wire:
    """Make an endpoint; its secret is told in this answer only."""
    if ctx.store.count(KIND) >= MAX_ENDPOINTS:
        raise errors.invalid(
            f"You have reached the maximum of {MAX_ENDPOINTS} test webhook endpoints."
        )
    _check_url(params["url"])
    if not params["enabled_events"]:
        raise errors.missing("enabled_events")
    version = params.get("api_version")
    if version not in (None, contract.API_VERSION):
        raise errors.not_implemented(f"endpoints of API version {version}", "api_version")
    endpoint = {
        "id": ids.new("we"),
        "object": KIND,
        "api_version": version,
        "application": None,
        "created": ctx.now,
        "description": params.get("description") or None,
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": common.metadata({}, params.get("metadata")),
        "status": "enabled",
        "url": params["url"],
        "_secret": f"whsec_{ids.secret(32)}",
    }
    ctx.store.insert(endpoint)
    return {**endpoint, "secret": endpoint["_secret"]}


@operation("GET", URL + "/{webhook_endpoint}")
def retrieve(ctx: Any, params: Wire, key: str) -> Wire:
    """One endpoint, without its secret."""
    return ctx.store.get(KIND, key)


@operation(
    "POST", URL + "/{webhook_endpoint}", params="url enabled_events description disabled metadata"
)
def update(ctx: Any, params: Wire, key: str) -> Wire:
    """Change an endpoint; its API version cannot be changed."""
    endpoint = ctx.store.get(KIND, key)
    if "url" in params:
        _check_url(params["url"])
    values = common.changes(endpoint, params, "url", "enabled_events", "description")
    if "disabled" in params:
        values["status"] = "disabled" if params["disabled"] else "enabled"
    ctx.store.update(endpoint, **values)
    return endpoint


@operation("GET", URL)
def list_all(ctx: Any, params: Wire) -> ListPage:
    """Endpoints, newest first."""
    return listing.page(ctx, KIND, params, URL)


@operation("DELETE", URL + "/{webhook_endpoint}")
def delete(ctx: Any, params: Wire, key: str) -> Wire:
    """Delete an endpoint: nothing is sent to it any more."""
    ctx.store.remove(ctx.store.get(KIND, key))
    return {"id": key, "object": KIND, "deleted": True}


def _check_url(url: str) -> None:
    """Plain HTTP is for this machine only; Stripe itself could not reach it."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return
    raise errors.invalid(
        "Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid"
    )
