"""``docs/lifecycle.rst``: the life of a subscription on one page, made from the tables that code and tests use."""

import ast
import importlib.util
import types

from dev import paths

ADDON = paths.ROOT / paths.ADDON
TRANSITIONS = paths.ROOT / "tests" / "addon" / "transition_rows.py"
PAGE = paths.ROOT / "docs" / "lifecycle.rst"

INTRODUCTION = """\
==========================
The life of a subscription
==========================

Made by ``make format`` from the tables that the addon and its tests use; ``make lint`` sees that they agree. Statuses
are Stripe's own words, with *Not subscribed* and *Future* before them. Whatever changes one, a button here, the customer
in the portal, Stripe's Dashboard or the calendar, Stripe tells Odoo, which fetches the subscription and shows what it says.

::

                          first payment made
    Not subscribed --> Incomplete ------------> Active <-------> Past due --> Unpaid
        |    |             |                    ^  ^  |            |            |
        |    |             v                    |  |  v            |            |
        |    |      Incomplete, expired         |  | Paused        |            |
        |    +--> In trial ---------------------+  |  |            |            |
        +-------> Future --------------------------+  |            |            |
                                                      v            v            v
    from each of them, at once or at the end of the period --->  Canceled  <-----
"""
STATUSES = """
What each status means
======================
"""
HAPPENINGS = """
What leads from one to the next
===============================

Each line is a test (``tests/addon/models/test_subscription_transitions.py``) that drives the stand-in for Stripe and
looks at status, books, offered actions and next charge.
"""
MAILS_TITLE = """
What the customer is told
=========================

Each mail is an editable template, can be switched off, is sent once, and not for what an import or a repair brings or
what is older than three days.
"""

#: What each status means to people.
MEANINGS = {
    "draft": "Only in Odoo: staff put it together, send it, change or delete it. Nothing is booked.",
    "future": "Subscribed; the first billing date that was agreed is still ahead. Stripe has it wait as in a trial.",
    "incomplete": "The first payment is open: the customer has 23 hours to make or confirm it.",
    "incomplete_expired": "The first payment was not made in time. The invoice is void; a new subscription is needed.",
    "trialing": "In a trial: nothing is charged until its end.",
    "active": "Paid for, and charged at each renewal. Also while its end is scheduled, a change is planned, or the "
    "collection of payments is paused; a notice says so.",
    "past_due": "A renewal could not be collected. Stripe tries again; the form says why, how often, and when next.",
    "unpaid": "All attempts have failed and the account keeps such subscriptions. New invoices stay drafts at Stripe.",
    "paused": "Stands still: nothing is billed until somebody resumes it.",
    "canceled": "Ended. It can never be started again.",
}
#: What can be done, in the words of the buttons.
ACTIONS = {
    "send": "send",
    "delete": "delete",
    "cancel": "cancel now",
    "cancel_later": "cancel at the end of the period",
    "resume": "undo the scheduled end",
    "card": "change the card",
    "retry": "retry the payment",
    "change": "change plans",
    "change_now": "change plans at once",
    "drop_change": "drop the planned change",
    "coupon": "change the coupon",
    "charge": "charge a one-off item",
    "pause_collection": "pause the collection of payments",
    "resume_collection": "collect payments again",
    "trial": "change the trial",
    "pause": "pause",
    "unpause": "resume",
    "billing_date": "change the billing date",
}
#: When each mail goes out.
MAILS = {
    "welcome": "it is subscribed: in trial, future, or active after the first payment",
    "subscribed_staff": "the same, to the staff",
    "receipt": "an invoice is paid",
    "payment_failed": "an attempt to charge a renewal is refused; once for each attempt",
    "action_required": "the bank wants a payment confirmed, unless the customer is at the payment page",
    "renewal": "a renewal is some days ahead",
    "trial_ending": "a trial ends in three days",
    "card_expiring": "the card will have expired at the next charge",
    "card_updated": "the bank has renewed the card",
    "cancel_scheduled": "its end is scheduled",
    "canceled": "it has ended",
    "resumed": "a scheduled end is undone, or a pause is over",
    "refunded": "money is given back",
    "changed": "plans or quantities change",
}
BOOKS = {
    ("paid", "posted", "paid"): "paid",
    ("open", "posted", "not_paid"): "open",
    ("void", "posted", "reversed"): "void, reversed",
    ("uncollectible", "posted", "not_paid"): "uncollectible",
}


def is_current() -> bool:
    """Whether the page is what the tables say."""
    return PAGE.exists() and PAGE.read_text() == _render()


def write() -> None:
    """Make the page."""
    PAGE.write_text(_render())


def _load(path: object) -> types.ModuleType:
    """A module without the package that it is part of, which needs Odoo."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _render() -> str:
    const, actions = _load(ADDON / "const.py"), _load(ADDON / "stripe_actions.py")
    labels = dict(const.STATUSES)
    statuses = [
        (
            f"*{label}*",
            "" if name in ("draft", "future") else f"``{name}``",
            MEANINGS[name],
            "yes" if name in const.ACCESS_STATUSES else "no",
            ", ".join(ACTIONS[action] for action in actions.ACTIONS[name]) or "nothing",
        )
        for name, label in const.STATUSES
    ]
    transitions = [
        (
            f"*{labels[row.before]}*" if row.before else "subscribing",
            row.name,
            f"*{labels[row.after]}*",
            _books(row.books),
            "yes" if row.charged else "no",
        )
        for row in _load(TRANSITIONS).TABLE
    ]
    kinds = _kinds()
    mails = [(f"*{label}*", MAILS[kind]) for kind, label in kinds.items()]
    offers = ("Shown", "At Stripe", "Meaning", "Access", "Can be done, where it makes sense")
    return "\n".join(
        [
            INTRODUCTION,
            STATUSES,
            *_table(offers, "12 12 36 8 32", statuses),
            HAPPENINGS,
            *_table(
                ("Before", "What happens", "After", "Invoices in the books", "Next charge"),
                "16 34 16 24 10",
                transitions,
            ),
            MAILS_TITLE,
            *_table(("Mail", "When"), "30 70", mails),
            "",
        ]
    )


def _kinds() -> dict[str, str]:
    """The mails that there are, with their names."""
    tree = ast.parse((ADDON / "stripe_mails.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "KINDS":
            return dict(ast.literal_eval(node.value))
    raise ValueError("stripe_mails.py has no KINDS")


def _books(rows: list[tuple]) -> str:
    """The invoices of a row, oldest first, as people say it."""
    return ", ".join(f"{total:.2f} {BOOKS[tuple(words)]}" for *words, total in rows) or "none"


def _table(titles: tuple[str, ...], widths: str, rows: list[tuple]) -> list[str]:
    lines = ["", ".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (titles, *rows):
        lines += [
            f"   {'*' if not number else ' '} - {text}".rstrip() for number, text in enumerate(row)
        ]
    return lines
