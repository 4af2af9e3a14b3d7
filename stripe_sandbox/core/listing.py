"""Pages of lists: newest first, by cursor (docs.stripe.com/api/pagination)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any

from stripe_sandbox.core import errors
from stripe_sandbox.core.operations import ListPage

if TYPE_CHECKING:
    from stripe_sandbox.core.account import Context

Wire = dict[str, Any]
MAX_LIMIT, DEFAULT_LIMIT = 100, 10
COMPARISONS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}

#: Filters that make objects of a test clock appear; otherwise lists leave them out.
CLOCK_FILTERS = {"customer", "test_clock", "subscription", "invoice", "payment_intent"}


def in_range(value: int | None, wanted: Any) -> bool:
    """Whether a time meets a filter: an exact value or gt, gte, lt, lte."""
    if isinstance(wanted, dict):
        return value is not None and all(
            COMPARISONS[key](value, limit) for key, limit in wanted.items()
        )
    return value == wanted


def page(
    ctx: Context,
    name: str,
    params: Wire,
    url: str,
    /,
    *,
    where: Callable[[Wire], bool] | None = None,
    **equals: Any,
) -> ListPage:
    """A page of the objects of a kind.

    ``equals`` are conditions (those that are None do not count), ``where`` is one more. The parameters
    ``limit``, ``starting_after``, ``ending_before`` and ``created`` are read here. Objects of a test clock
    are left out unless a filter leads to them, as Stripe does.
    """
    limit = params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise errors.invalid(f"Invalid limit: must be between 1 and {MAX_LIMIT}", "limit")
    if "starting_after" in params and "ending_before" in params:
        raise errors.invalid(
            "You may only specify one of these parameters: starting_after, ending_before."
        )
    equals = {key: value for key, value in equals.items() if value is not None}
    with_clocks = bool(CLOCK_FILTERS & equals.keys())
    created = params.get("created")

    def fits(obj: Wire) -> bool:
        if not with_clocks and obj.get("test_clock"):
            return False
        if created is not None and not in_range(obj.get("created"), created):
            return False
        return where is None or where(obj)

    if "ending_before" in params:
        anchor = ctx.store.get(name, params["ending_before"], "ending_before")
        newer = []
        for obj in ctx.store.select(name, **equals):
            if obj is anchor:
                break
            if fits(obj):
                newer.append(obj)
        return ListPage(newer[-limit:], len(newer) > limit, url)
    after = params.get("starting_after")
    if after:
        ctx.store.get(name, after, "starting_after")
    rows = list(
        islice((o for o in ctx.store.select(name, before=after, **equals) if fits(o)), limit + 1)
    )
    return ListPage(rows[:limit], len(rows) > limit, url)


def in_order(rows: list[Wire], name: str, params: Wire, url: str) -> ListPage:
    """A page of a few objects of the kind ``name`` in the order in which they are given."""
    limit = params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise errors.invalid(f"Invalid limit: must be between 1 and {MAX_LIMIT}", "limit")
    ids = [row["id"] for row in rows]
    for cursor in ("starting_after", "ending_before"):
        if cursor in params and params[cursor] not in ids:
            raise errors.missing_resource(name, params[cursor], cursor)
    if "ending_before" in params:
        earlier = rows[: ids.index(params["ending_before"])]
        return ListPage(earlier[-limit:], len(earlier) > limit, url)
    start = ids.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    return ListPage(rows[start : start + limit], len(rows) > start + limit, url)
