"""Puts a local Firestore together: engine, gRPC, HTTP, and the port they share."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import grpc.aio
import uvicorn
from starlette.routing import BaseRoute

from emulator.firestore.admin import admin_routes, application
from emulator.firestore.durability import HeldBack
from emulator.firestore.engine import Engine
from emulator.firestore.events.delivery import EventDelivery
from emulator.firestore.events.routes import event_routes
from emulator.firestore.events.triggers import Destination
from emulator.firestore.grpc_service import MESSAGE_BYTES_MAX, service_handler
from emulator.firestore.persistence.routes import export_routes
from emulator.firestore.port import SharedPort
from emulator.firestore.rest.routes import rest_routes
from emulator.firestore.rules_routes import rules_routes

_SHUTDOWN_GRACE_SECONDS = 0.5


class _HttpServer(uvicorn.Server):
    """uvicorn, leaving the process's signals to whoever runs the whole server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class FirestoreServer:
    """One local Firestore. `closers` are awaited when it stops, before its connections end."""

    engine: Engine
    routes: list[BaseRoute]
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def start(self, host: str, port: int) -> int:
        """Serve on host:port and return the port, chosen by the system if `port` is 0."""
        # A short directory of its own: names of UNIX sockets may not be longer than about a hundred bytes.
        self._sockets = tempfile.TemporaryDirectory(prefix="firestore-")
        grpc_socket, http_socket = Path(self._sockets.name) / "grpc", Path(self._sockets.name) / "http"
        await self._start_grpc(grpc_socket)
        await self._start_http(http_socket)
        self._port = SharedPort(grpc_socket, http_socket)
        return await self._port.listen(host, port)

    async def stop(self) -> None:
        """End all connections and servers."""
        for close in self.closers:
            await close()
        self._port.close()
        self._http.should_exit = True
        await self._grpc.stop(_SHUTDOWN_GRACE_SECONDS)
        await self._http_task
        self._sockets.cleanup()

    async def _start_grpc(self, socket: Path) -> None:
        options = [
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
            ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
        ]
        self._grpc = grpc.aio.server(options=options)
        self._grpc.add_generic_rpc_handlers((service_handler(self.engine),))
        self._grpc.add_insecure_port(f"unix:{socket}")
        await self._grpc.start()

    async def _start_http(self, socket: Path) -> None:
        config = uvicorn.Config(
            HeldBack(application(self.routes), self.engine.kept),
            uds=str(socket),
            log_level="warning",
            lifespan="off",
            loop="none",
            timeout_graceful_shutdown=1,
        )
        self._http = _HttpServer(config)
        self._http_task = asyncio.create_task(self._http.serve())
        while not self._http.started:
            if self._http_task.done():
                self._http_task.result()
                raise RuntimeError("the HTTP server ended before it had started")
            await asyncio.sleep(0.005)


def assemble(engine: Engine, delivery: EventDelivery, functions: Destination | None = None) -> FirestoreServer:
    """A server with all its parts: what is served over HTTP is plugged in here.

    `delivery` hears of the engine's commits; `functions` is where events go whose trigger names no destination.
    """
    routes = [*admin_routes(engine), *rules_routes(engine.guard.rulebook), *event_routes(delivery, functions)]
    routes += [*rest_routes(engine), *export_routes(engine.store)]
    return FirestoreServer(engine, routes, closers=[delivery.close])
