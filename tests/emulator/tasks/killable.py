"""Local Cloud Tasks to be killed, each in a process forked from one that has imported everything, to start quickly."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from emulator.tasks.__main__ import main
from tests.emulator.tasks.client import Client, client_of
from tests.emulator.tasks.target import DEADLINE_SECONDS

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["emulator.tasks.__main__"])


def _run(arguments: list[str]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    raise SystemExit(main(arguments))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class Server:
    """A running local Cloud Tasks with a data directory."""

    def __init__(self, folder: Path, port: int = 0, *arguments: str) -> None:
        """Returns once it serves, or has ended without."""
        ready = folder.with_name(folder.name + ".ready")
        ready.unlink(missing_ok=True)
        options = ["--port", str(port), "--ready", str(ready), "--data-dir", str(folder), *arguments]
        self._process = _processes.Process(target=_run, args=(options,), daemon=True)
        self._process.start()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not ready.exists() and self._process.is_alive():
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        self.port = json.loads(ready.read_text())["port"] if ready.exists() else 0

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        assert self.port, "the server did not start"
        with client_of(f"127.0.0.1:{self.port}") as client:
            yield client

    def kill(self) -> None:
        """End it as a crash would: SIGKILL."""
        self._process.kill()
        self.wait()

    def stop(self) -> int:
        """End it in order, by SIGTERM; its exit code."""
        self._process.terminate()
        return self.wait()

    def wait(self) -> int:
        """The exit code of a server that is about to end."""
        self._process.join(DEADLINE_SECONDS)
        assert self._process.exitcode is not None, "the server did not end"
        return self._process.exitcode


Serve: TypeAlias = Callable[..., Server]


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Serve]:
    """A function that starts a server on this data directory; what still runs at the end is killed."""
    servers: list[Server] = []

    def start(*arguments: str, port: int = 0, data: Path = folder) -> Server:
        servers.append(Server(data, port, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()
