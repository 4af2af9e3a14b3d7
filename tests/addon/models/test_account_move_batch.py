import copy
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon
from tests.addon.stripe_objects import NOW, line, tax

DAY = 86400
# What no two documents have in common, or what only says when and by whom.
OWN_FIELDS = {"create_date", "write_date", "id", "access_token", "stripe_fetched_at"}
OWN_LINE_FIELDS = OWN_FIELDS | {"move_id", "full_reconcile_id", "matching_number", "payment_id"}
OWN_MOVE_FIELDS = OWN_FIELDS | {"line_ids", "invoice_line_ids", "origin_payment_id"}


def stored(records, without):
    """What the database has of records: a dictionary of each."""
    names = [
        name
        for name, field in records._fields.items()
        if field.store and name not in without and field.type != "one2many"
    ]
    return [
        {
            name: sorted(value.ids) if hasattr(value := record[name], "ids") else value
            for name in names
        }
        for record in records
    ]


class BatchCommon(StripeCommon):
    """Documents made together, beside the same made by Odoo one by one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider._stripe_billing_ensure_journal()
        cls.env["account.payment"]._get_stripe_payment_method_line(cls.provider)

    def assertSame(self, ours, odoos):
        """Compare two lists of dictionaries, and say which fields differ."""
        self.assertEqual(len(ours), len(odoos))
        differences = [
            (row["name"], name, value, other[name])
            for row, other in zip(ours, odoos, strict=True)
            for name, value in row.items()
            if value != other[name]
        ]
        self.assertEqual(differences, [])

    def read(self, moves):
        """The values of moves, and of their lines in an order that does not rest on ids."""
        self.env.flush_all()
        self.env.invalidate_all()
        lines = []
        for move in moves:
            rows = stored(move.line_ids, OWN_LINE_FIELDS)
            key = ("sequence", "display_type", "tax_repartition_line_id", "name", "balance")
            lines += sorted(rows, key=lambda row: [str(row[name]) for name in key])
        return stored(moves, OWN_MOVE_FIELDS) + lines

    def invoice(self, *lines, **values):
        return stripe_objects.invoice(self.customer.stripe_id, list(lines), **values)


@tagged("post_install", "-at_install")
class TestLinesInBatch(BatchCommon, TransactionCase):
    """The lines of invoices that are made together are those that Odoo gives each of them."""

    def assertAsOdoo(self, *objects):
        """Book invoices together and by Odoo's ordinary `create`; compare drafts and posted moves."""
        model = type(self.env["account.move"])
        batch = model._stripe_create_invoices

        class Stop(Exception):
            pass

        made = []

        def keep(moves, vals_list):
            made.append((moves, vals_list))
            raise Stop

        with patch.object(model, "_stripe_create_invoices", keep), self.assertRaises(Stop):
            self.book(*objects)
        [(moves, vals_list)] = made
        seen = []
        for create in (batch, model.create):
            with self.env.cr.savepoint() as savepoint:
                created = create(moves, copy.deepcopy(vals_list))
                draft = self.read(created)
                created.action_post()
                seen.append((draft, self.read(created)))
                savepoint.rollback()
        for ours, odoos in zip(*seen, strict=True):
            self.assertSame(ours, odoos)
        self.assertTrue(moves._stripe_may_create_lines(vals_list))
        return created

    def tax_rate(self, percentage, inclusive=False, **values):
        """A rate whose Odoo tax has been changed; returns the id at Stripe."""
        rate_id = self.make_tax(percentage, inclusive)
        rate = self.env["stripe.tax.rate"]._stripe_find(self.provider, [rate_id])
        rate.tax_id = rate.tax_id.copy({"name": f"Test {percentage} {values}", **values})
        return rate_id

    def repartition(self, *parts, code="a"):
        """Lines of a tax: pairs of percentage and account, with tags that have a name of their own."""
        country = self.company.account_fiscal_country_id
        tags = self.env["account.account.tag"].create(
            [
                {"name": f"+{code}{n}", "applicability": "taxes", "country_id": country.id}
                for n in range(len(parts) + 1)
            ]
        )
        return [Command.clear()] + [
            Command.create(values)
            for document_type in ("invoice", "refund")
            for values in [
                {
                    "document_type": document_type,
                    "repartition_type": "base",
                    "tag_ids": [Command.set(tags[:1].ids)],
                },
                *(
                    {
                        "document_type": document_type,
                        "repartition_type": "tax",
                        "factor_percent": percent,
                        "account_id": account and account.id,
                        "tag_ids": [Command.set(tag.ids)],
                    }
                    for (percent, account), tag in zip(parts, tags[1:], strict=True)
                ),
            ]
        ]

    def account(self, code, account_type="liability_current", **values):
        return self.env["account.account"].create(
            {"code": code, "name": code, "account_type": account_type, **values}
        )

    def test_plain_and_empty(self):
        self.assertAsOdoo(
            self.invoice(line(6000, quantity=3)),
            self.invoice(line(0)),
            self.invoice(),
            self.invoice(line(5000, discounts=[500]), line(-1000), line(333, quantity=7)),
        )

    def test_taxes(self):
        state, city, inside = self.make_tax(6.25), self.make_tax(2.125), self.make_tax(15, True)
        self.assertAsOdoo(
            # 6.25 % of 99.99 would be 6.25.
            self.invoice(line(9999, taxes=[tax(state, 626, 9999)])),
            self.invoice(
                line(1000, taxes=[tax(state, 63, 1000), tax(city, 21, 1000)]),
                line(2000, taxes=[tax(state, 125, 2000)]),
                line(700),
            ),
            self.invoice(line(1000, taxes=[tax(inside, 131, 869, inclusive=True)])),
            self.invoice(line(1000, taxes=[tax(state, 0, 0)])),
        )

    def test_negative_total(self):
        rate = self.make_tax(20)
        self.assertAsOdoo(
            self.invoice(
                line(-5000, taxes=[tax(rate, -1000, -5000)]),
                line(2000, taxes=[tax(rate, 400, 2000)]),
            )
        )

    def test_other_currencies(self):
        self.env["res.currency.rate"].create(
            [
                {"currency_id": currency.id, "name": "2020-01-01", "rate": rate}
                for name, rate in (("EUR", 0.913), ("JPY", 151.37), ("KWD", 0.307))
                if (currency := self.env["res.currency"]._stripe_get(name.lower()))
            ]
        )
        rate = self.make_tax(19)
        for currency in ("eur", "jpy", "kwd"):
            self.assertAsOdoo(
                self.invoice(
                    *(line(333, taxes=[tax(rate, 63, 333)]) for _ in range(3)), currency=currency
                ),
                self.invoice(line(1), line(1), line(1, taxes=[tax(rate, 0, 1)]), currency=currency),
                self.invoice(line(1001, quantity=3, discounts=[77]), currency=currency),
            )

    def test_tags_and_shares(self):
        """A tax that is booked in shares, partly on the account of what is sold, with tags."""
        vat = self.account("299100")
        rate = self.tax_rate(
            18.0, repartition_line_ids=self.repartition((40, vat), (35, False), (25, vat))
        )
        self.assertAsOdoo(
            self.invoice(line(1001, taxes=[tax(rate, 180, 1001)]), line(7)),
            self.invoice(line(-1001, taxes=[tax(rate, -180, -1001)])),
        )

    def test_cash_basis(self):
        self.company.tax_exigibility = True
        transition = self.account("299200", reconcile=True)
        rate = self.tax_rate(
            17.0,
            tax_exigibility="on_payment",
            cash_basis_transition_account_id=transition.id,
            repartition_line_ids=self.repartition((100, self.account("299300"))),
        )
        self.assertAsOdoo(self.invoice(line(1000, taxes=[tax(rate, 170, 1000)]), line(100)))

    def test_tax_on_tax(self):
        first = self.tax_rate(
            5.0,
            include_base_amount=True,
            sequence=1,
            repartition_line_ids=self.repartition((100, False)),
        )
        second = self.tax_rate(
            9.975,
            is_base_affected=True,
            sequence=2,
            repartition_line_ids=self.repartition((100, False), code="b"),
        )
        taxes = [tax(first, 50, 1000), tax(second, 105, 1050)]
        self.assertAsOdoo(self.invoice(line(1000, taxes=taxes)))

    def test_products_and_fiscal_position(self):
        income, mapped = self.account("499100", "income"), self.account("499200", "income")
        receivable = self.account("199100", "asset_receivable", reconcile=True)
        tag = self.env["account.account.tag"].create({"name": "Goods", "applicability": "products"})
        obj, price = self.make_price()
        price.product_id.write(
            {"property_account_income_id": income.id, "account_tag_ids": [Command.set(tag.ids)]}
        )
        self.partner.property_account_position_id = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "account_ids": [
                    Command.create({"account_src_id": income.id, "account_dest_id": mapped.id})
                ],
            }
        )
        self.partner.property_account_receivable_id = receivable
        rate = self.make_tax(20)
        details = {"price_details": {"price": obj["id"]}}
        self.assertAsOdoo(
            self.invoice(line(2000, taxes=[tax(rate, 400, 2000)], pricing=details)),
            self.invoice(line(4100, quantity=2, pricing=details), line(100)),
        )

    def test_analytic_distribution(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create({"name": "A", "plan_id": plan.id})
        self.env["account.analytic.distribution.model"].create(
            {"partner_id": self.partner.id, "analytic_distribution": {str(account.id): 100}}
        )
        rate = self.tax_rate(20.0, analytic=True)
        self.assertAsOdoo(self.invoice(line(2000, taxes=[tax(rate, 400, 2000)]), line(100)))

    def test_contact_of_a_company(self):
        contact = self.env["res.partner"].create({"name": "Jo", "parent_id": self.partner.id})
        customer = self.make_customer(contact)
        rate = self.make_tax(20)
        lines = [line(2000, taxes=[tax(rate, 400, 2000)])]
        self.assertAsOdoo(stripe_objects.invoice(customer.stripe_id, lines))

    def test_due_later(self):
        self.assertAsOdoo(self.invoice(line(2000), due_date=NOW + 30 * DAY, paid=False))

    def test_addons_that_add_lines(self):
        """Where Odoo adds lines that are not known here, it makes the invoices itself."""
        self.company.account_discount_expense_allocation_id = self.account("699100", "expense")
        move = self.book(self.invoice(line(5000, discounts=[500])))
        self.assertEqual(move.state, "posted")
        self.assertIn("discount", move.line_ids.mapped("display_type"))


@tagged("post_install", "-at_install")
class TestPaymentsInBatch(BatchCommon, TransactionCase):
    """Payments and numbers of many documents are those that Odoo gives to each one by one."""

    def book_both_ways(self, objects):
        """Moves and payments of invoices booked together, and of the same one by one by Odoo itself."""
        seen = []
        payment_class, move_class = (
            type(self.env["account.payment"]),
            type(self.env["account.move"]),
        )
        entry, together = (
            payment_class._generate_journal_entry,
            move_class._stripe_numbered_together,
        )

        def own_entry(payments, *arguments, **values):
            # Outside of a lane it is Odoo's.
            entry(payments.with_context(stripe_sync=False), *arguments, **values)

        for groups, own in (([objects], False), ([[obj] for obj in objects], True)):
            with (
                self.env.cr.savepoint() as savepoint,
                patch.object(payment_class, "_generate_journal_entry", own_entry if own else entry),
                patch.object(
                    move_class,
                    "_stripe_numbered_together",
                    (lambda moves: moves) if own else together,
                ),
            ):
                moves = self.env["account.move"].union(*(self.book(*group) for group in groups))
                moves = moves.sorted("stripe_invoice_id")
                payments = self.env["account.payment"].search(
                    [("stripe_provider_id", "=", self.provider.id)], order="stripe_payment_ref"
                )
                matched = [payment.reconciled_invoice_ids.mapped("ref") for payment in payments]
                linked = [payment.move_id.origin_payment_id == payment for payment in payments]
                self.assertEqual(linked, [True] * len(payments))
                seen.append(
                    [
                        self.read(moves),
                        self.read(payments.move_id),
                        stored(payments, OWN_FIELDS | {"move_id"}),
                        matched,
                    ]
                )
                savepoint.rollback()
        return seen

    def test_payments(self):
        rate = self.make_tax(20)
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.env["res.currency"]._stripe_get("eur").id,
                "name": "2020-01-01",
                "rate": 0.913,
            }
        )
        objects = [
            self.invoice(line(2000 + n, taxes=[tax(rate, 400, 2000 + n)]), currency=currency)
            for n, currency in enumerate(("usd", "eur", "usd", "usd"))
        ]
        [part] = objects[2]["payments"]["data"]
        half = {**part, "id": "inpay_half", "amount_paid": 1000}
        half["payment"] = {"type": "payment_intent", "payment_intent": "pi_half"}
        objects[2]["payments"]["data"] = [{**part, "amount_paid": part["amount_paid"] - 1000}, half]
        together, alone = self.book_both_ways(objects)
        self.assertEqual(len(together[2]), 5)
        self.assertEqual({row["state"] for row in together[2]}, {"paid"})
        for ours, odoos in zip(together[:3], alone[:3], strict=True):
            self.assertSame(ours, odoos)
        self.assertEqual(together[3], alone[3])

    def test_numbers(self):
        """Over the turn of a year, with credit notes in between, after numbers of another kind."""
        journal = self.provider._stripe_billing_ensure_journal()
        first = self.book(self.invoice(line(100), created=NOW - 800 * DAY, paid=False))
        first.name = f"{journal.code}/{first.date.year}/{first.date.month:02d}/0041"
        objects = []
        for n in range(12):
            created = NOW - 700 * DAY + n * 20 * DAY
            objects.append(
                self.invoice(
                    line(-500 if n % 4 == 3 else 500),
                    created=created,
                    status_transitions={"finalized_at": created},
                    paid=False,
                )
            )
        together, alone = self.book_both_ways(objects)
        names = [
            [row["name"] for row in moves if "move_type" in row]
            for moves, *_rest in (together, alone)
        ]
        self.assertEqual(*names)
        self.assertEqual(len(set(names[0])), len(objects))
        self.assertGreater(len({name.rpartition("/")[0] for name in names[0]}), 4)

    def test_number_that_is_taken(self):
        """A number that somebody has given by hand is not given again."""
        self.provider._stripe_billing_ensure_journal()
        one, two = self.book(self.invoice(line(100)), self.invoice(line(200)))
        prefix, _slash, number = two.name.rpartition("/")
        one.button_draft()
        one.name = f"{prefix}/{int(number) + 2:0{len(number)}d}"
        one.action_post()
        moves = self.book(*(self.invoice(line(300)) for _ in range(3)))
        self.assertEqual(len(set((moves | one | two).mapped("name"))), 5)
