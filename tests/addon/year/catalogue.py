"""What the company sells: plans in five currencies, taxes, coupons; and rates of exchange that move."""

import math
from datetime import timedelta

CURRENCIES = ("usd", "eur", "gbp", "jpy", "kwd")
# Interval and count of each plan; the dearer one of a pair comes later.
PLANS = {
    "weekly": ("week", 1),
    "basic": ("month", 1),
    "team": ("month", 1),
    "quarterly": ("month", 3),
    "annual": ("year", 1),
    "desk": ("month", 1),
    "extra": ("month", 1),
    "calls": ("month", 1),
}
# Minor units of one seat; odd, so that prorations and taxes have something to round.
AMOUNTS = {
    "usd": {"weekly": 1249, "basic": 1999, "team": 4985, "quarterly": 13899, "annual": 49900},
    "eur": {"weekly": 1199, "basic": 1899, "team": 4685, "quarterly": 12999, "annual": 47900},
    "gbp": {"weekly": 999, "basic": 1649, "team": 3985, "quarterly": 10999, "annual": 39900},
    "jpy": {"weekly": 1833, "basic": 2980, "team": 7450, "quarterly": 19800, "annual": 72000},
    "kwd": {"weekly": 3850, "basic": 6130, "team": 15270, "quarterly": 42490, "annual": 152990},
}
TIERS = ((3, 11), (10, 9), ("inf", 7))  # up to, and tenths of the plan `basic`
COUPONS = {
    "once": {"percent_off": 12.5, "duration": "once"},
    "repeating": {"percent_off": 33, "duration": "repeating", "duration_in_months": 3},
    "forever": {"percent_off": 7.5, "duration": "forever"},
}
# Name, percentage, whether it is in the price.
TAXES = (
    ("Sales tax", 8.875, False),
    ("VAT", 19, False),
    ("VAT included", 20, True),
    ("Consumption tax", 10, True),
    ("City tax", 1.25, False),
)
# US dollars for one unit at the beginning, and how far the rate swings, in percent.
RATES = {"eur": (1.1, 6), "gbp": (1.27, 5), "jpy": (0.0066, 9), "kwd": (3.25, 1)}
# What Stripe keeps of an exchange, in percent of the rate.
SPREAD = 0.7


class Catalogue:
    """The catalogue at Stripe.

    :param stripe: The package's client.
    """

    def __init__(self, stripe):
        self._stripe = stripe
        self.prices = {currency: {} for currency in CURRENCIES}
        self.coupons = {}
        self.taxes = []

    def create(self):
        """Make all of it."""
        meter = self._stripe.billing.meters.create(
            {
                "display_name": "Calls",
                "event_name": "call",
                "default_aggregation": {"formula": "sum"},
            }
        )
        for plan in PLANS:
            product = self._stripe.products.create({"name": plan.capitalize()})
            for currency in CURRENCIES:
                price = self._get_price(plan, currency, meter.id)
                made = self._stripe.prices.create({**price, "product": product.id})
                self.prices[currency][plan] = made.id
        for name, terms in COUPONS.items():
            self.coupons[name] = self._stripe.coupons.create({"name": name, **terms}).id
        for currency in CURRENCIES:
            terms = {"amount_off": AMOUNTS[currency]["basic"] // 40 * 10, "currency": currency}
            coupon = self._stripe.coupons.create({"name": "off", "duration": "once", **terms})
            self.coupons[f"off_{currency}"] = coupon.id
        for name, percentage, inclusive in TAXES:
            rate = {"display_name": name, "percentage": percentage, "inclusive": inclusive}
            self.taxes.append(self._stripe.tax_rates.create(rate).id)

    def _get_price(self, plan, currency, meter):
        interval, count = PLANS[plan]
        recurring = {"interval": interval, "interval_count": count}
        price = {"currency": currency, "recurring": recurring}
        basic = AMOUNTS[currency]["basic"]
        if plan == "desk":
            tiers = [
                {"up_to": up_to, "unit_amount": basic * tenths // 100 * 10}
                for up_to, tenths in TIERS
            ]
            price |= {"billing_scheme": "tiered", "tiers_mode": "graduated", "tiers": tiers}
        elif plan == "calls":
            price["unit_amount_decimal"] = "10" if currency == "kwd" else "1.35"
            price["recurring"] = recurring | {"usage_type": "metered", "meter": meter}
        elif plan == "extra":
            price["unit_amount"] = basic // 30 * 10
        else:
            price["unit_amount"] = AMOUNTS[currency][plan]
        return price

    def get_plan(self, price_id):
        """The name of a price's plan."""
        for plans in self.prices.values():
            for plan, price in plans.items():
                if price == price_id:
                    return plan
        raise KeyError(price_id)


def get_rates(day, random):
    """US dollars for one unit of each currency on a day: at the central bank and at Stripe.

    :param date day: The day.
    :param random.Random random: For what is not in the swing of the year.
    :rtype: tuple[dict[str, float], dict[str, str]]
    """
    bank, stripe = {}, {}
    for number, (currency, (rate, swing)) in enumerate(RATES.items()):
        turn = math.sin((day - day.replace(month=1, day=1)) / timedelta(days=58) + number)
        moved = rate * (1 + swing / 100 * (turn + random.uniform(-0.2, 0.2)))
        bank[currency] = round(moved, 8)
        stripe[currency] = f"{moved * (1 - SPREAD / 100 * random.random()):.8f}"
    return bank, stripe
