"""A chat's webhook on this machine: it keeps what operators would have been told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Chat:
    """`url`: the webhook. `posted`: the bodies so far, oldest first."""

    url: str
    posted: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Chat]:
    """A chat on a free port, which answers as Discord does: 204."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            chat.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: what was posted is kept."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        chat = Chat(f"http://127.0.0.1:{server.server_port}/webhook")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS})
        thread.start()
        try:
            yield chat
        finally:
            server.shutdown()
            thread.join()
