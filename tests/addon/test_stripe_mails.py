from datetime import datetime

from odoo.addons.stripe_subscriptions import const, stripe_declines, stripe_mails
from odoo.addons.stripe_subscriptions.stripe_mails import Collection, SubscriptionState
from odoo.tests import BaseCase, TransactionCase, tagged

LATER, EVEN_LATER = datetime(2030, 1, 1), datetime(2031, 1, 1)
OBJ = {"id": "sub_1", "created": 1_800_000_000}


def kinds(mails):
    return [mail.kind for mail in mails]


@tagged("post_install", "-at_install")
class TestMailDecisions(BaseCase):
    """Which mails follow from a change: all statuses before and after, all ways of being collected."""

    def of(self, before, after, **obj):
        return stripe_mails.of_subscription(before, after, {**OBJ, **obj}, "stamp")

    def test_every_pair_of_statuses(self):
        statuses = [None, *(status for status, _label in const.STATUSES)]
        expected = {}
        for before in (None, "draft", "incomplete"):
            for after in ("future", "trialing", "active"):
                expected[before, after] = ["welcome", "subscribed_staff"]
        for before in const.LIVE_STATUSES:
            expected[before, "canceled"] = ["canceled"]
            if before != "paused":
                expected["paused", before] = ["resumed"]
        for before in statuses:
            for after in statuses[1:]:
                known = before and SubscriptionState(before)
                due = self.of(known or None, SubscriptionState(after))
                self.assertEqual(kinds(due), expected.get((before, after), []), (before, after))

    def test_end_that_is_planned(self):
        for before, after, expected in (
            (False, LATER, ["cancel_scheduled"]),
            (LATER, EVEN_LATER, ["cancel_scheduled"]),
            (LATER, LATER, []),
            (LATER, False, ["resumed"]),
        ):
            due = self.of(SubscriptionState("active", before), SubscriptionState("active", after))
            self.assertEqual(kinds(due), expected, (before, after))

    def test_end_that_was_planned_from_the_start_is_no_cancellation(self):
        due = self.of(None, SubscriptionState("active", LATER))
        self.assertEqual(kinds(due), ["welcome", "subscribed_staff"])

    def test_items(self):
        def state(*items):
            return SubscriptionState("active", items=items, texts=tuple(map(str, items)))

        for before, after, expected in (
            ([(1, 2)], [(1, 2)], []),
            ([(1, 2), (3, 1)], [(3, 1), (1, 2)], []),
            ([(1, 2)], [(1, 3)], ["changed"]),
            ([(1, 2)], [(2, 2)], ["changed"]),
            ([(1, 2)], [(1, 2), (3, 1)], ["changed"]),
        ):
            self.assertEqual(kinds(self.of(state(*before), state(*after))), expected)

    def test_change_and_cancellation_at_a_time(self):
        before = SubscriptionState("active", items=((1, 2),))
        after = SubscriptionState("active", LATER, items=((1, 3),))
        self.assertEqual(kinds(self.of(before, after)), ["cancel_scheduled", "changed"])

    # === INVOICES === #

    def invoice(self, status="open", **values):
        return {
            "id": "in_1",
            "status": status,
            "total": 2000,
            "currency": "usd",
            "attempted": True,
            "attempt_count": 1,
            "billing_reason": "subscription_cycle",
            "collection_method": "charge_automatically",
            **values,
        }

    def due(self, obj, before=None):
        return stripe_mails.of_invoice(before, stripe_mails.collection(obj), obj)

    def test_receipt(self):
        self.assertEqual(kinds(self.due(self.invoice("paid"))), ["receipt"])
        self.assertEqual(kinds(self.due(self.invoice("paid"), Collection("open"))), ["receipt"])
        self.assertEqual(self.due(self.invoice("paid"), Collection("paid")), [])
        for total in (0, -500):
            self.assertEqual(self.due(self.invoice("paid", total=total)), [])
        late = Collection("uncollectible")
        self.assertEqual(kinds(self.due(self.invoice("paid"), late)), ["receipt"])

    def test_amounts_are_major_units(self):
        for currency, amount in (("usd", 20.0), ("jpy", 2000.0), ("kwd", 2.0)):
            [mail] = self.due(self.invoice("paid", currency=currency, amount_paid=2000))
            self.assertEqual(mail.facts["charged"], amount)

    def test_refused(self):
        refused = {
            "status": "requires_payment_method",
            "last_payment_error": {"code": "card_declined", "decline_code": "lost_card"},
            "latest_charge": {"created": 1_800_000_000},
        }
        obj = self.invoice(open_payment_intent=refused)
        now = stripe_mails.collection(obj)
        self.assertEqual((now.failed, now.action, now.code), (True, False, "lost_card"))
        [mail] = self.due(obj)
        self.assertEqual((mail.kind, mail.key, mail.wait), ("payment_failed", "1", 0))
        self.assertEqual(mail.happened_at, 1_800_000_000)
        self.assertEqual(self.due(obj, now), [], "the same attempt")
        again = {**obj, "attempt_count": 2}
        self.assertEqual([m.key for m in self.due(again, now)], ["2"])

    def test_nobody_is_told_of_what_is_no_failure(self):
        for status in ("processing", "succeeded"):
            obj = self.invoice(open_payment_intent={"status": status})
            self.assertEqual(self.due(obj), [])
        self.assertEqual(self.due(self.invoice(attempted=False)), [])
        by_hand = self.invoice(collection_method="send_invoice")
        self.assertEqual(self.due(by_hand), [])

    def test_customer_at_the_screen_is_left_alone_for_a_while(self):
        for reason in ("subscription_create", "subscription_update", "manual"):
            for status in ("requires_action", "requires_payment_method"):
                intent = {"status": status, "last_payment_error": {"code": "expired_card"}}
                [mail] = self.due(self.invoice(billing_reason=reason, open_payment_intent=intent))
                self.assertEqual(mail.wait, stripe_mails.AT_SCREEN_WAIT)

    def test_confirmation_then_refusal(self):
        asks = self.invoice(open_payment_intent={"status": "requires_action"})
        [mail] = self.due(asks)
        self.assertEqual((mail.kind, mail.key), ("action_required", ""))
        known = stripe_mails.collection(asks)
        self.assertEqual(self.due({**asks, "attempt_count": 2}, known), [])
        error = {"code": "payment_intent_authentication_failure"}
        refused = {"status": "requires_payment_method", "last_payment_error": error}
        [mail] = self.due(self.invoice(open_payment_intent=refused), known)
        self.assertEqual((mail.kind, mail.wait), ("payment_failed", stripe_mails.AT_SCREEN_WAIT))

    def test_customer_who_pays_a_renewal_at_the_screen(self):
        """A new card after a refusal; its bank asks, and the customer is there."""
        error = {"code": "card_declined"}
        refused = {"status": "requires_payment_method", "last_payment_error": error}
        known = stripe_mails.collection(self.invoice(open_payment_intent=refused))
        [mail] = self.due(self.invoice(open_payment_intent={"status": "requires_action"}), known)
        expected = ("action_required", stripe_mails.AT_SCREEN_WAIT)
        self.assertEqual((mail.kind, mail.wait), expected)

    def test_no_card(self):
        intent = {"status": "requires_payment_method", "last_payment_error": None}
        now = stripe_mails.collection(self.invoice(open_payment_intent=intent))
        self.assertEqual(now.code, "no_payment_method")

    # === CARDS AND TIME === #

    def test_card_expires(self):
        day, at = 86400, stripe_mails.utils.start_of_month
        december = {"exp_month": 12, "exp_year": 2026}
        for charge, now, expected in (
            (at(2027, 1), at(2026, 12), False),  # a day too early to say: 31 days
            (at(2027, 1), at(2026, 12) + 2 * day, True),
            (at(2027, 1) - 1, at(2026, 12) + 2 * day, False),  # the last charge it does for
            (at(2027, 6), at(2026, 6), False),  # much too early
            (at(2027, 6), at(2027, 2), True),  # gone already
        ):
            self.assertEqual(stripe_mails.card_expires(december, charge, now), expected)

    def test_age(self):
        old = stripe_mails.Mail("receipt", happened_at=0)
        self.assertFalse(stripe_mails.is_too_old(old, stripe_mails.MAX_AGE))
        self.assertTrue(stripe_mails.is_too_old(old, stripe_mails.MAX_AGE + 1))
        self.assertFalse(stripe_mails.is_too_old(stripe_mails.Mail("receipt"), 9e9))


@tagged("post_install", "-at_install")
class TestDeclines(TransactionCase):
    """Why a charge failed, in words."""

    def words(self, code, staff=False):
        return self.env._(stripe_declines.reason(code, staff))

    def test_reasons(self):
        for code in ("insufficient_funds", "expired_card", "no_payment_method", "generic_decline"):
            self.assertTrue(self.words(code).endswith("."))
        self.assertIsNone(stripe_declines.reason("a_new_code"))
        self.assertIsNone(stripe_declines.reason(False))

    def test_customers_do_not_learn_of_suspicion(self):
        bank = self.words("generic_decline")
        for code in ("lost_card", "stolen_card", "pickup_card", "fraudulent", "merchant_blacklist"):
            self.assertEqual(self.words(code), bank)
            self.assertIn("do not tell", self.words(code, staff=True))
