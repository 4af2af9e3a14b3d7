from unittest.mock import patch

from odoo.addons.stripe_subscriptions import stripe_tax_ids
from odoo.addons.stripe_subscriptions.stripe_errors import StripeUnavailable
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.tests import BaseCase, TransactionCase, new_test_user, tagged

from tests.addon.sandbox_common import SandboxCommon


class TestTaxIds(BaseCase):
    """Which kind of Stripe's tax ids a number is."""

    def test_kinds(self):
        for number, country, kind in (
            ("BE0477472701", "BE", "eu_vat"),
            ("BE 0477.472.701", None, "eu_vat"),
            ("EL123456789", "GR", "eu_vat"),
            ("GB123456789", "GB", "gb_vat"),
            ("12-3456789", "US", "us_ein"),
            ("CHE-123.456.789 MWST", "CH", "ch_vat"),
            ("123456789RT0001", "CA", "ca_gst_hst"),
            ("123456789", "CA", "ca_bn"),
            ("M12345678X", "SG", "sg_gst"),
            ("12345678901", "BR", "br_cpf"),
            ("DE123456788", "US", "us_ein"),
            ("123", None, None),
            ("123", "AQ", None),
        ):
            self.assertEqual(stripe_tax_ids.kind_of(number, country), kind, number)


@tagged("post_install", "-at_install")
class TestCustomerDetails(SandboxCommon, TransactionCase):
    """What changes about a contact is told Stripe, and what changes there comes back."""

    def setUp(self):
        super().setUp()
        self.belgium = self.env.ref("base.be")
        self.buyer = self.env["res.partner"].create(
            {
                "name": "Tulip Ltd",
                "is_company": True,
                "email": "office@tulip.example",
                "street": "Rue 1",
                "city": "Brussels",
                "country_id": self.belgium.id,
            }
        )
        self.link = self.env["stripe.customer"]._stripe_get_or_create(self.provider, self.buyer)

    def tell(self):
        self.run_cron("ir_cron_tell_details")

    def there(self):
        return self.stripe.customers.retrieve(self.link.stripe_id, {"expand": ["tax_ids"]})

    def change_there(self, **values):
        """Change the customer at Stripe; its event arrives."""
        self.stripe.customers.update(self.link.stripe_id, values)
        self.catch_up()

    # === TO STRIPE === #

    def test_change_is_told_by_a_job(self):
        with patch.object(StripeGateway, "call", side_effect=AssertionError("a request in write")):
            self.buyer.write({"name": "Tulip Group", "street": "Rue 2", "zip": "1000"})
        self.assertEqual(self.link.details_changed, "address name tax_id")
        self.tell()
        there = self.there()
        self.assertEqual(there.name, "Tulip Group")
        self.assertEqual(
            (there.address.line1, there.address.postal_code, there.address.country),
            ("Rue 2", "1000", "BE"),
        )
        self.assertFalse(self.link.details_changed)

    def test_what_did_not_change_is_not_told(self):
        self.change_there(phone="+32 1")
        self.buyer.with_context(stripe_sync=True).phone = False
        self.buyer.name = "Tulip Group"
        self.tell()
        self.assertEqual(self.there().phone, "+32 1")

    def test_cleared_here_is_cleared_there(self):
        self.buyer.phone = "+32 2"
        self.tell()
        self.assertEqual(self.there().phone, "+32 2")
        self.buyer.phone = False
        self.tell()
        self.assertIsNone(self.there().phone)

    def test_contact_gives_the_address_of_mails(self):
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.buyer.id, "email": "ann@tulip.example"}
        )
        self.buyer.stripe_primary_contact_id = contact
        self.tell()
        self.assertEqual(self.there().email, "ann@tulip.example")
        contact.write({"email": "ann2@tulip.example", "name": "Anna"})
        self.assertEqual(self.link.details_changed, "email")
        self.tell()
        self.assertEqual(self.there().email, "ann2@tulip.example")
        self.assertEqual(self.there().name, "Tulip Ltd")

    def test_tax_id_is_replaced(self):
        self.buyer.with_context(no_vat_validation=True).vat = "BE0477472701"
        self.tell()
        [tax_id] = self.there().tax_ids.data
        self.assertEqual((tax_id.type, tax_id.value), ("eu_vat", "BE0477472701"))
        self.buyer.with_context(no_vat_validation=True).vat = "BE0246697724"
        self.tell()
        [tax_id] = self.there().tax_ids.data
        self.assertEqual(tax_id.value, "BE0246697724")
        self.buyer.vat = False
        self.tell()
        self.assertEqual(self.there().tax_ids.data, [])

    def test_new_customer_has_its_tax_id(self):
        buyer = self.buyer.copy({"name": "Rose Ltd"})
        buyer.with_context(no_vat_validation=True).vat = "BE0477472701"
        self.link = self.env["stripe.customer"]._stripe_get_or_create(self.provider, buyer)
        self.assertEqual(self.there().tax_ids.data, [])
        self.tell()
        self.assertEqual(self.there().tax_ids.data[0].value, "BE0477472701")

    def test_refused_change_is_said_once(self):
        self.buyer.email = "nonsense"
        self.tell()
        self.assertIn("Invalid email", self.link.details_error)
        self.assertFalse(self.link.details_changed)
        self.assertIn("Stripe does not take the change", self.buyer.message_ids[0].body)
        self.buyer.email = "office@tulip.example"
        self.assertFalse(self.link.details_error)

    def test_tax_id_that_stripe_does_not_know(self):
        self.buyer.with_context(no_vat_validation=True).write(
            {"country_id": self.env.ref("base.aq").id, "vat": "123"}
        )
        self.tell()
        self.assertIn("of no kind that Stripe knows", self.link.details_error)

    def test_out_of_reach_is_tried_again(self):
        self.buyer.name = "Tulip Group"
        with patch.object(StripeGateway, "call", side_effect=StripeUnavailable("away")):
            self.tell()
        self.assertEqual(self.link.details_changed, "name")
        self.tell()
        self.assertFalse(self.link.details_changed)
        self.assertEqual(self.there().name, "Tulip Group")

    def test_changed_while_stripe_is_told(self):
        self.buyer.name = "First"
        call, buyer = StripeGateway.call, self.buyer

        def change_meanwhile(gateway, service, method, *ids, **kwargs):
            if (service, method) == ("customers", "update") and buyer.name == "First":
                buyer.name = "Second"
                buyer.env.flush_all()
            return call(gateway, service, method, *ids, **kwargs)

        with patch.object(StripeGateway, "call", change_meanwhile):
            self.tell()
            self.tell()
        self.assertEqual(self.there().name, "Second")
        self.assertEqual(self.buyer.name, "Second")
        self.assertFalse(self.link.details_changed)

    def test_copy_does_not_tell(self):
        self.buyer.name = "Tulip Group"
        with patch.object(type(self.provider), "stripe_billing_is_copy", new=True):
            self.tell()
        self.assertEqual(self.there().name, "Tulip Ltd")
        self.assertEqual(self.link.details_changed, "name")

    # === FROM STRIPE === #

    def test_change_at_stripe_comes_back(self):
        self.change_there(
            name="Tulip International",
            phone="+32 3",
            address={"line1": "Rue 9", "city": "Ghent", "country": "BE", "postal_code": "9000"},
        )
        self.assertRecordValues(
            self.buyer,
            [
                {
                    "name": "Tulip International",
                    "phone": "+32 3",
                    "street": "Rue 9",
                    "city": "Ghent",
                    "zip": "9000",
                    "country_id": self.belgium.id,
                }
            ],
        )
        self.assertIn("Changed at Stripe", self.buyer.message_ids[0].body)
        self.assertFalse(self.link.details_changed, "what came from Stripe is not told Stripe")

    def test_state_comes_back(self):
        address = {"line1": "1 St", "city": "LA", "country": "US", "state": "CA"}
        self.change_there(address=address)
        self.assertEqual(self.buyer.state_id, self.env.ref("base.state_us_5"))

    def test_mail_address_goes_to_the_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.buyer.id, "email": "ann@tulip.example"}
        )
        self.tell()
        self.change_there(email="billing@tulip.example")
        self.assertEqual(contact.email, "billing@tulip.example")
        self.assertEqual(self.buyer.email, "office@tulip.example")

    def test_mail_address_of_staff_is_left_alone(self):
        """Who gets a member of staff's mails could take over the account."""
        user = new_test_user(self.env, "staff_buyer", email="staff@own.example")
        self.link = self.env["stripe.customer"]._stripe_get_or_create(
            self.provider, user.partner_id
        )
        self.change_there(email="thief@elsewhere.example")
        self.assertEqual(user.partner_id.email, "staff@own.example")

    def test_tax_id_comes_back(self):
        self.stripe.customers.tax_ids.create(
            self.link.stripe_id, {"type": "eu_vat", "value": "BE0477472701"}
        )
        self.catch_up()
        self.assertEqual(self.buyer.vat, "BE0477472701")

    def test_what_waits_to_be_told_is_not_overwritten(self):
        self.buyer.name = "Ours"
        self.change_there(name="Theirs", phone="+32 4")
        self.assertEqual((self.buyer.name, self.buyer.phone), ("Ours", "+32 4"))
        self.tell()
        self.assertEqual(self.there().name, "Ours")
        self.assertEqual(self.buyer.name, "Ours")

    def test_link_alone_changes_nothing(self):
        """A contact that an existing customer is linked with keeps what it is called here."""
        customer = self.make_stripe_customer(name="Their Name", phone="+1")
        partner = self.env["res.partner"].create({"name": "Our Name"})
        self.env["stripe.customer"].with_context(
            stripe_customer_partners={customer.id: partner.id}
        )._stripe_apply(
            self.provider, [self.account.render(self.account.store.get("customer", customer.id))]
        )
        self.assertEqual((partner.name, partner.phone), ("Our Name", False))

    def test_credit(self):
        self.stripe.customers.balance_transactions.create(
            self.link.stripe_id, {"amount": -1250, "currency": "usd"}
        )
        self.change_there(description="x")
        self.assertEqual(self.link.credit_balance, 12.5)
