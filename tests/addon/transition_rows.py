"""Table of the life of a subscription: each change of its status at Stripe, and what Odoo makes of it.

The rows are those of https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses. A row
says what people then see, what is in the books, and what they are offered.
"""

from dataclasses import dataclass, field

#: What is offered of a subscription that is charged automatically, by what is possible with it.
LIVE = {
    *("cancel", "cancel_later", "card", "change", "change_now", "coupon", "charge"),
    "pause_collection",
}
ACTIVE = LIVE | {"pause", "billing_date"}
BEHIND = LIVE | {"billing_date", "retry"}
IN_TRIAL = LIVE | {"trial"}
UNPAID = {"cancel", "cancel_later", "card", "coupon", "retry"}
PAUSED = {"cancel", "card", "coupon", "unpause"}
INCOMPLETE = {"cancel", "retry"}

#: Invoices in the books: what Stripe says, how it is booked, whether it is paid, its total.
PAID = ("paid", "posted", "paid", 20.0)
OPEN = ("open", "posted", "not_paid", 20.0)
FREE = ("paid", "posted", "paid", 0.0)
VOID = ("void", "posted", "reversed", 20.0)


@dataclass
class Row:
    """A transition: how the subscription begins, what happens, and what comes of it.

    :param str name: For people.
    :param str before: Status before the last thing happens.
    :param tuple steps: Names of methods of the test, the last one is the transition.
    :param str after: Status that people see then.
    :param set offers: Names of actions.
    :param list books: See above; oldest first.
    :param dict start: Parameters with which Stripe makes the subscription.
    :param bool charged: Whether there is a next charge.
    :param float mrr: Monthly revenue.
    :param str setting: What the account does after the last retry.
    """

    name: str
    before: str
    steps: tuple
    after: str
    offers: set
    books: list
    start: dict = field(default_factory=dict)
    charged: bool = True
    mrr: float = 20.0
    setting: str = "cancel"


def ended(name, before, steps, books, status="canceled", **more):
    """A row at whose end nothing can be done any more."""
    return Row(name, before, steps, status, set(), books, charged=False, mrr=0, **more)


INCOMPLETE_START = {"payment_behavior": "default_incomplete"}
SENT = {"collection_method": "send_invoice", "days_until_due": 5}
WITHOUT_CARD = {"trial": True, "card": None}


def at_trial_end(action):
    return {
        **WITHOUT_CARD,
        "trial_settings": {"end_behavior": {"missing_payment_method": action}},
    }


TABLE = [
    Row("first payment open", "", (), "incomplete", INCOMPLETE, [OPEN], INCOMPLETE_START, False, 0),
    Row("first payment made", "incomplete", ("pay",), "active", ACTIVE, [PAID], INCOMPLETE_START),
    ended(
        "first payment never made",
        "incomplete",
        ("a_day",),
        [VOID],
        "incomplete_expired",
        start=INCOMPLETE_START,
    ),
    Row("paid at once", "", (), "active", ACTIVE, [PAID]),
    Row(
        "invoice to be paid",
        "",
        (),
        "active",
        ACTIVE - {"card"},
        [],
        SENT,
    ),
    Row("trial", "", (), "trialing", IN_TRIAL, [FREE], {"trial": True}, mrr=0),
    Row("first billing date ahead", "", (), "future", IN_TRIAL, [FREE], {"first": True}, mrr=0),
    Row(
        "first billing date reached",
        "future",
        ("end_of_trial",),
        "active",
        ACTIVE,
        [FREE, PAID],
        {"first": True},
    ),
    Row(
        "trial ends with a card",
        "trialing",
        ("end_of_trial",),
        "active",
        ACTIVE,
        [FREE, PAID],
        {"trial": True},
    ),
    Row(
        "trial ends with a card that is declined",
        "trialing",
        ("card_fails", "end_of_trial"),
        "past_due",
        BEHIND,
        [FREE, OPEN],
        {"trial": True},
    ),
    Row(
        "trial ends without a card: invoice",
        "trialing",
        ("end_of_trial",),
        "past_due",
        BEHIND,
        [FREE, OPEN],
        at_trial_end("create_invoice"),
    ),
    ended(
        "trial ends without a card: cancel",
        "trialing",
        ("end_of_trial",),
        [FREE],
        start=at_trial_end("cancel"),
    ),
    Row(
        "trial ends without a card: pause",
        "trialing",
        ("end_of_trial",),
        "paused",
        PAUSED,
        [FREE],
        at_trial_end("pause"),
        False,
        0,
    ),
    ended("trial canceled", "trialing", ("cancel",), [FREE], start={"trial": True}),
    Row("renewal", "active", ("renewal",), "active", ACTIVE, [PAID, PAID]),
    Row("renewal fails", "active", ("card_fails", "renewal"), "past_due", BEHIND, [PAID, OPEN]),
    Row(
        "due date passes",
        "active",
        ("six_days",),
        "past_due",
        BEHIND - {"card", "retry"},
        [OPEN],
        SENT,
    ),
    Row(
        "behind, then paid",
        "past_due",
        ("card_fails", "renewal", "card_works", "pay"),
        "active",
        ACTIVE,
        [PAID, PAID],
    ),
    Row(
        "behind, then written off",
        "past_due",
        ("card_fails", "renewal", "write_off"),
        "active",
        ACTIVE,
        [PAID, ("uncollectible", "posted", "not_paid", 20.0)],
    ),
    ended(
        "retries exhausted: cancel",
        "past_due",
        ("card_fails", "renewal", "retries"),
        [PAID, OPEN],
    ),
    Row(
        "retries exhausted: unpaid",
        "past_due",
        ("card_fails", "renewal", "retries"),
        "unpaid",
        UNPAID,
        [PAID, OPEN],
        charged=False,
        mrr=0,
        setting="unpaid",
    ),
    Row(
        "retries exhausted: past due",
        "past_due",
        ("card_fails", "renewal", "retries"),
        "past_due",
        BEHIND,
        [PAID, OPEN],
        setting="past_due",
    ),
    Row(
        "unpaid, then paid",
        "unpaid",
        ("card_fails", "renewal", "retries", "card_works", "pay"),
        "active",
        ACTIVE,
        [PAID, PAID],
        setting="unpaid",
    ),
    ended(
        "unpaid, then canceled",
        "unpaid",
        ("card_fails", "renewal", "retries", "cancel"),
        [PAID, OPEN],
        setting="unpaid",
    ),
    Row("paused", "active", ("pause",), "paused", PAUSED, [PAID], charged=False, mrr=0),
    Row("resumed", "paused", ("pause", "resume"), "active", ACTIVE, [PAID, PAID]),
    Row(
        "resumed with a card that is declined",
        "paused",
        ("pause", "card_fails", "resume"),
        "past_due",
        BEHIND,
        [PAID, OPEN],
    ),
    ended("paused, then canceled", "paused", ("pause", "cancel"), [PAID]),
    Row(
        "collection paused",
        "active",
        ("pause_collection",),
        "active",
        ACTIVE - {"pause", "pause_collection"} | {"resume_collection"},
        [PAID],
    ),
    Row(
        "collection paused, renewal",
        "active",
        ("pause_collection", "renewal"),
        "active",
        ACTIVE - {"pause", "pause_collection"} | {"resume_collection"},
        # What is void before Odoo has seen it is not booked.
        [PAID],
    ),
    Row(
        "end scheduled",
        "active",
        ("cancel_later",),
        "active",
        ACTIVE - {"cancel_later", "pause", "billing_date"} | {"resume"},
        [PAID],
        charged=False,
    ),
    Row("end taken back", "active", ("cancel_later", "keep"), "active", ACTIVE, [PAID]),
    ended("scheduled end reached", "active", ("cancel_later", "renewal"), [PAID]),
    ended("canceled", "active", ("cancel",), [PAID]),
    ended("canceled while behind", "past_due", ("card_fails", "renewal", "cancel"), [PAID, OPEN]),
    ended("customer deleted", "active", ("delete_customer",), [PAID]),
    Row(
        "change planned",
        "active",
        ("plan",),
        "active",
        ACTIVE - {"change_now", "coupon", "cancel_later", "pause", "billing_date"}
        | {"drop_change"},
        [PAID],
    ),
    Row(
        "planned change takes effect",
        "active",
        ("plan", "renewal"),
        "active",
        ACTIVE,
        [PAID, ("paid", "posted", "paid", 60.0)],
        mrr=60.0,
    ),
]
