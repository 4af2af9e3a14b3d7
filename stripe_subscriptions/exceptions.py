"""Errors of the addon that the inbox treats in a way of their own."""

from odoo.exceptions import UserError


class StripeUnmapped(UserError):
    """Something of Stripe has no counterpart in Odoo yet, and is not guessed.

    What failed because of it waits until a person has chosen the counterpart, and then runs by itself.

    :param str message: In words for people.
    :param record: What a counterpart has to be chosen for; a record with activities.
    """

    def __init__(self, message, record):
        super().__init__(message)
        self.record = record
