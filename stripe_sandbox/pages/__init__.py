"""Hosted pages: Checkout, 3-D Secure, invoices."""
