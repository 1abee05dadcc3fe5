"""Which errors of Google's client libraries mean "try again": a dependency that is down or busy."""

from google.api_core import exceptions

TRANSIENT = (
    exceptions.ServiceUnavailable,
    exceptions.GatewayTimeout,
    exceptions.TooManyRequests,
    exceptions.Aborted,
    exceptions.RetryError,
)
"""Met outside a transaction; the transaction runner has its own retries."""
