"""A small catalogue in the stand-in for Stripe, made through its API as a person would in the Dashboard."""

import stripe

KEY = "sk_test_sandbox0000000000000000"
# An account in which nothing is made yet.
EMPTY_KEY = "sk_test_sandbox0000000000000001"
PUBLISHABLE_KEY = "pk_test_sandbox0000000000000000"

# Product, its unit, and its prices: currency, minor units, interval, and what else a price has.
PRODUCTS = [
    (
        "Team plan",
        "seat",
        [
            ("usd", 2000, "month", {}),
            ("eur", 1900, "month", {}),
            ("usd", 20000, "year", {"nickname": "yearly"}),
        ],
    ),
    (
        "Newsletter",
        None,
        [
            ("usd", 499, "week", {}),
            ("eur", 450, "week", {}),
            ("usd", 99, "day", {"nickname": "daily"}),
        ],
    ),
    (
        "Studio",
        None,
        [
            ("jpy", 3000, "month", {}),
            ("kwd", 12500, "month", {}),
            ("eur", 14900, "month", {"interval_count": 3, "nickname": "quarterly"}),
        ],
    ),
    ("Trial plan", None, [("usd", 2900, "month", {"trial_period_days": 14})]),
]
TIERS = [
    {"up_to": 5, "unit_amount": 1000},
    {"up_to": 20, "unit_amount": 800},
    {"up_to": "inf", "unit_amount": 600},
]
TAX_RATES = [
    ("Sales tax", 15.0, False),
    ("VAT", 20.0, True),
    ("GST", 10.0, False),
]
COUPONS = [
    {"id": "WELCOME10", "name": "Welcome", "percent_off": 10.0, "duration": "once"},
    {"id": "PARTNER25", "name": "Partner", "percent_off": 25.0, "duration": "forever"},
    {
        "id": "LAUNCH5",
        "name": "Launch",
        "amount_off": 500,
        "currency": "usd",
        "duration": "repeating",
        "duration_in_months": 3,
    },
]


def client(url: str, key: str = KEY) -> stripe.StripeClient:
    """The package's client in front of the stand-in."""
    return stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=2)


def create(url: str, key: str = KEY) -> None:
    """Fill an empty account; one that has products is left alone."""
    v1 = client(url, key).v1
    if v1.products.list({"limit": 1}).data:
        return
    for name, unit, prices in PRODUCTS:
        product = v1.products.create({"name": name, **({"unit_label": unit} if unit else {})})
        for currency, amount, interval, more in prices:
            recurring = {"interval": interval}
            recurring |= {
                k: v for k, v in more.items() if k in ("interval_count", "trial_period_days")
            }
            price = {
                "product": product.id,
                "currency": currency,
                "unit_amount": amount,
                "recurring": recurring,
            }
            price |= {key: value for key, value in more.items() if key == "nickname"}
            v1.prices.create(price)
    _create_tiered(v1)
    _create_metered(v1)
    for name, percentage, inclusive in TAX_RATES:
        v1.tax_rates.create(
            {"display_name": name, "percentage": percentage, "inclusive": inclusive}
        )
    for coupon in COUPONS:
        v1.coupons.create(dict(coupon))


def _create_tiered(v1) -> None:
    product = v1.products.create({"name": "Support desk", "unit_label": "agent"})
    for mode in ("graduated", "volume"):
        v1.prices.create(
            {
                "product": product.id,
                "currency": "usd",
                "nickname": mode,
                "billing_scheme": "tiered",
                "tiers_mode": mode,
                "tiers": TIERS,
                "recurring": {"interval": "month"},
            }
        )


def _create_metered(v1) -> None:
    meter = v1.billing.meters.create(
        {
            "display_name": "API calls",
            "event_name": "api_call",
            "default_aggregation": {"formula": "sum"},
        }
    )
    product = v1.products.create({"name": "API access", "unit_label": "call"})
    v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount_decimal": "0.35",
            "recurring": {"interval": "month", "usage_type": "metered", "meter": meter.id},
        }
    )
