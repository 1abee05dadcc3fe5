"""The OIDC token by which a service of Google's, a queue or a schedule, says as which service account it calls.

In production the token is signed by Google. The local stack sends unsigned ones, which are accepted where the
environment says that this is an emulator, as the Admin SDK accepts unsigned ID tokens where
FIREBASE_AUTH_EMULATOR_HOST is set.
"""

import base64
import functools
import json
from collections.abc import Mapping
from typing import Any

from lib.domain.errors import Unauthenticated, Unavailable
from lib.platform import clock

_CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"
_ISSUERS = ("https://accounts.google.com", "accounts.google.com")
_SKEW_SECONDS = 10


def bearer_claims(authorization: str | None, *, emulated: bool) -> Mapping[str, Any]:
    """The claims of the token in a header Authorization, Google's and valid now. Whom it names is left to be checked.

    `emulated`: take an unsigned token, and no other. Raises Unauthenticated without a valid token, Unavailable when
    Google's certificates cannot be fetched.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("this function is called with a token only")
    claims = _unsigned(token) if emulated else _signed(token)
    if claims.get("iss") not in _ISSUERS:
        raise Unauthenticated("the token is not one of Google's")
    return claims


def calls_as(claims: Mapping[str, Any], account: str) -> bool:
    """Whether the token was issued to the service account of that email."""
    return claims.get("email") == account and claims.get("email_verified") is True


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
