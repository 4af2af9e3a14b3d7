"""The way to Stripe: the only module that imports the `stripe` package. Knows nothing of the ORM.

What goes in and out is plain dictionaries in the shape of API version `const.API_VERSION`; errors are
translated once, into the small family of `stripe_errors.py`.
"""

import copy
import hashlib
import json
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from urllib.parse import quote

import stripe
from odoo.addons.stripe_subscriptions import const
from odoo.addons.stripe_subscriptions.stripe_errors import (
    StripeCardDeclined,
    StripeGatewayError,
    StripeKeyRefused,
    StripeNotFound,
    StripeRateLimited,
    StripeReadOnly,
    StripeRequestRefused,
    StripeSignatureInvalid,
    StripeUnavailable,
)
from odoo.addons.stripe_subscriptions.stripe_throttle import Throttle

_logger = logging.getLogger(__name__)

API_BASE_VARIABLE = "STRIPE_API_BASE"
TEST_KEY_PREFIXES = ("sk_test_", "rk_test_")
LIVE_KEY_PREFIXES = ("sk_live_", "rk_live_")
# Seconds, for connecting and again for each wait for an answer. One number: Odoo's own guard on requests
# during tests compares it with another one.
TIMEOUT = 20
MAX_NETWORK_RETRIES = 2
# The SDK does not repeat what was refused because of too many requests.
RATE_LIMIT_RETRIES = 3

# Services that are read -> their path; ids of parents take the place of the braces.
READ_PATHS = {
    "balance_transactions": "balance_transactions",
    "charges": "charges",
    "checkout.sessions": "checkout/sessions",
    "coupons": "coupons",
    "credit_notes": "credit_notes",
    "credit_notes.line_items": "credit_notes/{}/lines",
    "customers": "customers",
    "customers.balance_transactions": "customers/{}/balance_transactions",
    "customers.payment_methods": "customers/{}/payment_methods",
    "customers.tax_ids": "customers/{}/tax_ids",
    "disputes": "disputes",
    "events": "events",
    "invoice_payments": "invoice_payments",
    "invoices": "invoices",
    "invoices.line_items": "invoices/{}/lines",
    "payment_intents": "payment_intents",
    "payouts": "payouts",
    "prices": "prices",
    "products": "products",
    "refunds": "refunds",
    "subscription_schedules": "subscription_schedules",
    "subscriptions": "subscriptions",
    "tax_rates": "tax_rates",
}

# The SDK would write two lines for each request, beside those of this module.
logging.getLogger("stripe").setLevel(logging.WARNING)
stripe.enable_telemetry = False
stripe.set_app_info(const.APP_NAME)


def _translate(error):
    """Return our error for one of the SDK's.

    :param stripe.StripeError error: What the SDK raised.
    :rtype: StripeGatewayError
    """
    details = {
        "code": error.code,
        "param": getattr(error, "param", None),
        "request_id": error.request_id,
        # https://docs.stripe.com/error-low-level#idempotency
        "replayed": {name.lower(): value for name, value in (error.headers or {}).items()}.get(
            "idempotent-replayed"
        )
        == "true",
    }
    message = error.user_message or str(error)
    if isinstance(error, stripe.CardError):
        decline_code = getattr(error.error, "decline_code", None)
        return StripeCardDeclined(message, decline_code=decline_code, **details)
    if isinstance(error, stripe.RateLimitError) or error.code == "lock_timeout":
        return StripeRateLimited(message, **details)
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        return StripeKeyRefused(message, **details)
    if isinstance(error, stripe.APIConnectionError):
        return StripeUnavailable("Stripe could not be reached.", **details)
    if error.http_status == 404 or error.code == "resource_missing":
        return StripeNotFound(message, **details)
    if error.http_status == 409 or (error.http_status or 0) >= 500:
        return StripeUnavailable(message, **details)
    return StripeRequestRefused(message, **details)


# === CLIENT === #


class StripeGateway:
    """Requests to one Stripe account.

    Safe to share between threads: each thread keeps its own connection alive.

    :param str api_key: Secret or restricted key.
    """

    #: Methods of the SDK's services that change nothing at Stripe.
    READING_METHODS = {
        *("retrieve", "retrieve_current", "list", "search", "create_preview", "preview")
    }

    _instances = {}
    _instances_lock = threading.Lock()

    def __init__(self, api_key):
        arguments = {
            "stripe_version": const.API_VERSION,
            "max_network_retries": MAX_NETWORK_RETRIES,
            "http_client": stripe.RequestsClient(timeout=TIMEOUT),
        }
        self._throttle = Throttle()
        self._read_only = False
        #: Where the API is instead of at Stripe; None for Stripe's own.
        self.api_base = None
        api_base = os.environ.get(API_BASE_VARIABLE)
        if api_base and api_key.startswith(TEST_KEY_PREFIXES):
            self.api_base = api_base.rstrip("/")
            arguments["base_addresses"] = {"api": self.api_base}
        self._client = stripe.StripeClient(api_key, **arguments)

    @classmethod
    def for_key(cls, api_key):
        """Return the gateway of a key; one per key and process, so that connections stay open."""
        base = os.environ.get(API_BASE_VARIABLE) or ""
        token = hashlib.sha256(f"{base}|{api_key}".encode()).digest()
        with cls._instances_lock:
            if token not in cls._instances:
                cls._instances[token] = cls(api_key)
            return cls._instances[token]

    def read_only(self):
        """Return the same gateway without the right to change anything."""
        gateway = copy.copy(self)
        gateway._read_only = True
        return gateway

    def call(self, service, method, *ids, params=None, idempotency_key=None):
        """Send one request.

        :param str service: Service of the client, such as "checkout.sessions".
        :param str method: Its method, such as "create".
        :param ids: Ids that are part of the URL.
        :param dict params: Parameters; None values and empty lists are not sent.
        :param str idempotency_key: For requests that change something: derived from committed data.
        :return: The answer as plain data.
        :rtype: dict
        :raise StripeGatewayError: When Stripe does not answer or refuses.
        """
        if self._read_only and method not in self.READING_METHODS:
            raise StripeReadOnly("This database may only read from the Stripe account.")
        self._throttle.wait()
        started = time.monotonic()
        try:
            answer = self._send(service, method, ids, params or {}, idempotency_key)
        except stripe.StripeError as error:
            translated = _translate(error)
            if isinstance(translated, StripeRateLimited):
                self._throttle.refused()
            _logger.info(
                "Stripe %s.%s %s: %s (%s, request %s)",
                service,
                method,
                " ".join(ids),
                type(translated).__name__,
                translated.code,
                translated.request_id,
            )
            raise translated from None
        self._throttle.accepted()
        _logger.debug(
            "Stripe %s.%s %s in %.0f ms",
            service,
            method,
            " ".join(ids),
            (time.monotonic() - started) * 1000,
        )
        return answer

    def _send(self, service, method, ids, params, idempotency_key):
        """Send a request through the SDK; what is only read is not made into the SDK's objects.

        Making those of a page and taking them apart again costs ten times what parsing the page does.
        """
        path = READ_PATHS.get(service)
        if path and method in ("retrieve", "list"):
            *parents, last = [*ids, None] if method == "list" else ids
            url = "/v1/" + path.format(*(quote(key, safe="") for key in parents))
            if last:
                url += f"/{quote(last, safe='')}"
            given = {name: value for name, value in params.items() if value not in (None, [])}
            return json.loads(self._client.raw_request("get", url, **given).body)
        function = getattr(reduce(getattr, service.split("."), self._client.v1), method)
        options = {"idempotency_key": idempotency_key} if idempotency_key else {}
        return function(*ids, params, options).to_dict(for_json=True)

    def retrieve(self, service, object_id, expand=()):
        """Return one object; a deleted one comes back as `{"id", "object", "deleted": True}`.

        :raise StripeNotFound: When it does not exist.
        """
        return self.call(service, "retrieve", object_id, params={"expand": list(expand)})

    def retrieve_kind(self, kind, object_id):
        """Return one object with everything that its writer needs.

        An invoice or credit note comes with all its lines, however many: the object itself carries the
        first ten. What the object does not say itself is added: `open_payment_intent` to invoices that
        were charged in vain; `invoice_payments` to refunds and charges, which do not name the invoices
        that were paid; `balance_transactions` to invoices and customers (of the customer's balance) and
        to payouts (what they consist of); `tax_ids` to customers.

        :param str kind: A key of `const.FETCH_SPECS`.
        """
        service, expand = const.FETCH_SPECS[kind]
        obj = self.retrieve(service, object_id, expand)
        if not obj.get("deleted") and (complete := getattr(self, f"_complete_{kind}", None)):
            complete(obj)
        return obj

    def _complete_lines(self, obj, service):
        if obj["lines"]["has_more"]:
            obj["lines"]["data"] = list(self.list(service, obj["id"]))
            obj["lines"]["has_more"] = False

    def _complete_invoice(self, obj):
        self._complete_lines(obj, "invoices.line_items")
        if obj.get("starting_balance") or obj.get("ending_balance"):
            obj["balance_transactions"] = list(
                self.list(
                    "customers.balance_transactions",
                    obj["customer"],
                    params={"invoice": obj["id"]},
                )
            )

        # Stripe voids the first invoice of a subscription when its bank debit is returned.
        returned = obj["status"] == "void" and obj.get("billing_reason") == "subscription_create"
        if (obj["status"] == "open" or returned) and obj.get("attempted"):
            # Why it was not paid: the attempt knows, the invoice does not.
            wanted = "canceled" if returned else "open"
            payments = [part for part in obj["payments"]["data"] if part["status"] == wanted]
            intents = [part["payment"].get("payment_intent") for part in payments]
            if any(intents):
                obj["open_payment_intent"] = self.retrieve(
                    "payment_intents", next(filter(None, intents)), ("latest_charge",)
                )

    def _complete_customer(self, obj):
        # The newest page: older ones were booked when they were new.
        obj["balance_transactions"], _more = self.page("customers.balance_transactions", obj["id"])
        # Not expanded: of a deleted customer Stripe would refuse that.
        obj["tax_ids"] = {"data": list(self.list("customers.tax_ids", obj["id"]))}

    def _complete_credit_note(self, obj):
        self._complete_lines(obj, "credit_notes.line_items")

    def _complete_refund(self, obj):
        if obj.get("payment_intent"):
            payment = {"type": "payment_intent", "payment_intent": obj["payment_intent"]}
            obj["invoice_payments"] = list(
                self.list("invoice_payments", params={"payment": payment})
            )

    def _complete_charge(self, obj):
        self._complete_refund(obj)

    def _complete_payout(self, obj):
        if obj.get("reconciliation_status") == "completed":
            params = {"payout": obj["id"], "expand": ["data.source"]}
            obj["balance_transactions"] = list(self.list("balance_transactions", params=params))

    def retrieve_many(self, requests):
        """Fetch several objects at a time; what Stripe refuses as too much is asked again, slower.

        :param list[tuple[str, str]] requests: Pairs of kind and id.
        :return: For each pair the object, or the error that its request raised.
        :rtype: dict[tuple[str, str], dict|StripeGatewayError]
        """

        def fetch(request):
            try:
                return self.retrieve_kind(*request)
            except StripeGatewayError as error:
                return error

        def fetch_all(requests):
            if len(requests) < 2:
                return {request: fetch(request) for request in requests}
            with ThreadPoolExecutor(min(const.FETCH_THREADS, len(requests))) as executor:
                return dict(zip(requests, executor.map(fetch, requests), strict=True))

        answers = fetch_all(list(dict.fromkeys(requests)))
        for _repetition in range(RATE_LIMIT_RETRIES):
            refused = [key for key, obj in answers.items() if isinstance(obj, StripeRateLimited)]
            answers.update(fetch_all(refused))
        return answers

    def list(self, service, *ids, params=None):
        """Yield all objects of a list, page by page.

        :param str service: Service of the client.
        :param ids: Ids that are part of the URL.
        :param dict params: Filters and `expand`.
        :raise StripeGatewayError: When a page cannot be fetched.
        """
        after = None
        while True:
            objects, after = self.page(service, *ids, params=params, after=after)
            yield from objects
            if not after:
                return

    def page(self, service, *ids, params=None, after=None):
        """Return one page of a list, and the id after which the next one begins.

        :param str service: Service of the client.
        :param ids: Ids that are part of the URL.
        :param dict params: Filters and `expand`.
        :param str after: Id of the last object of the page before.
        :return: The objects, and what to give as `after` for the next page: None after the last.
        :rtype: tuple[list[dict], str|None]
        """
        page = self.call(
            service,
            "list",
            *ids,
            params={"limit": const.PAGE_SIZE, **(params or {}), "starting_after": after},
        )
        more = page["has_more"] and page["data"]
        return page["data"], page["data"][-1]["id"] if more else None


# === WEBHOOKS === #


def verify_signature(body, header, secrets, tolerance=const.WEBHOOK_TOLERANCE):
    """Check that a webhook comes from Stripe and is fresh.

    :param bytes body: The request's body as received.
    :param str|None header: The header `Stripe-Signature`.
    :param list[str] secrets: Secrets of which one must have signed (two while one is replaced).
    :param int tolerance: Seconds of difference allowed, past and future.
    :raise StripeSignatureInvalid: When any of that does not hold.
    """
    secrets = [secret for secret in secrets if secret and secret.strip()]
    if not secrets:
        raise StripeSignatureInvalid("no secret")
    if not (header or "").isascii():
        # The SDK's comparison in constant time raises a TypeError for it.
        raise StripeSignatureInvalid("no hexadecimal signature")
    try:
        timestamp = int(dict(part.split("=", 1) for part in (header or "").split(","))["t"])
    except (KeyError, ValueError):
        raise StripeSignatureInvalid("no timestamp") from None
    if abs(time.time() - timestamp) > tolerance:
        raise StripeSignatureInvalid("timestamp out of tolerance")
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, tolerance)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        return
    raise StripeSignatureInvalid("no signature matches")
