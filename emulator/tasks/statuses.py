"""What an attempt came to: a target's HTTP status, or that there was none, as the google.rpc.Status of the attempt."""

from __future__ import annotations

from dataclasses import dataclass

OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, UNAVAILABLE = 0, 1, 2, 4, 14

_CODES = {
    400: (3, "INVALID_ARGUMENT"),
    401: (16, "UNAUTHENTICATED"),
    403: (7, "PERMISSION_DENIED"),
    404: (5, "NOT_FOUND"),
    409: (10, "ABORTED"),
    416: (11, "OUT_OF_RANGE"),
    429: (8, "RESOURCE_EXHAUSTED"),
    499: (1, "CANCELLED"),
    501: (12, "UNIMPLEMENTED"),
    503: (14, "UNAVAILABLE"),
    504: (4, "DEADLINE_EXCEEDED"),
}
_CLASSES = {4: (9, "FAILED_PRECONDITION"), 5: (13, "INTERNAL")}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `http_status` is 0 if no answer came, `retry_after_micros` what it asked for.

    `body` is the beginning of the answer's, for people to read.
    """

    http_status: int
    code: int
    message: str
    retry_after_micros: int = 0
    body: bytes = b""

    @property
    def succeeded(self) -> bool:
        return 200 <= self.http_status < 300

    @property
    def executed(self) -> bool:
        """Whether it counts in X-CloudTasks-TaskExecutionCount: answers do, except those of the 5xx class."""
        return self.http_status != 0 and self.http_status // 100 != 5


def answered(http_status: int, retry_after_micros: int = 0) -> Outcome:
    """The outcome of an attempt that got an answer, its code by the mapping of google.rpc.Code."""
    if 200 <= http_status < 300:
        return Outcome(http_status, OK, "OK")
    number, name = _CODES.get(http_status) or _CLASSES.get(http_status // 100) or (UNKNOWN, "UNKNOWN")
    return Outcome(http_status, number, f"{name}({number}): HTTP status code {http_status}", retry_after_micros)


def unanswered(code: int, message: str) -> Outcome:
    """The outcome of an attempt that got no answer."""
    return Outcome(0, code, message)
