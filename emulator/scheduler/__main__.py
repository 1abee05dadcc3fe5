"""Runs a local Cloud Scheduler in a process of its own: `python -m emulator.scheduler --functions HOST:PORT`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import uvicorn

from emulator.clock import ClockFile, SystemClock
from emulator.processes import exit_with_parent, leave, wait_for_file, write_whole
from emulator.scheduler.job import Schedule
from emulator.scheduler.routes import application
from emulator.scheduler.service import LastRuns, Scheduler
from emulator.tasks.http_client import send

PORT = 9599
"""Beside those of the Firebase emulators, which have no scheduler."""

_LISTING_SECONDS = 10
_START_CHECK_SECONDS = 0.005

_log = logging.getLogger("emulator.scheduler")


class _HttpServer(uvicorn.Server):
    """uvicorn, leaving the process's signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator.scheduler", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT, help="0 lets the system choose a free one")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--functions", help="HOST:PORT of the functions host, which knows the schedules")
    where.add_argument("--functions-ready", type=Path, help="the ready-file of one that may still be starting")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep there when schedules last ran, over restarts")
    parser.add_argument("--ready", type=Path, help='file that gets {"host", "port"} as JSON once requests are served')
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    return parser.parse_args(arguments)


def _learn(functions: str) -> tuple[str, list[Schedule]]:
    """The project of a functions host, and its schedules; one that a deployment would refuse is left out, and said."""
    listing: dict[str, Any] = requests.get(f"http://{functions}/", timeout=_LISTING_SECONDS).json()
    schedules = []
    for listed in listing["functions"]:
        if "schedule" in listed:
            try:
                schedules.append(Schedule.of(listed))
            except ValueError as error:
                _log.warning("schedule %s was refused: %s", listed["name"], error)
    return listing["project"], schedules


async def _serve(options: argparse.Namespace, functions: str) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    project, schedules = await asyncio.to_thread(_learn, functions)
    clock = SystemClock(ClockFile.of_environment())
    scheduler = Scheduler(project, functions, schedules, clock, send, LastRuns(options.state))
    listener = socket.create_server((options.host, options.port))
    config = uvicorn.Config(application(scheduler), log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    server = _HttpServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not (server.started or serving.done()):
        await asyncio.sleep(_START_CHECK_SECONDS)
    calling = asyncio.create_task(scheduler.run())
    port = listener.getsockname()[1]
    if options.ready is not None:
        write_whole(options.ready, json.dumps({"host": options.host, "port": port}))
    _log.info("%d schedule(s), asked about on %s:%d", len(schedules), options.host, port)
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait((stopping, calling, serving), return_when=asyncio.FIRST_COMPLETED)
    failed = not stopped.is_set()
    if calling.done():
        _log.error("schedules are no longer called", exc_info=calling.exception())
    for task in (stopping, calling):
        task.cancel()
    await scheduler.close()
    server.should_exit = True
    await serving
    return 1 if failed else 0


def main(arguments: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _parse(arguments)
    if options.with_parent:
        exit_with_parent()
    functions = options.functions
    if functions is None:
        told = json.loads(wait_for_file(options.functions_ready))
        functions = f"{told['host']}:{told['port']}"
    try:
        return asyncio.run(_serve(options, functions))
    except (OSError, ValueError) as error:
        # A port in use, functions that do not answer, a file that is none of ours.
        _log.error("%s", error)
        return 1


if __name__ == "__main__":
    leave(main())
