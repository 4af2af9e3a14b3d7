"""Figures of the jobs that walk a whole Stripe account: import and audit."""

from collections.abc import Mapping, Sequence

from dev.bench_figures import row
from dev.bench_odoo import Shell

# Every how many pages the bare gateway fetches the same page once more.
BARE_EVERY = 5
# In this order: an audit compares what the import has taken over.
KINDS = ("import", "audit")


def measure(database: str, sandbox_url: str, kind: str) -> list[dict]:
    """One of the jobs on a big account, in a process of its own."""
    with Shell(database, sandbox_url, kind) as shell:
        result = shell.call("run_job", kind, {}, BARE_EVERY)
    pages = {
        name: [page for page in result["pages"] if page["list"] == name]
        for name in ("customers", "subscriptions")
    }
    _check(kind, result["counts"], sum(p["objects"] for p in pages["subscriptions"]))
    rows = [_speed(kind, name, found) for name, found in pages.items()]
    for name, found in pages.items():
        rows += _growth(kind, name, found)
    name = f"{kind}: peak memory of the process (beside that before)"
    return [*rows, row(name, "MB", [result["memory"][::-1]], 1)]


def _check(kind: str, counts: Mapping[str, int], number: int) -> None:
    """All objects were taken or compared, and none failed or differs."""
    if kind == "audit":
        assert counts["checked"] >= 2 * number and not counts.get("differences"), counts
    else:
        assert counts["subscriptions_new"] == counts["customers_new"] == number, counts


def _speed(kind: str, name: str, pages: Sequence[dict]) -> dict:
    """One object of a list, beside listing it."""
    compared = [page for page in pages if page["bare"]]
    number = sum(page["objects"] for page in pages)
    bare = sum(p["objects"] for p in compared) / sum(p["bare"] for p in compared)
    return row(
        f"{kind}: one of {number:,} {name} (beside listing it)",
        "ms",
        [(p["seconds"] / p["objects"], p["bare"] / p["objects"]) for p in compared],
        per_second=(number / sum(page["seconds"] for page in pages), bare),
    )


def _growth(kind: str, name: str, pages: Sequence[dict]) -> list[dict]:
    """Late pages of a list beside early ones: nothing grows with what is there when the ratios are 1.

    Time is counted in times of listing the same page, measured right afterwards.
    """
    # The first page warms up caches, the last one is not always full.
    compared = [page for page in pages[1:-1] if page["bare"]]
    count = len(compared) // 3
    pairs = list(zip(compared[-count:], compared[:count], strict=True))
    queries = [(late["queries"], early["queries"]) for late, early in pairs]
    listings = [
        (late["seconds"] / late["bare"], early["seconds"] / early["bare"]) for late, early in pairs
    ]
    title = f"{kind}: late page of {name}"
    return [
        row(f"{title}, queries (beside an early one)", "queries", queries, 1),
        row(f"{title}, in listings (beside an early one)", "listings", listings, 1),
    ]
