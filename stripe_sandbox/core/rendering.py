"""From stored objects to what goes over the wire: embedded lists, expansion, private properties."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from stripe_sandbox.core import errors

if TYPE_CHECKING:
    from stripe_sandbox.core.account import Account

Wire = dict[str, Any]
View = Callable[["Account", Wire], Wire]
VIEWS: dict[str, View] = {}
MAX_DEPTH = 4

#: Key under which a view puts what is only shown when it is expanded: name -> function without arguments.
LAZY = "_lazy"


def view(name: str) -> Callable[[View], View]:
    """Register how objects of a kind are shown.

    The function gets a copy of the stored object (private properties included) and returns it with what
    is stored elsewhere: embedded lists, computed properties. What appears only when it is expanded goes
    under :data:`LAZY`.
    """

    def register(function: View) -> View:
        VIEWS[name] = function
        return function

    return register


def list_object(url: str, rows: Iterable[Wire], has_more: bool = False) -> Wire:
    """An embedded list."""
    return {"object": "list", "data": list(rows), "has_more": has_more, "url": url}


def render(account: Account, obj: Wire, expand: Iterable[str] = ()) -> Wire:
    """The object with its embedded lists, expanded as asked, without private properties."""
    shown = _viewed(account, obj)
    for path in expand:
        segments = path.split(".")
        if len([s for s in segments if s != "data"]) > MAX_DEPTH:
            raise errors.invalid(
                f"You cannot expand more than {MAX_DEPTH} levels of a property (property: {path}).",
                "expand",
            )
        _expand(account, shown, segments, path)
    return strip(shown)


def strip(value: Any) -> Any:
    """A copy without private properties, at all levels."""
    if isinstance(value, dict):
        return {k: strip(v) for k, v in value.items() if not k.startswith("_")}
    if isinstance(value, list):
        return [strip(row) for row in value]
    return value


def _viewed(account: Account, obj: Wire) -> Wire:
    shown = copy.deepcopy(obj)
    function = VIEWS.get(obj.get("object", ""))
    if function is None or obj.get("deleted") is True:
        return shown
    return function(account, shown)


def _expand(account: Account, node: Wire, segments: list[str], path: str) -> None:
    head, rest = segments[0], segments[1:]
    if head not in node:
        lazy = node.get(LAZY, {})
        if head not in lazy:
            raise errors.cannot_expand(path)
        node[head] = lazy[head]()
    value = node[head]
    if not rest and head not in node.get(LAZY, {}) and _is_plain(value):
        raise errors.cannot_expand(path)
    expanded = [_opened(account, row, path) for row in _rows(value)]
    node[head] = expanded if isinstance(value, list) else expanded[0]
    if rest:
        for row in expanded:
            if isinstance(row, dict):
                _expand(account, row, rest, path)


def _is_plain(value: Any) -> bool:
    """Whether a value is a part of its object, always shown, and not an object of the API."""
    return any(isinstance(row, dict) and "object" not in row for row in _rows(value))


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _opened(account: Account, value: Any, path: str) -> Any:
    """What stands for a value once it is expanded."""
    if value is None or isinstance(value, dict):
        return value
    target = account.store.find_any(value) if isinstance(value, str) else None
    if target is None:
        raise errors.cannot_expand(path)
    return _viewed(account, target)
