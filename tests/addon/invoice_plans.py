"""Plans of invoices at Stripe, and the strategies that make them up. Amounts in Stripe's minor units.

A plan says what is bought and what happens to it, never what comes out: that is for Stripe to compute.
"""

from dataclasses import dataclass, fields
from functools import cache

from hypothesis import strategies as st

# What counts as one step of an amount, and decimals below the minor unit: Stripe takes no others.
STEPS = {"kwd": 10, "bhd": 10, "tnd": 10, "isk": 100, "ugx": 100}
# The currencies that are coarser in Odoo than at Stripe come last: a quarter of the plans is enough.
CURRENCIES = (
    *("usd", "usd", "eur", "eur", "gbp", "chf", "sek", "jpy", "jpy", "krw", "clp", "vnd"),
    *("kwd", "kwd", "bhd", "tnd", "huf", "huf", "nok", "isk", "twd", "ugx"),
)
# Percentage and whether it is included. Names that differ only in their last letter are rates of two
# authorities that are alike, which one Odoo tax books.
RATES = {
    "vat20": ("20", False),
    "gst5": ("5", False),
    "gst5_b": ("5", False),
    "qst": ("9.975", False),
    "sales": ("8.875", False),
    "city": ("0.125", False),
    "third": ("33.3333", False),
    "zero": ("0", False),
    "vat20_in": ("20", True),
    "ten_in": ("10", True),
    "ten_in_b": ("10", True),
    "swiss_in": ("7.7", True),
    "zero_in": ("0", True),
}
INTERVALS = {"day": 86_400, "week": 7 * 86_400, "month": 28 * 86_400, "year": 365 * 86_400}


# === WHAT IS BOUGHT === #


class Plan:
    """Shown without what it leaves as usual."""

    def __repr__(self):
        parts = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if self._says(f))
        return f"{type(self).__name__}({', '.join(parts)})"

    def _says(self, field):
        return getattr(self, field.name) != field.default


@dataclass(frozen=True, repr=False)
class Price(Plan):
    """A price: flat, package_up, package_down (per `divide_by` units), graduated or volume.

    :param str unit: Amount of a unit, maybe with decimals.
    :param tuple tiers: Each: last quantity (None for the last tier), unit amount, flat amount.
    :param int product: One of the products that all plans share.
    """

    kind: str
    unit: str = "0"
    divide_by: int = 1
    tiers: tuple = ()
    metered: bool = False
    product: int = 0


@dataclass(frozen=True, repr=False)
class Coupon(Plan):
    """A discount in percent, or of an amount; maybe of one product only."""

    percent: str | None = None
    amount: int | None = None
    duration: str = "forever"
    product: int | None = None


@dataclass(frozen=True, repr=False)
class Item(Plan):
    """A line of a subscription; `quantity` is what is used, when the price is metered."""

    price: Price
    quantity: int
    rates: tuple = ()
    coupons: tuple = ()


@dataclass(frozen=True, repr=False)
class Extra(Plan):
    """A one-off item: an amount (maybe negative), or a quantity of a unit amount or of a price."""

    amount: int | None = None
    unit: str | None = None
    price: Price | None = None
    quantity: int = 1
    rates: tuple = ()
    coupons: tuple = ()
    discountable: bool = True


@dataclass(frozen=True, repr=False)
class Change(Plan):
    """A change in the middle of the period, after a share of it in millionths.

    `kind` is quantity, price, add or remove; `item` is what the first item becomes, or what is added.
    """

    after: int
    kind: str
    item: Item
    at_once: bool


@dataclass(frozen=True, repr=False)
class OneOff(Plan):
    """An invoice that is made by hand.

    :param str pay: card, late (by card, days after), off_stripe, or open.
    :param int balance: What the customer's balance is at first; negative is credit.
    """

    currency: str
    start: int
    extras: tuple
    rates: tuple = ()
    coupons: tuple = ()
    balance: int = 0
    exempt: str = "none"
    pay: str = "card"


@dataclass(frozen=True, repr=False)
class Subscribed(Plan):
    """A subscription, what is changed about it, and how it goes on.

    :param str begin: now, trial, or anchor (a shortened first period).
    :param str pay: card, or open (invoices are sent, and paid by nobody).
    :param str end: none, renew, or cancel (with credits, invoiced at once).
    """

    currency: str
    start: int
    interval: tuple
    items: tuple
    extras: tuple = ()
    rates: tuple = ()
    coupons: tuple = ()
    balance: int = 0
    exempt: str = "none"
    begin: str = "now"
    mode: str = "flexible"
    changes: tuple = ()
    pay: str = "card"
    end: str = "none"


# === STRATEGIES === #

# Amounts on which percentages fall on halves, thirds and powers of ten, beside any others.
AMOUNTS = st.sampled_from((2000, 1, 5, 33, 50, 99, 333, 995, 1001, 1499, 4999, 12345, 99999)) | (
    st.integers(1, 500_000)
)
SMALL = st.integers(1, 12)
# From a leap day to a year's end, to the second.
STARTS = st.sampled_from((1709164800, 1706745599, 1735603200)) | st.integers(1704067200, 1755000000)
RATE_SETS = st.one_of(
    st.just(()),
    st.sampled_from(tuple(RATES)).map(lambda name: (name,)),
    st.lists(st.sampled_from(tuple(RATES)), min_size=2, max_size=4, unique=True).map(tuple),
)
EXEMPT = st.sampled_from(("none",) * 18 + ("exempt", "reverse"))


@cache
def few(strategy, most):
    """Mostly none, sometimes up to `most`."""
    return st.just(()) | st.lists(strategy, max_size=most).map(tuple)


@cache
def units(currency):
    """Amounts of a unit as texts; with decimals where the currency has no steps."""
    step = STEPS.get(currency, 1)
    whole = AMOUNTS.map(lambda amount: str(amount * step))
    if step > 1:
        return whole
    parts = st.tuples(st.integers(1, 999_999_999), st.sampled_from((2, 1, 3, 4, 6, 9, 12)))
    return whole | parts.map(lambda part: decimal(*part))


def decimal(digits, places):
    """Write an integer with decimals: 12345 with 3 is 12.345; large ones lose their first digits."""
    whole, rest = divmod(digits, 10**places)
    return f"{whole % 1_000_000}.{rest:0{places}d}"


@cache
@st.composite
def prices(draw, currency, metered=False):
    """A price for a subscription."""
    kind = draw(
        st.sampled_from(("flat", "flat", "package_up", "package_down", "graduated", "volume"))
    )
    product = draw(st.integers(0, 2))
    if kind in ("flat", "package_up", "package_down"):
        divide_by = 1 if kind == "flat" else draw(st.integers(2, 10))
        return Price(kind, draw(units(currency)), divide_by, (), metered, product)
    steps = draw(st.lists(st.integers(1, 6), min_size=0, max_size=2))
    bounds = [sum(steps[: n + 1]) for n in range(len(steps))]
    flat = st.sampled_from((0, 0, 100, 999)).map(lambda amount: amount * STEPS.get(currency, 1))
    tiers = tuple((bound, draw(units(currency)), draw(flat)) for bound in [*bounds, None])
    return Price(kind, tiers=tiers, metered=metered, product=product)


@cache
def coupons(currency):
    """A coupon that fits a currency."""
    step = STEPS.get(currency, 1)
    product = st.sampled_from((None, None, None, 0, 1))
    duration = st.sampled_from(("forever", "once", "repeating"))
    percent = st.sampled_from(("10", "25", "50", "100", "33.33", "12.5", "0.5", "99.99", "15"))
    return st.builds(Coupon, percent=percent, duration=duration, product=product) | st.builds(
        Coupon, amount=AMOUNTS.map(lambda amount: amount * step), duration=duration, product=product
    )


@cache
def items(currency):
    """A line of a subscription."""
    metered = st.sampled_from((False, False, False, True))
    return metered.flatmap(
        lambda is_metered: st.builds(
            Item,
            prices(currency, is_metered),
            SMALL | st.integers(0, 60),
            RATE_SETS,
            few(coupons(currency), 2),
        )
    )


@cache
def licensed(currency):
    """A line of a subscription that is billed ahead."""
    return st.builds(Item, prices(currency), SMALL, RATE_SETS, few(coupons(currency), 1))


@cache
def extras(currency):
    """A one-off item."""
    step = STEPS.get(currency, 1)
    signed = st.tuples(AMOUNTS, st.sampled_from((1, 1, -1))).map(lambda p: p[0] * p[1] * step)
    once = st.builds(
        Price,
        st.sampled_from(("flat", "package_up", "package_down")),
        units(currency),
        st.integers(2, 6),
        product=st.integers(0, 2),
    )
    common = {"rates": RATE_SETS, "coupons": few(coupons(currency), 2)}
    return st.one_of(
        st.builds(Extra, amount=signed, discountable=st.booleans(), **common),
        st.builds(Extra, unit=units(currency), quantity=SMALL, **common),
        st.builds(Extra, price=once, quantity=SMALL, **common),
    )


@cache
def balances(currency):
    """What a customer's balance is at first: mostly nothing, else credit or debt."""
    step = 100 if currency in ("isk", "ugx", "twd") else STEPS.get(currency, 1)
    some = st.tuples(AMOUNTS, st.sampled_from((-1, -1, 1))).map(lambda p: p[0] * p[1] * step)
    return st.just(0) | st.just(0) | some


@st.composite
def one_offs(draw):
    """An invoice that is made by hand."""
    currency = draw(st.sampled_from(CURRENCIES))
    return OneOff(
        currency,
        draw(STARTS),
        # More than ten come in pages.
        tuple(
            draw(st.lists(extras(currency), min_size=1, max_size=draw(st.sampled_from((4, 4, 12)))))
        ),
        draw(RATE_SETS),
        draw(few(coupons(currency), 2)),
        draw(balances(currency)),
        draw(EXEMPT),
        draw(st.sampled_from(("card", "open", "late", "card", "off_stripe"))),
    )


@cache
@st.composite
def changes(draw, currency):
    """A change of a subscription."""
    kind = draw(st.sampled_from(("quantity", "price", "add", "remove")))
    return Change(
        draw(st.sampled_from((500_000, 1, 999_999)) | st.integers(1, 999_999)),
        kind,
        draw(licensed(currency)),
        draw(st.booleans()),
    )


@st.composite
def subscriptions(draw):
    """A subscription with its invoices."""
    currency = draw(st.sampled_from(CURRENCIES))
    changed = draw(st.lists(changes(currency), max_size=2))
    return Subscribed(
        currency,
        draw(STARTS),
        draw(st.sampled_from((("month", 1), ("week", 1), ("month", 3), ("year", 1), ("day", 10)))),
        # The first one is billed ahead, so that there is something to change.
        (draw(licensed(currency)), *draw(st.lists(items(currency), max_size=2))),
        draw(few(extras(currency).filter(lambda extra: extra.price is not None), 2)),
        draw(RATE_SETS),
        draw(few(coupons(currency), 2)),
        draw(balances(currency)),
        draw(EXEMPT),
        draw(st.sampled_from(("now", "now", "now", "trial", "anchor"))),
        draw(st.sampled_from(("flexible", "flexible", "flexible", "classic"))),
        tuple(sorted(changed, key=lambda change: change.after)),
        draw(st.sampled_from(("card", "open"))),
        draw(st.sampled_from(("renew", "none", "cancel"))),
    )
