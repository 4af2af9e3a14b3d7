"""Figures of what staff open all day: form, list, search and groups of subscriptions."""

import json
from collections.abc import Sequence

from dev import databases, paths
from dev.bench_figures import row
from dev.bench_odoo import FOLDER

# Of the queries and the time that the form, and the groups, of sales orders take.
FORM_TARGET = GROUPS_TARGET = 1.15
# Of the time that the same takes with a hundredth of the subscriptions.
GROWTH_TARGET = 1.5


def measure(database: str) -> list[dict]:
    """The form beside an order's of `sale`, the rest with 100,000 subscriptions beside 1,000."""
    databases.odoo(
        *("-d", database, "-i", "sale", "--skip-auto-install", "--stop-after-init", "--no-http"),
        log="bench-desk-install",
    )
    output = paths.STATE / "desk.json"
    script = f"OUTPUT = {str(output)!r}\n{(FOLDER / 'desk.py').read_text()}"
    databases.odoo("shell", "-d", database, "--no-http", log="bench-desk", stdin=script)
    found = json.loads(output.read_text())
    return [
        *_forms(found["forms"]),
        *_growth(found["few"], found["many"]),
        *_groups(found["groups"]),
    ]


def _forms(rounds: Sequence[dict]) -> list[dict]:
    rows = []
    for what, index, unit, factor in (("time", 0, "ms", 1000), ("queries", 1, "queries", 1)):
        pairs = [(one["subscription"][index], one["order"][index]) for one in rounds]
        name = f"desk: form of a subscription, {what} (beside that of a sales order)"
        rows.append(row(name, unit, pairs, factor, target=FORM_TARGET))
    return rows


def _growth(few: Sequence[dict], many: Sequence[dict]) -> list[dict]:
    """Time and queries of each with many subscriptions, beside few."""
    rows = []
    for name in few[0]:
        for what, index, unit, factor in (("", 0, "ms", 1000), (", queries", 1, "queries", 1)):
            pairs = [
                (late[name][index], early[name][index])
                for late, early in zip(many, few, strict=True)
            ]
            title = f"desk: {name}{what} (100,000 subscriptions beside 1,000)"
            # Whoever adds up all rows has to read them all; see `_groups`.
            target = None if name.startswith("groups") else GROWTH_TARGET
            rows.append(row(title, unit, pairs, factor, target=target))
    return rows


def _groups(rounds: Sequence[dict]) -> list[dict]:
    """Groups of 100,000 subscriptions beside those of as many orders of `sale`, by the same."""
    return [
        row(
            f"desk: groups by {kind}, 100,000 subscriptions (beside as many sales orders)",
            "ms",
            [
                (one[f"{kind} stripe.subscription"][0], one[f"{kind} sale.order"][0])
                for one in rounds
            ],
            1000,
            target=GROUPS_TARGET,
        )
        for kind in ("status", "month", "customer")
    ]
