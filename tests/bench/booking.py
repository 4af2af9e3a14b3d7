"""Runs in an Odoo shell (`env`): booking Stripe invoices beside the same with Odoo's own methods.

Writes the seconds of each round to the file OUTPUT, which is put before this text.
"""

# ruff: noqa: F821
import json
import time

ROUNDS, SIZE = 7, 20

quiet = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
    "mail_create_nosubscribe": True,
}
company = env.ref("base.main_company")
env = env(context={**env.context, "allowed_company_ids": company.ids})
provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
provider.write(
    {
        "stripe_secret_key": "sk_test_bench",
        "stripe_publishable_key": "pk_test_bench",
        "state": "test",
    }
)
partner = env["res.partner"].create({"name": "Bench"})
env["stripe.customer"].with_context(
    stripe_customer_partners={"cus_bench": partner.id}
)._stripe_apply(provider, [{"id": "cus_bench", "livemode": False}])
journal = provider._stripe_billing_ensure_journal()
method_line = env["account.payment"]._get_stripe_payment_method_line(provider)
numbers = iter(range(10**6))
now = int(time.time())


def stripe_invoice():
    number = next(numbers)
    return {
        "id": f"in_bench{number}",
        "object": "invoice",
        "livemode": False,
        "customer": "cus_bench",
        "currency": "usd",
        "number": f"BENCH-{number}",
        "status": "paid",
        "created": now,
        "total": 2000,
        "total_taxes": [],
        "status_transitions": {"finalized_at": now},
        "lines": {
            "has_more": False,
            "data": [{"amount": 2000, "quantity": 1, "description": "Plan", "taxes": []}],
        },
        "payments": {
            "data": [
                {
                    "id": f"inpay_bench{number}",
                    "status": "paid",
                    "amount_paid": 2000,
                    "currency": "usd",
                    "created": now,
                    "payment": {"type": "payment_intent", "payment_intent": f"pi_{number}"},
                }
            ]
        },
    }


def ours():
    """The writer, as a lane calls it."""
    invoices = [stripe_invoice() for _ in range(SIZE)]
    started = time.perf_counter()
    moves = env["account.move"]._stripe_apply(provider, invoices)
    env.cr.flush()
    seconds = time.perf_counter() - started
    assert set(moves.mapped("payment_state")) == {"paid"}
    return seconds


def odoos():
    """The same documents by Odoo's own methods, in batch."""
    quiet_env = env(context={**env.context, **quiet})
    started = time.perf_counter()
    moves = quiet_env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "journal_id": journal.id,
                "invoice_date": "2026-01-15",
                "invoice_line_ids": [
                    (0, 0, {"name": "Plan", "quantity": 1, "price_unit": 20, "tax_ids": [(5,)]})
                ],
            }
            for _ in range(SIZE)
        ]
    )
    moves.action_post()
    payments = quiet_env["account.payment"].create(
        [
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": partner.id,
                "amount": 20,
                "date": "2026-01-15",
                "journal_id": method_line.journal_id.id,
                "payment_method_line_id": method_line.id,
            }
            for _ in range(SIZE)
        ]
    )
    payments.action_post()
    quiet_env["account.move.line"]._reconcile_plan(
        [
            (payment.move_id | move).line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
            for payment, move in zip(payments, moves, strict=True)
        ]
    )
    env.cr.flush()
    seconds = time.perf_counter() - started
    assert set(moves.mapped("payment_state")) == {"paid"}
    return seconds


ours()
odoos()
rounds = [(ours(), odoos()) for _ in range(ROUNDS)]
with open(OUTPUT, "w") as file:
    json.dump([[a / SIZE, b / SIZE] for a, b in rounds], file)
