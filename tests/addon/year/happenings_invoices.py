"""What is billed beside subscriptions, and what becomes of invoices: sent, void, given up, credited."""

from tests.addon.year.story import GOOD_CARD, kind

BY_MAIL = {"collection_method": "send_invoice", "days_until_due": 14}


@kind(weight=6, least=4)
def item_for_later(story, customer):
    """Waits for the next invoice; sometimes it is credit."""
    if not story.get_live(customer):
        return False
    amount = story.large(customer, 1) * customer.random.choice((1, 1, 1, -1))
    params = {"customer": customer.id, "currency": customer.currency, "amount": amount}
    if amount > 0 and customer.random.random() < 0.5:
        params["tax_rates"] = story.some_taxes(customer.random)
    story.stripe.invoice_items.create({**params, "description": "Extra work"})
    return True


@kind(weight=5, least=4)
def one_off(story, customer):
    """Several lines with a discount and taxes, paid at once; now and then more than an invoice embeds."""
    number = (13, 1, 3, 2)[story.counts["one_off"] % 4]
    amounts = [story.large(customer, 1) + 10 * row for row in range(number)]
    params = {"default_tax_rates": story.some_taxes(customer.random)}
    if customer.random.random() < 0.5:
        name = customer.random.choice(("once", "forever", f"off_{customer.currency}"))
        params["discounts"] = [{"coupon": story.catalogue.coupons[name]}]
    story.bill(customer, *amounts, **params)
    return True


@kind(least=3)
def too_small(story, customer):
    """Less than can be charged: it is owed with the next invoice."""
    if customer.currency == "kwd" or story.stripe.customers.retrieve(customer.id).balance:
        return False
    return story.bill(customer, 20).ending_balance == 20


@kind(weight=3, least=6)
def sent(story, customer):
    taxes = {"default_tax_rates": story.some_taxes(customer.random)}
    amount = story.large(customer, 1)
    return story.bill(customer, amount, units=3, **BY_MAIL, **taxes).status == "open"


def _take(story, customer, status):
    """One of the customer's invoices of a status with something left to pay, or None."""
    found = [invoice for invoice in story.invoices(customer, status) if invoice.amount_remaining]
    return customer.random.choice(found) if found else None


@kind(weight=8, least=4, needs="sent")
def sent_is_paid(story, customer):
    """By card, on the page of the invoice."""
    invoice = _take(story, customer, "open")
    if not invoice:
        return False
    method = story.stripe.payment_methods.attach(GOOD_CARD, {"customer": customer.id})
    story.stripe.invoices.pay(invoice.id, {"payment_method": method.id})
    return True


@kind(weight=3, least=3, needs="sent")
def paid_outside(story, customer):
    """By bank transfer; the bookkeeper registers it in Odoo later."""
    invoice = _take(story, customer, "open")
    if not invoice:
        return False
    story.stripe.invoices.pay(invoice.id, {"paid_out_of_band": True})
    return True


@kind(weight=2, least=3, needs="sent")
def void(story, customer):
    invoice = _take(story, customer, "open")
    if not invoice:
        return False
    story.stripe.invoices.void_invoice(invoice.id)
    return True


@kind(weight=3, least=5, needs="sent")
def give_up(story, customer):
    invoice = _take(story, customer, "open")
    if not invoice:
        return False
    story.stripe.invoices.mark_uncollectible(invoice.id)
    return True


@kind(weight=2, needs="give_up")
def paid_after_all(story, customer):
    """What was given up before."""
    invoice = _take(story, customer, "uncollectible")
    if not invoice:
        return False
    method = story.stripe.payment_methods.attach(GOOD_CARD, {"customer": customer.id})
    story.stripe.invoices.pay(invoice.id, {"payment_method": method.id})
    return True


@kind(weight=1, needs="give_up")
def void_after_all(story, customer):
    """What was given up before."""
    invoice = _take(story, customer, "uncollectible")
    if not invoice:
        return False
    story.stripe.invoices.void_invoice(invoice.id)
    return True


def _credit(story, customer, invoice, amount, **ways):
    story.stripe.credit_notes.create(
        {"invoice": invoice.id, "amount": amount, "reason": "order_change", **ways}
    )
    return True


@kind(weight=3, least=3, needs="sent")
def credit_what_is_open(story, customer):
    invoice = _take(story, customer, "open")
    if not invoice:
        return False
    amount = story.part(customer, invoice.amount_remaining)
    return amount < invoice.amount_remaining and _credit(story, customer, invoice, amount)


@kind(weight=1, needs="sent")
def credit_all_that_is_open(story, customer):
    invoice = _take(story, customer, "open")
    return bool(invoice) and _credit(story, customer, invoice, invoice.amount_remaining)


@kind(weight=1, needs="give_up")
def credit_what_was_given_up(story, customer):
    invoice = _take(story, customer, "uncollectible")
    if not invoice:
        return False
    amount = story.part(customer, invoice.amount_remaining)
    return amount < invoice.amount_remaining and _credit(story, customer, invoice, amount)


@kind(weight=2, needs="credit_what_is_open")
def void_credit_note(story, customer):
    for invoice in story.invoices(customer, "open"):
        for note in story.stripe.credit_notes.list({"invoice": invoice.id}).data:
            if note.status == "issued" and not note.post_payment_amount:
                story.stripe.credit_notes.void_credit_note(note.id)
                return True
    return False


@kind(weight=3, least=3)
def credit_to_the_balance(story, customer):
    found = story.paid(customer)
    if not found:
        return False
    amount = story.part(customer, found[0].amount_paid)
    return _credit(story, customer, found[0], amount, credit_amount=amount)


@kind(weight=2, least=3)
def credit_and_refund(story, customer):
    found = story.paid(customer)
    if not found:
        return False
    amount = story.part(customer, found[0].amount_paid)
    customer.refunded.add(found[1].id)
    return _credit(story, customer, found[0], amount, refund_amount=amount)


@kind(weight=1)
def credit_outside(story, customer):
    """Paid back by bank transfer; the bookkeeper registers some of these in Odoo."""
    found = story.paid(customer)
    if not found:
        return False
    amount = story.part(customer, found[0].amount_paid)
    return _credit(story, customer, found[0], amount, out_of_band_amount=amount)


@kind(weight=1)
def credit_in_all_ways(story, customer):
    found = story.paid(customer)
    if not found:
        return False
    amount = story.part(customer, found[0].amount_paid) // 30 * 10
    if not amount:
        return False
    ways = ("credit_amount", "out_of_band_amount", "refund_amount")
    return _credit(story, customer, found[0], 3 * amount, **dict.fromkeys(ways, amount))


@kind(weight=2)
def credit_a_line(story, customer):
    """All of a line that was paid, with its taxes and discounts."""
    found = story.paid(customer)
    if not found:
        return False
    for line in found[0].lines.data:
        off = sum(part.amount for part in line.discount_amounts)
        taxes = [tax.amount for tax in line.taxes or () if tax.tax_behavior == "exclusive"]
        amount = line.amount - off + sum(taxes)
        if 0 < amount <= found[0].total:
            row = {"type": "invoice_line_item", "invoice_line_item": line.id}
            params = {"lines": [{**row, "quantity": line.quantity}], "credit_amount": amount}
            story.stripe.credit_notes.create({"invoice": found[0].id, **params})
            return True
    return False


@kind(weight=2, needs="sent")
def credit_a_unit(story, customer):
    """One of several units that are not paid yet."""
    invoice = _take(story, customer, "open")
    for line in invoice.lines.data if invoice else ():
        if (line.quantity or 0) > 1 and 0 < line.amount < invoice.amount_remaining:
            row = {"type": "invoice_line_item", "invoice_line_item": line.id, "quantity": 1}
            story.stripe.credit_notes.create({"invoice": invoice.id, "lines": [row]})
            return True
    return False


@kind(weight=2, least=3)
def grant_credit(story, customer):
    return _adjust(story, customer, -story.large(customer, 1))


@kind(weight=1)
def take_credit(story, customer):
    return _adjust(story, customer, story.large(customer, 1) // 20 * 10)


def _adjust(story, customer, amount):
    params = {"amount": amount, "currency": customer.currency, "description": "By hand"}
    story.stripe.customers.balance_transactions.create(customer.id, params)
    return True
