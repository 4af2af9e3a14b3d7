"""Compares a booked invoice with what Stripe says, exactly, and tells kinds of invoices apart."""

from collections import Counter
from decimal import Decimal

from odoo.addons.stripe_subscriptions import utils


def differences(obj, move, lines, entry_lines, taxes):
    """Say where the document of an invoice differs from Stripe.

    :param dict obj: The Stripe invoice.
    :param dict move: Its document, as the database has it.
    :param list[dict] lines: Journal items of the document.
    :param list[dict] entry_lines: Those of the entries by which a balance changed what is owed.
    :param dict[str, account.tax] taxes: Odoo's taxes by id of the Stripe tax rate.
    :return: What differs, in words.
    :rtype: list[str]
    """
    code = obj["currency"]

    def major(amount):
        return utils.to_major_decimal(amount, code)

    sign = -1 if obj["total"] < 0 else 1
    tax = sum(row["amount"] for row in obj["total_taxes"])
    receivable = [line for line in lines if line["account_type"] == "asset_receivable"]
    owed = [line for line in [*lines, *entry_lines] if line["account_type"] == "asset_receivable"]
    # Odoo knows of no money that was paid outside of Stripe: somebody registers it.
    remaining = obj["amount_remaining"] + obj["amount_paid_off_stripe"]
    pairs = [
        ("kind", move["move_type"], "out_refund" if sign < 0 else "out_invoice"),
        ("total", move["amount_total"], major(sign * obj["total"])),
        ("tax", move["amount_tax"], major(sign * tax)),
        ("untaxed", move["amount_untaxed"], major(sign * obj["total_excluding_tax"])),
        ("currency", {line["currency"] for line in lines}, {code.upper()}),
        ("receivable", amount(receivable), major(obj["total"])),
        ("residual", amount(owed, "amount_residual_currency"), major(remaining)),
        ("debits", amount(lines, "debit"), amount(lines, "credit")),
        ("lines", _line_amounts(lines, sign), _stripe_line_amounts(obj, major)),
    ]
    if not remaining:
        pairs.append(("residual of the company", amount(owed, "amount_residual"), 0))
        pairs.append(("paid", move["payment_state"] in ("paid", "reversed"), True))
    pairs += _by_tax(obj, lines, taxes, major)
    # Each line is rounded by itself.
    exact = amount(receivable) / move["invoice_currency_rate"]
    missing = abs(amount(receivable, "debit") - amount(receivable, "credit") - exact)
    slack = move["company_rounding"] * max(len(lines), 1)
    pairs.append(("off in the company's currency by", missing if missing > slack else 0, 0))
    return [f"{what}: {ours}, at Stripe {theirs}" for what, ours, theirs in pairs if ours != theirs]


def amount(lines, column="amount_currency"):
    """Add up a column of journal items."""
    return sum((line[column] for line in lines), Decimal(0))


def _by_tax(obj, lines, taxes, major):
    """Pairs of amount and base of each tax, here and at Stripe, with Stripe's signs.

    What is sold without a tax, such as by reverse charge, is not in the base of that tax.
    """
    theirs, bases = Counter(), Counter()
    for line in obj["lines"]["data"]:
        booked = set()
        for row in line["taxes"]:
            tax = taxes[row["tax_rate_details"]["tax_rate"]]
            theirs[tax.id] += major(row["amount"])
            due = row["taxability_reason"] == "not_available" or not tax.amount
            if due and tax.id not in booked:
                bases[tax.id] += major(row["taxable_amount"])
            booked.add(tax.id)
    total = Counter()
    for row in obj["total_taxes"]:
        total[taxes[row["tax_rate_details"]["tax_rate"]].id] += major(row["amount"])
    yield "taxes of the lines", dict(theirs), dict(total)
    for tax in set(theirs) | {line["tax_line_id"] for line in lines if line["tax_line_id"]}:
        ours = [line for line in lines if line["tax_line_id"] == tax]
        yield f"tax {tax}", -amount(ours), theirs[tax]
        on = [
            line for line in lines if tax in line["tax_ids"] and line["display_type"] == "product"
        ]
        yield f"base of tax {tax}", -amount(on), bases[tax]


def _line_amounts(lines, sign):
    return [sign * line["price_subtotal"] for line in lines if line["display_type"] == "product"]


def _stripe_line_amounts(obj, major):
    """Amounts of the lines after discounts, without tax; one of nothing when there are none."""
    return [major(net) for net in map(_net, obj["lines"]["data"])] or [0]


def _net(line):
    off = sum(row["amount"] for row in line["discount_amounts"])
    included = sum(row["amount"] for row in line["taxes"] if row["tax_behavior"] == "inclusive")
    return line["amount"] - off - included


def is_finer(obj, rounding):
    """Return whether an invoice, or its part of a balance, has amounts that Odoo would round.

    :param dict obj: The Stripe invoice.
    :param float rounding: Of Odoo's currency.
    """
    amounts = [part["amount"] for part in obj.get("balance_transactions") or ()]
    for line in obj["lines"]["data"]:
        amounts += [_net(line), *(row["amount"] for row in line["taxes"])]
    quantum = Decimal(str(rounding))
    return any(utils.to_major_decimal(part, obj["currency"]) % quantum for part in amounts)


def customer_differences(customer, invoices, rows):
    """Say where what a customer owes, or has as balance, differs from Stripe.

    :param dict customer: The Stripe customer.
    :param list[dict] invoices: All of the customer's invoices.
    :param list[dict] rows: The customer's lines, see `LedgerReader.read_partner`.
    :rtype: list[str]
    """
    code = invoices[0]["currency"]
    owed = sum(obj["amount_remaining"] + obj["amount_paid_off_stripe"] for obj in invoices)
    balance = [row for row in rows if row["is_balance"]]
    receivable = [row for row in rows if not row["is_balance"]]
    open_rows = amount(receivable, "amount_residual_currency")
    pairs = (
        ("balance", amount(balance), utils.to_major_decimal(customer["balance"], code)),
        ("owed by all", open_rows, utils.to_major_decimal(owed, code)),
    )
    return [f"{what}: {ours}, at Stripe {theirs}" for what, ours, theirs in pairs if ours != theirs]


def kinds(obj, plan):
    """Yield what kinds of invoice a Stripe invoice is of.

    :param dict obj: The invoice.
    :param OneOff|Subscribed plan: The plan it comes from.
    """
    lines = obj["lines"]["data"]
    rows = [row for line in lines for row in line["taxes"]]
    behaviors = [{row["tax_behavior"] for row in line["taxes"]} for line in lines]
    parents = [utils.path(line, "parent.subscription_item_details", {}) for line in lines]
    text = " ".join(line["description"] or "" for line in lines)
    yield obj["currency"].upper()
    yield type(plan).__name__
    yield f"status {obj['status']}"
    tests = {
        "negative total": obj["total"] < 0,
        "zero total": obj["total"] == 0,
        "no tax": not rows,
        "exclusive tax": {"exclusive"} in behaviors,
        "inclusive tax": {"inclusive"} in behaviors,
        "both taxes on a line": {"inclusive", "exclusive"} in behaviors,
        "several rates on a line": any(len(line["taxes"]) > 1 for line in lines),
        "zero rate": any(
            row["taxability_reason"] == "not_available" and not row["amount"] for row in rows
        ),
        "exempt": plan.exempt != "none",
        "negative line": any(line["amount"] < 0 for line in lines),
        "negative tax": any(row["amount"] < 0 for row in rows),
        "discount": any(row["amount"] for row in obj["total_discount_amounts"]),
        "several discounts on a line": any(len(line["discount_amounts"]) > 1 for line in lines),
        "all discounted": any(line["amount"] and not _net(line) for line in lines),
        "proration": any(parent.get("proration") for parent in parents),
        "tiers": "Tier" in text,
        "packages": " per " in text,
        "below the minor unit": any(
            "." in (utils.path(line, "pricing.unit_amount_decimal") or "") for line in lines
        ),
        "trial": "Trial period" in text,
        "metered": any(
            item.price.metered for item in getattr(plan, "items", ()) if "renew" in plan.end
        ),
        "more than ten lines": len(lines) > 10,
        "no lines": not lines,
        "balance used": obj["starting_balance"] < 0,
        "debt collected": obj["starting_balance"] > 0,
        "credit left": (obj["ending_balance"] or 0) < 0,
        "rolled over": obj["total"] > 0
        and obj["amount_due"] == 0
        and (obj["ending_balance"] or 0) > 0,
        "credit to the balance": obj["total"] < 0
        and (obj["ending_balance"] or 0) < obj["starting_balance"],
        "paid late": plan.pay == "late",
        "paid outside of Stripe": bool(obj["amount_paid_off_stripe"]),
    }
    yield from (name for name, holds in tests.items() if holds)
