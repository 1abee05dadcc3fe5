"""An HTTP target of tasks: it keeps every request and answers as a test tells it to."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DEADLINE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Received:
    """One request: headers by lower-case name."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def task_id(self) -> str:
        return self.headers["x-cloudtasks-taskname"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class Target:
    """Listens on a free port of 127.0.0.1 until `close`."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.answer: Callable[[Received], int] = lambda request: 200
        """The status for a request; called in a thread a request, so it may block."""
        self.answer_headers: dict[str, str] = {}
        self._arrived = threading.Condition()
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = target._take(Received(self.command, self.path, headers, body))
                # Whoever asked may be gone by now, killed by the test.
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in target.answer_headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(b"ok")

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = handle_any  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/work"

    def wait_for(self, count: int) -> list[Received]:
        """The first requests, in the order of their arrival, once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, DEADLINE_SECONDS), self.requests
            return self.requests[:count]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, request: Received) -> int:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        return self.answer(request)


@contextlib.contextmanager
def listening() -> Iterator[Target]:
    target = Target()
    yield target
    target.close()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; fails if it does not in time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
