"""Who sent a request, as its `authorization` says: an admin, a signed-in user, or nobody.

As the official emulator has it: `Bearer owner` and service accounts are admins, whom security rules do not concern; no
authorization at all is a request without a user; anything else must be an ID token, whose signature and expiry are not
checked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import grpc

from emulator.firestore.errors import FirestoreError
from emulator.firestore.rules import Auth

_OWNER = "owner"
_ACCESS_TOKEN_PREFIX = "ya29."  # noqa: S105  (how Google's OAuth access tokens begin, not one of them)
_SERVICE_ACCOUNTS = ".gserviceaccount.com"
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request. `auth` is what rules see as `request.auth`; admins never come before the rules."""

    is_admin: bool
    auth: Auth | None = None

    @classmethod
    def from_metadata(cls, metadata: Iterable[tuple[str, str | bytes]] | None) -> Caller:
        """The caller of a gRPC request or, header names being lower-case in both, of an HTTP one.

        Raises UNAUTHENTICATED for an authorization that is neither of an admin nor an ID token.
        """
        for name, value in metadata or ():
            if name == "authorization" and isinstance(value, str):
                return _caller(value)
        return NOBODY

    def __str__(self) -> str:
        if self.is_admin:
            return "an admin"
        return "nobody signed in" if self.auth is None else f"user {self.auth.uid!r}"


ADMIN: Final = Caller(is_admin=True)
NOBODY: Final = Caller(is_admin=False)


def _caller(authorization: str) -> Caller:
    scheme, _, credential = authorization.partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer":
        raise _unauthenticated()
    if credential == _OWNER or credential.startswith(_ACCESS_TOKEN_PREFIX):
        return ADMIN
    claims = _claims(credential)
    uid = claims.get("sub") or claims.get("user_id")
    if not isinstance(uid, str) or not uid:
        raise _unauthenticated()
    # A service account may present a token it has signed itself in place of an access token.
    if claims.get("iss") == uid and uid.endswith(_SERVICE_ACCOUNTS):
        return ADMIN
    return Caller(is_admin=False, auth=Auth(uid, claims))


def _claims(token: str) -> dict[str, Any]:
    segments = token.split(".")
    if len(segments) != 3:
        raise _unauthenticated()
    _header, claims = (_json_object(segment) for segment in segments[:2])
    return claims


def _json_object(segment: str) -> dict[str, Any]:
    try:
        text = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
        value = json.loads(text, parse_int=_number, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise _unauthenticated() from None
    if not isinstance(value, dict):
        raise _unauthenticated()
    return value


def _number(digits: str) -> int | float:
    """Rules know integers of 64 bits; what is larger is a float to them."""
    value = int(digits)
    return value if value in _INT64 else float(digits)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _unauthenticated() -> FirestoreError:
    return FirestoreError(grpc.StatusCode.UNAUTHENTICATED, "The authorization is not a valid ID token.")
