"""Errors as callers see them: canonical codes with details for callables, RFC 9457 problem details for HTTP.

Never a stack trace, a document's content or personal data: what was not planned for is "internal" and goes to the log.
"""

from http import HTTPStatus
from typing import Any

from firebase_functions.https_fn import FunctionsErrorCode, HttpsError
from flask import Response, json

from lib.domain.errors import ErrorKind, InvalidInput, InvariantBroken, PerennialError, Unavailable
from lib.platform import logs
from lib.platform.transient import TRANSIENT

_STATUS = {
    ErrorKind.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    ErrorKind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorKind.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    ErrorKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorKind.FAILED_PRECONDITION: HTTPStatus.CONFLICT,
    ErrorKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorKind.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def public(function: str, error: Exception) -> PerennialError:
    """The error to tell the caller about. What is nobody's business but ours is logged and becomes "internal error"."""
    if isinstance(error, InvariantBroken):
        logs.invariant_broken(function, error)
    elif isinstance(error, PerennialError):
        return error
    elif isinstance(error, TRANSIENT):
        return Unavailable("the service is busy, try again")
    else:
        logs.unexpected_error(function, error)
    return PerennialError("internal error")


def https_error(error: PerennialError) -> HttpsError:
    """In the callable protocol; `details` say why, which field, and whether trying again may help."""
    return HttpsError(FunctionsErrorCode(error.kind.value), error.message, _details(error))


def callable_response(error: PerennialError) -> Response:
    """The same as a whole response, for what never reaches the SDK's handler."""
    refusal = https_error(error)
    body = json.dumps({"error": refusal._as_dict()})
    return Response(body, refusal._http_error_code.status, content_type="application/json")


def status_of(error: PerennialError) -> HTTPStatus:
    """The HTTP status of an error."""
    return _STATUS[error.kind]


def problem(error: PerennialError) -> Response:
    """As problem details; the members beyond the RFC's are those of a callable's `details`."""
    return problem_response(_STATUS[error.kind], error.message, **_details(error))


def problem_response(status: HTTPStatus, detail: str, **members: Any) -> Response:
    """Problem details of any status."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail, **members}
    return Response(
        json.dumps(body), status.value, {"Cache-Control": "no-store"}, content_type="application/problem+json"
    )


def _details(error: PerennialError) -> dict[str, Any]:
    details: dict[str, Any] = {"reason": error.reason, "retryable": error.retryable}
    if isinstance(error, InvalidInput):
        details["pointer"] = error.pointer
    return details
