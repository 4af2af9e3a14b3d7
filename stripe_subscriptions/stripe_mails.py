"""Which mails are due: decisions on what was known before and what is known now. Pure, no ORM."""

from dataclasses import dataclass, field

from odoo.addons.stripe_subscriptions import const, utils

# All mails that go out by themselves; the template of each is `mail_template_subscription_<kind>`.
KINDS = [
    ("welcome", "Welcome"),
    ("subscribed_staff", "Subscribed (to staff)"),
    ("receipt", "Receipt"),
    ("payment_failed", "Payment failed"),
    ("action_required", "Confirmation needed (3-D Secure)"),
    ("renewal", "Renewal ahead"),
    ("trial_ending", "Trial ending"),
    ("card_expiring", "Card expiring"),
    ("card_updated", "Card updated by the bank"),
    ("cancel_scheduled", "Cancellation scheduled"),
    ("canceled", "Canceled"),
    ("resumed", "Resumed"),
    ("refunded", "Refunded"),
    ("changed", "Plan changed"),
]
# Those about an invoice; the others are about a subscription.
INVOICE_KINDS = {"receipt", "payment_failed", "action_required", "refunded"}

# Seconds after which nobody is told any more of what has happened, such as by a catch-up after an
# outage. Stripe itself gives up delivering an event after the same time.
MAX_AGE = 3 * 86400
# Seconds in which the first invoice is booked: its receipt is part of the welcome then.
WELCOME_WAIT = 60
# Seconds for which a customer who is at the screen is not written to: they see it, and may still pay.
AT_SCREEN_WAIT = 3600
# The days before a card expires in which the customer is told.
CARD_WARNING = 30 * 86400

# Statuses in which a subscription that a customer has just made may be.
_STARTED = ("future", "trialing", "active")
_BEFORE_START = ("draft", "incomplete")


@dataclass(frozen=True)
class Mail:
    """A mail that is due.

    :param str kind: See `KINDS`.
    :param str key: What tells it from others of its kind about the same record: never sent twice.
    :param int|None happened_at: Unix seconds, None for just now.
    :param int wait: Seconds until it is sent, if it is still true then.
    :param dict facts: What its template says beyond the record; amounts in major units.
    """

    kind: str
    key: str = ""
    happened_at: int | None = None
    wait: int = 0
    facts: dict = field(default_factory=dict)


# === SUBSCRIPTIONS === #


@dataclass(frozen=True)
class SubscriptionState:
    """What the mails about a subscription follow from.

    :param str status: As people see it, see `const.STATUSES`.
    :param datetime|bool cancel_at: When it ends, naive UTC.
    :param tuple items: Pairs of plan (id) and quantity.
    :param tuple texts: The same for people.
    """

    status: str
    cancel_at: object = False
    items: tuple = ()
    texts: tuple = ()


def of_subscription(before, after, obj, stamp, happened_at=None):
    """Return the mails that a change of a subscription calls for.

    :param SubscriptionState|None before: What Odoo knew, None when it did not know the subscription.
    :param SubscriptionState after: What it knows now.
    :param dict obj: The Stripe subscription.
    :param str stamp: Tells this change from all others of the subscription.
    :param int|None happened_at: Unix seconds of the event that told it, if one did.
    :rtype: list[Mail]
    """
    if before is None or before.status in _BEFORE_START:
        if after.status not in _STARTED:
            return []
        started_at = obj.get("created") or obj.get("start_date")
        return [
            Mail("welcome", happened_at=started_at, wait=WELCOME_WAIT),
            Mail("subscribed_staff", happened_at=started_at, wait=WELCOME_WAIT),
        ]
    if before.status not in const.LIVE_STATUSES:
        return []
    if after.status == "canceled":
        reason = utils.path(obj, "cancellation_details.reason")
        ended_at = obj.get("ended_at") or happened_at
        return [Mail("canceled", happened_at=ended_at, facts={"reason": reason})]
    if after.status not in const.LIVE_STATUSES:
        return []
    mails = []
    if after.cancel_at and after.cancel_at != before.cancel_at:
        mails.append(Mail("cancel_scheduled", stamp, happened_at))
    elif before.cancel_at and not after.cancel_at:
        mails.append(Mail("resumed", stamp, happened_at, facts={"from": "cancellation"}))
    elif before.status == "paused" != after.status:
        mails.append(Mail("resumed", stamp, happened_at, facts={"from": "pause"}))
    if sorted(before.items) != sorted(after.items):
        facts = {"before": list(before.texts), "after": list(after.texts)}
        mails.append(Mail("changed", stamp, happened_at, facts=facts))
    return mails


# === INVOICES === #


@dataclass(frozen=True)
class Collection:
    """How the collecting of an invoice stands.

    :param str status: Of the invoice at Stripe.
    :param int attempts: Times that charging it was tried by itself.
    :param int|None next_attempt_at: Unix seconds.
    :param bool failed: Whether the last attempt was refused and the invoice is still open, or was voided
        for that by Stripe itself.
    :param bool action: Whether the bank asks the customer to confirm the payment.
    :param bool processing: Whether a bank debit is under way, which takes days.
    :param str|bool code: Why it was refused, see `stripe_declines`; False when nobody knows.
    :param str|bool text: The same in Stripe's words.
    :param int|None failed_at: Unix seconds of the attempt.
    """

    status: str
    attempts: int = 0
    next_attempt_at: int | None = None
    failed: bool = False
    action: bool = False
    processing: bool = False
    code: str | bool = False
    text: str | bool = False
    failed_at: int | None = None


def collection(obj):
    """Return how the collecting of a Stripe invoice stands.

    :param dict obj: The invoice, with `open_payment_intent` when it was fetched by itself.
    :rtype: Collection
    """
    intent = obj.get("open_payment_intent") or {}
    error = intent.get("last_payment_error") or {}
    if (obj["status"] != "open" and not _is_returned(obj, error)) or not obj.get("attempted"):
        return Collection(obj["status"], attempts=obj.get("attempt_count") or 0)
    action = intent.get("status") == "requires_action"
    failed = not action and intent.get("status") not in ("processing", "succeeded")
    code = error.get("decline_code") or error.get("code") or False
    if failed and intent and not error:
        code = "no_payment_method"
    return Collection(
        status=obj["status"],
        attempts=obj.get("attempt_count") or 0,
        next_attempt_at=obj.get("next_payment_attempt"),
        failed=failed,
        action=action,
        processing=intent.get("status") == "processing",
        code=failed and code,
        text=(failed and error.get("message")) or False,
        failed_at=utils.path(intent, "latest_charge.created") if failed else None,
    )


def _is_returned(obj, error):
    """Return whether Stripe has voided a subscription's first invoice because its bank debit was returned.

    The subscription goes on: https://docs.stripe.com/billing/subscriptions/overview, "Payment methods with
    delayed payment confirmation". With a card it would never have begun.
    """
    return (
        obj["status"] == "void"
        and obj.get("billing_reason") == "subscription_create"
        and utils.path(error, "payment_method.type") not in (None, "card")
    )


def of_invoice(before, after, obj, happened_at=None):
    """Return the mails that a change of an invoice calls for.

    :param Collection|None before: What Odoo knew, None when it did not know the invoice.
    :param Collection after: What it knows now.
    :param dict obj: The Stripe invoice.
    :param int|None happened_at: Unix seconds of the event that told it, if one did.
    :rtype: list[Mail]
    """
    before = before or Collection("new")
    reason = obj.get("billing_reason")
    if after.status == "paid" and before.status != "paid" and obj["total"] > 0:
        paid_at = utils.path(obj, "status_transitions.paid_at") or happened_at
        credit = (obj.get("ending_balance") or 0) - (obj.get("starting_balance") or 0)
        facts = {
            "charged": utils.to_major(obj.get("amount_paid", obj["total"]), obj["currency"]),
            "credit": utils.to_major(max(credit, 0), obj["currency"]),
        }
        wait = WELCOME_WAIT if reason == "subscription_create" else 0
        return [Mail("receipt", happened_at=paid_at, wait=wait, facts=facts)]
    # Stripe charges a renewal while nobody is there. Attempts that it does not count are the customer's.
    counted = after.attempts > before.attempts
    wait = 0 if counted and reason == "subscription_cycle" else AT_SCREEN_WAIT
    if after.action and not before.action:
        return [Mail("action_required", happened_at=happened_at, wait=wait)]
    automatic = obj.get("collection_method", "charge_automatically") == "charge_automatically"
    told = before.failed or before.status == after.status == "void"
    late = before.processing or (after.status == "void" and not told)
    if after.failed and automatic and (counted or before.action or late):
        failed_at = after.failed_at or happened_at
        return [Mail("payment_failed", str(after.attempts), failed_at, wait=wait)]
    return []


def of_refund(obj):
    """Return the mail about a refund that has just been booked.

    :param dict obj: The Stripe refund.
    :rtype: Mail
    """
    amount = utils.to_major(obj["amount"], obj["currency"])
    return Mail("refunded", obj["id"], obj["created"], facts={"amount": amount})


# === CARDS === #


def card_expires(card, next_charge_at, now):
    """Return whether the customer is to be told that a card expires.

    It is when the card will not do for the next charge and has expired, or will within a month.

    :param dict card: What Stripe says about the card of a payment method.
    :param int next_charge_at: Unix seconds.
    :param int now: Unix seconds.
    :rtype: bool
    """
    month, year = card["exp_month"], card["exp_year"]
    # It is good until the end of the month that is printed on it.
    ends_at = utils.start_of_month(year + month // 12, month % 12 + 1)
    return next_charge_at >= ends_at and ends_at - now <= CARD_WARNING


def is_too_old(mail, now):
    """Return whether nobody is to be told any more.

    :param Mail mail: The mail.
    :param float now: Unix seconds.
    :rtype: bool
    """
    return mail.happened_at is not None and now - mail.happened_at > MAX_AGE
