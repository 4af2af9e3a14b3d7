"""A local stand-in for Stripe Billing, for demonstrations and tests. See README.md."""
