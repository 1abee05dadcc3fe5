"""A caller of the REST face that knows one database and nothing of Firestore's message types."""

from __future__ import annotations

from typing import Any

import requests

_TIMEOUT_SECONDS = 30


class RestClient:
    """Sends requests below `/v1/projects/{project}/databases/{database}/documents` and keeps one connection."""

    def __init__(self, address: str, project: str, database: str = "(default)") -> None:
        """`address`: host:port of the local Firestore."""
        self.root = f"projects/{project}/databases/{database}/documents"
        self._base = f"http://{address}/v1/{self.root}"
        self._session = requests.Session()
        self._session.headers["Authorization"] = "Bearer owner"

    def close(self) -> None:
        self._session.close()

    def name(self, path: str) -> str:
        """The resource name of a document."""
        return f"{self.root}/{path}"

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """The raw answer; `path` follows `documents` ("/c/d", ":commit"), `options` are those of requests."""
        if body is not None:
            options["json"] = body
        return self._session.request(method, self._base + path, timeout=_TIMEOUT_SECONDS, **options)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The JSON of an answer that must be a success."""
        answer = self.send(method, path, body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str, str]:
        """HTTP status, canonical status and message of an answer that must be a refusal in the documented form."""
        answer = self.send(method, path, body, **options)
        document = answer.json()
        error = document[0]["error"] if isinstance(document, list) else document["error"]
        assert error["code"] == answer.status_code >= 400
        return answer.status_code, error["status"], error["message"]
