"""Table of rights: each method that a browser may call, and the kinds of users that may use it.

The record is one of the first company's customer, whose salesperson is the seller. Whoever is not named gets an
access error, and Stripe is not asked anything. Methods that only lead somewhere say nothing about the record: what
they lead to is guarded by itself.
"""

GROUP = "stripe_subscriptions.group_stripe_subscriptions_"
CHIEF = f"{GROUP}manager,base.group_system,account.group_account_manager"

#: Kinds of users, besides the public one, and their groups.
KINDS = {
    "seller": f"{GROUP}user",
    # Sees only their own subscriptions, of which the one in question is none.
    "colleague": f"{GROUP}user",
    "all": f"{GROUP}user_all",
    "manager": f"{GROUP}manager",
    "accountant": "account.group_account_manager",
    "admin": CHIEF,
    "employee": "base.group_user",
    # Of the customer.
    "portal": "base.group_portal",
    # An administrator of the second company.
    "foreign": CHIEF,
}

ADMIN = {"admin"}
MANAGERS = ADMIN | {"manager"}
SELLERS = MANAGERS | {"seller", "all"}
USERS = SELLERS | {"colleague"}
BOOKS = ADMIN | {"accountant"}
STAFF = USERS | BOOKS
# Who reads what is about the whole account.
OVERVIEW = MANAGERS | {"all"}
# Customers read what is theirs.
READERS = SELLERS | BOOKS | {"portal"}
ANYBODY = {*KINDS, "public"}

DASHBOARD = ("action_stripe_dashboard", "action_stripe_events")

#: Model and method -> who may.
METHODS = {
    # What is done with subscriptions
    ("stripe.subscription", "action_send_by_email"): SELLERS,
    ("stripe.subscription", "action_refresh"): SELLERS,
    ("stripe.subscription", "action_stripe_tax_on"): SELLERS,
    # With the link that lets one act, which customers get by mail.
    ("stripe.subscription", "action_preview"): SELLERS | BOOKS,
    ("stripe.subscription", "action_stripe_payment_page"): READERS,
    ("stripe.subscription", "get_offer_totals"): USERS,
    **{
        (f"stripe.subscription.{question}", "action_confirm"): SELLERS
        for question in (
            *("billing.date", "cancel", "card", "change", "charge", "confirm", "coupon"),
            *("pause", "trial", "unpause"),
        )
    },
    ("res.partner", "get_stripe_cards"): USERS,
    # What the Stripe account is set up with
    **{
        ("payment.provider", f"action_stripe_billing_{name}"): ADMIN
        for name in (
            *("catch_up", "check", "compare", "create_webhook", "fetch_catalogue", "import"),
            *("prove", "remove_test", "replace_key", "replace_secret", "send_test_event"),
            *("take_over", "test_connection"),
            *("view_differences", "view_events", "view_prices"),
        )
    },
    **{
        ("stripe.setup", f"action_{name}"): ADMIN
        for name in (
            *("accounts", "connect", "fetch", "import", "journal", "prices", "provider"),
            *("test_event", "webhook"),
        )
    },
    # These lead to what the user's own company has.
    **{
        ("stripe.setup", f"action_{name}"): ADMIN | {"foreign"}
        for name in ("chart", "first_subscription", "open", "taxes")
    },
    ("stripe.webhook.key", "action_replace"): ADMIN,
    ("stripe.remove.test", "action_remove"): ADMIN,
    ("stripe.import", "action_dry_run"): MANAGERS,
    ("stripe.import", "action_import"): MANAGERS,
    ("stripe.import", "action_view_customers"): MANAGERS | {"foreign"},
    ("stripe.import.line", "action_new_contact"): MANAGERS,
    ("stripe.import.line", "action_skip"): MANAGERS,
    # What is looked after
    ("stripe.event", "action_ignore"): MANAGERS,
    ("stripe.event", "action_retry"): MANAGERS,
    # Of the user's own company.
    ("stripe.event", "action_retry_all_failed"): MANAGERS | {"foreign"},
    # The event is about an invoice.
    ("stripe.event", "action_open_record"): ADMIN,
    ("stripe.job", "action_cancel"): MANAGERS,
    ("stripe.job", "action_start"): MANAGERS,
    ("stripe.difference", "action_ignore"): MANAGERS,
    ("stripe.difference", "action_repair"): MANAGERS,
    # Of the user's own company.
    ("stripe.difference", "action_repair_all"): MANAGERS | {"foreign"},
    ("stripe.difference", "action_open_record"): OVERVIEW,
    ("stripe.difference", "action_stripe_dashboard"): OVERVIEW,
    ("stripe.mail", "action_send"): MANAGERS,
    ("stripe.mail", "action_skip"): MANAGERS,
    ("stripe.mail", "action_open_record"): SELLERS,
    # What accountants do
    **{
        ("account.move", f"action_stripe_{name}"): BOOKS
        for name in ("book_anew", "disputes", "events", "fetch_pdf", "mark_paid", "refund")
    },
    ("account.move", "action_stripe_payment_page"): BOOKS | {"portal"},
    ("account.move", "action_stripe_dashboard"): BOOKS | {"portal"},
    ("stripe.refund", "action_refund"): BOOKS,
    ("stripe.tax.rate", "action_accept_suggestion"): MANAGERS | BOOKS,
    ("stripe.tax.rate", "action_create_tax"): BOOKS,
    ("stripe.proof.line", "action_documents"): BOOKS,
    # Where a record is at Stripe, and what Stripe has told about it
    **{("stripe.subscription", name): READERS for name in DASHBOARD},
    **{("stripe.coupon", name): USERS for name in DASHBOARD},
    **{
        (f"stripe.{model}", name): STAFF
        for model in ("customer", "price", "tax.rate")
        for name in DASHBOARD
    },
    **{
        (f"stripe.{model}", name): OVERVIEW | BOOKS
        for model in ("balance.transaction", "dispute", "payout")
        for name in DASHBOARD
    },
    **{("account.payment", name): BOOKS for name in DASHBOARD},
    # What only leads somewhere
    ("res.partner", "action_new_stripe_subscription"): ANYBODY,
    ("res.partner", "action_view_stripe_subscriptions"): ANYBODY,
    ("stripe.subscription", "action_view_invoices"): ANYBODY,
    ("stripe.subscription", "action_stripe_mails"): ANYBODY,
    ("stripe.job", "action_view_proof"): ANYBODY,
    ("stripe.proof.line", "action_export"): ANYBODY,
    ("stripe.tax.rate", "action_waiting_events"): ANYBODY,
}

#: Lists about the whole account -> who reads them, besides administrators of other companies, theirs.
LISTS = {
    "stripe.event": OVERVIEW,
    "stripe.job": OVERVIEW,
    "stripe.difference": OVERVIEW,
    "stripe.proof.line": OVERVIEW | BOOKS,
    "stripe.balance.transaction": OVERVIEW | BOOKS,
    "stripe.payout": OVERVIEW | BOOKS,
    "stripe.dispute": OVERVIEW | BOOKS,
    "stripe.import.line": MANAGERS,
}


def _subscriptions(**values):
    return lambda records: {
        "subscription_ids": [(6, 0, records["stripe.subscription"].ids)],
        **{name: value(records) if callable(value) else value for name, value in values.items()},
    }


def _account(**values):
    return lambda records: {"provider_id": records["payment.provider"].id, **values}


def _three(records):
    line = {
        "item_id": records["stripe.subscription.item"].id,
        "price_id": records["stripe.price"].id,
        "quantity": 3,
    }
    return [(0, 0, line)]


#: Questions: how they are answered, about the records in question.
WIZARDS = {
    "stripe.subscription.cancel": _subscriptions(when="now"),
    "stripe.subscription.change": _subscriptions(line_ids=_three),
    "stripe.subscription.confirm": _subscriptions(action="resume"),
    "stripe.subscription.pause": _subscriptions(),
    "stripe.subscription.unpause": _subscriptions(),
    "stripe.subscription.trial": _subscriptions(when="now"),
    "stripe.subscription.coupon": _subscriptions(
        coupon_id=lambda records: records["stripe.coupon"].id
    ),
    "stripe.subscription.billing.date": _subscriptions(when="now"),
    "stripe.subscription.charge": _subscriptions(description="Set-up", amount=5, when="now"),
    "stripe.subscription.card": _subscriptions(payment_method="pm_1"),
    "stripe.import": _account(),
    "stripe.remove.test": _account(),
    "stripe.webhook.key": _account(key="anotherKey"),
    "stripe.setup": _account(),
    "stripe.refund": lambda records: {"move_id": records["account.move"].id, "amount": 5},
}
