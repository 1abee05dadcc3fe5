"""Whether a request comes from one of our queues: the OIDC token that Cloud Tasks sends, verified.

In production the token is signed by Google. A local Cloud Tasks sends unsigned ones, which are accepted where
CLOUD_TASKS_EMULATOR_HOST is set, as the Admin SDK accepts unsigned ID tokens where FIREBASE_AUTH_EMULATOR_HOST is.
"""

import base64
import functools
import json
from collections.abc import Mapping
from typing import Any

from lib.domain.errors import PermissionDenied, Unauthenticated, Unavailable
from lib.platform import clock, deployment

_CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"
_ISSUERS = ("https://accounts.google.com", "accounts.google.com")
_SKEW_SECONDS = 10


def require_queue(function: str, authorization: str | None) -> None:
    """Return if the request to a function comes from its queue; `authorization` is the header of that name.

    Raises Unauthenticated without a valid token, PermissionDenied for a valid one that is for another function or
    another account, Unavailable when Google's certificates cannot be fetched.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("this function is called by its queue only")
    claims = _signed(token) if deployment.tasks_emulator() is None else _unsigned(token)
    if claims.get("iss") not in _ISSUERS:
        raise Unauthenticated("the token is not one of Google's")
    if claims.get("aud") != deployment.function_url(function):
        raise PermissionDenied("the token is for another function", reason="wrong_audience")
    if claims.get("email") != deployment.tasks_account() or claims.get("email_verified") is not True:
        raise PermissionDenied("this function is called by its queue only", reason="not_the_queue")


def _signed(token: str) -> Mapping[str, Any]:
    """The claims of a token signed by Google that is valid now; its audience is left to be checked."""
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.oauth2 import id_token

    try:
        claims: Mapping[str, Any] = id_token.verify_token(
            token, _transport(), audience=None, certs_url=_CERTIFICATES, clock_skew_in_seconds=_SKEW_SECONDS
        )
    except TransportError as error:
        raise Unavailable("the caller cannot be verified at the moment, try again") from error
    except (GoogleAuthError, ValueError) as error:
        raise Unauthenticated("the token is not valid") from error
    return claims


@functools.cache
def _transport() -> Any:
    """Fetches certificates, and again only when they have expired: once in hours, not at every call."""
    import requests
    from cachecontrol import CacheControl
    from google.auth.transport.requests import Request

    return Request(session=CacheControl(requests.Session()))


def _unsigned(token: str) -> Mapping[str, Any]:
    """The claims of a local Cloud Tasks' token that is valid now, by the product's own clock."""
    header, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    try:
        algorithm, claims = _decoded(header).get("alg"), _decoded(payload)
        issued, expires = int(claims["iat"]), int(claims["exp"])
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Unauthenticated("the token is not valid") from error
    now = clock.now().timestamp()
    if algorithm != "none" or signature or not issued - _SKEW_SECONDS <= now <= expires + _SKEW_SECONDS:
        raise Unauthenticated("the token is not valid")
    return claims


def _decoded(segment: str) -> dict[str, Any]:
    value = json.loads(base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True))
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value
