"""Table of the life of a subscription: each change of its status at Stripe, and what Odoo makes of it.

The rows are those of https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses. Stripe is
driven past Odoo, as by its Dashboard or the calendar; what happened arrives with the events. A row says what
people then see, what is in the books, and what they are offered.
"""

from dataclasses import dataclass, field

from odoo.addons.stripe_subscriptions import const, utils
from odoo.tests import TransactionCase, tagged

from tests.addon.acting_common import DAY, ActingCommon

DECLINED = "pm_card_chargeCustomerFail"
TRIAL = 10 * DAY

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
        ACTIVE
        - {"change_now", "coupon", "cancel_later", "pause", "billing_date"}
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


@tagged("post_install", "-at_install")
class TestSubscriptionTransitions(ActingCommon, TransactionCase):
    """See above."""

    # --- what happens

    def a_day(self, _key):
        self.pass_time(hours=24)

    def six_days(self, _key):
        self.pass_time(days=6)

    def renewal(self, _key):
        self.pass_time(days=32)

    def end_of_trial(self, _key):
        self.pass_time(days=11)

    def retries(self, _key):
        self.pass_time(days=25)

    def card_fails(self, _key):
        self.set_card(DECLINED)

    def card_works(self, _key):
        self.set_card("pm_card_visa")

    def newest(self, key):
        """The newest invoice that is not paid."""
        found = self.stripe.invoices.list({"subscription": key, "limit": 10}).data
        return next(invoice.id for invoice in found if invoice.status != "paid")

    def pay(self, key):
        self.stripe.invoices.pay(self.newest(key))

    def write_off(self, key):
        self.stripe.invoices.mark_uncollectible(self.newest(key))

    def pause(self, key):
        terms = {"bill_for": {"unused_time_from": {"type": "none"}}}
        self.stripe.subscriptions.pause(key, terms)

    def resume(self, key):
        self.stripe.subscriptions.resume(key)

    def pause_collection(self, key):
        self.stripe.subscriptions.update(key, {"pause_collection": {"behavior": "void"}})

    def cancel_later(self, key):
        self.stripe.subscriptions.update(key, {"cancel_at_period_end": True})

    def keep(self, key):
        self.stripe.subscriptions.update(key, {"cancel_at_period_end": False})

    def cancel(self, key):
        self.stripe.subscriptions.cancel(key)

    def delete_customer(self, _key):
        self.stripe.customers.delete(self.buyer.id)

    def plan(self, key):
        schedules = self.stripe.subscription_schedules
        made = schedules.create({"from_subscription": key})
        now = made.phases[0]
        item = {"price": self.price.id}
        schedules.update(
            made.id,
            {
                "phases": [
                    {
                        "items": [{**item, "quantity": 1}],
                        "start_date": now.start_date,
                        "end_date": now.end_date,
                    },
                    {
                        "items": [{**item, "quantity": 3}],
                        "duration": {"interval": "month", "interval_count": 1},
                    },
                ]
            },
        )

    # --- the table

    def begin(self, start):
        """Make the subscription at Stripe; the customer has a card unless the row says otherwise."""
        start = dict(start)
        if "card" in start:
            self.stripe.payment_methods.detach(
                self.stripe.customers.retrieve(self.buyer.id).invoice_settings.default_payment_method
            )
            start.pop("card")
        if start.pop("trial", False):
            start["trial_end"] = self.now() + TRIAL
        if start.pop("first", False):
            first = utils.to_local_date(self.now() + TRIAL, "UTC")
            start["trial_end"] = utils.local_time(first, "UTC")
            start["metadata"] = {const.METADATA_FIRST_BILLING: first.isoformat()}
        return self.subscribe(self.buyer, **start).id

    def check(self, row):
        self.account.retries.final_action = row.setting
        key = self.begin(row.start)
        for number, step in enumerate(row.steps):
            if number == len(row.steps) - 1:
                self.catch_up()
                self.assertEqual(self.find(key).status, row.before)
            getattr(self, step)(key)
        self.catch_up()
        subscription = self.find(key)
        self.assertEqual(subscription.status, row.after)
        self.assertEqual(subscription.stripe_status, self.there(subscription)["status"])
        self.assertEqual(set(subscription.offered_actions or ()), row.offers)
        self.assertEqual(bool(subscription.next_charge_at), row.charged)
        self.assertEqual(subscription.mrr, row.mrr)
        moves = subscription.move_ids.sorted("id")
        self.assertEqual(
            [
                (move.stripe_invoice_status, move.state, move.payment_state, move.amount_total)
                for move in moves
            ],
            row.books,
        )

    def test_every_status_has_actions(self):
        """None is left out of the table of actions, and each is reached by a row."""
        statuses = {status for status, _label in const.STATUSES}
        self.assertEqual({row.after for row in TABLE} | {"draft"}, statuses)


def _make(row):
    def test(self):
        self.check(row)

    test.__doc__ = row.name
    return test


for _row in TABLE:
    _name = "".join(letter if letter.isalnum() else "_" for letter in _row.name.lower())
    setattr(TestSubscriptionTransitions, f"test_{_name}", _make(_row))
