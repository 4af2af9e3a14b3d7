"""Stripe's errors: what goes over the wire when a request is refused.

Shapes and codes: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """A request ends with this error.

    ``status`` is the HTTP status; ``body`` the inner object of ``{"error": {...}}``; ``missing`` the id of
    the object that does not exist, if that is the reason.
    """

    missing: str | None = None
    #: Whether what was stored before stays, as the record of an attempt.
    leaves_trace = False

    def __init__(self, status: int, kind: str, message: str, **details: Any):
        super().__init__(message)
        self.status = status
        self.body = {
            "type": kind,
            "message": message,
            **{key: value for key, value in details.items() if value is not None},
        }

    @property
    def is_card_error(self) -> bool:
        """Whether the bank refused: what was attempted stays on record."""
        return self.body["type"] == "card_error"


def invalid(
    message: str, param: str | None = None, code: str | None = None, status: int = 400
) -> ApiError:
    """The request makes no sense as it is."""
    return ApiError(status, "invalid_request_error", message, param=param, code=code)


def missing(param: str) -> ApiError:
    """A required parameter is absent."""
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")


def unknown(param: str) -> ApiError:
    """The API has no such parameter."""
    return invalid(f"Received unknown parameter: {param}", param, "parameter_unknown")


def not_implemented(what: str, param: str | None = None) -> ApiError:
    """Stripe has it and the sandbox does not: refused rather than ignored."""
    return invalid(f"The sandbox does not implement {what}.", param, "sandbox_not_implemented")


def cannot_expand(path: str) -> ApiError:
    """A path of ``expand`` leads nowhere."""
    return invalid(
        f"This property cannot be expanded ({path}). You may want to try expanding another property.",
        "expand",
    )


def missing_resource(name: str, key: str, param: str = "id") -> ApiError:
    """There is no such object.

    The status becomes 400 when a parameter named it, not the path (see :func:`operations.run`).
    """
    label = name.rsplit(".", 1)[-1]
    error = invalid(f"No such {label}: '{key}'", param, "resource_missing", 404)
    error.missing = key
    return error


def card_from(error: Mapping[str, Any]) -> ApiError:
    """The error of a declined card.

    ``error`` has at least ``code`` and ``message``; also ``decline_code``, ``payment_intent``...
    """
    details = {key: value for key, value in error.items() if key not in ("type", "message")}
    return ApiError(402, "card_error", error["message"], **details)


def idempotency(message: str, status: int = 400) -> ApiError:
    """An idempotency key is used for something else, or is in use right now."""
    code = "idempotency_key_in_use" if status == 409 else None
    kind = "invalid_request_error" if status == 409 else "idempotency_error"
    return ApiError(status, kind, message, code=code)


def authentication(message: str) -> ApiError:
    """The API key is missing or unknown."""
    return ApiError(401, "invalid_request_error", message)


def rate_limited(code: str = "rate_limit") -> ApiError:
    """Too many requests (429), or the object is locked by another one (``lock_timeout``)."""
    messages = {
        "rate_limit": "Request rate limit exceeded.",
        "lock_timeout": "This object cannot be accessed right now because another API request or "
        "Stripe process is currently accessing it.",
    }
    return ApiError(429, "invalid_request_error", messages[code], code=code)


def internal(message: str) -> ApiError:
    """Something is wrong with the sandbox itself."""
    return ApiError(500, "api_error", message)
