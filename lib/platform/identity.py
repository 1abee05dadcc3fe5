"""Who is calling: Firebase ID tokens, verified by the Admin SDK, turned into callers."""

import os
import threading
from collections.abc import Mapping
from typing import Any

import firebase_admin
from firebase_admin.exceptions import FirebaseError

from lib.domain.access import Caller, caller_from_claims
from lib.domain.errors import Unauthenticated, Unavailable

_lock = threading.Lock()


def prepare() -> None:
    """Makes the Admin SDK's app, with which the functions SDK verifies tokens, unless it is there for this project.

    The environment names the project, as it does for the database, so one process can serve several in turn. With
    FIREBASE_AUTH_EMULATOR_HOST set the Admin SDK accepts unsigned tokens; it must never be set in production.
    """
    project = os.environ.get("GOOGLE_CLOUD_PROJECT")
    with _lock:
        app = _app()
        if app and project in (None, app.project_id):
            return
        if app:
            firebase_admin.delete_app(app)
        firebase_admin.initialize_app(options={"projectId": project} if project else None)


def caller(claims: Mapping[str, Any] | None) -> Caller:
    """The caller whom verified claims describe. Raises Unauthenticated when the request carried no token."""
    if claims is None:
        raise Unauthenticated("sign in to call this function")
    return caller_from_claims(claims)


def verified(authorization: str | None) -> Mapping[str, Any]:
    """The claims of the Firebase ID token in a header Authorization, for functions that are no callables.

    Raises Unauthenticated without a valid one, Unavailable when Google's certificates cannot be fetched.
    """
    from firebase_admin import auth

    prepare()
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("sign in to call this function")
    try:
        claims: Mapping[str, Any] = auth.verify_id_token(token)
    except auth.CertificateFetchError as error:
        raise Unavailable("the caller cannot be verified at the moment, try again") from error
    except (ValueError, FirebaseError) as error:
        raise Unauthenticated("the token is not valid") from error
    return claims


def _app() -> Any:
    try:
        return firebase_admin.get_app()
    except ValueError:
        return None
