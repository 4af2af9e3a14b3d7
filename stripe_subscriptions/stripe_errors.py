"""What may go wrong with a request to Stripe, in our own words."""


class StripeGatewayError(Exception):
    """A request to Stripe failed.

    :param str message: In words for people, never with a key in it.
    :param str code: Stripe's error code, such as `resource_missing`.
    :param str param: The parameter at fault.
    :param str decline_code: Why the card was declined.
    :param str request_id: Stripe's id of the request, for its support.
    :param bool replayed: Whether this is the remembered answer to an earlier request with the same
        idempotency key: that one failed, and this one was not carried out.
    """

    #: Whether the same request may succeed later without anybody changing anything.
    retryable = False

    def __init__(
        self,
        message,
        *,
        code=None,
        param=None,
        decline_code=None,
        request_id=None,
        replayed=False,
    ):
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.decline_code = decline_code
        self.request_id = request_id
        self.replayed = replayed


class StripeUnavailable(StripeGatewayError):
    """No answer, or a failure on Stripe's side."""

    retryable = True


class StripeRateLimited(StripeUnavailable):
    """Too many requests, or another request holds Stripe's lock on the object."""


class StripeKeyRefused(StripeGatewayError):
    """The API key is unknown, expired, or lacks a permission."""


class StripeNotFound(StripeGatewayError):
    """The object does not exist in this account and mode."""


class StripeCardDeclined(StripeGatewayError):
    """The card or bank refused."""


class StripeRequestRefused(StripeGatewayError):
    """Stripe does not accept the request as it is."""


class StripeReadOnly(StripeGatewayError):
    """This database may read from the account, but not change anything there."""


class StripeSignatureInvalid(Exception):
    """The signature of a webhook is missing, wrong, too old or from the future."""
