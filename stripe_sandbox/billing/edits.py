"""What a change does to the items of a subscription, worked out before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox.billing import catalog, composition, discounting, proration, standing
from stripe_sandbox.core import errors

Wire = dict[str, Any]


@dataclass
class Edit:
    """One item before and after; None where it does not exist. ``after`` is an unsaved copy."""

    before: Wire | None
    after: Wire | None
    price: Wire | None = None
    discounts: list[Wire] = field(default_factory=list)

    @property
    def billable(self) -> bool:
        """True when price or quantity change, so that time has to be prorated."""
        if self.before is None or self.after is None:
            return True
        return any(self.before[key] != self.after[key] for key in ("price", "quantity"))


def read(ctx: Any, sub: Wire, rows: Sequence[Mapping[str, Any]]) -> list[Edit]:
    """An edit for every item of the subscription, changed or not, then the new ones."""
    items = {item["id"]: item for item in standing.items_of(ctx, sub)}
    named = {row["id"]: (index, row) for index, row in enumerate(rows) if "id" in row}
    for key, (index, _) in named.items():
        if key not in items:
            raise errors.missing_resource("subscription_item", key, f"items[{index}][id]")
    edits = []
    for key, item in items.items():
        index, row = named.get(key, (0, {}))
        edits.append(_change(ctx, sub, item, row, f"items[{index}]"))
    for index, row in enumerate(rows):
        if "id" not in row:
            edits.append(_addition(ctx, sub, row, f"items[{index}]"))
    _check(edits)
    return edits


def _change(ctx: Any, sub: Wire, item: Wire, row: Mapping[str, Any], where: str) -> Edit:
    price = ctx.store.get("price", item["price"])
    if row.get("deleted"):
        return Edit(item, None, price)
    after = dict(item)
    if "price" in row or "price_data" in row:
        if row.get("price") != item["price"]:
            price = catalog.price_for(ctx, row, where, recurring=True, currency=sub["currency"])
        metered = price["recurring"]["usage_type"] == "metered"
        after |= {"price": price["id"], "quantity": None if metered else item["quantity"] or 1}
    if "quantity" in row:
        after["quantity"] = catalog.quantity_for(row, price, where)
    if "metadata" in row:
        after["metadata"] = catalog.merged_metadata(item["metadata"], row["metadata"])
    if "tax_rates" in row:
        after["_tax_rates"] = catalog.tax_rate_ids(ctx, row["tax_rates"], f"{where}[tax_rates]")
    return _with_discounts(ctx, sub, Edit(item, after, price), row, where)


def _addition(ctx: Any, sub: Wire, row: Mapping[str, Any], where: str) -> Edit:
    if row.get("deleted"):
        raise errors.invalid("Only an existing item can be deleted: pass its id.", f"{where}[id]")
    price = catalog.price_for(ctx, row, where, recurring=True, currency=sub["currency"])
    after = composition.new_item(ctx, row, price, sub["id"], where)
    edit = Edit(None, after, price)
    start, end = period(ctx, sub, price)
    after |= {"current_period_start": start, "current_period_end": end}
    return _with_discounts(ctx, sub, edit, row, where)


def period(ctx: Any, sub: Wire, price: Wire) -> tuple[int, int]:
    """Period of an item that joins now: it ends with the trial, or with its price's billing
    cycle.
    """
    if sub["trial_end"] and sub["trial_end"] > ctx.now:
        return ctx.now, sub["trial_end"]
    recurring = price["recurring"]
    _, end = proration.period_at(
        sub["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"], ctx.now
    )
    return ctx.now, min(end, sub["cancel_at"] or end)


def _with_discounts(ctx: Any, sub: Wire, edit: Edit, row: Mapping[str, Any], where: str) -> Edit:
    if "discounts" in row and edit.after is not None:
        edit.discounts = discounting.prepare(
            ctx,
            row["discounts"],
            param=f"{where}[discounts]",
            currency=sub["currency"],
            customer=sub["customer"],
            subscription_item=edit.after["id"],
        )
        edit.after["discounts"] = [d["id"] for d in edit.discounts]
    return edit


def _check(edits: Sequence[Edit]) -> None:
    left = [edit.after["price"] for edit in edits if edit.after is not None]
    if not left:
        raise errors.invalid("A subscription must have at least one active plan.", "items")
    if len(left) > composition.MAX_ITEMS:
        raise errors.invalid(f"A subscription takes up to {composition.MAX_ITEMS} items.", "items")
    if len(set(left)) < len(left):
        raise errors.invalid("Cannot add multiple subscription items with the same plan.", "items")


def moves_cycle(ctx: Any, edits: Sequence[Edit]) -> bool:
    """True when an item changes to a price of another interval: then its period starts anew
    (assumption).
    """
    for edit in edits:
        if edit.before is None or edit.after is None:
            continue
        old = ctx.store.get("price", edit.before["price"])["recurring"]
        new = edit.price["recurring"]
        if (old["interval"], old["interval_count"]) != (new["interval"], new["interval_count"]):
            return True
    return False
