"""Whether a request comes from one of our queues: the OIDC token that Cloud Tasks sends, verified."""

from lib.domain.errors import PermissionDenied
from lib.platform import deployment
from lib.platform.oidc import bearer_claims, calls_as


def require_queue(function: str, authorization: str | None) -> None:
    """Return if the request to a function comes from its queue; `authorization` is the header of that name.

    Raises Unauthenticated without a valid token, PermissionDenied for a valid one that is for another function or
    another account, Unavailable when Google's certificates cannot be fetched.
    """
    claims = bearer_claims(authorization, emulated=deployment.tasks_emulator() is not None)
    if claims.get("aud") != deployment.function_url(function):
        raise PermissionDenied("the token is for another function", reason="wrong_audience")
    if not calls_as(claims, deployment.tasks_account()):
        raise PermissionDenied("this function is called by its queue only", reason="not_the_queue")
