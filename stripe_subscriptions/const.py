"""Constants of the addon. Facts about Stripe rest on its API version `API_VERSION`."""

# The version every request is sent with and the webhook endpoint is created with. The `stripe`
# package of the supported major (see `external_dependencies`) has types for exactly this one.
API_VERSION = "2026-10-28.endive"

APP_NAME = "Odoo stripe_subscriptions"

WEBHOOK_ROUTE = "/stripe_subscriptions/webhook"

# Seconds that the timestamp of a signature may differ from our clock, in both directions.
WEBHOOK_TOLERANCE = 300

# Bytes; Stripe's events stay far below, so more is not from Stripe.
WEBHOOK_MAX_BYTES = 2 * 1024 * 1024

# === EVENTS === #

# In the order in which fetched objects are applied: what others refer to comes first.
APPLY_ORDER = (
    "product",
    "price",
    "tax_rate",
    "coupon",
    "customer",
    "checkout.session",
    "subscription",
    "invoice",
    "refund",
    "credit_note",
    "charge",
    "dispute",
    "payout",
)

# Object -> (service of the Stripe client, properties to expand).
FETCH_SPECS = {
    "product": ("products", ()),
    "price": ("prices", ("product", "tiers")),
    "tax_rate": ("tax_rates", ()),
    "coupon": ("coupons", ()),
    "customer": ("customers", ()),
    "checkout.session": ("checkout.sessions", ()),
    "subscription": ("subscriptions", ("discounts", "schedule")),
    "invoice": ("invoices", ("payments", "discounts")),
    "invoice_payment": ("invoice_payments", ()),
    "refund": ("refunds", ("balance_transaction", "failure_balance_transaction")),
    "credit_note": ("credit_notes", ("customer_balance_transaction",)),
    "charge": ("charges", ("balance_transaction",)),
    "dispute": ("disputes", ()),
    "payout": ("payouts", ("failure_balance_transaction",)),
}

# Kinds of bank accounts that can be debited in few currencies only, by Stripe's name.
DEBIT_CURRENCIES = {
    "acss_debit": ("CAD", "USD"),
    "au_becs_debit": ("AUD",),
    "bacs_debit": ("GBP",),
    "nz_bank_account": ("NZD",),
    "sepa_debit": ("EUR",),
    "us_bank_account": ("USD",),
}

EVENT_BATCH_SIZE = 50
EVENT_MAX_ATTEMPTS = 8
# Days after which events that are done or ignored are deleted; a setting.
EVENT_RETENTION_DAYS = 90
# Seconds; doubled at each attempt.
EVENT_RETRY_DELAY = 60
EVENT_RETRY_MAX_DELAY = 6 * 3600
# Days after which an event that waits for a person is tried again all the same.
EVENT_PARK_DAYS = 7
# Stripe's codes: https://docs.stripe.com/error-codes
LOCATION_ERROR = "customer_tax_location_invalid"
TAX_ID_ERROR = "tax_id_invalid"

# Seconds that an event waits while Stripe is out of reach or other work is in its way: at first, and
# at most.
EVENT_POSTPONE_DELAY = 10
EVENT_POSTPONE_MAX_DELAY = 900
# Seconds for which a lane owns the events it has claimed. A lane that was killed leaves them to the
# others after that time.
EVENT_LEASE = 300
# Cron lanes that share the inbox; a setting.
EVENT_LANES = 2
MAX_EVENT_LANES = 16
# Stripe keeps its events for this many days.
STRIPE_EVENT_DAYS = 30
# Members that Stripe takes in the filter `types` of its list of events.
MAX_TYPES_PER_LIST = 20
FETCH_THREADS = 4
# Objects on a page of Stripe's lists: the most that it gives.
PAGE_SIZE = 100

# === CURRENCIES === #

# Number of decimals of Stripe's integer amounts, where it is not two. Not derivable from ISO 4217 or
# from Odoo's rounding. See https://docs.stripe.com/currencies#zero-decimal and #three-decimal.
CURRENCY_DECIMALS = {
    **dict.fromkeys(
        (
            *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
            *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}

# === SUBSCRIPTIONS === #

# Stripe's own statuses, see https://docs.stripe.com/api/subscriptions/object#subscription_object-status
STRIPE_STATUSES = [
    ("incomplete", "Incomplete"),
    ("incomplete_expired", "Incomplete, expired"),
    ("trialing", "In trial"),
    ("active", "Active"),
    ("past_due", "Past due"),
    ("unpaid", "Unpaid"),
    ("paused", "Paused"),
    ("canceled", "Canceled"),
]

# What people see: ours before the customer subscribes or is first billed, then Stripe's.
STATUSES = [("draft", "Not subscribed"), ("future", "Future"), *STRIPE_STATUSES]

# Statuses in which the customer has, or is about to have, what they pay for.
LIVE_STATUSES = ("future", "trialing", "active", "past_due", "unpaid", "paused")
ENDED_STATUSES = ("incomplete_expired", "canceled")
# Statuses in which the customer has what it pays for; Stripe still tries to collect what is past due.
ACCESS_STATUSES = ("trialing", "active", "past_due")

# Why a subscription was canceled, as Stripe knows.
CANCELLATION_REASONS = [
    ("cancellation_requested", "It was asked for"),
    ("payment_failed", "It was not paid"),
    ("payment_disputed", "A payment was disputed"),
]

# Why a customer cancels, see https://docs.stripe.com/api/subscriptions/cancel
FEEDBACK = [
    ("too_expensive", "It's too expensive"),
    ("missing_features", "Features are missing"),
    ("switched_service", "Switched to another service"),
    ("unused", "No longer used"),
    ("customer_service", "Customer service was not as hoped"),
    ("too_complex", "Too hard to use"),
    ("low_quality", "Quality was not as hoped"),
    ("other", "Other reason"),
]

INTERVALS = [("day", "Day"), ("week", "Week"), ("month", "Month"), ("year", "Year")]

# Average number of each interval in a month; 365 days and 52 weeks a year.
INTERVALS_PER_MONTH = {"day": 365 / 12, "week": 52 / 12, "month": 1, "year": 1 / 12}

# Checkout wants `trial_end` at least 48 hours ahead; with a margin for the time until the customer
# has got there (https://docs.stripe.com/api/checkout/sessions/create).
CHECKOUT_MIN_TRIAL_SECONDS = 48 * 3600 + 600
# Stripe's `trial_end` lies at most two years ahead; here in days.
MAX_FIRST_BILLING_DAYS = 730

# The most of a plan that a customer may choose alone.
MAX_QUANTITY = 999_999

# Promotion codes that are not valid and may be entered for one subscription, and the characters of one.
MAX_PROMOTION_FAILURES = 20
MAX_PROMOTION_CODE = 100

# Days that a customer has to pay an invoice, unless staff say otherwise.
DAYS_UNTIL_DUE = 30
# Characters that Stripe takes in the description of a subscription, and printed on invoices.
MAX_DESCRIPTION = 500
MAX_MEMO = 1500

# Keys of the metadata that tie a Stripe object to the record it was made for.
METADATA_SUBSCRIPTION = "odoo_subscription_id"
METADATA_DATABASE = "odoo_database"
METADATA_FIRST_BILLING = "odoo_first_billing_date"

# Context in which mirrored records are written: no tracking, no followers, no creation message.
SYNC_CONTEXT = {
    "stripe_sync": True,
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}

# Keys of dictionaries whose values never reach a log.
SENSITIVE_KEYS = {"client_secret", "secret", "api_key"}
