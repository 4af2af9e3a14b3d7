"""The real ``stripe`` package against the sandbox: every operation, every request and every answer.

The cases are in the ``contract_*`` modules of this folder; the client checks all that passes.
"""

from __future__ import annotations

import importlib
import pathlib
from types import SimpleNamespace

import pytest

from tests.sandbox import contract_cases
from tests.sandbox.contract_cases import CASES

for module in sorted(pathlib.Path(__file__).parent.glob("contract_*.py")):
    importlib.import_module(f"{__package__}.{module.stem}")

OPERATIONS_OF = {
    case: {name for name, cases in CASES.items() if case in cases}
    for cases in CASES.values()
    for case in cases
}


@pytest.mark.parametrize(
    "case", OPERATIONS_OF, ids=lambda case: f"{case.__module__.rpartition('_')[2]}-{case.__name__}"
)
def test_case(sandbox, client, recorder, case):
    version = contract_cases.version()
    case(SimpleNamespace(sandbox=sandbox, client=client, api_version=version))
    assert recorder.called >= OPERATIONS_OF[case]


def test_every_operation_has_a_case(running):
    assert contract_cases.names() - CASES.keys() == set()


def test_every_case_is_of_an_operation(running):
    assert CASES.keys() - contract_cases.names() == set()
