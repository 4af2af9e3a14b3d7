def post_init_hook(env):
    """Give every Stripe provider that existed before the addon its webhook key, and its database."""
    providers = (
        env["payment.provider"].with_context(active_test=False).search([("code", "=", "stripe")])
    )
    providers._stripe_billing_ensure_webhook_key()
    providers._stripe_billing_remember_database()
