"""Runs the payments' contract cases one by one: all calls are checked by the client and must have been
made.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.sandbox import contract_payments
from tests.sandbox.contract_cases import CASES

MINE = {
    case: sorted(name for name, cases in CASES.items() if case in cases)
    for cases in CASES.values()
    for case in cases
    if case.__module__ == contract_payments.__name__
}


@pytest.mark.parametrize("case", MINE, ids=lambda case: case.__name__)
def test_contract(client, recorder, case):
    case(SimpleNamespace(client=client))
    assert set(MINE[case]) <= recorder.called
