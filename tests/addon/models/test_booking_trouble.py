from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon
from tests.addon.stripe_objects import line, new_id, tax


@tagged("post_install", "-at_install")
class TestBookingTrouble(StripeCommon, TransactionCase):
    """Documents that would differ from Stripe come to a person, who mends them or has them booked anew."""

    def setUp(self):
        super().setUp()
        self.gateway = self.fake_stripe()
        self.rate = self.make_tax(7.77)
        taxes = [tax(self.rate, 155, 2000)]
        self.right = self.gateway.put(
            "invoice", stripe_objects.invoice(self.customer.stripe_id, [line(2000, taxes=taxes)])
        )
        self.wrong = {**self.right, "total": 2154}

    def waiting(self):
        """What the filter of the list of invoices finds."""
        view = self.env.ref("stripe_subscriptions.account_move_view_search")
        self.assertIn("filter_stripe_booking_error", view.arch)
        return self.env["account.move"].search(
            [("stripe_booking_error", "!=", False), ("state", "=", "draft")]
        )

    def test_a_person_is_told(self):
        move = self.book(self.wrong)
        self.assertEqual(self.waiting(), move)
        self.assertRecordValues(
            move, [{"state": "draft", "stripe_total": 21.54, "stripe_tax": 1.55}]
        )
        activity = move.activity_ids
        self.assertEqual(activity.user_id, self.provider.stripe_billing_user_id)
        self.assertIn(move.ref, activity.summary)
        self.assertIn("21.54", activity.note)
        # Told once.
        self.book(self.wrong)
        self.assertEqual(move.activity_ids, activity)

    def test_nobody_posts_what_differs(self):
        move = self.book(self.wrong)
        with self.assertRaisesRegex(UserError, "differs from Stripe"):
            move.action_post()
        self.assertEqual(move.state, "draft")

    def test_corrected_by_hand(self):
        obj = {**self.right, "total": 2100, "total_taxes": []}
        move = self.book(obj)
        move.invoice_line_ids.write({"tax_ids": False, "price_unit": 21.0})
        move.action_post()
        self.assertRecordValues(move, [{"state": "posted", "stripe_booking_error": False}])
        self.assertFalse(move.activity_ids)
        # What Stripe has collected is booked with the next word of it.
        self.assertEqual(move.payment_state, "not_paid")
        self.book(obj)
        self.assertEqual(move.payment_state, "paid")

    def test_booked_anew(self):
        draft = self.book(self.wrong)
        action = draft.action_stripe_book_anew()
        self.assertFalse(draft.exists())
        move = self.env["account.move"].browse(action["res_id"])
        self.assertRecordValues(
            move,
            [
                {
                    "state": "posted",
                    "payment_state": "paid",
                    "amount_total": 21.55,
                    "stripe_invoice_id": self.right["id"],
                }
            ],
        )
        self.assertFalse(move.activity_ids)
        with self.assertRaises(UserError):
            move.action_stripe_book_anew()

    def test_booked_anew_and_still_different(self):
        draft = self.book(self.wrong)
        self.gateway.put("invoice", self.wrong)
        again = self.env["account.move"].browse(draft.action_stripe_book_anew()["res_id"])
        self.assertNotEqual(again, draft)
        self.assertEqual(self.waiting(), again)
        self.assertTrue(again.activity_ids)

    def test_stripe_is_out_of_reach(self):
        """The draft is only thrown away once Stripe has answered."""
        draft = self.book(self.wrong)
        self.gateway.objects.clear()
        with self.assertRaises(UserError):
            draft.action_stripe_book_anew()
        self.assertTrue(draft.exists())

    def test_credit_note(self):
        move = self.book(self.right)
        note = self.gateway.put(
            "credit_note",
            {
                "id": new_id("cn"),
                "object": "credit_note",
                "created": stripe_objects.NOW,
                "currency": "usd",
                "customer": self.customer.stripe_id,
                "customer_balance_transaction": None,
                "effective_at": stripe_objects.NOW,
                "invoice": self.right["id"],
                "lines": {"object": "list", "data": [line(1000)], "has_more": False},
                "livemode": False,
                "number": "CN-1",
                "post_payment_amount": 1000,
                "pre_payment_amount": 0,
                "refunds": [],
                "status": "issued",
                "total": 1000,
                "total_taxes": [],
            },
        )
        draft = self.env["stripe.credit.note"]._stripe_apply(
            self.provider, [{**note, "total": 999}]
        )
        self.assertEqual(self.waiting(), draft)
        self.assertTrue(draft.activity_ids)
        action = draft.action_stripe_book_anew()
        booked = self.env["account.move"].browse(action["res_id"])
        self.assertRecordValues(
            booked, [{"state": "posted", "amount_total": 10.0, "reversed_entry_id": move.id}]
        )
