"""Who the customers are, and who does what when: a function of the seed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import NamedTuple

from dev.chaos_stripe import ENDED, FAILING_CARD, GOOD_CARD
from tests.addon.year.catalogue import AMOUNTS, CURRENCIES

# Share of the customers who do something of their own accord at a stop.
SHARE = 0.06
STOPS_OF_A_YEAR = 104
# US cents that are left after the last subscription, for refunds and disputes that are still to be decided.
RESERVE = 50_000


class Kind(NamedTuple):
    """Something that can happen.

    :param str name: Its name.
    :param Callable action: Called with story and customer; returns whether it was possible.
    :param int weight: How often it happens by itself; 0 for what only happens as planned.
    :param int least: How often it happens at least.
    :param str needs: What makes it possible, if nobody can do it.
    :param bool at_desk: Whether it is done in Odoo, once that has followed.
    """

    name: str
    action: Callable
    weight: int
    least: int
    needs: str
    at_desk: bool


KINDS: dict[str, Kind] = {}


def kind(weight=0, least=2, needs="", at_desk=False):
    """Register what can happen to a customer; see `Kind`."""

    def register(function):
        name = function.__name__
        KINDS[name] = Kind(name, function, weight, least, needs, at_desk)
        return function

    return register


@dataclass
class Customer:
    """A customer and what is known of it."""

    number: int
    partner_id: int
    currency: str
    random: Random
    joins: int
    id: str = ""
    subscription: str = ""
    card: str = GOOD_CARD
    by_invoice: bool = False
    refunded: set = field(default_factory=set)


class Story:
    """All that happens at Stripe.

    :param case: The test, see `sandbox_common.SandboxCommon`.
    :param catalogue: See `catalogue.Catalogue`.
    :param clock: See `clock.Clock`.
    :param list[int] partners: Ids of the contacts in Odoo.
    :param int stops: Number of stops at which something may happen.
    :param seed: Of chance.
    """

    def __init__(self, case, catalogue, clock, partners, stops, seed):
        self.stripe = case.stripe
        self.store = case.account.store
        self.database = case.provider._stripe_database()
        self.catalogue = catalogue
        self.clock = clock
        self.random = Random(f"{seed}-story")
        # See `desk.Desk`.
        self.desk = None
        self.counts = Counter()
        # Charge -> what the customer's bank will decide, and when to answer.
        self.disputes = {}
        self.customers = [self._get_customer(*row, stops, seed) for row in enumerate(partners)]
        # What has to happen from a stop on, so that it happens often enough; the rest is chance.
        self.planned = []
        for name, row in KINDS.items():
            least = self.get_least(row, stops)
            for number in range(least):
                share = (number + self.random.random()) / least
                self.planned.append((round(stops * (0.1 + 0.8 * share)), name))

    @staticmethod
    def get_least(row, stops):
        """How often something happens at least; less often when there is less time than a year."""
        return max(1, round(row.least * min(stops / STOPS_OF_A_YEAR, 1)))

    def _get_customer(self, number, partner_id, stops, seed):
        random = Random(f"{seed}-{number}")
        early = number < len(CURRENCIES) * 2 or random.random() < 0.7
        joins = random.randrange(3) if early else random.randrange(max(stops * 3 // 4, 1))
        return Customer(number, partner_id, CURRENCIES[number % 5], random, joins)

    # --- what happens

    def act(self, stop):
        """Have happen at Stripe what is planned for a stop, and what chance brings."""
        for customer in self.customers:
            if customer.joins == stop:
                self._join(customer)
        self._happen(stop, at_desk=False)
        self._use()
        self.answer_disputes()

    def act_at_desk(self, stop):
        """The same in Odoo."""
        self._happen(stop, at_desk=True)

    def _happen(self, stop, at_desk):
        there = [customer for customer in self.customers if customer.id]
        mine = [name for name, row in KINDS.items() if row.at_desk == at_desk]
        for row in [row for row in self.planned if row[0] <= stop and row[1] in mine]:
            if self._have_done(row[1], there):
                self.planned.remove(row)
            else:
                # For the next time.
                self._have_done(KINDS[row[1]].needs, there)
        names = [name for name in mine if KINDS[name].weight]
        weights = [KINDS[name].weight for name in names]
        share = SHARE * sum(weights) / sum(row.weight for row in KINDS.values())
        for customer in there:
            if self.random.random() < share:
                [name] = self.random.choices(names, weights)
                self._do(name, customer)

    def _have_done(self, name, customers):
        """Have somebody do something; return whether somebody could."""
        order = self.random.sample(customers, len(customers))
        if not name or any(self._do(name, customer) for customer in order):
            return bool(name)
        self._have_done(KINDS[name].needs, customers)
        return False

    def _do(self, name, customer):
        done = KINDS[name].action(self, customer)
        self.counts[name] += done
        return done

    def _join(self, customer):
        params = {
            "name": f"Customer {customer.number}",
            "email": f"customer{customer.number}@year.example",
            "payment_method": GOOD_CARD,
            "invoice_settings": {"default_payment_method": GOOD_CARD},
            "metadata": {
                "odoo_partner_id": str(customer.partner_id),
                "odoo_database": self.database,
            },
        }
        customer.id = self.stripe.customers.create(params).id
        self.subscribe(customer)

    def subscribe(self, customer):
        """Subscribe to some plan; the number of the customer decides what is special about it."""
        random, special = customer.random, customer.number % 10
        plans = ["basic", "basic", "team", "team", "weekly", "quarterly", "annual", "desk"]
        plan = random.choice(plans if special not in (2, 3, 5) else plans[:4])
        items = [{"price": self.price(customer, plan), "quantity": random.randint(1, 9)}]
        params = {"customer": customer.id}
        if special == 1:
            params["trial_period_days"] = random.choice((7, 14))
            self.counts["trial"] += 1
        elif special == 2:
            items.append({"price": self.price(customer, "calls")})
            self.counts["metered"] += 1
        elif special == 3:
            items.append({"price": self.price(customer, "extra"), "quantity": 2})
            self.counts["several_items"] += 1
        elif special == 4:
            params |= {"collection_method": "send_invoice", "days_until_due": 14}
            customer.by_invoice = True
            self.counts["by_invoice"] += 1
        elif special == 5:
            name = random.choice(("once", "repeating", "forever", f"off_{customer.currency}"))
            params["discounts"] = [{"coupon": self.catalogue.coupons[name]}]
            self.counts["coupon_from_the_start"] += 1
        if random.random() < 0.75:
            params["default_tax_rates"] = self.some_taxes(random)
        customer.subscription = self.stripe.subscriptions.create({**params, "items": items}).id
        self.counts["subscribe"] += 1

    def _use(self):
        """Metered use of those who have such a plan."""
        for customer in self.customers:
            metered = customer.id and customer.number % 10 == 2
            if metered and self.get(customer).status not in ENDED:
                calls = {
                    "stripe_customer_id": customer.id,
                    "value": str(customer.random.randint(0, 900)),
                }
                self.stripe.billing.meter_events.create({"event_name": "call", "payload": calls})
                self.counts["use"] += 1

    def answer_disputes(self, all_of_them=False):
        """Answer the disputes whose time has come, or what is open of them."""
        for dispute in list(self.stripe.disputes.list({"limit": 100}).auto_paging_iter())[::-1]:
            outcome, at = self.disputes.get(dispute.charge, (None, None))
            if not outcome or not dispute.status.endswith("needs_response"):
                continue
            if not all_of_them and self.clock.now < at:
                continue
            if outcome == "accepted":
                self.stripe.disputes.close(dispute.id)
            elif outcome == "escalated" and dispute.status == "warning_needs_response":
                text = {"uncategorized_text": "escalate_inquiry_evidence"}
                self.stripe.disputes.update(dispute.id, {"evidence": text})
                self.counts["dispute_escalated"] += 1
                continue
            elif outcome == "silent" and dispute.status == "needs_response":
                continue
            else:
                word = "losing" if outcome == "lost" else "winning"
                text = {"uncategorized_text": f"{word}_evidence"}
                self.stripe.disputes.update(dispute.id, {"evidence": text})
            del self.disputes[dispute.charge]

    def everybody_leaves(self):
        """All subscriptions end; what is open stays open, but somebody buys what a last payout needs."""
        for customer in self.customers:
            if self.get(customer).status not in ENDED:
                self.stripe.subscriptions.cancel(customer.subscription, {"invoice_now": True})
        self._sell_until(
            lambda balance: sum(x.amount for x in (*balance.available, *balance.pending)) > RESERVE
        )

    def sell_until_available(self):
        """Sell something until there is money that could be paid out now."""
        self._sell_until(lambda balance: balance.available[0].amount > 0)

    def _sell_until(self, enough):
        there = [customer for customer in self.customers if customer.id]
        while not enough(self.stripe.balance.retrieve()):
            customer = self.random.choice(there)
            self.bill(customer, self.large(customer), card="pm_card_bypassPending")
            self.counts["sale_for_a_payout"] += 1
            self.clock.wait(seconds=5)

    # --- what the kinds of happenings share

    def get(self, customer):
        """The customer's subscription."""
        return self.stripe.subscriptions.retrieve(customer.subscription)

    def get_live(self, customer, *statuses):
        """The customer's subscription if it has one of some statuses, which are all that run by default."""
        subscription = self.get(customer)
        return subscription if subscription.status in (statuses or ("active", "past_due")) else None

    def price(self, customer, plan):
        """The price of a plan for a customer."""
        return self.catalogue.prices[customer.currency][plan]

    def some_taxes(self, random):
        """One tax rate; sometimes two that are added to the price."""
        if random.random() < 0.15:
            return [self.catalogue.taxes[0], self.catalogue.taxes[4]]
        return [random.choice(self.catalogue.taxes)]

    def invoices(self, customer, status):
        """The customer's invoices of a status, oldest first, with their payments."""
        # Most have none: that costs no request.
        if not any(self.store.select("invoice", customer=customer.id, status=status)):
            return []
        params = {"customer": customer.id, "status": status, "limit": 100}
        listed = self.stripe.invoices.list({**params, "expand": ["data.payments"]})
        return list(listed.auto_paging_iter())[::-1]

    def charge_of(self, invoice):
        """The charge that has paid an invoice, or None."""
        for part in invoice.payments.data:
            if part.status == "paid" and part.payment.type == "payment_intent":
                charges = self.stripe.charges.list({"payment_intent": part.payment.payment_intent})
                return next(charge for charge in charges.data if charge.status == "succeeded")
        return None

    def paid(self, customer, days=60):
        """An invoice paid lately of which nothing has gone back, and its charge; or None."""
        since = self.clock.now - timedelta(days=days)
        found = [
            invoice
            for invoice in self.invoices(customer, "paid")
            if invoice.amount_paid
            and invoice.created > since.timestamp()
            and not invoice.post_payment_credit_notes_amount
        ]
        for invoice in customer.random.sample(found, len(found)):
            charge = self.charge_of(invoice)
            if charge and not charge.disputed and not charge.amount_refunded:
                return invoice, charge
        return None

    def part(self, customer, amount):
        """About half of an amount: a multiple of ten, as currencies of three decimals need it."""
        return max(int(amount * customer.random.uniform(0.2, 0.7)) // 10 * 10, 10)

    def bill(self, customer, *amounts, units=1, card=None, **params):
        """Bill something at once, by a card that need not be the customer's usual one.

        :param int amounts: Minor units of one unit of each line.
        :param int units: Quantity of each line.
        :return: The invoice: open when it is sent, else paid.
        """
        params = {"customer": customer.id, "currency": customer.currency, **params}
        invoice = self.stripe.invoices.create(params)
        for number, amount in enumerate(amounts, 1):
            item = {"invoice": invoice.id, "description": f"Work {number}", "quantity": units}
            item["unit_amount_decimal"] = str(amount)
            self.stripe.invoice_items.create(
                {"customer": customer.id, "currency": customer.currency, **item}
            )
        invoice = self.stripe.invoices.finalize_invoice(invoice.id)
        if invoice.status == "open" and invoice.collection_method != "send_invoice":
            method = self.stripe.payment_methods.attach(
                card or GOOD_CARD, {"customer": customer.id}
            )
            self.stripe.invoices.pay(invoice.id, {"payment_method": method.id})
        return self.stripe.invoices.retrieve(invoice.id, {"expand": ["payments"]})

    def large(self, customer, times=8):
        """An amount that is more than any credit of the customer: minor units, a multiple of ten."""
        amount = AMOUNTS[customer.currency]["basic"]
        return int(amount * times * customer.random.uniform(1, 2)) // 10 * 10

    def use_card(self, customer, card):
        """Make a card the one that is charged."""
        method = self.stripe.payment_methods.attach(card, {"customer": customer.id})
        settings = {"default_payment_method": method.id}
        self.stripe.customers.update(customer.id, {"invoice_settings": settings})
        if self.get(customer).default_payment_method:
            self.stripe.subscriptions.update(
                customer.subscription, {"default_payment_method": method.id}
            )
        customer.card = card


__all__ = ["ENDED", "FAILING_CARD", "GOOD_CARD", "KINDS", "Customer", "Story", "kind"]
