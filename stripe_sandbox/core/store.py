"""Objects of one account: in memory, in order of insertion, with indexes and an undo journal."""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stripe_sandbox.core import errors

Wire = dict[str, Any]

#: Properties by which objects can be selected without looking at all of them.
INDEXED = (
    "customer",
    "subscription",
    "invoice",
    "payment_intent",
    "charge",
    "source",
    "product",
    "price",
    "coupon",
    "test_clock",
    "_token",
    "_subscription",
    "_payment_intent",
    "_payout",
    "invoice_line_item",
    "_credit_note",
)


class Store:
    """Objects by kind (the value of ``object``) and id.

    Objects are live dictionaries: read them freely, change them through :meth:`update` only.
    """

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, Wire]] = {}
        self._kinds: dict[str, str] = {}
        self._order: dict[str, list[tuple[int, str]]] = {}
        self._sequence: dict[tuple[str, str], int] = {}
        self._indexes: dict[tuple[str, str, Any], dict[str, int]] = {}
        self._next = 0
        #: Grows with every change, so that a saver knows whether there is something new.
        self.revision = 0
        self._journal: list[tuple] | None = None

    # --- reading

    def find(self, name: str, key: str | None) -> Wire | None:
        """An object, or None."""
        return self._objects.get(name, {}).get(key) if key else None

    def get(self, name: str, key: str | None, param: str = "id") -> Wire:
        """An object; Stripe's error ``resource_missing`` when there is none."""
        found = self.find(name, key)
        if found is None:
            raise errors.missing_resource(name, key or "", param)
        return found

    def find_any(self, key: Any) -> Wire | None:
        """An object of any kind by its id."""
        return self.find(self._kinds[key], key) if key in self._kinds else None

    def select(self, name: str, *, before: str | None = None, **equals: Any) -> Iterator[Wire]:
        """Objects of a kind, newest first; those made before the object ``before`` when given.

        ``equals`` are conditions; indexed ones do not look at other objects.
        """
        limit = self._sequence[name, before] if before else self._next
        indexed = [key for key in equals if key in INDEXED]
        others = {key: value for key, value in equals.items() if key not in INDEXED}
        if indexed:
            sets = [self._indexes.get((name, key, equals[key]), {}) for key in indexed]
            smallest = min(sets, key=len)
            keys = sorted(
                ((seq, key) for key, seq in smallest.items() if seq < limit), reverse=True
            )
        else:
            order = self._order.get(name, [])
            keys = (order[i] for i in range(bisect_left(order, (limit, "")) - 1, -1, -1))
        for sequence, key in keys:
            obj = self.find(name, key)
            if obj is None or self._sequence[name, key] != sequence:
                continue
            if all(obj.get(k) == equals[k] for k in indexed) and all(
                obj.get(k) == v for k, v in others.items()
            ):
                yield obj

    def count(self, name: str) -> int:
        """How many objects of a kind there are."""
        return len(self._objects.get(name, {}))

    # --- writing

    def insert(self, obj: Wire, *, lasting: bool = False) -> Wire:
        """Add an object; it has ``object`` and ``id``, which no other object has.

        A ``lasting`` one stays when the work around it is taken back.
        """
        name, key = obj["object"], obj["id"]
        if self.find_any(key):
            raise errors.invalid(f"{name} already exists.", "id", "resource_already_exists")
        self._objects.setdefault(name, {})[key] = obj
        self._kinds[key] = name
        self._sequence[name, key] = self._next
        self._order.setdefault(name, []).append((self._next, key))
        self._next += 1
        self._index(obj, add=True)
        if not lasting:
            self._note("insert", name, key)
        return obj

    def update(self, obj: Wire, **changes: Any) -> Wire:
        """Change an object and return the previous values of what really changed."""
        previous = {k: obj.get(k) for k, v in changes.items() if obj.get(k) != v or k not in obj}
        if not previous:
            return {}
        self._index(obj, add=False)
        old = {k: (k in obj, obj.get(k)) for k in previous}
        obj.update({k: changes[k] for k in previous})
        self._index(obj, add=True)
        self._note("update", obj, old)
        return copy.deepcopy(previous)

    def remove(self, obj: Wire) -> None:
        """Take an object away."""
        name, key = obj["object"], obj["id"]
        self._index(obj, add=False)
        del self._objects[name][key]
        self._note("remove", obj, self._sequence.pop((name, key)))

    def _index(self, obj: Wire, *, add: bool) -> None:
        name, key = obj["object"], obj["id"]
        for field in INDEXED:
            value = obj.get(field)
            if not isinstance(value, str) and (value is not None or field not in obj):
                continue
            index = self._indexes.setdefault((name, field, value), {})
            if add:
                index[key] = self._sequence[name, key]
            else:
                index.pop(key, None)

    # --- undoing

    def _note(self, *entry: Any) -> None:
        self.revision += 1
        if self._journal is not None:
            self._journal.append(entry)

    @contextmanager
    def journal(self) -> Iterator[Any]:
        """Record changes; the value is a function that takes back those made since."""
        outer, self._journal = self._journal, []
        mine = self._journal
        try:
            yield lambda: self._undo(mine)
        finally:
            self._journal = outer
            if outer is not None:
                outer.extend(mine)

    def _undo(self, entries: list[tuple]) -> None:
        self._journal, current = None, self._journal
        for kind, *details in reversed(entries):
            if kind == "insert":
                name, key = details
                entry = (self._sequence[name, key], key)
                if self._order[name][-1] == entry:
                    self._order[name].pop()
                else:
                    self._order[name].remove(entry)
                self.remove(self._objects[name][key])
            elif kind == "update":
                obj, old = details
                self._index(obj, add=False)
                for key, (existed, value) in old.items():
                    if existed:
                        obj[key] = value
                    else:
                        obj.pop(key, None)
                self._index(obj, add=True)
            else:
                obj, sequence = details
                name, key = obj["object"], obj["id"]
                self._objects.setdefault(name, {})[key] = obj
                self._kinds[key] = name
                self._sequence[name, key] = sequence
                self._index(obj, add=True)
        entries.clear()
        self._journal = current

    # --- saving

    def dump(self) -> list[Wire]:
        """All objects in order of insertion."""
        order = sorted(self._sequence, key=self._sequence.__getitem__)
        return [self._objects[name][key] for name, key in order]

    def load(self, objects: list[Wire]) -> None:
        """Replace everything by saved objects."""
        self.__init__()
        for obj in objects:
            self.insert(obj)
