"""Starts one server of the stack in a process of its own, for tests, benchmarks and tools that need nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emulator.processes import STOP_SECONDS, ServerProcess

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Launched:
    """A running server: `address` is host:port, as FIRESTORE_EMULATOR_HOST or CLOUD_TASKS_EMULATOR_HOST want it."""

    address: str
    pid: int


@contextlib.contextmanager
def launched(server: str, *arguments: str, patience_seconds: float = STOP_SECONDS) -> Iterator[Launched]:
    """Run `python -m emulator.{server}` on a free port for the block; raises ProcessFailed if it does not start.

    It has so long to end at the end of the block, and is killed then.
    """
    with tempfile.TemporaryDirectory(prefix=f"{server}-") as directory:
        ready = Path(directory) / "ready"
        process = ServerProcess(server, f"emulator.{server}", ["--port", "0", *arguments], ready, log=None)
        process.start(os.environ, _ROOT)
        try:
            told = json.loads(process.wait_ready())
            yield Launched(f"{told['host']}:{told['port']}", process.pid)
        finally:
            process.stop(patience_seconds)
