"""Each change of the status of a subscription at Stripe, and what Odoo makes of it; see `transition_rows`.

Stripe is driven past Odoo, as by its Dashboard or the calendar; what happened arrives with the events.
"""

from odoo.addons.stripe_subscriptions import const, utils
from odoo.tests import TransactionCase, tagged

from tests.addon.acting_common import DAY, ActingCommon
from tests.addon.transition_rows import TABLE

DECLINED = "pm_card_chargeCustomerFail"
TRIAL = 10 * DAY


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
                self.stripe.customers.retrieve(
                    self.buyer.id
                ).invoice_settings.default_payment_method
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
        """S1-04, S2-01, S2-17: None is left out of the table of actions, and each is reached by a row."""
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
