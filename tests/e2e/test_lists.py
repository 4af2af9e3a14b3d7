"""Every list of the application, and a form behind each, as they open from the menu."""

import time

import pytest
from playwright.sync_api import expect

from tests.e2e.gallery import DESK

MENU = [
    ("stripe_subscription", "subscriptions", "All subscriptions"),
    ("stripe_price", "plans", "The plans, made at Stripe"),
    ("stripe_coupon", "coupons", "The coupons, made at Stripe"),
    ("stripe_invoice", "invoices", "Stripe's invoices in the books"),
    ("stripe_credit_note", "credit-notes", "Stripe's credit notes in the books"),
    ("stripe_payment", "payments", "Payments that Stripe collected"),
    ("stripe_dispute", "disputes", "Payments that a customer disputes with the bank"),
    ("stripe_payout", "payouts", "What Stripe pays out to the bank"),
    ("stripe_balance_transaction", "balance", "What moved the balance at Stripe, with fees"),
    ("stripe_tax_rate", "tax-rates", "Tax rates of Stripe and the taxes of Odoo"),
    ("stripe_proof_line", "ledger", "Stripe and the ledger, month by month"),
    ("stripe_customer", "customers", "Customers at Stripe"),
    ("stripe_mail_setting", "mail-settings", "Which mails are sent"),
    ("stripe_mail", "outbox", "Which mails were sent, and why not"),
    ("stripe_event", "events", "The inbox of what Stripe tells"),
    ("stripe_job", "jobs", "What runs in the background"),
    ("stripe_difference", "differences", "Where both sides differ"),
    ("stripe_import_line", "import", "Customers to import"),
]
# Of the others the repository has the picture of a desk only.
SHOWN = {"subscriptions"}
# Not kept: they are shown by others already.
PLAIN = {"credit-notes", "import", "jobs", "mail-settings"}
# Forms: model, name, caption; the newest record is shown.
FORMS = [
    ("stripe.price", "plan", "A plan"),
    ("stripe.dispute", "dispute", "A disputed payment"),
    ("stripe.payout", "payout", "A payout"),
    ("stripe.balance.transaction", "balance-transaction", "What moved the balance"),
    ("stripe.tax.rate", "tax-rate", "A tax rate"),
    ("stripe.mail", "outbox-mail", "A mail of the outbox"),
    ("stripe.event", "event", "An event"),
    ("stripe.job", "job", "The proof of the ledger"),
    ("payment.provider", "provider", "The Stripe account"),
]


@pytest.fixture(scope="module")
def business(desk):
    """One sale that is disputed, one of which a part is given back, and a payout."""
    shop, team = desk.shop, [("Team plan", 5)]
    disputed = shop.running(
        "Gannet Games", "Team plan in dispute", team, card="pm_card_createDispute"
    )
    refunded = shop.running("Linnet Laundry", "Team plan, partly refunded", team)
    shop.wait(disputed, refunded)
    invoice = shop.there(refunded)["latest_invoice"]
    desk.stripe.credit_notes.create({"invoice": invoice, "amount": 2500, "refund_amount": 2500})
    desk.sandbox("settle", seconds=10)
    # What was collected today is paid out in some days.
    desk.sandbox("payout", until=int(time.time()) + 10 * 86400)
    desk.until("dispute", lambda: desk.read("stripe.dispute", [], "status"))
    desk.until("payout", lambda: desk.read("stripe.payout", [], "status"))
    desk.until(
        "credit note",
        lambda: desk.read("account.move", [["stripe_credit_note_id", "!=", False]], "name"),
    )
    _compare(desk, refunded)
    return disputed, refunded


def _compare(desk, subscription):
    """Prove the ledger, and compare both sides, which differ in what no event has told."""
    types = ["customer.subscription.updated"]
    desk.sandbox("faults", target="webhook", kind="drop", types=types)
    desk.stripe.subscriptions.update(subscription.stripe_id, {"cancel_at_period_end": True})
    [provider] = desk.odoo.call(
        "payment.provider", "search", [["code", "=", "stripe"], ["state", "=", "test"]], limit=1
    )
    for button in ("compare", "prove"):
        desk.odoo.call("payment.provider", f"action_stripe_billing_{button}", [provider])
    done = [["kind", "in", ["audit", "proof"]], ["state", "=", "done"]]
    desk.until("jobs", lambda: len(desk.read("stripe.job", done, "state")) == 2)


def test_lists(desk, business):
    """Each opens without an error, shows rows or says why there are none."""
    for action, name, caption in MENU:

        def look(client, action=action):
            client.open(f"stripe_subscriptions.action_{action}")
            expect(client.page.locator(".o_action_manager .o_view_controller")).to_be_visible()
            expect(
                client.page.locator(
                    ".o_view_nocontent, .o_data_row, .o_kanban_record, .o_setting_box"
                ).first
            ).to_be_visible()

        desk.show(
            f"list-{name}",
            caption,
            look,
            show=name in SHOWN or (name not in PLAIN and DESK),
        )


def test_kanban(desk, business):
    client = desk.wide
    client.open("stripe_subscriptions.action_stripe_subscription", viewType="kanban")
    expect(client.page.locator(".o_kanban_group").first).to_be_visible()
    desk.gallery.take(
        client.page, "list-subscriptions-by-status", "Subscriptions by status", show=True
    )


@pytest.mark.parametrize(("model", "name", "caption"), FORMS, ids=[form[1] for form in FORMS])
def test_forms(desk, business, model, name, caption):
    domain = [["code", "=", "stripe"]] if model == "payment.provider" else []
    [record, *_] = desk.odoo.call(model, "search", domain, limit=1, order="id desc")

    def look(client):
        client.form(record, model)
        tab = client.page.get_by_role("tab", name="Subscriptions")
        if model == "payment.provider":
            tab.click()

    desk.show(f"form-{name}", caption, look, show=DESK)
