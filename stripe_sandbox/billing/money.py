"""Currencies as Stripe counts them, and the one place where amounts are rounded.

Amounts on the wire are integers in Stripe's minor unit, which follows neither ISO 4217 nor the
digits any other program shows (docs.stripe.com/currencies). All arithmetic before the final
rounding is done with ``Fraction``: no amount ever passes through a float.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

#: What can be charged (docs.stripe.com/currencies, "presentment currencies").
_CODES = """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd
cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd
hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad
mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln
pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs
uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
"""
CURRENCIES = frozenset(_CODES.split())
ZERO_DECIMAL = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
#: Two decimals on the wire, but only whole units may be charged.
WHOLE_UNITS_ONLY = frozenset({"isk", "ugx"})

#: Smallest amount that can be charged, in minor units (docs.stripe.com/currencies, "minimum charge
#: amounts"). Stripe compares after conversion to the settlement currency, the sandbox before. A
#: currency that Stripe's table does not name has no minimum here.
MINIMUM_CHARGE = {
    **dict.fromkeys(["usd", "eur", "aud", "brl", "cad", "chf", "nzd", "sgd", "inr", "zar"], 50),
    "gbp": 30,
    **dict.fromkeys(["aed", "myr", "pln", "ron"], 200),
    "dkk": 250,
    **dict.fromkeys(["nok", "sek"], 300),
    "hkd": 400,
    **dict.fromkeys(["mxn", "thb"], 1000),
    "czk": 1500,
    **dict.fromkeys(["jpy", "krw"], 50),
    "huf": 17500,
}

SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def exponent(currency: str) -> int:
    """Number of decimal digits between a currency's minor and major unit at Stripe."""
    code = currency.lower()
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def step(currency: str) -> int:
    """Chargeable amounts are multiples of this many minor units."""
    code = currency.lower()
    if code in WHOLE_UNITS_ONLY:
        return 100
    return 10 if code in THREE_DECIMAL else 1


def minimum_charge(currency: str) -> int:
    """Smallest positive amount (minor units) Stripe will charge in ``currency``."""
    return MINIMUM_CHARGE.get(currency.lower(), 0)


def exact(value: Decimal | Fraction | int | str) -> Fraction:
    """The value as an exact fraction; floats are refused because they already lost digits."""
    if isinstance(value, float):
        raise TypeError("amounts must not be floats")
    return Fraction(value)


def half_up(value: Decimal | Fraction | int | str, multiple: int = 1) -> int:
    """Round to the nearest ``multiple``; ties go away from zero, for credits as for charges."""
    scaled = exact(value) / multiple
    rounded = int(abs(scaled) + Fraction(1, 2))
    return (rounded if scaled >= 0 else -rounded) * multiple


def in_currency(value: Decimal | Fraction | int | str, currency: str) -> int:
    """Round an exact amount of minor units to one that can be charged in ``currency``.

    Three-decimal currencies end in 0. ISK and UGX keep their two decimals here: Stripe rounds only
    the total of their invoices and puts the difference on the customer balance.
    """
    return half_up(value, 10 if currency.lower() in THREE_DECIMAL else 1)


def plain(value: Decimal | Fraction | int | str) -> str:
    """Wire form of a decimal field: plain digits, no exponent, no trailing zeros, at most 12
    decimals.
    """
    number = exact(value)
    scaled = half_up(number * 10**12)
    text = f"{Decimal(scaled).scaleb(-12):f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def display(amount: int | Decimal | Fraction, currency: str) -> str:
    """Amount for people, such as ``$20.00`` or ``KWD 1.500``; keeps digits below the minor unit."""
    digits = exponent(currency)
    major = exact(amount) / 10**digits
    text = plain(abs(major))
    whole, _, decimals = text.partition(".")
    decimals = decimals.ljust(digits, "0")
    number = f"{int(whole):,}" + (f".{decimals}" if decimals else "")
    code = currency.lower()
    unit = SYMBOLS.get(code) or f"{code.upper()} "
    return f"{'-' if major < 0 else ''}{unit}{number}"
