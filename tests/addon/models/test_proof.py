import time
from datetime import timedelta
from unittest.mock import patch

import requests
from odoo import fields
from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.models import stripe_job_proof
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.proof_common import ProofCommon


@tagged("post_install", "-at_install")
class TestProof(ProofCommon, TransactionCase):
    """Sums of Stripe and of the ledger, to the smallest unit, and what they differ in."""

    def test_agrees(self):
        job = self.prove()
        self.assertEqual(self.differing(), set())
        self.assertEqual(self.sums("USD", "invoiced"), (40.0, 40.0))
        self.assertEqual(self.sums("USD", "collected"), (40.0, 40.0))
        self.assertEqual(self.sums("USD", "refunded"), (5.0, 5.0))
        self.assertEqual(self.sums("JPY", "invoiced"), (10710, 10710))
        self.assertEqual(self.sums("JPY", "tax"), (1710, 1710))
        self.assertEqual(self.sums("KWD", "invoiced"), (37.02, 37.02))
        self.assertEqual(self.sums("EUR", "tax"), (11.39, 11.39))
        self.assertFalse(job.activity_ids)
        self.assertFalse(job.cursor)
        self.assertEqual(job.date_from.day, 1)
        self.assertIn("Documents compared", job.summary)
        action = job.action_view_proof()
        self.assertTrue(self.env[action["res_model"]].search(action["domain"]))

    def test_changed_in_odoo(self):
        move = self.move_of(self.taxed)
        move.line_ids.remove_move_reconcile()
        move.button_draft()
        move.invoice_line_ids.price_unit += 1
        move.action_post()
        job = self.prove()
        self.assertEqual(self.differing(), {("EUR", "invoiced"), ("EUR", "tax")})
        line = self.line("EUR", "invoiced")
        self.assertEqual((line.there, line.here, line.difference), (71.36, 74.93, 3.57))
        self.assertEqual(line.stripe_ids, {self.taxed.latest_invoice: ["71.36", "74.93"]})
        self.assertEqual(self.line("EUR", "tax").difference, 0.57)
        action = line.action_documents()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), move)
        self.assertEqual(job.activity_ids.user_id, self.provider.stripe_billing_user_id)
        self.assertEqual(job.counts["lines_differing"], 2)
        with self.assertRaises(UserError):
            self.line("USD", "invoiced").action_documents()

    def test_repaired(self):
        """The next proof takes the place of the lines and of the activity."""
        payment = self.move_of(self.taxed).reconciled_payment_ids
        payment.action_draft()
        payment.action_cancel()
        job = self.prove()
        self.assertEqual(self.differing(), {("EUR", "collected")})
        action = self.line("EUR", "collected").action_documents()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), payment)
        number = self.env["stripe.proof.line"].search_count([])
        payment.action_draft()
        payment.action_post()
        self.prove()
        self.assertEqual(self.differing(), set())
        self.assertEqual(self.env["stripe.proof.line"].search_count([]), number)
        self.assertFalse(job.activity_ids)

    def test_in_another_month(self):
        move = self.move_of(self.taxed)
        move.line_ids.remove_move_reconcile()
        move.button_draft()
        earlier = fields.Date.today().replace(day=1) - timedelta(days=1)
        move.invoice_date = move.date = earlier
        move.action_post()
        self.prove()
        for period, sums in ((self.month, (71.36, 0)), (f"{earlier:%Y-%m}", (0, 71.36))):
            line = self.line("EUR", "invoiced", period)
            self.assertEqual((line.there, line.here), sums)
            self.assertEqual(list(line.stripe_ids), [self.taxed.latest_invoice])

    def test_missing_in_odoo(self):
        partner = self.env["res.partner"].create({"name": "Lately"})
        subscription = self.subscribe(self.make_stripe_customer(partner), quantity=3)
        self.catch_up()
        move = self.move_of(subscription)
        payment = move.reconciled_payment_ids
        payment.action_draft()
        payment.stripe_invoice_payment_id = False
        move.button_draft()
        move.stripe_invoice_id = False
        self.prove()
        self.assertEqual(self.line("USD", "invoiced").difference, -60)
        self.assertEqual(self.line("USD", "collected").difference, -60)
        action = self.line("USD", "invoiced").action_documents()
        self.assertIn(subscription.latest_invoice, action["params"]["message"])

    def test_missing_at_stripe(self):
        """What Odoo has is added up by itself, not only where Stripe has it too."""
        [payment] = self.stripe.invoice_payments.list({"invoice": self.taxed.latest_invoice}).data
        with self.account.lock:
            for kind, key in (
                ("invoice", self.taxed.latest_invoice),
                ("invoice_payment", payment.id),
            ):
                self.account.store.remove(self.account.store.get(kind, key))
        self.prove()
        self.assertEqual(self.line("EUR", "invoiced").difference, 71.36)
        self.assertEqual(self.line("EUR", "collected").difference, 71.36)

    def test_reversed_in_odoo(self):
        move = self.move_of(self.taxed)
        move._reverse_moves([{"ref": "by hand"}], cancel=True)
        self.prove()
        self.assertEqual(self.sums("EUR", "invoiced"), (71.36, 0))

    def test_void_and_credited(self):
        credited = self.subscribe_in("chf", 5000, tax_rates=[self.rate.id])
        [item] = self.stripe.invoices.retrieve(credited.latest_invoice).lines.data
        part = {"type": "invoice_line_item", "invoice_line_item": item.id, "quantity": 1}
        self.stripe.credit_notes.create(
            {
                "invoice": credited.latest_invoice,
                "lines": [part],
                "out_of_band_amount": 5950,
            }
        )
        self.settle()
        partner = self.env["res.partner"].create({"name": "Void"})
        void = self.subscribe(
            self.make_stripe_customer(partner),
            collection_method="send_invoice",
            days_until_due=30,
        )
        self.catch_up()
        self.stripe.invoices.finalize_invoice(void.latest_invoice)
        self.catch_up()
        self.stripe.invoices.void_invoice(void.latest_invoice)
        self.catch_up()
        self.prove()
        self.assertEqual(self.differing(), set())
        self.assertEqual(self.sums("CHF", "invoiced"), (178.5, 178.5))
        self.assertEqual(self.sums("CHF", "credited"), (59.5, 59.5))
        self.assertEqual(self.sums("CHF", "tax"), (19, 19))
        self.assertEqual(self.sums("USD", "invoiced"), (40, 40), "not what is void")

    def test_left_out_on_purpose(self):
        stranger = self.subscribe(self.make_stripe_customer(name="Stranger"), quantity=7)
        self.refund(stranger, 100)
        job = self.prove()
        self.assertEqual(self.differing(), set())
        self.assertEqual(self.sums("USD", "invoiced"), (40, 40))
        self.assertEqual(job.counts["left_customer"], 3, "invoice, payment, refund")
        self.provider.stripe_billing_book_from = fields.Date.today() + timedelta(days=1)
        self.subscribe(self.stripe_customer, quantity=9)
        self.catch_up()
        job = self.prove()
        self.assertEqual(self.differing(), set())
        self.assertEqual(job.counts["left_before"], 2)

    def test_still_on_its_way(self):
        """What has an event that waits is left out on both sides."""
        self.sleep_past_this_second()
        partner = self.env["res.partner"].create({"name": "Lately"})
        self.subscribe(self.make_stripe_customer(partner))
        self.run_job("catch_up")
        self.prove()
        self.assertEqual(self.differing(), set())
        self.assertEqual(self.sums("USD", "invoiced"), (40, 40))

    def test_in_pages(self):
        """Killed in the middle it goes on, and pages come to the same sums."""
        self.prove()
        fields_read = ["period", "measure", "currency_id", "there", "here"]
        lines = self.env["stripe.proof.line"].search_read([], fields_read)
        job = self.env["stripe.job"]._start(self.provider, "proof")
        original = type(self.env["stripe.job"])._step_proof
        steps = []

        def step(job):
            steps.append(job.cursor and job.cursor.get("list"))
            if len(steps) == 4:
                raise requests.ConnectionError("killed")
            return original(job)

        with patch.object(const, "PAGE_SIZE", 1):
            with patch.object(self.registry["stripe.job"], "_step_proof", step):
                with self.assertLogs("odoo.addons.stripe_subscriptions", "ERROR"):
                    self.run_cron("ir_cron_run_jobs")
                self.assertEqual(job.state, "failed")
                job.action_start()
                self.run_cron("ir_cron_run_jobs")
        self.assertEqual(job.state, "done")
        self.assertGreater(len(steps), 20)
        again = self.env["stripe.proof.line"].search_read([], fields_read)
        self.assertEqual(
            [{**line, "id": 0} for line in again], [{**line, "id": 0} for line in lines]
        )

    def grow_old(self, subscription, *kinds, days=200):
        """Have the first invoice of a subscription, and what pays it, made long ago."""
        [part] = self.stripe.invoice_payments.list({"invoice": subscription.latest_invoice}).data
        keys = {
            "invoice": subscription.latest_invoice,
            "invoice_payment": part.id,
            "payment_intent": part.payment.payment_intent,
        }
        with self.account.lock:
            for kind in kinds:
                obj = self.account.store.get(kind, keys[kind])
                self.account.store.update(obj, created=int(time.time()) - days * 86400)
        moment = fields.Datetime.now() - timedelta(days=days)
        move = self.move_of(subscription)
        move.stripe_created_at = moment
        if "invoice_payment" in kinds:
            move.reconciled_payment_ids.stripe_created_at = moment
        return move

    def test_older_than_the_lists(self):
        """An invoice that lay around for months before it was finalized and paid."""
        self.grow_old(self.taxed, "invoice", "invoice_payment", "payment_intent")
        self.prove()
        self.assertEqual(self.differing(), set())
        self.assertEqual(self.sums("EUR", "invoiced"), (71.36, 71.36))
        self.assertEqual(self.sums("EUR", "collected"), (71.36, 71.36))

    def test_without_time_of_creation(self):
        """Documents of before that was kept are counted once."""
        self.move_of(self.taxed).stripe_created_at = False
        self.move_of(self.taxed).reconciled_payment_ids.stripe_created_at = False
        self.prove()
        self.assertEqual(self.sums("EUR", "invoiced"), (71.36, 71.36))
        self.assertEqual(self.sums("EUR", "collected"), (71.36, 71.36))

    def test_late_payment_that_odoo_lacks(self):
        move = self.grow_old(self.taxed, "invoice", "invoice_payment", "payment_intent")
        payment = move.reconciled_payment_ids
        payment.action_draft()
        payment.stripe_invoice_payment_id = False
        self.prove()
        self.assertEqual(self.sums("EUR", "collected"), (71.36, 0))

    def test_late_invoice_that_odoo_lacks(self):
        """A draft of months ago that was finalized lately."""
        move = self.grow_old(self.taxed, "invoice")
        move.line_ids.remove_move_reconcile()
        move.button_draft()
        move.stripe_invoice_id = False
        self.prove()
        self.assertEqual(self.sums("EUR", "invoiced"), (71.36, 0))
        self.assertEqual(self.sums("EUR", "tax"), (11.39, 0))

    def test_test_clock(self):
        clock = self.stripe.test_helpers.test_clocks.create({"frozen_time": int(time.time())})
        subscription = self.subscribe_in("gbp", 700, test_clock=clock.id)
        self.catch_up()
        self.prove()
        self.assertEqual(self.sums("GBP", "invoiced"), (21, 21))
        self.move_of(subscription).button_cancel()
        self.prove()
        self.assertEqual(self.sums("GBP", "invoiced"), (21, 0))

    def test_dispute(self):
        partner = self.env["res.partner"].create({"name": "Disputes"})
        card = "pm_card_createDispute"
        customer = self.make_stripe_customer(
            partner, payment_method=card, invoice_settings={"default_payment_method": card}
        )
        self.subscribe(customer)
        self.hurry_stripe()
        [dispute] = self.stripe.disputes.list({}).data
        self.assertTrue(dispute.balance_transactions)
        self.catch_up()
        self.prove()
        self.assertEqual(self.differing(), set())
        self.assertEqual(self.sums("USD", "disputes"), (20, 20))
        line = self.line("USD", "fees")
        self.assertGreater(line.there, 15, "with the fee of the dispute")
        self.env["stripe.dispute"].search([]).move_ids.button_draft()
        self.prove()
        self.assertEqual(self.differing(), {("USD", "disputes"), ("USD", "fees")})
        action = self.line("USD", "disputes").action_documents()
        self.assertEqual(action["res_model"], "stripe.balance.transaction")

    def test_payout(self):
        self.pay_out()
        self.catch_up()
        with patch.object(stripe_job_proof, "SETTLE_SECONDS", -60 * 86400):
            self.prove(
                date_from=fields.Date.today(), date_to=fields.Date.today() + timedelta(days=31)
            )
        self.assertEqual(self.differing(), set())
        payout = self.env["stripe.payout"].search([])
        lines = self.env["stripe.proof.line"].search([("period", "=", payout.stripe_id)])
        self.assertEqual(set(lines.mapped("measure")), {"gross", "fees", "net"})
        net = lines.filtered(lambda line: line.measure == "net")
        self.assertEqual((net.there, net.here), (payout.amount, payout.amount))
        month = f"{payout.stripe_created_at:%Y-%m}"
        self.assertEqual(self.line("USD", "payouts", month).here, payout.amount)
        payout.balance_transaction_ids.filtered("fee")[0].move_id.button_draft()
        with patch.object(stripe_job_proof, "SETTLE_SECONDS", -60 * 86400):
            self.prove(
                date_from=fields.Date.today(), date_to=fields.Date.today() + timedelta(days=31)
            )
        differing = self.env["stripe.proof.line"].search([("differs", "=", True)])
        self.assertIn(("USD", "fees"), self.differing())
        self.assertIn(payout.stripe_id, differing.mapped("period"))

    def test_nightly(self):
        self.run_cron("ir_cron_proof")
        job = self.env["stripe.job"].search([("kind", "=", "proof")])
        self.assertEqual(job.provider_id, self.provider)
        action = self.provider.action_stripe_billing_prove()
        self.assertEqual(action["res_id"], job.id, "one at a time")
