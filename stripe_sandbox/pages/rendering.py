"""Templates of the hosted pages, and reading the card form."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jinja2
from werkzeug.wrappers import Response

from stripe_sandbox.billing import money
from stripe_sandbox.payments import cards

FOLDER = pathlib.Path(__file__).parent / "templates"
ENVIRONMENT = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True)
CSS = (FOLDER / "style.css").read_text(encoding="utf-8")

INTERVALS = {"day": "day", "week": "week", "month": "month", "year": "year"}


def page(template: str, http_status: int = 200, /, **values: Any) -> Response:
    """A page made from a template."""
    text = ENVIRONMENT.get_template(template).render(css=CSS, **values)
    return Response(text, http_status, content_type="text/html; charset=utf-8")


def message(title: str, text: str, link: str | None = None, link_text: str = "Back") -> Response:
    """A page that only says something."""
    return page("message.html", title=title, text=text, link=link, link_text=link_text)


def amount(value: int, currency: str) -> str:
    """An amount for people, from minor units."""
    return money.display(value, currency)


def day(timestamp: int) -> str:
    """A date for people, from unix seconds."""
    moment = datetime.fromtimestamp(timestamp, UTC)
    return f"{moment.day} {moment:%B %Y}"


def period(recurring: Mapping[str, Any]) -> str:
    """A billing period for people, such as "month" or "3 months"."""
    word, count = INTERVALS[recurring["interval"]], recurring["interval_count"]
    return word if count == 1 else f"{count} {word}s"


def read_card(form: Mapping[str, str], now: int) -> tuple[cards.Card | None, int, int, dict[str, str]]:
    """The test card of a form, month, year, and what is wrong with each field."""
    faults: dict[str, str] = {}
    number = re.sub(r"\D", "", form.get("cardNumber", ""))
    card = cards.CARDS.get(number)
    if not cards.is_valid_number(number):
        faults["cardNumber"] = "Your card number is incomplete or invalid."
    elif card is None:
        faults["cardNumber"] = "Use one of the documented test cards, such as 4242 4242 4242 4242."
    month, year = 0, 0
    match = re.fullmatch(r"\s*(\d{1,2})\s*/?\s*(\d{2}|\d{4})\s*", form.get("cardExpiry", ""))
    if match:
        month, year = int(match[1]), int(match[2]) % 100 + 2000
    today = datetime.fromtimestamp(now, UTC)
    if not match or not 1 <= month <= 12:
        faults["cardExpiry"] = "Your card's expiration date is incomplete."
    elif (year, month) < (today.year, today.month):
        faults["cardExpiry"] = "Your card's expiration date is in the past."
    if not re.fullmatch(r"\d{3,4}", form.get("cardCvc", "").strip()):
        faults["cardCvc"] = "Your card's security code is incomplete."
    if not form.get("billingName", "").strip():
        faults["billingName"] = "Enter the name on the card."
    return card, month, year, faults
