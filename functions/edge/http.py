"""HTTP functions that anybody may read: GET and HEAD, from any origin, with problem details for errors."""

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias

from firebase_functions import https_fn, options
from flask import Request, Response

from functions.edge import errors, runtime

Endpoint: TypeAlias = Callable[[Request], Response]

_METHODS = ["GET", "HEAD"]

runtime.configure()


def on_get(handler: Endpoint) -> Endpoint:
    """Declares an HTTP function of the handler's name."""

    @functools.wraps(handler)
    def answer(request: Request) -> Response:
        if request.method not in _METHODS:
            refusal = errors.problem_response(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are allowed here")
            refusal.headers["Allow"] = ", ".join(_METHODS)
            return refusal
        try:
            return handler(request)
        except Exception as error:  # noqa: BLE001  # nothing may reach the caller but what `public` lets through
            return errors.problem(errors.public(handler.__name__, error))

    cors = options.CorsOptions(cors_origins="*", cors_methods=_METHODS)
    endpoint: Endpoint = https_fn.on_request(cors=cors)(answer)
    return endpoint
