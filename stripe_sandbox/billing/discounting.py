"""Discount objects: made from coupons and promotion codes, attached, used up, and read for
computation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import discounts as pure
from stripe_sandbox.billing import proration
from stripe_sandbox.core import errors, ids

Wire = dict[str, Any]


def prepare(
    ctx: Any,
    given: Sequence[Mapping[str, str]] | str | None,
    *,
    param: str,
    currency: str,
    customer: str,
    subtotal: int | None = None,
    **owner: str | None,
) -> list[Wire]:
    """Discounts for a ``discounts`` parameter, new ones not stored yet (they have ``_new``).

    ``owner`` names what they hang on: subscription, subscription_item, invoice or invoice_item.
    """
    result = []
    for index, row in enumerate(given or ()):
        where = f"{param}[{index}]"
        if len(row) != 1:
            raise errors.invalid(
                "Each discount takes exactly one of coupon, promotion_code or discount.",
                param=where,
            )
        kind, value = next(iter(row.items()))
        if kind == "discount":
            result.append(ctx.store.get("discount", value, param=f"{where}[discount]"))
            continue
        promotion = None
        if kind == "promotion_code":
            promotion = ctx.store.get("promotion_code", value, param=f"{where}[promotion_code]")
            _check_promotion(
                ctx, promotion, customer, currency, subtotal, f"{where}[promotion_code]"
            )
            value = promotion["promotion"]["coupon"]
        coupon = ctx.store.get("coupon", value, param=f"{where}[{kind}]")
        _check_coupon(ctx, coupon, currency, f"{where}[{kind}]")
        result.append(_discount(ctx, coupon, promotion, customer, owner))
    return result


def _discount(
    ctx: Any, coupon: Wire, promotion: Wire | None, customer: str, owner: Mapping[str, str | None]
) -> Wire:
    end = None
    if coupon["duration"] == "repeating":
        end = proration.occurrence(ctx.now, "month", 1, coupon["duration_in_months"])
    return {
        "id": ids.new("di"),
        "object": "discount",
        "checkout_session": None,
        "customer": customer,
        "customer_account": None,
        "end": end,
        "invoice": owner.get("invoice"),
        "invoice_item": owner.get("invoice_item"),
        "promotion_code": promotion and promotion["id"],
        "source": {"type": "coupon", "coupon": coupon["id"]},
        "start": ctx.now,
        "subscription": owner.get("subscription"),
        "subscription_item": owner.get("subscription_item"),
        "_new": True,
        "_duration": coupon["duration"],
    }


def _check_coupon(ctx: Any, coupon: Wire, currency: str, param: str) -> None:
    limit, until = coupon["max_redemptions"], coupon["redeem_by"]
    used_up = limit is not None and coupon["times_redeemed"] >= limit
    if used_up or (until is not None and until <= ctx.now):
        raise errors.invalid(
            f"Coupon {coupon['id']} is expired and cannot be applied.", param, "coupon_expired"
        )
    if not coupon["valid"]:
        raise errors.missing_resource("coupon", coupon["id"], param)
    if coupon["amount_off"] is not None and _amount_off(coupon, currency) is None:
        raise errors.invalid(f"Coupon {coupon['id']} has no amount_off in {currency}.", param)


def _check_promotion(
    ctx: Any, code: Wire, customer: str, currency: str, subtotal: int | None, param: str
) -> None:
    limit, until = code["max_redemptions"], code["expires_at"]
    used_up = limit is not None and code["times_redeemed"] >= limit
    if not code["active"] or used_up or (until is not None and until <= ctx.now):
        raise errors.invalid("This promotion code is inactive or expired.", param)
    if code["customer"] not in (None, customer):
        raise errors.invalid("This promotion code belongs to another customer.", param)
    rules = code["restrictions"]
    if rules["first_time_transaction"] and _has_paid(ctx, customer):
        raise errors.invalid(
            "This promotion code cannot be redeemed because the associated customer has prior "
            "transactions.",
            param,
        )
    minimum = rules.get("minimum_amount")
    if minimum is None or subtotal is None:
        return
    if rules["minimum_amount_currency"] != currency or subtotal < minimum:
        raise errors.invalid("The minimum amount of this promotion code is not reached.", param)


def _has_paid(ctx: Any, customer: str) -> bool:
    invoices = ctx.store.select("invoice", customer=customer)
    return any(invoice["amount_paid"] > 0 for invoice in invoices)


def _amount_off(coupon: Wire, currency: str) -> int | None:
    return coupon["amount_off"] if coupon["currency"] == currency else None


def save(ctx: Any, discounts: Iterable[Wire]) -> list[str]:
    """Store the new ones among ``discounts``, count the redemption; returns all their ids."""
    kept = []
    for discount in discounts:
        if discount.pop("_new", False):
            ctx.store.insert(discount)
            _count_redemption(ctx, discount)
            if discount["subscription"]:
                ctx.emit("customer.discount.created", discount)
        kept.append(discount["id"])
    return kept


def finish(ctx: Any, discount: Wire) -> None:
    """End a discount now, because it was used up or taken off."""
    ctx.store.update(discount, end=discount["end"] or ctx.now)
    if discount["subscription"]:
        ctx.emit("customer.discount.deleted", discount)


def _count_redemption(ctx: Any, discount: Wire) -> None:
    redeemed = [("coupon", discount["source"]["coupon"])]
    if discount["promotion_code"]:
        redeemed.append(("promotion_code", discount["promotion_code"]))
    for kind, key in redeemed:
        found = ctx.store.get(kind, key)
        redemptions = found["times_redeemed"] + 1
        ctx.store.update(found, times_redeemed=redemptions)
        if kind == "coupon" and redemptions == found["max_redemptions"]:
            ctx.store.update(found, valid=False)


def active(ctx: Any, keys: Iterable[str], at: int) -> list[str]:
    """Those of the discounts ``keys`` that still work at ``at``; unsaved ones do."""
    found = [(key, ctx.store.find("discount", key)) for key in keys]
    return [key for key, d in found if d is None or d["end"] is None or at < d["end"]]


def over(ctx: Any, keys: Iterable[str], used: Iterable[str]) -> list[Wire]:
    """Stored discounts among ``keys`` past their end, or good for one invoice and in ``used``."""
    found = [ctx.store.get("discount", key) for key in keys]
    return [
        d
        for d in found
        if (d["end"] is not None and d["end"] <= ctx.now)
        or (d["_duration"] == "once" and d["id"] in used)
    ]


def for_computation(
    ctx: Any, keys: Iterable[str], currency: str, unsaved: Mapping[str, Wire] | None = None
) -> dict[str, pure.Discount]:
    """What the ids stand for, as the computation needs it."""
    result = {}
    for key in keys:
        discount = (unsaved or {}).get(key) or ctx.store.get("discount", key)
        coupon = ctx.store.get("coupon", discount["source"]["coupon"])
        percent = coupon["percent_off"]
        result[key] = pure.Discount(
            key,
            None if percent is None else Fraction(str(percent)),
            None if percent is not None else _amount_off(coupon, currency),
            frozenset(coupon["_products"]) or None,
        )
    return result
