"""What an error of a job means: try again later, or this will always be so."""

from lib.domain.errors import PerennialError
from lib.platform.transient import TRANSIENT


def is_transient(error: Exception) -> bool:
    """Whether trying again may help."""
    return error.retryable if isinstance(error, PerennialError) else isinstance(error, TRANSIENT)


def reason_of(error: Exception) -> str:
    """The error's kind or type, which says nothing about anybody."""
    if isinstance(error, PerennialError):
        return error.reason or error.kind.value
    return type(error).__name__
