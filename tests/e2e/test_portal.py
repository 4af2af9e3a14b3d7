"""What customers do alone: subscribe by the link of a mail, and look after what they have subscribed to."""

import pytest
from playwright.sync_api import expect

from tests.e2e.portal_desk import Portal

DESK, PHONE = 1366, 390
WIDTHS = (DESK, PHONE)
# Whether Bootstrap's "start" means the right-hand side, as in style sheets that were mirrored.
MIRRORED = """() => {
    const part = document.body.appendChild(document.createElement("div"));
    part.className = "ms-3 text-start";
    const { marginRight, textAlign } = getComputedStyle(part);
    part.remove();
    return parseFloat(marginRight) > 0 && textAlign === "right";
}"""


@pytest.fixture(scope="module")
def portal(desk):
    return Portal(desk)


@pytest.mark.parametrize("width", WIDTHS)
def test_subscribe_by_link(desk, portal, width):
    """What it costs, a code, Stripe's payment page, and back; going back in the browser does no harm."""
    name = f"Team at {width}"
    key = portal.invite(name)
    coupon = desk.stripe.coupons.create({"name": "Half", "percent_off": 50, "duration": "once"})
    desk.stripe.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": f"HALF{width}"}
    )
    page = portal.visitor(width)
    page.goto(portal.link(key))
    costs = page.locator(".o_stripe_subscription_offer")
    expect(costs.locator("tr", has_text="Due when subscribing")).to_contain_text("115.00")
    page.fill("#o_stripe_code", f"half{width}")
    page.get_by_role("button", name="Apply").click()
    expect(costs.locator("tr", has_text="Due when subscribing")).to_contain_text("57.50")
    expect(costs.locator("tr", has_text="Then every month")).to_contain_text("115.00")
    portal.look(page, "preview", "What it costs, before subscribing", show=True)
    other = page.locator("#o_stripe_other_card")
    for press in ("dblclick", "click"):
        if other.count():
            other.check()
        getattr(page.locator(".o_stripe_subscription_form button"), press)()
        page.wait_for_url("**/pages/checkout/**")
        if press == "dblclick":
            page.go_back()
            page.wait_for_url(f"**/my/subscriptions/{key}?**")
    portal.pay(page)
    page.wait_for_url("**/return?**")
    expect(page.locator(".o_stripe_subscription")).to_contain_text("Thank you, you have subscribed")
    portal.look(page, "subscribed", "Back from Stripe's payment page")
    page.reload()
    expect(page.locator(".o_stripe_subscription_invoices")).to_contain_text("57.50")
    desk.close(page)
    [there] = portal.at_stripe(name)
    assert (there.status, len(desk.stripe.invoices.list({"subscription": there.id}).data)) == (
        "active",
        1,
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_look_after_it(desk, portal, width):
    """One click with the card that is known; change, cancel, take it back, pause, go on."""
    name = f"Crew at {width}"
    portal.invite(name)
    page = desk.page("ada", width)
    page.goto("/my/subscriptions?filterby=invited")
    portal.look(page, "list-filtered", "My subscriptions, those that wait")
    page.get_by_role("link", name=name).click()
    expect(page.locator(".o_stripe_subscription_cards input").first).to_be_checked()
    portal.look(page, "preview-card", "One click with a card that Stripe knows")
    page.locator(".o_stripe_subscription_form button").dblclick()
    content = page.locator(".o_stripe_subscription")
    expect(content).to_contain_text("Manage")
    [there] = portal.at_stripe(name)

    page.get_by_role("link", name="Change plan or quantity").click()
    page.fill("input[name^=quantity_]", "7")
    page.get_by_role("button", name="Show what it costs").click()
    expect(page.locator(".o_stripe_confirm tr", has_text="Due now")).to_contain_text("46.00")
    portal.look(page, "change", "What a change costs, before it is confirmed", show=True)
    page.get_by_role("button", name="Confirm the change").dblclick()
    expect(content.locator(".alert").first).to_contain_text("changed")
    expect(content.locator(".o_stripe_subscription_items")).to_contain_text("7")
    portal.look(page, "detail", "A subscription, to be looked after", show=True)

    page.get_by_role("link", name="Cancel the subscription").click()
    page.select_option("#o_stripe_reason", "too_expensive")
    portal.look(page, "cancel", "Canceling, with a reason")
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(content).to_contain_text("This subscription ends on")
    page.get_by_role("button", name="Do not cancel").click()
    expect(content).to_contain_text("Your subscription goes on")
    page.get_by_role("link", name="Pause").click()
    portal.look(page, "pause", "Pausing")
    page.get_by_role("button", name="Pause").click()
    expect(content).to_contain_text("This subscription is paused")
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("button", name="Go on").click()
    expect(content).to_contain_text("Active")
    page.goto("/my/subscriptions")
    portal.look(page, "list", "My subscriptions", show=True)
    desk.close(page)
    charged = [i.total for i in desk.stripe.invoices.list({"subscription": there.id}).data]
    assert sorted(charged)[-2:] == [11500, 16100]
    assert charged.count(4600) == 1


def test_without_scripts(desk, portal):
    """Everything is a form: nothing needs JavaScript."""
    name = "No scripts"
    key = portal.invite(name, terms=False)
    page = portal.visitor(DESK, java_script_enabled=False)
    page.goto(portal.link(key))
    page.locator(".o_stripe_subscription_form button").click()
    expect(page.locator(".o_stripe_subscription")).to_contain_text("Active")
    page.get_by_role("link", name="Change plan or quantity").click()
    page.fill("input[name^=quantity_]", "4")
    page.get_by_role("button", name="Show what it costs").click()
    page.get_by_role("button", name="Confirm the change").click()
    expect(page.locator(".alert").first).to_contain_text("Your subscription was changed")
    page.get_by_role("link", name="Cancel the subscription").click()
    page.check("input[value=now]")
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(page.locator(".o_stripe_subscription")).to_contain_text("has ended")
    page.context.close()
    [there] = portal.at_stripe(name)
    assert there.status == "canceled"


def test_bank_asks_and_refuses(desk, portal):
    """A refusal in words, the way on by Stripe's page, and the page changes by itself."""
    refusing = portal.attach("pm_card_chargeCustomerFail")
    key = portal.invite("Refused", terms=False)
    page = portal.visitor(PHONE)
    page.goto(portal.link(key))
    page.check(f"input[value={refusing}]")
    page.locator(".o_stripe_subscription_form button").click()
    content = page.locator(".o_stripe_subscription")
    expect(content).to_contain_text("The bank has refused the payment")
    portal.look(page, "refused", "The bank has refused: in words, with a way on")
    [there] = portal.at_stripe("Refused")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Complete the payment").click(modifiers=["Control"])
    other = opened.value
    other.wait_for_url("**/pages/invoice/**")
    other.close()
    desk.stripe.invoices.pay(
        there.latest_invoice, {"payment_method": portal.attach("pm_card_visa")}
    )
    expect(content).to_contain_text("Active")
    desk.close(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_cards_and_billing_details(desk, portal, width):
    page = desk.page("ada", width)
    page.goto("/my")
    expect(page.get_by_role("link", name="Payment cards")).to_be_visible()
    page.get_by_role("button", name="Ada Pilot").click()
    page.get_by_role("menuitem", name="Payment Cards").click()
    portal.look(page, "cards", "Cards and bank accounts, as Stripe has them", show=True)
    page.get_by_role("button", name="Add a card").click()
    portal.pay(page, "5555555555554444")
    page.wait_for_url("**/my/payment-cards")
    charged = page.locator("li", has_text="Charged")
    expect(charged).to_have_count(1)
    expect(charged).to_contain_text("Mastercard •••• 4444")
    page.get_by_role("button", name="Remove Visa").first.click()
    expect(page.locator(".alert")).to_contain_text("The card was removed")
    page.get_by_role("link", name="Billing address").click()
    page.fill("#o_street", f"{width} Quay Street")
    portal.look(page, "billing", "Billing address and tax id")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".alert")).to_contain_text("were changed")
    desk.close(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_bank_debit(desk, portal, width):
    """Days pass until the bank pays, or does not: what is shown is how things stand.

    One of the two at each width; both where pictures are wanted.
    """
    for pays, iban, company in (
        (True, "DE08370400440532013003", f"Deichbau {width} GmbH"),
        (False, "DE78370400440532013004", f"Wattwerk {width} GmbH"),
    ):
        if pays is (width == DESK) and not desk.gallery.wanted:
            continue
        name = f"Crew of {company}"
        key = portal.debtor(name, company)
        page = portal.visitor(width)
        page.goto(portal.link(key))
        page.locator(".o_stripe_subscription_form button").click()
        page.wait_for_url("**/pages/checkout/**")
        page.check("input[value=sepa_debit]")
        page.fill("[name=iban]", iban)
        page.fill("[name=billingName]", "Jonas Deich")
        if pays:
            desk.gallery.take(page, "portal-debit-checkout", "Stripe's page offers bank debits")
        page.click("[data-testid=hosted-payment-submit-button]")
        page.wait_for_url("**/return?**")
        content = page.locator(".o_stripe_subscription")
        expect(content).to_contain_text("Your payment is being processed")
        desk.until(
            "invoice in Odoo",
            lambda key=key: portal.read(key, "last_payment_state")[0]["last_payment_state"],
        )
        page.goto(portal.link(key))
        expect(page.locator(".o_stripe_subscription_invoices")).to_contain_text("Being processed")
        if pays:
            portal.look(page, "debit-processing", "A bank debit is being processed", show=True)
        assert desk.sandbox("bank")
        wanted = "paid" if pays else "failed"
        desk.until(
            "the bank's answer in Odoo",
            lambda key=key, wanted=wanted: (
                portal.read(key, "last_payment_state")[0]["last_payment_state"] == wanted
            ),
        )
        page.reload()
        said = "Paid" if pays else "Your bank did not pay. The bank has refused the payment"
        expect(content).to_contain_text(said)
        if not pays:
            portal.look(page, "debit-returned", "The bank did not pay: said in words")
        desk.close(page)
        [there] = portal.at_stripe(name)
        assert there.status == "active"
        if width == DESK and not pays:
            client = desk.wide
            client.form(key)
            expect(client.page.locator("[name=payment_failed]")).to_contain_text(
                "The bank debit was returned"
            )


def test_right_to_left(desk, portal):
    """Odoo mirrors its pages; ours stay in the window, and their style sheets are the mirrored ones."""
    invited = portal.invite("مساحة عمل", terms="<p>شروط الخدمة</p>")
    portal.invite("مساحة عمل ثانية", terms=False)
    [running] = portal.newest("active")
    [arabic] = desk.odoo.call(
        "res.lang", "search", [["code", "=", "ar_001"], ["active", "in", [True, False]]]
    )
    desk.odoo.call("res.lang", "write", [arabic], {"active": True})
    try:
        for width in WIDTHS:
            page = desk.page("ada", width)
            for name, address in (
                ("preview", portal.link(invited)),
                ("detail", f"/my/subscriptions/{running}"),
                ("list", "/my/subscriptions"),
            ):
                page.goto(f"/ar{address}")
                assert page.locator("html").get_attribute("dir") == "rtl"
                mirrored = [
                    sheet.get_attribute("href")
                    for sheet in page.locator("link[rel=stylesheet]").all()
                    if ".rtl." in (sheet.get_attribute("href") or "")
                ]
                assert mirrored, name
                assert page.evaluate(MIRRORED), name
                portal.look(page, f"right-to-left-{name}", f"From right to left: {name}")
            desk.close(page)
    finally:
        desk.odoo.call("res.lang", "write", [arabic], {"active": False})
