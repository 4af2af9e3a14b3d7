from ast import literal_eval
from datetime import UTC, datetime

from lxml import etree
from odoo import fields
from odoo.tests import TransactionCase, new_test_user, tagged

from tests.addon.common import StripeCommon


def months_ago(number, day=15):
    """A day some months ago."""
    first = fields.Date.start_of(fields.Date.today(), "month")
    return fields.Date.add(first, months=-number, days=day - 1)


@tagged("post_install", "-at_install")
class TestRetention(StripeCommon, TransactionCase):
    """S2-20: who stays and who leaves, month by month, and why."""

    def setUp(self):
        super().setUp()
        self.company.partner_id.tz = "UTC"
        _obj, self.price = self.make_price()
        self.rows = self.env["stripe.subscription.month"]

    def make(self, began, ended=None, status=None, **values):
        """A subscription that began, and maybe ended, some months ago."""
        record = self.make_draft(self.price, **values)
        record.write(
            {
                "status": status or ("canceled" if ended is not None else "active"),
                "stripe_id": f"sub_{record.id}",
                "first_billing_date": months_ago(began),
                "ended_at": ended is not None and months_ago(ended),
            }
        )
        return record

    def group(self, by, *measures, domain=()):
        found = self.rows._read_group(list(domain), [by], list(measures))
        return [row[1] if len(row) == 2 else row[1:] for row in found]

    def test_shares_of_those_that_began_together(self):
        self.make(3)
        self.make(3)
        self.make(3, ended=3)
        self.make(3, ended=1)
        self.make(1)
        old = [("cohort", "=", months_ago(3, 1))]
        self.assertEqual(self.group("age", "retention:avg", domain=old), [0.75, 0.75, 0.5, 0.5])
        self.assertEqual(self.group("age", "retention:avg"), [0.8, 0.8, 0.5, 0.5])
        self.assertEqual(self.group("cohort:month", "began:sum", "ended:sum"), [(4, 2), (1, 0)])

    def test_who_leaves_of_those_that_ran(self):
        """What begins and ends in the same month is in neither share, and what has ended is in none any more."""
        self.make(3)
        self.make(3, ended=1)
        self.make(3, ended=3)
        self.make(1, ended=1)
        self.make(1, ended=0)
        self.assertEqual(
            self.group("month:month", "running:sum", "ended:sum", "churn:avg"),
            [(2, 1, False), (2, 0, 0.0), (2, 2, 0.5), (1, 1, 0.5)],
        )

    def test_left_out(self):
        """Drafts, what was never paid, and what begins in a month to come."""
        self.make_draft(self.price)
        for status in ("incomplete", "incomplete_expired"):
            self.make(2, status=status)
        self.make(-1, status="future")
        self.assertFalse(self.rows.search([]))
        mine = self.make(0)
        self.assertEqual(self.rows.search([]).subscription_id, mine)

    def test_last_twelve_months(self):
        """The filter that is on at first."""
        self.make(12)
        new = self.make(11)
        view = self.env.ref("stripe_subscriptions.stripe_subscription_month_view_search")
        [one] = etree.fromstring(view.arch).xpath("//filter[@name='filter_last_year']")
        rows = self.rows.search(literal_eval(one.get("domain")))
        self.assertEqual(rows.subscription_id, new)

    def test_months_of_the_company(self):
        """What ends on the first of a month at 3:00 UTC ended in the month before in New York."""
        self.company.partner_id.tz = "America/New_York"
        record = self.make(3, ended=1)
        record.ended_at = datetime.combine(months_ago(1, 1), datetime.min.time()).replace(hour=3)
        ended = self.rows.search([("ended", "=", 1)])
        self.assertEqual(ended.month, months_ago(2, 1))
        self.assertEqual(ended.age, 1)

    def test_plan_and_customer(self):
        record = self.make(0)
        row = self.rows.search([("subscription_id", "=", record.id)])
        self.assertEqual(row.price_id, self.price)
        self.assertEqual(row.partner_id, self.partner)
        self.assertEqual((row.began, row.running, row.ended), (1, 1, 0))

    def test_rights(self):
        """Own users see what is theirs or nobody's; customers and other staff see nothing."""
        group = "stripe_subscriptions.group_stripe_subscriptions_"
        seller = new_test_user(self.env, "seller", groups=f"{group}user")
        chief = new_test_user(self.env, "chief", groups=f"{group}user_all")
        books = new_test_user(self.env, "books", groups="account.group_account_readonly")
        mine = self.make(0, user_id=seller.id)
        other = self.make(0, user_id=chief.id)
        for user, seen in ((seller, mine), (chief, mine | other), (books, mine | other)):
            rows = self.rows.with_user(user).search([])
            self.assertEqual(rows.subscription_id, seen.with_user(user), user.login)
        for groups in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, groups, groups=groups)
            self.assertFalse(self.rows.with_user(user).has_access("read"))

    def test_why(self):
        """Reasons come from Stripe; those that are not known here do no harm."""
        record = self.make(0)
        lookup = {name: {} for name in ("customers", "prices", "rates", "coupons")}
        lookup["customers"] = {self.customer.stripe_id: self.customer}
        now = int(datetime.now(UTC).timestamp())
        for details, expected in (
            ({"reason": "payment_failed", "feedback": None}, ("payment_failed", False)),
            (
                {"reason": "cancellation_requested", "feedback": "unused"},
                ("cancellation_requested", "unused"),
            ),
            ({"reason": "new_at_stripe", "feedback": "new_too"}, (False, False)),
            (None, (False, False)),
        ):
            values = record._prepare_stripe_values(
                self.provider,
                {
                    "id": record.stripe_id,
                    "customer": self.customer.stripe_id,
                    "currency": "usd",
                    "status": "canceled",
                    "start_date": now,
                    "billing_cycle_anchor": now,
                    "cancel_at_period_end": False,
                    "collection_method": "charge_automatically",
                    "cancellation_details": details,
                },
                lookup,
            )
            found = values["cancellation_reason"], values["cancellation_feedback"]
            self.assertEqual(found, expected)
