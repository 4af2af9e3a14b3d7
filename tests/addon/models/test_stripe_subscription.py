from datetime import UTC, date, datetime, timedelta

from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon


@tagged("post_install", "-at_install")
class TestStripeSubscription(StripeCommon, TransactionCase):
    """Drafts that staff make, and the mirror of what Stripe says."""

    def setUp(self):
        super().setUp()
        self.price_obj, self.price = self.make_price()

    def apply(self, **values):
        obj = stripe_objects.subscription(
            self.customer.stripe_id, values.pop("items", [(self.price_obj, 2)]), **values
        )
        return self.env["stripe.subscription"]._stripe_apply(self.provider, [obj])

    def metadata(self, record, **more):
        return {
            const.METADATA_SUBSCRIPTION: str(record.id),
            const.METADATA_DATABASE: self.provider._stripe_database(),
            **more,
        }

    # --- drafts

    def test_draft(self):
        """S1-08, S1-12, S1-18"""
        draft = self.make_draft(self.price)
        other = self.make_draft(self.price)
        self.assertEqual((draft.status, draft.currency_id.name), ("draft", "USD"))
        self.assertTrue(draft.access_token)
        self.assertNotEqual(draft.access_token, other.access_token)
        self.assertEqual(draft.contact_id, self.partner)
        self.assertEqual(draft.item_ids.new({}).quantity, 1)
        self.assertEqual(draft.action_preview()["url"], draft.get_portal_url())

    def test_primary_contact(self):
        """S1-16"""
        create = self.env["res.partner"].create
        create({"name": "No mail", "parent_id": self.partner.id})
        first = create({"name": "Ann", "parent_id": self.partner.id, "email": "ann@buyer.example"})
        second = create({"name": "Bo", "parent_id": self.partner.id, "email": "bo@buyer.example"})
        self.assertEqual(self.make_draft(self.price).contact_id, first)
        self.partner.stripe_primary_contact_id = second
        self.assertEqual(self.make_draft(self.price).contact_id, second)
        self.assertEqual(self.make_draft(self.price, partner_id=first.id).contact_id, first)

    def test_first_billing_date_must_be_ahead(self):
        """S1-09"""
        today = self.make_draft(self.price)._get_today()
        for days in (-1, 0, const.MAX_FIRST_BILLING_DAYS + 1):
            with self.assertRaises(ValidationError):
                self.make_draft(self.price, first_billing_date=today + timedelta(days=days))
        for days in (1, const.MAX_FIRST_BILLING_DAYS):
            self.make_draft(self.price, first_billing_date=today + timedelta(days=days))

    def test_plan_of_another_currency(self):
        """S1-13"""
        _obj, euros = self.make_price(currency="eur")
        with self.assertRaisesRegex(ValidationError, "in EUR"):
            self.make_draft(euros)

    def test_currency_follows_the_customer(self):
        """S1-13"""
        self.customer.currency_id = self.env["res.currency"]._stripe_get("eur")
        _obj, euros = self.make_price(currency="eur")
        self.assertEqual(self.make_draft(euros).currency_id.name, "EUR")

    def test_quantity(self):
        for quantity, error in ((0, ValidationError), (-1, CheckViolation)):
            with self.assertRaises(error), mute_logger("odoo.sql_db"):
                self.make_draft(
                    self.price, item_ids=[(0, 0, {"price_id": self.price.id, "quantity": quantity})]
                )

    def test_nothing_to_offer(self):
        draft = self.make_draft(self.price)
        self.price.active = False
        with self.assertRaisesRegex(UserError, "no longer sold"):
            draft.action_send_by_email()
        draft.item_ids.unlink()
        with self.assertRaisesRegex(UserError, "at least one plan"):
            draft.action_send_by_email()

    def test_copy_is_a_new_draft(self):
        record = self.apply(metadata=self.metadata(self.make_draft(self.price)))
        copy = record.copy()
        self.assertEqual((copy.status, copy.stripe_id), ("draft", False))
        self.assertNotEqual(copy.access_token, record.access_token)
        self.assertEqual(copy.item_ids.price_id, self.price)
        self.assertFalse(copy.item_ids.stripe_id)

    # --- the mirror

    def test_draft_becomes_the_mirror(self):
        self.company.partner_id.tz = "America/New_York"
        began_at = datetime(2026, 2, 1, 3, tzinfo=UTC)
        draft = self.make_draft(self.price)
        record = self.apply(metadata=self.metadata(draft), start_date=int(began_at.timestamp()))
        self.assertEqual(record, draft)
        self.assertRecordValues(
            record,
            [{"status": "active", "stripe_status": "active", "mrr": 40.0, "livemode": False}],
        )
        self.assertEqual(len(record.item_ids), 1)
        self.assertEqual(record.item_ids.quantity, 2)
        self.assertEqual(record.stripe_customer_id, self.customer)
        self.assertEqual(record.next_charge_at, record.current_period_end)
        self.assertEqual(record.first_billing_date, date(2026, 1, 31), "there it was still January")

    def test_metadata_of_another_database(self):
        draft = self.make_draft(self.price)
        metadata = {**self.metadata(draft), const.METADATA_DATABASE: "another"}
        record = self.apply(metadata=metadata)
        self.assertNotEqual(record, draft)
        self.assertEqual(draft.status, "draft")

    def test_second_subscription_for_one_draft_is_a_record_of_its_own(self):
        draft = self.make_draft(self.price)
        first = self.apply(metadata=self.metadata(draft))
        second = self.apply(metadata=self.metadata(draft))
        self.assertEqual(first, draft)
        self.assertNotEqual(second, draft)

    def test_made_at_stripe(self):
        record = self.apply()
        self.assertEqual((record.partner_id, record.name), (self.partner, self.price.name))

    def test_stranger_is_left_out(self):
        obj = stripe_objects.subscription("cus_stranger", [(self.price_obj, 1)])
        self.assertFalse(self.env["stripe.subscription"]._stripe_apply(self.provider, [obj]))

    def test_future(self):
        """S1-05"""
        now = stripe_objects.NOW
        for status in ("trialing", "active"):
            draft = self.make_draft(self.price)
            anchor = now + 5 * 86400
            agreed = utils.to_local_date(anchor, "UTC").isoformat()
            metadata = self.metadata(draft, **{const.METADATA_FIRST_BILLING: agreed})
            record = self.apply(metadata=metadata, status=status, billing_cycle_anchor=anchor)
            self.assertEqual(record.status, "future", status)
            self.assertEqual(str(record.first_billing_date), agreed)
            obj = {**record.stripe_data, "status": "active", "billing_cycle_anchor": now}
            self.env["stripe.subscription"]._stripe_apply(self.provider, [obj])
            self.assertEqual(record.status, "active", "the date has come")

    def test_real_trial_is_no_future(self):
        record = self.apply(status="trialing", billing_cycle_anchor=stripe_objects.NOW + 86400)
        self.assertEqual(record.status, "trialing")

    def test_statuses(self):
        for status, _label in const.STRIPE_STATUSES:
            record = self.apply(status=status)
            self.assertEqual((record.status, record.stripe_status), (status, status))
            self.assertEqual(bool(record.mrr), status in ("active", "past_due"))
            charged = status in ("active", "past_due", "trialing")
            self.assertEqual(bool(record.next_charge_at), charged, status)

    def test_ends_at_period_end(self):
        record = self.apply(cancel_at_period_end=True)
        self.assertEqual(record.cancel_at, record.current_period_end)
        self.assertFalse(record.next_charge_at)

    def test_items_follow(self):
        record = self.apply()
        other_obj, _other = self.make_price(unit_amount=500, unit_amount_decimal="500")
        obj = dict(record.stripe_data)
        kept = obj["items"]["data"][0]
        new = stripe_objects.subscription("x", [(other_obj, 4)])["items"]["data"][0]
        obj["items"] = {"object": "list", "data": [{**kept, "quantity": 5}, new]}
        self.env["stripe.subscription"]._stripe_apply(self.provider, [obj])
        self.assertEqual(record.item_ids.mapped("quantity"), [5, 4])
        self.assertEqual(record.mrr, 120.0)
        obj["items"] = {"object": "list", "data": [new]}
        self.env["stripe.subscription"]._stripe_apply(self.provider, [obj])
        self.assertEqual(record.item_ids.mapped("stripe_id"), [new["id"]])

    def test_stale_answer_is_left_out(self):
        record = self.apply()
        obj = {**record.stripe_data, "status": "past_due"}
        model = self.env["stripe.subscription"]
        model.with_context(stripe_fetched_at=1.0)._stripe_apply(self.provider, [obj])
        self.assertEqual(record.status, "active")

    def test_what_stripe_knows_is_frozen(self):
        record = self.env["stripe.subscription"].browse(self.apply().id)
        for values in (
            {"partner_id": self.env["res.partner"].create({"name": "Other"}).id},
            {"first_billing_date": "2030-01-01"},
            {"item_ids": [(5,)]},
        ):
            with self.assertRaises(UserError):
                record.write(values)
        with self.assertRaises(UserError):
            record.unlink()
        record.name = "Names stay ours"

    def test_other_mode_is_refused(self):
        with self.assertRaisesRegex(UserError, "other mode"):
            self.apply(livemode=True)

    # --- the first billing date in Checkout

    def start(self, days, **price):
        """Parameters with which Checkout makes the first billing date hold."""
        draft = self.make_draft(self.make_price(**price)[1] if price else self.price)
        draft.first_billing_date = draft._get_today() + timedelta(days=days)
        return draft, draft._prepare_start(checkout=True)

    def test_first_billing_date_far_ahead_is_a_trial(self):
        draft, start = self.start(10)
        self.assertEqual(list(start), ["trial_end"])
        tz = draft.company_id.partner_id.tz
        self.assertEqual(utils.to_local_date(start["trial_end"], tz), draft.first_billing_date)

    def test_first_billing_date_tomorrow_is_an_anchor(self):
        _draft, start = self.start(1)
        self.assertEqual(start["proration_behavior"], "none")
        self.assertIn("billing_cycle_anchor", start)

    def test_first_billing_date_tomorrow_of_a_daily_plan(self):
        daily = {"interval": "day", "interval_count": 1, "usage_type": "licensed"}
        draft, start = self.start(1, recurring=daily)
        tz = draft.company_id.partner_id.tz
        day = utils.to_local_date(start["billing_cycle_anchor"], tz)
        self.assertEqual(day, draft.first_billing_date)
        self.assertLess(start["billing_cycle_anchor"] - draft._stripe_now(), 86400)

    def test_first_billing_date_that_has_passed_is_the_day_of_subscribing(self):
        """S1-09"""
        draft = self.make_draft(self.price)
        self.assertEqual(draft._prepare_start(checkout=True), {})
        draft.with_context(stripe_sync=True).write({"status": "incomplete"})
        draft.first_billing_date = draft._get_today() - timedelta(days=3)
        self.assertEqual(draft._prepare_start(checkout=True), {})
