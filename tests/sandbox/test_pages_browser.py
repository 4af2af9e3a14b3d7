"""The hosted pages in a real browser, at desk and phone width."""

from __future__ import annotations

import os
import pathlib
import shutil
import threading

import pytest
from playwright.sync_api import expect, sync_playwright
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from tests.sandbox.billing_setup import customer, invoices, price, subscribe
from tests.sandbox.payments_setup import ASKS, DECLINED, FAILS_LATER, SUCCESS, session

FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
WIDTHS = {"desk": 1280, "phone": 390}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
#: Set to a folder to keep a picture of each page that the tests come by.
PICTURES = os.environ.get("SANDBOX_SCREENSHOTS")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def shop():
    """Base address of a site to which Checkout sends the customer back."""
    server = make_server("127.0.0.1", 0, Response("Welcome back"), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=WIDTHS)
def tab(browser, request):
    """A page of the browser, which may never scroll sideways."""
    context = browser.new_context(viewport={"width": WIDTHS[request.param], "height": 844})
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[object] = []
    page.on("pageerror", lambda error: errors.append(error))
    yield page
    context.close()
    assert errors == []


@pytest.fixture(params=WIDTHS)
def plain_tab(browser, request):
    """A page of a browser without JavaScript."""
    context = browser.new_context(
        viewport={"width": WIDTHS[request.param], "height": 844}, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def look(tab, name):
    """Check the width, and keep a picture when that is wanted."""
    width = tab.viewport_size["width"]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    if PICTURES:
        pathlib.Path(PICTURES).mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


def fill_in(tab, number, email=True):
    if email:
        tab.fill("[name=email]", "ada@example.com")
    tab.fill("[name=cardNumber]", number)
    tab.fill("[name=cardExpiry]", "1234")
    tab.fill("[name=cardCvc]", "123")
    tab.fill("[name=billingName]", "Ada Lovelace")


def press(tab):
    tab.get_by_test_id("hosted-payment-submit-button").click()


def sell(client, shop, **more):
    return session(
        client,
        price(client, 1500),
        2,
        success_url=f"{shop}/done?session={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{shop}/cart",
        **more,
    )


def status(client, made):
    return client.v1.checkout.sessions.retrieve(made.id).status


def test_declined_then_paid(client, shop, tab):
    made = sell(client, shop)
    tab.goto(made.url)
    expect(tab.get_by_test_id("total-due")).to_have_text("$30.00")
    look(tab, "checkout")
    press(tab)
    expect(tab.locator(".error")).to_have_count(5)
    expect(tab.locator("[name=email]")).to_be_focused()
    look(tab, "checkout-faults")
    fill_in(tab, DECLINED)
    expect(tab.locator("[name=cardNumber]")).to_have_value("4000 0000 0000 0002")
    expect(tab.locator("[name=cardExpiry]")).to_have_value("12 / 34")
    press(tab)
    expect(tab.get_by_role("alert")).to_have_text("Your card was declined.")
    look(tab, "checkout-declined")
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    fill_in(tab, SUCCESS)
    press(tab)
    tab.wait_for_url(f"{shop}/done?session={made.id}")
    assert status(client, made) == "complete"
    assert client.v1.subscriptions.list().data[0].status == "active"
    tab.go_back()
    expect(tab.get_by_role("alert")).to_have_text("Your card was declined.")
    fill_in(tab, SUCCESS)
    press(tab)
    tab.wait_for_url(f"{shop}/done?session={made.id}")
    assert len(client.v1.subscriptions.list().data) == 1
    tab.goto(made.url)
    expect(tab.get_by_role("heading")).to_have_text("You are all done")


def test_typing_key_by_key(client, shop, tab):
    made = sell(client, shop)
    tab.goto(made.url)
    for name, keys in (
        ("email", "ada@example.com"),
        ("cardNumber", "378282246310005"),
        ("cardExpiry", "530"),
        ("cardCvc", "1234"),
        ("billingName", "Ada"),
    ):
        tab.locator(f"[name={name}]").press_sequentially(keys)
    expect(tab.locator("[name=cardNumber]")).to_have_value("3782 822463 10005")
    expect(tab.locator("[name=cardExpiry]")).to_have_value("05 / 30")
    tab.locator("[name=cardExpiry]").press("End")
    for _ in range(3):
        tab.keyboard.press("Backspace")
    expect(tab.locator("[name=cardExpiry]")).to_have_value("0")
    tab.keyboard.press("Backspace")
    tab.locator("[name=cardExpiry]").press_sequentially("1235")
    expect(tab.locator("[name=cardExpiry]")).to_have_value("12 / 35")
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{shop}/done?**")
    (method,) = client.v1.payment_methods.list(
        {"customer": client.v1.checkout.sessions.retrieve(made.id).customer}
    ).data
    assert (method.card.brand, method.card.exp_month, method.card.exp_year) == ("amex", 12, 2035)


def test_three_d_secure_refused_then_met(client, shop, tab):
    made = sell(client, shop)
    tab.goto(made.url)
    fill_in(tab, ASKS)
    press(tab)
    look(tab, "three-d-secure")
    tab.get_by_test_id("test-source-fail-3ds").click()
    expect(tab.get_by_role("alert")).to_contain_text("failed authentication")
    assert status(client, made) == "open"
    fill_in(tab, ASKS)
    press(tab)
    tab.get_by_test_id("test-source-authorize-3ds").click()
    tab.wait_for_url(f"{shop}/done?**")
    assert client.v1.subscriptions.list().data[0].status == "active"


def test_pressing_twice_subscribes_once(client, shop, tab):
    made = sell(client, shop)
    tab.goto(made.url)
    fill_in(tab, SUCCESS)
    tab.get_by_test_id("hosted-payment-submit-button").dblclick()
    tab.wait_for_url(f"{shop}/done?session={made.id}")
    assert len(client.v1.subscriptions.list().data) == 1


def test_cancel_goes_back_to_the_shop(client, shop, tab):
    made = sell(client, shop)
    tab.goto(made.url)
    tab.get_by_test_id("cancel-link").click()
    tab.wait_for_url(f"{shop}/cart")
    assert status(client, made) == "open"


def test_promotion_code(client, shop, tab):
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"}).id
    client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon}, "code": "HALF"}
    )
    tab.goto(sell(client, shop, allow_promotion_codes=True).url)
    tab.fill("[name=promotionCode]", "NONE")
    tab.get_by_test_id("apply-code").click()
    expect(tab.locator("#promotionCode-fault")).to_have_text("This code is invalid.")
    tab.fill("[name=promotionCode]", "half")
    tab.keyboard.press("Enter")
    expect(tab.get_by_test_id("total-due")).to_have_text("$15.00")
    look(tab, "checkout-code")


def test_without_javascript(client, shop, plain_tab):
    made = sell(client, shop)
    plain_tab.goto(made.url)
    fill_in(plain_tab, ASKS)
    press(plain_tab)
    plain_tab.get_by_test_id("test-source-authorize-3ds").click()
    plain_tab.wait_for_url(f"{shop}/done?**")
    assert status(client, made) == "complete"


def test_invoice_is_paid_on_its_page(client, tab):
    buyer = customer(client, None)
    card = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": buyer}).id
    sub = subscribe(client, buyer, price(client, 1500), 2, default_payment_method=card)
    (invoice,) = invoices(client, sub)
    tab.goto(invoice.hosted_invoice_url)
    look(tab, "invoice")
    fill_in(tab, FAILS_LATER, email=False)
    press(tab)
    expect(tab.get_by_role("alert")).to_have_text("Your card was declined.")
    with tab.expect_download() as download:
        tab.get_by_test_id("download-pdf").click()
    assert download.value.suggested_filename == f"Invoice-{invoice.number}.pdf"
    fill_in(tab, SUCCESS, email=False)
    press(tab)
    expect(tab.get_by_role("status")).to_contain_text("Paid on")
    look(tab, "invoice-paid")
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
