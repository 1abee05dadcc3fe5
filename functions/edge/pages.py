"""Pages for people who follow a link in a message: plain HTML, nothing in it but words and at most one form.

No script, no picture and nothing of another host runs on them, whatever a name in them may hold.
"""

import functools
import html
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from firebase_functions import https_fn
from flask import Request, Response

from functions.edge import errors, runtime
from lib.domain.errors import ErrorKind

Endpoint: TypeAlias = Callable[[Request], Response]

FORM_BYTES_MAX = 8_192
VISITS_PER_MINUTE = 300
"""From one address to one instance. Mail providers send the clicks of many people from few addresses."""

_METHODS = ("GET", "HEAD", "POST")
_VISITORS_MAX = 10_000
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    # The address of the page holds the token.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_HTML = "text/html; charset=utf-8"
_STYLE = (
    "body{font:18px/1.5 sans-serif;max-width:32em;margin:4em auto;padding:0 1em}button{font:inherit;padding:.4em 1em}"
)

runtime.configure()


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a page. `path`: what follows the function's own address, without slashes around it. `form` is
    empty unless something is posted; repeated fields count once. `reads`: a GET, and not a HEAD that only looks."""

    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    posts: bool
    reads: bool


@dataclass(frozen=True, slots=True)
class Button:
    """Posts one field back to the very address of the page."""

    label: str
    name: str
    value: str


def page(
    title: str, words: Iterable[str] = (), button: Button | None = None, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """A page of these words, which may hold anything: they are shown as they are."""
    parts = [f"<h1>{html.escape(title)}</h1>", *(f"<p>{html.escape(word)}</p>" for word in words)]
    if button:
        field = f'name="{html.escape(button.name)}" value="{html.escape(button.value)}"'
        parts.append(f'<form method="post"><button {field}>{html.escape(button.label)}</button></form>')
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
    text = f'<!doctype html><html lang="en"><head>{head}<title>{html.escape(title)}</title></head>'
    return Response(f"{text}<body>{''.join(parts)}</body></html>", status.value, _HEADERS, content_type=_HTML)


def to_address(url: str) -> Response:
    """Sends the visitor on. `url` is one that we have stored, never one that came with the request."""
    return Response(status=HTTPStatus.FOUND, headers={**_HEADERS, "Location": url})


def on_page(handler: Callable[[Visit], Response]) -> Endpoint:
    """Declares an HTTP function of the handler's name, for browsers and mail providers: GET, HEAD and POST of a form.

    More than `VISITS_PER_MINUTE` from one address are refused, and a form of more than `FORM_BYTES_MAX` before it is
    read. What goes wrong is told in a sentence.
    """
    visits = _Visits()

    @functools.wraps(handler)
    def answer(request: Request) -> Response:
        if request.method not in _METHODS:
            refusal = page("This page can only be read.", status=HTTPStatus.METHOD_NOT_ALLOWED)
            refusal.headers["Allow"] = ", ".join(_METHODS)
            return refusal
        if (request.content_length or 0) > FORM_BYTES_MAX:
            return page("That was too much.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not visits.let_in(_visitor(request)):
            refusal = page("Please try again in a minute.", status=HTTPStatus.TOO_MANY_REQUESTS)
            refusal.headers["Retry-After"] = "60"
            return refusal
        try:
            return handler(_visit(request))
        except Exception as error:  # noqa: BLE001  # nothing may reach the visitor but what `public` lets through
            told = errors.public(handler.__name__, error)
            busy = told.kind is ErrorKind.UNAVAILABLE
            status = HTTPStatus.SERVICE_UNAVAILABLE if busy else HTTPStatus.INTERNAL_SERVER_ERROR
            return page("This did not work. Please try again in a minute.", status=status)

    endpoint: Endpoint = https_fn.on_request()(answer)
    return endpoint


def _visit(request: Request) -> Visit:
    posts = request.method == "POST"
    # A form whose length is not said is not read; a one-click has all it needs in its address.
    form = request.form.to_dict() if posts and request.content_length else {}
    return Visit(request.path.strip("/"), request.args.to_dict(), form, posts, reads=request.method == "GET")


def _visitor(request: Request) -> str:
    """The last entry is Google's own; those before it are whatever the visitor has sent."""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded or request.remote_addr or ""


class _Visits:
    """Counts visits by visitor and minute, in this process; forgets when the minute is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, int] = {}

    def let_in(self, visitor: str) -> bool:
        minute = int(time.monotonic() // 60)
        with self._lock:
            if minute != self._minute or len(self._counts) >= _VISITORS_MAX:
                self._minute, self._counts = minute, {}
            self._counts[visitor] = self._counts.get(visitor, 0) + 1
            return self._counts[visitor] <= VISITS_PER_MINUTE
