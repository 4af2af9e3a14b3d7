"""From the charge to the account's balance: balance transactions, fees and conversion."""

from __future__ import annotations

import pytest
import requests

from stripe_sandbox.payments import fees
from tests.sandbox.billing_setup import VISA, at, clock, customer, event_types, price, subscribe
from tests.sandbox.core_setup import admin
from tests.sandbox.payments_setup import disputed, settled

START = at(2030, 1, 1)


def pay(client, amount=1_000, currency="usd", card=VISA):
    """Id of the charge of a payment."""
    params = {"amount": amount, "currency": currency, "payment_method": card, "confirm": True}
    return client.v1.payment_intents.create(params).latest_charge


@pytest.mark.parametrize(
    ("amount", "fee"), [(100, 33), (50, 31), (1000, 59), (3000, 117), (99999, 2930), (500, 45)]
)
def test_fee_without_conversion(amount, fee):
    """2.9 % plus 30 cents, half up: 500 makes 14.5 + 30."""
    found = fees.settle(amount, "usd", "usd")
    assert (found.amount, found.fee, found.net) == (amount, fee, amount - fee)
    assert (found.currency, found.exchange_rate) == ("usd", None)


@pytest.mark.parametrize(
    ("amount", "currency", "into", "settled_amount", "fee", "rate"),
    [
        # EUR 10.00 at 1.10 is USD 11.00; 3.9 % is 42.9 cents, and 30.
        (1_000, "eur", "usd", 1_100, 73, 1.1),
        # JPY 1000 at 0.0065 is USD 6.50; 3.9 % is 25.35 cents, and 30.
        (1_000, "jpy", "usd", 650, 55, 0.65),
        # KWD 10.000 at 3.25 is USD 32.50; 3.9 % is 126.75 cents, and 30.
        (10_000, "kwd", "usd", 3_250, 157, 0.325),
        # USD 11.00 at 1 / 1.10 is EUR 10.00; 3.9 % is 39 cents, and 30 / 1.10 = 27.27.
        (1_100, "usd", "eur", 1_000, 66, 10 / 11),
        # JPY into JPY: 2.9 % is 29, and USD 0.30 / 0.0065 = 46.15.
        (1_000, "jpy", "jpy", 1_000, 75, None),
    ],
)
def test_settlement(amount, currency, into, settled_amount, fee, rate):
    found = fees.settle(amount, currency, into)
    assert (found.amount, found.fee, found.currency) == (settled_amount, fee, into)
    assert found.exchange_rate == rate


def test_balance_transaction_follows_the_charge(client):
    charge = client.v1.charges.retrieve(pay(client))
    assert (charge.status, charge.balance_transaction) == ("succeeded", None)
    assert client.v1.balance_transactions.list().data == []
    money = settled(client, charge.id)
    assert (money.amount, money.fee, money.net, money.currency) == (1000, 59, 941, "usd")
    assert (money.type, money.reporting_category, money.exchange_rate) == ("charge", "charge", None)
    assert (money.source.id, money.fee_details[0].amount) == (charge.id, 59)
    assert (money.status, money.available_on) == ("pending", charge.created + 2 * 86_400)
    assert client.v1.balance_transactions.retrieve(money.id).net == 941
    assert [m.id for m in client.v1.balance_transactions.list({"source": charge.id})] == [money.id]
    assert event_types(client, "charge") == ["charge.succeeded", "charge.updated"]
    updated, succeeded = client.v1.events.list({"types": ["charge.succeeded", "charge.updated"]})
    assert succeeded.data.object["balance_transaction"] is None
    assert updated.data.object["balance_transaction"] == money.id
    assert updated.data.previous_attributes["balance_transaction"] is None


def test_charge_in_another_currency_is_converted(client):
    money = settled(client, pay(client, 1_000, "jpy"))
    assert (money.currency, money.amount, money.fee, money.net) == ("usd", 650, 55, 595)
    assert money.exchange_rate == 0.65
    assert money.fee_details[0].currency == "usd"
    assert client.v1.balance_transactions.list({"currency": "jpy"}).data == []
    assert len(client.v1.balance_transactions.list({"currency": "usd"}).data) == 1


def test_money_that_is_available_at_once(client):
    assert settled(client, pay(client, card="pm_card_bypassPending")).status == "available"


def test_renewal_on_a_test_clock_is_settled_without_advancing_it(client, advance):
    time = clock(client, START)
    buyer = customer(client, test_clock=time)
    subscribe(client, buyer, price(client, 2_000))
    advance(time, at(2030, 2, 2))
    renewal, first = client.v1.charges.list({"customer": buyer}).data
    assert settled(client, first.id).created == START
    assert settled(client, renewal.id).net == 2_000 - 88


def test_rates_of_exchange_that_change(client, sandbox):
    """A refund is converted at the rate of its own day, the charge before it was at another."""
    assert admin(sandbox, "GET", "rates")["eur"] == "1.10"
    first = settled(client, pay(client, 1_000, "eur"))
    changed = admin(sandbox, "POST", "rates", {"eur": "1.2345"})
    assert (changed["eur"], changed["jpy"]) == ("1.2345", "0.0065")
    second = settled(client, pay(client, 1_000, "eur"))
    assert [(m.amount, m.exchange_rate) for m in (first, second)] == [(1100, 1.1), (1235, 1.2345)]
    assert second.fee == 78, "3.9 % of 12.35 is 48.165 cents, and 30"
    for amount in (500, 500):
        client.v1.refunds.create({"charge": first.source.id, "amount": amount})
    entries = client.v1.balance_transactions.list({"type": "refund"}).data
    assert [(e.amount, e.exchange_rate) for e in entries[::-1]] == [(-617, 1.2345), (-618, 1.2345)]
    assert client.v1.charges.retrieve(first.source.id).amount_refunded == 1_000


def test_dispute_at_another_rate(client, sandbox):
    params = {"amount": 1_000, "currency": "eur", "payment_method": "pm_card_createDispute"}
    paid = client.v1.payment_intents.create({**params, "confirm": True})
    assert settled(client, paid.latest_charge).amount == 1_100
    admin(sandbox, "POST", "rates", {"eur": "1.3"})
    dispute = disputed(client, paid)
    (entry,) = dispute.balance_transactions
    assert (dispute.amount, entry.amount, entry.exchange_rate) == (1_000, -1_300, 1.3)


@pytest.mark.parametrize("body", [{"eur": "0"}, {"eur": "x"}, {"usd": "1"}, {"abc": "1"}])
def test_rates_that_are_none(sandbox, body):
    with pytest.raises(requests.HTTPError):
        admin(sandbox, "POST", "rates", body)


def test_rates_outlive_a_restart(sandbox):
    admin(sandbox, "POST", "rates", {"gbp": "1.31"})
    saved = admin(sandbox, "GET", "state")
    admin(sandbox, "POST", "reset")
    assert admin(sandbox, "GET", "rates")["gbp"] == "1.25"
    admin(sandbox, "PUT", "state", saved)
    assert admin(sandbox, "GET", "rates")["gbp"] == "1.31"
