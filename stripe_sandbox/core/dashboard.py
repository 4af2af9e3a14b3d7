"""The overview for people: what the sandbox holds, with a button to advance test clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import jinja2

from stripe_sandbox.billing import money
from stripe_sandbox.core import contract

if TYPE_CHECKING:
    from stripe_sandbox.core.account import Account

ROWS = 25

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Stripe sandbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
 body{font:15px/1.5 system-ui,sans-serif;color:#1a1f36;background:#f6f8fa;margin:0}
 main{max-width:1100px;margin:0 auto;padding:24px}
 h1{font-size:22px;margin:0} h2{font-size:15px;margin:28px 0 8px;color:#4f566b}
 .note{display:inline-block;background:#ffe9bf;color:#7a4b00;border-radius:4px;padding:2px 8px;font-size:13px}
 table{width:100%;border-collapse:collapse;background:#fff;border-radius:8px;overflow:hidden;
  box-shadow:0 1px 3px #0002;font-size:14px}
 td,th{padding:7px 12px;text-align:left;border-top:1px solid #edf0f4} th{color:#697386;font-weight:500;border:0}
 code{font-size:12.5px;color:#4f566b} .wide{overflow-x:auto}
 button{border:1px solid #c7ccd6;background:#fff;border-radius:6px;padding:3px 10px;cursor:pointer}
 input{width:56px}
</style></head><body><main>
<h1>Stripe sandbox</h1>
<p><span class="note">Not Stripe, no real money</span> {{ account.id }} · API {{ version }}</p>
{% for table in tables %}
<h2>{{ table.title }} ({{ table.count }})</h2>
<div class="wide"><table><tr>{% for name in table.columns %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in table.rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% else %}<tr><td colspan="9">None yet.</td></tr>{% endfor %}</table></div>
{% endfor %}
<h2>Test clocks</h2>
<div class="wide"><table><tr><th>Clock</th><th>Now</th><th>Status</th><th></th></tr>
{% for clock in clocks %}<tr><td><code>{{ clock.id }}</code> {{ clock.name or "" }}</td>
<td>{{ clock.frozen_time | time }}</td><td>{{ clock.status }}</td><td>
<form method="post" action="/_sandbox/advance"><input type="hidden" name="clock" value="{{ clock.id }}">
<input name="days" value="31" aria-label="days"> days <button>Advance</button></form></td></tr>
{% else %}<tr><td colspan="4">None yet.</td></tr>{% endfor %}</table></div>
</main></body></html>"""


def _time(timestamp: int | None) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M") if timestamp else ""


ENVIRONMENT = jinja2.Environment(autoescape=True)
ENVIRONMENT.filters["time"] = _time


def _deliveries(account: Account) -> dict[str, Any]:
    """The latest attempts to deliver events, the newest first."""
    mine = [row for row in account.deliverer.dump() if account.store.find("event", row["event"])]
    rows = [
        (row["type"], row["status"] or row["error"], row["number"], _time(row["at"]), row["event"])
        for row in reversed(mine[-ROWS:])
    ]
    return {
        "title": "Webhook deliveries",
        "columns": ["Type", "Answer", "Retry", "At", "Event"],
        "rows": rows,
        "count": len(mine),
    }


def page(account: Account) -> str:
    """The overview as HTML."""

    def table(title: str, name: str, columns: list[str], row: Any) -> dict[str, Any]:
        found = account.store.select(name)
        rows = [row(obj) for obj, _number in zip(found, range(ROWS), strict=False)]
        return {
            "title": title,
            "columns": columns,
            "rows": rows,
            "count": account.store.count(name),
        }

    with account.lock:
        tables = [
            table(
                "Customers",
                "customer",
                ["Name", "E-mail", "Id"],
                lambda o: (o["name"] or "", o["email"] or "", o["id"]),
            ),
            table(
                "Subscriptions",
                "subscription",
                ["Status", "Customer", "Id"],
                lambda o: (o["status"], o["customer"], o["id"]),
            ),
            table(
                "Invoices",
                "invoice",
                ["Number", "Status", "Total", "Id"],
                lambda o: (
                    o["number"] or "",
                    o["status"],
                    money.display(o["total"], o["currency"]),
                    o["id"],
                ),
            ),
            table(
                "Events",
                "event",
                ["Type", "Created", "Id"],
                lambda o: (o["type"], _time(o["created"]), o["id"]),
            ),
        ]
        tables.append(_deliveries(account))
        clocks = [account.render(o) for o in account.store.select("test_helpers.test_clock")]
    return ENVIRONMENT.from_string(TEMPLATE).render(
        account=account, tables=tables, clocks=clocks, version=contract.API_VERSION
    )
