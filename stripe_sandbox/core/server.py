"""The HTTP side: keys, versions, idempotency, faults, and the hosted pages beside the API."""

from __future__ import annotations

import importlib
import json
import logging
import pkgutil
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

import stripe_sandbox.pages
import stripe_sandbox.resources
from stripe_sandbox.core import clocks, contract, errors, forms, idempotency, ids, operations
from stripe_sandbox.core.account import Account
from stripe_sandbox.core.admin import Admin
from stripe_sandbox.core.delivery import DEFAULT_RETRY_DELAYS, Deliverer
from stripe_sandbox.core.faults import Fault
from stripe_sandbox.core.transport import Server

logger = logging.getLogger(__name__)

DEFAULT_KEY = "sk_test_sandbox0000000000000000"
Page = Callable[["Sandbox", Request], Response]
PAGES: dict[str, Page] = {}


def page(prefix: str) -> Callable[[Page], Page]:
    """Register what answers below a path such as ``/pages/checkout/``."""

    def register(function: Page) -> Page:
        PAGES[prefix] = function
        return function

    return register


def load_parts() -> None:
    """Import all resources and pages, which registers them."""
    for package in (stripe_sandbox.resources, stripe_sandbox.pages):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


class Sandbox:
    """The whole stand-in: accounts, their API, pages, webhooks and time."""

    def __init__(
        self,
        base_url: str,
        keys: Iterable[str] = (DEFAULT_KEY,),
        retry_delays: tuple[float, ...] = DEFAULT_RETRY_DELAYS,
    ):
        load_parts()
        self.base_url = base_url
        self.deliverer = Deliverer(retry_delays)
        self.accounts = {key: Account(key, base_url) for key in keys}
        for account in self.accounts.values():
            account.deliverer = self.deliverer
        self.admin = Admin(self)
        self.ticker = clocks.Ticker(lambda: list(self.accounts.values()))

    def respond(self, request: Request) -> Response:
        """Answer any request; then events that it emitted leave for their endpoints."""
        try:
            return self._route(request)
        except ConnectionError:
            raise
        except Exception:
            logger.exception("%s %s", request.method, request.path)
            return Response("The sandbox failed; see its log.", 500, content_type="text/plain")
        finally:
            for account in self.accounts.values():
                account.deliver()

    def _route(self, request: Request) -> Response:
        if request.path.startswith("/v1/"):
            return self._api(request)
        if request.path in ("/", "/_sandbox") or request.path.startswith("/_sandbox/"):
            return self.admin.answer(request)
        for prefix, function in PAGES.items():
            if request.path.startswith(prefix):
                return function(self, request)
        return Response("Not found", 404, content_type="text/plain")

    def find_by_token(self, name: str, token: str) -> tuple[Account, dict[str, Any]] | None:
        """The object that a hosted page is about, with its account."""
        for account in self.accounts.values():
            with account.lock:
                found = next(account.store.select(name, _token=token), None)
            if found is not None:
                return account, found
        return None

    # --- API

    def _api(self, request: Request) -> Response:
        request_id = ids.new("req")
        key = request.headers.get("Idempotency-Key")
        replayed, fault = False, None
        try:
            account = self._authenticate(request)
            self._check_version(request)
            self._check_account(account, request)
            fault = account.faults.for_request(request.method, request.path)
            if fault and not fault.after:
                self._strike(fault)
            text = request.query_string.decode()
            if request.method == "POST":
                text = request.get_data(as_text=True)
            form = forms.decode(text)

            def work() -> idempotency.Answer:
                return self._run(account, request, form, request_id, key)

            if key and request.method == "POST":
                status, body, replayed = account.idempotency.run(
                    key, request.method, request.path, form, work
                )
            else:
                status, body, _begun = work()
            if fault and fault.after:
                self._strike(fault)
        except errors.ApiError as error:
            status, body = error.status, {"error": error.body}
        headers = {"Request-Id": request_id, "Stripe-Version": contract.API_VERSION}
        if key:
            headers["Idempotency-Key"] = key
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        if body.get("error", {}).get("code") == "rate_limit":
            headers["Stripe-Rate-Limited-Reason"] = "global-rate"
        response = Response(json.dumps(body), status, headers, content_type="application/json")
        logger.info("%s %s %s %s", request.method, request.path, status, request_id)
        return response

    def _run(
        self, account: Account, request: Request, form: Any, request_id: str, key: str | None
    ) -> idempotency.Answer:
        ctx = account.context(request_id=request_id, idempotency_key=key)
        begun = False
        try:
            asked = operations.read(request.method, request.path, form)
            begun = True
            with account.lock:
                return 200, operations.run(ctx, asked), begun
        except errors.ApiError as error:
            return error.status, {"error": error.body}, begun
        except Exception as error:
            logger.exception("%s %s", request.method, request.path)
            failure = errors.internal(f"The sandbox failed: {type(error).__name__}: {error}")
            return failure.status, {"error": failure.body}, begun

    def _authenticate(self, request: Request) -> Account:
        authorization = request.authorization
        given = ""
        if authorization is not None:
            given = authorization.token or authorization.username or ""
        if not given:
            raise errors.authentication(
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth."
            )
        account = self.accounts.get(given)
        if account is None:
            shown = f"{given[:8]}{'*' * 12}{given[-4:]}" if len(given) > 12 else "*" * 12
            raise errors.authentication(f"Invalid API Key provided: {shown}")
        return account

    def _check_version(self, request: Request) -> None:
        version = request.headers.get("Stripe-Version", contract.API_VERSION)
        if version != contract.API_VERSION:
            raise errors.invalid(
                f"The sandbox speaks API version {contract.API_VERSION} only, not {version}."
            )

    def _check_account(self, account: Account, request: Request) -> None:
        """Requests on behalf of connected accounts are not possible: there are none."""
        for name in ("Stripe-Account", "Stripe-Context"):
            if request.headers.get(name, account.id) != account.id:
                raise errors.invalid(
                    f"The provided key does not have access to the account of the {name} header.",
                    code="account_invalid",
                    status=403,
                )

    def _strike(self, fault: Fault) -> None:
        if fault.kind in ("429", "lock_timeout"):
            raise errors.rate_limited("rate_limit" if fault.kind == "429" else fault.kind)
        if fault.kind == "500":
            raise errors.internal("An unknown error occurred (a fault that was asked for).")
        if fault.kind == "timeout":
            time.sleep(fault.seconds)
        raise ConnectionResetError("a fault that was asked for")


def serve(sandbox: Sandbox, host: str, port: int) -> Server:
    """A threaded server that is ready to ``serve_forever``; port 0 takes a free one."""
    return Server(host, port, sandbox.respond)


def start(
    host: str = "127.0.0.1",
    port: int = 0,
    keys: Iterable[str] = (DEFAULT_KEY,),
    retry_delays: tuple[float, ...] = DEFAULT_RETRY_DELAYS,
) -> tuple[Sandbox, Server]:
    """Start a sandbox in threads of this process, for tests; end it with :func:`stop`."""
    sandbox = Sandbox("", keys, retry_delays)
    server = serve(sandbox, host, port)
    sandbox.base_url = f"http://{host}:{server.port}"
    for account in sandbox.accounts.values():
        account.base_url = sandbox.base_url
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sandbox.ticker.start()
    return sandbox, server


def stop(sandbox: Sandbox, server: Server) -> None:
    """End what :func:`start` started."""
    sandbox.ticker.stop()
    sandbox.deliverer.forget()
    server.shutdown()
    server.server_close()
