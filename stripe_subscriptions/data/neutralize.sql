-- A copy of the database must neither receive the events of the account nor be able to call it.
UPDATE payment_provider
   SET stripe_billing_webhook_key = NULL,
       stripe_billing_webhook_secret = NULL,
       stripe_billing_previous_secret = NULL,
       stripe_billing_previous_secret_until = NULL,
       stripe_billing_webhook_endpoint = NULL,
       stripe_billing_test_clock = NULL,
       stripe_secret_key = NULL,
       stripe_publishable_key = NULL,
       stripe_webhook_secret = NULL
 WHERE code = 'stripe';
UPDATE stripe_subscription
   SET checkout_session = NULL,
       checkout_fingerprint = NULL;
