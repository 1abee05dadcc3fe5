"""What can end a request: one tree of errors that know their kind and whether a retry may help.

Only the edge knows HTTP.

PerennialError
├── InvalidInput          the caller sent something that cannot be right; `pointer` names the field
├── Unauthenticated       no token, or one that is not valid
├── PermissionDenied      a valid caller who may not do this
├── NotFound              the thing named does not exist in this org
├── FailedPrecondition    the thing exists and its state forbids this (`reason` says which)
├── Unavailable           try again: contention, a dependency that is down
└── InvariantBroken       our own rules would be violated; nothing was written
"""

from enum import StrEnum


class ErrorKind(StrEnum):
    """The canonical codes of the Firebase callable protocol that we use."""

    INVALID_ARGUMENT = "invalid-argument"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission-denied"
    NOT_FOUND = "not-found"
    FAILED_PRECONDITION = "failed-precondition"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class PerennialError(Exception):
    """Base of every error of ours. The message is safe to show: no personal data, no vendor bodies."""

    kind: ErrorKind = ErrorKind.INTERNAL
    retryable: bool = False

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class InvalidInput(PerennialError):
    """`pointer` is the JSON pointer (RFC 6901) of the bad field, "" for the whole input."""

    kind = ErrorKind.INVALID_ARGUMENT

    def __init__(self, message: str, *, pointer: str = "", reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.pointer = pointer


class Unauthenticated(PerennialError):
    kind = ErrorKind.UNAUTHENTICATED


class PermissionDenied(PerennialError):
    kind = ErrorKind.PERMISSION_DENIED


class NotFound(PerennialError):
    kind = ErrorKind.NOT_FOUND


class FailedPrecondition(PerennialError):
    kind = ErrorKind.FAILED_PRECONDITION


class Unavailable(PerennialError):
    kind = ErrorKind.UNAVAILABLE
    retryable = True


class InvariantBroken(PerennialError):
    kind = ErrorKind.INTERNAL
