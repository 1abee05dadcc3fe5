"""HTTP functions that anybody may read: GET and HEAD, from any origin, with problem details for errors."""

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias

from firebase_functions import https_fn
from flask import Request, Response

from functions.edge import errors, runtime

Endpoint: TypeAlias = Callable[[Request], Response]

_METHODS = ("GET", "HEAD")
# The same for every caller, so that shared caches need not tell sites apart.
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": ", ".join(_METHODS)}

runtime.configure()


def on_get(handler: Endpoint) -> Endpoint:
    """Declares an HTTP function of the handler's name."""

    @functools.wraps(handler)
    def answer(request: Request) -> Response:
        response = _answer(handler, request)
        response.headers.update(_CORS)
        return response

    endpoint: Endpoint = https_fn.on_request()(answer)
    return endpoint


def _answer(handler: Endpoint, request: Request) -> Response:
    if request.method == "OPTIONS":
        return Response(status=HTTPStatus.NO_CONTENT)
    if request.method not in _METHODS:
        refusal = errors.problem_response(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are allowed here")
        refusal.headers["Allow"] = ", ".join(_METHODS)
        return refusal
    try:
        return handler(request)
    except Exception as error:  # noqa: BLE001  # nothing may reach the caller but what `public` lets through
        return errors.problem(errors.public(handler.__name__, error))
