"""Templates of the hosted pages, and amounts, dates and periods in words."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jinja2
from werkzeug.wrappers import Response

from stripe_sandbox.billing import money
from stripe_sandbox.pages.countries import COUNTRIES

FOLDER = pathlib.Path(__file__).parent / "templates"
ENVIRONMENT = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True)
CSS = (FOLDER / "style.css").read_text(encoding="utf-8")
SCRIPT = (FOLDER / "card_form.js").read_text(encoding="utf-8")
#: Pages hold a payment form: they are not shared, framed, or told to other sites.
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def page(template: str, http_status: int = 200, /, **values: Any) -> Response:
    """A page made from a template."""
    text = ENVIRONMENT.get_template(template).render(
        css=CSS, script=SCRIPT, countries=COUNTRIES, **values
    )
    return Response(text, http_status, HEADERS, content_type="text/html; charset=utf-8")


def message(
    title: str, text: str, link: str | None = None, link_text: str = "Back", http_status: int = 200
) -> Response:
    """A page that only says something."""
    return page("message.html", http_status, title=title, text=text, link=link, link_text=link_text)


def not_found(what: str) -> Response:
    """There is nothing at this address."""
    return message("Not found", f"There is no such {what}.", http_status=404)


def amount(value: int, currency: str) -> str:
    """An amount for people, from minor units."""
    return money.display(value, currency)


def day(timestamp: int) -> str:
    """A date for people, from unix seconds."""
    moment = datetime.fromtimestamp(timestamp, UTC)
    return f"{moment.day} {moment:%B %Y}"


def period(recurring: Mapping[str, Any]) -> str:
    """A billing period for people, such as "month" or "3 months"."""
    word, count = recurring["interval"], recurring["interval_count"]
    return word if count == 1 else f"{count} {word}s"


def taxes(ctx: Any, invoice: Mapping[str, Any]) -> list[dict[str, str]]:
    """Name and amount of each tax of an invoice or preview."""
    rows = []
    for row in invoice["total_taxes"] or []:
        rate = ctx.store.get("tax_rate", row["tax_rate_details"]["tax_rate"])
        included = " included" if row["tax_behavior"] == "inclusive" else ""
        name = f"{rate['display_name']} ({rate['percentage']:g}%{included})"
        rows.append({"name": name, "amount": amount(row["amount"], invoice["currency"])})
    return rows


def discount(invoice: Mapping[str, Any]) -> str:
    """What discounts take off an invoice or preview; empty without discount."""
    off = sum(row["amount"] for row in invoice["total_discount_amounts"] or [])
    return amount(off, invoice["currency"]) if off else ""
