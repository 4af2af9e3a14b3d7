"""Runs in an Odoo shell (`env`): what staff open all day, with few subscriptions and with many.

The form is opened beside that of an order of `sale`, with as many lines and invoices; list, search, groups and
board with FEW subscriptions in the table and again with MANY, the groups also beside those of as many orders.
Each is asked for as the web client does, by a user with the rights to all of it. Writes what each round took to the file OUTPUT, which is put before this text.
"""

# ruff: noqa: F821
import functools
import json
import random
import time

from odoo import Command
from odoo.tests import Form

FEW, MANY = 1_000, 100_000
ROUNDS = 15
# Contacts that the subscriptions belong to, lines and invoices of what is opened.
PARTNERS, LINES, INVOICES = 2_000, 3, 12
LIST_LIMIT, COUNT_LIMIT, BOARD_LIMIT = 80, 10_001, 40
SUBSCRIPTIONS = "stripe_subscriptions.stripe_subscription_"
# An object of Stripe is as long as that, about.
REST = random.Random(0).randbytes(700).hex()
# Status by share: what is usual in a grown account.
STATUSES = "{active,active,active,active,active,active,past_due,trialing,canceled,canceled}"

company = env.ref("base.main_company")
env = env(context={**env.context, "allowed_company_ids": company.ids})
user = env.ref("base.user_admin")
user.group_ids += env.ref("stripe_subscriptions.group_stripe_subscriptions_manager")
user.group_ids += env.ref("sales_team.group_sale_manager") | env.ref(
    "account.group_account_manager"
)
provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
prices = env["stripe.price"]._stripe_apply(
    provider,
    [
        {
            "id": f"price_bench{n}",
            "object": "price",
            "active": True,
            "billing_scheme": "per_unit",
            "currency": "usd",
            "livemode": False,
            "product": {"id": f"prod_bench{n}", "name": f"Plan {n}", "active": True},
            "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
            "type": "recurring",
            "unit_amount": 1000,
            "unit_amount_decimal": "1000",
        }
        for n in range(LINES)
    ],
)
product = prices[0].product_id
partners = (
    env["res.partner"]
    .with_context(tracking_disable=True, mail_create_nolog=True)
    .create([{"name": f"Customer {n}", "is_company": True} for n in range(PARTNERS)])
)


def fill(number):
    """Fill the tables with plain rows up to a number of subscriptions, as a mirror would write them."""
    env.cr.execute("SELECT count(*) FROM stripe_subscription")
    [there] = env.cr.fetchone()
    env.cr.execute(
        """
        INSERT INTO stripe_subscription
               (name, partner_id, contact_id, provider_id, company_id, currency_id, status,
                stripe_status, stripe_id, collection_method, access_token, current_period_end, next_charge_at, mrr,
                create_date, stripe_data)
        SELECT 'Subscription ' || to_char(n, 'FM000000'), partner, partner, %(provider)s, %(company)s, %(currency)s,
               status, status, 'sub_bench' || n, 'charge_automatically', md5(n::text), day, day, 10 * (n %% 90),
               timestamp '2026-01-01' + n * interval '1 minute',
               jsonb_build_object('id', 'sub_bench' || n, 'rest', %(rest)s || md5(n::text))
          FROM (SELECT n, (%(partners)s)[1 + n %% %(count)s] AS partner,
                       (%(statuses)s::text[])[1 + n %% 10] AS status,
                       timestamp '2026-12-01' + (n %% 365) * interval '1 day' AS day
                  FROM generate_series(%(first)s, %(last)s) n) made
        """,
        {
            "provider": provider.id,
            "company": company.id,
            "currency": company.currency_id.id,
            "partners": partners.ids,
            "count": len(partners),
            "statuses": STATUSES,
            "rest": REST,
            "first": there + 1,
            "last": number,
        },
    )
    env.cr.execute(
        """
        INSERT INTO stripe_subscription_item
               (subscription_id, price_id, quantity, stripe_id, company_id)
        SELECT id, %s, 1 + id %% 9, 'si_' || stripe_id, company_id
          FROM stripe_subscription
         WHERE stripe_id LIKE 'sub_bench%%'
           AND id NOT IN (SELECT subscription_id FROM stripe_subscription_item)
        """,
        [prices[0].id],
    )
    tidy_up()


def fill_orders(number):
    """Make as many orders of `sale`, of the same customers, spread over the same months."""
    env.cr.execute(
        """
        INSERT INTO sale_order
               (name, partner_id, partner_invoice_id, partner_shipping_id, company_id, currency_id, state,
                invoice_status, date_order, amount_total, create_date)
        SELECT 'S' || n, partner, partner, partner, %(company)s, %(currency)s,
               (ARRAY['draft', 'sent', 'sale', 'sale', 'cancel'])[1 + n %% 5], 'no',
               timestamp '2026-12-01' + (n %% 365) * interval '1 day', 10 * (n %% 90),
               timestamp '2026-01-01' + n * interval '1 minute'
          FROM (SELECT n, (%(partners)s)[1 + n %% %(count)s] AS partner
                  FROM generate_series(1, %(number)s) n) made
        """,
        {
            "company": company.id,
            "currency": company.currency_id.id,
            "partners": partners.ids,
            "count": len(partners),
            "number": number,
        },
    )
    tidy_up()


def tidy_up():
    """Commit, and do what PostgreSQL does by itself after a while; else it would do so while we measure."""
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM ANALYZE")
    env.cr.execute("SELECT pg_has_role('pg_checkpoint', 'usage')")
    if env.cr.fetchone()[0]:
        env.cr.execute("CHECKPOINT")
    env.cr._cnx.autocommit = False
    env.invalidate_all()


def make_pair():
    """A subscription and an order that look alike: lines, invoices, customer."""
    partner = env["res.partner"].create({"name": "Bench", "email": "bench@example.com"})
    subscription = env["stripe.subscription"].create(
        {
            "name": "Bench",
            "partner_id": partner.id,
            "provider_id": provider.id,
            "item_ids": [Command.create({"price_id": price.id}) for price in prices],
        }
    )
    order = env["sale.order"].create(
        {
            "partner_id": partner.id,
            "order_line": [
                Command.create({"product_id": product.id, "product_uom_qty": 1})
                for _line in range(LINES)
            ],
        }
    )
    order.action_confirm()
    order.order_line.qty_delivered = 1
    order._create_invoices()
    moves = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "stripe_subscription_id": subscription.id,
                "invoice_line_ids": [Command.create({"name": "Plan", "price_unit": 10})],
            }
            for _number in range(INVOICES)
        ]
    )
    moves.action_post()
    env.cr.execute(
        "UPDATE stripe_subscription SET status = 'active', stripe_status = 'active', "
        "stripe_id = 'sub_opened' WHERE id = %s",
        [subscription.id],
    )
    env.cr.commit()
    env.invalidate_all()
    return subscription, order


def with_names(model, spec):
    """The specification of a view's fields, with the names of linked records, as the web client asks."""
    result = {}
    for name, inner in spec.items():
        field = env[model]._fields[name]
        inner = dict(inner)
        if field.type == "many2one":
            inner["fields"] = {"display_name": {}}
        elif "fields" in inner:
            inner["fields"] = with_names(field.comodel_name, inner["fields"])
        result[name] = inner
    return result


def list_spec(model, view):
    """What the columns of a list ask for."""
    arch = env[model].with_user(user).get_views([(env.ref(view).id, "list")])
    names = arch["models"][model]["fields"]
    columns = [name for name in names if f'name="{name}"' in arch["views"]["list"]["arch"]]
    return with_names(model, {name: {} for name in columns})


def opened(record):
    """Work that opens the form of a record."""
    record = record.with_user(user)
    spec = with_names(record._name, Form(record)._view["fields_spec"])
    return lambda: record.web_read(spec)


def staff():
    """Work that staff do with the list, by name."""
    model = env["stripe.subscription"].with_user(user)
    columns = list_spec("stripe.subscription", SUBSCRIPTIONS + "view_list")
    listed = {"limit": LIST_LIMIT, "count_limit": COUNT_LIMIT}
    live = [("status", "in", ("future", "trialing", "active", "past_due", "unpaid", "paused"))]
    groups = {"aggregates": ["mrr:sum"], "limit": LIST_LIMIT}
    return {
        "list": lambda: model.web_search_read([], columns, **listed),
        "list of those that run": lambda: model.web_search_read(live, columns, **listed),
        "list by next charge": lambda: model.web_search_read(
            [], columns, order="next_charge_at", **listed
        ),
        "search by name": lambda: model.web_search_read(
            ["|", ("name", "ilike", "000777"), ("stripe_id", "=", "000777")], columns, **listed
        ),
        "search by customer": lambda: model.web_search_read(
            [("partner_id", "child_of", "Bench")], columns, **listed
        ),
        "search by Stripe's id": lambda: model.web_search_read(
            ["|", ("name", "ilike", "sub_bench77"), ("stripe_id", "=", "sub_bench77")],
            columns,
            **listed,
        ),
        "groups by status": lambda: model.web_read_group([], ["status"], **groups),
        "groups by month of the next charge": lambda: model.web_read_group(
            [], ["next_charge_at:month"], **groups
        ),
        "groups by customer": lambda: model.web_read_group([], ["partner_id"], **groups),
        "board": lambda: model.web_read_group(
            [],
            ["status"],
            aggregates=["__count"],
            auto_unfold=True,
            unfold_read_specification=columns,
            unfold_read_default_limit=BOARD_LIMIT,
        ),
    }


def groups_of_both():
    """Work that groups subscriptions, and orders of `sale`, by name and model."""
    kinds = {
        "status": ("status", "state"),
        "month": ("next_charge_at:month", "date_order:month"),
        "customer": ("partner_id", "partner_id"),
    }
    models = (("stripe.subscription", "mrr:sum"), ("sale.order", "amount_total:sum"))
    return {
        f"{kind} {name}": functools.partial(
            env[name].with_user(user).web_read_group,
            [],
            [field],
            aggregates=[total],
            limit=LIST_LIMIT,
        )
        for kind, fields in kinds.items()
        for (name, total), field in zip(models, fields, strict=True)
    }


def measure(work):
    """Seconds and queries of work, with nothing in the cache of records."""
    env.invalidate_all()
    queries, started = env.cr.sql_log_count, time.perf_counter()
    work()
    return time.perf_counter() - started, env.cr.sql_log_count - queries


def rounds_of(works):
    """Measure works in turns, after a turn that warms up."""
    for work in works.values():
        measure(work)
    return [{name: measure(work) for name, work in works.items()} for _ in range(ROUNDS)]


def main():
    """Fill, measure, fill up, measure again."""
    subscription, order = make_pair()
    fill(FEW)
    few = rounds_of(staff())
    fill(MANY)
    many = rounds_of(staff())
    forms = rounds_of({"subscription": opened(subscription), "order": opened(order)})
    fill_orders(MANY)
    groups = rounds_of(groups_of_both())
    with open(OUTPUT, "w") as file:
        json.dump({"few": few, "many": many, "forms": forms, "groups": groups}, file)


main()
