from odoo.tests import TransactionCase, tagged

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon

# Queries of the apply step by kind: for one object and for fifty, when they are new and again when they are
# known. Mirrors cost the same whatever their number, and so do documents with their payments, where Odoo's own
# methods need some twenty queries for each more.
LIMITS = {
    "price": {1: (25, 10), 50: (25, 10)},
    "tax_rate": {1: (14, 14), 50: (14, 14)},
    "coupon": {1: (8, 8), 50: (8, 8)},
    "customer": {1: (15, 11), 50: (15, 11)},
    "subscription": {1: (24, 24), 50: (24, 24)},
    "invoice": {1: (165, 13), 50: (172, 13)},
    # Ten of them note the mail to the customer.
    "refund": {1: (85, 8), 50: (88, 8)},
}

TABLES = ("account_move", "account_move_line", "account_payment", "account_partial_reconcile")


@tagged("post_install", "-at_install")
class TestQueryCounts(StripeCommon, TransactionCase):
    """Writers take objects in batches: the number of queries does not grow with that of mirrors."""

    def setUp(self):
        super().setUp()
        self.plan, _price = self.make_price()

    def make_objects(self, kind, number):
        return [getattr(self, f"make_{kind}_object")(n) for n in range(number)]

    def make_price_object(self, _number):
        return stripe_objects.price()

    def make_tax_rate_object(self, number):
        return stripe_objects.tax_rate(number + 0.123, country="US")

    def make_coupon_object(self, _number):
        return {
            "id": stripe_objects.new_id("coupon"),
            "object": "coupon",
            "currency": None,
            "duration": "once",
            "livemode": False,
            "percent_off": 10.0,
            "valid": True,
        }

    def make_customer_object(self, number):
        partner = self.env["res.partner"].create({"name": f"Partner {number}"})
        metadata = {
            "odoo_partner_id": str(partner.id),
            "odoo_database": self.provider._stripe_database(),
        }
        key = stripe_objects.new_id("cus")
        return {"id": key, "object": "customer", "livemode": False, "metadata": metadata}

    def make_subscription_object(self, number):
        customer = self.make_customer(self.env["res.partner"].create({"name": f"Nr {number}"}))
        return stripe_objects.subscription(customer.stripe_id, [(self.plan, number + 1)])

    def make_invoice_object(self, number):
        price = {"price_details": {"price": self.plan["id"]}}
        line = stripe_objects.line(2000 * (number + 1), number + 1, pricing=price)
        return stripe_objects.invoice(self.customer.stripe_id, [line])

    def make_refund_object(self, number):
        invoice = self.make_invoice_object(number)
        self.book(invoice)
        if number % 10 == 0:
            self.env.cr.execute(f"ANALYZE {', '.join(TABLES)}")
        intent = invoice["payments"]["data"][0]["payment"]["payment_intent"]
        return {
            "id": stripe_objects.new_id("re"),
            "object": "refund",
            "amount": 100,
            "created": stripe_objects.NOW,
            "currency": "usd",
            "payment_intent": intent,
            "status": "succeeded",
        }

    def apply(self, kind, objects):
        self.provider._stripe_write({(kind, obj["id"]): obj for obj in objects})
        self.env.flush_all()

    def test_apply(self):
        for kind, limits in LIMITS.items():
            # What Odoo reads only once is not counted.
            self.apply(kind, self.make_objects(kind, 2))
            for number, (new, known) in limits.items():
                objects = self.make_objects(kind, number)
                for name, limit in (("new", new), ("known", known)):
                    self.env.flush_all()
                    self.env.invalidate_all()
                    # PostgreSQL takes tables for empty that were so when it last looked, and then
                    # chooses plans that take minutes for what this transaction has put there.
                    self.env.cr.execute(f"ANALYZE {', '.join(TABLES)}")
                    with self.subTest(kind=kind, number=number, state=name):
                        before = self.env.cr.sql_log_count
                        self.apply(kind, objects)
                        queries = self.env.cr.sql_log_count - before
                        self.assertLessEqual(queries, limit)
