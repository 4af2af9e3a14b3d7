"""Closed books for tests."""

from tests.addon import ledger_objects as at_stripe
from tests.addon.common import StripeCommon
from tests.addon.ledger_objects import CUSTOMER

LOCKED = "2025-03-31"
OPEN = "2025-04-01"
DAY = "2025-03-03"
LATER = "2025-03-20"


class LockCommon(StripeCommon):
    """Books that are closed until the end of March, and what is written then of days in March."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "UTC"
        cls.env["res.lang"].search([]).date_format = "%Y-%m-%d"
        cls.partner = cls.env["res.partner"].create({"name": "Buyer of the Past"})
        cls.env["stripe.customer"].with_context(
            stripe_customer_partners={CUSTOMER: cls.partner.id}
        )._stripe_apply(cls.provider, [{"id": CUSTOMER, "object": "customer", "livemode": False}])
        rates = cls.env["stripe.tax.rate"]._stripe_apply(cls.provider, at_stripe.TAX_RATES)
        rates.tax_id = False
        rates.action_create_tax()
        cls.eur = cls.env.ref("base.EUR")
        cls.eur.active = True
        cls.eur.rate_ids.unlink()
        cls.env["res.currency.rate"].create(
            [
                {"name": "2025-01-01", "currency_id": cls.eur.id, "rate": 0.8},
                {"name": "2025-03-20", "currency_id": cls.eur.id, "rate": 0.5},
                {"name": "2025-04-01", "currency_id": cls.eur.id, "rate": 0.25},
            ]
        )

    # === HELPERS === #

    def lock(self, *names):
        """Close the books until the end of March."""
        self.company.write({f"{name}_lock_date": LOCKED for name in names or ("fiscalyear",)})

    def write(self, *objects):
        self.provider._stripe_write({(obj["object"], obj["id"]): obj for obj in objects})

    def move_of(self, obj):
        field = "stripe_credit_note_id" if obj["object"] == "credit_note" else "stripe_invoice_id"
        [move] = self.env["account.move"].search([(field, "=", obj["id"])])
        return move

    def payment_of(self, obj):
        ref = obj["id"] if obj["object"] == "refund" else obj["payment_intent"]
        [payment] = self.env["account.payment"].search([("stripe_payment_ref", "=", ref)])
        return payment

    def entry_of(self, key):
        [move] = self.env["account.move"].search([("stripe_entry_ref", "=", key)])
        return move

    def balance(self, role):
        account = self.provider._stripe_billing_account(role)
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return round(sum(lines.mapped("balance")), 2)

    def assertMoved(self, move, day=DAY, lock="Global Lock Date", to=OPEN):
        """Booked on the first open day, with Stripe's day and the reason."""
        self.assertEqual(
            (move.state, str(move.date), str(move.stripe_date)), ("posted", to, day), move.ref
        )
        reasons = [body for body in move.message_ids.mapped("body") if "At Stripe" in body]
        self.assertEqual(len(reasons), 1)
        for word in (day, lock, LOCKED, to):
            self.assertIn(word, reasons[0])

    def assertInPlace(self, move, day=DAY):
        """Booked on Stripe's day, without a word."""
        self.assertEqual((move.state, str(move.date)), ("posted", day))
        self.assertFalse(move.stripe_date)
        self.assertFalse([body for body in move.message_ids.mapped("body") if "At Stripe" in body])

    def taxed(self, **values):
        return at_stripe.invoice(at_stripe.item(10000, at_stripe.VAT, 2000), **values)
