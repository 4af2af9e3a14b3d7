"""Phases of a subscription schedule: what has to be said so that one thing changes at the renewal.

A request names all phases from the current one on, each with everything it has: what is left out is lost.
https://docs.stripe.com/billing/subscriptions/subscription-schedules. Without ORM.
"""

from odoo.addons.stripe_subscriptions import utils

# What phases take as they have it.
_PLAIN = ("collection_method", "default_payment_method", "description", "metadata")


def prepare(schedule, items, interval, interval_count):
    """Return the parameters with which other items follow the current phase.

    The following phase lasts one interval; then the subscription goes on by itself.

    :param dict schedule: The subscription schedule, as Stripe has it now.
    :param list[dict] items: `price` (id) and `quantity` (0 of a metered one) of the following phase.
    :param str interval: Of the price that is billed most often.
    :param int interval_count: Same.
    :rtype: dict
    """
    start = schedule["current_phase"]["start_date"]
    current = next(phase for phase in schedule["phases"] if phase["start_date"] == start)
    known = {utils.object_id(item["price"]): _item(item) for item in current["items"]}
    following = []
    for wanted in items:
        item = {**known.get(wanted["price"], {}), "price": wanted["price"]}
        item.pop("quantity", None)
        if wanted["quantity"]:
            item["quantity"] = wanted["quantity"]
        following.append(item)
    terms = _terms(current)
    now = {
        **terms,
        "items": list(known.values()),
        "start_date": start,
        "end_date": current["end_date"],
    }
    if current.get("trial_end"):
        now["trial_end"] = current["trial_end"]
    return {
        "end_behavior": "release",
        "proration_behavior": "none",
        "phases": [
            now,
            {
                **terms,
                "items": following,
                "duration": {"interval": interval, "interval_count": interval_count},
                "proration_behavior": "none",
            },
        ],
    }


def _terms(phase):
    """Return what a phase has besides items and dates, as a request says it."""
    terms = {name: phase[name] for name in _PLAIN if phase.get(name)}
    if rates := [rate["id"] for rate in phase.get("default_tax_rates") or []]:
        terms["default_tax_rates"] = rates
    if discounts := _discounts(phase):
        terms["discounts"] = discounts
    days = utils.path(phase, "invoice_settings.days_until_due")
    if days is not None:
        terms["invoice_settings"] = {"days_until_due": days}
    if utils.path(phase, "automatic_tax.enabled"):
        terms["automatic_tax"] = {"enabled": True}
    return terms


def _item(item):
    """Return an item of a phase as a request says it."""
    values = {"price": utils.object_id(item["price"])}
    if item.get("quantity"):
        values["quantity"] = item["quantity"]
    if rates := [rate["id"] for rate in item.get("tax_rates") or []]:
        values["tax_rates"] = rates
    if discounts := _discounts(item):
        values["discounts"] = discounts
    if item.get("metadata"):
        values["metadata"] = item["metadata"]
    return values


def _discounts(owner):
    """Return the discounts of a phase or an item as a request says them."""
    return [
        {name: utils.object_id(value) for name, value in row.items() if value}
        for row in owner.get("discounts") or []
    ]
