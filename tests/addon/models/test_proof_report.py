import io

import openpyxl
from odoo.addons.stripe_subscriptions.report import proof_xlsx
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from tests.addon.proof_common import ProofCommon


@tagged("post_install", "-at_install")
class TestProofReport(ProofCommon, HttpCase):
    """The report to look at and to take away."""

    def test_spreadsheet(self):
        self.move_of(self.taxed).line_ids.remove_move_reconcile()
        self.move_of(self.taxed).button_draft()
        self.prove()
        content = proof_xlsx.workbook(self.env["stripe.proof.line"].search([]))
        book = openpyxl.load_workbook(io.BytesIO(content))
        months, payouts, documents = book.worksheets
        self.assertEqual(months.freeze_panes, "A2")
        self.assertEqual(months["E1"].value, "At Stripe")
        formats = {row[2].value: row[4].number_format for row in months.iter_rows(min_row=2)}
        self.assertEqual(formats["JPY"], "#,##0")
        self.assertEqual(formats["KWD"], "#,##0.000")
        self.assertEqual(formats["EUR"], "#,##0.00")
        rows = {(row[2], row[3]): row[4:7] for row in months.iter_rows(min_row=2, values_only=True)}
        self.assertEqual(rows["EUR", "Invoiced"], (71.36, 0, -71.36))
        self.assertEqual(payouts.max_row, 1)
        keys = {row[0] for row in documents.iter_rows(min_row=2, values_only=True)}
        self.assertEqual(keys, {self.taxed.latest_invoice})

    def test_groups_without_senseless_sums(self):
        self.prove()
        lines = self.env["stripe.proof.line"]
        sums = ["there:sum", "differing_count:sum"]
        [month] = lines.formatted_read_group([], ["period"], sums)
        self.assertEqual((month["there:sum"], month["differing_count:sum"]), (False, 0))
        domain = [("currency_id.name", "=", "USD")]
        found = lines.formatted_read_grouping_sets(domain, [[], ["measure"]], sums)
        self.assertFalse(found[0][0]["there:sum"])
        self.assertIn(("invoiced", 40.0), [(g["measure"], g["there:sum"]) for g in found[1]])

    def test_who_may_see_it(self):
        self.prove()
        lines = self.env["stripe.proof.line"]
        for group in (
            "account.group_account_readonly",
            "account.group_account_invoice",
            "stripe_subscriptions.group_stripe_subscriptions_user_all",
        ):
            user = new_test_user(self.env, f"user of {group}", groups=group)
            mine = lines.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
            self.assertTrue(mine.search([]), group)
            self.assertFalse(mine.has_access("write"))
        # Figures of the whole account are not for those who see their own subscriptions only.
        for group in ("base.group_user", "stripe_subscriptions.group_stripe_subscriptions_user"):
            user = new_test_user(self.env, f"no reader, {group}", groups=group)
            with self.assertRaises(AccessError):
                lines.with_user(user).search([])

    def test_download(self):
        self.prove()
        chief = new_test_user(
            self.env,
            "chief of proofs",
            groups="stripe_subscriptions.group_stripe_subscriptions_manager",
        )
        line = self.line("USD", "invoiced")
        self.authenticate(chief.login, chief.login)
        for url in ("/stripe_subscriptions/proof.xlsx", line.action_export()["url"]):
            answer = self.url_open(url)
            self.assertEqual(answer.status_code, 200)
            book = openpyxl.load_workbook(io.BytesIO(answer.content))
            self.assertGreater(book.worksheets[0].max_row, 1)
        self.assertEqual(book.worksheets[0].max_row, 2)
        answer = self.url_open("/stripe_subscriptions/proof.xlsx?ids=" + "9" * 4400)
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        self.assertEqual(book.worksheets[0].max_row, 1)
        employee = new_test_user(self.env, "employee without", groups="base.group_user")
        self.authenticate(employee.login, employee.login)
        self.assertEqual(self.url_open("/stripe_subscriptions/proof.xlsx").status_code, 403)
