"""Decides what came of one HTTP exchange: from how it ended, and from whether it may be made again."""

import math
import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from enum import Enum

import requests
import urllib3.exceptions as broken
from requests.structures import CaseInsensitiveDict

from lib.vendors.errors import Ambiguous, Malformed, NotFound, Refused, Unavailable, VendorError

_RETRY_AFTER_MAX_SECONDS = 86_400.0
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
# Requests that these end have not left this computer, or have not been understood to the end.
_NEVER_SENT = (broken.NewConnectionError, broken.ConnectTimeoutError)


class Safety(Enum):
    """Whether a request may be made again when it is not known what came of it.

    REPEATABLE: it only reads, or doing it twice is the same as once. REFUSABLE: to be done once; a 5xx in the vendor's
    own form (a JSON object) says that it was not. ONCE: to be done once; not even that says so, only a refused
    connection and 429 do.
    """

    REPEATABLE = "repeatable"
    REFUSABLE = "refusable"
    ONCE = "once"


def of_failure(vendor: str, safety: Safety, error: Exception) -> VendorError:
    """What an error of the HTTP library means: it came before the request was sent, or at a time nobody knows."""
    causes = list(_causes(error))
    if any(isinstance(cause, _NEVER_SENT) for cause in causes):
        return Unavailable(vendor, "cannot be reached", reason="unreachable")
    if any("CERTIFICATE_VERIFY_FAILED" in str(cause) for cause in causes):
        return Unavailable(vendor, "its certificate is not valid", reason="certificate")
    timed_out = isinstance(error, requests.Timeout | TimeoutError) or any(
        isinstance(cause, broken.ReadTimeoutError) for cause in causes
    )
    return _unknown(vendor, safety, "timeout" if timed_out else "connection_lost")


def of_status(
    vendor: str, safety: Safety, status: int, headers: "CaseInsensitiveDict[str]", body: object
) -> VendorError | None:
    """What an answer's status means; None if it is a success. `body` is its JSON value, None if it is not JSON."""
    own_form = isinstance(body, Mapping)
    if 200 <= status < 300:
        return None
    if status == 429:
        return Unavailable(
            vendor, "too many requests", reason="throttled", retry_after_seconds=retry_after_seconds(headers)
        )
    if status == 408 or status >= 500:
        if safety is Safety.REPEATABLE or (safety is Safety.REFUSABLE and own_form and status != 408):
            seconds = retry_after_seconds(headers)
            return Unavailable(vendor, f"failed ({status})", reason="server_error", retry_after_seconds=seconds)
        return _unknown(vendor, safety, "server_error")
    if status == 404:
        if own_form:
            return NotFound(vendor)
        return Malformed(vendor, "answered 404 in a form that is not its own", reason="foreign_404")
    reasons = {401: "credentials", 403: "credentials"}
    reason = "redirected" if 300 <= status < 400 else reasons.get(status, "rejected")
    return Refused(vendor, f"refused ({status})", reason=reason, status=status, code=code_of(body))


def of_unreadable(vendor: str, safety: Safety) -> VendorError:
    """A success whose body is not JSON: a reader knows nothing, and a writer not whether it is done."""
    if safety is Safety.REPEATABLE:
        return Malformed(vendor, "answered with something that is not JSON", reason="not_json")
    return Ambiguous(vendor, "answered with something that is not JSON", reason="not_json")


def code_of(body: object) -> str:
    """The error code in a vendor's body, if it has the form of a code; free text is not repeated."""
    if not isinstance(body, Mapping):
        return ""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else body
    code = first.get("code") if isinstance(first, Mapping) else None
    return str(code) if isinstance(code, str | int) and _CODE.fullmatch(str(code)) else ""


def retry_after_seconds(headers: "CaseInsensitiveDict[str]") -> float | None:
    """What Retry-After asks for, at most a day; a date counts from the answer's own Date. None if for nothing."""
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            begin, end = parsedate_to_datetime(headers.get("Date", "")), parsedate_to_datetime(value)
            seconds = (end - begin).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), _RETRY_AFTER_MAX_SECONDS) if math.isfinite(seconds) else None


def _unknown(vendor: str, safety: Safety, reason: str) -> VendorError:
    if safety is Safety.REPEATABLE:
        return Unavailable(vendor, f"no answer ({reason})", reason=reason)
    return Ambiguous(vendor, f"it is not known whether this was done ({reason})", reason=reason)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and what requests and urllib3 put inside, each once.

    Not what was being handled meanwhile (`__context__`): that may be the failure of an earlier request.
    """
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [getattr(current, "reason", None), *current.args]
        waiting += [value for value in (current.__cause__, *inner) if isinstance(value, BaseException)]
