"""The demo's HTTP: the functions' callables as an app calls them, and the local Firestore's own counters."""

import time
from dataclasses import dataclass, field
from typing import Any

import requests

_TIMEOUT_SECONDS = 30.0
_DRAIN_SECONDS_PER_REQUEST = 20.0


class CallFailed(Exception):
    """A callable ended with an error; `status` is the protocol's canonical code, such as PERMISSION_DENIED."""

    def __init__(self, name: str, status: str, message: str) -> None:
        super().__init__(f"{name}: {status}: {message}")
        self.status = status


@dataclass(slots=True)
class Callables:
    """Calls functions by the Firebase callable protocol with one caller's ID token; not shared between threads."""

    base_url: str
    token: str
    seconds: list[float] = field(default_factory=list)
    _session: requests.Session = field(default_factory=requests.Session)

    def call(self, name: str, **data: Any) -> dict[str, Any]:
        """The result of the callable; raises CallFailed when it is an error. Its duration is added to `seconds`."""
        started = time.perf_counter()
        answer = self._session.post(
            f"{self.base_url}/{name}",
            json={"data": data},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=_TIMEOUT_SECONDS,
        )
        self.seconds.append(time.perf_counter() - started)
        body = answer.json()
        if "error" in body:
            raise CallFailed(name, body["error"].get("status", "UNKNOWN"), body["error"].get("message", ""))
        result: dict[str, Any] = body["result"]
        return result

    def close(self) -> None:
        """Closes the connection."""
        self._session.close()


@dataclass(slots=True)
class LocalFirestore:
    """What the local Firestore says of one project besides its documents."""

    host: str
    project: str
    _session: requests.Session = field(default_factory=requests.Session)

    def usage(self) -> dict[str, int]:
        """Billed reads, writes and deletes since the last reset."""
        return self._get("usage")

    def reset_usage(self) -> None:
        """Counts from zero again."""
        self._session.delete(self._url("usage"), timeout=_TIMEOUT_SECONDS).raise_for_status()

    def events(self) -> dict[str, Any]:
        """Counters of event delivery: pending, delivered, retried, failed and more."""
        return self._get("events")

    def drain(self, deadline_seconds: float) -> bool:
        """Waits until every event has been delivered; False when some were not in time."""
        end = time.monotonic() + deadline_seconds
        while True:
            left = min(_DRAIN_SECONDS_PER_REQUEST, end - time.monotonic())
            if self._get("events", drain=max(0.0, left))["pending"] == 0:
                return True
            if time.monotonic() >= end:
                return False

    def close(self) -> None:
        """Closes the connection."""
        self._session.close()

    def _get(self, what: str, **parameters: float) -> dict[str, Any]:
        answer = self._session.get(self._url(what), params=parameters, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body

    def _url(self, what: str) -> str:
        return f"http://{self.host}/emulator/v1/projects/{self.project}/{what}"
