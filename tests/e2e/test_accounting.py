"""What accountants do in the browser: map tax rates, give money back, tell Stripe of a bank payment."""

import pytest
from playwright.sync_api import expect

DESK, PHONE = 1366, 390


def make_tax(desk, name, amount):
    [tax] = desk.odoo.call(
        "account.tax",
        "create",
        [{"name": name, "amount": amount, "price_include_override": "tax_excluded"}],
    )
    return tax


@pytest.mark.parametrize(("width", "percentage"), [(DESK, 7.77), (PHONE, 8.88)])
def test_tax_rate_is_mapped(desk, width, percentage):
    """Not mapped: the invoice waits and somebody is told. One click: it is booked by itself."""
    wanted = make_tax(desk, f"Levy {percentage}", percentage)
    make_tax(desk, f"Other levy {percentage}", percentage)
    rate = desk.stripe.tax_rates.create(
        {"display_name": f"Levy {width}", "percentage": percentage, "inclusive": False}
    )
    subscription = desk.subscribe(desk.customer(f"Levied {width}"), 5, default_tax_rates=[rate.id])
    [record] = desk.until(
        "tax rate",
        lambda: desk.read("stripe.tax.rate", [["stripe_id", "=", rate.id]], "tax_id", "mapping"),
    )
    assert (record["tax_id"], record["mapping"]) == (False, "unmapped")
    waits_for = [["waits_for", "=", f"stripe.tax.rate,{record['id']}"]]
    desk.until("parked event", lambda: desk.read("stripe.event", waits_for, "state"))
    page = desk.page("admin", width)
    if width == DESK:
        # The activity leads to the rate, and to no other.
        page.locator(".o_menu_systray button:has(.fa-clock-o)").click()
        page.locator(".o-mail-ActivityGroup", has_text="Stripe Tax Rate").click()
        row = page.locator("tr.o_data_row")
        expect(row).to_have_count(1)
        expect(row).to_contain_text("2 taxes fit")
        expect(row.locator("[name=suggested_tax_id]")).to_have_text(f"Levy {percentage}")
        row.get_by_role("button", name="Accept").click()
        # It is done, so that the activity is gone, and the row with it.
        expect(row).to_have_count(0)
    else:
        page.goto("/odoo/stripe-tax-rates")
        card = page.locator(".o_kanban_record:not(.o_kanban_ghost)", has_text=f"Levy {width}")
        expect(card).to_contain_text("2 taxes fit")
        card.get_by_role("button", name=f"Accept Levy {percentage}").click()
        expect(card.locator("[name=mapping]")).to_have_text("Mapped")
    desk.close(page)
    move = desk.invoice(subscription.latest_invoice)
    assert (move["amount_total"], move["amount_tax"]) == (100 + percentage, percentage)
    [record] = desk.read("stripe.tax.rate", [["id", "=", record["id"]]], "tax_id", "activity_ids")
    assert (record["tax_id"][0], record["activity_ids"]) == (wanted, [])
    assert desk.read("stripe.event", waits_for, "state") == []


def test_rates_are_accepted_and_created_together(desk):
    """For the whole selection: suggestions are accepted, taxes made for the rates that nothing fits."""
    for name in ("Twin A", "Twin B"):
        make_tax(desk, name, 6.66)
    rates = [
        desk.stripe.tax_rates.create(
            {"display_name": f"Together {number}", "percentage": percentage, "inclusive": inclusive}
        ).id
        for number, (percentage, inclusive) in enumerate(
            [(6.66, False), (6.66, False), (6.66, True)]
        )
    ]

    def records():
        return desk.read("stripe.tax.rate", [["stripe_id", "in", rates]], "tax_id", "mapping")

    desk.until("tax rates", lambda: len(records()) == 3)
    page = desk.page("accountant", DESK)
    page.goto("/odoo/stripe-tax-rates")
    page.locator(".o_searchview_input").fill("Together")
    page.locator(".o_searchview_input").press("Enter")
    expect(page.locator("tr.o_data_row")).to_have_count(3)
    page.locator("thead .o_list_record_selector").click()
    page.get_by_role("button", name="Accept Suggestions").click()
    expect(page.locator(".o_notification")).to_contain_text("No tax fits Together 2")
    expect(page.locator("tr.o_data_row [name=tax_id]", has_text="Twin A")).to_have_count(2)
    page.locator("tr.o_data_row", has_text="Together 2").get_by_role(
        "button", name="Create"
    ).click()
    expect(
        page.locator(".o_notification a", has_text="Together 2 6.66% (included)")
    ).to_be_visible()
    desk.close(page)
    assert [record["mapping"] for record in records()] == ["mapped"] * 3
    # One that contradicts says so where it is chosen.
    page = desk.page("accountant", DESK)
    page.goto(f"/odoo/stripe-tax-rates/{records()[0]['id']}")
    field = page.locator(".o_field_widget[name=tax_id] input")
    field.fill("Together 2")
    page.locator(".o-autocomplete--dropdown-item", has_text="Together 2").first.click()
    page.locator(".o_form_button_save").click()
    expect(page.locator(".alert-danger")).to_contain_text("contradicts the rate")
    expect(page.locator("[name=remark]")).to_have_text(
        "Included in the price in Odoo, added at Stripe"
    )
    desk.close(page)


def test_refund(desk):
    """Amount and reason; the credit note is there at once, and the money goes back once."""
    customer = desk.customer("Refunded")
    rate = next(
        one.id
        for one in desk.stripe.tax_rates.list({"limit": 100}).data
        if one.display_name == "Sales tax"
    )
    subscription = desk.subscribe(customer, 5, default_tax_rates=[rate])
    move = desk.invoice(subscription.latest_invoice)
    page = desk.page("accountant", DESK)
    page.goto(f"/odoo/stripe-invoices/{move['id']}")
    page.get_by_role("button", name="Refund at Stripe").click()
    dialog = page.locator(".modal")
    expect(dialog.locator("[name=refundable_amount]")).to_contain_text("115.00")
    amount = dialog.locator("[name=amount] input")
    expect(amount).to_have_value("115.00")
    amount.fill("115.01")
    dialog.get_by_role("button", name="Refund", exact=True).click()
    expect(page.locator(".modal", has_text="Between 0 and 115.0")).to_be_visible()
    page.locator(".modal", has_text="Between 0 and 115.0").get_by_role("button").last.click()
    amount.fill("23")
    dialog.locator("[name=memo] input").fill("One seat less")
    dialog.get_by_role("button", name="Refund", exact=True).click()
    expect(page.locator(".o_form_view .ribbon")).to_have_text("Paid")
    expect(page.locator("h1 [name=name]")).to_contain_text("RINV")
    page.locator("a[name=stripe]").click()
    expect(page.locator("[name=stripe_credit_note_id]").first).to_contain_text("cn_")
    desk.close(page)
    [note] = desk.read(
        "account.move",
        [["reversed_entry_id", "=", move["id"]]],
        *("amount_total", "amount_tax", "state", "payment_state"),
    )
    assert (note["amount_total"], note["amount_tax"]) == (23.0, 3.0)
    assert (note["state"], note["payment_state"]) == ("posted", "paid")
    [given] = desk.stripe.credit_notes.list({"invoice": subscription.latest_invoice}).data
    assert (given.total, given.memo) == (2300, "One seat less")
    assert given.total_taxes[0].amount == 300


def test_paid_by_bank(desk):
    """A payment that is registered in Odoo is told Stripe by a button."""
    subscription = desk.subscribe(
        desk.customer("Banker"), 5, collection_method="send_invoice", days_until_due=30
    )
    desk.stripe.invoices.finalize_invoice(subscription.latest_invoice)
    domain = [["stripe_invoice_id", "=", subscription.latest_invoice], ["state", "=", "posted"]]
    [move] = desk.until("open invoice", lambda: desk.read("account.move", domain, "name"))
    page = desk.page("accountant", DESK)
    page.goto(f"/odoo/stripe-invoices/{move['id']}")
    mark = page.get_by_role("button", name="Mark as Paid at Stripe")
    expect(page.get_by_role("button", name="Pay", exact=True)).to_be_visible()
    expect(mark).to_have_count(0)
    page.get_by_role("button", name="Pay", exact=True).click()
    page.locator(".modal").get_by_role("button", name="Create Payment").click()
    expect(page.locator(".alert-info", has_text="still open at Stripe")).to_be_visible()
    mark.click()
    page.locator(".modal").get_by_role("button", name="Ok").click()
    expect(mark).to_have_count(0)
    desk.close(page)
    assert desk.stripe.invoices.retrieve(subscription.latest_invoice).status == "paid"
    [move] = desk.read("account.move", domain, "stripe_invoice_status", "payment_state")
    assert move["stripe_invoice_status"] == "paid"
