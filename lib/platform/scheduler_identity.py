"""Whether a request comes from Cloud Scheduler: the OIDC token that its jobs send, verified."""

from lib.domain.errors import PermissionDenied
from lib.platform import deployment
from lib.platform.oidc import bearer_claims, calls_as


def require_scheduler(function: str, authorization: str | None) -> None:
    """Return if the request to a function comes from its schedule; `authorization` is the header of that name.

    Raises Unauthenticated without a valid token, PermissionDenied for a valid one that is for another function or
    another account, Unavailable when Google's certificates cannot be fetched.
    """
    claims = bearer_claims(authorization, emulated=deployment.functions_emulated())
    # The Firebase CLI names no audience in the jobs it makes, so it is the address the job calls: Cloud Run's.
    if not deployment.is_address_of(function, str(claims.get("aud"))):
        raise PermissionDenied("the token is for another function", reason="wrong_audience")
    if not calls_as(claims, deployment.scheduler_account()):
        raise PermissionDenied("this function is called by its schedule only", reason="not_the_scheduler")
