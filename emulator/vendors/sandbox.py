"""What all sandboxes share: addresses, control over HTTP, counted requests, faults, and one lock around the state."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import flask

from emulator.vendors import faults
from emulator.vendors.faults import Fault, FaultPlan

_RECENT = 200


class Refusal(Exception):
    """A request the vendor does not grant: its HTTP status and a short code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class Sandbox(ABC):
    """One vendor. It serves `/{name}/…` as the vendor does and `/sandbox/{name}/…` for whoever controls it.

    `now` gives unix seconds. A subclass adds its routes in `add_routes` and `add_control`; their functions run one at a
    time, so state needs no lock of its own.
    """

    name: str

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.faults = FaultPlan()
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._recent: deque[dict[str, Any]] = deque(maxlen=_RECENT)

    @abstractmethod
    def add_routes(self, blueprint: flask.Blueprint) -> None:
        """The vendor's own addresses."""

    @abstractmethod
    def add_control(self, blueprint: flask.Blueprint) -> None:
        """Addresses to seed and to look at the state, below /sandbox/{name}."""

    @abstractmethod
    def reset(self) -> None:
        """Forget everything that was seeded."""

    @abstractmethod
    def refusal(self, status: int, code: str) -> Any:
        """The JSON with which the vendor says no."""

    def inbox(self) -> list[dict[str, Any]]:
        """What the vendor has delivered to people: each with `to` and `at`, oldest first. Most deliver nothing."""
        return []

    def blueprint(self) -> flask.Blueprint:
        """Everything below /{name}: counted, and failing as planned."""
        blueprint = flask.Blueprint(self.name, self.name, url_prefix=f"/{self.name}")
        self.add_routes(blueprint)
        blueprint.before_request(self._before)
        blueprint.after_request(self._after)
        blueprint.errorhandler(Refusal)(self._refused)
        return blueprint

    def control(self) -> flask.Blueprint:
        """Everything below /sandbox/{name}."""
        name = f"sandbox_{self.name}"
        blueprint = flask.Blueprint(name, name, url_prefix=f"/sandbox/{self.name}")
        blueprint.add_url_rule("", "forget", self._forget, methods=["DELETE"])
        blueprint.add_url_rule("/requests", "requests", self._requests, methods=["GET", "DELETE"])
        blueprint.add_url_rule("/faults", "faults", self._faults, methods=["GET", "POST", "DELETE"])
        self.add_control(blueprint)
        blueprint.errorhandler(Refusal)(self._refused)
        blueprint.errorhandler(KeyError)(lambda error: (flask.jsonify({"error": f"unknown or missing: {error}"}), 400))
        return blueprint

    def locked(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """The view, one request at a time."""

        def run(**arguments: str) -> Any:
            with self._lock:
                return view(**arguments)

        return run

    def _before(self) -> flask.Response | None:
        request = flask.request
        path = request.path.removeprefix(f"/{self.name}")
        with self._lock:
            self._counts[f"{request.method} {request.url_rule}".replace(f"/{self.name}", "", 1)] += 1
            self._recent.append({"method": request.method, "path": path, "query": request.args.to_dict()})
        flask.g.distorting = []
        for fault in self.faults.take(request.method, path):
            if fault.kind == "delay":
                self.faults.wait(fault.seconds)
            elif fault.kind in faults.INSTEAD and not fault.after_effect:
                return self._instead(fault)
            else:
                flask.g.distorting.append(fault)
        return None

    def _after(self, response: flask.Response) -> flask.Response:
        for fault in flask.g.distorting:
            response = self._instead(fault) if fault.kind in faults.INSTEAD else faults.distort(fault, response)
        return response

    def _instead(self, fault: Fault) -> flask.Response:
        return faults.instead(fault, self.faults, lambda status: self.refusal(status, "sandbox"))

    def _refused(self, refusal: Refusal) -> tuple[flask.Response, int]:
        return flask.jsonify(self.refusal(refusal.status, refusal.code)), refusal.status

    def _forget(self) -> tuple[str, int]:
        self.faults.clear()
        with self._lock:
            self._counts.clear()
            self._recent.clear()
            self.reset()
        return "", 204

    def _requests(self) -> Any:
        with self._lock:
            told = {"total": self._counts.total(), "byRoute": dict(self._counts), "recent": list(self._recent)}
            if flask.request.method == "DELETE":
                self._counts.clear()
                self._recent.clear()
        return flask.jsonify(told)

    def _faults(self) -> Any:
        if flask.request.method == "DELETE":
            self.faults.clear()
        elif flask.request.method == "POST":
            try:
                self.faults.add(Fault.from_json(body_object()))
            except ValueError as error:
                return flask.jsonify({"error": str(error)}), 400
        return flask.jsonify(self.faults.listing())


def body_object() -> dict[str, Any]:
    """The request's JSON object; raises Refusal (400) if it is none."""
    value = flask.request.get_json(silent=True)
    if not isinstance(value, dict):
        raise Refusal(400, "invalid_body")
    return value
