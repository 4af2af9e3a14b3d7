"""Removing from a Stripe account what one run of the live tests has made there, and nothing else.

What is of a run says so: test clocks by name, webhook endpoints by address, customers by e-mail or metadata,
the catalogue by metadata. Prices and products cannot be deleted once used: they are archived.
"""

import time
from collections.abc import Iterator
from typing import Any

import stripe

METADATA_RUN = "odoo_live_run"
# Lists are read back to this many seconds ago; no run takes longer.
LOOK_BACK = 6 * 3600


def remove(v1: Any, run: str) -> list[str]:
    """Remove everything of a run.

    :param v1: The services of a `stripe.StripeClient`.
    :param run: The mark of the run.
    :return: What was removed, in words.
    """
    removed = []
    for kind, found, away in (
        # Clocks first: their customers and subscriptions go with them.
        ("test clock", _clocks, lambda o: v1.test_helpers.test_clocks.delete(o.id)),
        ("webhook endpoint", _endpoints, lambda o: v1.webhook_endpoints.delete(o.id)),
        ("customer", _customers, lambda o: v1.customers.delete(o.id)),
        ("coupon", _coupons, lambda o: v1.coupons.delete(o.id)),
        ("product", _products, lambda o: archive_product(v1, o.id)),
        ("tax rate", _tax_rates, lambda o: v1.tax_rates.update(o.id, {"active": False})),
    ):
        for obj in list(found(v1, run)):
            try:
                away(obj)
            except stripe.InvalidRequestError as error:
                if error.code != "resource_missing":
                    raise
            removed.append(f"{kind} {obj.id}")
    return removed


def archive_product(v1: Any, product_id: str) -> None:
    """Take a product and its prices out of use."""
    for price in v1.prices.list({"product": product_id, "active": True}).auto_paging_iter():
        v1.prices.update(price.id, {"active": False})
    v1.products.update(product_id, {"active": False})


def mark(run: str) -> dict[str, str]:
    """The metadata by which something is recognized as made by a run."""
    return {METADATA_RUN: run}


def _is_marked(obj: Any, run: str) -> bool:
    metadata = getattr(obj, "metadata", None)
    return bool(metadata) and run in metadata.to_dict().values()


def _recent(**params: Any) -> dict[str, Any]:
    return {"limit": 100, "created": {"gte": int(time.time()) - LOOK_BACK}, **params}


def _clocks(v1: Any, run: str) -> Iterator[Any]:
    clocks = v1.test_helpers.test_clocks.list({"limit": 100}).auto_paging_iter()
    return (clock for clock in clocks if (clock.name or "").startswith(run))


def _endpoints(v1: Any, run: str) -> Iterator[Any]:
    endpoints = v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter()
    return (endpoint for endpoint in endpoints if run in endpoint.url)


def _customers(v1: Any, run: str) -> Iterator[Any]:
    customers = v1.customers.list(_recent()).auto_paging_iter()
    return (c for c in customers if _is_marked(c, run) or run in (c.email or ""))


def _coupons(v1: Any, run: str) -> Iterator[Any]:
    return (c for c in v1.coupons.list(_recent()).auto_paging_iter() if _is_marked(c, run))


def _products(v1: Any, run: str) -> Iterator[Any]:
    products = v1.products.list(_recent(active=True)).auto_paging_iter()
    return (product for product in products if _is_marked(product, run))


def _tax_rates(v1: Any, run: str) -> Iterator[Any]:
    rates = v1.tax_rates.list(_recent(active=True)).auto_paging_iter()
    return (rate for rate in rates if _is_marked(rate, run))
