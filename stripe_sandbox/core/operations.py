"""Operations of the API: registering handlers, and running one request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stripe_sandbox.core import contract, errors, rendering

if TYPE_CHECKING:
    from stripe_sandbox.core.account import Account, Context

Wire = dict[str, Any]
Handler = Callable[..., Any]
LIST_PARAMS = frozenset({"limit", "starting_after", "ending_before"})


@dataclass(frozen=True)
class Operation:
    """A handler and the contract it answers for."""

    contract: contract.Contract
    handler: Handler
    declared: frozenset[str]
    pattern: re.Pattern[str]


OPERATIONS: dict[tuple[str, str], Operation] = {}


def operation(verb: str, path: str, params: str = "") -> Callable[[Handler], Handler]:
    """Register a handler ``(ctx, params, *path_ids)`` for an operation of the package.

    ``params`` names the parameters that the handler implements, separated by blanks and without list
    indexes (``items.price``); others that the API has are refused. It returns a stored object, a
    :class:`ListPage`, or a dictionary that is not stored. An operation that the package does not have is an
    error when the module is imported.
    """
    found = contract.operations().get((verb, path))
    if found is None:
        raise LookupError(f"the stripe package has no operation {verb} {path}")

    def register(handler: Handler) -> Handler:
        declared = frozenset(params.split()) | {"expand"}
        pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path.replace(".", r"\.")))
        OPERATIONS[verb, path] = Operation(found, handler, declared, pattern)
        return handler

    return register


@dataclass
class ListPage:
    """A page of a list: stored objects, whether there are more, and the address of the list."""

    rows: list[Wire]
    has_more: bool
    url: str


def find(verb: str, path: str) -> tuple[Operation, tuple[str, ...]]:
    """The operation of a request with the ids in its path; paths without ids come first."""
    best = None
    for (method, template), candidate in OPERATIONS.items():
        if method != verb:
            continue
        match = candidate.pattern.fullmatch(path)
        if match and (best is None or template.count("{") < best[2]):
            best = (candidate, match.groups(), template.count("{"))
    if best is None:
        known = any(o.pattern.fullmatch(path) for o in OPERATIONS.values())
        hint = "" if known else " (perhaps the sandbox does not implement it)"
        raise errors.invalid(f"Unrecognized request URL ({verb}: {path}){hint}.", status=404)
    return best[0], best[1]


@dataclass
class Request:
    """A request whose parameters are as the package has them."""

    operation: Operation
    keys: tuple[str, ...]
    params: Wire
    expand: list[str]


def read(verb: str, path: str, form: Wire) -> Request:
    """Check a request; raise :class:`errors.ApiError` when it is refused before anything is done."""
    found, keys = find(verb, path)
    params = found.contract.read(form)
    declared = found.declared | (
        LIST_PARAMS if found.contract.answer_name.startswith("List") else set()
    )
    contract.refuse_undeclared(params, declared)
    expand = params.pop("expand", [])
    found.contract.check_expand(expand)
    return Request(found, keys, params, expand)


def run(ctx: Context, request: Request) -> Wire:
    """Do what a request asks for; raise :class:`errors.ApiError` when it cannot be done.

    What was stored is taken back then, unless the bank refused or Stripe keeps a record: an attempt to
    charge or to finalize.
    """
    for key in request.keys:
        ctx.follow(ctx.store.find_any(key))
    ctx.follow(request.params)
    account, found = ctx.account, request.operation
    with account.undoable(ctx, lambda error: not _leaves_trace(error)):
        try:
            answer = found.handler(ctx, request.params, *request.keys)
        except errors.ApiError as error:
            if error.missing is not None and error.missing not in request.keys:
                error.status = 400
            raise
        shown = show(account, answer, request.expand)
    problems = found.contract.check_answer(shown)
    if problems:
        words = "; ".join(f"{p.path}: {p.message}" for p in problems[:8])
        name = f"{found.contract.verb} {found.contract.path}"
        raise errors.internal(f"The sandbox's answer to {name} breaks the contract: {words}")
    return shown


def _leaves_trace(error: Exception) -> bool:
    return isinstance(error, errors.ApiError) and (error.is_card_error or error.leaves_trace)


def show(account: Account, answer: Any, expand: Iterable[str]) -> Wire:
    """The answer as it goes over the wire."""
    if isinstance(answer, ListPage):
        if any(path.split(".")[0] != "data" for path in expand):
            raise errors.invalid("Lists are expanded below data.", "expand")
        inner = [path.removeprefix("data.") for path in expand]
        rows = [account.render(row, inner) for row in answer.rows]
        return rendering.list_object(answer.url, rows, answer.has_more)
    return account.render(answer, expand)
