"""HTTP functions in the dashboard's own form: `{"success": true, …}`, or `{"success": false, "error": …}` and a status.

For routes that the dashboard and its scheduled jobs called before there was a product; everything new is a callable.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

from firebase_functions import https_fn
from flask import Request, Response, json

from functions.edge import errors, runtime
from functions.edge.inputs import org_of
from functions.edge.schedules import SECONDS_MAX, knows_secret
from lib.domain.access import Action, Reach, authorise
from lib.domain.errors import ErrorKind, InvalidInput, PerennialError, PermissionDenied
from lib.domain.ledger import Actor
from lib.platform import identity

Endpoint: TypeAlias = Callable[[Request], Response]

_CRON = Actor("system", "cron")

runtime.configure()


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorised request: about which org, by whom, and whether it changes something (POST)."""

    org_id: str
    actor: Actor
    data: Mapping[str, Any]
    is_post: bool

    def text(self, name: str) -> str | None:
        """A field of the body or the query, None where it is absent or empty. Raises InvalidInput for no text."""
        value = self.data.get(name)
        if value is not None and not isinstance(value, str):
            raise InvalidInput("must be a string", pointer=f"/{name}")
        return value or None


def on_dashboard(action: Action) -> Callable[[Callable[[Asked], Mapping[str, Any]]], Endpoint]:
    """Declares an HTTP function of the handler's name, for GET and POST by whoever may do `action`.

    The caller is known by a Firebase ID token, or is a job that knows the secret CRON_SECRET.
    """

    def declare(handler: Callable[[Asked], Mapping[str, Any]]) -> Endpoint:
        @functools.wraps(handler)
        def answer(request: Request) -> Response:
            try:
                if request.method not in ("GET", "POST"):
                    return _response({"error": "only GET and POST are allowed here"}, HTTPStatus.METHOD_NOT_ALLOWED)
                return _response(handler(_asked(request, action)), HTTPStatus.OK)
            except Exception as error:  # noqa: BLE001  # nothing may reach the caller but what `public` lets through
                told = errors.public(handler.__name__, error)
                return _response({"error": told.message, "reason": told.reason}, _status_of(told))

        endpoint: Endpoint = https_fn.on_request(timeout_sec=SECONDS_MAX)(answer)
        return endpoint

    return declare


def _asked(request: Request, action: Action) -> Asked:
    """Token first: a stranger learns nothing about what there is."""
    authorization = request.headers.get("Authorization")
    is_job = knows_secret(authorization)
    caller = None if is_job else identity.caller(identity.verified(authorization))
    body = request.get_json(silent=True) if request.method == "POST" else None
    data = {**request.args.to_dict(), **(body if isinstance(body, dict) else {})}
    org_id = org_of(data)
    if caller is None:
        return Asked(org_id, _CRON, data, request.method == "POST")
    if authorise(caller, org_id, action) is not Reach.WHOLE_ORG:
        raise PermissionDenied("the caller's role does not allow this", reason="role")
    return Asked(org_id, Actor("staff", caller.uid), data, request.method == "POST")


def _status_of(error: PerennialError) -> HTTPStatus:
    """400 where something is not configured, as it always was here."""
    is_precondition = error.kind is ErrorKind.FAILED_PRECONDITION
    return HTTPStatus.BAD_REQUEST if is_precondition else errors.status_of(error)


def _response(body: Mapping[str, Any], status: HTTPStatus) -> Response:
    told = {"success": status is HTTPStatus.OK, **body}
    return Response(json.dumps(told), status.value, {"Cache-Control": "no-store"}, content_type="application/json")
