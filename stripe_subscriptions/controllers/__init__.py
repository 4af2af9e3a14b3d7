from . import (
    payment,
    portal,
    portal_acting,
    portal_billing,
    portal_cards,
    portal_list,
    portal_sign_up,
    proof,
    webhook,
)
