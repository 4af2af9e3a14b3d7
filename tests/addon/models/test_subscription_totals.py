"""What a subscription will cost, as Stripe says, before anybody has subscribed."""

import re
from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from tests.addon.sandbox_common import SandboxCommon


@tagged("post_install", "-at_install")
class TestSubscriptionTotals(SandboxCommon, TransactionCase):
    def setUp(self):
        super().setUp()
        self.plan = self.env["stripe.price"]._stripe_find(self.provider, [self.price.id])
        self.draft = self.make_draft(self.plan)
        self.draft.item_ids.quantity = 3

    def fetch(self):
        self.provider.action_stripe_billing_fetch_catalogue()

    def values(self, **values):
        """What the form's widget tells of the draft."""
        draft = self.draft
        return {
            "partner_id": draft.partner_id.id,
            "contact_id": draft.contact_id.id,
            "provider_id": draft.provider_id.id,
            "currency_id": draft.currency_id.id,
            "items": [
                {"price_id": item.price_id.id, "quantity": item.quantity} for item in draft.item_ids
            ],
            **values,
        }

    def totals(self, **values):
        """Amounts by the name of their row."""
        answer = self.env["stripe.subscription"].get_offer_totals(self.values(**values))
        self.assertNotIn("error", answer)
        return {
            row["name"]: re.sub(
                "[\xa0\ufeff]", lambda hit: " " if hit[0] == "\xa0" else "", row["amount"]
            )
            for row in answer["rows"]
        }

    def tax(self, percentage, inclusive=False):
        obj = self.stripe.tax_rates.create(
            {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive}
        )
        self.fetch()
        return self.env["stripe.tax.rate"]._stripe_find(self.provider, [obj.id])

    def coupon(self, **values):
        obj = self.stripe.coupons.create({"name": "Spring", **values})
        self.fetch()
        return self.env["stripe.coupon"]._stripe_find(self.provider, [obj.id])

    def test_plain(self):
        self.assertEqual(self.totals(), {"due_now": "$ 60.00", "then": "$ 60.00"})

    def test_tax_and_discount_that_stays(self):
        totals = self.totals(
            tax_rate_ids=self.tax(20).ids,
            coupon_id=self.coupon(percent_off=10, duration="forever").id,
        )
        self.assertEqual(
            totals,
            {
                "subtotal": "$ 60.00",
                "discount": "$ -6.00",
                "tax": "$ 10.80",
                "due_now": "$ 64.80",
                "then": "$ 64.80",
            },
        )

    def test_discount_once(self):
        coupon = self.coupon(amount_off=1000, currency="usd", duration="once")
        totals = self.totals(coupon_id=coupon.id)
        self.assertEqual((totals["due_now"], totals["then"]), ("$ 50.00", "$ 60.00"))

    def test_tax_included(self):
        totals = self.totals(tax_rate_ids=self.tax(20, inclusive=True).ids)
        self.assertEqual((totals["due_now"], totals["tax_included"]), ("$ 60.00", "$ 10.00"))

    def test_trial(self):
        totals = self.totals(trial_days=14)
        self.assertEqual((totals["due_now"], totals["total"]), ("$ 0.00", "$ 60.00"))

    def test_first_billing_date(self):
        day = str(self.draft._get_today() + timedelta(days=9))
        totals = self.totals(first_billing_date=day)
        self.assertEqual((totals["due_now"], totals["total"]), ("$ 0.00", "$ 60.00"))

    def test_credit_of_the_customer(self):
        customer = self.make_stripe_customer(self.partner)
        self.stripe.customers.balance_transactions.create(
            customer.id, {"amount": -1500, "currency": "usd"}
        )
        self.env["stripe.customer"].with_context(
            stripe_customer_partners={customer.id: self.partner.id}
        )._stripe_apply(self.provider, [customer.to_dict(for_json=True)])
        totals = self.totals()
        self.assertEqual(totals["total"], "$ 60.00")
        self.assertEqual(totals["balance"], "$ -15.00")
        self.assertEqual(totals["due_now"], "$ 45.00")

    def test_nothing_to_ask(self):
        method = self.env["stripe.subscription"].get_offer_totals
        self.assertEqual(method(self.values(items=[])), {"rows": []})
        self.assertEqual(method(self.values(partner_id=False)), {"rows": []})

    def test_stripe_refuses(self):
        self.stripe.prices.update(self.price.id, {"active": False})
        answer = self.env["stripe.subscription"].get_offer_totals(self.values())
        self.assertIn("Stripe says", answer["error"])

    def test_nothing_is_made(self):
        self.totals()
        self.assertEqual(self.stripe.subscriptions.list().data, [])
        self.assertEqual(self.stripe.customers.list().data, [])

    def test_strangers_may_not_ask(self):
        user = new_test_user(self.env, "no_subscriptions", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.env["stripe.subscription"].with_user(user).get_offer_totals(self.values())

    def test_agrees_with_the_invoice(self):
        """What is shown is what is charged."""
        self.draft.write(
            {"tax_rate_ids": [(6, 0, self.tax(7.5).ids)], "collection_method": "send_invoice"}
        )
        offer = self.draft._stripe_get_offer()
        self.draft._stripe_subscribe()
        subscription = self.stripe.subscriptions.retrieve(
            self.draft.stripe_id, {"expand": ["latest_invoice"]}
        )
        self.assertEqual(float(offer["first"]["total"]), subscription.latest_invoice.total / 100)
