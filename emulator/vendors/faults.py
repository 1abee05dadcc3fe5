"""Failures on demand: which requests of a sandbox are to fail, how, and how often.

| Kind | What the client sees |
|---|---|
| `status` | HTTP `status`, with Retry-After: `retryAfter`; in the sandbox's own form, or a page with `html: true` |
| `success_false` | HTTP 200 that says that nothing was done |
| `html` | HTTP 200 and a web page |
| `hang` | nothing, for `seconds` or until the fault is cleared, then 503 |
| `delay` | the right answer, `seconds` late |
| `cut_body` | half of the answer, and then the connection is closed |
| `cut_json` | half of the answer, as if it were all |
| `half_page` | every list in the answer has half its items |
| `same_page` | the first answer given under this fault, again and again |
| `duplicates` | every item of a list twice |
| `wrong_types` | `field`, or every number if none is named, is an object instead |
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import flask

INSTEAD: Final = frozenset({"status", "success_false", "html", "hang"})
_OF_BODY: Final = frozenset({"cut_body", "cut_json", "half_page", "same_page", "duplicates", "wrong_types"})
KINDS: Final = INSTEAD | _OF_BODY | {"delay"}

_HANG_SECONDS_MAX = 300.0
_PAGE = "<!DOCTYPE html><html><head><title>Service</title></head><body><h1>Please stand by</h1></body></html>"


@dataclass
class Fault:
    """One instruction. `path`: a regular expression for the whole path below the sandbox's; `times`: None = until
    cleared; `skip`: so many matching requests pass first; `after_effect`: what is asked for is done all the same."""

    kind: str
    path: str = ".*"
    method: str = ""
    times: int | None = 1
    skip: int = 0
    status: int = 500
    retry_after: int | None = None
    html: bool = False
    seconds: float = _HANG_SECONDS_MAX
    field: str = ""
    after_effect: bool = False
    body: bytes | None = None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Fault:
        """Raises ValueError for an unknown kind, field or regular expression."""
        names = {"retryAfter": "retry_after", "afterEffect": "after_effect"}
        try:
            fault = cls(**{names.get(name, name): part for name, part in value.items()})
            re.compile(fault.path)
        except (TypeError, re.error) as error:
            raise ValueError(str(error)) from error
        if fault.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
        return fault

    def to_json(self) -> dict[str, Any]:
        """What is left of it."""
        return {"kind": self.kind, "path": self.path, "method": self.method, "times": self.times, "skip": self.skip}


class FaultPlan:
    """The faults of one sandbox, in the order in which they were asked for; used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._cleared = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget all, and let go of what hangs."""
        with self._lock:
            self._faults.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def listing(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.to_json() for fault in self._faults]

    def take(self, method: str, path: str) -> list[Fault]:
        """What is to happen to this request: all delays that match, and the first other fault that does."""
        taken: list[Fault] = []
        with self._lock:
            for fault in self._faults:
                if fault.method not in ("", method) or not re.fullmatch(fault.path, path):
                    continue
                if fault.skip:
                    fault.skip -= 1
                elif fault.kind == "delay" or all(other.kind == "delay" for other in taken):
                    taken.append(fault)
                    fault.times = None if fault.times is None else fault.times - 1
            self._faults = [fault for fault in self._faults if fault.times != 0]
        return taken

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the faults are cleared."""
        self._cleared.wait(min(seconds, _HANG_SECONDS_MAX))


def instead(fault: Fault, plan: FaultPlan, refusal: Callable[[int], Any]) -> flask.Response:
    """The answer of a fault instead of the right one. `refusal(status)` is the sandbox's own error form."""
    if fault.kind == "hang":
        plan.wait(fault.seconds)
    if fault.kind == "html" or fault.html:
        return flask.Response(_PAGE, 200 if fault.kind == "html" else fault.status, mimetype="text/html")
    status = {"status": fault.status, "success_false": 200, "hang": 503}[fault.kind]
    response = flask.jsonify(refusal(fault.status))
    response.status_code = status
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def distort(fault: Fault, response: flask.Response) -> flask.Response:
    """The right answer as a fault lets it through."""
    body = response.get_data()
    if fault.kind == "cut_body":
        # The length stays, so the server closes the connection when it sees that there is no more.
        response.set_data(body[: len(body) // 2])
        response.headers["Content-Length"] = str(len(body))
        return response
    if fault.kind == "cut_json":
        response.set_data(body[: len(body) // 2])
        return response
    if fault.kind == "same_page":
        fault.body = fault.body or body
        response.set_data(fault.body)
        return response
    response.set_data(json.dumps(_changed(fault, json.loads(body))))
    return response


def _changed(fault: Fault, value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _changed(fault, part, key) for key, part in value.items()}
    if fault.kind == "wrong_types":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if (fault.field == name and name) or (number and not fault.field):
            return {"value": value}
    if isinstance(value, list):
        items = [_changed(fault, item) for item in value]
        if fault.kind == "half_page":
            return items[: (len(items) + 1) // 2]
        return [item for item in items for _ in range(2)] if fault.kind == "duplicates" else items
    return value
