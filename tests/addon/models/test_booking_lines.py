from contextlib import nullcontext
from datetime import UTC, datetime
from unittest.mock import patch

from odoo import Command
from odoo.addons.stripe_subscriptions.models.account_move_batch import AccountMove
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon
from tests.addon.stripe_objects import line, new_id, tax

MARCH = int(datetime(2026, 3, 3, 12, tzinfo=UTC).timestamp())
APRIL = int(datetime(2026, 4, 3, 12, tzinfo=UTC).timestamp())


@tagged("post_install", "-at_install")
class TestBookingLines(StripeCommon, TransactionCase):
    """To which accounts the lines of an invoice go, by which fiscal position, and what they are called."""

    def setUp(self):
        super().setUp()
        self.obj, self.price = self.make_price()
        self.product = self.price.product_id
        self.income = self.make_account("Income of the product", "400901")

    def make_account(self, name, code, kind="income"):
        return self.env["account.account"].create(
            {"name": name, "code": code, "account_type": kind}
        )

    def make_position(self, **values):
        return self.env["account.fiscal.position"].create(
            {"name": "Abroad", "company_id": self.company.id, **values}
        )

    def make_odoo_tax(self, name, amount, **values):
        return self.env["account.tax"].create(
            {"name": name, "amount": amount, "price_include_override": "tax_excluded", **values}
        )

    def planned(self, amount=2000, price=None, **values):
        """A line of the plan."""
        details = {"price": price or self.obj["id"], "product": self.price.stripe_product}
        return line(amount, pricing={"price_details": details}, **values)

    def invoice(self, *lines, **values):
        return self.book(stripe_objects.invoice(self.customer.stripe_id, list(lines), **values))

    # === TAXES === #

    def test_two_rates_in_the_price(self):
        """Both count in the company's currency too, of which Odoo would forget one."""
        rates = [self.make_tax(20, inclusive=True), self.make_tax(10, inclusive=True)]
        taxes = [
            tax(rate, amount, 1538, inclusive=True)
            for rate, amount in zip(rates, (308, 154), strict=True)
        ]
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids.unlink()
        euro.rate_ids = [Command.create({"name": "2020-01-01", "rate": 0.5})]
        for currency, factor in (("usd", 1), ("eur", 2)):
            with self.subTest(currency=currency):
                move = self.invoice(line(2000, taxes=taxes), currency=currency)
                self.assertRecordValues(
                    move,
                    [{"state": "posted", "amount_total": 20.0, "amount_untaxed": 15.38}],
                )
                self.assertEqual(
                    sorted(row.balance for row in move.line_ids),
                    [amount * factor for amount in (-15.38, -3.08, -1.54, 20.0)],
                )
                self.assertEqual(move.payment_state, "paid")
                self.assertFalse(move.line_ids.matched_credit_ids.exchange_move_id)

    def test_nothing_is_due_in_any_currency(self):
        """Lines that are nothing together leave no rest in the company's currency, however they are made."""
        yen = self.env.ref("base.JPY")
        yen.active = True
        yen.rate_ids.unlink()
        yen.rate_ids = [Command.create({"name": "2020-01-01", "rate": 150.0})]
        own_way = patch.object(AccountMove, "_stripe_may_create_lines", lambda _self, _vals: False)
        for way in (nullcontext(), own_way):
            with self.subTest(way=way), way:
                move = self.invoice(line(2), line(-1), line(-1), currency="jpy")
                self.assertRecordValues(
                    move, [{"state": "posted", "payment_state": "paid", "amount_total": 0.0}]
                )
                self.assertEqual(
                    sorted(row.balance for row in move.line_ids), [-0.02, 0.0, 0.01, 0.01]
                )
                self.assertTrue(move.line_ids.filtered("date_maturity").reconciled)

    # === ACCOUNTS === #

    def test_account_of_the_product(self):
        self.product.property_account_income_id = self.income
        self.assertEqual(self.invoice(self.planned()).invoice_line_ids.account_id, self.income)

    def test_account_of_the_category(self):
        category = self.env["product.category"].create(
            {"name": "Plans", "property_account_income_categ_id": self.income.id}
        )
        self.product.categ_id = category
        self.assertEqual(self.invoice(self.planned()).invoice_line_ids.account_id, self.income)

    def test_one_time_price_of_the_same_product(self):
        """Setup fees have prices that are no plans; their product says where they go."""
        self.product.property_account_income_id = self.income
        booked = self.invoice(self.planned(price=new_id("price"))).invoice_line_ids
        self.assertRecordValues(
            booked, [{"product_id": self.product.id, "account_id": self.income.id}]
        )

    def test_oldest_plan_decides_for_the_product(self):
        other = self.env["product.product"].create({"name": "Other"})
        obj, price = self.make_price(product={"id": self.price.stripe_product, "name": "Team"})
        price.product_id = other
        move = self.invoice(
            self.planned(), self.planned(price=obj["id"]), self.planned(price=new_id("price"))
        )
        self.assertEqual(
            [row.product_id for row in move.invoice_line_ids], [self.product, other, self.product]
        )

    def test_what_has_no_product(self):
        journal_account = self.provider._stripe_billing_ensure_journal().default_account_id
        booked = self.invoice(line(500, description="Setup")).invoice_line_ids
        self.assertRecordValues(
            booked, [{"product_id": False, "account_id": journal_account.id, "name": "Setup"}]
        )

    # === ANALYTIC === #

    def test_analytic_distribution(self):
        plan = self.env["account.analytic.plan"].create({"name": "Products"})
        accounts = self.env["account.analytic.account"].create(
            [{"name": name, "plan_id": plan.id} for name in ("Team", "Buyer", "Income")]
        )
        by_product, by_partner, by_account = accounts
        model = self.env["account.analytic.distribution.model"]
        model.create({"account_prefix": "4009", "analytic_distribution": {by_account.id: 100}})
        self.product.property_account_income_id = self.income
        self.assertEqual(self.analytic(self.planned()), {str(by_account.id): 100})
        model.search([]).unlink()
        model.create({"partner_id": self.partner.id, "analytic_distribution": {by_partner.id: 100}})
        self.assertEqual(self.analytic(self.planned()), {str(by_partner.id): 100})
        model.search([]).unlink()
        model.create({"product_id": self.product.id, "analytic_distribution": {by_product.id: 60}})
        self.assertEqual(self.analytic(self.planned()), {str(by_product.id): 60})
        self.assertFalse(self.analytic(line(500)))

    def analytic(self, *lines):
        return self.invoice(*lines).invoice_line_ids.analytic_distribution

    # === FISCAL POSITIONS === #

    def test_fiscal_position_maps_accounts(self):
        abroad = self.make_account("Income abroad", "400902")
        debtors = self.make_account("Debtors abroad", "121901", "asset_receivable")
        receivable = self.partner.property_account_receivable_id
        self.product.property_account_income_id = self.income
        self.partner.property_account_position_id = self.make_position(
            account_ids=[
                Command.create({"account_src_id": source.id, "account_dest_id": target.id})
                for source, target in ((self.income, abroad), (receivable, debtors))
            ]
        )
        move = self.invoice(self.planned())
        self.assertEqual(move.invoice_line_ids.account_id, abroad)
        self.assertEqual(move.payment_state, "paid")
        self.assertEqual((move.line_ids - move.invoice_line_ids).account_id, debtors)

    def test_fiscal_position_maps_no_taxes(self):
        rate = self.make_tax(7.77)
        used = self.env["stripe.tax.rate"].search([("stripe_id", "=", rate)]).tax_id
        position = self.make_position()
        self.make_odoo_tax(
            "Nothing",
            0.0,
            fiscal_position_ids=[Command.set(position.ids)],
            original_tax_ids=[Command.set(used.ids)],
        )
        self.assertEqual(position.map_tax(used).amount, 0.0)
        self.partner.property_account_position_id = position
        move = self.invoice(self.planned(taxes=[tax(rate, 155, 2000)]))
        self.assertRecordValues(
            move, [{"fiscal_position_id": position.id, "amount_tax": 1.55, "amount_total": 21.55}]
        )
        self.assertEqual(move.invoice_line_ids.tax_ids, used)

    def test_taxes_of_the_product_are_left_out(self):
        self.product.taxes_id = self.company.account_sale_tax_id
        move = self.invoice(self.planned(taxes=[]), line(500))
        self.assertFalse(move.invoice_line_ids.tax_ids)
        self.assertEqual(move.amount_total, 25.0)

    # === TAXES OF OTHER COUNTRIES === #

    def foreign_rate(self, country):
        """A rate that is booked in a tax of a country."""
        rate = self.make_tax(7.77)
        group = self.env["account.tax.group"].create(
            {"name": country.name, "country_id": country.id, "company_id": self.company.id}
        )
        self.env["stripe.tax.rate"].search([("stripe_id", "=", rate)]).tax_id = self.make_odoo_tax(
            f"Tax of {country.name}", 7.77, country_id=country.id, tax_group_id=group.id
        )
        return rate

    def test_tax_of_a_country_without_tax_number(self):
        france = self.env.ref("base.fr")
        rate = self.foreign_rate(france)
        with self.assertRaisesRegex(UserError, "fiscal position of that country"):
            self.invoice(line(2000, taxes=[tax(rate, 155, 2000)]))
        position = self.make_position(country_id=france.id, foreign_vat="FR23334175221")
        move = self.invoice(line(2000, taxes=[tax(rate, 155, 2000)]))
        self.assertRecordValues(
            move,
            [{"state": "posted", "fiscal_position_id": position.id, "amount_total": 21.55}],
        )

    def test_tax_of_the_own_country_to_a_customer_abroad(self):
        """Odoo's position would ask for French taxes; Stripe has charged that of the company."""
        france = self.env.ref("base.fr")
        position = self.make_position(
            country_id=france.id, foreign_vat="FR23334175221", auto_apply=True
        )
        self.partner.country_id = france
        rate = self.make_tax(6.66)
        self.assertEqual(self.invoice(line(2000)).fiscal_position_id, position)
        move = self.invoice(line(2000, taxes=[tax(rate, 133, 2000)]))
        self.assertRecordValues(move, [{"state": "posted", "amount_total": 21.33}])
        self.assertNotEqual(move.fiscal_position_id, position)
        french = self.foreign_rate(france)
        move = self.invoice(line(2000, taxes=[tax(french, 155, 2000)]))
        self.assertRecordValues(move, [{"state": "posted", "fiscal_position_id": position.id}])

    def test_taxes_of_two_countries(self):
        own, french = self.make_tax(6.66), self.foreign_rate(self.env.ref("base.fr"))
        with self.assertRaisesRegex(UserError, "taxes of one country"):
            self.invoice(
                line(2000, taxes=[tax(own, 133, 2000)]), line(2000, taxes=[tax(french, 155, 2000)])
            )

    # === TEXTS === #

    def test_period(self):
        period = {"start": MARCH, "end": APRIL}
        move = self.invoice(
            line(2000, period=period), line(500, period={"start": MARCH, "end": MARCH})
        )
        self.assertEqual(
            move.invoice_line_ids.mapped("name"), ["Plan\n03/03/2026 – 04/03/2026", "Plan"]
        )

    def test_period_in_the_time_zone_of_the_company(self):
        self.company.partner_id.tz = "Asia/Tokyo"
        midnight = MARCH - 12 * 3600
        move = self.invoice(line(2000, period={"start": midnight - 9 * 3600, "end": APRIL}))
        self.assertIn("03/03/2026 –", move.invoice_line_ids.name)

    def test_period_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        move = self.invoice(line(2000, period={"start": MARCH, "end": MARCH + 20 * 86400}))
        self.assertEqual(move.invoice_line_ids.name, "Plan\n03/03/2026 – 23/03/2026")

    def test_discounts_are_visible(self):
        """As a percentage where that gives Stripe's amount, in words where none does."""
        move = self.invoice(
            line(2000, discounts=[500]), line(123456, discounts=[500]), line(2000, discounts=[300])
        )
        self.assertRecordValues(
            move.invoice_line_ids,
            [
                {"price_unit": 20.0, "discount": 25.0, "price_subtotal": 15.0},
                {"price_unit": 1229.56, "discount": 0.0, "price_subtotal": 1229.56},
                {"price_unit": 20.0, "discount": 15.0, "price_subtotal": 17.0},
            ],
        )
        plain, odd, _other = move.invoice_line_ids.mapped("name")
        self.assertEqual(plain, "Plan")
        self.assertEqual(
            odd, "Plan\n$\N{NO-BREAK SPACE}1,234.56 less a discount of $\N{NO-BREAK SPACE}5.00"
        )

    # === CREDIT NOTES === #

    def test_credit_note_goes_where_the_invoice_went(self):
        abroad = self.make_account("Income abroad", "400902")
        self.product.property_account_income_id = self.income
        position = self.make_position(
            account_ids=[
                Command.create({"account_src_id": self.income.id, "account_dest_id": abroad.id})
            ]
        )
        self.partner.property_account_position_id = position
        obj = stripe_objects.invoice(
            self.customer.stripe_id,
            [
                self.planned(description="Team", period={"start": MARCH, "end": APRIL}),
                line(500, description="Setup"),
            ],
        )
        invoice = self.book(obj)
        # Decided otherwise meanwhile: the invoice counts.
        self.partner.property_account_position_id = False
        credited = [line(1000, description="Team")]
        note = self.env["stripe.credit.note"]._stripe_apply(
            self.provider,
            [
                {
                    "id": new_id("cn"),
                    "object": "credit_note",
                    "created": APRIL,
                    "currency": "usd",
                    "customer": self.customer.stripe_id,
                    "customer_balance_transaction": None,
                    "effective_at": APRIL,
                    "invoice": obj["id"],
                    "lines": {"object": "list", "data": credited, "has_more": False},
                    "livemode": False,
                    "number": "CN-1",
                    "out_of_band_amount": 1000,
                    "post_payment_amount": 1000,
                    "pre_payment_amount": 0,
                    "refunds": [],
                    "status": "issued",
                    "total": 1000,
                    "total_taxes": [],
                }
            ],
        )
        self.assertEqual(note.fiscal_position_id, invoice.fiscal_position_id)
        self.assertRecordValues(
            note.invoice_line_ids, [{"product_id": self.product.id, "account_id": abroad.id}]
        )
