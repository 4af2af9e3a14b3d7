"""The same form sent at the very same time by several windows: it is acted upon exactly once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
import requests
from lxml import html

from tests.e2e.portal_desk import Portal

WINDOWS = 4


@pytest.fixture(scope="module")
def portal(desk):
    return Portal(desk)


class Window:
    """A session of its own on the pages of one subscription."""

    def __init__(self, portal: Portal, key: int):
        self.base = portal.desk.instance.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.address = portal.link(key)

    def get(self, address: str) -> html.HtmlElement:
        answer = self.session.get(urljoin(self.base, address), timeout=60)
        assert answer.status_code == 200, answer.text[:300]
        return html.fromstring(answer.text)

    def open(self, suffix: str = "", **query: str) -> html.HtmlElement:
        path, token = self.address.split("?")
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return self.get(f"{path}{suffix}?{token}{more}")

    def fill(self, page: html.HtmlElement, selector: str, **fields: str) -> None:
        """Make a form ready to be sent, as its fields are."""
        form = page.xpath(selector)[0]
        found = dict(form.form_values())
        for radio in page.xpath("//input[@type='radio'][@checked]"):
            found[radio.get("name")] = radio.get("value")
        self.form = urljoin(self.base, form.get("action")), {**found, **fields}

    def send(self, gate: threading.Barrier) -> int:
        """Wait for the others, then send it; the status of the answer."""
        url, fields = self.form
        gate.wait(timeout=60)
        answer = self.session.post(url, fields, allow_redirects=False, timeout=120)
        return answer.status_code


def at_once(windows: list[Window]) -> None:
    """All windows send their forms in the same moment, and all get an answer."""
    gate = threading.Barrier(len(windows))
    with ThreadPoolExecutor(len(windows)) as pool:
        statuses = list(pool.map(lambda window: window.send(gate), windows))
    assert statuses == [303] * len(windows)


def test_same_form_at_the_same_time(desk, portal):
    """Subscribing with a saved card, changing the quantity, canceling: each of four windows presses."""
    portal.attach("pm_card_visa")
    key = portal.invite("Four windows", terms=False)
    windows = [Window(portal, key) for _number in range(WINDOWS)]

    for window in windows:
        page = window.open()
        window.fill(page, "//form[contains(@class, 'o_stripe_subscription_form')]")
        assert window.form[1]["payment_method"]
    at_once(windows)
    [there] = portal.at_stripe("Four windows")
    assert there.status == "active"
    [first] = desk.stripe.invoices.list({"subscription": there.id}).data
    assert (first.status, first.total) == ("paid", 11500)

    [item] = portal.read(key, "item_ids")[0]["item_ids"]
    [before] = portal.read(key, "acting_count")
    for window in windows:
        page = window.open("/change", **{f"quantity_{item}": "8"})
        window.fill(page, "//form[contains(@class, 'o_stripe_confirm')]")
    at_once(windows)
    [after] = portal.read(key, "acting_count")
    assert after["acting_count"] == before["acting_count"] + 1
    changed = desk.stripe.subscriptions.retrieve(there.id)
    assert changed["items"].data[0].quantity == 8
    bills = desk.stripe.invoices.list({"subscription": there.id}).data
    assert sorted(bill.total for bill in bills) == [6900, 11500]

    for window in windows:
        page = window.open("/cancel")
        window.fill(page, "//form[contains(@class, 'o_stripe_once')]", when="now")
    at_once(windows)
    assert desk.stripe.subscriptions.retrieve(there.id).status == "canceled"
    events = desk.stripe.events.list({"type": "customer.subscription.deleted", "limit": 100}).data
    assert len([event for event in events if event.data.object.id == there.id]) == 1
    [done] = portal.read(key, "acting_count")
    assert done["acting_count"] == before["acting_count"] + 2
