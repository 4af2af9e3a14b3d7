"""Pure conversions between Stripe's wire format and Odoo's values."""

import hashlib
import itertools
import json
from datetime import UTC, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from odoo.addons.stripe_subscriptions import const

# === MONEY === #


def currency_decimals(currency_code):
    """Return how many decimals Stripe's integer amounts have in a currency.

    :param str currency_code: ISO code in any case.
    :rtype: int
    """
    return const.CURRENCY_DECIMALS.get(currency_code.upper(), 2)


def to_major_decimal(amount, currency_code):
    """Convert Stripe's minor units to an exact amount in major units.

    :param int|str|Decimal amount: Minor units; a string or Decimal may have a fraction of a unit
        (`unit_amount_decimal`).
    :param str currency_code: ISO code in any case.
    :rtype: Decimal
    """
    return Decimal(str(amount)).scaleb(-currency_decimals(currency_code))


def to_major(amount, currency_code):
    """Same as :func:`to_major_decimal`, as the float nearest to the exact value, as Odoo stores it."""
    return float(to_major_decimal(amount, currency_code))


def to_minor(amount, currency_code):
    """Convert major units, as Odoo stores them, to Stripe's integer amount.

    :param float amount: Major units.
    :param str currency_code: ISO code in any case.
    :rtype: int
    """
    decimals = currency_decimals(currency_code)
    return int(Decimal(str(amount)).scaleb(decimals).quantize(Decimal(1), ROUND_HALF_UP))


# === TIME === #


def to_datetime(timestamp):
    """Convert unix seconds to a naive UTC datetime, as Odoo stores it; False stays False.

    :param int|None timestamp: Unix seconds.
    :rtype: datetime|bool
    """
    return datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None) if timestamp else False


def to_timestamp(moment):
    """Convert a naive UTC datetime, as Odoo stores it, to unix seconds.

    :param datetime moment: The datetime.
    :rtype: int
    """
    return int(moment.replace(tzinfo=UTC).timestamp())


def to_local_date(timestamp, tz_name):
    """Return the calendar day on which an instant falls in a time zone.

    :param int|None timestamp: Unix seconds.
    :param str|None tz_name: Name of the zone, UTC when empty.
    :rtype: date|bool
    """
    return (
        datetime.fromtimestamp(timestamp, ZoneInfo(tz_name or "UTC")).date() if timestamp else False
    )


def local_time(day, tz_name, hour=12):
    """Return the unix seconds of an hour of a day in a time zone.

    Noon falls on the same day for nearly all readers, wherever they are; midnight does not.

    :param date day: The day.
    :param str|None tz_name: Name of the zone, UTC when empty.
    :param int hour: From 0 to 23.
    :rtype: int
    """
    return int(datetime.combine(day, time(hour), ZoneInfo(tz_name or "UTC")).timestamp())


def start_of_month(year, month):
    """Return the unix seconds at which a month begins, UTC.

    :param int year: The year.
    :param int month: From 1 to 12.
    :rtype: int
    """
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp())


# === OBJECTS === #


def object_id(value):
    """Return the id of a reference that may or may not be expanded.

    :param str|dict|None value: Id, expanded object, or nothing.
    :rtype: str|bool
    """
    if isinstance(value, dict):
        return value.get("id") or False
    return value or False


def path(obj, dotted, default=None):
    """Follow keys through nested dictionaries, any of which may be absent or null.

    :param dict|None obj: A Stripe object.
    :param str dotted: For example "parent.subscription_details.subscription".
    :param default: What to return when the value is absent or null.
    """
    for key in dotted.split("."):
        if not isinstance(obj, dict):
            return default
        obj = obj.get(key)
    return default if obj is None else obj


def invoice_subscription_id(invoice):
    """Return the id of the subscription that a Stripe invoice bills, or False."""
    return object_id(path(invoice, "parent.subscription_details.subscription"))


def invoice_date(invoice, tz_name):
    """Return the day on which a Stripe invoice was finalized.

    :param dict invoice: The invoice; a draft counts as of its making.
    :param str|None tz_name: Name of the time zone, UTC when empty.
    :rtype: date
    """
    finalized_at = path(invoice, "status_transitions.finalized_at") or invoice["created"]
    return to_local_date(finalized_at, tz_name)


def invoice_payments(invoice):
    """Return what Stripe itself has collected for an invoice.

    A payment record tells of money that came in another way, which Stripe never holds.

    :param dict invoice: The invoice with `payments` expanded.
    :return: Those of its invoice payments that are paid.
    :rtype: list[dict]
    """
    return [part for part in path(invoice, "payments.data", []) if is_collected(part)]


def is_collected(part):
    """Return whether an invoice payment of Stripe is money that Stripe has collected.

    :param dict part: The invoice payment.
    :rtype: bool
    """
    by_stripe = path(part, "payment.type") != "payment_record"
    return by_stripe and part["status"] == "paid" and bool(part.get("amount_paid"))


def invoice_status_since(invoice):
    """Return when a Stripe invoice was paid, voided or marked uncollectible.

    :param dict invoice: The invoice.
    :return: Unix seconds, None where Stripe does not say.
    :rtype: int|None
    """
    names = {"paid": "paid_at", "void": "voided_at", "uncollectible": "marked_uncollectible_at"}
    return path(invoice, f"status_transitions.{names.get(invoice['status'])}")


def subscription_period(subscription):
    """Return the current period of a subscription: the earliest start and end of its items.

    Periods are on the items since API version 2025-03-31.

    :param dict subscription: A Stripe subscription.
    :return: Unix seconds of start and end, None when it has no items.
    :rtype: tuple[int|None, int|None]
    """
    items = path(subscription, "items.data", [])
    starts = [item["current_period_start"] for item in items if item.get("current_period_start")]
    ends = [item["current_period_end"] for item in items if item.get("current_period_end")]
    return min(starts, default=None), min(ends, default=None)


def to_number(text, largest=2**31 - 1):
    """Return a whole number that came in a request, 0 for all that is none or is larger.

    :param str|None text: What somebody sent, of any length.
    :param int largest: By default what an id in the database can be.
    :rtype: int
    """
    text = (text or "").strip()
    if not text.isdecimal() or len(text) > len(str(largest)):
        return 0
    number = int(text)
    return number if number <= largest else 0


def without_empty(values):
    """Return a copy of a dictionary without the keys that have nothing to say; 0 is kept."""
    return {
        key: value
        for key, value in values.items()
        if value or (value == 0 and not isinstance(value, bool))
    }


def name_apart(name, taken, hint=None):
    """Return a name by which one thing can be told from others of its kind.

    :param str name: The name that the first of them has.
    :param Iterable[str] taken: Names that are in use.
    :param str|None hint: What tells it from the others, before numbers do.
    :rtype: str
    """
    taken = set(taken)
    numbered = (f"{name} ({number})" for number in itertools.count(2))
    candidates = itertools.chain([name], [f"{name}: {hint}"] if hint else [], numbered)
    return next(candidate for candidate in candidates if candidate not in taken)


def fingerprint(values):
    """Return a short text that is the same for equal values only.

    :param values: Anything that JSON can express.
    :rtype: str
    """
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]
