"""Webhooks: what vendors post to us, handed on as the bytes they signed, and their question whether we are there.

Who sent it is for the use case to find out, from the bytes and headers; here only what is too much is turned away.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

from firebase_functions import https_fn
from flask import Request, Response, json

from functions.edge import errors, runtime

Endpoint: TypeAlias = Callable[[Request], Response]

BODY_BYTES_MAX = 65_536

runtime.configure()


@dataclass(frozen=True, slots=True)
class Webhook:
    """One delivery. `path`: what follows the function's own address, without slashes around it. Headers are found by
    their names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


def on_webhook(
    challenge: Callable[[str], str] | None = None, *, body_bytes_max: int = BODY_BYTES_MAX
) -> Callable[[Callable[[Webhook], dict[str, Any]]], Endpoint]:
    """Declares an HTTP function of the handler's name: POST hands on a delivery and answers with the JSON returned.

    `GET ?challenge=` answers with what `challenge` makes of it, as text, where the vendor asks. A body of more than
    `body_bytes_max` is refused before it is read. Errors are problem details.
    """
    methods = ("GET", "POST") if challenge else ("POST",)

    def declare(handler: Callable[[Webhook], dict[str, Any]]) -> Endpoint:
        @functools.wraps(handler)
        def answer(request: Request) -> Response:
            if request.method not in methods:
                refusal = errors.problem_response(
                    HTTPStatus.METHOD_NOT_ALLOWED, f"nothing but {' and '.join(methods)} is allowed here"
                )
                refusal.headers["Allow"] = ", ".join(methods)
                return refusal
            try:
                if challenge and request.method == "GET":
                    return _challenged(request, challenge)
                return _delivered(request, handler, body_bytes_max)
            except Exception as error:  # noqa: BLE001  # nothing may reach the caller but what `public` lets through
                return errors.problem(errors.public(handler.__name__, error))

        endpoint: Endpoint = https_fn.on_request()(answer)
        return endpoint

    return declare


def _challenged(request: Request, challenge: Callable[[str], str]) -> Response:
    return Response(
        challenge(request.args.get("challenge", "")),
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


def _delivered(request: Request, handler: Callable[[Webhook], dict[str, Any]], body_bytes_max: int) -> Response:
    # A length that is not said could be any.
    length = request.content_length
    if length is None:
        return errors.problem_response(HTTPStatus.LENGTH_REQUIRED, "the body's length must be said")
    if length > body_bytes_max:
        return errors.problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
    headers = {name.lower(): value for name, value in request.headers.items()}
    told = handler(Webhook(request.path.strip("/"), headers, request.get_data(cache=False)))
    return Response(json.dumps(told), content_type="application/json", headers={"Cache-Control": "no-store"})
