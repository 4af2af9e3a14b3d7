from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged, warmup

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon
from tests.addon.stripe_objects import line, tax


@tagged("post_install", "-at_install")
class TestAccountMove(StripeCommon, TransactionCase):
    """Each Stripe invoice becomes one move that agrees with it to the cent."""

    def invoice(self, *lines, **values):
        return stripe_objects.invoice(self.customer.stripe_id, list(lines), **values)

    def assertBooked(self, move, total, untaxed=None, taxes=0.0, state="paid"):
        self.assertFalse(move.stripe_booking_error)
        self.assertRecordValues(
            move,
            [
                {
                    "state": "posted",
                    "amount_total": total,
                    "amount_untaxed": total - taxes if untaxed is None else untaxed,
                    "amount_tax": taxes,
                    "payment_state": state,
                    "journal_id": self.provider.stripe_billing_journal_id.id,
                    "partner_id": self.partner.id,
                }
            ],
        )

    def test_plain(self):
        obj = self.invoice(line(6000, quantity=3))
        move = self.book(obj)
        self.assertBooked(move, 60.0)
        self.assertEqual((move.ref, move.move_type), (obj["number"], "out_invoice"))
        self.assertRecordValues(
            move.invoice_line_ids, [{"quantity": 3.0, "price_unit": 20.0, "discount": 0.0}]
        )

    def test_invoice_without_subscription(self):
        """It belongs to none; above all not to a draft, which has no id at Stripe either."""
        _obj, price = self.make_price()
        draft = self.make_draft(price)
        move = self.book(self.invoice(line(2000)))
        self.assertFalse(move.stripe_subscription_id)
        self.assertFalse(draft.move_ids)
        self.assertFalse(self.env["stripe.subscription"]._stripe_find(self.provider, [False]))

    def test_payment_is_stripes_and_charges_nothing(self):
        obj = self.invoice(line(2000))
        move = self.book(obj)
        [part] = obj["payments"]["data"]
        payment = self.env["account.payment"].search(
            [("stripe_invoice_payment_id", "=", part["id"])]
        )
        self.assertRecordValues(
            payment,
            [
                {
                    "state": "paid",
                    "amount": 20.0,
                    "payment_type": "inbound",
                    "stripe_payment_ref": part["payment"]["payment_intent"],
                    "payment_token_id": False,
                    "payment_transaction_id": False,
                }
            ],
        )
        self.assertEqual(move.amount_residual, 0.0)
        self.assertEqual(payment.reconciled_invoice_ids, move)

    def test_tax_amounts_are_stripes(self):
        # 15 % of 99.99 would be 15.00; Stripe says 15.01.
        rate = self.make_tax(15.0)
        move = self.book(self.invoice(line(9999, taxes=[tax(rate, 1501, 9999)])))
        self.assertBooked(move, 115.0, 99.99, 15.01)

    def test_inclusive_tax(self):
        # 10.00 with 15 % inside: 8.70 + 1.30; here Stripe rounded to 8.69 + 1.31.
        rate = self.make_tax(15.0, inclusive=True)
        move = self.book(self.invoice(line(1000, taxes=[tax(rate, 131, 869, inclusive=True)])))
        self.assertBooked(move, 10.0, 8.69, 1.31)

    def test_several_rates_and_lines(self):
        state, city = self.make_tax(6.25), self.make_tax(2.125)
        move = self.book(
            self.invoice(
                line(4999, taxes=[tax(state, 312, 4999), tax(city, 106, 4999)]),
                line(-1733, taxes=[tax(state, -108, -1733), tax(city, -37, -1733)]),
                line(0),
            )
        )
        self.assertBooked(move, 35.39, 32.66, 2.73)

    def test_discount_is_shown(self):
        rate = self.make_tax(20.0)
        move = self.book(
            self.invoice(line(6000, quantity=3, discounts=[600], taxes=[tax(rate, 1080, 5400)]))
        )
        self.assertBooked(move, 64.8, 54.0, 10.8)
        self.assertRecordValues(
            move.invoice_line_ids, [{"quantity": 3.0, "price_unit": 20.0, "discount": 10.0}]
        )

    def test_discounts_without_a_round_percentage(self):
        for amount, discount in ((9999, 3333), (1001, 7), (333, 332), (100, 100)):
            move = self.book(self.invoice(line(amount, discounts=[discount])))
            self.assertFalse(move.stripe_booking_error)
            self.assertEqual(round(move.amount_total * 100), amount - discount)

    def test_tiers_where_units_do_not_multiply(self):
        move = self.book(self.invoice(line(10001, quantity=7)))
        self.assertBooked(move, 100.01)

    def test_fraction_of_a_cent(self):
        # 1,234 calls at 0.0123: 15.1782, which Stripe rounds.
        move = self.book(self.invoice(line(1518, quantity=1234)))
        self.assertBooked(move, 15.18)

    def test_currencies(self):
        """S2-10"""
        for currency, amount, expected, tenth in (
            ("jpy", 3000, 3000.0, 300.0),
            ("kwd", 12550, 12.55, 1.255),
            ("eur", 1999, 19.99, 1.99),
        ):
            record = self.env["res.currency"]._stripe_get(currency)
            self.env["res.currency.rate"].create(
                {"currency_id": record.id, "name": "2020-01-01", "rate": 3.0}
            )
            rate = self.make_tax(10.0)
            taxes = [tax(rate, amount // 10, amount)]
            move = self.book(self.invoice(line(amount, taxes=taxes), currency=currency))
            self.assertFalse(move.stripe_booking_error, currency)
            self.assertEqual(move.currency_id, record)
            self.assertAlmostEqual(move.amount_untaxed, expected, 3)
            self.assertAlmostEqual(move.amount_tax, tenth, 3)
            self.assertAlmostEqual(move.amount_total, expected + tenth, 3)
            self.assertEqual(move.payment_state, "paid", currency)

    def test_zero(self):
        self.assertBooked(self.book(self.invoice(line(0))), 0.0)

    def test_negative_total_becomes_a_credit_note(self):
        rate = self.make_tax(15.0)
        obj = self.invoice(
            line(-5000, taxes=[tax(rate, -750, -5000)]), line(2000, taxes=[tax(rate, 300, 2000)])
        )
        move = self.book(obj)
        self.assertEqual(move.move_type, "out_refund")
        self.assertFalse(move.stripe_booking_error)
        self.assertRecordValues(
            move, [{"state": "posted", "amount_total": 34.5, "amount_tax": 4.5}]
        )

    def test_open_then_paid(self):
        obj = self.invoice(line(2000), paid=False)
        move = self.book(obj)
        self.assertBooked(move, 20.0, state="not_paid")
        paid = stripe_objects.invoice(self.customer.stripe_id, [line(2000)])
        self.book({**paid, "id": obj["id"], "number": obj["number"]})
        self.assertBooked(move, 20.0)
        self.assertEqual(move.stripe_invoice_status, "paid")

    def test_applying_again_changes_nothing(self):
        obj = self.invoice(line(2000))
        move = self.book(obj)
        self.assertEqual(self.book(obj, obj), move)
        self.assertEqual(self.book(obj), move)
        payments = self.env["account.payment"].search_count(
            [("stripe_invoice_payment_id", "=", obj["payments"]["data"][0]["id"])]
        )
        self.assertEqual(payments, 1)

    def test_stale_answer_is_left_out(self):
        obj = self.invoice(line(2000))
        move = self.book(obj)
        stale = {**obj, "status": "open"}
        self.env["account.move"].with_context(stripe_fetched_at=1.0)._stripe_apply(
            self.provider, [stale]
        )
        self.assertEqual(move.stripe_invoice_status, "paid")

    def test_draft_and_void_are_not_booked(self):
        for status in ("draft", "void", None):
            self.assertFalse(self.book(self.invoice(line(2000), paid=False, status=status)))

    def test_void_after_posting_is_reversed(self):
        obj = self.invoice(line(2000), paid=False)
        move = self.book(obj)
        self.book({**obj, "status": "void"})
        self.book({**obj, "status": "void"})
        self.assertEqual(len(move.reversal_move_ids), 1)
        self.assertEqual(move.payment_state, "reversed")

    def test_other_total_is_not_posted(self):
        obj = self.invoice(line(2000))
        obj["total"] = 2001
        move = self.book(obj)
        self.assertEqual(move.state, "draft")
        self.assertIn("20.01", move.stripe_booking_error)
        self.assertFalse(self.env["account.payment"].search([("memo", "=", obj["number"])]))

    def test_other_tax_is_not_posted(self):
        rate = self.make_tax(15.0)
        obj = self.invoice(line(2000, taxes=[tax(rate, 300, 2000)]))
        obj["total_taxes"] = [tax(rate, 299, 2000)]
        self.assertEqual(self.book(obj).state, "draft")

    def test_rate_without_tax_is_refused(self):
        rate = stripe_objects.tax_rate(7.25)
        self.env["stripe.tax.rate"]._stripe_apply(self.provider, [rate])
        with self.assertRaisesRegex(UserError, "Tax 7.25%"):
            self.book(self.invoice(line(2000, taxes=[tax(rate["id"], 145, 2000)])))

    def test_unknown_rate_is_refused(self):
        with self.assertRaisesRegex(UserError, "txr_unknown"):
            self.book(self.invoice(line(2000, taxes=[tax("txr_unknown", 145, 2000)])))

    def test_other_mode_is_refused(self):
        with self.assertRaisesRegex(UserError, "other mode"):
            self.book(self.invoice(line(2000), livemode=True))

    def test_stranger_is_left_out(self):
        self.assertFalse(self.book(stripe_objects.invoice("cus_stranger", [line(100)])))

    def test_product_of_the_plan(self):
        obj, price = self.make_price()
        pricing = {"price_details": {"price": obj["id"], "product": price.stripe_product}}
        move = self.book(self.invoice(line(2000, pricing=pricing)))
        self.assertEqual(move.invoice_line_ids.product_id, price.product_id)

    def test_customer_is_offered_no_second_payment(self):
        self.env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", "True")
        move = self.book(self.invoice(line(2000), paid=False))
        self.assertFalse(move._has_to_be_paid())

    @warmup
    def test_batches_cost_less(self):
        def count(size):
            invoices = [self.invoice(line(2000)) for _ in range(size)]
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.book(*invoices)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        one, twenty = count(1), count(20)
        self.assertLess(twenty, one * 8, f"{one} queries for one invoice, {twenty} for twenty")
