"""The table of the ledger: what Stripe says, and what an accountant expects; by theme."""

from tests.addon import (
    ledger_cases_balance,
    ledger_cases_credits,
    ledger_cases_currencies,
    ledger_cases_disputes,
    ledger_cases_lines,
    ledger_cases_money,
    ledger_cases_payouts,
    ledger_cases_refunds,
    ledger_cases_taxes,
    ledger_cases_void,
)

CASES = [
    *ledger_cases_lines.CASES,
    *ledger_cases_taxes.CASES,
    *ledger_cases_currencies.CASES,
    *ledger_cases_balance.CASES,
    *ledger_cases_void.CASES,
    *ledger_cases_credits.CASES,
    *ledger_cases_refunds.CASES,
    *ledger_cases_money.CASES,
    *ledger_cases_disputes.CASES,
    *ledger_cases_payouts.CASES,
]
