from odoo.exceptions import AccessError, UserError
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from psycopg2.errors import LockNotAvailable

from tests.addon.acting_common import ActingCommon

MODEL = "stripe.subscription.change"


@tagged("post_install", "-at_install")
class TestActingChange(ActingCommon, TransactionCase):
    """Changing plans and quantities, at once or with the renewal."""

    def setUp(self):
        super().setUp()
        self.pro = self.make_stripe_price(unit_amount=5000, product_data={"name": "Pro"})
        self.support = self.make_stripe_price(unit_amount=900, product_data={"name": "Support"})
        self.provider.action_stripe_billing_fetch_catalogue()
        self.subscription = self.make_subscription(quantity=2)
        self.item = self.subscription.item_ids
        self.pass_time(days=10)

    def record(self, price):
        return self.env["stripe.price"].search([("stripe_id", "=", price.id)])

    def plans(self, subscription=None):
        """What is there at Stripe."""
        data = self.there(subscription or self.subscription)["items"]["data"]
        return sorted((item["price"]["unit_amount"], item["quantity"]) for item in data)

    def lines(self):
        """What is there in Odoo."""
        items = self.subscription.item_ids
        return sorted((item.price_id.unit_amount * 100, item.quantity) for item in items)

    def shown(self, form):
        return float(form.preview["total"])

    # --- now

    def test_lanes_wait_until_it_is_done(self):
        """The events of a change arrive before its request ends: what lanes wrote would be in its way."""
        provider = self.provider
        key = provider._stripe_get_lock_key(self.subscription.stripe_customer_id.stripe_id)
        changes = [{"item_id": self.item.id, "price_id": self.item.price_id.id, "quantity": 5}]
        with db_connect(self.env.cr.dbname).cursor() as lane:
            lane.execute("SELECT pg_advisory_lock(%s)", [key])
            # Odoo handles the request again on this error.
            with self.assertRaises(LockNotAvailable), self.env.cr.savepoint():
                self.subscription._stripe_change_items(changes)
            self.assertEqual(self.plans(), [(2000, 2)])
            lane.execute("SELECT pg_advisory_unlock(%s)", [key])
            self.subscription._stripe_change_items(changes)
            self.assertEqual(self.plans(), [(2000, 5)])
            lane.execute("SELECT pg_try_advisory_lock(%s)", [key])
            self.assertEqual(lane.fetchone(), (False,))

    def test_more_of_it_billed_at_once(self):
        """S2-02, S2-16"""
        form = self.wizard(MODEL, self.subscription)
        self.assertFalse(form.preview)
        with form.line_ids.edit(0) as line:
            line.quantity = 5
        self.assertFalse(form.preview_error)
        self.assertIn("Remaining time on 5 × Team", form.preview_html)
        self.assertIn("Due now", form.preview_html)
        self.assertIn("$\xa0100.00", form.preview_html)
        form.save().action_confirm()
        self.assertEqual(self.plans(), [(2000, 5)])
        self.assertEqual(self.lines(), [(2000, 5)])
        self.assertEqual(self.subscription.mrr, 100)
        invoice = self.invoices(self.subscription)[-1]
        self.assertEqual(self.shown(form), invoice.total / 100)
        self.assertEqual(invoice.status, "paid")
        move = self.subscription.sudo().move_ids.filtered(
            lambda move: move.stripe_invoice_id == invoice.id
        )
        self.assertEqual((move.state, move.payment_state), ("posted", "paid"))
        self.assertIn(
            "2 × Team → 5 × Team. The difference was billed", self.said(self.subscription)
        )

    def test_time_that_passes_before_the_answer(self):
        form = self.wizard(MODEL, self.subscription)
        with form.line_ids.edit(0) as line:
            line.quantity = 3
        wizard = form.save()
        self.pass_time(hours=5)
        self.assertEqual(wizard.action_confirm(), {"type": "ir.actions.act_window_close"})
        self.assertEqual(self.shown(form), self.invoices(self.subscription)[-1].total / 100)

    def test_another_plan_with_the_next_invoice(self):
        """S2-15"""
        form = self.wizard(MODEL, self.subscription)
        with form.line_ids.edit(0) as line:
            line.price_id = self.record(self.pro)
            line.quantity = 1
        form.proration = "create_prorations"
        self.assertIn("Next charge on", form.preview_html)
        form.save().action_confirm()
        self.assertEqual(self.plans(), [(5000, 1)])
        self.assertEqual(len(self.invoices(self.subscription)), 1)
        self.pass_time(days=22)
        self.assertEqual(self.shown(form), self.invoices(self.subscription)[-1].total / 100)

    def test_without_difference(self):
        form = self.wizard(MODEL, self.subscription, proration="none")
        with form.line_ids.edit(0) as line:
            line.quantity = 1
        form.save().action_confirm()
        self.pass_time(days=22)
        self.assertEqual(
            [invoice.total for invoice in self.invoices(self.subscription)], [4000, 2000]
        )
        self.assertEqual(self.shown(form), 20)

    def test_add_and_remove(self):
        """S2-04, S2-05"""
        form = self.wizard(MODEL, self.subscription)
        with form.line_ids.new() as line:
            line.price_id = self.record(self.support)
            line.quantity = 2
        form.save().action_confirm()
        self.assertEqual(self.plans(), [(900, 2), (2000, 2)])
        self.assertEqual(self.lines(), [(900, 2), (2000, 2)])
        form = self.wizard(MODEL, self.subscription)
        form.line_ids.remove(0)
        self.assertIn("Unused time on 2 × Team", form.preview_html)
        form.save().action_confirm()
        self.assertEqual(self.lines(), [(900, 2)])
        invoice = self.invoices(self.subscription)[-1]
        self.assertEqual(self.shown(form), invoice.total / 100)
        self.assertLess(invoice.total, 0)

    def test_other_interval_starts_a_new_cycle(self):
        yearly = self.make_stripe_price(unit_amount=30000, recurring={"interval": "year"})
        self.provider.action_stripe_billing_fetch_catalogue()
        form = self.wizard(MODEL, self.subscription, proration="create_prorations")
        with form.line_ids.edit(0) as line:
            line.price_id = self.record(yearly)
            line.quantity = 1
        self.assertIn("Due now", form.preview_html)
        form.save().action_confirm()
        invoice = self.invoices(self.subscription)[-1]
        self.assertEqual(self.shown(form), invoice.total / 100)
        self.assertEqual(invoice.lines.data[-1].amount, 30000)

    def test_in_a_trial(self):
        subscription = self.make_subscription(trial_end=self.now() + 5 * 86400)
        form = self.wizard(MODEL, subscription)
        with form.line_ids.edit(0) as line:
            line.quantity = 4
        self.assertFalse(form.preview_error)
        self.assertEqual(self.shown(form), 80)
        form.save().action_confirm()
        self.assertEqual(self.plans(subscription), [(2000, 4)])
        self.assertEqual(subscription.status, "trialing")

    def test_metered_plan(self):
        """S2-03"""
        meter = self.stripe.billing.meters.create(
            {
                "display_name": "Calls",
                "event_name": "calls",
                "default_aggregation": {"formula": "sum"},
            }
        )
        recurring = {"interval": "month", "usage_type": "metered", "meter": meter.id}
        metered = self.make_stripe_price(unit_amount=1, recurring=recurring)
        self.provider.action_stripe_billing_fetch_catalogue()
        self.subscription._stripe_change_items([{"price_id": self.record(metered).id}])
        self.assertEqual(self.lines(), [(1, 0), (2000, 2)])

    # --- what the bank and Stripe say

    def test_declined_changes_nothing(self):
        self.set_card("pm_card_chargeCustomerFail")
        change = [{"item_id": self.item.id, "quantity": 5}]
        at = self.now()
        for _try in range(2):
            with self.assertRaisesRegex(UserError, "Stripe says: Your card was declined"):
                self.subscription._stripe_change_items(change, at=at)
            self.assertEqual(self.plans(), [(2000, 2)])
        self.assertEqual(self.subscription.status, "active")
        # The same request with another card is not answered with the refusal of the first one.
        self.set_card("pm_card_visa")
        self.subscription._stripe_change_items(change, at=at)
        self.assertEqual(self.plans(), [(2000, 5)])

    def test_crash_after_stripe_has_done_it(self):
        change = [{"item_id": self.item.id, "quantity": 5}]
        at = self.now()
        self.crash_before_end(lambda: self.subscription._stripe_change_items(change, at=at))
        self.assertEqual(self.plans(), [(2000, 5)])
        self.assertEqual(self.lines(), [(2000, 2)])
        self.subscription._stripe_change_items(change, at=at)
        self.assertEqual(self.lines(), [(2000, 5)])
        self.assertEqual(len(self.invoices(self.subscription)), 2)

    def test_price_changed_before_the_answer(self):
        form = self.wizard(MODEL, self.subscription)
        with form.line_ids.edit(0) as line:
            line.quantity = 3
        wizard = form.save()
        coupon = self.stripe.coupons.create({"percent_off": 50, "duration": "forever"})
        self.stripe.subscriptions.update(
            self.subscription.stripe_id, {"discounts": [{"coupon": coupon.id}]}
        )
        wizard.action_confirm()
        self.assertTrue(wizard.changed)
        self.assertEqual(self.plans(), [(2000, 2)])
        wizard.action_confirm()
        self.assertEqual(self.plans(), [(2000, 3)])

    def test_guards(self):
        change = self.subscription._stripe_change_items
        euros = self.make_stripe_price(currency="eur")
        gone = self.make_stripe_price(unit_amount=1)
        self.provider.action_stripe_billing_fetch_catalogue()
        self.record(gone).active = False
        gone = (
            self.env["stripe.price"]
            .with_context(active_test=False)
            .search([("stripe_id", "=", gone.id)])
        )
        item = self.item.id
        for changes, words in (
            ([], "Nothing is changed"),
            ([{"item_id": item, "quantity": 2}], "Nothing is changed"),
            ([{"item_id": item, "quantity": 0}], "at least 1"),
            ([{"item_id": item, "removed": True}], "At least one plan has to stay"),
            ([{"price_id": self.item.price_id.id}], "only once"),
            ([{"price_id": self.record(euros).id}], "is in EUR"),
            ([{"price_id": gone.id}], "not sold"),
            ([{"item_id": item + 1000, "quantity": 2}], "changed meanwhile"),
        ):
            with self.assertRaisesRegex(UserError, words):
                change(changes)
        for user in (self.readonly_user, self.portal_user):
            with self.assertRaises(AccessError):
                self.subscription.with_user(user)._stripe_change_items(
                    [{"item_id": item, "quantity": 5}]
                )
        self.assertEqual(self.plans(), [(2000, 2)])

    # --- with the renewal

    def plan(self, quantity=5, price=None):
        form = self.wizard(MODEL, self.subscription)
        with form.line_ids.edit(0) as line:
            line.price_id = self.record(price or self.price)
            line.quantity = quantity
        form.when = "renewal"
        self.assertFalse(form.preview_error)
        form.save().action_confirm()
        return form

    def test_with_the_renewal(self):
        form = self.plan(price=self.pro)
        self.assertEqual(self.plans(), [(2000, 2)])
        self.assertEqual(self.subscription.planned_at, self.subscription.current_period_end)
        self.assertEqual(self.subscription.planned_text, "5 × Pro")
        self.assertIn("2 × Team → 5 × Pro", self.said(self.subscription))
        self.pass_time(days=22)
        self.refresh(self.subscription)
        self.assertEqual(self.lines(), [(5000, 5)])
        self.assertFalse(self.subscription.planned_at)
        invoice = self.invoices(self.subscription)[-1]
        self.assertEqual((self.shown(form), invoice.total), (250, 25000))
        # The schedule has nothing more to do: it is in nobody's way.
        self.assertTrue(self.there(self.subscription)["schedule"])
        self.subscription._stripe_cancel("period_end")
        self.assertFalse(self.there(self.subscription)["schedule"])
        self.assertTrue(self.subscription.cancel_at)

    def test_terms_survive_the_renewal(self):
        rate = self.stripe.tax_rates.create(
            {"display_name": "VAT", "percentage": 20, "inclusive": False}
        )
        coupon = self.stripe.coupons.create({"percent_off": 10, "duration": "forever"})
        self.provider.action_stripe_billing_fetch_catalogue()
        self.stripe.subscriptions.update(
            self.subscription.stripe_id,
            {
                "default_tax_rates": [rate.id],
                "discounts": [{"coupon": coupon.id}],
                "description": "For the team",
                "metadata": {"who": "me"},
            },
        )
        self.refresh(self.subscription)
        form = self.plan()
        self.assertEqual(self.shown(form), 108)
        self.pass_time(days=22)
        obj = self.there(self.subscription, "discounts")
        self.assertEqual(obj["default_tax_rates"][0]["id"], rate.id)
        self.assertEqual(obj["discounts"][0]["source"]["coupon"], coupon.id)
        self.assertEqual((obj["description"], obj["metadata"]["who"]), ("For the team", "me"))
        self.assertEqual(self.invoices(self.subscription)[-1].total, 10800)

    def test_other_interval_with_the_renewal(self):
        yearly = self.make_stripe_price(unit_amount=30000, recurring={"interval": "year"})
        self.provider.action_stripe_billing_fetch_catalogue()
        form = self.plan(1, yearly)
        self.pass_time(days=22)
        self.assertEqual(self.invoices(self.subscription)[-1].total, 30000)
        self.assertEqual(self.shown(form), 300)

    def test_plan_replaced_and_dropped(self):
        self.plan(5)
        schedule = self.subscription.stripe_schedule
        for method, arguments in (
            ("_stripe_change_items", ([{"item_id": self.item.id, "quantity": 3}],)),
            ("_stripe_cancel", ("period_end",)),
        ):
            with self.assertRaisesRegex(UserError, "a change is planned for it"):
                getattr(self.subscription, method)(*arguments)
        self.assertEqual(self.wizard(MODEL, self.subscription).when, "renewal")
        self.plan(7)
        self.assertEqual(self.subscription.stripe_schedule, schedule)
        self.assertEqual(self.subscription.planned_text, "7 × Team")
        form = self.wizard("stripe.subscription.confirm", self.subscription, action="drop_change")
        self.assertIn("7 × Team is dropped", form.text)
        form.save().action_confirm()
        self.assertFalse(self.subscription.stripe_schedule)
        self.assertFalse(self.subscription.planned_at)
        self.pass_time(days=22)
        self.assertEqual(self.invoices(self.subscription)[-1].total, 4000)

    def test_crash_while_it_is_planned(self):
        change = [{"item_id": self.item.id, "quantity": 5}]
        self.crash_before_end(lambda: self.subscription._stripe_change_items(change, "renewal"))
        self.subscription._stripe_change_items(change, "renewal")
        self.assertEqual(self.subscription.planned_text, "5 × Team")
        schedules = self.stripe.subscription_schedules.list({"customer": self.buyer.id}).data
        self.assertEqual(len(schedules), 1)

    def test_refused_plan_leaves_no_schedule(self):
        gone = self.record(self.support)
        self.stripe.prices.update(self.support.id, {"active": False})
        with self.assertRaisesRegex(UserError, "Stripe says"):
            self.subscription._stripe_change_items([{"price_id": gone.id}], "renewal")
        self.assertFalse(self.there(self.subscription)["schedule"])
