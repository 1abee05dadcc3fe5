"""The HTTP client of event delivery: POST over persistent connections, one request at a time on each.

h11 over asyncio streams costs this process about 0.1 ms of processor time a request; httpx costs eight times that, and
event delivery shares its event loop with the database.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import h11

from emulator.firestore.events.triggers import Destination

_READ_BYTES = 65536
_TEXT_BYTES_MAX = 4096


class Unreachable(Exception):
    """The request did not get an answer: refused, cut off, or not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status code and the beginning of the body, which says what went wrong when something did."""

    status: int
    text: str


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    http: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))
    answered: int = 0


class Sender:
    """Posts bodies and keeps the connections that can be used again."""

    def __init__(self) -> None:
        self._idle: defaultdict[tuple[str, int], list[_Connection]] = defaultdict(list)

    async def post(self, to: Destination, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Answer:
        """The endpoint's answer; raises Unreachable when there is none. Waits as long as the endpoint takes."""
        while True:
            connection = await self._connect(to)
            reused = connection.answered > 0
            try:
                answer = await _exchange(connection, to, headers, body)
            except (OSError, EOFError, h11.ProtocolError) as error:
                connection.writer.close()
                # The other side may have closed a kept connection meanwhile, which says nothing of the endpoint.
                if reused and isinstance(error, OSError | EOFError):
                    continue
                raise Unreachable(f"{type(error).__name__}: {error}") from error
            except BaseException:
                connection.writer.close()
                raise
            self._keep(to, connection)
            return answer

    def close(self) -> None:
        """Close the connections that are idle."""
        for connections in self._idle.values():
            for connection in connections:
                connection.writer.close()
        self._idle.clear()

    async def _connect(self, to: Destination) -> _Connection:
        idle = self._idle[to.host, to.port]
        while idle:
            connection = idle.pop()
            if not connection.reader.at_eof():
                return connection
            connection.writer.close()
        try:
            return _Connection(*await asyncio.open_connection(to.host, to.port))
        except OSError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    def _keep(self, to: Destination, connection: _Connection) -> None:
        if connection.http.our_state is h11.DONE and connection.http.their_state is h11.DONE:
            connection.http.start_next_cycle()
            connection.answered += 1
            self._idle[to.host, to.port].append(connection)
        else:
            connection.writer.close()


async def _exchange(
    connection: _Connection, to: Destination, headers: Sequence[tuple[bytes, bytes]], body: bytes
) -> Answer:
    http, writer = connection.http, connection.writer
    request = h11.Request(
        method="POST",
        target=to.path,
        headers=[(b"host", f"{to.host}:{to.port}".encode()), (b"content-length", b"%d" % len(body)), *headers],
    )
    writer.write(b"".join(http.send(event) or b"" for event in (request, h11.Data(data=body), h11.EndOfMessage())))
    await writer.drain()
    status, text = 0, bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            data = await connection.reader.read(_READ_BYTES)
            if not data and not status:
                raise EOFError("connection closed before an answer")
            http.receive_data(data)
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            text += event.data[: _TEXT_BYTES_MAX - len(text)]
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, text.decode(errors="replace"))
