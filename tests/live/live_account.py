"""The Stripe account of the live tests: what they make there, and how time passes for it."""

import os
import time
from urllib.parse import urlsplit

from odoo.addons.stripe_subscriptions.stripe_gateway import API_BASE_VARIABLE

from dev import live, live_removal

# Seconds for which Stripe is waited for: until a test clock has arrived, and for anything else.
CLOCK_PATIENCE = 600
PATIENCE = 120
HOUR, DAY = 3600, 86400
# A renewal is a draft for an hour, or as long as the account says.
UNTIL_FINALIZED = 2 * HOUR
# Stripe waits as long when a webhook of the account does not acknowledge the draft.
UNTIL_FINALIZED_ANYWAY = 3 * DAY + 2 * HOUR


def wait_until(what, probe, seconds=PATIENCE):
    """Ask again until the answer is something, and return it.

    :param str what: What is waited for, for the person who reads that it did not come.
    """
    until, pause = time.monotonic() + seconds, 0.1
    while not (answer := probe()):
        assert time.monotonic() < until, f"waited {seconds} seconds in vain: {what}"
        time.sleep(pause)
        pause = min(pause * 1.5, 3)
    return answer


class LiveAccount:
    """What a person does in the Dashboard. All of it is marked with the run, so that it can be removed."""

    def __init__(self):
        self.key = live.given_key()
        self.run = os.environ.get(live.RUN_VARIABLE, "")
        assert self.key and self.run.startswith(live.RUN_PREFIX), "start it with `make test-live`"
        self.base = os.environ.get(API_BASE_VARIABLE)
        self.host = urlsplit(self.base or "https://api.stripe.com").hostname
        self.v1 = live.client(self.key, self.base).v1
        self.number = 0

    def remove(self):
        """Remove everything that the run has made."""
        live_removal.remove(self.v1, self.run)

    @property
    def mark(self):
        """Metadata of what is made."""
        return live_removal.mark(self.run)

    # === CATALOGUE === #

    def make_price(self, unit_amount, currency="usd", name="Team", **values):
        """A monthly price of a product of its own."""
        product = self.v1.products.create({"name": f"{name} {self.run}", "metadata": self.mark})
        return self.v1.prices.create(
            {
                "product": product.id,
                "currency": currency,
                "unit_amount": unit_amount,
                "recurring": {"interval": "month"},
                "metadata": self.mark,
                **values,
            }
        )

    def make_coupon(self, **values):
        """A coupon that Stripe gives an id."""
        return self.v1.coupons.create({"name": "Live test", "metadata": self.mark, **values})

    def make_tax_rate(self, percentage, inclusive):
        """A tax rate."""
        return self.v1.tax_rates.create(
            {
                "display_name": "Live test",
                "percentage": percentage,
                "inclusive": inclusive,
                "metadata": self.mark,
            }
        )

    # === TIME === #

    def make_clock(self):
        """A test clock that shows the time of day."""
        self.number += 1
        return self.v1.test_helpers.test_clocks.create(
            {"frozen_time": int(time.time()), "name": f"{self.run} {self.number}"}
        )

    def advance(self, clock, moment):
        """Let time pass until a moment, and wait until all that is due has happened."""
        clocks = self.v1.test_helpers.test_clocks
        clocks.advance(clock.id, {"frozen_time": int(moment)})

        def arrived():
            status = clocks.retrieve(clock.id).status
            assert status != "internal_failure", "Stripe could not advance the test clock"
            return status == "ready"

        wait_until("the test clock has arrived", arrived, CLOCK_PATIENCE)

    # === CUSTOMERS === #

    def make_customer(self, card="pm_card_visa", **values):
        """A customer with a card."""
        self.number += 1
        return self.v1.customers.create(
            {
                "name": "Buyer",
                "email": f"{self.run}-{self.number}@example.com",
                "payment_method": card,
                "invoice_settings": {"default_payment_method": card},
                **values,
                "metadata": self.mark | values.get("metadata", {}),
            }
        )

    def change_card(self, customer, card):
        """Give a customer another card, by which everything is charged from now on."""
        method = self.v1.payment_methods.attach(card, {"customer": customer.id})
        settings = {"invoice_settings": {"default_payment_method": method.id}}
        self.v1.customers.update(customer.id, settings)

    def subscribe(self, customer, price, quantity=1, **values):
        """A subscription with its first invoice, which is paid or refused at once."""
        return self.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": price.id, "quantity": quantity}],
                "payment_behavior": "error_if_incomplete",
                "metadata": self.mark,
                **values,
            }
        )

    def period_end(self, subscription):
        """The end of the current period, in unix seconds."""
        return self.v1.subscriptions.retrieve(subscription.id)["items"].data[0].current_period_end

    def renew(self, clock, subscription):
        """Let time pass until the next period has begun and its invoice is final; return that."""
        before = self.latest_invoice(subscription)
        end = self.period_end(subscription)
        self.advance(clock, end + UNTIL_FINALIZED)
        wait_until(
            "the invoice of the next period",
            lambda: self.latest_invoice(subscription).id != before.id,
        )
        if self.latest_invoice(subscription).status == "draft":
            self.advance(clock, end + UNTIL_FINALIZED_ANYWAY)

        def final():
            invoice = self.latest_invoice(subscription)
            return invoice if invoice.status != "draft" and invoice.attempted else None

        return wait_until("the invoice is final, and charged", final)

    def latest_invoice(self, subscription):
        """The latest invoice of a subscription."""
        latest = self.v1.subscriptions.retrieve(subscription.id).latest_invoice
        return self.v1.invoices.retrieve(latest)

    def invoices(self, customer):
        """All invoices of a customer, with their payments."""
        params = {"customer": customer.id, "limit": 100, "expand": ["data.payments"]}
        return list(self.v1.invoices.list(params).auto_paging_iter())

    def refund(self, invoice, amount=None):
        """Give back what an invoice brought; wait until the money is on its way."""
        [paid] = self.v1.invoice_payments.list({"invoice": invoice.id, "status": "paid"}).data
        params = {"payment_intent": paid.payment.payment_intent, "metadata": self.mark}
        refund = self.v1.refunds.create(params | ({"amount": amount} if amount else {}))

        def succeeded():
            now = self.v1.refunds.retrieve(refund.id)
            return now if now.status == "succeeded" else None

        return wait_until("the refund has succeeded (it is pending without balance)", succeeded)

    def refunds(self, customer):
        """All refunds of a customer's charges."""
        charges = self.v1.charges.list({"customer": customer.id, "limit": 100}).auto_paging_iter()
        return [
            refund
            for charge in charges
            if charge.amount_refunded
            for refund in self.v1.refunds.list({"charge": charge.id, "limit": 100}).data
        ]
