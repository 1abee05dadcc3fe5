"""One port for gRPC and HTTP/1.1: a connection is spliced to the server its first bytes ask for.

grpcio cannot speak HTTP/1.1 and uvicorn cannot speak HTTP/2, but clients use one host and port for both. Both listen on
UNIX sockets of their own; HTTP/2 with prior knowledge begins with "PRI ", which no HTTP/1.1 request does.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

_PREFACE = b"PRI "
_BUFFER_BYTES = 1 << 20


class _Backend(asyncio.Protocol):
    """The connection to the server behind; hands what it says to the client."""

    def __init__(self, client: asyncio.Transport) -> None:
        self._client = client
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=_BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        self._client.write(data)

    def eof_received(self) -> bool:
        if self._client.can_write_eof() and not self._client.is_closing():
            self._client.write_eof()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._client.close()

    def pause_writing(self) -> None:
        self._client.pause_reading()

    def resume_writing(self) -> None:
        self._client.resume_reading()


class _Client(asyncio.Protocol):
    """A connection to the shared port, until and after its protocol is known."""

    def __init__(self, grpc_socket: Path, http_socket: Path, connections: set[asyncio.Transport]) -> None:
        self._grpc_socket = grpc_socket
        self._http_socket = http_socket
        self._connections = connections
        self._received = b""
        self._connecting: asyncio.Task[None] | None = None
        self._backend: asyncio.Transport | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_BUFFER_BYTES)
        self._connections.add(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._backend is not None:
            self._backend.write(data)
            return
        self._received += data
        if self._connecting is None and len(self._received) >= len(_PREFACE):
            path = self._grpc_socket if self._received.startswith(_PREFACE) else self._http_socket
            self._connecting = asyncio.get_running_loop().create_task(self._connect(path))

    def eof_received(self) -> bool:
        if self._backend is not None and self._backend.can_write_eof():
            self._backend.write_eof()
            return True
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is not None:
            self._connections.discard(self._transport)
        if self._connecting is not None:
            self._connecting.cancel()
        if self._backend is not None:
            self._backend.close()

    def pause_writing(self) -> None:
        if self._backend is not None:
            self._backend.pause_reading()

    def resume_writing(self) -> None:
        if self._backend is not None:
            self._backend.resume_reading()

    async def _connect(self, path: Path) -> None:
        client = self._transport
        assert client is not None, "data arrives on connected transports only"
        try:
            loop = asyncio.get_running_loop()
            backend, _ = await loop.create_unix_connection(lambda: _Backend(client), str(path))
        except OSError:
            client.close()
            return
        self._backend = backend
        backend.write(self._received)
        self._received = b""


class SharedPort:
    """Listens for clients of both protocols and connects each to the right server."""

    def __init__(self, grpc_socket: Path, http_socket: Path) -> None:
        self._grpc_socket = grpc_socket
        self._http_socket = http_socket
        self._connections: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> int:
        """Start listening and return the port, which was chosen by the system if `port` is 0."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, host, port, backlog=512)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop listening and drop the connections there are."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()

    def _accept(self) -> _Client:
        return _Client(self._grpc_socket, self._http_socket, self._connections)
