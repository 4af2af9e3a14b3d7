{
    "name": "Stripe Subscriptions: bench",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "The stripe_subscriptions founders",
    "license": "LGPL-3",
    "depends": ["stripe_subscriptions"],
}
