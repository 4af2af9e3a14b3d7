"""Customers and what they have subscribed to, made at Stripe and in Odoo for tests to act on."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

DAY = 86400


@dataclass
class Subscribed:
    """A subscription on both sides: the id of Odoo's record, Stripe's ids."""

    id: int
    stripe_id: str
    customer: str


class Shop:
    """Makes customers and subscriptions; what was made in a batch is waited for together."""

    def __init__(self, desk: Any):
        self.desk = desk
        self.odoo = desk.odoo
        self.stripe = desk.stripe
        self.database = self.odoo.call("ir.config_parameter", "get_param", "database.uuid")

    def plan(self, name: str, currency: str = "USD", interval: str = "month") -> dict:
        """A plan of the catalogue by the name of its product."""
        domain = [["name", "=like", f"{name}%"], ["currency_id.name", "=", currency]]
        domain += [["interval", "=", interval], ["billing_scheme", "=", "per_unit"]]
        found = self.desk.read("stripe.price", domain, "stripe_id", "display_name")
        return found[0]

    def contact(self, company: str, person: str, **values: Any) -> int:
        """A company with the person who gets its mails; returns the company."""
        slug = re.sub(r"\W+", "", company).lower()
        [partner] = self.odoo.call(
            "res.partner",
            "create",
            [
                {
                    "name": company,
                    "is_company": True,
                    "email": f"office@{slug}.example",
                    "child_ids": [
                        [
                            *(0, 0),
                            {
                                "name": person,
                                "email": f"{person.split()[0].lower()}@{slug}.example",
                                **values,
                            },
                        ]
                    ],
                }
            ],
        )
        return partner

    def customer(self, partner: int, name: str, card: str = "pm_card_visa", **values: Any) -> Any:
        """The customer at Stripe of a contact, with a card."""
        return self.stripe.customers.create(
            {
                "name": name,
                "payment_method": card,
                "invoice_settings": {"default_payment_method": card},
                "metadata": {"odoo_partner_id": str(partner), "odoo_database": self.database},
                **values,
            }
        )

    def draft(self, partner: int, name: str, items: list[tuple[str, int]], **values: Any) -> int:
        """A subscription that nobody has subscribed to yet."""
        lines = [
            [0, 0, {"price_id": self.plan(plan)["id"], "quantity": quantity}]
            for plan, quantity in items
        ]
        [record] = self.odoo.call(
            "stripe.subscription",
            "create",
            [{"name": name, "partner_id": partner, "item_ids": lines, **values}],
        )
        return record

    def running(
        self,
        company: str,
        name: str,
        items: list[tuple[str, int]],
        *,
        clock: str | None = None,
        card: str = "pm_card_visa",
        interval: str = "month",
        **values: Any,
    ) -> Subscribed:
        """A company that has subscribed; `values` are those of Stripe's subscription."""
        partner = self.contact(company, "Robin Dale")
        on_clock = {"test_clock": clock} if clock else {}
        customer = self.customer(partner, company, card, **on_clock)
        record = self.draft(partner, name, items)
        subscription = self.stripe.subscriptions.create(
            {
                "customer": customer.id,
                "items": [
                    {"price": self.plan(plan, interval=interval)["stripe_id"], "quantity": quantity}
                    for plan, quantity in items
                ],
                "metadata": {
                    "odoo_subscription_id": str(record),
                    "odoo_database": self.database,
                },
                **values,
            }
        )
        return Subscribed(record, subscription.id, customer.id)

    def wait(self, *subscribed: Subscribed) -> None:
        """Wait until Odoo knows them with their first invoices, except those of trials."""
        ids = [one.id for one in subscribed]

        def known() -> bool:
            domain = [["id", "in", ids], ["stripe_id", "!=", False], ["status", "!=", "draft"]]
            found = self.desk.read("stripe.subscription", domain, "status", "move_count")
            return len(found) == len(ids) and all(
                one["move_count"] or one["status"] in ("trialing", "incomplete") for one in found
            )

        self.desk.until("subscriptions in Odoo", known)

    # --- time

    def clock(self, days_ago: int = 0) -> str:
        """A test clock that shows the time of now, or of some days ago."""
        then = int(time.time()) - days_ago * DAY
        return self.stripe.test_helpers.test_clocks.create({"frozen_time": then}).id

    def pass_time(self, clock: str, days: float) -> None:
        """Let a test clock run."""
        clocks = self.stripe.test_helpers.test_clocks
        now = clocks.retrieve(clock).frozen_time
        clocks.advance(clock, {"frozen_time": now + round(days * DAY)})
        self.desk.until("test clock", lambda: clocks.retrieve(clock).status == "ready")

    # --- what both sides say

    def there(self, one: Subscribed, *expand: str) -> dict:
        """The subscription at Stripe."""
        found = self.stripe.subscriptions.retrieve(one.stripe_id, {"expand": list(expand)})
        return found.to_dict(for_json=True)

    def here(self, one: Subscribed, *fields: str) -> dict:
        """The subscription in Odoo."""
        [found] = self.odoo.call("stripe.subscription", "read", [one.id], list(fields))
        return found

    def until(self, one: Subscribed, **values: Any) -> None:
        """Wait until Odoo's record says so."""

        def said() -> bool:
            found = self.here(one, *values)
            return all(found[name] == value for name, value in values.items())

        self.desk.until(f"{values}", said)
