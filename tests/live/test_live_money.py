from odoo.tests import tagged

from tests.live.live_common import LiveBillingCase


@tagged("post_install", "-at_install")
class TestLiveMoney(LiveBillingCase):
    """Discounts, taxes, currencies, refunds and cards that fail, in the books as at Stripe."""

    def subscribed(self, customer, price=None, **values):
        """A subscription of which Odoo has heard, and its first invoice."""
        subscription = self.account.subscribe(customer, price or self.price, **values)
        invoice = self.account.latest_invoice(subscription)
        self.catch_up(("customer.subscription.created", subscription), ("invoice.paid", invoice))
        return subscription, invoice

    def test_coupon(self):
        percent = self.account.make_coupon(percent_off=12.5, duration="forever")
        amount = self.account.make_coupon(amount_off=333, currency="usd", duration="once")
        self.catch_up(("coupon.created", percent), ("coupon.created", amount))
        for coupon, quantity, first, later in ((percent, 3, 5250, 5250), (amount, 1, 1667, 2000)):
            customer = self.make_customer()
            subscription, invoice = self.subscribed(
                customer, quantity=quantity, discounts=[{"coupon": coupon.id}]
            )
            self.assertEqual(invoice.total, first)
            if coupon.duration == "forever":
                self.assertEqual(self.record(subscription).coupon_id.stripe_id, coupon.id)
            self.assertBooked(customer)
            invoice = self.account.renew(self.clock, subscription)
            self.assertEqual(invoice.total, later)
            self.catch_up(("invoice.paid", invoice))
            self.assertBooked(customer)
        self.assertNoDifferences()

    def test_taxes(self):
        totals = {}
        for inclusive in (False, True):
            rate = self.account.make_tax_rate(19.6, inclusive)
            self.catch_up(("tax_rate.created", rate))
            mapped = self.env["stripe.tax.rate"].search([("stripe_id", "=", rate.id)])
            self.assertRecordValues(mapped, [{"percentage": 19.6, "inclusive": inclusive}])
            if not mapped.tax_id:
                mapped.action_create_tax()
            customer = self.make_customer()
            subscription, invoice = self.subscribed(customer, default_tax_rates=[rate.id])
            self.assertEqual(self.record(subscription).tax_rate_ids, mapped)
            move = self.move(invoice)
            self.assertEqual(move.invoice_line_ids.tax_ids, mapped.tax_id)
            totals[inclusive] = move.amount_total, move.amount_tax
            self.assertBooked(customer)
        self.assertEqual(totals, {False: (23.92, 3.92), True: (20.0, 3.28)})
        self.assertNoDifferences()

    def test_yen(self):
        price = self.account.make_price(3000, "jpy", "Studio")
        customer = self.make_customer()
        subscription, invoice = self.subscribed(customer, price, quantity=2)
        self.assertEqual(invoice.total, 6000)
        record = self.record(subscription)
        self.assertEqual((record.currency_id.name, record.mrr), ("JPY", 6000.0))
        self.assertEqual(self.move(invoice).amount_total, 6000.0)
        self.assertAlmostEqual(record.item_ids.price_id.unit_amount, 3000.0)
        self.assertBooked(customer)
        self.assertNoDifferences()

    def test_refunds(self):
        # The money of this card is there to be given back at once.
        customer = self.make_customer(card="pm_card_bypassPending")
        _subscription, invoice = self.subscribed(customer)
        part = self.account.refund(invoice, 499)
        self.catch_up(("refund.created", part))
        rest = self.account.refund(invoice)
        self.assertEqual(rest.amount, 1501)
        self.catch_up(("refund.created", rest))
        booked = self.env["account.payment"].search(
            [("payment_type", "=", "outbound"), ("stripe_provider_id", "=", self.provider.id)],
            order="amount",
        )
        self.assertEqual(booked.mapped("stripe_payment_ref"), [part.id, rest.id])
        self.assertEqual(booked.mapped("amount"), [4.99, 15.01])
        self.assertEqual(booked.partner_id, self.move(invoice).partner_id)
        self.assertNoDifferences()

    def test_card_fails_and_is_replaced(self):
        customer = self.make_customer()
        subscription, _first = self.subscribed(customer)
        record = self.record(subscription)
        self.account.change_card(customer, "pm_card_chargeCustomerFail")
        invoice = self.account.renew(self.clock, subscription)
        self.assertEqual(invoice.status, "open")
        self.catch_up(
            ("invoice.payment_failed", invoice), ("customer.subscription.updated", subscription)
        )
        self.assertRecordValues(record, [{"status": "past_due", "mrr": 20.0}])
        self.assertEqual(self.move(invoice).payment_state, "not_paid")
        self.assertBooked(customer)

        self.account.change_card(customer, "pm_card_visa")
        self.v1.invoices.pay(invoice.id)
        self.catch_up(("invoice.paid", invoice), ("customer.subscription.updated", subscription))
        self.assertEqual(record.status, "active")
        self.assertEqual(self.move(invoice).payment_state, "paid")
        self.assertBooked(customer)
        self.assertNoDifferences()
