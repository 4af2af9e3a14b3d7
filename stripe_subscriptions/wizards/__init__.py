from . import stripe_import
from . import stripe_refund
from . import stripe_remove_test
from . import stripe_setup
from . import stripe_subscription_wizard
from . import stripe_subscription_cancel
from . import stripe_subscription_confirm
from . import stripe_webhook_key
