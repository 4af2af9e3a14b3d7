"""Payouts: what they take from the balance, when they are made, and what the bank says."""

from __future__ import annotations

import pytest
import requests

from stripe_sandbox.core import clocks
from stripe_sandbox.payments import payouts
from tests.sandbox.billing_setup import VISA, at, clock, customer, event_types, price, subscribe
from tests.sandbox.core_setup import admin, refused, wait_for
from tests.sandbox.payments_setup import settled

AT_ONCE = "pm_card_bypassPending"


def pay(client, card=AT_ONCE, amount=1_000):
    """The balance transaction of a payment."""
    params = {"amount": amount, "currency": "usd", "payment_method": card, "confirm": True}
    return settled(client, client.v1.payment_intents.create(params).latest_charge)


def pay_out(sandbox, **body):
    """The payout that the admin API makes, or None."""
    return admin(sandbox, "POST", "payout", body)


def finished(client, made):
    """A payout once it has arrived or failed."""
    wait_for(lambda: client.v1.payouts.retrieve(made["id"]).status in ("paid", "failed"))
    return client.v1.payouts.retrieve(made["id"])


def balance(client):
    """Available and pending minor units."""
    found = client.v1.balance.retrieve()
    return found.available[0].amount, found.pending[0].amount


def test_available_balance_is_paid_out(sandbox, client):
    money = pay(client)
    pay(client, VISA)
    client.v1.refunds.create({"charge": money.source.id, "amount": 100})
    assert balance(client) == (841, 941)
    made = pay_out(sandbox)
    assert (made["amount"], made["currency"], made["automatic"]) == (841, "usd", True)
    assert (made["status"], made["reconciliation_status"]) == ("in_transit", "in_progress")
    assert balance(client) == (0, 941)
    payout = finished(client, made)
    assert (payout.status, payout.reconciliation_status) == ("paid", "completed")
    entries = client.v1.balance_transactions.list({"payout": payout.id}).data
    assert [(entry.type, entry.net) for entry in entries] == [
        ("payout", -841),
        ("refund", -100),
        ("charge", 941),
    ]
    assert entries[0].id == payout.balance_transaction
    assert entries[0].source == payout.id
    assert event_types(client, "payout") == [
        "payout.created",
        "payout.reconciliation_completed",
        "payout.paid",
        "payout.updated",
    ]
    assert pay_out(sandbox) is None


def test_money_that_becomes_available_later(sandbox, client):
    money = pay(client, VISA)
    assert pay_out(sandbox) is None
    made = pay_out(sandbox, until=money.available_on)
    assert (made["amount"], made["created"]) == (941, money.available_on)
    payout = finished(client, made)
    assert payout.arrival_date == money.available_on - money.available_on % 86_400
    (entry,) = client.v1.balance_transactions.list({"payout": payout.id, "type": "charge"}).data
    assert (entry.id, entry.status) == (money.id, "available")


def test_money_of_test_clocks(sandbox, client):
    start = at(2030, 1, 1)
    buyer = customer(client, test_clock=clock(client, start))
    subscribe(client, buyer, price(client, 2_000))
    (charge,) = client.v1.charges.list({"customer": buyer}).data
    settled(client, charge.id)
    assert pay_out(sandbox) is None
    assert finished(client, pay_out(sandbox, until=at(2030, 1, 3))).amount == 2_000 - 88


def test_nothing_is_paid_out_of_a_negative_balance(sandbox, client):
    money = pay(client)
    client.v1.refunds.create({"charge": money.source.id})
    assert balance(client)[0] == -59
    assert pay_out(sandbox) is None
    pay(client)
    assert pay_out(sandbox)["amount"] == 941 - 59


def test_list_by_payout_needs_the_reconciliation(sandbox, client, monkeypatch):
    monkeypatch.setattr(payouts, "ARRIVES_AFTER", 600)
    pay(client)
    made = pay_out(sandbox)
    with refused(param="payout"):
        client.v1.balance_transactions.list({"payout": made["id"]})
    with refused(code="resource_missing", status=400):
        client.v1.balance_transactions.list({"payout": "po_none"})
    assert event_types(client, "payout") == ["payout.created"]


def test_bank_refuses(sandbox, client):
    pay(client)
    payout = finished(client, pay_out(sandbox, failure="account_closed"))
    assert (payout.status, payout.failure_code) == ("failed", "account_closed")
    entry = client.v1.balance_transactions.retrieve(payout.failure_balance_transaction)
    assert (entry.type, entry.amount, entry.source) == ("payout_failure", 941, payout.id)
    assert balance(client) == (941, 0)
    assert event_types(client, "payout")[-2:] == ["payout.failed", "payout.updated"]
    again = finished(client, pay_out(sandbox))
    assert (again.status, again.amount) == ("paid", 941)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("daily", at(2026, 11, 21)),
        ("weekly", at(2026, 11, 23)),
        ("monthly", at(2026, 12, 1)),
    ],
)
def test_next_run(interval, expected):
    """20 November 2026 is a Friday."""
    assert payouts.next_run(interval, at(2026, 11, 20)) == expected
    assert payouts.next_run(interval, expected) > expected


def test_schedule(sandbox, client, account, monkeypatch):
    assert admin(sandbox, "GET", "payouts") == {"interval": "manual"}
    monkeypatch.setattr(payouts, "next_run", lambda interval, now: now + 600)
    pay(client)
    admin(sandbox, "POST", "payouts", {"interval": "weekly"})
    assert admin(sandbox, "POST", "payouts", {"interval": "daily"}) == {"interval": "daily"}
    plans = [row for row in account.schedule_book.dump() if row[2] == "payout.run"]
    assert len(plans) == 2
    with account.lock:
        for at_time, _number, kind, key, _clock in plans:
            clocks.KINDS[kind](account.context(now=at_time), key)
    (payout,) = client.v1.payouts.list().data
    assert payout.amount == 941
    saved = admin(sandbox, "GET", "state")
    admin(sandbox, "POST", "reset")
    admin(sandbox, "PUT", "state", saved)
    assert admin(sandbox, "GET", "payouts") == {"interval": "daily"}


@pytest.mark.parametrize(
    ("name", "body"), [("payouts", {"interval": "hourly"}), ("payout", {"failure": "bad luck"})]
)
def test_what_is_refused(sandbox, client, name, body):
    pay(client)
    answer = requests.post(f"{sandbox.base_url}/_sandbox/{name}", json=body, timeout=10)
    assert answer.status_code == 400
    assert client.v1.payouts.list().data == []


def test_metadata(sandbox, client):
    pay(client)
    key = pay_out(sandbox)["id"]
    assert client.v1.payouts.update(key, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    assert "payout.updated" in event_types(client, "payout")
