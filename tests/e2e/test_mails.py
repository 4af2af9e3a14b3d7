"""All mails that go out by themselves, caused at Stripe, as they arrive: subject, reader, pictures."""

import contextlib
import functools
import time

import pytest

from tests.e2e.gallery import DESK

DAY = 86400
# Kind, caption, and what the mail must say.
MAILS = [
    ("welcome", "Welcome, with the first invoice", "3 × Team plan"),
    ("subscribed_staff", "To staff: somebody has subscribed", "$ 60.00"),
    ("changed", "The plan has changed", "5 × Team plan"),
    ("trial_ending", "A trial ends", "$ 40.00"),
    ("renewal", "A renewal is ahead", "$ 100.00"),
    ("receipt", "The receipt of a renewal", "$ 100.00"),
    ("payment_failed", "A payment failed: why, and what follows", "$ 20.00"),
    ("action_required", "The bank wants the customer to confirm", "3-D Secure"),
    ("card_updated", "The bank has renewed the card", "new card"),
    ("card_expiring", "The card expires before the next charge", "expires"),
    ("cancel_scheduled", "The end is planned", "Until then nothing changes"),
    ("resumed", "The end is taken back", "continues as before"),
    ("refunded", "Money given back", "$ 12.00"),
    ("canceled", "It has ended", "You will not be charged again"),
]
# Of the others the repository has the picture of a desk only.
SHOWN = {"welcome", "payment_failed"}


def pay_with(desk, one, card):
    """Another card of the customer's is charged from now on; returns its id."""
    method = desk.stripe.payment_methods.attach(card, {"customer": one.customer}).id
    settings = {"default_payment_method": method}
    desk.stripe.customers.update(one.customer, {"invoice_settings": settings})
    return method


@pytest.fixture(scope="module")
def told(desk):
    """The mails by kind."""
    shop, v1 = desk.shop, desk.stripe
    clock = shop.clock()
    now = v1.test_helpers.test_clocks.retrieve(clock).frozen_time
    good = shop.running("Halcyon Books", "Team plan for readers", [("Team plan", 3)], clock=clock)
    bad = shop.running("Lapwing Lights", "Team plan for lights", [("Team plan", 1)], clock=clock)
    trial = shop.running(
        *("Mallow Yoga", "Team plan on trial", [("Team plan", 2)]),
        clock=clock,
        trial_end=now + 14 * DAY,
    )
    asks = shop.running(
        "Sorrel Spa", "Team plan for guests", [("Team plan", 1)], clock=shop.clock()
    )
    old = shop.running("Thistle Farm", "Team plan for farmers", [("Team plan", 1)])
    everything = (good, bad, trial, asks, old)
    shop.wait(*everything)
    outbox = Outbox(desk)
    outbox.wait(welcome=good, subscribed_staff=good)
    # A change of plans, a renewed card, one that expires, a refund, an end that is taken back.
    item = shop.there(good)["items"]["data"][0]["id"]
    v1.subscription_items.update(item, {"quantity": 5, "proration_behavior": "none"})
    method = pay_with(desk, old, "pm_card_visa")
    desk.sandbox("renew_card", payment_method=method, exp_month=11, exp_year=2031)
    invoice = shop.there(old)["latest_invoice"]
    v1.credit_notes.create({"invoice": invoice, "amount": 1200, "refund_amount": 1200})
    outbox.wait(changed=good, card_updated=old, refunded=old)
    v1.subscriptions.update(old.stripe_id, {"cancel_at_period_end": True})
    outbox.wait(cancel_scheduled=old)
    v1.subscriptions.update(old.stripe_id, {"cancel_at_period_end": False})
    outbox.wait(resumed=old)
    v1.subscriptions.cancel(old.stripe_id)
    outbox.wait(canceled=old)
    expire(desk, good)
    outbox.wait(card_expiring=good)
    pay_with(desk, good, "pm_card_visa")
    # Time passes: the trial ends, a renewal is ahead, then it comes.
    pay_with(desk, bad, "pm_card_chargeCustomerFail")
    pay_with(desk, asks, "pm_card_authenticationRequired")
    shop.pass_time(clock, 12)
    outbox.wait(trial_ending=trial)
    shop.pass_time(clock, 13)
    outbox.wait(renewal=good)
    shop.pass_time(clock, 7)
    asks_clock = desk.stripe.customers.retrieve(asks.customer).test_clock
    shop.pass_time(asks_clock, 32)
    outbox.wait(receipt=good, payment_failed=bad, action_required=asks)
    return outbox.found


def expire(desk, one):
    """The card that is charged expires this month; the daily look at the cards finds it."""
    method = pay_with(desk, one, "pm_card_visa")
    today = time.gmtime()
    expiry = {"exp_month": today.tm_mon, "exp_year": today.tm_year}
    desk.stripe.payment_methods.update(method, {"card": expiry})
    [cron] = desk.read("ir.model.data", [["name", "=", "ir_cron_cards"]], "res_id")
    desk.odoo.call("ir.cron", "method_direct_trigger", [cron["res_id"]])


class Outbox:
    """Waits for mails to arrive, without the time that they otherwise wait."""

    def __init__(self, desk):
        self.desk = desk
        self.found = {}

    def wait(self, **wanted):
        """Wait until mails are in the mailbox, each kind about its subscription; keep them."""
        desk = self.desk
        for kind, one in wanted.items():
            row = desk.until(kind, functools.partial(self._sent, kind, one))[0]
            [message] = desk.odoo.call("mail.message", "read", [row["message_id"][0]], ["subject"])
            arrived = functools.partial(self._arrived, kind, message["subject"])
            self.found[kind] = desk.until(f"{kind} in the mailbox", arrived)[0][1]

    def _sent(self, kind, one):
        """The rows of a kind that were sent; what waits is sent without waiting."""
        domain = [["kind", "=", kind], ["subscription_id", "=", one.id]]
        rows = self.desk.read("stripe.mail", domain, "state", "message_id")
        pending = [row["id"] for row in rows if row["state"] == "pending"]
        if pending:
            # It may be sent in this moment, and is refused then.
            with contextlib.suppress(RuntimeError):
                self.desk.odoo.call("stripe.mail", "action_send", pending)
        return [row for row in rows if row["state"] == "sent"]

    def _arrived(self, kind, subject):
        """The mails of a subject to the reader that is meant."""
        reader = "admin@demo.example" if kind == "subscribed_staff" else "robin@"
        return [
            (name, mail)
            for name, mail in self.desk.mails()
            if mail["subject"].split() == subject.split()
            and mail["to"].addresses[0].addr_spec.startswith(reader)
        ]


@pytest.mark.parametrize(("kind", "caption", "text"), MAILS, ids=[mail[0] for mail in MAILS])
def test_mail(desk, told, kind, caption, text):
    """It is addressed to the contact by name and says what has happened."""
    mail = told[kind]
    reader = "admin@" if kind == "subscribed_staff" else "robin@"
    assert mail["to"].addresses[0].addr_spec.startswith(reader)
    body = desk.show_mail(
        mail, f"mail-{kind.replace('_', '-')}", caption, show=kind in SHOWN or DESK
    )
    shown = body.replace("\ufeff", "").replace("\xa0", " ")
    assert text in shown
    assert "False" not in shown and "None" not in shown
