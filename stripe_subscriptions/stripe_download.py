"""Fetching what Stripe serves outside of its API: the PDFs of invoices and credit notes. Knows nothing of the ORM.

The address of a PDF comes from Stripe, and is not trusted for that: only Stripe's own hosts are asked.
"""

import time
from urllib.parse import urljoin, urlsplit

import requests
from odoo.addons.stripe_subscriptions.stripe_errors import StripeRequestRefused, StripeUnavailable

STRIPE_DOMAIN = "stripe.com"
PDF_TYPE = "application/pdf"
PDF_BEGINNING = b"%PDF-"
MAX_BYTES = 10 * 1024 * 1024
MAX_REDIRECTS = 3
# Seconds: for each wait for an answer, and for all of it.
TIMEOUT = 20
MAX_SECONDS = 60
CHUNK_BYTES = 64 * 1024
# Answers after which the same request may succeed later.
LATER_STATUSES = {408, 425, 429}


def fetch_pdf(url, api_base=None):
    """Return a PDF that Stripe serves.

    Addresses of PDFs open them to everybody who knows them: no error contains one.

    :param str url: `invoice_pdf` of an invoice or `pdf` of a credit note, just fetched.
    :param str|None api_base: Where the API is instead of at Stripe, for test keys; PDFs may lie there too.
    :rtype: bytes
    :raise StripeUnavailable: When there is no answer, or one that may change.
    :raise StripeRequestRefused: When the address is not Stripe's, or what is there is no PDF.
    """
    until = time.monotonic() + MAX_SECONDS
    for _redirect in range(MAX_REDIRECTS + 1):
        if not _is_allowed(url, api_base):
            raise StripeRequestRefused("The address of the PDF is not one of Stripe's.")
        try:
            with requests.get(
                url,
                headers={"Accept": PDF_TYPE},
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                if not answer.is_redirect:
                    return _read(answer, until)
                url = urljoin(url, answer.headers["Location"])
        except requests.RequestException:
            raise StripeUnavailable("Stripe does not serve the PDF at the moment.") from None
    raise StripeRequestRefused("The PDF is behind too many redirections.")


def _is_allowed(url, api_base):
    """Return whether an address lies at Stripe, or at what takes its place for test keys.

    :param str url: The address.
    :param str|None api_base: See `fetch_pdf`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username or parts.password:
        return False
    if api_base:
        base = urlsplit(api_base)
        if (parts.scheme, host, port) == (base.scheme, base.hostname, base.port):
            return True
    own = host == STRIPE_DOMAIN or host.endswith(f".{STRIPE_DOMAIN}")
    return parts.scheme == "https" and port in (None, 443) and own


def _read(answer, until):
    """Return the contents of an answer, if it is a PDF.

    :param requests.Response answer: Whose contents are not read yet.
    :param float until: Time, by the monotonic clock, at which it must be complete.
    :rtype: bytes
    """
    if answer.status_code in LATER_STATUSES or answer.status_code >= 500:
        raise StripeUnavailable("Stripe does not serve the PDF at the moment.")
    if answer.status_code != 200:
        raise StripeRequestRefused(f"Stripe answers {answer.status_code} instead of the PDF.")
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != PDF_TYPE:
        raise StripeRequestRefused(f"Stripe serves {kind or 'something'} instead of a PDF.")
    content = bytearray()
    for chunk in answer.iter_content(CHUNK_BYTES):
        content += chunk
        if len(content) > MAX_BYTES:
            raise StripeRequestRefused("The PDF is too large.")
        if time.monotonic() > until:
            raise StripeUnavailable("The PDF takes too long.")
    if not content.startswith(PDF_BEGINNING):
        raise StripeRequestRefused("What Stripe serves is no PDF.")
    return bytes(content)
