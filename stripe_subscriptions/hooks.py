def post_init_hook(env):
    """Give every Stripe provider that existed before the addon its webhook key."""
    env["payment.provider"].with_context(active_test=False).search(
        [("code", "=", "stripe")]
    )._stripe_billing_ensure_webhook_key()
