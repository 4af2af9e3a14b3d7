"""A year of a company that bills by Stripe: what happens there, what its bookkeeper does, what is counted.

Time is that of the whole process (see `clock`), so that the stand-in, Odoo and its dates are always in the same
week. What happens is a function of the seed alone.
"""
