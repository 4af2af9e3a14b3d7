"""Billing of the sandbox: what is due, when, and how it becomes an invoice."""
