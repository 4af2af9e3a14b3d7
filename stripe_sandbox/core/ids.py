"""Identifiers in Stripe's shape."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def secret(length: int) -> str:
    """A random text of letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new(prefix: str) -> str:
    """A fresh id such as ``sub_1Q...``."""
    return f"{prefix}_1{secret(23)}"
