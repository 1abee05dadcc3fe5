"""Errors as REST clients get them: an HTTP status and a google.rpc.Status in JSON."""

from __future__ import annotations

import logging

from grpc import StatusCode

from emulator.firestore.errors import FirestoreError

_HTTP_STATUS = {
    StatusCode.CANCELLED: 499,
    StatusCode.INVALID_ARGUMENT: 400,
    StatusCode.DEADLINE_EXCEEDED: 504,
    StatusCode.NOT_FOUND: 404,
    StatusCode.ALREADY_EXISTS: 409,
    StatusCode.PERMISSION_DENIED: 403,
    StatusCode.UNAUTHENTICATED: 401,
    StatusCode.RESOURCE_EXHAUSTED: 429,
    StatusCode.FAILED_PRECONDITION: 400,
    StatusCode.ABORTED: 409,
    StatusCode.OUT_OF_RANGE: 400,
    StatusCode.UNIMPLEMENTED: 501,
    StatusCode.UNAVAILABLE: 503,
}
"""The HTTP status of each canonical one, as google/rpc/code.proto maps them; all others are 500."""

_log = logging.getLogger(__name__)


def as_refusal(error: Exception) -> FirestoreError:
    """The error to answer with: the engine's own, or INTERNAL for a fault of ours, which is logged."""
    if isinstance(error, FirestoreError):
        return error
    _log.error("internal error", exc_info=error)
    return FirestoreError(StatusCode.INTERNAL, f"The local Firestore failed: {error!r}")


def http_status(error: FirestoreError) -> int:
    return _HTTP_STATUS.get(error.code, 500)


def status_body(error: FirestoreError) -> dict[str, dict[str, int | str]]:
    """`{"error": {"code", "message", "status"}}`; the code is the HTTP status, the status the canonical name."""
    return {"error": {"code": http_status(error), "message": error.message, "status": error.code.name}}
