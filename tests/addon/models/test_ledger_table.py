import re
import unittest
from datetime import date

from odoo.addons.stripe_subscriptions import stripe_proof
from odoo.addons.stripe_subscriptions.models.stripe_job_proof_ledger import DOCUMENTS
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.common import StripeCommon
from tests.addon.ledger_cases import CASES
from tests.addon.ledger_objects import CUSTOMER, LATER_RATES, RATES, TAX_RATES

ROLES = ("clearing", "payout", "fee", "dispute", "balance", "credit", "loss", "suspense")


class LedgerTableCommon(StripeCommon):
    """Applies a case and reads what is in the ledger then."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Buyer of the Table"})
        cls.env["stripe.customer"].with_context(
            stripe_customer_partners={CUSTOMER: cls.partner.id}
        )._stripe_apply(cls.provider, [{"id": CUSTOMER, "object": "customer", "livemode": False}])
        rates = cls.env["stripe.tax.rate"]._stripe_apply(cls.provider, TAX_RATES)
        rates.tax_id = False
        rates.action_create_tax()
        currencies = cls.env["res.currency"].with_context(active_test=False).search([])
        currencies.rate_ids.unlink()
        (currencies - cls.company.currency_id).active = False
        by_name = {currency.name: currency for currency in currencies}
        cls.env["res.currency.rate"].create(
            [
                {"name": day, "currency_id": by_name[name].id, "rate": rate}
                for day, table in (("2025-01-01", RATES), ("2025-03-20", LATER_RATES))
                for name, rate in table.items()
            ]
        )

    # === APPLYING === #

    def check(self, case):
        """Apply a case step by step, each twice, and compare the ledger with it."""
        self.provider.write(case.provider)
        self.company.partner_id.tz = case.tz
        newest = self.env["account.move"].search([], order="id desc", limit=1).id or 0
        latest = {}
        for number, step in enumerate(case.steps, 1):
            objects = {(obj["object"], obj["id"]): obj for obj in step}
            latest.update(objects)
            if case.refused and number == len(case.steps):
                with self.assertRaisesRegex(UserError, case.refused), self.env.cr.savepoint():
                    self.provider._stripe_write(objects)
                continue
            self.provider._stripe_write(objects)
            before = self.entries(newest)
            self.provider._stripe_write(objects)
            self.assertEqual(self.entries(newest), before, f"step {number} was applied twice")
        if not case.refused:
            before = self.entries(newest)
            self.provider._stripe_write(latest)
            self.assertEqual(self.entries(newest), before, "everything was applied once more")
        self.compare(case, newest)
        if not case.draft:
            self.prove(latest)

    def compare(self, case, newest):
        """Compare the ledger with a case."""
        moves = self.moves(newest)
        if case.sums is None:
            expected = sorted(self.read_entry(text) for text in case.booked)
            self.assertEqual(self.entries(newest), expected)
        else:
            self.assertEqual(self.sums(newest), case.sums)
        for move in moves.filtered(lambda move: move.state == "posted"):
            self.assertAlmostEqual(sum(move.line_ids.mapped("balance")), 0.0, 6)
            self.assertAlmostEqual(
                sum(move.line_ids.mapped("debit")), sum(move.line_ids.mapped("credit")), 6
            )
            if case.dated:
                self.assertEqual(str(move.date), case.dated)
        receivable = moves.line_ids.filtered(
            lambda row: (
                row.account_id.account_type == "asset_receivable" and row.parent_state == "posted"
            )
        )
        self.assertAlmostEqual(sum(receivable.mapped("amount_residual")), case.owed, 2)
        if not case.owed:
            self.assertTrue(all(receivable.mapped("reconciled")), "an item is open")
        invoices = moves.filtered("stripe_invoice_id").sorted("id")
        if case.state:
            self.assertEqual(invoices[-1].payment_state, case.state)
        drafts = moves.filtered("stripe_booking_error")
        self.assertEqual(bool(drafts), bool(case.draft))
        for move in drafts:
            self.assertEqual(move.state, "draft")
            self.assertRegex(move.stripe_booking_error, case.draft)
        for payout in self.env["stripe.payout"].search([]):
            self.assertAlmostEqual(payout.clearing_difference, case.difference, 2)

    def prove(self, latest):
        """Compare both sides of the proof, document by document."""
        job = self.env["stripe.job"].create({"provider_id": self.provider.id, "kind": "proof"})
        span = stripe_proof.Span(date(2025, 1, 1), date(2099, 12, 31), self.company.partner_id.tz)
        for (kind, _stripe_id), obj in latest.items():
            for part_kind, part in self.documents(kind, obj, latest):
                for record in job._find_documents(
                    part_kind, [(DOCUMENTS[part_kind][1], "=", part["id"])]
                ).values():
                    here = getattr(job, f"_get_here_{part_kind}")(record, span)
                    there = getattr(stripe_proof, part_kind)(part, span)
                    self.assertEqual(here, there, f"{part_kind} {part['id']}")
            for part in obj.get("balance_transactions", ()) if kind == "payout" else ():
                record = self.env["stripe.balance.transaction"]._stripe_find(
                    self.provider, [part["id"]]
                )
                if record.payout_id.stripe_id == obj["id"] and "payout" not in part["type"]:
                    here = job._get_here_movement(record, obj["id"])
                    self.assertEqual(here, stripe_proof.movement(part, obj["id"]), part["id"])

    @staticmethod
    def documents(kind, obj, latest):
        """What an object tells of, as the lists of the proof have it."""
        found = [(kind, obj)] if kind in ("invoice", "refund", "payout") else []
        if kind == "invoice":
            found += [("invoice_payment", part) for part in obj["payments"]["data"]]
        elif kind == "credit_note":
            invoice = latest.get(("invoice", obj["invoice"]), {"status": "open"})
            found.append((kind, {**obj, "invoice": invoice}))
        elif kind in ("dispute", "payout"):
            found += [("balance_transaction", part) for part in obj["balance_transactions"]]
        elif kind == "charge" and obj["balance_transaction"]:
            found.append(("balance_transaction", obj["balance_transaction"]))
        return found

    # === READING === #

    def moves(self, newest):
        return self.env["account.move"].search(
            [("id", ">", newest), ("company_id", "=", self.company.id)]
        )

    def posted_lines(self, newest):
        """The journal items that are not of nothing."""
        return (
            self.moves(newest)
            .filtered(lambda move: move.state == "posted")
            .line_ids.filtered(lambda row: row.amount_currency or row.balance)
        )

    def entries(self, newest):
        """The posted entries in the words of the table, sorted."""
        rows = self.posted_lines(newest).grouped("move_id")
        roles = self.roles()
        posted = self.moves(newest).filtered(lambda move: move.state == "posted")
        return sorted(
            self.write_entry(
                self.kind(move),
                [
                    (self.role(row, roles), row.amount_currency, row.currency_id.name, row.balance)
                    for row in rows.get(move, ())
                ],
            )
            for move in posted
        )

    def sums(self, newest):
        """The dollars on accounts by role; those of nothing are left out."""
        roles, sums = self.roles(), {}
        for row in self.posted_lines(newest):
            role = self.role(row, roles)
            sums[role] = round(sums.get(role, 0) + row.balance, 2)
        return {role: amount for role, amount in sums.items() if amount}

    def roles(self):
        # Only those that are there: the addon makes an account when it first needs it.
        roles = {self.provider[f"stripe_billing_{role}_account_id"]: role for role in ROLES}
        roles[self.company.income_currency_exchange_account_id] = "gain"
        roles[self.company.expense_currency_exchange_account_id] = "drop"
        return roles

    def role(self, row, roles):
        """What a journal item is in the words of the table."""
        if row.tax_line_id:
            return f"tax{self.tax_name(row.tax_line_id)}"
        names = {"asset_receivable": "receivable", "income": "income"}
        name = roles.get(row.account_id) or names.get(row.account_id.account_type)
        taxes = sorted(map(self.tax_name, row.tax_ids))
        return "+".join([name or row.account_id.display_name, *taxes])

    @staticmethod
    def tax_name(tax):
        return f"{tax.amount:g}{'i' if tax.price_include else ''}"

    def kind(self, move):
        """What an entry is in the words of the table."""
        if move.journal_id == self.company.currency_exchange_journal_id:
            return "exchange"
        if payment := move.origin_payment_id:
            return "payment" if payment.payment_type == "inbound" else "refund"
        return {"out_invoice": "invoice", "out_refund": "credit"}.get(move.move_type, "entry")

    @staticmethod
    def write_entry(kind, lines):
        """An entry as text in which equal entries are equal."""
        texts = [
            f"{role} {amount:.3f} {currency} {balance:.2f}".replace("-0.000 ", "0.000 ")
            for role, amount, currency, balance in lines
        ]
        return f"{kind}: {', '.join(sorted(texts))}"

    def read_entry(self, text):
        """The same of an entry of the table."""
        kind, _colon, rest = text.partition(":")
        lines = []
        for part in filter(None, map(str.strip, rest.split(","))):
            found = re.fullmatch(r"(\S+) (-?[\d.]+)(?: ([A-Z]{3}) (-?[\d.]+))?", part)
            role, amount, currency, balance = found.groups()
            lines.append((role, float(amount), currency or "USD", float(balance or amount)))
        self.assertAlmostEqual(sum(row[3] for row in lines), 0.0, 6, f"{text} is not balanced")
        return self.write_entry(kind, lines)


@tagged("post_install", "-at_install")
class TestLedgerTable(LedgerTableCommon, TransactionCase):
    """Each case of the table is booked as an accountant expects, once."""

    takes_long = True

    maxDiff = None


def add_tests(cases):
    """Give the class one test for each case."""
    for case in cases:

        def test(self, case=case):
            self.check(case)

        name = f"test_{case.name}"
        assert not hasattr(TestLedgerTable, name), f"two cases are called {case.name}"
        test.__name__ = name
        test.__doc__ = case.known_defect or None
        setattr(
            TestLedgerTable, name, unittest.expectedFailure(test) if case.known_defect else test
        )


add_tests(CASES)
