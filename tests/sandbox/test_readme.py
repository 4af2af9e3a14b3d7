"""The README of the sandbox names every operation and every parameter."""

from __future__ import annotations

import pathlib
import re

import pytest

import stripe_sandbox
from stripe_sandbox.core import operations, server

server.load_parts()
README = (pathlib.Path(stripe_sandbox.__file__).parent / "README.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"\w+", README))


@pytest.mark.parametrize(
    "key", sorted(operations.OPERATIONS, key=lambda key: key[::-1]), ids=" ".join
)
def test_operation_is_described(key):
    _verb, path = key
    assert path.split("/{")[0] in README
    declared = operations.OPERATIONS[key].declared
    assert {name.split(".")[0] for name in declared} - {"expand"} <= WORDS
