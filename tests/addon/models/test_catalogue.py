"""The catalogue: what plans say of their price, which can be chosen where, and how they are kept up to date."""

from lxml import etree
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from tests.addon import stripe_objects
from tests.addon.common import StripeCommon

PER_SEAT = {"product": {"id": "prod_seat", "name": "Seats", "unit_label": "seat", "active": True}}


def tiers(*rows):
    """A graduated price; rows of the last unit of a tier, minor units each, minor units flat."""
    return {
        "billing_scheme": "tiered",
        "tiers_mode": "graduated",
        "unit_amount": None,
        "unit_amount_decimal": None,
        "tiers": [
            {
                "up_to": up_to,
                "unit_amount": each,
                "unit_amount_decimal": (each is not None and str(each)) or None,
                "flat_amount": flat,
                "flat_amount_decimal": (flat is not None and str(flat)) or None,
            }
            for up_to, each, flat in rows
        ],
    }


def each(interval, count=1, usage="licensed"):
    return {"recurring": {"interval": interval, "interval_count": count, "usage_type": usage}}


def amount(decimal, currency="usd"):
    return {"unit_amount": None, "unit_amount_decimal": decimal, "currency": currency}


PACKAGE = {"transform_quantity": {"divide_by": 10, "round": "up"}}
THREE = tiers((5, 2000, None), (50, 1800, None), (None, 1500, None))

#: What Stripe says of a price -> what people read.
PRICES = [
    ({}, "$ 20.00 / month"),
    (each("day"), "$ 20.00 / day"),
    (each("day", 10), "$ 20.00 / 10 days"),
    (each("week"), "$ 20.00 / week"),
    (each("week", 2), "$ 20.00 / 2 weeks"),
    (each("month", 3), "$ 20.00 / 3 months"),
    (each("year"), "$ 20.00 / year"),
    (each("year", 3), "$ 20.00 / 3 years"),
    (PER_SEAT, "$ 20.00 per seat / month"),
    (PER_SEAT | each("year", 2), "$ 20.00 per seat / 2 years"),
    (amount("123456789"), "$ 1,234,567.89 / month"),
    (amount("2000", "eur"), "20.00 € / month"),
    (amount("2000", "jpy"), "¥ 2,000 / month"),
    (amount("12550", "tnd"), "12.550 DT / month"),
    (amount("0.05") | each("month", usage="metered"), "$ 0.0005 per unit / month, metered"),
    (
        amount("0.05", "eur") | each("month", usage="metered") | PER_SEAT,
        "0.0005 € per seat / month, metered",
    ),
    (PACKAGE, "$ 20.00 per 10 units / month"),
    (PACKAGE | PER_SEAT, "$ 20.00 per 10 × seat / month"),
    (THREE | PER_SEAT, "$ 20.00 per seat / month, 3 tiers"),
    (THREE, "$ 20.00 per unit / month, 3 tiers"),
    (
        THREE | each("week", 2, "metered"),
        "$ 20.00 per unit / 2 weeks, 3 tiers, metered",
    ),
    (tiers((None, 700, None)), "$ 7.00 per unit / month, 1 tier"),
    (tiers((5, None, 5000), (None, 900, None)), "$ 50.00 / month, 2 tiers"),
    (
        tiers((5, 100, 5000), (None, 50, None)) | PER_SEAT,
        "$ 50.00 + $ 1.00 per seat / month, 2 tiers",
    ),
    (tiers((5, 0, None), (None, 500, None)), "$ 0.00 per unit / month, 2 tiers"),
    (THREE | {"tiers": None}, "Price by quantity / month"),
]


@tagged("post_install", "-at_install")
class TestCatalogue(StripeCommon, TransactionCase):
    """S1-03, S1-07, S1-13, S2-10, S2-13: see the module."""

    def text(self, record, **context):
        self.env.invalidate_all()
        return record.with_context(**context).price_text.replace("\N{NO-BREAK SPACE}", " ")

    def test_price_text(self):
        for values, english in PRICES:
            with self.subTest(english):
                _obj, price = self.make_price(**values)
                self.assertEqual(self.text(price), english)
                self.assertIn(price.price_text, price.display_name)

    def test_price_text_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("de_DE")
        for values, expected in (
            (amount("123456789"), "$ 1.234.567,89"),
            (amount("0.05", "eur"), "0,0005 €"),
        ):
            _obj, price = self.make_price(**values)
            self.assertTrue(self.text(price, lang="de_DE").startswith(expected))
            self.assertTrue(self.text(price, lang="en_US"))

    # === CHOICES === #

    def choices(self, model, view, **parent):
        """The plans that a form offers, by the domain of its field and what the search leaves out."""
        arch = etree.fromstring(self.env[model].get_view(self.env.ref(view).id, "form")["arch"])
        [field] = arch.xpath("//field[@name='price_id']")

        class Parent:
            provider_id = parent["provider_id"]
            currency_id = parent["currency_id"]

        domain = safe_eval(field.get("domain"), {"parent": Parent, "True": True})
        found = self.env["stripe.price"].name_search("", domain, limit=None)
        return self.env["stripe.price"].browse([key for key, _name in found])

    def test_choices(self):
        """Only what is sold, in the currency, by the account and in the mode of the subscription."""
        _obj, sold = self.make_price()
        _obj, archived = self.make_price(active=False)
        _obj, euros = self.make_price(currency="eur")
        _obj, live = self.make_price()
        live.livemode = True
        _obj, gone = self.make_price(product={"id": "prod_gone", "name": "Gone", "active": False})
        plans = sold | archived | euros | live | gone
        for model, view in (
            ("stripe.subscription", "stripe_subscriptions.stripe_subscription_view_form"),
            (
                "stripe.subscription.change",
                "stripe_subscriptions.stripe_subscription_change_view_form",
            ),
        ):
            for currency, expected in ((sold.currency_id, sold), (euros.currency_id, euros)):
                with self.subTest(model=model, currency=currency.name):
                    offered = self.choices(
                        model, view, provider_id=self.provider.id, currency_id=currency.id
                    )
                    self.assertEqual(offered & plans, expected)
                    self.assertEqual(offered.currency_id, currency)
                    self.assertTrue(all(offered.mapped("active")))

    def test_only_plans_are_chosen_from(self):
        """No other form offers plans, so that no other can offer one that is not sold."""
        views = self.env["ir.ui.view"].search(
            [("type", "=", "form"), ("arch_db", "like", "price_id")]
        )
        keys = views.get_external_id()
        found = {
            keys[view.id]
            for view in views
            if keys[view.id].startswith("stripe_subscriptions.")
            and etree.fromstring(view.arch_db).xpath("//field[@name='price_id']")
        }
        self.assertEqual(
            found,
            {
                "stripe_subscriptions.stripe_subscription_view_form",
                "stripe_subscriptions.stripe_subscription_change_view_form",
            },
        )

    def test_archived_stays_on_what_uses_it(self):
        obj, price = self.make_price()
        draft = self.make_draft(price)
        subscribed = self.env["stripe.subscription"]._stripe_apply(
            self.provider, [stripe_objects.subscription(self.customer.stripe_id, [(obj, 2)])]
        )
        self.make_price(**{**obj, "active": False})
        self.assertFalse(price.active)
        for record in (draft, subscribed):
            self.assertEqual(record.item_ids.price_id, price)
            self.assertIn("20.00", record.item_ids.price_text)
        self.assertEqual(subscribed.mrr, 40.0)
        with self.assertRaisesRegex(UserError, "no longer sold"):
            draft._check_ready()
        with self.assertRaisesRegex(UserError, "not sold"):
            subscribed._check_price(price)

    # === CURRENCY === #

    def test_reason_is_shown(self):
        """A plan in another currency cannot be chosen, and one reads why."""
        _obj, dollars = self.make_price()
        draft = self.make_draft(dollars)
        self.env["stripe.price"].search(
            [("currency_id", "!=", draft.currency_id.id)]
        ).active = False
        draft.invalidate_recordset()
        self.assertFalse(draft.currency_note, "no plan is missing")
        _obj, euros = self.make_price(currency="eur")
        # As the setting does.
        pricelists = self.env.ref("product.group_product_pricelist")
        self.env.ref("base.group_user").implied_ids += pricelists
        seller = new_test_user(
            self.env, "sells", groups="stripe_subscriptions.group_stripe_subscriptions_user"
        )
        cases = [("company", "the company's currency, USD")]
        pricelist = self.env["product.pricelist"].create(
            {"name": "In dollars", "currency_id": dollars.currency_id.id}
        )
        cases += [("pricelist", "pricelist of Buyer Ltd is in USD"), ("customer", "in USD already")]
        for source, text in cases:
            with self.subTest(source):
                if source == "pricelist":
                    pricelist.active = True
                    self.partner.property_product_pricelist = pricelist
                if source == "company":
                    self.env["product.pricelist"].search([]).active = False
                if source == "customer":
                    self.customer.currency_id = dollars.currency_id
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertIn(text, draft.with_user(seller).currency_note)
        with self.assertRaisesRegex(ValidationError, "is in EUR, but Buyer Ltd is billed in USD"):
            draft.item_ids.price_id = euros

    # === KEPT UP TO DATE === #

    def test_follows_the_events(self):
        """What changes at Stripe arrives by itself: words, prices of tiers, archiving of price and product."""
        obj, price = self.make_price(**PER_SEAT, **THREE)
        stripe = self.fake_stripe()
        product = {**PER_SEAT["product"], "object": "product", "livemode": False}
        fewer = {**obj, "tiers": obj["tiers"][:2]}
        for kind, change, check in (
            ("price", {**obj, "nickname": "Yearly"}, lambda: price.nickname == "Yearly"),
            ("price", fewer, lambda: "2 tiers" in price.price_text),
            ("product", {**product, "name": "Chairs"}, lambda: price.name == "Chairs"),
            (
                "product",
                {**product, "unit_label": "chair"},
                lambda: "per chair" in price.price_text,
            ),
            ("price", {**obj, "active": False}, lambda: not price.active),
            ("price", obj, lambda: price.active),
            ("product", {**product, "active": False}, lambda: not price.active),
            ("product", product, lambda: price.active),
        ):
            with self.subTest(kind=kind, change=change):
                stripe.put(kind, change)
                self.env["stripe.event"]._stripe_store(
                    self.provider,
                    [stripe_objects.event(f"{kind}.updated", {"id": change["id"], "object": kind})],
                )
                with self.enter_registry_test_mode():
                    cron = self.env.ref("stripe_subscriptions.ir_cron_process_events_1")
                    cron.method_direct_trigger()
                self.env.invalidate_all()
                self.assertTrue(check())

    def test_product_is_made_and_can_be_changed(self):
        """One Odoo product for all plans of a Stripe product; what people choose instead stays."""
        obj, price = self.make_price(**PER_SEAT)
        _obj, yearly = self.make_price(**PER_SEAT, **each("year"))
        self.assertEqual(price.product_id, yearly.product_id)
        self.assertRecordValues(
            price.product_id,
            [{"name": "Seats", "type": "service", "sale_ok": True, "purchase_ok": False}],
        )
        manager = new_test_user(
            self.env, "mapper", groups="stripe_subscriptions.group_stripe_subscriptions_manager"
        )
        other = self.env["product.product"].create({"name": "Chairs"})
        price.with_user(manager).product_id = other
        self.env["stripe.price"]._stripe_apply(self.provider, [{**obj, "nickname": "New"}])
        self.assertEqual((price.nickname, price.product_id), ("New", other))
        self.assertEqual(yearly.product_id.name, "Seats")
