"""What happens at Stripe during chaos: customers subscribe, change their minds, fail to pay, get money back.

A function of the seed alone: each customer has a random generator of its own, and lives on a test clock that
begins at a fixed date. All of it goes through Stripe's API, which fails now and then like everybody's.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from random import Random
from threading import Event
from typing import Any

import stripe

from dev import catalogue

# In the future, like anybody's test clock: Stripe lists the events of the last thirty days.
BEGINNING = datetime(2030, 1, 3, 9, tzinfo=UTC)
CUSTOMERS_PER_CLOCK = 3  # Stripe's limit
# Days of a month on which something may happen, beside the renewal at its end.
STOPS = (10, 20)
# Drafts of renewals are finalized an hour after they are made.
AFTER_RENEWAL = timedelta(hours=2)
GOOD_CARD, FAILING_CARD = "pm_card_visa", "pm_card_chargeCustomerFail"
CURRENCIES = {"usd": 60, "eur": 25, "jpy": 8, "kwd": 7}
COUPONS = {"usd": ["WELCOME10", "PARTNER25", "LAUNCH5"], "": ["WELCOME10", "PARTNER25"]}
# What customers do, by weight.
CHANGES = {
    "quantity": 120,
    "plan": 60,
    "break_card": 40,
    "refund": 50,
    "discount": 40,
    "end_later": 20,
    "cancel": 12,
}
ENDED = ("canceled", "incomplete_expired")
ATTEMPTS = 30


class Stopped(Exception):
    """The run has been given up."""


class Api:
    """Stripe's API for somebody who insists: repeats a request, under one key, until it is answered."""

    def __init__(self, url: str, seed: int):
        self._v1 = catalogue.client(url).v1
        self._seed = seed
        self.stopping = Event()

    def call(self, method: str, *arguments: Any, key: str = "") -> Any:
        """Call a method such as ``subscriptions.update``; ``key`` makes what changes something happen once."""
        function = reduce(getattr, method.split("."), self._v1)
        options = {"idempotency_key": f"chaos-{self._seed}-{key}"} if key else {}
        for attempt in range(ATTEMPTS):
            if self.stopping.is_set():
                raise Stopped
            try:
                return function(*arguments, options)
            except stripe.StripeError as error:
                unanswered = error.http_status in (None, 409, 429) or error.http_status >= 500
                if not unanswered or attempt == ATTEMPTS - 1:
                    raise
                time.sleep(0.05)
        raise AssertionError("unreachable")

    def every(self, method: str, *arguments: Any) -> Iterable[Any]:
        """All objects of a list."""
        *ids, params = arguments
        page = self.call(method, *ids, {"limit": 100, **params})
        yield from page.data
        while page.has_more:
            after = {"limit": 100, **params, "starting_after": page.data[-1].id}
            page = self.call(method, *ids, after)
            yield from page.data


@dataclass
class Plans:
    """The catalogue as customers see it."""

    prices: dict[str, list[str]] = field(default_factory=dict)
    taxes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, api: Api) -> "Plans":
        """Monthly and longer plans that are charged in advance, by currency, in the order of their making."""
        plans = cls()
        for price in reversed(list(api.every("prices.list", {"type": "recurring"}))):
            recurring = price.recurring
            if recurring.interval in ("month", "year") and recurring.usage_type == "licensed":
                plans.prices.setdefault(price.currency, []).append(price.id)
        rates = reversed(list(api.every("tax_rates.list", {})))
        plans.taxes = [rate.id for rate in rates]
        return plans


@dataclass
class Customer:
    """One customer with one subscription."""

    number: int
    random: Random
    partner: int
    currency: str
    id: str = ""
    subscription: str = ""
    card_failing: bool = False
    refunded: set[str] = field(default_factory=set)
    requests: int = 0

    def key(self) -> str:
        """The idempotency key of the next request."""
        self.requests += 1
        return f"{self.number}-{self.requests}"


class Timeline:
    """A test clock and the customers on it."""

    def __init__(self, api: Api, seed: int, number: int, partners: list[int], database: str):
        self.api = api
        self.number = number
        self.database = database
        self.counts: dict[str, int] = {}
        random = Random(f"{seed}-clock-{number}")
        self.began = BEGINNING + timedelta(minutes=random.randrange(2 * 24 * 60))
        self.clock = ""
        self.customers = []
        for index, partner in enumerate(partners):
            who = Random(f"{seed}-{number}-{index}")
            [currency] = who.choices(list(CURRENCIES), list(CURRENCIES.values()))
            self.customers.append(
                Customer(number * CUSTOMERS_PER_CLOCK + index, who, partner, currency)
            )

    def prepare(self) -> None:
        """Make the clock and its customers, who have a card."""
        moment = {"frozen_time": int(self.began.timestamp())}
        self.clock = self.api.call(
            "test_helpers.test_clocks.create", moment, key=f"clock-{self.number}"
        ).id
        for customer in self.customers:
            params = {
                "name": f"Customer {customer.number}",
                "email": f"customer{customer.number}@chaos.example",
                "test_clock": self.clock,
                "payment_method": GOOD_CARD,
                "invoice_settings": {"default_payment_method": GOOD_CARD},
                "metadata": {
                    "odoo_partner_id": str(customer.partner),
                    "odoo_database": self.database,
                },
            }
            customer.id = self.api.call("customers.create", params, key=customer.key()).id

    def subscribe(self, plans: Plans) -> None:
        """Subscribe all customers."""
        for customer in self.customers:
            random = customer.random
            params: dict[str, Any] = {
                "customer": customer.id,
                "items": [
                    {
                        "price": random.choice(plans.prices[customer.currency]),
                        "quantity": random.randint(1, 12),
                    }
                ],
            }
            if random.random() < 0.6:
                params["default_tax_rates"] = [random.choice(plans.taxes)]
            if random.random() < 0.2:
                params["discounts"] = [{"coupon": self._coupon(customer)}]
            if random.random() < 0.1:
                params["trial_period_days"] = 14
            customer.subscription = self.api.call(
                "subscriptions.create", params, key=customer.key()
            ).id

    def go_to(self, moment: datetime) -> None:
        """Let time pass until a moment."""
        target = int(moment.timestamp())
        self.api.call(
            "test_helpers.test_clocks.advance",
            self.clock,
            {"frozen_time": target},
            key=f"clock-{self.number}-{target}",
        )
        while self.api.call("test_helpers.test_clocks.retrieve", self.clock, {}).status != "ready":
            time.sleep(0.05)

    def stops(self, months: int) -> list[datetime]:
        """The moments at which something may happen."""
        found = []
        for month in range(months):
            begins = self._months_later(month)
            found += [begins + timedelta(days=day) for day in STOPS]
            found.append(self._months_later(month + 1) + AFTER_RENEWAL)
        return found

    def _months_later(self, months: int) -> datetime:
        year, month = divmod(self.began.month - 1 + months, 12)
        return self.began.replace(year=self.began.year + year, month=month + 1)

    # --- changes

    def change(self, plans: Plans, share: float) -> None:
        """Let a share of the customers do something."""
        for customer in self.customers:
            [name] = customer.random.choices(list(CHANGES), list(CHANGES.values()))
            if customer.card_failing and customer.random.random() < 0.7:
                name = "repair_card"
            elif customer.random.random() >= share:
                continue
            obj = self.api.call("subscriptions.retrieve", customer.subscription, {})
            if obj.status in ENDED and name != "refund":
                continue
            function: Callable[[Customer, Any, Plans], bool] = getattr(self, f"_{name}")
            if function(customer, obj, plans):
                self.counts[name] = self.counts.get(name, 0) + 1

    def _update(self, customer: Customer, params: dict[str, Any]) -> bool:
        self.api.call("subscriptions.update", customer.subscription, params, key=customer.key())
        return True

    def _quantity(self, customer: Customer, obj: Any, plans: Plans) -> bool:
        item = {"id": obj["items"].data[0].id, "quantity": customer.random.randint(1, 20)}
        return self._update(customer, {"items": [item], **self._proration(customer)})

    def _plan(self, customer: Customer, obj: Any, plans: Plans) -> bool:
        item = obj["items"].data[0]
        others = [key for key in plans.prices[customer.currency] if key != item.price.id]
        if not others:
            return False
        change = {"id": item.id, "price": customer.random.choice(others)}
        return self._update(customer, {"items": [change], **self._proration(customer)})

    def _proration(self, customer: Customer) -> dict[str, str]:
        behaviors = ("create_prorations", "always_invoice", "none")
        return {"proration_behavior": customer.random.choices(behaviors, (5, 4, 1))[0]}

    def _discount(self, customer: Customer, obj: Any, plans: Plans) -> bool:
        coupon = self._coupon(customer)
        discounts = "" if obj.discounts else [{"coupon": coupon}]
        return self._update(customer, {"discounts": discounts})

    def _coupon(self, customer: Customer) -> str:
        return customer.random.choice(COUPONS.get(customer.currency, COUPONS[""]))

    def _end_later(self, customer: Customer, obj: Any, plans: Plans) -> bool:
        """End with the period, or think better of it."""
        return self._update(customer, {"cancel_at_period_end": not obj.cancel_at_period_end})

    def _cancel(self, customer: Customer, obj: Any, plans: Plans) -> bool:
        settled = customer.random.random() < 0.5
        params = {"prorate": settled, "invoice_now": settled}
        try:
            self.api.call("subscriptions.cancel", customer.subscription, params)
        except stripe.InvalidRequestError as error:
            # It was active a moment ago: the answer was lost, and DELETE has no idempotency keys.
            if error.code != "resource_missing":
                raise
        return True

    def _break_card(self, customer: Customer, obj: Any, plans: Plans) -> bool:
        if customer.card_failing:
            return False
        self._use_card(customer, FAILING_CARD)
        customer.card_failing = True
        return True

    def _repair_card(self, customer: Customer, obj: Any, plans: Plans) -> bool:
        """A good card again; what is open is paid at once, or at Stripe's next attempt."""
        self._use_card(customer, GOOD_CARD)
        customer.card_failing = False
        if customer.random.random() < 0.5:
            for invoice in self.api.every(
                "invoices.list", {"customer": customer.id, "status": "open"}
            ):
                self.api.call("invoices.pay", invoice.id, {}, key=customer.key())
        return True

    def _use_card(self, customer: Customer, card: str) -> None:
        method = self.api.call(
            "payment_methods.attach", card, {"customer": customer.id}, key=customer.key()
        )
        params = {"invoice_settings": {"default_payment_method": method.id}}
        self.api.call("customers.update", customer.id, params, key=customer.key())

    def _refund(self, customer: Customer, obj: Any, plans: Plans) -> bool:
        """Give back an invoice that was paid, or a part of it."""
        paid = [
            payment
            for invoice in self.api.every(
                "invoices.list",
                {"customer": customer.id, "status": "paid", "expand": ["data.payments"]},
            )
            for payment in invoice.payments.data
            if payment.status == "paid" and payment.payment.payment_intent not in customer.refunded
        ]
        if not paid:
            return False
        payment = customer.random.choice(paid)
        intent = payment.payment.payment_intent
        params = {"payment_intent": intent}
        if customer.random.random() < 0.5:
            # A whole number of tens: Stripe's rule for currencies of three decimals.
            params["amount"] = max(payment.amount_paid // 20 * 10, 10)
        self.api.call("refunds.create", params, key=customer.key())
        customer.refunded.add(intent)
        return True
