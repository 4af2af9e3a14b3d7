"""Lessons about figures: lines, taxes, currencies, days."""

from datetime import UTC, date, datetime

from odoo.tests import TransactionCase, tagged

from tests.addon import stripe_objects
from tests.addon.stripe_objects import line, tax
from tests.addon.test_lessons_common import LessonsCommon


@tagged("post_install", "-at_install")
class TestLessonsAmounts(LessonsCommon, TransactionCase):
    """What is booked is what Stripe says, to the last unit and on the right day."""

    def link(self):
        """A customer of the partner whose invoices are made here, not at Stripe."""
        return self.make_customer(self.partner).stripe_id

    def subscribe_in(self, currency, amount, partner):
        """A paid subscription in a currency."""
        price = self.make_stripe_price(currency=currency, unit_amount=amount)
        customer = self.make_stripe_customer(partner)
        return self.subscribe(customer, items=[{"price": price.id, "quantity": 1}])

    # === LINES AND TAXES === #

    def test_04_more_lines_than_an_event_carries(self):
        """Beyond the tenth line an invoice goes on elsewhere, and its total seems to be wrong."""
        customer = self.make_stripe_customer(self.partner)
        for number in range(1, 14):
            self.stripe.invoice_items.create(
                {"customer": customer.id, "amount": number, "currency": "usd"}
            )
        self.subscribe(customer)
        [event] = self.at_stripe("invoice.finalized")
        self.assertEqual(len(event["data"]["object"]["lines"]["data"]), 10)
        self.store([event])
        self.work()
        self.assertBookedOnce(20.91)
        self.assertEqual(len(self.moves().invoice_line_ids), 14)
        self.assertAgreed()

    def test_04_more_lines_in_an_import(self):
        customer = self.make_stripe_customer(name="Long", email="long@shop.example")
        for number in range(1, 14):
            self.stripe.invoice_items.create(
                {"customer": customer.id, "amount": number, "currency": "usd"}
            )
        subscription = self.subscribe(customer)
        self.run_job("import")
        moves = self.env["account.move"]._stripe_find(self.provider, [subscription.latest_invoice])
        self.assertRecordValues(moves, [{"state": "posted", "amount_total": 20.91}])

    def test_24_taxes_are_never_computed_again(self):
        """Odoo rounds taxes by line or by document, and is a cent off what the customer paid."""
        customer = self.link()
        added, inside = self.make_tax(19.0), self.make_tax(19.0, inclusive=True)
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            # 19 % of 0.33 is 0.0627: three lines give 0.18 or 0.19; Stripe says 0.20.
            parts = [tax(added, 7, 33), tax(added, 7, 33), tax(added, 6, 33)]
            lines = [line(33, taxes=[part]) for part in parts]
            contained = [
                tax(inside, 160, 839, inclusive=True),
                tax(inside, 159, 840, inclusive=True),
            ]
            lines += [line(999, taxes=[part]) for part in contained]
            move = self.book(stripe_objects.invoice(customer, lines))
            figures = [
                {
                    "state": "posted",
                    "amount_untaxed": 17.78,
                    "amount_tax": 3.39,
                    "amount_total": 21.17,
                    "payment_state": "paid",
                }
            ]
            self.assertRecordValues(move, figures)
            # Somebody sets it back and posts it again.
            move.line_ids.remove_move_reconcile()
            move.button_draft()
            move.action_post()
            figures[0]["payment_state"] = "not_paid"
            self.assertRecordValues(move, figures)

    def test_25_no_number_is_used_up(self):
        """A failed charge or a document in doubt leaves a gap in the numbers."""
        customer = self.link()
        first = self.book(stripe_objects.invoice(customer, [line(2000)]))
        never = [
            stripe_objects.invoice(customer, [line(2000)], paid=False, status=status)
            for status in ("draft", "void")
        ]
        self.assertFalse(self.book(*never))
        doubtful = stripe_objects.invoice(customer, [line(2000)])
        doubtful["total"] += 1
        doubtful = self.book(doubtful)
        self.assertEqual(doubtful.state, "draft")
        self.assertTrue(doubtful.stripe_booking_error, "and it says why")
        second = self.book(stripe_objects.invoice(customer, [line(2000)]))
        self.assertEqual(second.sequence_prefix, first.sequence_prefix)
        self.assertEqual(second.sequence_number, first.sequence_number + 1)

    def test_25_debit_that_is_still_on_its_way(self):
        """A bank debit takes days: neither paid nor failed meanwhile."""
        obj = stripe_objects.invoice(self.link(), [line(2000)])
        [part] = obj["payments"]["data"]
        part |= {"status": "open", "amount_paid": None, "status_transitions": {"paid_at": None}}
        move = self.book(obj | {"status": "open"})
        self.assertRecordValues(move, [{"state": "posted", "payment_state": "not_paid"}])
        self.assertFalse(self.payments())
        part |= {"status": "canceled"}
        self.book(obj | {"status": "open"})
        self.assertFalse(self.payments())
        other = {**part, "id": "inpay_second", "status": "paid", "amount_paid": 2000}
        obj["payments"]["data"].append(other)
        self.assertEqual(self.book(obj), move)
        self.assertEqual(move.payment_state, "paid")
        self.assertEqual(self.payments().stripe_invoice_payment_id, "inpay_second")

    # === UNITS === #

    def test_27_cents_are_exact(self):
        """0.29 times a hundred is 28.999... in floating point, and cut off one cent is missing."""
        customer = self.link()
        amounts = [1, 29, 57, 58, 113, 115, 201, 435, 807, 1001, 1990, 110_13, 4503599627]
        moves = self.book(
            *(stripe_objects.invoice(customer, [line(amount, quantity=3)]) for amount in amounts)
        )
        self.assertEqual(
            [f"{move.amount_total:.2f}" for move in moves.sorted("id")],
            [f"{amount // 100}.{amount % 100:02}" for amount in amounts],
        )
        self.assertEqual(set(moves.mapped("payment_state")), {"paid"})

    def test_27_no_amount_is_sent(self):
        """What a customer is charged comes from Stripe's prices; Odoo converts nothing on the way
        out."""
        price = self.make_stripe_price(unit_amount=None, unit_amount_decimal="28.5")
        plan = self.env["stripe.price"]
        self.provider.action_stripe_billing_fetch_catalogue()
        draft = self.make_draft(plan._stripe_find(self.provider, [price.id]))
        draft.item_ids.quantity = 3
        draft._stripe_get_checkout_url()
        session = self.stripe.checkout.sessions.retrieve(draft.checkout_session)
        self.assertEqual(session.amount_total, 86, "3 x 0.285")

    def test_37_units_without_and_with_three_decimals(self):
        """A hundred times too much in yen, and a test of one's own whose two errors agree."""
        # By Stripe's documentation: what is sent, and what the customer's statement says.
        cases = {
            "jpy": (3000, "3000"),
            "krw": (50000, "50000"),
            "clp": (9990, "9990"),
            "kwd": (12550, "12.550"),
            "tnd": (1230, "1.230"),
            "isk": (500000, "5000"),
            "huf": (150050, "1500.50"),
        }
        for currency, (amount, expected) in cases.items():
            partner = self.env["res.partner"].create({"name": currency})
            record = self.env["res.currency"]._stripe_get(currency)
            self.env["res.currency.rate"].create(
                {"currency_id": record.id, "name": "2020-01-01", "rate": 100.0}
            )
            subscription = self.subscribe_in(currency, amount, partner)
            self.refund(subscription)
            self.catch_up()
            move, mirror = self.moves(partner), self.subscription(partner)
            self.assertEqual(move.currency_id.name, currency.upper())
            for figure in (
                *(move.amount_total, mirror.mrr, mirror.item_ids.price_id.unit_amount),
                *(self.payments(partner=partner).amount, self.payments("outbound", partner).amount),
            ):
                self.assertEqual(f"{figure:.3f}", f"{float(expected):.3f}", currency)
            self.assertEqual(move.payment_state, "paid", currency)
        self.assertAgreed()

    # === DAYS === #

    def test_38_day_of_the_company(self):
        """Seconds since 1970 are a day only together with a time zone, and that is the company's."""
        late = int(datetime(2026, 3, 31, 23, 30, tzinfo=UTC).timestamp())
        days = {"Europe/Vienna": date(2026, 4, 1), "America/Los_Angeles": date(2026, 3, 31)}
        price, _plan = self.make_price()
        self.env.user.tz = "Asia/Tokyo"
        for zone, day in days.items():
            self.company.partner_id.tz = zone
            customer = self.make_customer(self.env["res.partner"].create({"name": zone}))
            obj = stripe_objects.invoice(
                customer.stripe_id,
                [line(2000)],
                created=late - 3600,
                due_date=late,
                status_transitions={"finalized_at": late},
            )
            obj["payments"]["data"][0]["status_transitions"]["paid_at"] = late
            move = self.book(obj)
            refund = {
                "id": f"re_{zone}",
                "object": "refund",
                "amount": 100,
                "created": late,
                "currency": "usd",
                "payment_intent": move.reconciled_payment_ids.stripe_payment_ref,
                "status": "succeeded",
            }
            refund = self.env["account.payment"]._stripe_apply(self.provider, [refund])
            self.assertRecordValues(
                move, [{"invoice_date": day, "date": day, "invoice_date_due": day}]
            )
            self.assertEqual((move.reconciled_payment_ids.date, refund.date), (day, day), zone)
            mirror = self.env["stripe.subscription"]._stripe_apply(
                self.provider,
                [stripe_objects.subscription(customer.stripe_id, [(price, 1)], start_date=late)],
            )
            self.assertEqual(mirror.first_billing_date, day, zone)

    def test_38_first_day_of_the_books(self):
        """The night before the first day in UTC belongs to that day further east."""
        self.company.partner_id.tz = "Pacific/Auckland"
        customer = self.make_stripe_customer(name="Kiwi", email="kiwi@shop.example")
        subscription = self.subscribe(customer)
        refund = self.refund(subscription, 500)
        # 00:30 in Auckland.
        night = int(datetime(2026, 6, 30, 12, 30, tzinfo=UTC).timestamp())
        with self.account.lock:
            store = self.account.store
            invoice = store.get("invoice", subscription.latest_invoice)
            transitions = {**invoice["status_transitions"], "finalized_at": night}
            store.update(invoice, created=night, status_transitions=transitions)
            store.update(store.get("refund", refund.id), created=night)
        job = self.run_job("import", book_from=date(2026, 7, 1))
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(job.counts.get("invoices_new"), 1)
        self.assertEqual(job.counts.get("refunds_new"), 1)
