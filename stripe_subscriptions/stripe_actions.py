"""The one table of what can be done with a subscription in which status.

The form's buttons, the guards of the methods and the customer's portal read it. Without ORM.
See https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses.
"""

# Of these only a running subscription with a card or an invoice to pay has something to do.
_ALWAYS = ("cancel", "cancel_later", "resume", "card", "retry")
_TERMS = (
    *("change", "change_now", "drop_change", "coupon", "charge"),
    *("pause_collection", "resume_collection"),
)

# Status as people see it -> actions. Those of `CONDITIONS` are left out where they have no object.
ACTIONS = {
    "draft": ("send", "delete"),
    "future": (*_ALWAYS, *_TERMS, "trial"),
    # Stripe lets nothing else be changed until the first payment.
    "incomplete": ("cancel", "retry"),
    "incomplete_expired": (),
    "trialing": (*_ALWAYS, *_TERMS, "trial"),
    "active": (*_ALWAYS, *_TERMS, "pause", "billing_date"),
    "past_due": (*_ALWAYS, *_TERMS, "billing_date"),
    # Its invoices stay drafts until somebody pays: changes of the terms would charge nobody.
    "unpaid": (*_ALWAYS, "coupon", "drop_change"),
    "paused": ("cancel", "card", "coupon", "unpause"),
    "canceled": (),
}

# Action -> fact that has to be there, or, with a "!", that must not be.
CONDITIONS = {
    # What is planned for the renewal would undo a change that is made before.
    "change_now": ("!scheduled",),
    "coupon": ("!scheduled",),
    "drop_change": ("scheduled",),
    # At once always, at the end of the period only once.
    "cancel_later": ("!ending", "!scheduled"),
    "resume": ("ending",),
    "pause": ("flexible", "!scheduled", "!ending", "!collection_paused"),
    "unpause": ("automatic",),
    "pause_collection": ("!collection_paused",),
    "resume_collection": ("collection_paused",),
    "trial": ("trial", "!scheduled"),
    # Stripe refuses to touch dates while a schedule decides them.
    "billing_date": ("!scheduled", "!ending"),
    "card": ("automatic",),
    "retry": ("owing", "automatic"),
}


def offered(status, facts):
    """Return what can be done with a subscription.

    :param str status: See `const.STATUSES`.
    :param set[str] facts: What holds for it: `ending` (its end is scheduled), `scheduled` (a change is
        planned), `flexible` (billing mode), `collection_paused`, `trial` (it waits for the end of a
        trial), `owing` (there is an open invoice), `automatic` (Stripe charges the customer).
    :return: Names of actions, in the order of the table.
    :rtype: tuple[str, ...]
    """
    return tuple(action for action in ACTIONS[status] if not lacking(action, facts))


def lacking(action, facts):
    """Return what stands in the way of an action that the status allows.

    :param str action: Name of the action.
    :param set[str] facts: See `offered`.
    :return: The first condition that does not hold, or None.
    :rtype: str|None
    """
    for condition in CONDITIONS.get(action, ()):
        if (condition.removeprefix("!") in facts) == condition.startswith("!"):
            return condition
    return None
