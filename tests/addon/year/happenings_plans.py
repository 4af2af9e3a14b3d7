"""What customers do with their subscriptions: plans, seats, coupons, pauses, leaving and coming back."""

from datetime import timedelta

from tests.addon.year.story import ENDED, kind

PRORATIONS = ("create_prorations", "always_invoice", "none")
DEARER = {"basic": "team", "weekly": "basic", "quarterly": "annual", "team": "annual"}
CHEAPER = {"team": "basic", "annual": "quarterly"}


def _proration(customer):
    return {"proration_behavior": customer.random.choices(PRORATIONS, (5, 4, 1))[0]}


def _update(story, customer, params):
    story.stripe.subscriptions.update(customer.subscription, params)
    return True


def _first_item(story, subscription):
    """The item of the plan, and the plan's name."""
    for item in subscription["items"].data:
        plan = story.catalogue.get_plan(item.price.id)
        if plan not in ("extra", "calls"):
            return item, plan
    return None, None


def _change_plan(story, customer, others):
    subscription = story.get_live(customer)
    if not subscription or subscription.cancel_at or len(subscription["items"].data) > 1:
        return False
    item, plan = _first_item(story, subscription)
    if plan not in others:
        return False
    change = {"id": item.id, "price": story.price(customer, others[plan])}
    return _update(story, customer, {"items": [change], **_proration(customer)})


@kind(weight=8, least=4)
def upgrade(story, customer):
    return _change_plan(story, customer, DEARER)


@kind(weight=6, least=4)
def downgrade(story, customer):
    return _change_plan(story, customer, CHEAPER)


@kind(least=2)
def downgrade_at_once(story, customer):
    """Billed at once, which makes a negative invoice: credit for the next one."""
    subscription = story.get_live(customer, "active")
    if not subscription or subscription.cancel_at:
        return False
    item, plan = _first_item(story, subscription)
    if plan not in ("basic", "team") or item.quantity < 3:
        return False
    change = {"id": item.id, "quantity": 1}
    params = {"items": [change], "proration_behavior": "always_invoice"}
    subscription = story.stripe.subscriptions.update(customer.subscription, params)
    return story.stripe.invoices.retrieve(subscription.latest_invoice).total < 0


def _change_seats(story, customer, sign):
    subscription = story.get_live(customer)
    if not subscription or subscription.cancel_at:
        return False
    item, _plan = _first_item(story, subscription)
    seats = item.quantity + sign * customer.random.randint(1, 5)
    if seats < 1:
        return False
    change = {"id": item.id, "quantity": seats}
    return _update(story, customer, {"items": [change], **_proration(customer)})


@kind(weight=10, least=4)
def more_seats(story, customer):
    return _change_seats(story, customer, 1)


@kind(weight=8, least=4)
def fewer_seats(story, customer):
    return _change_seats(story, customer, -1)


@kind(weight=4, least=3)
def add_on(story, customer):
    subscription = story.get_live(customer)
    if not subscription or subscription.cancel_at or len(subscription["items"].data) > 1:
        return False
    if _first_item(story, subscription)[1] not in ("basic", "team"):
        return False
    item = {"price": story.price(customer, "extra"), "quantity": customer.random.randint(1, 3)}
    return _update(story, customer, {"items": [item], **_proration(customer)})


@kind(weight=2, least=2, needs="add_on")
def drop_add_on(story, customer):
    subscription = story.get_live(customer)
    for item in subscription["items"].data if subscription else ():
        if story.catalogue.get_plan(item.price.id) == "extra":
            gone = {"id": item.id, "deleted": True}
            return _update(story, customer, {"items": [gone], **_proration(customer)})
    return False


def _discount(story, customer, name):
    subscription = story.get_live(customer)
    if not subscription or subscription.discounts:
        return False
    coupon = story.catalogue.coupons[name]
    return _update(story, customer, {"discounts": [{"coupon": coupon}]})


@kind(weight=2)
def coupon_once(story, customer):
    return _discount(story, customer, "once")


@kind(weight=2)
def coupon_repeating(story, customer):
    return _discount(story, customer, "repeating")


@kind(weight=1)
def coupon_forever(story, customer):
    return _discount(story, customer, "forever")


@kind(weight=2)
def coupon_of_an_amount(story, customer):
    return _discount(story, customer, f"off_{customer.currency}")


@kind(weight=1, needs="coupon_forever")
def coupon_ends(story, customer):
    subscription = story.get_live(customer)
    if not subscription or not subscription.discounts:
        return False
    return _update(story, customer, {"discounts": ""})


@kind(weight=2)
def new_period_now(story, customer):
    """The billing cycle begins anew, which bills at once."""
    subscription = story.get_live(customer, "active")
    if not subscription or subscription.cancel_at:
        return False
    params = {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "create_prorations"}
    return _update(story, customer, params)


@kind(weight=2)
def leave_at_the_end(story, customer):
    subscription = story.get_live(customer, "active")
    if not subscription or subscription.cancel_at:
        return False
    return _update(story, customer, {"cancel_at_period_end": True})


@kind(weight=2, least=3)
def leave_now(story, customer):
    if not story.get_live(customer):
        return False
    settled = customer.random.random() < 0.6
    params = {"prorate": settled, "invoice_now": settled}
    story.stripe.subscriptions.cancel(customer.subscription, params)
    return True


@kind(weight=6, least=2, needs="leave_now")
def come_back(story, customer):
    if story.get(customer).status not in ENDED:
        return False
    story.subscribe(customer)
    return True


@kind(weight=2, least=3)
def pause_collection(story, customer):
    """For some weeks invoices are void, drafts, or given up."""
    subscription = story.get_live(customer, "active")
    if not subscription or subscription.pause_collection:
        return False
    behaviors = ("mark_uncollectible", "void", "keep_as_draft")
    behavior = behaviors[story.counts["pause_collection"] % len(behaviors)]
    until = int((story.clock.now + timedelta(days=40)).timestamp())
    pause = {"behavior": behavior, "resumes_at": until}
    return _update(story, customer, {"pause_collection": pause})


@kind(weight=1)
def pause(story, customer):
    """Only those that are charged by themselves can be resumed."""
    subscription = story.get_live(customer, "active")
    if not subscription or subscription.cancel_at or len(subscription["items"].data) > 1:
        return False
    if subscription.collection_method != "charge_automatically":
        return False
    story.stripe.subscriptions.pause(customer.subscription, {"type": "subscription"})
    return True


@kind(weight=8, least=2, needs="pause")
def resume(story, customer):
    if not story.get_live(customer, "paused"):
        return False
    params = {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "create_prorations"}
    story.stripe.subscriptions.resume(customer.subscription, params)
    return True
