"""Runs in an Odoo shell (`env`): booking Stripe invoices beside the same with Odoo's own methods.

Each invoice has one line of 20.00 with a tax of 20 % and is paid. Writes what each round took to the file
OUTPUT, which is put before this text.
"""

# ruff: noqa: F821
import json
import resource
import time

ROUNDS = 5
# Invoices of a batch; how many batches a round has of each.
BATCHES = {1: 10, 20: 2, 100: 1}
BASELINE = 100
CUSTOMERS = 50
# What is in the tables before.
WARM = 500

quiet = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
    "mail_create_nosubscribe": True,
}
company = env.ref("base.main_company")
env = env(context={**env.context, "allowed_company_ids": company.ids})
quiet_env = env(context={**env.context, **quiet})
provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
provider.write(
    {
        "stripe_secret_key": "sk_test_bench",
        "stripe_publishable_key": "pk_test_bench",
        "state": "test",
    }
)
partners = env["res.partner"].create([{"name": f"Bench {n}"} for n in range(CUSTOMERS)])
env["stripe.customer"].with_context(
    stripe_customer_partners={f"cus_{partner.id}": partner.id for partner in partners}
)._stripe_apply(provider, [{"id": f"cus_{id_}", "livemode": False} for id_ in partners.ids])
env["stripe.tax.rate"]._stripe_apply(
    provider,
    [
        {
            "id": "txr_bench",
            "object": "tax_rate",
            "active": True,
            "display_name": "VAT",
            "inclusive": False,
            "livemode": False,
            "percentage": 20,
        }
    ],
)
rate = env["stripe.tax.rate"]._stripe_find(provider, ["txr_bench"])
if not rate.tax_id:
    rate.action_create_tax()
tax = rate.tax_id
journal = provider._stripe_billing_ensure_journal()
entry_journal = provider._stripe_billing_ensure_entry_journal()
method_line = env["account.payment"]._get_stripe_payment_method_line(provider)
clearing = provider._stripe_billing_account("clearing")
receivable = partners[0].property_account_receivable_id
now = int(time.time())
today = provider.env["account.move"]._fields["date"].context_today(provider)
numbers = iter(range(10**6))
env.cr.commit()


def stripe_invoice():
    """A paid invoice, as Stripe gives it."""
    number = next(numbers)
    taxes = [
        {
            "amount": 400,
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": "txr_bench"},
            "taxable_amount": 2000,
            "type": "tax_rate_details",
        }
    ]
    return {
        "id": f"in_bench{number}",
        "object": "invoice",
        "livemode": False,
        "customer": f"cus_{partners.ids[number % CUSTOMERS]}",
        "currency": "usd",
        "number": f"BENCH-{number}",
        "status": "paid",
        "created": now,
        "total": 2400,
        "total_taxes": taxes,
        "status_transitions": {"finalized_at": now},
        "lines": {
            "has_more": False,
            "data": [{"amount": 2000, "quantity": 1, "description": "Plan", "taxes": taxes}],
        },
        "payments": {
            "data": [
                {
                    "id": f"inpay_bench{number}",
                    "status": "paid",
                    "amount_paid": 2400,
                    "currency": "usd",
                    "created": now,
                    "payment": {"type": "payment_intent", "payment_intent": f"pi_{number}"},
                }
            ]
        },
    }


def measure(book, size, times=1):
    """What an invoice takes: seconds, seconds of CPU in this process, queries.

    Each batch is a transaction, as in a lane.

    :param Callable[[int], account.move] book: Books a number of invoices.
    """
    total = [0.0, 0.0, 0]
    for _ in range(times):
        env.cr.commit()
        used = resource.getrusage(resource.RUSAGE_SELF)
        queries, started = env.cr.sql_log_count, time.perf_counter()
        moves = book(size)
        env.cr.commit()
        total[0] += time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_SELF)
        total[1] += after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        total[2] += env.cr.sql_log_count - queries
        assert len(moves) == size
        assert set(moves.mapped("payment_state")) == {"paid"}
        assert set(moves.mapped("amount_tax")) == {4.0}
    return [number / size / times for number in total]


def ours(size):
    """The writer, as a lane calls it."""
    return env["account.move"]._stripe_apply(provider, [stripe_invoice() for _ in range(size)])


def post_invoices(size):
    """Invoices by Odoo's own methods, in batch."""
    chosen = [partners.ids[next(numbers) % CUSTOMERS] for _ in range(size)]
    moves = quiet_env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner_id,
                "journal_id": journal.id,
                "invoice_date": today,
                "invoice_line_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "Plan",
                            "quantity": 1,
                            "price_unit": 20,
                            "tax_ids": [(6, 0, tax.ids)],
                        },
                    )
                ],
            }
            for partner_id in chosen
        ]
    )
    moves.action_post()
    return moves


def reconcile(moves, entries):
    """Reconcile each invoice with its own entry."""
    quiet_env["account.move.line"]._reconcile_plan(
        [
            (entry | move).line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
            for entry, move in zip(entries, moves, strict=True)
        ]
    )


def with_payments(size):
    """The same documents by Odoo's own methods, in batch."""
    moves = post_invoices(size)
    payments = quiet_env["account.payment"].create(
        [
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": move.partner_id.id,
                "amount": 24,
                "date": today,
                "journal_id": method_line.journal_id.id,
                "payment_method_line_id": method_line.id,
            }
            for move in moves
        ]
    )
    payments.action_post()
    reconcile(moves, payments.move_id)
    return moves


def with_entries(size):
    """As above with a bare entry for each payment, which lacks what a payment can do."""
    moves = post_invoices(size)
    entries = quiet_env["account.move"].create(
        [
            {
                "move_type": "entry",
                "journal_id": entry_journal.id,
                "date": today,
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "account_id": account.id,
                            "balance": balance,
                            "partner_id": move.partner_id.id,
                            "name": "Payment",
                        },
                    )
                    for account, balance in ((clearing, 24), (receivable, -24))
                ],
            }
            for move in moves
        ]
    )
    entries._post(soft=False)
    reconcile(moves, entries)
    return moves


WORK = {
    **{f"ours {size}": (ours, size, times) for size, times in BATCHES.items()},
    "payments": (with_payments, BASELINE),
    "entries": (with_entries, BASELINE),
}


def main():
    """Fill the tables, then measure in turns."""
    ours(WARM)
    for work in (with_payments, with_entries):
        work(BASELINE)
    env.cr.commit()
    env.cr.execute("ANALYZE")
    env.cr.commit()
    for work, size, *_times in WORK.values():
        measure(work, size)
    rounds = [{name: measure(*work) for name, work in WORK.items()} for _ in range(ROUNDS)]
    with open(OUTPUT, "w") as file:
        json.dump(rounds, file)


main()
