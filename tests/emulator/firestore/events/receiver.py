"""An HTTP endpoint that stands where a function would: it keeps every request and answers as a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.events.cloud.firestore import DocumentEventData


@dataclass(frozen=True, slots=True)
class Received:
    """One POST: headers by lower-case name."""

    path: str
    headers: dict[str, str]
    body: bytes
    port: int

    @property
    def id(self) -> str:
        return self.headers["ce-id"]

    @property
    def document(self) -> str:
        return self.headers["ce-document"]

    @property
    def data(self) -> Any:
        """The DocumentEventData in the body."""
        return DocumentEventData.pb(DocumentEventData.deserialize(self.body))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    """The default of 5 drops connections that come at the same time; they would come back only after a second."""


class Receiver:
    """Listens on a free port of 127.0.0.1 from construction until `close`."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.answer: Callable[[Received], int] = lambda request: 200
        """The status for a request; called in a thread a connection, so it may block."""
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(self.path, headers, body, self.client_address[1])
                with receiver._lock:
                    receiver.requests.append(request)
                self.send_response(receiver.answer(request))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                """Silent."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, path: str = "/events") -> str:
        return f"http://{self.address}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
