from . import stripe_subscription_month
