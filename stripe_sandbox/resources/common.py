"""What several resources do in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.core import errors

Wire = dict[str, Any]
MAX_METADATA_KEYS, MAX_KEY, MAX_VALUE = 50, 40, 500


def metadata(current: Mapping[str, str], given: Mapping[str, str] | str | None) -> dict[str, str]:
    """Metadata after a change: an empty text unsets a key, or all (docs.stripe.com/api/metadata)."""
    if given is None:
        return dict(current)
    if given == "":
        return {}
    merged = {**current, **given}
    merged = {key: value for key, value in merged.items() if value != ""}
    for key, value in merged.items():
        if len(key) > MAX_KEY or "[" in key or "]" in key:
            raise errors.invalid(
                f"Metadata keys have up to {MAX_KEY} characters and no square brackets: {key}",
                f"metadata[{key}]",
            )
        if len(value) > MAX_VALUE:
            raise errors.invalid(
                f"Metadata values have up to {MAX_VALUE} characters.", f"metadata[{key}]"
            )
    if len(merged) > MAX_METADATA_KEYS:
        raise errors.invalid(f"Metadata has up to {MAX_METADATA_KEYS} keys.", "metadata")
    return merged


def changes(obj: Wire, params: Mapping[str, Any], *names: str) -> Wire:
    """Plain properties that parameters change; an empty text unsets one."""
    found = {name: None if params[name] == "" else params[name] for name in names if name in params}
    if "metadata" in params:
        found["metadata"] = metadata(obj.get("metadata") or {}, params["metadata"])
    return found


def update(ctx: Any, obj: Wire, kind: str, values: Mapping[str, Any]) -> Wire:
    """Change an object and emit the event when something really changed."""
    previous = ctx.store.update(obj, **values)
    if previous:
        ctx.emit(kind, obj, previous)
    return obj
