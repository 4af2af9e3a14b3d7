"""What becomes of payments: cards that fail and work again, refunds, disputes, payouts that do not arrive."""

from datetime import timedelta

from tests.addon.year.story import FAILING_CARD, GOOD_CARD, kind


@kind(weight=6, least=4)
def card_fails(story, customer):
    if customer.card != GOOD_CARD or customer.by_invoice or not story.get_live(customer, "active"):
        return False
    story.use_card(customer, FAILING_CARD)
    return True


@kind(weight=30, least=3, needs="card_fails")
def card_works_again(story, customer):
    """What failed meanwhile is paid at once, or at Stripe's next attempt."""
    failed = [row for row in story.invoices(customer, "open") if row.attempted]
    if customer.card == GOOD_CARD or not failed:
        return False
    story.use_card(customer, GOOD_CARD)
    if customer.random.random() < 0.5:
        for invoice in failed:
            story.stripe.invoices.pay(invoice.id)
            story.counts["recovered_by_hand"] += 1
    return True


def _refund(story, charge, amount=None, **more):
    params = {"charge": charge.id, **({"amount": amount} if amount else {}), **more}
    story.stripe.refunds.create(params)
    return True


@kind(weight=4, least=4)
def refund_part(story, customer):
    found = story.paid(customer)
    if not found:
        return False
    return _refund(story, found[1], story.part(customer, found[1].amount))


@kind(weight=3, least=3)
def refund_all(story, customer):
    found = story.paid(customer)
    return bool(found) and _refund(story, found[1], reason="requested_by_customer")


@kind(weight=1)
def refund_in_two_parts(story, customer):
    found = story.paid(customer)
    if not found or found[1].amount < 100:
        return False
    amount = story.part(customer, found[1].amount)
    _refund(story, found[1], amount)
    story.clock.wait(minutes=3)
    return _refund(story, found[1])


def _by_card(story, customer, card, **params):
    """An invoice paid by a card with a fate of its own, and its charge."""
    invoice = story.bill(customer, story.large(customer), card=f"pm_card_{card}", **params)
    return invoice, story.charge_of(invoice)


@kind(weight=1)
def refund_waits(story, customer):
    _invoice, charge = _by_card(story, customer, "pendingRefund")
    return bool(charge) and _refund(story, charge)


@kind(weight=1)
def refund_fails(story, customer):
    _invoice, charge = _by_card(story, customer, "refundFail")
    return bool(charge) and _refund(story, charge, story.part(customer, charge.amount))


@kind(weight=1)
def refund_of_credit_note_fails(story, customer):
    invoice, charge = _by_card(story, customer, "refundFail")
    if not charge:
        return False
    amount = story.part(customer, charge.amount)
    params = {"invoice": invoice.id, "amount": amount, "refund_amount": amount}
    story.stripe.credit_notes.create(params)
    return True


def _dispute(story, customer, outcome, card="createDispute"):
    _invoice, charge = _by_card(story, customer, card)
    if not charge:
        return None
    wait = timedelta(days=customer.random.randint(1, 8))
    story.disputes[charge.id] = (outcome, story.clock.now + wait)
    return charge


@kind(weight=1)
def dispute_won(story, customer):
    return bool(_dispute(story, customer, "won"))


@kind(weight=1)
def dispute_lost(story, customer):
    return bool(_dispute(story, customer, "lost", "createDisputeProductNotReceived"))


@kind(weight=1)
def dispute_accepted(story, customer):
    return bool(_dispute(story, customer, "accepted"))


@kind()
def dispute_unanswered(story, customer):
    return bool(_dispute(story, customer, "silent"))


@kind()
def dispute_of_a_part(story, customer):
    """What has been refunded before is not disputed."""
    charge = _dispute(story, customer, customer.random.choice(("won", "lost")))
    return bool(charge) and _refund(story, charge, story.part(customer, charge.amount))


@kind()
def inquiry(story, customer):
    return bool(_dispute(story, customer, "won", "createDisputeInquiry"))


@kind()
def inquiry_becomes_dispute(story, customer):
    return bool(_dispute(story, customer, "escalated", "createDisputeInquiry"))
