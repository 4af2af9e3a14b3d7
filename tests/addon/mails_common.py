"""What the tests of mails share: customers on a test clock, and mails that are looked at."""

import html
import time

from odoo.addons.stripe_subscriptions import stripe_events, stripe_mails

from tests.addon.sandbox_common import SandboxCommon

DAY = 86400
MONTH = 31 * DAY


class MailsCommon(SandboxCommon):
    """A customer at Stripe whose contact reads German, and what they are told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("nl_NL")
        cls.buyer = cls.env["res.partner"].create(
            {"name": "Tulip Ltd", "is_company": True, "email": "office@tulip.example"}
        )
        cls.contact = cls.env["res.partner"].create(
            {
                "name": "Ada",
                "parent_id": cls.buyer.id,
                "email": "ada@tulip.example",
                "lang": "nl_NL",
                "tz": "Europe/Berlin",
            }
        )
        cls.company.partner_id.email = "billing@company.example"

    def setUp(self):
        super().setUp()
        self.account.retries.waits = [3 * DAY, 5 * DAY]
        self.account.retries.final_action = "cancel"
        clock = self.stripe.test_helpers.test_clocks.create({"frozen_time": int(time.time())})
        self.clock = clock.id
        self.there = self.make_stripe_customer(self.buyer, test_clock=self.clock)
        self.seen = self.env["stripe.mail"].search([])

    # === STRIPE === #

    def advance(self, seconds):
        """Let time pass on the test clock."""
        clocks = self.stripe.test_helpers.test_clocks
        now = clocks.retrieve(self.clock).frozen_time
        clocks.advance(self.clock, {"frozen_time": now + seconds})
        for _attempt in range(200):
            if clocks.retrieve(self.clock).status == "ready":
                return
            time.sleep(0.05)
        self.fail("the test clock does not get ready")

    def subscribed(self, quantity=1, **values):
        """A subscription that the customer was told of already; its record."""
        self.at_stripe = self.subscribe(self.there, quantity, **values)
        self.told()
        return self.record()

    def record(self):
        """The record of the subscription at Stripe."""
        return self.env["stripe.subscription"]._stripe_find(self.provider, [self.at_stripe.id])

    def pay_with(self, card):
        """Give the customer another card to be charged from now on."""
        method = self.stripe.payment_methods.attach(card, {"customer": self.there.id})
        settings = {"default_payment_method": method.id}
        self.stripe.customers.update(self.there.id, {"invoice_settings": settings})
        return method.id

    def renew(self):
        """Let the next period begin and its invoice be charged."""
        self.advance(MONTH)
        self.advance(2 * 3600)

    # === ODOO === #

    def told(self, wait=True):
        """Process what has happened and send what is due; the mails since the last time.

        :param bool wait: Whether all waiting is over; else only what is due at once is sent.
        :return: The rows that are new, oldest first.
        :rtype: stripe.mail
        """
        self.bring()
        rows = self.env["stripe.mail"].search([("id", "not in", self.seen.ids)], order="id")
        if wait:
            rows.filtered(lambda row: row.state == "pending").action_send()
        self.run_cron("ir_cron_send_mails")
        self.seen |= rows
        return rows

    def kinds(self, rows, *states):
        """Which mails they are; those sent unless other states are named."""
        states = states or ("sent",)
        return sorted(row.kind for row in rows if row.state in states)

    def the(self, rows, kind):
        """The one mail of a kind among rows that were sent, with its message."""
        found = rows.filtered(lambda row: row.kind == kind and row.state == "sent")
        self.assertEqual(
            len(found), 1, f"{kind} among {[(r.kind, r.state, r.reason) for r in rows]}"
        )
        return found

    def queued(self, row):
        """What went to the mail server's queue for a mail."""
        return self.env["mail.mail"].search([("mail_message_id", "=", row.message_id.id)])

    def assertTold(self, row, *texts, to=None):
        """Check who gets a mail, and what subject and text together say."""
        self.assertEqual(row.message_id.partner_ids, to or self.contact)
        shown = html.unescape(f"{row.message_id.subject} {row.message_id.body}")
        for text in texts:
            self.assertIn(text, shown.replace("\xa0", " "))

    def bring(self, backwards=False):
        """Put all events that Odoo has not got yet into the inbox, and work it through."""
        with self.account.lock:
            events = [self.account.render(obj) for obj in self.account.store.select("event")]
        if not backwards:
            events.reverse()
        wanted = [event for event in events if event["type"] in stripe_events.HANDLED]
        self.env["stripe.event"]._stripe_store(self.provider, wanted)
        self.run_cron("ir_cron_process_events_1")

    def happen_again(self):
        """Have all events come once more, the newest first, after Odoo has forgotten its inbox."""
        self.env["stripe.event"].search([]).unlink()
        self.bring(backwards=True)
        return self.told()

    def all_kinds(self):
        return [kind for kind, _label in stripe_mails.KINDS]
