"""Why a charge failed, in plain sentences.

The codes are those of https://docs.stripe.com/declines/codes and of the errors of payments
(https://docs.stripe.com/error-codes). As Stripe advises there, customers are not told that a card was
reported lost or stolen, or that a payment was taken for fraud.
"""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

_BANK = _lt("The bank has refused the payment without saying why. It can tell you more.")

# Codes -> what the customer reads, and what staff read where that is something else.
_REASONS = [
    (
        ("insufficient_funds", "withdrawal_count_limit_exceeded"),
        _lt("There is not enough money on the account, or a limit is reached."),
        None,
    ),
    (("expired_card",), _lt("The card has expired."), None),
    (
        (
            *(
                "incorrect_number",
                "invalid_number",
                "incorrect_cvc",
                "invalid_cvc",
                "incorrect_zip",
            ),
            *("invalid_expiry_month", "invalid_expiry_year", "incorrect_address"),
        ),
        _lt(
            "The details of the card are not right: number, expiry date, security code or address."
        ),
        None,
    ),
    (
        ("card_not_supported", "not_permitted", "service_not_allowed", "transaction_not_allowed"),
        _lt("The card cannot be used for this kind of payment."),
        None,
    ),
    (("currency_not_supported",), _lt("The card cannot be charged in this currency."), None),
    (("invalid_amount",), _lt("The amount is more than the card may be charged."), None),
    (
        ("card_velocity_exceeded",),
        _lt("The card was charged too often, or its limit is reached."),
        None,
    ),
    (
        (
            *("authentication_required", "authentication_not_handled"),
            *("mobile_device_authentication_required", "approve_with_id"),
        ),
        _lt("The bank wants the payment to be confirmed."),
        None,
    ),
    (
        ("payment_intent_authentication_failure", "setup_intent_authentication_failure"),
        _lt("The payment was not confirmed with the bank (3-D Secure)."),
        None,
    ),
    (
        (
            *("processing_error", "issuer_not_available", "try_again_later", "reenter_transaction"),
            *("no_action_taken", "card_decline_rate_limit_exceeded"),
        ),
        _lt("The bank could not be reached. Another attempt may work."),
        None,
    ),
    (("duplicate_transaction",), _lt("The same amount was charged a moment ago."), None),
    (
        (
            *("incorrect_pin", "invalid_pin", "offline_pin_required", "pin_try_exceeded"),
            "online_or_offline_pin_required",
        ),
        _lt("The bank asks for the PIN of the card."),
        None,
    ),
    (
        ("account_closed", "no_account", "bank_account_unusable", "bank_account_restricted"),
        _lt("The bank account is closed or does not exist."),
        None,
    ),
    (
        ("debit_not_authorized",),
        _lt("The bank was told that nobody may debit the account for this."),
        None,
    ),
    (
        ("charge_exceeds_source_limit", "charge_exceeds_transaction_limit"),
        _lt("The amount is more than may be debited from the account at the moment."),
        None,
    ),
    (
        ("payment_method_currency_mismatch",),
        _lt("The payment method cannot be charged in this currency."),
        None,
    ),
    (
        ("invalid_account", "new_account_information_available"),
        _lt("The account of the card is closed or has changed: a new card is needed."),
        None,
    ),
    (
        ("revocation_of_all_authorizations", "revocation_of_authorization", "stop_payment_order"),
        _lt("The bank was told to refuse payments of this kind."),
        None,
    ),
    (("no_payment_method",), _lt("There is no card to charge."), None),
    (("testmode_decline",), _lt("A test card was used in live mode."), None),
    (("lost_card",), _BANK, _lt("The card was reported lost (do not tell the customer so).")),
    (
        ("stolen_card", "pickup_card", "restricted_card"),
        _BANK,
        _lt("The card was reported stolen or is restricted (do not tell the customer so)."),
    ),
    (
        ("fraudulent", "merchant_blacklist", "security_violation"),
        _BANK,
        _lt("Stripe took the payment for fraud (do not tell the customer so)."),
    ),
    (
        (
            *(
                "generic_decline",
                "card_declined",
                "do_not_honor",
                "do_not_try_again",
                "call_issuer",
            ),
            "payment_intent_payment_attempt_failed",
        ),
        _BANK,
        _lt("The bank has refused the payment without saying why."),
    ),
]
_BY_CODE = {code: (customer, staff) for codes, customer, staff in _REASONS for code in codes}


def reason(code, staff=False):
    """Return why a charge failed.

    :param str|bool code: Stripe's decline code or error code.
    :param bool staff: Whether staff read it, not the customer.
    :return: To be translated by `env._`; None for a code that is not known here.
    :rtype: LazyGettext|None
    """
    for_customer, for_staff = _BY_CODE.get(code, (None, None))
    return (staff and for_staff) or for_customer
