"""What can come of asking a vendor, when it is not an answer: one closed tree that says what is known to have happened.

VendorError
├── SwitchedOff   this vendor is not configured; nothing was asked
├── NotFound      the vendor says that it has no such thing: not a member
├── Refused       the vendor said no: nothing was done, and asking the same again would not help
├── Unavailable   nothing was done, or there was nothing to do but read: asking again later may help
├── Ambiguous     something was to be done once and may or may not have been: it must not be repeated by itself
└── Malformed     an answer that cannot be read, so nothing is known; never taken for an empty or a zero one

Messages hold no personal data, no keys and nothing a vendor wrote: addresses of requests carry telephone numbers, and
some carry keys. For the same reason errors of the HTTP library, which quote addresses, are not chained to these.
"""

from lib.domain.errors import ErrorKind, PerennialError


class VendorError(PerennialError):
    """Base: `vendor` is the folder's name (alpine_iq), `reason` a word to branch on and to count by."""

    kind = ErrorKind.UNAVAILABLE

    def __init__(self, vendor: str, message: str, *, reason: str) -> None:
        super().__init__(f"{vendor}: {message}", reason=reason)
        self.vendor = vendor


class SwitchedOff(VendorError):
    """`reason` names the setting that is missing or wrong: missing_api_key, invalid_base_url."""

    kind = ErrorKind.FAILED_PRECONDITION


class NotFound(VendorError):
    """Said by the vendor in its own form; a web server's 404 page is Malformed."""

    kind = ErrorKind.NOT_FOUND

    def __init__(self, vendor: str, message: str = "has no such thing", *, reason: str = "not_found") -> None:
        super().__init__(vendor, message, reason=reason)


class Refused(VendorError):
    """`status` is the HTTP status, `code` the vendor's own error code, "" where it gave none."""

    kind = ErrorKind.FAILED_PRECONDITION

    def __init__(self, vendor: str, message: str, *, reason: str, status: int = 0, code: str = "") -> None:
        super().__init__(vendor, message, reason=reason)
        self.status = status
        self.code = code


class Unavailable(VendorError):
    """`retry_after_seconds`: how long the vendor, or our own rate limit or circuit breaker, wants to be left alone."""

    retryable = True

    def __init__(self, vendor: str, message: str, *, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(vendor, message, reason=reason)
        self.retry_after_seconds = retry_after_seconds


class Ambiguous(VendorError):
    """To be recorded as of unknown outcome and found out about from the vendor's data, its webhooks or a person."""


class Malformed(VendorError):
    """Not JSON, not the documented shape, or pages that cannot be all of them."""
