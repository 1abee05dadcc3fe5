"""A TCP server that answers with exactly the bytes it is told to, or with none: for what web servers never do."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Answer = Callable[[socket.socket], None]


def json_answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole HTTP answer after which the connection is closed."""
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


class RawServer:
    """Reads one request a connection, then does what the next of `answers` says, the last one again and again."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.answers: list[Answer] = []
        self.requests: list[bytes] = []
        self.ended = threading.Event()
        """Set when the test is over; an answer that hangs waits for it."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def says(self, *answers: bytes | Answer) -> None:
        """What the next requests get: bytes, or whatever is done with the connection."""
        self.answers = [_sending(answer) if isinstance(answer, bytes) else answer for answer in answers]

    def hang(self, connection: socket.socket) -> None:
        """No answer at all."""
        self.ended.wait()

    def reset(self, connection: socket.socket) -> None:
        """End the connection the hard way (RST), after the request has been read."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def drip(self, connection: socket.socket) -> None:
        """Headers, and then a byte now and then: never silent for long, and never done."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        with contextlib.suppress(OSError):
            while not self.ended.wait(0.02):
                connection.sendall(b" ")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # A thread a connection: a client that gave up on one that hangs comes with the next.
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), self._secured(connection) as connection:
            request = _read_request(connection)
            answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
            self.requests.append(request)
            answer(connection)

    def _secured(self, connection: socket.socket) -> socket.socket:
        return connection if self._tls is None else self._tls.wrap_socket(connection, server_side=True)


def _sending(answer: bytes) -> Answer:
    return lambda connection: connection.sendall(answer)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
