"""What somebody might do to the books behind the product's back, and what the proof has to say of it.

Each function tampers with one document. It returns a day of the month in which that counts, and the pairs of
measure and Stripe id that must differ afterwards: in the month, and in the payout that its money was part of.
"""

from odoo.tools import SQL

POSTED = ("state", "=", "posted")


def _movements(env, provider, stripe_id):
    """The balance transaction of a payment, refund or dispute; each is a part of a payout by now."""
    return env["stripe.balance.transaction"].search(
        [("provider_id", "=", provider.id), ("source", "=", stripe_id)], limit=1
    )


def _in_payout(transactions, *measures):
    return {(measure, row.stripe_id) for row in transactions for measure in measures}


def _invoice(env, provider, *domain):
    """An invoice of the middle of the time, in dollars and with a tax."""
    moves = env["account.move"].search(
        [
            ("stripe_provider_id", "=", provider.id),
            ("move_type", "=", "out_invoice"),
            ("stripe_invoice_status", "=", "paid"),
            ("amount_total", ">", 10),
            ("amount_tax", ">", 0),
            POSTED,
            *domain,
        ],
        order="invoice_date, id",
    )
    return moves[len(moves) // 2]


def _change_item(env, line, cents):
    """Change a journal item where nothing in Odoo looks."""
    env.flush_all()
    env.cr.execute(
        SQL(
            """
            UPDATE account_move_line
               SET amount_currency = amount_currency + %(more)s, balance = balance + %(more)s
             WHERE id = %(id)s
            """,
            more=cents / 100,
            id=line.id,
        )
    )
    env.invalidate_all()


def payment_canceled(env, provider):
    """A payment in a foreign currency: its conversion keeps the payout as it was."""
    payments = env["account.payment"].search(
        [
            ("stripe_invoice_payment_id", "!=", False),
            ("currency_id", "!=", provider.company_id.currency_id.id),
        ],
        order="date, id",
    )
    payment = payments[len(payments) // 2]
    payment.action_draft()
    payment.action_cancel()
    return payment.date, {("collected", payment.stripe_invoice_payment_id)}


def line_changed(env, provider):
    move = _invoice(env, provider)
    _change_item(env, move.invoice_line_ids[0], 1)
    return move.invoice_date, {("invoiced", move.stripe_invoice_id)}


def tax_line_changed(env, provider):
    move = _invoice(env, provider)
    line = move.line_ids.filtered(lambda line: line.display_type == "tax")[0]
    _change_item(env, line, -1)
    key = move.stripe_invoice_id
    return move.invoice_date, {("invoiced", key), ("tax", key)}


def credit_note_set_back(env, provider):
    notes = env["account.move"].search(
        [("stripe_credit_note_id", "!=", False), ("reversal_move_ids", "=", False), POSTED],
        order="invoice_date, id",
    )
    note = notes[len(notes) // 2]
    measures = ["credited", "tax"] if note.amount_tax else ["credited"]
    note.button_draft()
    return note.invoice_date, {(name, note.stripe_credit_note_id) for name in measures}


def refund_deleted(env, provider):
    """The entry of a refund in dollars, of which the payout consists as well."""
    refunds = env["account.payment"].search(
        [
            ("stripe_payment_ref", "=like", "re_%"),
            ("currency_id", "=", provider.company_id.currency_id.id),
            ("state", "in", ("in_process", "paid")),
        ],
        order="date, id",
    )
    refund = refunds[len(refunds) // 2]
    transaction = _movements(env, provider, refund.stripe_payment_ref)
    refund.action_draft()
    refund.move_id.with_context(force_delete=True).unlink()
    found = {("refunded", refund.stripe_payment_ref)}
    return refund.date, found | _in_payout(transaction, "gross", "net")


def fee_reversed(env, provider):
    """A fee that somebody has taken back by a reversal instead of by Stripe."""
    transactions = (
        env["stripe.balance.transaction"]
        .search([("currency_id", "=", provider.company_id.currency_id.id), ("kind", "=", "charge")])
        .filtered(lambda row: row.payment_id.currency_id == row.currency_id and row.move_id)
    )
    transaction = transactions[len(transactions) // 2]
    transaction.move_id._reverse_moves([{"date": transaction.move_id.date}], cancel=True)
    return transaction.move_id.date, _in_payout(transaction, "fees", "net")


def payout_deleted(env, provider):
    payouts = env["stripe.payout"].search([("status", "=", "paid")], order="arrival_date")
    payout = payouts[len(payouts) // 2]
    day = payout.move_id.date
    payout.move_id.button_draft()
    payout.move_id.with_context(force_delete=True).unlink()
    return day, {("payouts", payout.stripe_id)}


def dispute_changed(env, provider):
    """What was taken for a dispute is set back to a draft."""
    transaction = env["stripe.balance.transaction"].search(
        [("source", "=like", "du_%"), ("amount", "<", 0)], limit=1
    )
    day = transaction.move_id.date
    transaction.move_id.button_draft()
    found = {("disputes", transaction.stripe_id), ("fees", transaction.stripe_id)}
    return day, found | _in_payout(transaction, "gross", "net", "fees")
