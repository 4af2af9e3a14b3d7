from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon
from tests.addon.stripe_objects import line, tax


@tagged("post_install", "-at_install")
class TestTaxMapping(StripeCommon, TransactionCase):
    """What is suggested for a tax rate, what is beyond doubt, and what contradicts."""

    def setUp(self):
        super().setUp()
        self.country = self.company.account_fiscal_country_id
        self.france = self.env.ref("base.fr")
        # Odd percentages, so that the taxes of the chart of accounts do not fit.
        self.plain = self.make_odoo_tax("Plain", 8.25)

    def make_odoo_tax(self, name, amount, included=False, **values):
        return self.env["account.tax"].create(
            {
                "name": name,
                "amount": amount,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "price_include_override": "tax_included" if included else "tax_excluded",
                "company_id": self.company.id,
                **values,
            }
        )

    def make_position(self, country, **values):
        return self.env["account.fiscal.position"].create(
            {
                "name": country.name,
                "country_id": country.id,
                "company_id": self.company.id,
                **values,
            }
        )

    def make_rate(self, percentage, inclusive=False, **values):
        obj = stripe_objects.tax_rate(percentage, inclusive, **values)
        return self.env["stripe.tax.rate"]._stripe_apply(self.provider, [obj])

    # === WHAT IS BEYOND DOUBT === #

    def test_the_only_tax_is_taken(self):
        rate = self.make_rate(8.25)
        self.assertRecordValues(
            rate, [{"tax_id": self.plain.id, "mapping": "mapped", "is_auto_mapped": True}]
        )
        self.assertIn("Mapped by itself", rate.remark)
        self.make_odoo_tax("Other", 9.25)
        rate.tax_id = self.env["account.tax"].search([("name", "=", "Other")])
        self.assertFalse(rate.is_auto_mapped, "a person has chosen")

    def test_what_differs_is_not_taken(self):
        self.make_odoo_tax("Archived", 8.5, active=False)
        for values in (
            {"percentage": 8.26},
            {"percentage": 8.25, "inclusive": True},
            {"percentage": 8.25, "country": "FR"},
            {"percentage": 8.5},
        ):
            rate = self.make_rate(**values)
            self.assertFalse(rate.tax_id, values)
            self.assertFalse(rate.suggested_tax_id, values)
            self.assertEqual(rate.mapping, "unmapped")
            self.assertIn("No tax fits", rate.remark)

    def test_purchase_and_fixed_taxes_do_not_fit(self):
        self.plain.active = False
        self.make_odoo_tax("Bought", 8.25, type_tax_use="purchase")
        self.make_odoo_tax("Fixed", 8.25, amount_type="fixed")
        self.assertFalse(self.make_rate(8.25).candidate_tax_ids)

    def test_several_are_suggested_and_none_taken(self):
        service = self.make_odoo_tax("Service", 8.25, tax_scope="service")
        goods = self.make_odoo_tax("Goods", 8.25, tax_scope="consu", sequence=0)
        self.plain.active = False
        rate = self.make_rate(8.25)
        self.assertFalse(rate.tax_id)
        self.assertEqual(rate.candidate_tax_ids, service | goods)
        self.assertEqual(rate.suggested_tax_id, service)
        self.assertIn("2 taxes fit: Service, Goods", rate.remark)

    def test_default_tax_is_suggested_first(self):
        other = self.make_odoo_tax("First by order", 8.25, sequence=-1)
        rate = self.make_rate(8.25)
        self.assertEqual(rate.suggested_tax_id, other)
        self.company.account_sale_tax_id = self.plain
        rate.invalidate_recordset()
        self.assertEqual(rate.suggested_tax_id, self.plain)

    def test_nothing_is_not_taken_by_itself(self):
        """Not taxed may be exempt, exported or reverse charge: a person knows."""
        zero = self.make_odoo_tax("Zero", 0.0)
        self.env["account.tax"].search(
            [("amount", "=", 0), ("type_tax_use", "=", "sale"), ("id", "!=", zero.id)]
        ).active = False
        rate = self.make_rate(0.0)
        self.assertFalse(rate.tax_id)
        self.assertEqual(rate.suggested_tax_id, zero)

    def test_tax_of_a_fiscal_position_is_for_its_country(self):
        """Sales to consumers abroad have taxes of the own country, mapped by a fiscal position."""
        self.make_odoo_tax(
            "OSS",
            8.75,
            fiscal_position_ids=[Command.set(self.make_position(self.france).ids)],
        )
        here = self.make_rate(8.75, country=self.country.code)
        there = self.make_rate(8.75, country="FR")
        self.assertFalse(here.suggested_tax_id)
        self.assertEqual(there.suggested_tax_id.name, "OSS")
        self.assertIn("it is for France", there.remark)
        self.assertFalse(there.tax_id, "not an ordinary tax: not without a person")

    def test_tax_of_an_unknown_country(self):
        """A rate without a country may be that of any."""
        self.make_odoo_tax(
            "OSS",
            8.25,
            fiscal_position_ids=[Command.set(self.make_position(self.france).ids)],
        )
        rate = self.make_rate(8.25)
        self.assertFalse(rate.tax_id)
        self.assertEqual(rate.suggested_tax_id, self.plain)
        self.assertEqual(self.make_rate(8.25, country=self.country.code).tax_id, self.plain)

    def test_fixed_amount(self):
        self.make_odoo_tax("Nothing", 0.0)
        rate = self.make_rate(
            0.0, rate_type="flat_amount", flat_amount={"amount": 28, "currency": "usd"}
        )
        self.assertFalse(rate.suggested_tax_id)
        self.assertIn("fixed amount", rate.remark)
        self.assertNotIn("%", rate.display_name)
        rate.tax_id = self.plain
        self.assertEqual(rate.mapping, "mapped")

    # === WHAT CONTRADICTS === #

    def test_contradictions_are_shown(self):
        rate = self.make_rate(8.25, country=self.country.code)
        foreign = self.make_odoo_tax(
            "Foreign",
            8.25,
            fiscal_position_ids=[Command.set(self.make_position(self.france).ids)],
        )
        for chosen, word in (
            (self.make_odoo_tax("More", 9.0), "9% in Odoo, 8.25% at Stripe"),
            (self.make_odoo_tax("In", 8.25, True), "Included in the price in Odoo"),
            (foreign, "for France, the rate for"),
        ):
            rate.tax_id = chosen
            self.assertEqual(rate.mapping, "contradicts", chosen.name)
            self.assertIn(word, rate.remark)
        rate.tax_id = self.plain
        self.assertRecordValues(rate, [{"mapping": "mapped", "remark": False}])

    def test_contradiction_comes_up_later(self):
        rate = self.make_rate(8.25)
        self.plain.amount = 8.5
        self.assertEqual(rate.mapping, "contradicts")
        self.plain.amount = 8.25
        self.assertEqual(rate.mapping, "mapped")
        self.plain.price_include_override = "tax_included"
        self.assertEqual(rate.mapping, "contradicts")
        self.plain.price_include_override = "tax_excluded"
        self.plain.active = False
        self.assertIn("archived", rate.remark)
        self.assertEqual(
            self.env["stripe.tax.rate"].search([("mapping", "=", "contradicts")]), rate
        )

    def test_amounts_stay_those_of_stripe(self):
        """A wrong tax changes the report of taxes, never what is owed."""
        for rate_inclusive in (False, True):
            for tax_included in (False, True):
                rate = self.make_rate(8.0, rate_inclusive)
                rate.tax_id = self.make_odoo_tax(
                    f"Wrong {rate_inclusive} {tax_included}", 9.0, tax_included
                )
                taxes = [tax(rate.stripe_id, 148, 1852 if rate_inclusive else 2000, rate_inclusive)]
                move = self.book(
                    stripe_objects.invoice(self.customer.stripe_id, [line(2000, taxes=taxes)])
                )
                total = 20.0 if rate_inclusive else 21.48
                self.assertRecordValues(
                    move, [{"state": "posted", "amount_tax": 1.48, "amount_total": total}]
                )

    # === CHOOSING === #

    def test_accept(self):
        self.make_odoo_tax("Twin", 8.25)
        rates = self.make_rate(8.25) | self.make_rate(7.77) | self.make_rate(8.25, True)
        self.assertFalse(rates.tax_id)
        answer = rates.action_accept_suggestion()
        self.assertEqual(rates[0].tax_id, self.plain)
        self.assertFalse((rates - rates[0]).tax_id)
        self.assertIn("7.77%", answer["params"]["message"])
        self.assertFalse(rates[0].action_accept_suggestion())

    def test_create(self):
        rate = self.make_rate(7.77, True)
        answer = rate.action_create_tax()
        created = rate.tax_id
        self.assertRecordValues(
            created, [{"amount": 7.77, "price_include": True, "country_id": self.country.id}]
        )
        self.assertEqual(rate.mapping, "mapped")
        self.assertEqual(answer["params"]["links"][0]["url"], f"/odoo/taxes/{created.id}")
        self.assertEqual(
            created.invoice_repartition_line_ids.account_id,
            self.company.account_sale_tax_id.invoice_repartition_line_ids.account_id,
        )
        with self.assertRaises(UserError):
            rate.action_create_tax()
        # A second rate of the same name gets a tax with another name.
        twin = self.make_rate(7.77, True)
        twin.tax_id = False
        twin.action_create_tax()
        self.assertNotEqual(twin.tax_id, created)

    def test_created_tax_has_no_grids_of_another_percentage(self):
        grid = self.env["account.account.tag"].create(
            {"name": "03", "applicability": "taxes", "country_id": self.country.id}
        )
        default = self.company.account_sale_tax_id
        default.invoice_repartition_line_ids.tag_ids = grid
        other = self.make_rate(default.amount + 0.5)
        other.action_create_tax()
        self.assertFalse(other.tax_id.invoice_repartition_line_ids.tag_ids)
        same = self.make_rate(default.amount, not default.price_include)
        same.action_create_tax()
        self.assertEqual(same.tax_id.invoice_repartition_line_ids.tag_ids, grid)

    def test_created_tax_of_another_country(self):
        self.assertEqual(self.created_for("FR").country_id, self.country)
        self.make_position(self.france, foreign_vat="FR23334175221")
        created = self.created_for("FR")
        self.assertEqual((created.country_id, created.tax_group_id.country_id), (self.france,) * 2)

    def created_for(self, country):
        rate = self.make_rate(20.0, country=country)
        rate.action_create_tax()
        return rate.tax_id

    def test_waiting_events(self):
        rate = self.make_rate(7.77)
        event = self.env["stripe.event"].create(
            {
                "stripe_id": "evt_waits",
                "provider_id": self.provider.id,
                "event_type": "invoice.paid",
                "waits_for": f"stripe.tax.rate,{rate.id}",
            }
        )
        self.assertEqual(rate.waiting_event_count, 1)
        self.assertEqual(
            self.env["stripe.event"].search(rate.action_waiting_events()["domain"]), event
        )
        rate.tax_id = self.plain
        rate.invalidate_recordset()
        self.assertEqual(rate.waiting_event_count, 0)
        self.assertFalse(event.waits_for)

    # === WHO === #

    def test_accountants_map(self):
        rate = self.make_rate(7.77)
        rate.activity_schedule(
            "mail.mail_activity_data_warning", user_id=self.env.ref("base.user_admin").id
        )
        clerk = new_test_user(self.env, "clerk", groups="account.group_account_invoice")
        accountant = new_test_user(self.env, "books", groups="account.group_account_manager")
        with self.assertRaises(AccessError):
            rate.with_user(clerk).tax_id = self.plain
        rate.with_user(accountant).action_create_tax()
        self.assertEqual(rate.tax_id.amount, 7.77)
        self.assertFalse(rate.activity_ids)
