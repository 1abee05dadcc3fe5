"""Runs a local Cloud Tasks in a process of its own: `python -m emulator.tasks --host 127.0.0.1 --port 9499`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
from pathlib import Path

import grpc.aio

from emulator.clock import ClockFile, SystemClock
from emulator.processes import exit_with_parent, leave, write_whole
from emulator.tasks.dispatcher import Dispatcher
from emulator.tasks.grpc_service import service_handler
from emulator.tasks.http_client import send
from emulator.tasks.keeping import FileKeeping, Keeping, KeepingError
from emulator.tasks.service_state import ServiceState

PORT = 9499
"""The port of Cloud Tasks among the Firebase emulators."""

_DISK_CHECK_SECONDS = 0.5
_FILE_CHECK_SECONDS = 0.02
_SHUTDOWN_GRACE_SECONDS = 0.5


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator.tasks", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT, help="0 lets the system choose a free one")
    parser.add_argument("--ready", type=Path, help='file that gets {"host", "port"} as JSON once requests are served')
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="keep queues and tasks there, over restarts")
    parser.add_argument("--dispatch-after", type=Path, metavar="FILE", help="dispatch nothing before it exists")
    return parser.parse_args(arguments)


async def _dispatch(dispatcher: Dispatcher, after: Path | None) -> None:
    while after is not None and not after.exists():
        await asyncio.sleep(_FILE_CHECK_SECONDS)
    await dispatcher.run()


async def _serve(options: argparse.Namespace) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    keeping = FileKeeping(options.data_dir) if options.data_dir else Keeping()
    state = ServiceState.open(keeping, SystemClock(ClockFile.of_environment()), send)
    # Without this option a second server on the same port would get a share of the first one's clients.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((service_handler(state),))
    port = server.add_insecure_port(f"{options.host}:{options.port}")
    await server.start()
    dispatching = asyncio.create_task(_dispatch(state.dispatcher, options.dispatch_after))
    if options.ready is not None:
        write_whole(options.ready, json.dumps({"host": options.host, "port": port}))
    logging.getLogger("emulator.tasks").info("Cloud Tasks is served on %s:%d", options.host, port)
    while not (stopped.is_set() or keeping.failed or dispatching.done()):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), _DISK_CHECK_SECONDS)
    await server.stop(_SHUTDOWN_GRACE_SECONDS)
    failed = keeping.failed or dispatching.done()
    dispatching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await dispatching
    await state.dispatcher.close()
    await keeping.close()
    return 1 if failed else 0


def main(arguments: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _parse(arguments)
    if options.with_parent:
        exit_with_parent()
    try:
        return asyncio.run(_serve(options))
    except (KeepingError, RuntimeError) as error:
        # RuntimeError is how gRPC says that it cannot have the port.
        logging.error("%s", error)
        return 1


if __name__ == "__main__":
    leave(main())
