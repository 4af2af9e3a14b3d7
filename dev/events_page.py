"""``docs/events.rst``: the addon's table of events as a page, made from the table itself."""

import importlib.util

from dev import paths

TABLE = paths.ROOT / paths.ADDON / "stripe_events.py"
PAGE = paths.ROOT / "docs" / "events.rst"
INTRODUCTION = """\
===============
Stripe's events
===============

Made from ``stripe_subscriptions/stripe_events.py`` by ``make format``; ``make lint`` sees that both agree.

Handled
=======

The webhook endpoint that Odoo creates subscribes to exactly these, and the catch-up asks for them. An event is a
hint: the object named here is fetched again before anything is written.
"""
LEFT_ALONE = """
Left alone
==========

Known, and on purpose not subscribed to. One that arrives all the same, because the endpoint was made by hand, is
stored as *Ignored* and answered 200.
"""


def is_current() -> bool:
    """Whether the page is what the table says."""
    return PAGE.exists() and PAGE.read_text() == _render()


def write() -> None:
    """Make the page."""
    PAGE.write_text(_render())


def _render() -> str:
    spec = importlib.util.spec_from_file_location("stripe_events", TABLE)
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    handled = {name: f"``{kind}``" for name, kind in table.HANDLED.items()}
    return "\n".join(
        [
            INTRODUCTION,
            *_rows("Event", "Object fetched", handled),
            LEFT_ALONE,
            *_rows("Event", "Why", table.IGNORED),
            "",
        ]
    )


def _rows(left: str, right: str, rows: dict[str, str]) -> list[str]:
    width = max(len(name) for name in rows) + 4
    rest = max(len(text) for text in rows.values())
    rule = f"{'=' * width} {'=' * rest}"
    lines = [f"{f'``{name}``':{width}} {text}" for name, text in sorted(rows.items())]
    return [rule, f"{left:{width}} {right}", rule, *lines, rule]
