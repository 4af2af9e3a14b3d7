"""Lists: pages, cursors, filters, and that many objects do not slow them down."""

from __future__ import annotations

import pytest

from stripe_sandbox.core.store import Store
from tests.sandbox.billing_setup import customer, price, subscribe
from tests.sandbox.core_setup import call, refused
from tests.sandbox.payments_setup import settled

MANY = 10_000


def names(page):
    return [row.name for row in page.data]


@pytest.fixture
def seven(client):
    """Ids of seven products named 0 to 6, the oldest first."""
    return [client.v1.products.create({"name": str(number)}).id for number in range(7)]


def test_newest_first_and_ten_at_a_time(client, seven):
    assert names(client.v1.products.list()) == list("6543210")
    for _more in range(5):
        client.v1.products.create({"name": "x"})
    page = client.v1.products.list()
    assert (len(page.data), page.has_more, page.url) == (10, True, "/v1/products")


def test_forward_and_back(client, seven):
    page = client.v1.products.list({"limit": 3})
    assert (names(page), page.has_more) == (list("654"), True)
    page = client.v1.products.list({"limit": 3, "starting_after": seven[4]})
    assert (names(page), page.has_more) == (list("321"), True)
    page = client.v1.products.list({"limit": 3, "starting_after": seven[1]})
    assert (names(page), page.has_more) == (["0"], False)
    page = client.v1.products.list({"limit": 3, "ending_before": seven[1]})
    assert (names(page), page.has_more) == (list("432"), True)
    page = client.v1.products.list({"limit": 3, "ending_before": seven[5]})
    assert (names(page), page.has_more) == (["6"], False)


def test_package_pages_by_itself(client, seven):
    pages = client.v1.products.list({"limit": 2})
    assert [row.name for row in pages.auto_paging_iter()] == list("6543210")


def test_what_is_made_meanwhile_does_not_shift_a_page(client, seven):
    client.v1.products.list({"limit": 3})
    client.v1.products.create({"name": "new"})
    page = client.v1.products.list({"limit": 3, "starting_after": seven[4]})
    assert names(page) == list("321")


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_limit_is_one_to_a_hundred(client, limit):
    with refused(param="limit"):
        client.v1.products.list({"limit": limit})


def test_cursors_are_existing_objects_and_one_at_a_time(client, seven):
    with refused(status=400, param="starting_after", code="resource_missing"):
        client.v1.products.list({"starting_after": "prod_none"})
    with refused(status=400):
        client.v1.products.list({"starting_after": seven[0], "ending_before": seven[1]})


def test_filter_by_time(client, account, seven):
    for number, key in enumerate(seven):
        account.store.update(account.store.get("product", key), created=100 + number)
    assert names(client.v1.products.list({"created": {"gte": 102, "lt": 105}})) == list("432")
    assert names(client.v1.products.list({"created": {"gt": 105}})) == ["6"]
    assert names(client.v1.products.list({"created": {"lte": 100}})) == ["0"]
    assert names(client.v1.products.list({"created": 103})) == ["3"]


def test_filters_hold_over_pages(client, seven):
    for key in seven[::2]:
        client.v1.products.update(key, {"active": False})
    page = client.v1.products.list({"active": False, "limit": 2})
    assert (names(page), page.has_more) == (list("64"), True)
    page = client.v1.products.list({"active": False, "limit": 2, "starting_after": seven[4]})
    assert (names(page), page.has_more) == (list("20"), False)


def test_objects_of_test_clocks_are_left_out_of_plain_lists(client):
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1893456000}).id
    buyer = customer(client, test_clock=clock)
    subscribe(client, buyer, price(client, 1000))
    for api, known in (
        (client.v1.customers, {"test_clock": clock}),
        (client.v1.subscriptions, {"customer": buyer}),
        (client.v1.subscriptions, {"test_clock": clock}),
        (client.v1.invoices, {"customer": buyer}),
    ):
        assert api.list().data == []
        assert len(api.list(known).data) == 1


# --- many


def many_subscriptions(client, account):
    """Ten thousand subscriptions of one price, each with a customer and an item of its own."""
    first = subscribe(client, customer(client), price(client, 1000))
    settled(client, client.v1.charges.list({"customer": first.customer}).data[0].id)
    store = account.store
    sub = store.get("subscription", first.id)
    (item,) = store.select("subscription_item", subscription=first.id)
    buyer = store.get("customer", first.customer)
    with account.lock:
        for number in range(MANY - 1):
            key = f"{number:06d}"
            store.insert({**buyer, "id": f"cus_{key}"})
            store.insert({**sub, "id": f"sub_{key}", "customer": f"cus_{key}"})
            store.insert({**item, "id": f"si_{key}", "subscription": f"sub_{key}"})
    return first


def test_ten_thousand_subscriptions_are_listed_page_by_page_without_slowing(
    sandbox, client, account, monkeypatch
):
    """Each page looks at as many objects as the first one; the time it takes is in `make bench`."""
    first = many_subscriptions(client, account)
    looked_at = []
    find = Store.find

    def counting(store, name, key):
        looked_at[-1] += 1
        return find(store, name, key)

    monkeypatch.setattr(Store, "find", counting)
    seen, more = [], ""
    while True:
        looked_at.append(0)
        page = call(sandbox, "GET", f"/v1/subscriptions?limit=100{more}").json()
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        more = f"&starting_after={seen[-1]}"
    assert len(seen) == len(set(seen)) == MANY
    assert seen[-1] == first.id
    assert looked_at[0] > 100
    assert max(looked_at) <= looked_at[0] + 5


def test_one_customer_among_many_is_found_by_index(client, account, monkeypatch):
    many_subscriptions(client, account)
    store = account.store
    looked_at = []
    find = Store.find
    monkeypatch.setattr(
        Store, "find", lambda store, *args: looked_at.append(args) or find(store, *args)
    )
    assert next(store.select("subscription", customer="cus_000500"))["id"] == "sub_000500"
    assert len(looked_at) == 1


# --- the store itself


def keys(store, **equals):
    return [obj["id"] for obj in store.select("thing", **equals)]


def thing(key, **more):
    return {"object": "thing", "id": key, **more}


def test_index_follows_changes():
    store = Store()
    one = store.insert(thing("a", customer="x"))
    store.insert(thing("b", customer="y"))
    assert store.update(one, customer="y", name="n") == {"customer": "x", "name": None}
    assert (keys(store, customer="x"), keys(store, customer="y")) == ([], ["b", "a"])
    assert store.update(one, customer="y") == {}


def test_id_may_be_used_again_once_its_object_is_gone():
    store = Store()
    store.insert(thing("a"))
    store.insert(thing("b"))
    store.remove(store.get("thing", "a"))
    assert store.find_any("a") is None
    store.insert(thing("a", new=True))
    assert keys(store) == ["a", "b"]
    assert [obj["id"] for obj in store.dump()] == ["b", "a"]


def test_undone_changes_leave_no_trace():
    store = Store()
    kept = store.insert(thing("a", customer="x"))
    gone = store.insert(thing("b", customer="x"))
    before = [dict(obj) for obj in store.dump()]
    with store.journal() as undo:
        store.update(kept, customer="y", extra=1)
        store.remove(gone)
        store.insert(thing("b", customer="z"))
        store.insert(thing("c", customer="x"))
        undo()
    assert store.dump() == before
    assert keys(store) == ["b", "a"]
    assert keys(store, customer="x") == ["b", "a"]
    assert keys(store, customer="z") == []
    assert store.find_any("c") is None


def test_inner_undo_keeps_what_the_outer_block_did():
    store = Store()
    with store.journal() as undo_all:
        store.insert(thing("a"))
        with store.journal() as undo:
            store.insert(thing("b"))
            undo()
        assert keys(store) == ["a"]
        with store.journal():
            store.insert(thing("c"))
        undo_all()
    assert keys(store) == []
