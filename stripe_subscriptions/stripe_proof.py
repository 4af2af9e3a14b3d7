"""Stripe against the ledger in exact decimals: what each document adds up to, without ORM.

The facts of a document are its amounts in major units by period, currency and measure. Both sides are
brought into this form, summed up, and compared document by document.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from odoo.addons.stripe_subscriptions import utils

# Documents that are kept for each sum in which the sides differ.
MAX_DOCUMENTS = 200

# Types of balance transactions whose amount is a fee, and beginnings of the ids of disputes.
FEE_TYPES = ("stripe_fee", "stripe_fx_fee", "network_cost", "tax_fee")
DISPUTE_PREFIXES = ("dp_", "du_")
# Types of balance transactions that move the balance to the bank, or back.
PAYOUT_TYPES = ("payout", "payout_cancel", "payout_failure")
# Those that belong to a payment or refund.
PAID_TYPES = ("charge", "payment", "refund", "payment_refund")
# A payout has left Stripe's balance in these statuses.
LEFT_STATUSES = ("pending", "in_transit", "paid")


@dataclass(frozen=True)
class Span:
    """The months that are proven, in the time zone of the company.

    :param date date_from: The first day of the first month.
    :param date date_to: The last day of the last month.
    :param str|None tz: Name of the time zone, UTC when empty.
    """

    date_from: date
    date_to: date
    tz: str | None

    def day(self, timestamp):
        """Return the calendar day of unix seconds."""
        return utils.to_local_date(timestamp, self.tz)

    def facts(self, day, currency, amounts):
        """Return the facts of a document of a day; none outside the months.

        :param date|bool day: The day.
        :param str currency: ISO code in any case.
        :param dict[str, Decimal] amounts: Major units by measure; zero says nothing.
        :rtype: dict[tuple[str, str, str], Decimal]
        """
        if not day or not self.date_from <= day <= self.date_to:
            return {}
        return {
            (f"{day:%Y-%m}", currency.upper(), measure): amount
            for measure, amount in amounts.items()
            if amount
        }


@dataclass
class Sum:
    """A sum of both sides, with the documents in which they differ.

    :param Decimal there: At Stripe.
    :param Decimal here: In Odoo.
    :param int differing: Number of documents that differ.
    :param dict[str, list[str]] documents: The first of them by Stripe id: amounts there and here.
    """

    there: Decimal = Decimal(0)
    here: Decimal = Decimal(0)
    differing: int = 0
    documents: dict = field(default_factory=dict)

    def add(self, document, there, here):
        """Add the amounts of a document; return whether they differ."""
        self.there += there
        self.here += here
        if there == here:
            return False
        self.differing += 1
        if len(self.documents) < MAX_DOCUMENTS:
            self.documents[document] = [str(there), str(here)]
        return True


class Sums:
    """Sums by period, currency and measure.

    :param dict data: What `to_json` returned.
    """

    def __init__(self, data=None):
        self._sums = {
            tuple(key.split("|")): Sum(Decimal(there), Decimal(here), differing, documents)
            for key, (there, here, differing, documents) in (data or {}).items()
        }

    def add(self, document, there, here):
        """Add the facts of a document.

        :param str document: Its Stripe id.
        :param dict there: Its facts at Stripe.
        :param dict here: Its facts in Odoo.
        :return: Whether they differ.
        :rtype: bool
        """
        nothing, differs = Decimal(0), False
        for key in there.keys() | here.keys():
            row = self._sums.setdefault(key, Sum())
            differs |= row.add(document, there.get(key, nothing), here.get(key, nothing))
        return differs

    def rows(self):
        """Yield period, currency, measure and sum."""
        for key in sorted(self._sums):
            yield *key, self._sums[key]

    def to_json(self):
        """Return what JSON can keep."""
        return {
            "|".join(key): [str(row.there), str(row.here), row.differing, row.documents]
            for key, row in self._sums.items()
        }


# === FACTS AT STRIPE === #


def invoice(obj, span):
    """Return the facts of an invoice: it counts from its finalization on, unless it is void."""
    if obj["status"] in (None, "draft", "void"):
        return {}
    return span.facts(
        utils.invoice_date(obj, span.tz),
        obj["currency"],
        {"invoiced": _major(obj, obj["total"]), "tax": _tax(obj)},
    )


def credit_note(obj, span):
    """Return the facts of a credit note, which takes its tax off that of the invoices.

    It has none when its invoice is void, as nothing is left that it could lower: the object has its
    invoice expanded.
    """
    if obj["status"] == "void" or obj["invoice"]["status"] == "void":
        return {}
    return span.facts(
        span.day(obj.get("effective_at") or obj["created"]),
        obj["currency"],
        {"credited": _major(obj, obj["total"]), "tax": -_tax(obj)},
    )


def invoice_payment(obj, span):
    """Return the facts of what has paid an invoice; what came outside of Stripe has none."""
    if not utils.is_collected(obj):
        return {}
    paid_at = utils.path(obj, "status_transitions.paid_at") or obj["created"]
    amount = _major(obj, obj["amount_paid"])
    return span.facts(span.day(paid_at), obj["currency"], {"collected": amount})


def refund(obj, span):
    """Return the facts of a refund; pending and failed ones have none."""
    if obj.get("status") != "succeeded":
        return {}
    amounts = {"refunded": _major(obj, obj["amount"])}
    return span.facts(span.day(obj["created"]), obj["currency"], amounts)


def balance_transaction(obj, span):
    """Return the facts of a movement of the balance: fees, and what disputes take and bring back."""
    amounts = {"fees": _fee(obj)}
    if (utils.object_id(obj.get("source")) or "").startswith(DISPUTE_PREFIXES):
        amounts["disputes"] = -_major(obj, obj["amount"])
    return span.facts(span.day(obj["created"]), obj["currency"], amounts)


def payout(obj, span):
    """Return the facts of a payout; the money of one that failed is on the balance again."""
    if obj["status"] not in LEFT_STATUSES:
        return {}
    amounts = {"payouts": _major(obj, obj["amount"])}
    return span.facts(span.day(obj["created"]), obj["currency"], amounts)


def movement(obj, payout_id):
    """Return the facts of a balance transaction as a part of a payout."""
    fee, net = _fee(obj), _major(obj, obj["net"])
    return part_of_payout(payout_id, obj["currency"], net, fee)


def part_of_payout(payout_id, currency, net, fee):
    """Return the facts of a part of a payout.

    :param str payout_id: Id of the payout.
    :param str currency: ISO code in any case.
    :param Decimal net: What it brings, after fees.
    :param Decimal fee: The fees.
    :rtype: dict[tuple[str, str, str], Decimal]
    """
    amounts = {"gross": net + fee, "fees": fee, "net": net}
    return {(payout_id, currency.upper(), name): value for name, value in amounts.items() if value}


def changed_at(obj):
    """Return when an object became what it is, as far as it says: unix seconds."""
    moments = [obj.get("created"), obj.get("voided_at")]
    moments += (obj.get("status_transitions") or {}).values()
    return max(moment for moment in moments if moment)


def _fee(obj):
    fee = _major(obj, obj["fee"])
    return fee - _major(obj, obj["amount"]) if obj["type"] in FEE_TYPES else fee


def _tax(obj):
    return sum((_major(obj, tax["amount"]) for tax in obj.get("total_taxes") or []), Decimal(0))


def _major(obj, amount):
    return utils.to_major_decimal(amount, obj["currency"])
