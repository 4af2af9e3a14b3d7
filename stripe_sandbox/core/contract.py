"""Every operation of the API as the installed ``stripe`` package has it."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import stripe

from stripe_sandbox.core import errors
from stripe_sandbox.core.schema import Problem, Type, at, namespace

API_VERSION = stripe.api_version

#: Longest text, where nothing shorter is said (maxLength in Stripe's published API description).
MAX_LENGTH = 5000

ROOT = pathlib.Path(stripe.__file__).parent
METHOD = re.compile(
    r'    def (?P<name>\w+)\(\n(?P<arguments>.*?)\n    \) -> "?(?P<answer>[^"\n]+?)"?:\n'
    r'.*?_request(?:_stream)?\(\s*"(?P<verb>\w+)",\s*"(?P<path>[^"]+)"',
    re.DOTALL,
)
PARAMS = re.compile(r'params: (?:Optional\[)?"(\w+)"')


@dataclass(frozen=True)
class Contract:
    """Parameters and answer of one operation.

    ``service`` is the dotted name of its method on ``StripeClient.v1``'s service module.
    """

    verb: str
    path: str
    module: str
    name: str
    params_name: str | None
    answer_name: str

    @cached_property
    def request(self) -> Type | None:
        """The type of the parameters."""
        return self.params_name and Type(self.params_name, namespace(self.module))

    @cached_property
    def response(self) -> Type:
        """The type of the answer."""
        return Type(self.answer_name, namespace(self.module))

    def read(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """Turn decoded form data into checked parameters; raise Stripe's error for the first fault."""
        if self.request is None:
            if form:
                raise errors.unknown(next(iter(form)))
            return {}
        params = self.request.coerce(dict(form))
        for problem in self.request.check(params):
            raise as_error(problem)
        check_lengths(params)
        return params

    def check_answer(self, answer: Any) -> list[Problem]:
        """What is wrong with an answer, nothing when it is as the package has it."""
        return list(self.response.check(answer))

    def check_expand(self, paths: Iterable[str]) -> None:
        """Refuse to expand what the answer does not have, or what is not an object."""
        for path in paths:
            kind: Type | None = self.response
            for segment in path.split("."):
                kind = kind and kind.member(segment)
            if kind is None or not kind.may_expand:
                raise errors.cannot_expand(path)


def as_error(problem: Problem) -> errors.ApiError:
    """Stripe's words for a fault of a request."""
    if problem.kind == "unknown":
        return errors.unknown(problem.path)
    if problem.kind == "missing":
        return errors.missing(problem.path)
    if problem.kind == "enum":
        return errors.invalid(f"Invalid {problem.path}: {problem.message}", problem.path)
    code = {"integer": "parameter_invalid_integer", "string": "parameter_invalid_string_blank"}
    return errors.invalid(problem.message, problem.path, code.get(problem.kind))


def check_lengths(value: Any, path: str = "") -> None:
    """Refuse texts longer than Stripe takes; the package does not say how long that is."""
    if isinstance(value, str) and len(value) > MAX_LENGTH:
        raise errors.invalid(
            f"Invalid string: {value[:20]}...; must be at most {MAX_LENGTH} characters", path
        )
    elif isinstance(value, (dict, list)):
        for key, row in value.items() if isinstance(value, dict) else enumerate(value):
            check_lengths(row, at(path, key))


def refuse_undeclared(params: Mapping[str, Any], declared: frozenset[str], path: str = "") -> None:
    """Refuse parameters that the API has and a handler does not implement.

    ``declared`` holds dotted names without list indexes; a name stands for all below it unless
    longer names say which of them.
    """
    for key, value in params.items():
        dotted = f"{path}.{key}" if path else key
        deeper = any(name.startswith(f"{dotted}.") for name in declared)
        if dotted not in declared and not deeper:
            raise errors.not_implemented(f"the parameter {dotted}", at("", dotted))
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            if deeper and isinstance(row, dict):
                refuse_undeclared(row, declared, dotted)


@cache
def operations() -> dict[tuple[str, str], Contract]:
    """All operations of API v1 by verb and path template."""
    found = {}
    for file in sorted(ROOT.rglob("*_service.py")):
        relative = file.relative_to(ROOT)
        if "v2" in relative.parts:
            continue
        module = ".".join(("stripe", *relative.with_suffix("").parts))
        for match in METHOD.finditer(file.read_text(encoding="utf-8")):
            params = PARAMS.search(match["arguments"])
            key = (match["verb"].upper(), match["path"])
            if match["path"].startswith("/v1/"):
                found[key] = Contract(
                    *key, module, match["name"], params and params[1], match["answer"]
                )
    return found
