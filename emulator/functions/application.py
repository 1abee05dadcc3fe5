"""The functions host as a WSGI application: every function of main.py at the addresses of the Firebase emulator.

| Address | What |
|---|---|
| `/{project}/{region}/{name}[/...]` | callables, HTTP, task and schedule functions; the rest of the path is theirs |
| `/functions/projects/{project}/triggers/{region}-{name}-0` | events in binary-mode CloudEvents, and the above too |
| `GET /` | the functions and their addresses, as JSON |
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import flask
from cloudevents.http import CloudEvent

from emulator.functions.loader import Function

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.local import LocalProxy

_log = logging.getLogger(__name__)

_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
_FUNCTION = "perennial.function"
_TRIGGER_PATH = re.compile(r"/functions/projects/([^/]+)/triggers/([^/]+)/?")
_FUNCTION_PATH = re.compile(r"(/([^/]+)/([^/]+)/([^/]+))(/.*)?")
_EVENT_HEADER = "HTTP_CE_"
_EVENT_ATTRIBUTES = frozenset({"id", "source", "specversion", "type"})


class Application:
    """Serves the functions of one project; safe to call from many threads at once."""

    def __init__(self, project: str, functions: Sequence[Function]) -> None:
        self._project = project
        self._functions = functions
        self._by_path = {(region, it.name): it for it in functions for region in it.regions}
        self._by_key = {key: it for it in functions for key in it.trigger_keys}
        self._flask = _flask_application()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path in ("", "/"):
            return _answer(start_response, "200 OK", json.dumps(self.listing(), indent=2), "application/json")
        trigger = _TRIGGER_PATH.fullmatch(path)
        if trigger is not None:
            function = self._by_key.get(trigger[2]) if trigger[1] == self._project else None
            prefix, rest = path, "/"
        else:
            address = _FUNCTION_PATH.fullmatch(path)
            known = address is not None and address[2] == self._project
            function = self._by_path.get((address[3], address[4])) if address is not None and known else None
            prefix, rest = (address[1], address[5] or "/") if address is not None else ("", path)
        if function is None or (function.trigger is not None and trigger is None):
            names = ", ".join(it.name for it in self._functions)
            return _answer(start_response, "404 Not Found", f"No function at {path}. This project has: {names}\n")
        if function.trigger is not None:
            return _run_event(function, environ, start_response)
        return self._flask({**environ, _FUNCTION: function, "SCRIPT_NAME": prefix, "PATH_INFO": rest}, start_response)

    def listing(self) -> dict[str, Any]:
        """The project and its functions: name, kind, paths, what events listen to, and when schedules are called."""
        return {"project": self._project, "functions": [self._describe(it) for it in self._functions]}

    def _describe(self, function: Function) -> dict[str, Any]:
        if function.trigger is None:
            paths = [f"/{self._project}/{region}/{function.name}" for region in function.regions]
            when = {} if function.schedule is None else {"schedule": asdict(function.schedule)}
            return {"name": function.name, "kind": function.kind, "paths": paths, **when}
        trigger = function.trigger
        return {
            "name": function.name,
            "kind": function.kind,
            "paths": [f"/functions/projects/{self._project}/triggers/{key}" for key in function.trigger_keys],
            "eventType": trigger.event_type,
            "filters": {**trigger.filters, **trigger.patterns},
            "retry": trigger.retry,
        }


def _flask_application() -> flask.Flask:
    """One Flask application for all: the functions' SDK works on Flask's request and context, as when deployed."""
    app = flask.Flask("functions", static_folder=None)

    def run(path: str) -> Any:
        function: Function = flask.request.environ[_FUNCTION]
        try:
            return app.make_response(function.handler(_current_request()))
        except Exception:  # noqa: BLE001 - what a function raises is its failure, not the host's
            _log.exception("%s failed", function.name)
            return flask.make_response("Internal Server Error", 500, {"X-Google-Status": "crash"})

    # OPTIONS too goes to the function: the SDK's callables answer CORS preflights themselves.
    for rule in ("/", "/<path:path>"):
        defaults = {"path": ""} if rule == "/" else None
        app.add_url_rule(rule, "run", run, methods=_METHODS, defaults=defaults, provide_automatic_options=False)
    return app


def _current_request() -> flask.Request:
    """The request itself: functions may hand it to other threads, where Flask's stand-in for it would be lost."""
    return cast("LocalProxy[flask.Request]", flask.request)._get_current_object()


def _run_event(function: Function, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    attributes = {
        name.removeprefix(_EVENT_HEADER).lower(): value
        for name, value in environ.items()
        if name.startswith(_EVENT_HEADER)
    }
    missing = sorted(_EVENT_ATTRIBUTES - attributes.keys())
    if missing:
        return _answer(start_response, "400 Bad Request", f"Not a CloudEvent: header ce-{missing[0]} is missing.\n")
    attributes["datacontenttype"] = environ.get("CONTENT_TYPE") or "application/protobuf"
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        function.handler(CloudEvent(attributes, _protobuf(body)))
    except Exception as error:  # noqa: BLE001 - what a function raises is its failure, not the host's
        _log.exception("%s failed on %s (event %s)", function.name, attributes.get("document"), attributes["id"])
        return _answer(start_response, "500 Internal Server Error", f"{type(error).__name__}: {error}\n")
    return _answer(start_response, "200 OK", "OK")


def _protobuf(body: bytes) -> bytes:
    """The event's body, decoded if it comes in base64, as the official Firestore emulator sends it.

    DocumentEventData begins with the tag of its first or second field, in base64 C or E; neither letter can begin a
    serialised message of this type.
    """
    return base64.b64decode(body) if body[:1] in (b"C", b"E") else body


def _answer(
    start_response: StartResponse, status: str, text: str, content_type: str = "text/plain; charset=utf-8"
) -> Iterable[bytes]:
    body = text.encode()
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
