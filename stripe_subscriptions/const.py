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

# Event type -> the object that the event is a hint about. The object is fetched again before it is
# applied. The keys are also the `enabled_events` of the webhook endpoint that the addon creates, so
# that code and endpoint cannot differ. Anything else that arrives is stored as ignored.
EVENT_OBJECTS = {
    "checkout.session.completed": "checkout.session",
    "checkout.session.async_payment_succeeded": "checkout.session",
    "checkout.session.async_payment_failed": "checkout.session",
    "checkout.session.expired": "checkout.session",
    "customer.updated": "customer",
    "customer.deleted": "customer",
    "customer.subscription.created": "subscription",
    "customer.subscription.updated": "subscription",
    "customer.subscription.deleted": "subscription",
    "customer.subscription.paused": "subscription",
    "customer.subscription.resumed": "subscription",
    "customer.subscription.pending_update_applied": "subscription",
    "customer.subscription.pending_update_expired": "subscription",
    "customer.subscription.trial_will_end": "subscription",
    "invoice.finalized": "invoice",
    "invoice.updated": "invoice",
    "invoice.paid": "invoice",
    "invoice.payment_failed": "invoice",
    "invoice.payment_action_required": "invoice",
    "invoice.marked_uncollectible": "invoice",
    "invoice.voided": "invoice",
    "invoice_payment.paid": "invoice_payment",
    "price.created": "price",
    "price.updated": "price",
    "price.deleted": "price",
    "product.updated": "product",
    "product.deleted": "product",
    "tax_rate.created": "tax_rate",
    "tax_rate.updated": "tax_rate",
    "coupon.created": "coupon",
    "coupon.updated": "coupon",
    "coupon.deleted": "coupon",
}

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
)

# Object -> (service of the Stripe client, properties to expand).
FETCH_SPECS = {
    "product": ("products", ()),
    "price": ("prices", ("product", "tiers")),
    "tax_rate": ("tax_rates", ()),
    "coupon": ("coupons", ()),
    "customer": ("customers", ()),
    "checkout.session": ("checkout.sessions", ()),
    "subscription": ("subscriptions", ("discounts",)),
    "invoice": ("invoices", ("payments", "discounts")),
    "invoice_payment": ("invoice_payments", ()),
}

EVENT_BATCH_SIZE = 50
EVENT_MAX_ATTEMPTS = 8
# Seconds; doubled at each attempt.
EVENT_RETRY_DELAY = 60
EVENT_RETRY_MAX_DELAY = 6 * 3600
# Seconds for which a lane owns the events it has claimed. A lane that was killed leaves them to the
# others after that time.
EVENT_LEASE = 300
FETCH_THREADS = 4

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

INTERVALS = [("day", "Day"), ("week", "Week"), ("month", "Month"), ("year", "Year")]

# Average number of each interval in a month; 365 days and 52 weeks a year.
INTERVALS_PER_MONTH = {"day": 365 / 12, "week": 52 / 12, "month": 1, "year": 1 / 12}

# Checkout wants `trial_end` at least 48 hours ahead; with a margin for the time until the customer
# has got there (https://docs.stripe.com/api/checkout/sessions/create).
CHECKOUT_MIN_TRIAL_SECONDS = 48 * 3600 + 600
# Stripe's `trial_end` lies at most two years ahead; here in days.
MAX_FIRST_BILLING_DAYS = 730

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
