"""Form encoding as Stripe has it: ``items[0][price]=...``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl


def decode(text: str) -> dict[str, Any]:
    """Nested dictionaries of texts; list members have their number as key."""
    root: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        head, *_ = key.split("[", 1)
        parts = [head, *re.findall(r"\[([^\]]*)\]", key)]
        node = root
        for part in parts[:-1]:
            part = part or str(len(node))
            child = node.setdefault(part, {})
            if not isinstance(child, dict):
                child = node[part] = {}
            node = child
        node[parts[-1] or str(len(node))] = value
    return root
