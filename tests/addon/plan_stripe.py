"""A Stripe account in this process that carries out plans of invoices; see invoice_plans.py.

It is the sandbox without its socket: requests are checked and computed as those that come by HTTP are.
"""

from decimal import Decimal

from stripe_sandbox.core import clocks, operations, state
from stripe_sandbox.core.server import Sandbox
from tests.addon.invoice_plans import INTERVALS, RATES, OneOff

HOUR = 3600
DAY = 86_400


def form(value):
    """Return parameters as decoded form data: texts, and dictionaries for lists."""
    if isinstance(value, dict):
        return {key: form(part) for key, part in value.items() if part is not None}
    if isinstance(value, (list, tuple)):
        return {str(number): form(part) for number, part in enumerate(value)}
    return str(value).lower() if isinstance(value, bool) else str(value)


class PlanStripe:
    """A Stripe account with products and tax rates, on which plans are carried out.

    :param str key: Its secret key.
    """

    def __init__(self, key):
        self.sandbox = Sandbox("http://stripe.invalid", keys=[key])
        self.account = self.sandbox.accounts[key]
        self.products = [
            self.post("/v1/products", name=f"Product {number}")["id"] for number in range(3)
        ]
        # So that there is a plan for each product in Odoo.
        self.prices = [
            self.post(
                "/v1/prices",
                product=product,
                currency="usd",
                unit_amount=100,
                recurring={"interval": "month"},
            )["id"]
            for product in self.products
        ]
        self.rates = {
            name: self.post(
                "/v1/tax_rates",
                display_name=name.removesuffix("_b"),
                percentage=percentage,
                inclusive=inclusive,
            )["id"]
            for name, (percentage, inclusive) in RATES.items()
        }
        self._fresh = state.dump([self.account])

    def reset(self):
        """Forget all but products and tax rates."""
        state.load([self.account], self._fresh)

    def post(self, path, /, **params):
        """Send a request that changes something; returns the answer."""
        return self._send("POST", path, params)

    def get(self, path, /, **params):
        """Send a request that reads; returns the answer."""
        return self._send("GET", path, params)

    def _send(self, verb, path, params):
        asked = operations.read(verb, path, form(params))
        with self.account.lock:
            return operations.run(self.account.context(), asked)

    def wait(self, clock, until):
        """Let a test clock run to a time, with all that happens by itself until then."""
        clocks.advance(self.account, clock, until).join()
        assert self.account.store.get("test_helpers.test_clock", clock)["status"] == "ready"

    def invoices(self, customer):
        """Ids of the invoices of a customer that are not drafts, oldest first."""
        rows = self.account.store.select("invoice", customer=customer)
        return [row["id"] for row in rows if row["status"] != "draft"][::-1]

    # === PLANS === #

    def carry_out(self, plan, **customer):
        """Do what a plan says; returns the id of its customer.

        :param OneOff|Subscribed plan: The plan.
        :param customer: Parameters of the customer.
        """
        clock = self.post("/v1/test_helpers/test_clocks", frozen_time=plan.start)["id"]
        buyer = self.post(
            "/v1/customers",
            test_clock=clock,
            payment_method="pm_card_visa",
            invoice_settings={"default_payment_method": "pm_card_visa"},
            tax_exempt=plan.exempt,
            **customer,
        )["id"]
        if plan.balance:
            self.post(
                f"/v1/customers/{buyer}/balance_transactions",
                amount=plan.balance,
                currency=plan.currency,
            )
        if isinstance(plan, OneOff):
            self._invoice(plan, buyer)
        else:
            self._subscribe(plan, buyer, clock)
        return buyer

    def _invoice(self, plan, buyer):
        sent = {"collection_method": "send_invoice", "days_until_due": 14}
        invoice = self.post(
            "/v1/invoices",
            customer=buyer,
            currency=plan.currency,
            auto_advance=False,
            default_tax_rates=self._rates(plan.rates),
            discounts=self._coupons(plan, plan.coupons),
            **({} if plan.pay == "card" else sent),
        )["id"]
        for extra in plan.extras:
            self.post(
                "/v1/invoiceitems",
                customer=buyer,
                invoice=invoice,
                currency=plan.currency if extra.price is None else None,
                description="Item",
                tax_rates=self._rates(extra.rates),
                discounts=self._coupons(plan, extra.coupons),
                **self._extra(plan, extra),
            )
        made = self.post(f"/v1/invoices/{invoice}/finalize")
        if made["status"] == "open" and plan.pay in ("card", "off_stripe"):
            self.post(f"/v1/invoices/{invoice}/pay", paid_out_of_band=plan.pay == "off_stripe")

    def _extra(self, plan, extra):
        if extra.amount is not None:
            return {"amount": extra.amount, "discountable": extra.discountable}
        if extra.unit is not None:
            return {"unit_amount_decimal": extra.unit, "quantity": extra.quantity}
        price = self._price(plan, extra.price, recurring=None)
        return {"pricing": {"price": price}, "quantity": extra.quantity}

    def _subscribe(self, plan, buyer, clock):
        length = INTERVALS[plan.interval[0]] * plan.interval[1]
        params = {
            "customer": buyer,
            "currency": plan.currency,
            "items": [self._item(plan, item) for item in plan.items],
            "add_invoice_items": [
                {
                    "price": self._price(plan, extra.price, recurring=None),
                    "quantity": extra.quantity,
                    "tax_rates": self._rates(extra.rates),
                }
                for extra in plan.extras
            ]
            or None,
            "default_tax_rates": self._rates(plan.rates),
            "discounts": self._coupons(plan, plan.coupons),
            "billing_mode": {"type": plan.mode},
        }
        if plan.begin == "trial":
            params["trial_end"] = plan.start + length // 3
        elif plan.begin == "anchor":
            params["billing_cycle_anchor"] = plan.start + length // 3 + 17
        if plan.pay == "open":
            params |= {"collection_method": "send_invoice", "days_until_due": 30}
        sub = self.post("/v1/subscriptions", **params)
        for change in plan.changes:
            self._wait_for(sub, clock, change.after)
            sub = self._change(plan, sub, change)
        metered = [item for item in plan.items if item.price.metered]
        if metered:
            self._wait_for(sub, clock, 999_999)
            self._use(plan, sub, metered)
        if plan.end == "cancel":
            self._wait_for(sub, clock, 999_999)
            self._send(
                "DELETE",
                f"/v1/subscriptions/{sub['id']}",
                {"invoice_now": True, "prorate": True},
            )
        # Drafts are finalized after an hour.
        now = self._now(clock)
        _start, end = self._period(sub)
        until = end + 2 * HOUR if plan.end == "renew" else now + 2 * HOUR
        self.wait(clock, max(until, now + 1))

    def _now(self, clock):
        return self.account.store.get("test_helpers.test_clock", clock)["frozen_time"]

    def _period(self, sub):
        rows = list(self.account.store.select("subscription_item", subscription=sub["id"]))
        return (
            min(row["current_period_start"] for row in rows),
            min(row["current_period_end"] for row in rows),
        )

    def _wait_for(self, sub, clock, share):
        """Wait until a share of the period is over, in millionths; never back."""
        start, end = self._period(sub)
        until = start + (end - start) * share // 1_000_000
        if until > self._now(clock):
            self.wait(clock, until)

    def _change(self, plan, sub, change):
        rows = sub["items"]["data"]
        new = self._item(plan, change.item)
        if change.kind == "remove":
            if len(rows) < 2:
                return sub
            row = {"id": rows[-1]["id"], "deleted": True, "clear_usage": None}
        elif change.kind == "add":
            row = new
        elif change.kind == "price":
            row = {"id": rows[0]["id"], **new}
        else:
            row = {"id": rows[0]["id"], "quantity": change.item.quantity}
        behavior = "always_invoice" if change.at_once else "create_prorations"
        return self.post(f"/v1/subscriptions/{sub['id']}", items=[row], proration_behavior=behavior)

    def _use(self, plan, sub, metered):
        """Record the use of metered items that the subscription still has."""
        prices = [
            row["price"] for row in self.get(f"/v1/subscriptions/{sub['id']}")["items"]["data"]
        ]
        names = [row["nickname"] for row in prices if row["recurring"]["usage_type"] == "metered"]
        for name, item in zip(names, metered, strict=False):
            if item.quantity:
                self.post(
                    "/v1/billing/meter_events",
                    event_name=name,
                    payload={"stripe_customer_id": sub["customer"], "value": str(item.quantity)},
                )

    # === CATALOGUE === #

    def _item(self, plan, item):
        recurring = {"interval": plan.interval[0], "interval_count": plan.interval[1]}
        return {
            "price": self._price(plan, item.price, recurring),
            "quantity": None if item.price.metered else item.quantity,
            "tax_rates": self._rates(item.rates),
            "discounts": self._coupons(plan, item.coupons),
        }

    def _price(self, plan, price, recurring):
        """Make a price; a metered one is nicknamed after the events of its meter."""
        params = {"currency": plan.currency, "product": self.products[price.product]}
        if price.tiers:
            params |= {
                "billing_scheme": "tiered",
                "tiers_mode": price.kind,
                "tiers": [
                    {
                        "up_to": "inf" if up_to is None else up_to,
                        "unit_amount_decimal": unit,
                        "flat_amount": flat or None,
                    }
                    for up_to, unit, flat in price.tiers
                ],
            }
        else:
            params["unit_amount_decimal"] = price.unit
        if price.kind.startswith("package"):
            how = price.kind.removeprefix("package_")
            params["transform_quantity"] = {"divide_by": price.divide_by, "round": how}
        if recurring:
            params["recurring"] = dict(recurring)
        if price.metered:
            count = len(list(self.account.store.select("billing.meter")))
            meter = self.post(
                "/v1/billing/meters",
                display_name="Use",
                event_name=f"use_{count}",
                default_aggregation={"formula": "sum"},
            )
            params["nickname"] = meter["event_name"]
            params["recurring"] |= {"usage_type": "metered", "meter": meter["id"]}
        return self.post("/v1/prices", **params)["id"]

    def _rates(self, names):
        return [self.rates[name] for name in names] or None

    def _coupons(self, plan, coupons):
        return [{"coupon": self._coupon(plan, coupon)} for coupon in coupons] or None

    def _coupon(self, plan, coupon):
        params = {"duration": coupon.duration}
        if coupon.duration == "repeating":
            params["duration_in_months"] = 2
        if coupon.percent is not None:
            params["percent_off"] = Decimal(coupon.percent)
        else:
            params |= {"amount_off": coupon.amount, "currency": plan.currency}
        if coupon.product is not None:
            params["applies_to"] = {"products": [self.products[coupon.product]]}
        return self.post("/v1/coupons", **params)["id"]
