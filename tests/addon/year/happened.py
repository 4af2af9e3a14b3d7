"""What has happened by itself: read from the store of the stand-in."""

from collections import Counter

from tests.addon.year.catalogue import CURRENCIES

# What has to be among it, however short the time is.
WANTED = (
    *(f"invoice_{status}" for status in ("open", "paid", "void", "uncollectible")),
    *(f"invoice_in_{currency}" for currency in CURRENCIES),
    *("tax_exclusive", "tax_inclusive", "invoice_several_taxes", "invoice_discounted", "prorated"),
    *("invoice_of_nothing", "invoice_negative", "invoice_of_many_lines", "paid_by_balance"),
    *("charge_failed", "recovered", "refund_succeeded", "refund_failed"),
    *("dispute_won", "dispute_lost", "dispute_warning_closed", "payout_paid", "payout_failed"),
    *("balance_adjustment", "balance_applied_to_invoice", "balance_credit_note"),
    "balance_invoice_too_small",
)


def count(store):
    """What has happened by itself: number of documents of each kind that a year has to have, by kind."""
    found = Counter()
    for invoice in store.select("invoice"):
        lines = list(store.select("line_item", invoice=invoice["id"]))
        taxes = {row["tax_behavior"] for line in lines for row in line["taxes"]}
        found.update({f"invoice_{invoice['status']}": 1, f"invoice_in_{invoice['currency']}": 1})
        found.update({f"tax_{behavior}": 1 for behavior in taxes})
        for name, happened in (
            ("invoice_of_nothing", not invoice["total"] and invoice["status"] == "paid"),
            ("invoice_negative", invoice["total"] < 0),
            ("invoice_of_many_lines", len(lines) > 10),
            ("invoice_discounted", bool(invoice["total_discount_amounts"])),
            ("invoice_several_taxes", len(invoice["total_taxes"]) > 1),
            ("paid_by_balance", invoice["total"] > 0 and not invoice["amount_due"]),
            ("recovered", invoice["status"] == "paid" and _has_failed(store, invoice)),
            ("given_up_by_pause", _reason(invoice) == "subscription_paused"),
            ("prorated", any(_is_proration(line) for line in lines)),
        ):
            found[name] += bool(happened)
    for subscription in store.select("subscription"):
        found[f"subscription_{subscription['status']}"] += 1
        reason = (subscription["cancellation_details"] or {}).get("reason")
        found[f"ended_{reason}"] += 1
    for kind in ("payout", "refund", "dispute", "charge"):
        for obj in store.select(kind):
            found[f"{kind}_{obj['status']}"] += 1
    for row in store.select("customer_balance_transaction"):
        found[f"balance_{row['type']}"] += 1
    return found


def _has_failed(store, invoice):
    """Whether one of the attempts to charge an invoice was refused."""
    intent = invoice.get("_payment_intent")
    return bool(intent) and any(store.select("charge", payment_intent=intent, status="failed"))


def _reason(invoice):
    return ((invoice["status_details"] or {}).get("uncollectible") or {}).get("reason")


def _is_proration(line):
    details = line["parent"].get("subscription_item_details") or {}
    more = line["parent"].get("invoice_item_details") or {}
    return details.get("proration") or more.get("proration")
