"""The bookkeeper's desk: how Odoo hears of Stripe, and what people do in Odoo."""

import json
from random import Random

from tests.addon.year.books import minor
from tests.addon.year.catalogue import get_rates
from tests.addon.year.story import kind

# Share of the weeks in which events come as webhooks, out of order and some of them twice.
WEBHOOKS = 0.5
TABLES = (
    "account_move",
    "account_move_line",
    "account_partial_reconcile",
    "account_payment",
    "stripe_balance_transaction",
    "stripe_event",
)


class Desk:
    """Odoo's side of the year.

    :param case: The test, see `sandbox_common.SandboxCommon`.
    :param story: See `story.Story`.
    :param seed: Of chance.
    """

    def __init__(self, case, story, seed):
        self.case = case
        self.story = story
        story.desk = self
        self.random = Random(f"{seed}-desk")
        self.rates = Random(f"{seed}-rates")
        self._last = None
        self.bank = self._make_bank()

    @property
    def env(self):
        """That of the test."""
        return self.case.env

    def _make_bank(self):
        """The company's bank, whose payments lower what is owed as soon as they are registered."""
        bank = self.env["account.journal"].create(
            {"name": "House Bank", "type": "bank", "code": "HB", "company_id": self.case.company.id}
        )
        account = self.env["account.account"].create(
            {
                "name": "House Bank Outstanding",
                "code": "101499",
                "account_type": "asset_current",
                "reconcile": True,
            }
        )
        lines = bank.inbound_payment_method_line_ids | bank.outbound_payment_method_line_ids
        lines.payment_account_id = account
        return bank

    # --- rates

    def set_rates(self):
        """The rates of today, at the bank and at Stripe."""
        day = self.story.clock.now.date()
        bank, stripe = get_rates(day, self.rates)
        currencies = self.env["res.currency"].with_context(active_test=False)
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": currencies.search([("name", "=", code.upper())]).id,
                    "name": day,
                    "rate": 1 / rate,
                    "company_id": self.case.company.id,
                }
                for code, rate in bank.items()
            ]
        )
        with self.case.account.lock:
            self.case.account.rates |= stripe

    # --- following Stripe

    def follow(self):
        """Have Odoo hear what has happened, in one of its ways, and work all of it through."""
        if self._last and self.random.random() < WEBHOOKS:
            self._receive_webhooks()
            self.story.counts["followed_by_webhooks"] += 1
        else:
            job = self.case.run_job("catch_up")
            self.case.assertEqual((job.state, job.error), ("done", False))
            self.story.counts["followed_by_catch_up"] += 1
        newest = self.story.stripe.events.list({"limit": 1}).data
        self._last = newest[0].id if newest else None
        self.case.run_cron("ir_cron_process_events_1")
        self.env.cr.execute(f"ANALYZE {', '.join(TABLES)}")

    def _receive_webhooks(self):
        """What the webhook's route does with each event once its signature is checked."""
        listed = self.story.stripe.events.list({"ending_before": self._last, "limit": 100})
        payloads = [json.loads(str(event)) for event in listed.auto_paging_iter()]
        again = self.random.sample(payloads, len(payloads) // 20)
        self.random.shuffle(payloads)
        for payload in [*payloads, *again]:
            self.env["stripe.event"]._stripe_receive(self.case.provider, payload)

    # --- what people do

    def routine(self):
        """Register what the bank statement shows: what was paid, and paid back, outside of Stripe."""
        for customer in self.story.customers:
            if not customer.id:
                continue
            for invoice in self.story.invoices(customer, "paid"):
                move = self.get_move(invoice.id)
                if invoice.amount_paid_off_stripe and self._is_open(move):
                    self.register(move)
                    self.story.counts["bank_payment"] += 1
        notes = self.env["account.move"].search(
            [("stripe_credit_note_id", "!=", False), ("state", "=", "posted")]
        )
        for note in notes.filtered(self._is_open):
            obj = self.story.stripe.credit_notes.retrieve(note.stripe_credit_note_id)
            if obj.out_of_band_amount == minor(note.amount_residual, obj.currency):
                self.register(note)
                self.story.counts["bank_refund"] += 1

    @staticmethod
    def _is_open(move):
        return move.state == "posted" and bool(move.amount_residual)

    def get_move(self, stripe_id):
        """The document of an invoice."""
        return self.env["account.move"].search([("stripe_invoice_id", "=", stripe_id)])

    def register(self, move):
        """Register a payment by the house bank, also of what was still to be paid of earlier invoices."""
        balances = self.env["account.move"].search(
            [
                ("partner_id", "=", move.partner_id.id),
                ("stripe_customer_balance_id", "!=", False),
                ("ref", "=like", f"%: {move.ref}"),
            ]
        )
        lines = (move | balances)._stripe_receivable_lines()
        register = self.env["account.payment.register"].with_context(
            active_model="account.move.line", active_ids=lines.ids
        )
        values = {"journal_id": self.bank.id, "group_payment": True}
        register.create(values).action_create_payments()


@kind(weight=3, least=4, at_desk=True)
def refund_by_wizard(story, customer):
    """A credit note and the refund of a part, or of all that was paid."""
    found = story.paid(customer)
    move = story.desk.get_move(found[0].id) if found else None
    if not move or move.payment_state != "paid" or found[0].starting_balance:
        return False
    wizard = move.env["stripe.refund"].create({"move_id": move.id})
    if customer.random.random() < 0.6:
        digits = move.currency_id.decimal_places
        wizard.amount = story.part(customer, found[1].amount) / 10**digits
    wizard.memo = "With our apologies"
    wizard.action_refund()
    return True


@kind(weight=2, least=3, needs="sent", at_desk=True)
def bank_payment_first(story, customer):
    """A bank payment is registered in Odoo; the button then tells Stripe."""
    for invoice in story.invoices(customer, "open"):
        move = story.desk.get_move(invoice.id)
        if move.state == "posted" and move.amount_residual:
            story.desk.register(move)
            move.action_stripe_mark_paid()
            return True
    return False
