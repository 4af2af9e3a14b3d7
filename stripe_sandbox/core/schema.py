"""Types of the ``stripe`` package as something that values can be checked against.

The package is generated from Stripe's own API description: its TypedDicts are the parameters of
requests, its resource classes the answers. A type is resolved when a value first meets it, so that
start-up costs nothing.
"""

from __future__ import annotations

import ast
import decimal
import importlib
import inspect
import re
import threading
import types
import typing
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any

import typing_extensions
from stripe._list_object import ListObject
from stripe._request_options import RequestOptions
from stripe._search_result_object import SearchResultObject
from stripe._stripe_object import StripeObject

OPTION_KEYS = frozenset(RequestOptions.__annotations__)
WRAPPERS = (
    typing_extensions.NotRequired,
    typing.NotRequired,
    typing_extensions.Required,
    typing.Required,
)
BASES = (StripeObject, ListObject, SearchResultObject)
_PARSING = threading.Lock()


@cache
def namespace(module_name: str) -> dict[str, Any]:
    """Names that the annotations of a module may use, those imported for type checking included."""
    module = importlib.import_module(module_name)
    names = {**vars(typing), **vars(typing_extensions), **vars(module)}
    with open(module.__file__, encoding="utf-8") as file:
        tree = _parse(file.read())
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            code = compile(ast.Module(node.body, []), module.__file__, "exec")
            exec(code, names)
    return names


def _parse(text: str) -> ast.Module:
    """Parse Python; CPython 3.11 mixes up threads that do so at a time and then raises a SystemError."""
    with _PARSING:
        for _attempt in range(5):
            try:
                return ast.parse(text)
            except SystemError:
                continue
        return ast.parse(text)


class Problem(typing.NamedTuple):
    """Something wrong with a value: where (bracket notation), what kind, and in words."""

    path: str
    kind: str
    message: str


def at(path: str, key: object) -> str:
    """The path of a member in bracket notation."""
    return f"{path}[{key}]" if path else str(key)


class Type:
    """One type; ``check`` yields what is wrong, ``coerce`` turns form strings into values."""

    def __init__(self, annotation: Any, names: dict[str, Any], local: dict[str, Any] | None = None):
        while isinstance(annotation, (str, typing.ForwardRef)):
            if isinstance(annotation, typing.ForwardRef):
                annotation = annotation.__forward_arg__
            # The text of an annotation of the installed package.
            annotation = eval(annotation, names, local)
        while typing.get_origin(annotation) in WRAPPERS:
            annotation = typing.get_args(annotation)[0]
            while isinstance(annotation, (str, typing.ForwardRef)):
                text = getattr(annotation, "__forward_arg__", annotation)
                annotation = eval(text, names, local)
        self.annotation, self.names, self.local = annotation, names, local
        self.origin, self.args = typing.get_origin(annotation), typing.get_args(annotation)

    # --- shape

    @cached_property
    def is_union(self) -> bool:
        return self.origin in (typing.Union, types.UnionType)

    @cached_property
    def values(self) -> tuple | None:
        """Allowed values of an enumeration."""
        return self.args if self.origin in (typing.Literal, typing_extensions.Literal) else None

    @cached_property
    def cls(self) -> type | None:
        target = self.origin if inspect.isclass(self.origin) else self.annotation
        return target if inspect.isclass(target) else None

    @cached_property
    def is_record(self) -> bool:
        return self.cls is not None and (
            typing_extensions.is_typeddict(self.cls)
            or (issubclass(self.cls, StripeObject) and self.cls.__name__ != "UntypedStripeObject")
        )

    @cached_property
    def is_map(self) -> bool:
        return self.cls is not None and (
            self.cls is dict or self.cls.__name__ == "UntypedStripeObject"
        )

    @cached_property
    def nullable(self) -> bool:
        return self.is_union and type(None) in self.args

    def sub(self, annotation: Any) -> Type:
        """The type of a part of this one."""
        return Type(annotation, self.names, self.local)

    @cached_property
    def item(self) -> Type | None:
        """The type of the members of a list or of the values of a map."""
        return self.sub(self.args[-1]) if self.args else None

    @cached_property
    def options(self) -> list[Type]:
        """Members of a union without None; an enumeration makes plain text beside it redundant."""
        if not self.is_union:
            return [self]
        parts = [self.sub(arg) for arg in self.args if arg is not type(None)]
        if any(part.values and part.values != ("",) for part in parts):
            parts = [part for part in parts if part.annotation is not str]
        return [leaf for part in parts for leaf in part.options]

    def fields(self) -> dict[str, tuple[Type, bool]]:
        """Members of a record by wire name, with whether each must be there."""
        return self._members

    @cached_property
    def _members(self) -> dict[str, tuple[Type, bool]]:
        return _fields(self.cls, tuple(self.sub(arg).annotation for arg in self.args))

    def member(self, key: str) -> Type | None:
        """The type of a member, through lists and unions; None when there is none."""
        for option in self.options:
            if option.origin is list:
                return option.sub(option.args[0]).member(key)
            if option.is_record and key in option.fields():
                return option.fields()[key][0]
            if option.is_map and option.args:
                return option.sub(option.args[-1])
        return None

    @property
    def may_expand(self) -> bool:
        """Whether a value may be an object: one of the API in place of its id, or one left out."""
        return any(
            option.sub(option.args[0]).may_expand
            if option.origin is list
            else option.is_record or option.is_map
            for option in self.options
        )

    @cached_property
    def resource(self) -> str | None:
        """The name of the API object that this type is, such as ``checkout.session``."""
        if not (self.is_record and issubclass(self.cls, StripeObject)):
            return None
        if self.cls in (ListObject, SearchResultObject):
            return self.cls.OBJECT_NAME
        name = vars(self.cls).get("OBJECT_NAME")
        return name if isinstance(name, str) else None

    # --- checking

    def check(self, value: Any, path: str = "") -> Iterator[Problem]:
        """Yield what is wrong with a value that is already of JSON's types."""
        if value is None:
            if not self.nullable and self.annotation not in (typing.Any, object):
                yield Problem(path, "null", "must not be null")
            return
        options = self.options
        if len(options) > 1:
            best = None
            for option in self._ranked(value, options):
                problems = list(option.check(value, path))
                if not problems:
                    return
                best = best if best is not None else problems
            yield from best
            return
        yield from options[0]._check_plain(value, path)

    def _ranked(self, value: Any, options: list[Type]) -> list[Type]:
        name = value.get("object") if isinstance(value, dict) else None
        return sorted(options, key=lambda o: (o.resource != name, not o._shape_fits(value)))

    def _shape_fits(self, value: Any) -> bool:
        if isinstance(value, dict):
            return self.is_record or self.is_map
        if isinstance(value, list):
            return self.origin is list
        return not (self.is_record or self.is_map or self.origin is list)

    def _check_plain(self, value: Any, path: str) -> Iterator[Problem]:
        kind = self.annotation
        if self.values is not None:
            if value not in self.values:
                allowed = ", ".join(str(v) for v in self.values)
                yield Problem(path, "enum", f"must be one of {allowed}")
        elif self.origin is list or kind is list:
            if not isinstance(value, list):
                yield Problem(path, "array", "Invalid array")
                return
            for index, row in enumerate(value):
                if self.item:
                    yield from self.item.check(row, at(path, index))
        elif self.is_record:
            yield from self._check_record(value, path)
        elif self.is_map:
            if not isinstance(value, dict):
                yield Problem(path, "object", "Invalid object")
                return
            for key, row in value.items():
                if self.item:
                    yield from self.item.check(row, at(path, key))
        elif kind not in (typing.Any, object):
            yield from _check_scalar(kind, value, path)

    def _check_record(self, value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(path, "object", "Invalid object")
            return
        if value.get("deleted") is True and self.resource:
            extra = value.keys() - {"id", "object", "deleted"}
            yield from (
                Problem(at(path, key), "unknown", "not on a deleted object") for key in extra
            )
            return
        fields = self.fields()
        for key in value:
            if key not in fields:
                yield Problem(at(path, key), "unknown", "unknown")
        for key, (kind, required) in fields.items():
            if key in value:
                yield from kind.check(value[key], at(path, key))
            elif required:
                yield Problem(at(path, key), "missing", "missing")

    # --- form decoding

    def coerce(self, value: Any) -> Any:
        """Turn decoded form data (texts in dictionaries) into values of this type where they fit."""
        options = self.options
        if isinstance(value, dict):
            numbered = bool(value) and all(key.isdigit() for key in value)
            for option in options:
                if option.origin is list and numbered:
                    inner = option.sub(option.args[0])
                    return [inner.coerce(value[key]) for key in sorted(value, key=int)]
            for option in options:
                if option.is_record:
                    fields = option.fields()
                    return {
                        key: fields[key][0].coerce(row) if key in fields else row
                        for key, row in value.items()
                    }
            for option in options:
                if option.is_map and option.args:
                    inner = option.sub(option.args[-1])
                    return {key: inner.coerce(row) for key, row in value.items()}
            return value
        for option in options:
            if option.values is not None and value in option.values:
                return value
        for option in options:
            scalar = _coerce_scalar(option, value)
            if scalar is not value:
                return scalar
        return value


@cache
def _fields(cls: type, args: tuple) -> dict[str, tuple[Type, bool]]:
    """Members of a record class by wire name, with whether each must be there."""
    found: dict[str, tuple[Type, bool]] = {}
    for klass in reversed(cls.__mro__):
        if klass in (object, dict, RequestOptions) or klass.__module__ == "typing":
            continue
        if klass is StripeObject or klass.__module__ == "stripe._api_resource":
            continue
        names = namespace(klass.__module__)
        local = dict(vars(klass))
        remappings = vars(klass).get("_field_remappings") or {}
        for name, annotation in vars(klass).get("__annotations__", {}).items():
            if name.startswith("_") or (
                typing_extensions.is_typeddict(cls) and name in OPTION_KEYS
            ):
                continue
            wire = remappings.get(name, name)
            if isinstance(annotation, str) and annotation.startswith("ClassVar"):
                continue
            if typing.get_origin(annotation) is typing.ClassVar:
                continue
            if klass in BASES and args:
                local = {**local, "T": args[0]}
                annotation = list[args[0]] if name == "data" else annotation
            kind = Type(annotation, names, local)
            if typing_extensions.is_typeddict(cls):
                required = name in cls.__required_keys__ and not _is_not_required(annotation)
            else:
                required = not kind.nullable and name != "deleted"
            found[wire] = (kind, required)
    name = vars(cls).get("OBJECT_NAME")
    if isinstance(name, str):
        found["object"] = (Type(typing.Literal[name], {}), True)
    return found


def _is_not_required(annotation: Any) -> bool:
    text = getattr(annotation, "__forward_arg__", annotation)
    if isinstance(text, str):
        return text.startswith("NotRequired[")
    return typing.get_origin(text) in (typing.NotRequired, typing_extensions.NotRequired)


def _check_scalar(kind: Any, value: Any, path: str) -> Iterator[Problem]:
    if kind is str:
        fits, word = isinstance(value, str), "string"
    elif kind is bool:
        fits, word = isinstance(value, bool), "boolean"
    elif kind is int:
        fits, word = isinstance(value, int) and not isinstance(value, bool), "integer"
    elif kind is float:
        fits, word = isinstance(value, (int, float)) and not isinstance(value, bool), "number"
    elif kind is decimal.Decimal:
        fits, word = isinstance(value, str) and _is_decimal(value), "decimal"
    else:
        return
    if not fits:
        yield Problem(path, word, f"Invalid {word}: {value}")


def _is_decimal(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _coerce_scalar(option: Type, value: str) -> Any:
    kind = option.annotation
    if kind is int and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind is float and _is_decimal(value):
        return float(value)
    if kind is bool and value in ("true", "false"):
        return value == "true"
    return value
