from . import stripe_import
from . import stripe_refund
from . import stripe_remove_test
from . import stripe_webhook_key
