"""Lessons about customers who subscribe while webhooks, answers and retries cross each other."""

import json
from unittest.mock import patch

from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon import stripe_objects
from tests.addon.test_lessons_common import LessonsCommon
from tests.sandbox.payments_setup import ASKS, authenticate, submit


@tagged("post_install", "-at_install")
class TestLessonsSignUp(LessonsCommon, TransactionCase):
    """One customer, one subscription, one charge, whatever comes first."""

    def setUp(self):
        super().setUp()
        self.plan = self.env["stripe.price"]._stripe_find(self.provider, [self.price.id])
        self.draft = self.make_draft(self.plan)

    def pay(self, url, card="4242424242424242"):
        """Fill in Stripe's payment page."""
        answer = submit(url, card)
        self.assertEqual(answer.status_code, 303, answer.text)
        return answer

    def sign_up(self):
        """Subscribe at Stripe; the customer has not come back to Odoo yet."""
        self.pay(self.draft._stripe_get_checkout_url())

    def come_back(self):
        """The customer returns from Stripe's payment page."""
        self.draft._stripe_sync_session(self.draft.checkout_session)

    def incomplete(self):
        """A subscription whose first invoice waits for its payment."""
        customer = self.make_stripe_customer(self.partner)
        params = {"payment_behavior": "default_incomplete"}
        return self.subscribe(customer, **params)

    def assertSubscribed(self):
        self.assertBookedOnce()
        self.assertEqual(self.subscription(), self.draft)
        self.assertEqual(self.draft.status, "active")
        self.assertEqual(len(self.stripe.subscriptions.list().data), 1)
        self.assertEqual(len(self.stripe.customers.list().data), 1)
        self.assertEqual(len(self.stripe.charges.list().data), 1)

    def test_10_webhook_overtakes_the_answer(self):
        """Now and then the event about a new object is there before the code that made it knows."""
        call = StripeGateway.call

        def overtaken(gateway, service, method, *ids, **arguments):
            answer = call(gateway, service, method, *ids, **arguments)
            if method == "create":
                kind = {"customers": "customer", "checkout.sessions": "checkout.session"}[service]
                name = "customer.updated" if kind == "customer" else f"{kind}.completed"
                self.store([stripe_objects.event(name, answer)])
                self.work()
                self.assertEqual(self.states(), {"done"})
            return answer

        with patch.object(StripeGateway, "call", overtaken):
            url = self.draft._stripe_get_checkout_url()
        self.assertEqual(len(self.rows), 2)
        self.pay(url)
        self.come_back()
        self.assertSubscribed()

    def test_10_return_before_or_after_the_webhooks(self):
        self.sign_up()
        self.come_back()
        self.assertSubscribed()
        self.store(self.at_stripe())
        self.work()
        self.come_back()
        self.assertEqual(self.states(), {"done", "ignored"})
        self.assertSubscribed()

    def test_10_nothing_is_left_to_the_audit(self):
        self.sign_up()
        self.catch_up()
        self.assertSubscribed()
        self.assertAgreed()

    def test_11_updated_before_created(self):
        """The event of the beginning comes last and sets a paid subscription back to incomplete."""
        subscription = self.incomplete()
        self.stripe.invoices.pay(subscription.latest_invoice)
        events = self.at_stripe("customer.subscription.created", "customer.subscription.updated")
        statuses = [event["data"]["object"]["status"] for event in events]
        self.assertEqual((statuses[0], statuses[-1]), ("incomplete", "active"))
        for event in reversed(events):
            self.store([event])
            self.work()
            self.assertEqual(self.subscription().status, "active", event["type"])

    def test_11_slow_lane(self):
        """Who has fetched early and writes late must not win."""
        subscription = self.incomplete()
        self.store(self.at_stripe("customer.subscription.created"))
        model, overtaken = type(self.provider), []
        fetch = model._stripe_fetch

        def slow(provider, requests):
            fetched = fetch(provider, requests)
            if not overtaken:
                overtaken.append(fetched["subscription", subscription.id]["status"])
                self.stripe.invoices.pay(subscription.latest_invoice)
                provider._stripe_sync([("subscription", subscription.id)])
            return fetched

        with patch.object(model, "_stripe_fetch", slow):
            self.work()
        self.assertEqual(overtaken, ["incomplete"])
        self.assertEqual(self.states(), {"done"})
        self.assertEqual(self.subscription().status, "active")

    def test_12_what_only_odoo_knows(self):
        """The webhook makes the record first, and what was chosen on this side is lost."""
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.partner.id, "email": "ann@buyer.example"}
        )
        chosen = {
            "name": "Team of Ann",
            "description": "All you need",
            "terms": "<p>Until canceled.</p>",
            "contact_id": contact.id,
        }
        self.draft.write(chosen)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            url = self.draft._stripe_get_checkout_url()
            raise UserError("Odoo fails after Stripe has made the session.")
        self.assertFalse(self.draft.checkout_session)
        self.pay(url)
        self.store(self.at_stripe())
        self.work()
        self.assertSubscribed()
        self.assertRecordValues(self.draft, [chosen])
        self.draft.name = "Renamed"
        self.store(
            stripe_objects.event("customer.subscription.updated", event["data"]["object"])
            for event in self.at_stripe("customer.subscription.created")
        )
        self.work()
        self.assertEqual(self.draft.name, "Renamed")

    def test_14_no_mail_while_the_customer_pays(self):
        """A customer who is just confirming with the bank gets a mail that asks for just that."""
        mails = self.env["mail.mail"].search_count([])
        notes = self.env["mail.notification"].search_count([])
        answer = self.pay(self.draft._stripe_get_checkout_url(), ASKS)
        other = self.env["res.partner"].create({"name": "By API", "email": "api@buyer.example"})
        customer = self.make_stripe_customer(other)
        card = self.stripe.payment_methods.attach(
            "pm_card_authenticationRequired", {"customer": customer.id}
        )
        self.subscribe(customer, default_payment_method=card.id)
        events = self.at_stripe()
        self.assertIn("invoice.payment_action_required", [event["type"] for event in events])
        self.store(events)
        self.work()
        self.assertEqual(self.draft.status, "draft")
        self.assertEqual(self.subscription(other).status, "incomplete")
        authenticate(answer)
        self.come_back()
        self.store(self.at_stripe())
        self.work()
        self.assertEqual(self.draft.status, "active")
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertEqual(self.env["mail.notification"].search_count([]), notes)

    def test_15_three_events_one_subscription(self):
        """Each event that mentions the subscription made one of its own."""
        self.sign_up()
        kinds = ("customer.subscription.created", "invoice.paid", "checkout.session.completed")
        events = self.at_stripe(*kinds)
        self.assertEqual(len(events), 3)
        self.store([events[1], events[2], events[0]])
        with patch.object(const, "EVENT_BATCH_SIZE", 1):
            self.work()
        self.assertEqual(self.states(), {"done"})
        self.assertSubscribed()

    def test_16_back_too_early(self):
        """Who comes back before Stripe is done finds an error, and never anything else."""
        answer = self.pay(self.draft._stripe_get_checkout_url(), ASKS)
        self.come_back()
        self.assertEqual(self.draft.status, "draft")
        authenticate(answer)
        self.come_back()
        self.assertSubscribed()

    def test_16_everything_of_a_customer_again(self):
        """When a customer's data is wrong, people want all of it again, not the latest part."""
        self.sign_up()
        self.come_back()
        item = self.stripe.subscriptions.retrieve(self.draft.stripe_id)["items"].data[0]
        for quantity in (3, 5):
            params = {"proration_behavior": "always_invoice"}
            changed = self.stripe.subscriptions.update(
                self.draft.stripe_id, {"items": [{"id": item.id, "quantity": quantity}], **params}
            )
        self.refund(changed, 300)
        self.forget_events()
        for _time in range(2):
            self.repair()
        self.assertEqual(self.draft.item_ids.quantity, 5)
        self.assertEqual(self.moves().mapped("payment_state"), ["paid"] * 3)
        self.assertEqual(self.payments("outbound").mapped("amount"), [3.0])
        self.assertAgreed()

    def test_20_only_plain_data_comes_in(self):
        """The package's objects are no dictionaries any more, and `items` means something else on
        them."""
        self.sign_up()
        session = self.draft.checkout_session
        fetched = self.provider._stripe_fetch([("checkout.session", session)])
        kinds = set()

        def walk(value):
            kinds.add(type(value))
            parts = value.values() if isinstance(value, dict) else value
            for part in parts if isinstance(value, (dict, list)) else ():
                walk(part)

        walk(list(fetched.values()))
        self.assertLessEqual(kinds, {dict, list, str, int, float, bool, type(None)})
        self.come_back()
        [data] = [obj for (kind, _id), obj in fetched.items() if kind == "subscription"]
        self.assertEqual(json.loads(json.dumps(self.draft.stripe_data)), data)
        self.assertEqual(data["items"]["data"][0]["price"]["id"], self.price.id)

    def test_30_lost_answers_and_double_clicks(self):
        """A request repeated with another key, or by another engine, charges a second time."""
        for path in ("/v1/customers", "/v1/checkout/sessions"):
            self.fault("reset", path, method="POST", after=True)
        url = self.draft._stripe_get_checkout_url()
        self.assertEqual(self.draft._stripe_get_checkout_url(), url)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            # All that was written is rolled back, here but not at Stripe.
            other = self.make_draft(self.plan)
            first = other._stripe_get_checkout_url()
            raise UserError("Odoo fails after Stripe has made the session.")
        self.assertEqual(len(self.stripe.customers.list().data), 1)
        self.pay(url)
        self.assertNotEqual(first, url)
        self.store(self.at_stripe())
        self.work()
        self.assertIn("/my/subscriptions/", self.draft._stripe_get_checkout_url())
        self.assertSubscribed()

    def test_30_rolled_back_and_repeated(self):
        """What Stripe has done is not undone with the transaction: the same again, not another."""
        urls = []
        for _time in range(2):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                urls.append(self.draft._stripe_get_checkout_url())
                raise UserError("Odoo fails after Stripe has made the session.")
        urls.append(self.draft._stripe_get_checkout_url())
        self.assertEqual(len(set(urls)), 1)
        self.assertEqual(len(self.stripe.checkout.sessions.list().data), 1)
        self.assertEqual(len(self.stripe.customers.list().data), 1)

    def test_30_odoo_never_charges(self):
        """Whatever is done with the booked invoice in Odoo, Stripe charges once."""
        sent, call = set(), StripeGateway.call

        def listen(gateway, service, method, *ids, **arguments):
            if method not in StripeGateway.READING_METHODS:
                sent.add((service, method))
            return call(gateway, service, method, *ids, **arguments)

        with patch.object(StripeGateway, "call", listen):
            self.sign_up()
            self.come_back()
            self.catch_up()
            payment, move = self.payments(), self.moves()
            self.assertFalse(payment.payment_token_id or payment.payment_transaction_id)
            payment.action_draft()
            payment.action_post()
            move.line_ids.remove_move_reconcile()
            self.assertFalse(move._has_to_be_paid())
            self.repair()
        self.assertEqual(sent, {("customers", "create"), ("checkout.sessions", "create")})
        self.assertSubscribed()
