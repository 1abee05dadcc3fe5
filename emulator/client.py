"""What tests and tools ask of a running stack over HTTP: call functions, wait for events, disturb them, read usage."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from emulator.tokens import id_token

_TIMEOUT_SECONDS = 60
_REGION = "us-central1"


class CallFailed(Exception):
    """A callable answered with an error: `status` is canonical ("FAILED_PRECONDITION"), `code` the HTTP status."""

    def __init__(self, code: int, error: dict[str, Any]) -> None:
        self.code = code
        self.status: str = error.get("status", "")
        self.message: str = error.get("message", "")
        self.details: Any = error.get("details")
        super().__init__(f"{self.status}: {self.message}")


class StackClient:
    """One project on a stack, whose addresses are given as host:port. Not for use by several threads at once."""

    def __init__(self, project: str, firestore: str, functions: str | None = None) -> None:
        self.project = project
        self._admin = f"http://{firestore}/emulator/v1/projects/{quote(project)}"
        self._functions = f"http://{functions}"
        self._session = requests.Session()

    def close(self) -> None:
        self._session.close()

    def url(self, name: str) -> str:
        """The address of a callable or HTTP function."""
        return f"{self._functions}/{self.project}/{_REGION}/{name}"

    def token(self, org: str, role: str, uid: str = "someone", **claims: Any) -> str:
        """An ID token that the stack accepts: a member of `org` with a role, and more claims if given."""
        return id_token(self.project, uid, {"orgId": org, "role": role, **claims})

    def call(self, name: str, data: Any = None, *, token: str | None = None) -> Any:
        """The result of a callable, by the Firebase callable protocol; raises CallFailed."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = self._session.post(self.url(name), json={"data": data}, headers=headers, timeout=_TIMEOUT_SECONDS)
        if not answer.headers.get("Content-Type", "").startswith("application/json"):
            raise CallFailed(answer.status_code, {"message": answer.text})
        body = answer.json()
        if "error" in body:
            raise CallFailed(answer.status_code, body["error"])
        return body["result"]

    def get(self, name: str, path: str = "", **parameters: str) -> requests.Response:
        """The answer of an HTTP function to a GET."""
        return self._session.get(f"{self.url(name)}{path}", params=parameters, timeout=_TIMEOUT_SECONDS)

    def events(self) -> dict[str, Any]:
        """Counters of document events: pending, delivered, failed, retried, dropped, duplicated and so on."""
        return self._request("GET", "/events")

    def drain(self, timeout_seconds: float = 30) -> dict[str, Any]:
        """Wait until no event is pending and return the counters; raises TimeoutError, with them, if some remain."""
        status = self._request("GET", f"/events?drain={timeout_seconds:g}", timeout_seconds + _TIMEOUT_SECONDS)
        if status["pending"]:
            raise TimeoutError(f"events are still pending after {timeout_seconds:g} s: {status}")
        return status

    def set_faults(self, **plan: float) -> None:
        """Disturb the events of later commits: seed, and shares of duplicate, delay, reorder, drop; delay_seconds."""
        self._request("PUT", "/events/faults", body=plan)

    def clear_faults(self) -> None:
        self._request("DELETE", "/events/faults")

    def reset_events(self) -> None:
        """Forget waiting events, counters and faults."""
        self._request("DELETE", "/events")

    def usage(self) -> dict[str, Any]:
        """Reads, writes and deletes as Firestore would bill them, since the last reset."""
        return self._request("GET", "/usage")

    def reset_usage(self) -> dict[str, Any]:
        """The usage up to now; counting starts anew."""
        return self._request("DELETE", "/usage")

    def clear(self, database: str = "(default)") -> None:
        """Delete all documents of the project's database, without events."""
        self._request("DELETE", f"/databases/{database}/documents")

    def _request(
        self, method: str, path: str, timeout_seconds: float = _TIMEOUT_SECONDS, body: Any = None
    ) -> dict[str, Any]:
        answer = self._session.request(method, f"{self._admin}{path}", json=body, timeout=timeout_seconds)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        document: dict[str, Any] = answer.json()
        return document
