"""Stripe Tax from the draft to the books: previewed, subscribed to, booked; and a missing address in words."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from tests.addon.test_lessons_common import LessonsCommon
from tests.sandbox.payments_setup import submit

OFFICE = {"country": "US", "postal_code": "78701"}


@tagged("post_install", "-at_install")
class TestStripeTax(LessonsCommon, TransactionCase):
    """A seller in Texas that collects there, in New York, Germany and the United Kingdom."""

    def setUp(self):
        super().setUp()
        api = self.stripe.tax
        api.settings.update(
            {"head_office": {"address": OFFICE}, "defaults": {"tax_behavior": "exclusive"}}
        )
        for country, options in (
            ("US", {"type": "state_sales_tax", "state": "TX"}),
            ("US", {"type": "state_sales_tax", "state": "NY"}),
            ("DE", {"type": "oss_non_union"}),
            ("GB", {"type": "standard"}),
        ):
            given = {"active_from": "now", "country": country}
            api.registrations.create({**given, "country_options": {country.lower(): options}})
        self.partner.write(self.address("base.us", "78701", "base.state_us_44"))
        self.plan = self.env["stripe.price"]._stripe_find(self.provider, [self.price.id])
        self.draft = self.make_draft(self.plan, automatic_tax=True)

    # === HELPERS === #

    def address(self, country, postal_code=False, state=None):
        return {
            "country_id": self.env.ref(country).id,
            "zip": postal_code,
            "state_id": state and self.env.ref(state).id,
        }

    def totals(self):
        """Amount of each row that the form's widget shows."""
        offer = self.draft._stripe_get_offer()
        return {row["name"]: row["amount"] for row in self.draft._get_offer_rows(offer)}

    def pay(self, **fields):
        """Subscribe through Stripe's payment page and come back."""
        address = {"billingCountry": "US", "billingPostalCode": "78701", "billingState": "TX"}
        answer = submit(self.draft._stripe_get_subscribe_url(), **{**address, **fields})
        if answer.status_code == 200:
            # The taxes of the address have changed the total.
            answer = submit(answer.url, **{**address, **fields})
        self.assertEqual(answer.status_code, 303, answer.text)
        self.draft._stripe_sync_session(self.draft.checkout_session)

    def subscribe_by_card(self):
        """Subscribe with a card that Stripe knows."""
        customer = self.link()
        method = self.stripe.payment_methods.attach(
            "pm_card_visa", {"customer": customer.stripe_id}
        )
        self.draft._stripe_subscribe(method.id)

    def link(self):
        """The customer at Stripe, made when it is not there yet."""
        return self.env["stripe.customer"]._stripe_get_or_create(self.provider, self.partner)

    def rates(self):
        return self.env["stripe.tax.rate"].search([("is_automatic", "=", True)])

    def work_off(self):
        """Take in all that Stripe has reported."""
        self.store(self.at_stripe())
        self.work()

    def map_rates(self):
        """Book the rates that have no tax yet in new ones; what waits for them runs."""
        unmapped = self.rates().filtered(lambda rate: not rate.tax_id)
        unmapped.action_create_tax()
        self.work()

    # === WHAT IT COSTS === #

    def test_preview_agrees_with_the_invoice(self):
        """6.25 % of 20.00 are 1.25, before anybody is a customer at Stripe and afterwards."""
        shown = {"subtotal": 20.0, "tax": 1.25, "due_now": 21.25, "then": 21.25}
        self.assertEqual(self.figures(), shown)
        self.assertFalse(self.stripe.customers.list().data)
        self.subscribe_by_card()
        self.assertTrue(self.draft.automatic_tax)
        invoice = self.stripe.invoices.list().data[0]
        self.assertEqual((invoice.total, invoice.status), (2125, "paid"))

    def figures(self):
        return {
            name: float(amount.replace("$", "").replace("\xa0", "").replace("\ufeff", ""))
            for name, amount in self.totals().items()
        }

    def test_preview_of_a_business_abroad(self):
        """The tax id counts; one that is not well-formed keeps nobody from seeing the price."""
        self.partner.with_context(no_vat_validation=True).write(
            {**self.address("base.fr"), "vat": "FR23334175221"}
        )
        self.assertNotIn("tax", self.totals())
        self.partner.with_context(no_vat_validation=True).vat = "FR?"
        self.assertEqual(self.figures()["tax"], 4.0)

    def test_address_that_waits_to_be_told_counts(self):
        link = self.link()
        self.partner.write(self.address("base.de", "10115"))
        self.assertIn("address", link.details_changed)
        self.assertEqual(self.figures()["tax"], 3.8)
        self.subscribe_by_card()
        self.assertEqual(self.stripe.invoices.list().data[0].total, 2380)

    # === BOOKED TO THE CENT === #

    def test_unmapped_rate_waits_and_runs_once_mapped(self):
        self.pay()
        self.assertEqual(self.draft.status, "active")
        self.assertFalse(self.moves())
        self.work_off()
        [rate] = self.rates()
        self.assertRecordValues(
            rate,
            [{"percentage": 6.25, "active": True, "mapping": "unmapped", "jurisdiction": "Texas"}],
        )
        self.assertTrue(rate.activity_ids)
        self.assertTrue(rate.waiting_event_count)
        self.map_rates()
        self.assertBookedOnce(21.25)
        self.assertFalse(rate.activity_ids)
        self.assertEqual(self.moves().amount_tax, 1.25)
        self.assertSettled()
        self.assertAgreed()

    def test_three_taxes_of_one_place(self):
        """New York City: 0.80 + 0.90 + 0.075 on 20.00."""
        self.partner.write(self.address("base.us", "10001", "base.state_us_27"))
        self.subscribe_by_card()
        self.work_off()
        self.assertEqual(sorted(self.rates().mapped("percentage")), [0.375, 4.0, 4.5])
        self.map_rates()
        move = self.moves()
        self.assertEqual((move.state, move.amount_tax, move.amount_total), ("posted", 1.78, 21.78))
        self.assertEqual(len(move.invoice_line_ids.tax_ids), 3)

    def test_reverse_charge_is_booked(self):
        """Stripe learns of the tax id before it bills, and the line is booked in the tax of 0 %."""
        self.partner.with_context(no_vat_validation=True).write(
            {**self.address("base.fr"), "vat": "FR23334175221"}
        )
        self.subscribe_by_card()
        invoice = self.stripe.invoices.list().data[0]
        self.assertEqual(invoice.total_taxes[0].taxability_reason, "reverse_charge")
        self.work_off()
        [rate] = self.rates()
        self.assertEqual((rate.percentage, rate.country_id.code), (0, "FR"))
        free = self.env["account.tax"].create(
            {"name": "EU 0 %", "amount": 0, "type_tax_use": "sale", "company_id": self.company.id}
        )
        rate.tax_id = free
        self.work()
        self.assertBookedOnce(20.0)
        self.assertEqual(self.moves().invoice_line_ids.tax_ids, free)
        self.assertEqual(rate.mapping, "mapped")

    def test_price_that_contains_tax(self):
        """20.00 contain 20 % VAT: 16.67 + 3.33."""
        self.stripe.prices.update(self.price.id, {"tax_behavior": "inclusive"})
        self.partner.write(self.address("base.uk", "SW1A 1AA"))
        self.assertEqual(self.figures()["tax_included"], 3.33)
        self.subscribe_by_card()
        self.work_off()
        self.map_rates()
        self.assertEqual((self.moves().amount_untaxed, self.moves().amount_tax), (16.67, 3.33))

    def test_rate_of_stripe_tax_is_no_choice(self):
        self.subscribe_by_card()
        self.work_off()
        field = self.env["stripe.subscription"].get_views([(False, "form")])
        self.assertIn("('is_automatic', '=', False)", field["views"]["form"]["arch"])
        with self.assertRaisesRegex(UserError, "archived"):
            other = self.make_draft(self.plan, tax_rate_ids=[Command.set(self.rates().ids)])
            other._stripe_get_checkout_url()

    def test_change_and_renewal_stay_taxed(self):
        """Twice the quantity costs 1.25 more of tax, now or planned for the renewal."""
        self.subscribe_by_card()
        change = [{"item_id": self.draft.item_ids.id, "quantity": 2}]
        preview = self.draft._stripe_preview_items(change)
        self.assertAlmostEqual(float(preview["tax"]), 1.25, delta=0.01)
        self.draft._stripe_change_items(change, when="renewal")
        [schedule] = self.stripe.subscription_schedules.list().data
        self.assertEqual([phase.automatic_tax.enabled for phase in schedule.phases], [True] * 2)
        upcoming = self.stripe.invoices.create_preview({"subscription": self.draft.stripe_id})
        self.assertEqual((upcoming.total, upcoming.total_taxes[0].amount), (4250, 250))

    # === NOBODY KNOWS WHERE === #

    def test_missing_address_is_told_before(self):
        self.partner.write(self.address("base.us"))
        offer = self.draft._stripe_get_offer()
        rows = {row["name"]: row for row in self.draft._get_offer_rows(offer)}
        self.assertIn("address is complete", rows["tax_unknown"]["label"])
        rows = {row["name"]: row for row in self.draft._portal_get_offer_rows()}
        self.assertIn("your address", rows["tax_unknown"]["label"])
        with self.assertRaisesRegex(UserError, "address, which is not complete"):
            self.subscribe_by_card()

    def test_missing_address_is_asked_for_by_checkout(self):
        self.partner.write({"country_id": False, "zip": False, "state_id": False})
        self.pay()
        customer = self.stripe.customers.retrieve(self.link().stripe_id)
        self.assertEqual(customer.address.postal_code, "78701")
        self.work_off()
        self.map_rates()
        self.assertBookedOnce(21.25)
        self.assertEqual((self.partner.zip, self.partner.country_id.code), ("78701", "US"))

    def test_address_that_is_lost_later(self):
        """Stripe bills on without tax; a person hears of it, completes the address, switches it on again."""
        clock = self.make_clock()
        self.provider.stripe_billing_test_clock = clock.id
        self.subscribe_by_card()
        self.map_rates()
        link = self.link()
        self.stripe.customers.update(link.stripe_id, {"address": ""})
        self.advance(clock, 31 * 86400 + 7200)
        self.draft._stripe_refresh()
        self.assertTrue(self.draft.lacks_tax_location)
        self.assertFalse(self.draft.automatic_tax)
        self.assertIn("Buyer Ltd", self.draft.activity_ids.note)
        self.draft.activity_schedule("mail.mail_activity_data_warning", summary="Refund failed")
        with self.assertRaisesRegex(UserError, "address, which is not complete"):
            self.draft.action_stripe_tax_on()
        self.stripe.customers.update(link.stripe_id, {"address": OFFICE})
        self.draft.action_stripe_tax_on()
        self.assertRecordValues(self.draft, [{"automatic_tax": True, "lacks_tax_location": False}])
        # What else somebody has to see to is not dismissed with it.
        self.assertEqual(self.draft.activity_ids.mapped("summary"), ["Refund failed"])
