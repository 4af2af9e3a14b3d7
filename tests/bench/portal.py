"""Runs in an Odoo shell (`env`): a customer with NUMBER subscriptions, and invoices.

What is found is written to OUTPUT: ids of a subscription and of an invoice.
"""

# ruff: noqa: F821
import json

# As many as make Odoo's list of them a full page.
INVOICES = 100
login = "bench_customer"
provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
company = provider.company_id
env = env(context={**env.context, "allowed_company_ids": company.ids, "tracking_disable": True})
user = env["res.users"].search([("login", "=", login)])
if not user:
    partner = env["res.partner"].create({"name": "Bench customer", "email": "b@bench.example"})
    group = env.ref("base.group_portal")
    user = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "login": login,
                "password": login,
                "partner_id": partner.id,
                "group_ids": [(6, 0, group.ids)],
            }
        )
    )
partner = user.partner_id
price = env["stripe.price"].search([("stripe_id", "=", "price_bench")]) or env[
    "stripe.price"
].create(
    {
        "name": "Bench plan",
        "provider_id": provider.id,
        "stripe_id": "price_bench",
        "stripe_product": "prod_bench",
        "stripe_data": {"id": "price_bench"},
        "currency_id": company.currency_id.id,
        "unit_amount": 20,
        "billing_scheme": "per_unit",
        "usage_type": "licensed",
        "interval": "month",
    }
)
subscriptions = env["stripe.subscription"].with_context(stripe_sync=True)
moves = env["account.move"]
have = subscriptions.search_count([("partner_id", "=", partner.id)])
while have < NUMBER:
    size = min(500, NUMBER - have)
    made = subscriptions.create(
        [
            {
                "name": f"Bench {have + number + 1}",
                "partner_id": partner.id,
                "provider_id": provider.id,
                "stripe_id": f"sub_bench_{have + number + 1}",
                "stripe_data": {"id": f"sub_bench_{have + number + 1}", "created": 1790000000},
                "status": "active",
                "stripe_status": "active",
                "current_period_end": "2031-01-01 12:00:00",
                "item_ids": [(0, 0, {"price_id": price.id, "quantity": 3})],
            }
            for number in range(size)
        ]
    )
    bills = moves.create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "stripe_subscription_id": subscription.id,
                "invoice_line_ids": [
                    (0, 0, {"name": "Bench plan", "price_unit": 60, "tax_ids": []})
                ],
            }
            for subscription in made[: max(0, INVOICES - have)]
        ]
    )
    bills.action_post()
    have += size
    env.cr.commit()
first = subscriptions.search([("partner_id", "=", partner.id)], order="id", limit=1)
with open(OUTPUT, "w") as file:
    json.dump({"subscription": first.id, "move": first.move_ids[0].id}, file)
env.cr.execute("ANALYZE")
env.cr.commit()
